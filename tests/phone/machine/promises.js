/**
 * What the app promised, and whether it was kept. The machine notes here what a person was shown; `check` compares that
 * with what is on the phone and on the server. A promise that was not kept raises Broken with its number and name.
 */
import { hashOf } from "./hash.js";

export const PROMISES = {
  saved: "what was shown as saved is readable after any kill with the same hash",
  received: "what was shown as received is on the server with all photos, byte for byte",
  bytes: "no local byte goes before that",
  once: "one visit per id, and one set of bytes per revision of it",
  drain: "after the faults stop, one drain leaves every finished visit received or parked with a reason",
  others: "one bad item never delays the others by more than a round",
  person: "drafts of one user never go out as another's",
};

export class Broken extends Error {
  constructor(promise, what) {
    super(`${PROMISES[promise]}: ${what}`);
    this.promise = promise;
  }
}

export function thePromises() {
  /** By id: whose the visit is, the number last shown as saved, its photos, the hash of each revision's bytes. */
  const visits = new Map();
  /** The visit of each photo. */
  const owners = new Map();
  let hidden = null;
  return { begun, revised, shown, taken, kept, removed, discarding, takenBack, arrives, check, undone };

  /** A visit may be there from now on; it has to be once it was shown. */
  function begun({ id, person_id: person }) {
    visits.set(id, { id, person, number: 0, photos: new Map(), frozen: new Map(), isShown: false, isUnwanted: false });
  }

  /** The next revision of a visit may be there from now on, with what the server knows of it. */
  function revised(draft) {
    const visit = visits.get(draft.id);
    Object.assign(visit, { number: numberOf(draft), isShown: false, isUnwanted: false });
    for (const [id, photo] of visit.photos) photo.shown &&= Boolean(draft.photos[id]);
  }

  /** A screen says "saved" above this draft. */
  function shown(draft) {
    const visit = visits.get(draft.id);
    Object.assign(visit, { number: Math.max(visit.number, numberOf(draft)), isShown: true });
  }

  /** A photo of these bytes was taken. */
  function taken(id, photoId, hash) {
    visits.get(id).photos.set(photoId, { hash, shown: false, isUnwanted: false });
    owners.set(photoId, id);
  }

  /** A screen shows the photo. */
  function kept(id, photoId) {
    const photo = visits.get(id).photos.get(photoId);
    photo.shown = !photo.isUnwanted;
  }

  /** The person does not want the photo any more. */
  function removed(id, photoId) {
    Object.assign(visits.get(id).photos.get(photoId), { shown: false, isUnwanted: true });
  }

  /** The person does not want the draft any more; or, after all, could not get rid of it. */
  function discarding(id, isUnwanted = true) {
    visits.get(id).isUnwanted = isUnwanted;
  }

  /** The person wants the draft after all: what is there now is what counts. */
  function takenBack(draft) {
    Object.assign(visits.get(draft.id), { isUnwanted: false, number: numberOf(draft) });
  }

  /** Bytes reach the server under somebody's login. */
  function arrives(kind, id, login, body) {
    const visit = visits.get(kind === "visits" ? id : owners.get(id));
    if (visit.person !== login) note(new Broken("person", `${kind} ${id} of ${visit.person} under ${login}'s login`));
    if (kind === "visits") freeze(visit, JSON.parse(new TextDecoder().decode(body)).revision, hashOf(body));
  }

  function freeze(visit, revision, hash) {
    const before = visit.frozen.get(revision) ?? hash;
    visit.frozen.set(revision, before);
    if (before !== hash) note(new Broken("once", `revision ${revision} of ${visit.id} was made twice`));
  }

  // The app hides what is thrown under its fetch: it is raised at the next check.
  function note(broken) {
    hidden ??= broken;
  }

  /** Compare with the phone's store and the server. */
  async function check(store, service) {
    if (hidden) throw hidden;
    for (const visit of visits.values()) await checkVisit(visit, store, service);
  }

  async function checkVisit(visit, store, service) {
    const { id, person } = visit;
    const mayBeGone = !visit.isShown || visit.isUnwanted;
    const draft = (await store.draft(id, person))?.draft;
    const line = (await store.visits(person)).find((each) => each.id === id);
    if (!draft && !line && !mayBeGone) throw new Broken("saved", `${id} is gone`);
    if (draft && !mayBeGone) await checkDraft(visit, draft, store);
    if (line?.delivered) checkReceived(visit, line, service);
    else if (line) await checkKept(visit, line, store, !draft && !mayBeGone);
    if (hidden) throw hidden;
  }

  async function checkDraft(visit, draft, store) {
    checkNumber(visit, numberOf(draft));
    const used = draft.answers.door.photo_ids;
    for (const [photoId, { hash, shown: isShown }] of visit.photos) {
      if (isShown && !used.includes(photoId)) throw new Broken("saved", `${photoId} is not in its draft any more`);
      if (isShown && !draft.photos[photoId].received) await checkPhoto("saved", store, photoId, hash);
    }
  }

  function checkNumber(visit, number) {
    if (number < visit.number) throw new Broken("saved", `${visit.id} says ${number} where ${visit.number} was shown`);
  }

  async function checkPhoto(promise, store, photoId, hash) {
    const photo = await store.photo(photoId);
    if (!photo) throw new Broken(promise, `${photoId} is gone`);
    if (hashOf(photo.bytes) !== hash) throw new Broken(promise, `${photoId} has other bytes`);
  }

  // A finished visit that still has to go out: all of it is here, and says what was shown last.
  async function checkKept(visit, line, store, isLast) {
    const bytes = await store.report(visit.id);
    if (!bytes) throw new Broken("bytes", `the report of ${visit.id} is gone`);
    freeze(visit, line.revision, hashOf(bytes));
    const { answers } = JSON.parse(new TextDecoder().decode(bytes));
    if (isLast) checkNumber(visit, answers.find((answer) => answer.criterion_id === "wait").value);
    for (const { id, received } of line.photos) {
      if (!received) await checkPhoto("bytes", store, id, visit.photos.get(id).hash);
    }
  }

  function checkReceived(visit, line, service) {
    const there = service.visits.get(visit.id)?.revisions.find(({ report }) => report.revision === line.revision);
    if (!there) throw new Broken("received", `${visit.id} is not on the server`);
    if (there.hash !== visit.frozen.get(line.revision)) throw new Broken("received", `${visit.id} has other bytes there`);
    if (service.latest(visit.id) !== there) return;
    for (const { id } of there.report.photos) {
      if (service.photos.get(id) !== visit.photos.get(id).hash) {
        throw new Broken("received", `the server does not have ${id}`);
      }
    }
  }

  /** The finished visits that are neither received nor parked with a reason. */
  function undone(lines) {
    return lines.filter((line) => !line.delivered && !line.parked?.status);
  }
}

/** The number that is answered in a draft. */
function numberOf(draft) {
  return Number(draft.answers.wait.number);
}
