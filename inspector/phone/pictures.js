/**
 * What is to be looked at without a network: the reference pictures of checklists, and small pictures of the photos of
 * visits that were sent back. Fetched one at a time while there is a network, kept in the store.
 */
import { isReturned } from "./revisions.js";

const NOBODYS = { drafts: [], visits: [] };
// A photo that cannot be made small comes whole. Like one that nobody can see, it is asked for once and has no preview.
const LARGEST_PREVIEW_BYTES = 200_000;

/** The ids of the reference pictures that these checklist versions show. */
export function picturesOf(versions) {
  return [...new Set(versions.flatMap(({ sections }) => sections)
    .flatMap(({ criteria }) => criteria).flatMap(({ pictures }) => pictures ?? []))];
}

/** Whether every reference picture of what /phone/work said is on the phone. */
export async function hasPictures(store, work) {
  const here = new Set(await store.pictureIds());
  return picturesOf(work?.checklist_versions ?? []).every((id) => here.has(id));
}

/**
 * Fetch what is missing of one person's work, and drop what nobody needs. Stops at the first call without an answer; what
 * the server cannot give now is asked for again with the next work.
 */
export async function fetchPictures({ store, api, work }) {
  const personId = work.person.id;
  // Where the disk has lost what tells who needs them, all stay.
  await store.dropPictures(neededBy).catch(() => {});
  const here = new Set(await store.pictureIds());
  for (const id of picturesOf(work.checklist_versions).filter((each) => !here.has(each))) {
    const answer = await api.picture(id, { personId });
    if (isSilent(answer)) return;
    if (isFinal(answer)) await store.savePicture({ id, bytes: answer.kind === "ok" ? answer.body : null });
  }
  for (const { visit } of work.assignments.filter((each) => isReturned(each, NOBODYS))) {
    const seen = new Set((await store.previews(visit.id)).map(({ id }) => id));
    for (const { id } of visit.photos.filter((photo) => photo.received && !seen.has(photo.id))) {
      const answer = await api.photoPicture(id, "thumbnail", { personId });
      if (isSilent(answer)) return;
      if (!isFinal(answer)) continue;
      const isSmall = answer.kind === "ok" && answer.body.byteLength <= LARGEST_PREVIEW_BYTES;
      await store.savePreview({ id, visit_id: visit.id, bytes: isSmall ? answer.body : null });
    }
  }
}

// One picture that the storage does not give keeps back no other: the server itself has answered.
function isSilent({ kind, status }) {
  return kind !== "ok" && kind !== "refused" && status < 500;
}

// The picture, or that nobody can see it (200), or that it was erased (410).
function isFinal({ kind, status }) {
  return kind === "ok" || status === 200 || status === 410;
}

/** What `store.dropPictures` keeps: all that belongs to a task, to unsent visits, or to what was sent back. */
export function neededBy({ works, tasks, drafts, visits }) {
  const known = works.map(({ body }) => body);
  const versions = [...known.flatMap((body) => body.checklist_versions ?? []), ...tasks.map(({ version }) => version)];
  const returned = known.flatMap((body) => body.assignments ?? []).filter((each) => isReturned(each, NOBODYS));
  const unsent = visits.filter(({ delivered }) => !delivered);
  return {
    pictures: new Set(picturesOf(versions)),
    visits: new Set([...drafts, ...unsent, ...returned.map(({ visit }) => visit)].map(({ id }) => id)),
  };
}
