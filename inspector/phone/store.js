/**
 * Everything the phone keeps, in IndexedDB; no other file touches it. A write counts only when its transaction has
 * completed: a request may succeed and be lost when the transaction aborts for want of space.
 *
 * settings   one value per key
 * work       what /phone/work said, per person
 * drafts     visits being filled in; `discarded_at` (ms) on those that are as good as gone and can be taken back
 * tasks      assignment and checklist as they were when the visit began
 * photos     the bytes of one photo each, never rewritten; previews: the small pictures of them
 * visits     finished visits and how far they got
 * reports    the bytes of a finished visit's report, never rewritten
 */
import { openDB } from "./vendor/idb.js";

const OPENING_LIMIT_MS = 10_000;
const STRICT = { durability: "strict" };

/** Open the phone's store. Raises when it does not open in time; never deletes anything to get on. */
export async function openStore(name = "phone") {
  let database = await open(name, forget);

  function forget() {
    database = null;
  }

  // iOS drops the connection of a page in the background: open it again and repeat, once.
  async function transact(names, mode, options, work) {
    for (let again = true; ; again = false) {
      database ??= await open(name, forget);
      try {
        return await inTransaction(database, names, mode, options, work);
      } catch (error) {
        if (!again || error.name !== "InvalidStateError") throw error;
        forget();
      }
    }
  }

  const read = (names, work) => transact(names, "readonly", undefined, work);
  const change = (names, work) => transact(names, "readwrite", undefined, work);
  const keep = (names, work) => transact(names, "readwrite", STRICT, work);

  return {
    setting: (key) => read(["settings"], (tx) => tx.objectStore("settings").get(key)),
    saveSetting: (key, value) => change(["settings"], (tx) => tx.objectStore("settings").put(value, key)),

    /** What /phone/work last said to this person: {person_id, etag, body, fetched_at}. */
    work: (personId) => read(["work"], (tx) => tx.objectStore("work").get(personId)),
    saveWork: (work) => change(["work"], (tx) => tx.objectStore("work").put(work)),

    drafts: (personId) => read(["drafts"], async (tx) => {
      const drafts = await tx.objectStore("drafts").index("person_id").getAll(personId);
      return drafts.filter((draft) => !draft.discarded_at);
    }),

    /** One draft with its task {id, assignment, version, limits}; null when finished, discarded or another person's. */
    draft: (id, personId) => read(["drafts", "tasks"], async (tx) => {
      const [draft, task] = await Promise.all([tx.objectStore("drafts").get(id), tx.objectStore("tasks").get(id)]);
      return draft?.person_id === personId && !draft.discarded_at ? { draft, task } : null;
    }),

    startDraft: (draft, task) => keep(["drafts", "tasks"], (tx) => Promise.all([
      tx.objectStore("drafts").add(draft), tx.objectStore("tasks").add(task)])),

    /** Save a draft that still is one: a visit finished meanwhile in another tab must not come back as a draft. */
    saveDraft: (draft) => change(["drafts"], (tx) => replaceDraft(tx, draft)),

    /** Set a draft aside at `time` (ms): nothing shows it any more, and nothing of it is deleted yet. */
    discard: (id, time) => keep(["drafts"], async (tx) => {
      const draft = await draftOf(tx, id);
      await tx.objectStore("drafts").put({ ...draft, discarded_at: time });
    }),

    /** Make a discarded draft an ordinary one again. Raises DraftGone when it is deleted. */
    takeBack: (id) => keep(["drafts"], async (tx) => {
      const draft = await tx.objectStore("drafts").get(id);
      if (!draft) throw new DraftGone(id);
      const { discarded_at: _, ...rest } = draft;
      await tx.objectStore("drafts").put(rest);
    }),

    /** Delete what was discarded before `time` (ms), with its photos. */
    dropDiscarded: (time) => change(["drafts", "tasks", "photos", "previews"], async (tx) => {
      const drafts = await tx.objectStore("drafts").getAll();
      for (const { id } of drafts.filter((draft) => draft.discarded_at < time)) {
        await Promise.all([tx.objectStore("drafts").delete(id), tx.objectStore("tasks").delete(id)]);
        await dropPhotos(tx, id, () => true);
      }
    }),

    /** Keep a photo's bytes, its preview (or null) and the draft that refers to it, all or nothing. */
    savePhoto: (draft, photo, preview) => keep(["drafts", "photos", "previews"], (tx) => Promise.all([
      tx.objectStore("photos").add(photo),
      preview && tx.objectStore("previews").add(preview),
      replaceDraft(tx, draft)])),

    photo: (id) => read(["photos"], (tx) => tx.objectStore("photos").get(id)),
    previews: (visitId) => read(["previews"], (tx) => tx.objectStore("previews").index("visit_id").getAll(visitId)),

    /** Turn a draft into a finished visit: its report is frozen here, photos that nothing refers to are dropped. */
    finish: (visit, report) => keep(["drafts", "visits", "reports", "photos", "previews"], async (tx) => {
      await draftOf(tx, visit.id);
      await Promise.all([
        tx.objectStore("visits").add(visit),
        tx.objectStore("reports").add({ id: visit.id, bytes: report }),
        tx.objectStore("drafts").delete(visit.id)]);
      const used = new Set(visit.photos.map((photo) => photo.id));
      await dropPhotos(tx, visit.id, (id) => !used.has(id));
    }),

    visits: (personId) => read(["visits"], (tx) => tx.objectStore("visits").index("person_id").getAll(personId)),
    report: async (id) => (await read(["reports"], (tx) => tx.objectStore("reports").get(id)))?.bytes,

    /**
     * Replace a finished visit by what `update` makes of the stored one; the result, or null when it is not there.
     * Once it is delivered, the server has confirmed every hash: its line stays, its bytes go, in one transaction.
     */
    changeVisit: (id, update) => keep(["visits", "reports", "photos", "previews", "tasks"], async (tx) => {
      const visit = await tx.objectStore("visits").get(id);
      if (!visit) return null;
      const changed = update(visit);
      await tx.objectStore("visits").put(changed);
      if (changed.delivered) {
        await Promise.all([tx.objectStore("reports").delete(id), tx.objectStore("tasks").delete(id)]);
        await dropPhotos(tx, id, () => true);
      }
      return changed;
    }),

    close: () => database?.close(),
  };
}

/** The draft was finished or discarded meanwhile, in another tab. */
export class DraftGone extends Error {
  name = "DraftGone";
}

function open(name, onLost) {
  const opening = openDB(name, 1, {
    upgrade(database) {
      database.createObjectStore("settings");
      database.createObjectStore("work", { keyPath: "person_id" });
      database.createObjectStore("tasks", { keyPath: "id" });
      database.createObjectStore("drafts", { keyPath: "id" }).createIndex("person_id", "person_id");
      database.createObjectStore("photos", { keyPath: "id" }).createIndex("visit_id", "visit_id");
      database.createObjectStore("previews", { keyPath: "id" }).createIndex("visit_id", "visit_id");
      database.createObjectStore("visits", { keyPath: "id" }).createIndex("person_id", "person_id");
      database.createObjectStore("reports", { keyPath: "id" });
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

async function replaceDraft(tx, draft) {
  await draftOf(tx, draft.id);
  await tx.objectStore("drafts").put(draft);
}

async function draftOf(tx, id) {
  const draft = await tx.objectStore("drafts").get(id);
  if (!draft || draft.discarded_at) throw new DraftGone(id);
  return draft;
}

async function dropPhotos(tx, visitId, unwanted) {
  for (const name of ["photos", "previews"]) {
    const ids = await tx.objectStore(name).index("visit_id").getAllKeys(visitId);
    await Promise.all(ids.filter(unwanted).map((id) => tx.objectStore(name).delete(id)));
  }
}
