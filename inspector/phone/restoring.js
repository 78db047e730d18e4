/**
 * Goes on here with a visit that was begun on another phone: its draft and photos come from the copy on the server.
 * A copy is read with care: it may be another app's, of another release, or of something that has changed since.
 */
import { sha256 } from "./photos.js";
import { found, lostPhotos, revisionOf } from "./revisions.js";
import { photosInUse, progress } from "./visit.js";

const FORMAT = 1;
// The server has no such photo, or none any more. Any other refusal says nothing of the photo.
const NOT_THERE = new Set([404, 410]);
const NEEDED = {
  started_at: "string", outlet_name: "string", elapsed_ms: "number", answers: "object", photos: "object", at: "object",
};

/**
 * The draft and the checklist of a copy as {draft, version}; null where this app cannot go on with it. `line` is the copy
 * as the server told it, `versions` the checklists of this person's work.
 */
export function readCopy(line, { personId, assignment, versions }) {
  try {
    const { format, draft, version: brought } = JSON.parse(line.body);
    const version = versions.find(({ id }) => id === draft.checklist_version_id) ?? brought;
    const isOurs = format === FORMAT && draft.id === line.visit_id && draft.person_id === personId
      && draft.assignment_id === line.assignment_id && assignment.id === line.assignment_id
      && revisionOf(draft) === line.revision && version.id === draft.checklist_version_id;
    if (!isOurs || !hasForm(draft)) return null;
    // What was being recorded there stayed there.
    const read = { ...draft, discarded_at: undefined, recording: undefined };
    // What the screens will ask of it: if this cannot be answered, the first tap could not be either.
    progress({ version, assignment }, read);
    return { draft: read, version };
  } catch {
    return null;
  }
}

function hasForm(draft) {
  const isWhole = Object.entries(NEEDED).every(([name, type]) => typeof draft[name] === type && draft[name] !== null);
  const hasLists = [draft.positions, draft.left_sections].every(Array.isArray);
  const answers = Object.values(draft.answers).every((answer) => Array.isArray(answer.photo_ids));
  const photos = photosInUse(draft).every((id) => (
    draft.photos[id]?.id === id && typeof draft.photos[id].sha256 === "string"));
  return isWhole && hasLists && answers && photos;
}

/**
 * Bring a copy to this phone and make it a draft here. `line` is the copy without its body, `task(version)` what the draft
 * needs of the work, `makePreview(bytes, mediaType)` gives a small picture or null; `onStep({part, parts})` is told how far
 * it is. `lines` are all copies of this visit: what they have is known to this draft from now on.
 * Answers {kind: "ok", draft}, {kind: "unreadable"}, or the answer of the call that failed: then nothing is begun, and
 * the photos that came wait here for the next time.
 */
export async function restore({ store, api, personId, work, line, lines, task, makePreview, onStep }) {
  const answer = await api.copy(line.visit_id, line.device_id, { personId });
  if (answer.kind !== "ok") return answer;
  const assignment = work.assignments.find(({ id }) => id === line.assignment_id);
  const read = assignment && readCopy(answer.body, { personId, assignment, versions: work.checklist_versions });
  if (!read) return { kind: "unreadable" };
  const wanted = [...new Set(photosInUse(read.draft))].map((id) => read.draft.photos[id]).filter((photo) => !photo.received);
  const photos = { ...read.draft.photos };
  for (const [part, photo] of wanted.entries()) {
    onStep({ part: part + 1, parts: wanted.length });
    const fetched = await fetchPhoto({ store, api, personId, visitId: line.visit_id, photo, makePreview });
    if (!["ok", "missing"].includes(fetched.kind)) return fetched;
    const { missing: _, ...here } = photo;
    photos[photo.id] = fetched.kind === "ok" ? { ...here, preview: fetched.preview } : { ...photo, missing: true, preview: false };
  }
  const elsewhere = { ...read.draft.elsewhere };
  for (const each of lines) elsewhere[each.device_id] = each.changes;
  elsewhere[line.device_id] = answer.body.changes;
  const draft = { ...read.draft, photos, elsewhere };
  return { kind: "ok", draft: await store.startRestored(draft, task(assignment, read.version)) };
}

/**
 * Fetch a photo that a draft's line `photo` names, unless it is on this phone; `signal` ends it. Answers {kind: "ok", preview},
 * {kind: "missing"} where the server has no such bytes, or the answer of the call that failed. Raises when they could not be kept.
 */
export async function fetchPhoto({ store, api, personId, visitId, photo, makePreview, signal }) {
  if (await store.photo(photo.id)) return { kind: "ok", preview: Boolean(photo.preview) };
  const answer = await api.copyPhoto(visitId, photo.id, { personId, signal, size: photo.size });
  if (NOT_THERE.has(answer.status)) return { kind: "missing" };
  if (answer.kind !== "ok") return answer;
  const { id, sha256: promised, media_type: mediaType } = photo;
  if (await sha256(answer.body) !== promised) return { kind: "missing" };
  const preview = await makePreview(answer.body, mediaType);
  await store.saveFetched(
    { id, visit_id: visitId, bytes: answer.body, media_type: mediaType, sha256: promised },
    preview && { id, visit_id: visitId, bytes: preview });
  return { kind: "ok", preview: Boolean(preview) };
}

/**
 * Take the mark off the missing photos of the open draft that are on this phone by now. `opened()` gives its session
 * (draft.js), or null: one that was closed meanwhile is perhaps another tab's to write to.
 */
export async function showFound(store, opened) {
  const session = opened();
  const here = new Set();
  for (const id of session ? lostPhotos(session.draft) : []) if (await store.photo(id).catch(() => null)) here.add(id);
  if (!here.size || opened() !== session) return;
  session.change((draft) => found(draft, here));
  session.look();
}

/** The copies of visits that can be gone on with here: neither begun nor finished on this phone, the latest of each. */
export function offers(lines, { drafts, visits, copies, work }) {
  const here = new Set([...drafts, ...visits, ...Object.values(copies)].map(({ id }) => id));
  const seen = new Set();
  return lines.filter((line) => {
    const isKnown = work?.assignments.some(({ id }) => id === line.assignment_id);
    const isOffered = isKnown && !here.has(line.visit_id) && !seen.has(line.visit_id);
    seen.add(line.visit_id);
    return isOffered;
  });
}

/** The copies of this draft on other phones that have something it does not know of. */
export function unknownElsewhere(draft, lines, deviceId) {
  return lines.filter(({ visit_id: id, device_id: device, changes }) => (
    id === draft.id && device !== deviceId && changes > (draft.elsewhere?.[device] ?? -1)));
}

/** The draft, going on here in the knowledge of these copies. */
export function goOnHere(draft, lines) {
  const own = lines.filter(({ visit_id: id }) => id === draft.id);
  const known = Object.fromEntries(own.map(({ device_id: device, changes }) => [device, changes]));
  return { ...draft, elsewhere: { ...draft.elsewhere, ...known } };
}

/** All that is known of copies on other phones, after the server named those of one visit again. */
export function withOthers(lines, visitId, others) {
  const before = new Map(lines.map((line) => [`${line.visit_id} ${line.device_id}`, line]));
  const of = (other) => ({ ...before.get(`${visitId} ${other.device_id}`), visit_id: visitId, ...other });
  return [...others.map(of), ...lines.filter((line) => line.visit_id !== visitId)];
}
