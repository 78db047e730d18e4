/**
 * What is only on this phone, as files that somebody else can take in where this phone cannot send: finished visits with
 * the very bytes of their reports, begun ones as their copies, and the photos. Nothing here is changed by it. And what of
 * it may go from the phone then.
 */
import { copyOf } from "./copies.js";
import { sha256 } from "./photos.js";
import { revisionOf } from "./revisions.js";
import { isLost } from "./store.js";
import { createZip } from "./zip.js";

const FORMAT = "service-audit-unsent/1";
// What mail takes along, and servers take in.
const LARGEST_FILE = 20_000_000;

/**
 * The files of one person {id, name}: {files: [{name, blob}], visits, drafts, photos, size, lost, filed}; `lost` counts
 * visits and photos that stand on the phone's lists and whose bytes are gone. A visit that is too large for one file goes
 * on in the next one, with its report again; one whose report is gone leaves its photos there. `filed` is for noteFiled.
 * `onStep({part, parts})` is told before each photo.
 */
export async function collectUnsent({
  store, person, deviceId, appVersion, now = new Date(), largest = LARGEST_FILE, onStep = () => {},
}) {
  const { items, lost } = await itemsOf(store, person, deviceId, now);
  const head = {
    format: FORMAT, made_at: now.toISOString(), app_version: appVersion ?? "", device_id: deviceId,
    person: { id: person.id, name: person.name },
  };
  const writer = createFiles(head, now, largest);
  const parts = items.reduce((sum, item) => sum + item.photos.length, 0);
  let [part, photos, gone] = [0, 0, lost];
  for (const item of items) {
    writer.begin(item);
    for (const { id, sha256: hash, size, media_type: mediaType } of item.photos) {
      onStep({ part: part += 1, parts });
      const { found, isGone } = await tryTo(() => store.photo(id));
      writer.addPhoto(item, { id, sha256: hash, size, media_type: mediaType }, found?.bytes ?? null);
      if (found) photos += 1;
      else gone += 1;
      if (found || isGone) item.filed.push(id);
    }
  }
  const files = writer.end();
  const count = (kind) => items.filter((item) => item.kind === kind).length;
  return {
    files, photos, lost: gone, visits: count("visits"), drafts: count("drafts"),
    size: files.reduce((sum, { blob }) => sum + blob.size, 0),
    filed: items.filter(({ kind }) => kind !== "drafts").map(({ line: { id, revision }, filed }) => ({ id, revision, photos: filed })),
  };
}

/** Write down that files with these (`filed`) were saved: of each visit its report, and the photos that can be read. */
export async function noteFiled(store, filed) {
  for (const { id, revision, photos } of filed) {
    await store.changeVisit(id, (visit) => (
      revisionOf(visit) === revision ? { ...visit, filed: [...new Set([...(visit.filed ?? []), ...photos])] } : visit));
  }
}

/**
 * Whether a finished visit may go from this phone: the server does not take it, and each part of it is there all the same
 * or in a file that was saved.
 */
export function mayGo({ parked, photos, filed }) {
  return Boolean(parked && (filed || parked.kept))
    && photos.every(({ id, received, confirmed }) => received || confirmed || filed?.includes(id));
}

/** Set a visit aside at `time` (ms), where it may go; store.takeBackVisit undoes it. Resolves to whether it is. */
export async function removeVisit(store, id, time) {
  const visit = await store.changeVisit(id, (each) => (mayGo(each) ? { ...each, removed_at: time } : each));
  return Boolean(visit?.removed_at);
}

// Each as {kind, line, path, bytes, photos}: its line in the manifest, and the file that this line names.
async function itemsOf(store, person, deviceId, now) {
  const visits = (await store.visits(person.id)).filter((visit) => !visit.delivered).sort((a, b) => a.finished_at - b.finished_at);
  const drafts = await store.drafts(person.id);
  const made = [];
  for (const visit of visits) made.push(await orNothing(() => itemOfVisit(store, visit)));
  for (const { id } of drafts) made.push(await orNothing(() => itemOfDraft(store, person, deviceId, id, now)));
  const items = made.filter(Boolean);
  return { items, lost: made.length - items.filter(({ bytes }) => bytes).length };
}

// Whether it is gone where it was not found: no further try reads it.
async function tryTo(read) {
  try {
    const found = await read();
    return { found, isGone: !found };
  } catch (error) {
    return { found: null, isGone: isLost(error) };
  }
}

// What cannot be read must not keep back what can.
async function orNothing(make) {
  try {
    return await make();
  } catch {
    return null;
  }
}

async function itemOfVisit(store, { id, revision = 1, photos }) {
  const { found: bytes, isGone } = await tryTo(() => store.report(id));
  if (!bytes && !isGone) return null;
  const path = `visits/${id}/report.json`;
  const line = bytes ? { id, revision, report: path, sha256: await sha256(bytes) } : { id, revision };
  const own = photos.filter((photo) => !photo.received);
  return { kind: bytes ? "visits" : "unreadable", line, path, bytes, photos: own, filed: [] };
}

async function itemOfDraft(store, person, deviceId, id, now) {
  const found = await store.draft(id, person.id);
  // Whoever goes on with it elsewhere may have no network for its checklist either.
  const { body, photos, ...about } = copyOf(found, { deviceId, isKnown: () => false, now: now.getTime() });
  const bytes = new TextEncoder().encode(body).buffer;
  const path = `drafts/${id}/draft.json`;
  return { kind: "drafts", line: { id, ...about, file: path, sha256: await sha256(bytes) }, path, bytes, photos, filed: [] };
}

function createFiles(head, now, largest) {
  const files = [];
  let open = null;

  /** Begin an item, in the file that is open where it still fits. */
  function begin(item) {
    if (open && open.zip.size() + (item.bytes?.byteLength ?? 0) > largest) finish();
    // Who takes the file in looks at the first two; what is in the third is there for a person.
    open ??= { zip: createZip(now), manifest: { ...head, visits: [], drafts: [], unreadable: [] } };
    if (item.bytes) open.zip.add(item.path, item.bytes);
    open.manifest[item.kind].push({ ...item.line, photos: [] });
  }

  function addPhoto(item, photo, bytes) {
    if (bytes && open.zip.size() + bytes.byteLength > largest && hasPhotos(open.manifest)) {
      finish();
      begin(item);
    }
    const { photos } = open.manifest[item.kind][open.manifest[item.kind].length - 1];
    const path = `${item.kind}/${item.line.id}/photos/${photo.id}`;
    photos.push({ ...photo, file: bytes ? path : null });
    if (bytes) open.zip.add(path, bytes);
  }

  function finish() {
    open.zip.add("manifest.json", new TextEncoder().encode(JSON.stringify(open.manifest)));
    files.push(open.zip.close());
    open = null;
  }

  function end() {
    if (open) finish();
    return files.map((blob, place) => ({ blob, name: nameOf(now, files.length > 1 ? place + 1 : null) }));
  }

  return { begin, addPhoto, end };
}

function hasPhotos({ visits, drafts, unreadable }) {
  return [...visits, ...drafts, ...unreadable].some(({ photos }) => photos.some(({ file }) => file));
}

// Plain letters and digits, which every mail and every disk takes.
function nameOf(now, part) {
  const two = (number) => String(number).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return ["unsent", day, `${two(now.getHours())}${two(now.getMinutes())}`, part].filter(Boolean).join("-").concat(".zip");
}
