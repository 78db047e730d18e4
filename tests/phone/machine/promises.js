/**
 * What the app promised, and whether it was kept. The machine notes here what a person was shown on one phone; `check`
 * compares that with what is on this phone and on the server. A promise that was not kept raises Broken with its name.
 */
import { isDeepStrictEqual } from "node:util";
import { hashOf } from "./hash.js";

export const PROMISES = {
  saved: "what was shown as saved is readable after any kill with the same hash",
  received: "what was shown as received is on the server with all photos, byte for byte",
  bytes: "no local byte goes before that, or before it is in a file that was saved",
  once: "one visit per id, and one set of bytes per revision of it",
  drain: "after the faults stop, one drain leaves every finished visit received or parked with a reason",
  others: "one bad item never delays the others by more than a round",
  person: "drafts of one user never go out as another's",
  kept: "what is said to be kept of a begun visit is on the server, byte for byte, and comes back if its phone is lost",
  whole: "a visit that is gone on with on another phone has all that its copy had, and nothing of any other copy",
  finished: "a visit that was finished on a phone never comes back there as a draft",
  taken: "of two phones that finish one visit one is received; the other keeps all of its own and says why it was not",
  both: "of two phones that finish one visit the server has both reports in the end, with all of their photos",
  tidy: "after the faults stop, each begun visit has its copy, no other has one, and photos that lacked have come",
  line: "copies never hold up a finished visit",
};

export class Broken extends Error {
  constructor(promise, what) {
    super(`${PROMISES[promise]}: ${what}`);
    this.promise = promise;
  }
}

/** The promises of one phone. `people` has whose each visit is, `photos` hash and visit of each that was ever taken. */
export function thePromises({ people, photos: everyPhoto }) {
  /** By id: the number last shown as saved, the photos here, the hash of each revision's bytes. */
  const visits = new Map();
  /** The hashes of what is in a file that was saved. */
  const files = new Set();
  let hidden = null;
  return {
    begun, revised, goingOn, shown, taken, kept, removed, discarding, takenBack, filed, removing, arrives, check, checkBoth,
    undone, keptOf, numbersShown,
  };

  /** A visit may be there from now on; it has to be once it was shown. */
  function begun({ id, person_id: person }) {
    people.set(id, person);
    return entryOf(id);
  }

  function entryOf(id) {
    if (!visits.has(id)) {
      const nothing = { number: 0, photos: new Map(), frozen: new Map(), isShown: false, isUnwanted: false };
      visits.set(id, { id, person: people.get(id), ...nothing, isRemoved: false, line: null });
    }
    return visits.get(id);
  }

  /** The next revision of a visit may be there from now on, with what the server knows of it. */
  function revised(draft) {
    const visit = entryOf(draft.id);
    // What was removed, and lies in a file, may be made anew and say something else.
    if (visit.isRemoved) visit.frozen.delete(draft.revision);
    Object.assign(visit, { number: numberOf(draft), isShown: false, isUnwanted: false, isRemoved: false });
    for (const [id, photo] of visit.photos) photo.shown &&= Boolean(draft.photos[id]);
  }

  /**
   * A visit of another phone may be there from now on, as the copy of this line has it. `copyCame` and `photoCame` are
   * to be told what the server gave for it, `begun` what was made of that; then `checkDraft` looks whether it is all.
   */
  function goingOn(line) {
    const visit = entryOf(line.visit_id);
    const come = new Set();
    let said = null, draft = null;
    return {
      copyCame(copy) {
        if (copy.device_id !== line.device_id) throw new Broken("whole", `${visit.id} is not the copy that was chosen`);
        said = JSON.parse(copy.body).draft;
      },
      photoCame: (id, bytes) => hashOf(bytes) === everyPhoto.get(id).hash && come.add(id),
      begun(made) {
        draft = made;
        Object.assign(visit, { number: numberOf(draft), isShown: true, isUnwanted: false, isRemoved: false });
        for (const photo of visit.photos.values()) photo.shown = false;
        for (const id of usedIn(draft)) visit.photos.set(id, { shown: true, isUnwanted: false });
      },
      checkDraft: (store) => draft && checkWhole(draft, said, come, store),
    };
  }

  async function checkWhole(draft, said, come, store) {
    const isCopy = isDeepStrictEqual(said.answers, draft.answers) && isDeepStrictEqual(usedIn(said), usedIn(draft));
    if (!isCopy) throw new Broken("whole", `${draft.id} says other things than its copy`);
    for (const id of usedIn(draft)) {
      const { missing, received } = draft.photos[id];
      if (missing && come.has(id)) throw new Broken("whole", `${id} came and is said to be missing`);
      if (!missing && !received) await checkPhoto("whole", store, id);
    }
  }

  /** A screen says "saved" above this draft. */
  function shown(draft) {
    const visit = entryOf(draft.id);
    Object.assign(visit, { number: Math.max(visit.number, numberOf(draft)), isShown: true });
  }

  /** A photo of these bytes was taken. */
  function taken(id, photoId, hash) {
    entryOf(id).photos.set(photoId, { shown: false, isUnwanted: false });
    everyPhoto.set(photoId, { hash, visitId: id });
  }

  /** A screen shows the photo. */
  function kept(id, photoId) {
    const photo = entryOf(id).photos.get(photoId);
    photo.shown = !photo.isUnwanted;
  }

  /** The person does not want the photo any more. */
  function removed(id, photoId) {
    entryOf(id).photos.set(photoId, { shown: false, isUnwanted: true });
  }

  /** The person does not want the draft any more; or, after all, could not get rid of it. */
  function discarding(id, isUnwanted = true) {
    entryOf(id).isUnwanted = isUnwanted;
  }

  /** The person wants the draft after all: what is there now is what counts. */
  function takenBack(draft) {
    Object.assign(entryOf(draft.id), { isUnwanted: false, number: numberOf(draft) });
  }

  /** A file with these bytes was saved. */
  function filed(hashes) {
    for (const hash of hashes) files.add(hash);
  }

  /** The person does not want the finished visit any more; or wants it after all. */
  function removing(id, isUnwanted = true) {
    entryOf(id).isRemoved = isUnwanted;
  }

  /** Bytes reach the server under somebody's login: of a visit, of its copy ("drafts"), or of a photo of either. */
  function arrives(kind, id, login, body) {
    const visitId = kind === "photos" ? everyPhoto.get(id).visitId : id;
    const person = people.get(visitId);
    if (person !== login) note(new Broken("person", `${kind} ${id} of ${person} under ${login}'s login`));
    if (kind === "visits") freeze(entryOf(id), JSON.parse(new TextDecoder().decode(body)).revision, hashOf(body));
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

  /** What is said to be kept on the server of these drafts: what must come back when this phone is lost. */
  function keptOf(drafts, copies) {
    const wanted = drafts.filter(({ id, discarded_at: discarded }) => !discarded && !visits.get(id)?.isUnwanted);
    return copies.filter((copy) => copy.kept_at && wanted.some((draft) => draft.id === copy.id));
  }

  /** By id: the number that was last shown as saved of each visit. */
  function numbersShown() {
    return new Map([...visits].map(([id, { number }]) => [id, number]));
  }

  /**
   * Compare with the phone's store, where there is `here` of this person's (store.begun, and the `numbers` that had been
   * shown before it was read), and with the server.
   */
  async function check(person, here, store, service) {
    if (hidden) throw hidden;
    for (const visit of visits.values()) if (visit.person === person) await checkVisit(visit, here, store, service);
  }

  async function checkVisit(visit, { drafts, visits: lines, numbers }, store, service) {
    const { id } = visit;
    const draft = drafts.find((each) => each.id === id && !each.discarded_at);
    const line = lines.find((each) => each.id === id);
    if (!line && visit.line && (visit.isRemoved || visit.line.removed_at)) checkElsewhere(visit, service);
    visit.line = line ?? null;
    const mayBeGone = !visit.isShown || visit.isUnwanted || visit.isRemoved;
    if (!draft && !line && !mayBeGone) throw new Broken("saved", `${id} is gone`);
    if (draft && line && line.revision >= (draft.revision ?? 1)) throw new Broken("finished", `${id} is a draft again`);
    if (draft && !mayBeGone) await checkDraft(visit, draft, numbers, store);
    const isLast = !draft && !mayBeGone;
    if (line && isAnothers(visit, line, service)) await checkRefused(visit, line, store, isLast);
    else if (line?.delivered) checkReceived(visit, line, service);
    else if (line) await checkKept("bytes", visit, line, store, isLast);
    if (hidden) throw hidden;
  }

  async function checkDraft(visit, draft, numbers, store) {
    checkNumber({ ...visit, number: Math.min(visit.number, numbers.get(visit.id) ?? 0) }, numberOf(draft));
    const isMixed = Number(draft.answers.bill.number) !== numberOf(draft);
    if (isMixed) throw new Broken("whole", `${visit.id} is of two phones`);
    const used = usedIn(draft);
    for (const [photoId, { shown: isShown }] of visit.photos) {
      if (isShown && !used.includes(photoId)) throw new Broken("saved", `${photoId} is not in its draft any more`);
      const { received, missing } = draft.photos[photoId] ?? {};
      if (isShown && !received && !missing) await checkPhoto("saved", store, photoId);
    }
  }

  function checkNumber(visit, number) {
    if (number < visit.number) throw new Broken("saved", `${visit.id} says ${number} where ${visit.number} was shown`);
  }

  async function checkPhoto(promise, store, photoId) {
    const photo = await store.photo(photoId);
    if (!photo) throw new Broken(promise, `${photoId} is gone`);
    if (hashOf(photo.bytes) !== everyPhoto.get(photoId).hash) throw new Broken(promise, `${photoId} has other bytes`);
  }

  // Whether another phone's report is the one that the server took.
  function isAnothers(visit, line, service) {
    const there = takenOf(visit, line, service);
    return there && there.hash !== visit.frozen.get(line.revision);
  }

  async function checkRefused(visit, line, store, isLast) {
    if (line.delivered) throw new Broken("taken", `${visit.id} is said to be received, and another phone's was`);
    await checkKept("taken", visit, line, store, isLast);
  }

  // A finished visit that still has to go out: all of it is here, and says what was shown last.
  async function checkKept(promise, visit, line, store, isLast) {
    const bytes = await store.report(visit.id);
    if (!bytes) throw new Broken(promise, `the report of ${visit.id} is gone`);
    freeze(visit, line.revision, hashOf(bytes));
    const { answers } = JSON.parse(new TextDecoder().decode(bytes));
    if (isLast) checkNumber(visit, answers.find((answer) => answer.criterion_id === "wait").value);
    for (const { id, received } of line.photos) if (!received) await checkPhoto(promise, store, id);
  }

  // A finished visit that was removed, and is gone: all of it is on the server or in a file. A server that lost a photo
  // had it.
  function checkElsewhere({ id, line, frozen }, { visits: there, bytes }) {
    const report = frozen.get(line.revision);
    const { revisions = [], beside = [] } = there.get(id) ?? {};
    const isThere = [...revisions, ...beside].some(({ hash }) => hash === report);
    if (!isThere && !files.has(report)) throw new Broken("bytes", `the report of ${id} is gone`);
    for (const { id: photoId, received } of line.photos) {
      const { hash } = everyPhoto.get(photoId);
      if (!received && !bytes.has(photoId) && !files.has(hash)) throw new Broken("bytes", `${photoId} is gone`);
    }
  }

  function checkReceived(visit, line, service) {
    const there = takenOf(visit, line, service);
    if (!there) throw new Broken("received", `${visit.id} is not on the server`);
    if (service.latest(visit.id) !== there) return;
    for (const { id } of there.report.photos) {
      if (service.photos.get(id) !== everyPhoto.get(id).hash) {
        throw new Broken("received", `the server does not have ${id}`);
      }
    }
  }

  /** After a drain: what was refused as another phone's report was taken lies beside that one. */
  async function checkBoth(lines, store, service) {
    for (const { id, parked, photos } of lines.filter((line) => line.parked?.status === 409)) {
      const visit = service.visits.get(id);
      const hash = hashOf(await store.report(id));
      if (!visit?.beside?.some((each) => each.hash === hash)) throw new Broken("both", `${id} is not there twice`);
      const absent = photos.find((photo) => !photo.refused && service.photos.get(photo.id) !== everyPhoto.get(photo.id).hash);
      if (absent) throw new Broken("both", `${absent.id} of ${id} is not there: ${parked.detail}`);
    }
  }

  /** The finished visits that are neither received nor parked with a reason. */
  function undone(lines) {
    return lines.filter((line) => !line.delivered && !line.parked?.status);
  }
}

function takenOf({ id }, line, service) {
  return service.visits.get(id)?.revisions.find(({ report }) => report.revision === line.revision);
}

/** The number that is answered in a draft. */
function numberOf(draft) {
  return Number(draft.answers.wait.number);
}

/** The ids of the photos that a draft shows. */
export function usedIn(draft) {
  return draft.answers.door.photo_ids;
}
