/**
 * Everything the phone keeps, in IndexedDB; no other file touches it. A write counts only when its transaction has
 * completed: a request may succeed and be lost when the transaction aborts for want of space.
 *
 * settings   one value per key
 * work       what /phone/work said, per person
 * drafts     visits being filled in, `packed` (below); `discarded_at` (ms) on those that are as good as gone and can be
 *            taken back
 * tasks      assignment and checklist as they were when the visit began
 * photos     the bytes of one photo or recording each, never rewritten, and the pieces of a recording that goes on;
 *            previews: the small pictures of them
 * visits     finished visits and how far they got; `removed_at` (ms) on those that are as good as gone and can be taken back
 * reports    the bytes of a finished visit's report, never rewritten
 * pictures   the bytes of reference pictures; null for one that nobody can see
 * copies     what of a begun visit lies on the server too
 */
import { isLost, nothingIfLost, readableBy } from "./lost.js";
import { createSettings } from "./settings.js";
import { openDB } from "./vendor/idb.js";

export { isLost };

// Every released version of the store opens in the newest one: a change of its shape is a further step of `upgrade`.
const VERSION = 3;
const OPENING_LIMIT_MS = 10_000;
const STRICT = { durability: "strict" };
// What a call hears whose connection the system has dropped, before it or in the middle.
const DROPPED = new Set(["InvalidStateError", "AbortError", "UnknownError"]);

/**
 * Open the phone's store as it is, whichever app made it, to read what can be read where it does not open otherwise.
 * Raises when there is none: none is made.
 */
export const openStoreAsItIs = (name) => openStore(name, null);

/** Open the phone's store. Raises when it does not open in time; never deletes anything to get on. */
export async function openStore(name = "phone", version = VERSION) {
  let database = await open(name, forget, version);

  function forget() {
    database = null;
  }

  // iOS drops the connection of a page in the background: open it again and repeat, once.
  async function transact(names, mode, options, work) {
    for (let again = true; ; again = false) {
      database ??= await open(name, forget, version);
      try {
        return await inTransaction(database, names, mode, options, work);
      } catch (error) {
        if (!again || !DROPPED.has(error.name)) throw error;
        database?.close();
        forget();
      }
    }
  }

  const read = (names, work) => transact(names, "readonly", undefined, work);
  const change = (names, work) => transact(names, "readwrite", undefined, work);
  const keep = (names, work) => transact(names, "readwrite", STRICT, work);
  const readable = readableBy(read);

  return {
    ...createSettings({ read, change }),

    /** What /phone/work last said to this person: {person_id, etag, body, fetched_at}. */
    work: (personId) => read(["work"], (tx) => tx.objectStore("work").get(personId)).catch(nothingIfLost),
    saveWork: (work) => change(["work"], (tx) => tx.objectStore("work").put(work)),

    drafts: async (personId) => (
      (await readable(["drafts"], personId)).records[0].filter((draft) => !draft.discarded_at).map(unpacked)),

    /** One draft with its task {id, assignment, version, limits}; null when finished, discarded or another person's. */
    draft: (id, personId) => read(["drafts", "tasks"], async (tx) => {
      const [draft, task] = await Promise.all([tx.objectStore("drafts").get(id), tx.objectStore("tasks").get(id)]);
      return draft?.person_id === personId && !draft.discarded_at ? { draft: unpacked(draft), task } : null;
    }),

    startDraft: (draft, task) => keep(["drafts", "tasks"], (tx) => Promise.all([
      tx.objectStore("drafts").add(packed(draft)), tx.objectStore("tasks").add(task)])),

    /**
     * Begin the next revision of a visit with the draft that `make` gives for the ids (a Set) of the photos that are
     * still here; one that was begun already is kept. Resolves to the draft that is here now.
     */
    startRevision: (id, make, task) => keep(["drafts", "tasks", "photos"], async (tx) => {
      const begun = await tx.objectStore("drafts").get(id);
      if (begun && !begun.discarded_at) return unpacked(begun);
      const draft = later(make(new Set(await tx.objectStore("photos").index("visit_id").getAllKeys(id))), begun);
      await Promise.all([tx.objectStore("drafts").put(packed(draft)), tx.objectStore("tasks").put(task)]);
      return draft;
    }),

    /**
     * Go on with a draft that came from another phone; one that was begun here meanwhile stays. Resolves to the one here.
     * Raises DraftGone where the visit was finished here meanwhile.
     */
    startRestored: ({ id, ...rest }, task) => keep(["drafts", "tasks", "visits", "copies"], async (tx) => {
      const names = ["drafts", "visits", "copies"];
      const [begun, visit, copy] = await Promise.all(names.map((name) => tx.objectStore(name).get(id)));
      if (begun && !begun.discarded_at) return unpacked(begun);
      if (isFinished(visit, rest)) throw new DraftGone(id);
      const draft = later({ id, ...rest }, begun, copy);
      await Promise.all([tx.objectStore("drafts").put(packed(draft)), tx.objectStore("tasks").put(task)]);
      return draft;
    }),

    /**
     * Save a draft that still is one: a visit finished meanwhile in another tab must not come back as a draft. `isAlone`
     * where no other tab can have discarded it.
     */
    saveDraft: (draft, { isAlone = false } = {}) => change(["drafts"], (tx) => replaceDraft(tx, draft, isAlone)),

    /** Set a draft aside at `time` (ms): nothing shows it any more, and nothing of it is deleted yet. */
    discard: (id, time) => keep(["drafts"], async (tx) => {
      const draft = await draftOf(tx, id);
      await tx.objectStore("drafts").put({ ...draft, discarded_at: time });
    }),

    /** Make a discarded draft an ordinary one again. Raises DraftGone when it is deleted. */
    takeBack: (id) => keep(["drafts", "visits"], async (tx) => {
      const [draft, visit] = await Promise.all(["drafts", "visits"].map((name) => tx.objectStore(name).get(id)));
      if (!draft || isFinished(visit, draft)) throw new DraftGone(id);
      const { discarded_at: _, ...rest } = draft;
      await tx.objectStore("drafts").put(rest);
    }),

    /**
     * Delete what was discarded or removed before `time` (ms), with its photos; but not those that the revision before
     * awaits, nor what the next one is made of, nor what is taken back meanwhile.
     */
    dropDiscarded: async (time) => {
      const { records: [drafts, visits] } = await readable(["drafts", "visits"]);
      for (const { id } of visits.filter((visit) => visit.removed_at < time)) {
        await change(["drafts", "tasks", "photos", "previews", "visits", "reports"], async (tx) => {
          if (!((await tx.objectStore("visits").get(id))?.removed_at < time)) return;
          await tx.objectStore("visits").delete(id);
          await dropBytes(tx, id);
        }).catch(nothingIfLost);
      }
      for (const { id } of drafts.filter((draft) => draft.discarded_at < time)) {
        await change(["drafts", "tasks", "photos", "previews", "visits"], async (tx) => {
          const [draft, visit] = await Promise.all([tx.objectStore("drafts").get(id), tx.objectStore("visits").get(id)]);
          if (!(draft?.discarded_at < time)) return;
          await Promise.all([tx.objectStore("drafts").delete(id), tx.objectStore("tasks").delete(id)]);
          const awaited = new Set(visit && !visit.delivered ? visit.photos.map((photo) => photo.id) : []);
          await dropPhotos(tx, id, (photoId) => !awaited.has(photoId));
        }).catch(nothingIfLost);
      }
    },

    /** Keep a photo's bytes, its preview (or null) and the draft that refers to it, all or nothing. */
    savePhoto: (draft, photo, preview) => keep(["drafts", "photos", "previews"], (tx) => Promise.all([
      tx.objectStore("photos").add(photo),
      preview && tx.objectStore("previews").add(preview),
      replaceDraft(tx, draft)])),

    /** Keep a photo that was fetched from another phone's copy, and its preview (or null); one that is here stays. */
    saveFetched: (photo, preview) => keep(["photos", "previews"], async (tx) => {
      if (await tx.objectStore("photos").getKey(photo.id)) return;
      await Promise.all([tx.objectStore("photos").add(photo), preview && tx.objectStore("previews").put(preview)]);
    }),

    /** What lies on the server of this person's begun visits (copies.js). */
    copies: async (personId) => (await readable(["copies"])).records[0].filter((copy) => copy.person_id === personId),

    /** Replace a copy's line by what `update` makes of it (of null, where none can be read); null deletes it. */
    changeCopy: async (id, update) => {
      const changing = (find) => change(["copies"], async (tx) => {
        const copies = tx.objectStore("copies");
        const changed = update((await find(copies)) ?? null);
        await (changed ? copies.put(changed) : copies.delete(id));
      });
      await changing((copies) => copies.get(id)).catch((error) => {
        nothingIfLost(error);
        return changing(() => null);
      });
    },

    /** All that copies.js plans with, as it is at one moment: {drafts, copies, visits}, the discarded ones too. */
    begun: async (personId) => {
      const { records: [drafts, copies, visits], lost } = await readable(["drafts", "copies", "visits"], personId);
      // The copy on the server is all that is left of what cannot be read: nothing is planned with it.
      const isOwn = (copy) => copy.person_id === personId && !lost.has(copy.id);
      return { drafts: drafts.map(unpacked), copies: copies.filter(isOwn), visits };
    },

    /** Keep a piece {id, visit_id, bytes, ms} of a recording (recordings.js tells its id); it goes with its visit. */
    savePiece: (piece) => keep(["photos"], (tx) => tx.objectStore("photos").put(piece)),
    /** The pieces of a recording, in their order. */
    pieces: (visitId, recordingId) => read(["photos"], async (tx) => (
      Promise.all((await pieceKeys(tx, visitId, recordingId)).map((id) => tx.objectStore("photos").get(id))))),
    dropPieces: (visitId, recordingId) => change(["photos"], async (tx) => (
      Promise.all((await pieceKeys(tx, visitId, recordingId)).map((id) => tx.objectStore("photos").delete(id))))),

    photo: (id) => read(["photos"], (tx) => tx.objectStore("photos").get(id)),
    /** Keep a small picture {id, visit_id, bytes} of a photo whose bytes are not here. */
    savePreview: (preview) => change(["previews"], (tx) => tx.objectStore("previews").put(preview)),
    previews: (visitId) => read(["previews"], (tx) => tx.objectStore("previews").index("visit_id").getAll(visitId)),

    /** The reference pictures with these ids that are here, as {id, bytes}. */
    pictures: (ids) => read(["pictures"], async (tx) => {
      const found = await Promise.all(ids.map((id) => tx.objectStore("pictures").get(id)));
      return found.filter((picture) => picture?.bytes);
    }),
    pictureIds: () => read(["pictures"], (tx) => tx.objectStore("pictures").getAllKeys()),
    savePicture: (picture) => change(["pictures"], (tx) => tx.objectStore("pictures").put(picture)),

    /**
     * Delete the pictures and previews that nobody needs: `neededBy({works, tasks, drafts, visits})`, with what is here
     * of all persons, gives {pictures, visits}, the ids (Sets) of those to keep, of previews by their visit.
     */
    dropPictures: async (neededBy) => {
      const { records: [works, tasks, drafts, visits], lost } = await readable(["work", "tasks", "drafts", "visits"]);
      const needed = neededBy({ works, tasks, drafts, visits });
      await change(["drafts", "pictures", "previews"], async (tx) => {
        // What was begun meanwhile keeps its own, and what cannot be read now.
        const kept = new Set([...needed.visits, ...lost, ...await tx.objectStore("drafts").getAllKeys()]);
        for (const id of await tx.objectStore("pictures").getAllKeys()) {
          if (!needed.pictures.has(id)) await tx.objectStore("pictures").delete(id);
        }
        const previews = tx.objectStore("previews");
        for (let at = await previews.index("visit_id").openKeyCursor(); at; at = await at.continue()) {
          if (!kept.has(at.key)) await previews.delete(at.primaryKey);
        }
      });
    },

    /**
     * Turn a draft into a finished visit, in place of its revision before: its report is frozen here, photos that
     * nothing refers to are dropped.
     */
    finish: (visit, report) => keep(["drafts", "visits", "reports", "photos", "previews"], async (tx) => {
      await draftOf(tx, visit.id);
      await Promise.all([
        tx.objectStore("visits").put(visit),
        tx.objectStore("reports").put({ id: visit.id, bytes: report }),
        tx.objectStore("drafts").delete(visit.id)]);
      const used = new Set(visit.photos.map((photo) => photo.id));
      await dropPhotos(tx, visit.id, (id) => !used.has(id));
    }),

    visits: async (personId) => (await readable(["visits"], personId)).records[0].filter((visit) => !visit.removed_at),
    report: async (id) => (await read(["reports"], (tx) => tx.objectStore("reports").get(id)))?.bytes,

    /**
     * Replace a finished visit by what `update` makes of the stored one; the result, or null when it is not there.
     * Once it is delivered, the server has confirmed every hash: its line stays, its bytes go, in one transaction; but
     * what its next revision, begun meanwhile, is made of stays.
     */
    changeVisit: (id, update) => keep(["visits", "reports", "photos", "previews", "tasks", "drafts"], async (tx) => {
      const visit = await tx.objectStore("visits").get(id);
      if (!visit) return null;
      const changed = update(visit);
      // Years of lines would be read with every step of the outbox: what is said of the photos goes with them.
      await tx.objectStore("visits").put(changed.delivered ? { ...changed, photos: [] } : changed);
      if (changed.delivered) await dropBytes(tx, id);
      return changed;
    }),

    /** Make a removed visit an ordinary one again. Resolves to whether it is: not when it is deleted, or begun again. */
    takeBackVisit: (id) => keep(["visits", "drafts"], async (tx) => {
      const [visit, draft] = await Promise.all(["visits", "drafts"].map((name) => tx.objectStore(name).get(id)));
      if (!visit?.removed_at || (draft && !draft.discarded_at && (draft.revision ?? 1) <= (visit.revision ?? 1))) return false;
      const { removed_at: _, ...rest } = visit;
      await tx.objectStore("visits").put(rest);
      return true;
    }),

    close: () => database?.close(),
  };
}

/** The draft was finished or discarded meanwhile, in another tab. */
export class DraftGone extends Error {
  name = "DraftGone";
}

function open(name, onLost, version) {
  const opening = openDB(name, version ?? undefined, {
    upgrade(database, before, _now, tx) {
      if (version === null) return leave(tx);
      if (before < 1) createFirst(database);
      if (before < 2) database.createObjectStore("pictures", { keyPath: "id" });
      if (before < 3) database.createObjectStore("copies", { keyPath: "id" });
    },
    // A newer app wants to change the store: let go, the next call opens it again or says that it cannot.
    blocking(_old, _new, event) {
      event.target.close();
      onLost();
    },
    terminated: onLost,
  });
  let timer;
  const tooLong = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new Error("the phone's storage does not open")), OPENING_LIMIT_MS);
  });
  return Promise.race([opening, tooLong]).finally(() => clearTimeout(timer));
}

function leave(tx) {
  tx.done.catch(() => {});
  tx.abort();
}

function createFirst(database) {
  database.createObjectStore("settings");
  database.createObjectStore("work", { keyPath: "person_id" });
  database.createObjectStore("tasks", { keyPath: "id" });
  database.createObjectStore("drafts", { keyPath: "id" }).createIndex("person_id", "person_id");
  database.createObjectStore("photos", { keyPath: "id" }).createIndex("visit_id", "visit_id");
  database.createObjectStore("previews", { keyPath: "id" }).createIndex("visit_id", "visit_id");
  database.createObjectStore("visits", { keyPath: "id" }).createIndex("person_id", "person_id");
  database.createObjectStore("reports", { keyPath: "id" });
}

async function inTransaction(database, names, mode, options, work) {
  const tx = database.transaction(names, mode, options);
  try {
    const result = await work(tx);
    await tx.done;
    return result;
  } catch (error) {
    try {
      tx.abort();
    } catch {
      // It has aborted by itself already.
    }
    const reason = await tx.done.then(() => null, (failure) => failure);
    throw reason?.name === "QuotaExceededError" ? reason : error;
  }
}

// Both are asked for at once, or the second would wait until the page has been drawn: what must not be there goes with
// its transaction.
async function replaceDraft(tx, draft, isAlone = false) {
  await Promise.all([(isAlone ? keyOf : draftOf)(tx, draft.id), tx.objectStore("drafts").put(packed(draft))]);
}

// A draft with hundreds of photos takes longer to be read than to be written.
async function keyOf(tx, id) {
  if (!await tx.objectStore("drafts").getKey(id)) throw new DraftGone(id);
}

// The server may have a copy of what was discarded here, and takes none that was changed less often.
function later(draft, ...gone) {
  return { ...draft, changes: Math.max(draft.changes ?? 0, ...gone.map((each) => (each?.changes ?? -1) + 1)) };
}

async function draftOf(tx, id) {
  const draft = await tx.objectStore("drafts").get(id);
  if (!draft || draft.discarded_at) throw new DraftGone(id);
  return draft;
}

// The browser copies a record at every tap, object by object: each answer and all photos are one text each, and that of
// what has not changed is there already: nothing is ever changed in place (visit.js).
const texts = new WeakMap();

function packed(draft) {
  return converted(draft, (value) => {
    if (!texts.has(value)) texts.set(value, JSON.stringify(value));
    return texts.get(value);
  });
}

// What an earlier release kept is not packed.
function unpacked(draft) {
  return converted(draft, (value) => (typeof value === "string" ? JSON.parse(value) : value));
}

function converted({ answers, photos, ...draft }, convert) {
  const each = Object.entries(answers).map(([key, answer]) => [key, convert(answer)]);
  return { ...draft, answers: Object.fromEntries(each), photos: convert(photos) };
}

async function pieceKeys(tx, visitId, recordingId) {
  const keys = await tx.objectStore("photos").index("visit_id").getAllKeys(visitId);
  return keys.filter((id) => id.startsWith(`${recordingId} `)).sort();
}

// Whether this revision of a draft is a finished visit already.
function isFinished(visit, draft) {
  return Boolean(visit) && !visit.removed_at && (visit.revision ?? 1) >= (draft.revision ?? 1);
}

// The bytes of a visit that is not needed here any more; not what its next revision, begun meanwhile, is made of.
async function dropBytes(tx, id) {
  await tx.objectStore("reports").delete(id);
  if (await tx.objectStore("drafts").get(id)) return;
  await tx.objectStore("tasks").delete(id);
  await dropPhotos(tx, id, () => true);
}

async function dropPhotos(tx, visitId, unwanted) {
  for (const name of ["photos", "previews"]) {
    const ids = await tx.objectStore(name).index("visit_id").getAllKeys(visitId);
    await Promise.all(ids.filter(unwanted).map((id) => tx.objectStore(name).delete(id)));
  }
}
