import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { afterCopy, copyOf, nextCopyStep } from "../../inspector/phone/copies.js";
import { openDraft } from "../../inspector/phone/draft.js";
import { sha256 } from "../../inspector/phone/photos.js";
import { revisionOf } from "../../inspector/phone/revisions.js";
import { openStore } from "../../inspector/phone/store.js";
import { itemsOf } from "../../inspector/phone/tray.js";
import { photosInUse } from "../../inspector/phone/visit.js";
import { LIMITS, VERSION } from "./factories.js";

/** What the first release kept, written down by hand: every store of its database, with a record as that release wrote it. */
const FIRST = {
  settings: { language: "ru", device_id: "d" },
  work: [{ person_id: "anna", etag: '"e"', body: { assignments: [], checklist_versions: [] }, fetched_at: 1 }],
  tasks: [{ id: "begun", assignment: { id: "a1", outlet: { name: "North" } }, version: VERSION, limits: LIMITS }],
  drafts: [{
    id: "begun", person_id: "anna", assignment_id: "a1", checklist_version_id: "version", outlet_name: "North",
    started_at: "2026-11-21T12:00:00+00:00", elapsed_ms: 5, positions: [], photos: { p1: { id: "p1", sha256: "s", size: 2 } },
    answers: { door: {
      status: "answered", states: ["clean"], none: false, options: [], number: "", words: "", reason: "", comment: "wet", photo_ids: ["p1"],
    } },
    left_sections: ["entrance"], at: { section: 0, criterion: "door" },
  }],
  photos: [{ id: "p1", visit_id: "begun", bytes: new Uint8Array([7, 8]).buffer, media_type: "image/jpeg", sha256: "s" }],
  previews: [{ id: "p1", visit_id: "begun", bytes: new Uint8Array([9]).buffer }],
  visits: [{
    id: "sent", person_id: "anna", assignment_id: "a2", outlet_name: "South", finished_at: 1, photos: [], acknowledged: false,
    delivered: false, parked: null, server: null, attempts: 0, next_try_at: 0,
  }],
  reports: [{ id: "sent", bytes: new Uint8Array([1, 2, 3]).buffer }],
};
const KEYS = { settings: null, work: "person_id" };
const INDEXED = { drafts: "person_id", visits: "person_id", photos: "visit_id", previews: "visit_id" };

/** What the second release added: reference pictures, a draft of a revision that does not say how often it was saved. */
const SECOND = {
  ...FIRST,
  drafts: [...FIRST.drafts, {
    ...FIRST.drafts[0], id: "again", revision: 2, photos: { p9: { id: "p9", sha256: "s", size: 2, received: true, preview: false } },
    answers: { door: { ...FIRST.drafts[0].answers.door, photo_ids: ["p9"] } }, repetitions: {}, staff_met: [], best_practices: [],
    at: { section: 0, repetition: 0, criterion: "door" },
  }],
  tasks: [...FIRST.tasks, { ...FIRST.tasks[0], id: "again" }],
  visits: [{ ...FIRST.visits[0], revision: 1, photos: [{ id: "p8", received: false, confirmed: true, refused: null, damaged: 0 }] }],
  pictures: [{ id: "g", bytes: new Uint8Array([4]).buffer }, { id: "unknown there", bytes: null }],
};

const makeFirst = (name) => makeRelease(name, 1, FIRST);

/** A database as that release made it. */
function makeRelease(name, version, content) {
  return new Promise((done, fail) => {
    const opening = indexedDB.open(name, version);
    opening.onupgradeneeded = () => {
      const database = opening.result;
      for (const store of Object.keys(content)) {
        const made = database.createObjectStore(store, { keyPath: store in KEYS ? KEYS[store] : "id" });
        if (INDEXED[store]) made.createIndex(INDEXED[store], INDEXED[store]);
      }
    };
    opening.onerror = () => fail(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const tx = database.transaction(Object.keys(content), "readwrite");
      for (const [store, records] of Object.entries(content)) {
        if (Array.isArray(records)) for (const record of records) tx.objectStore(store).put(record);
        else for (const [key, value] of Object.entries(records)) tx.objectStore(store).put(value, key);
      }
      tx.oncomplete = () => { database.close(); done(); };
      tx.onerror = () => fail(tx.error);
    };
  });
}

test("what the first release kept is all there in this one, and can be worked on", async () => {
  await makeFirst("first");
  const store = await openStore("first");
  assert.deepEqual([await store.setting("language"), await store.setting("device_id")], ["ru", "d"]);
  assert.deepEqual(await store.work("anna"), FIRST.work[0]);
  const { draft, task } = await store.draft("begun", "anna");
  assert.deepEqual([draft, task], [FIRST.drafts[0], FIRST.tasks[0]]);
  assert.deepEqual(new Uint8Array((await store.photo("p1")).bytes), new Uint8Array([7, 8]));
  assert.deepEqual((await store.previews("begun")).map(({ id }) => id), ["p1"]);
  assert.deepEqual(await store.visits("anna"), FIRST.visits);
  assert.equal((await store.report("sent")).byteLength, 3);
  assert.deepEqual([await store.pictureIds(), revisionOf(draft), revisionOf(FIRST.visits[0])], [[], 1, 1]);

  const session = await openDraft({ id: "begun", personId: "anna", store, locks: null, onChange() {} });
  session.change((each) => ({ ...each, elapsed_ms: 9 }));
  await session.finish({ appVersion: "v", deviceId: "d" });
  const report = JSON.parse(new TextDecoder().decode(await store.report("begun")));
  assert.deepEqual([report.revision, report.answers[0].states, report.answers[0].photo_ids], [1, ["clean"], ["p1"]]);
});

test("a store is upgraded once and opened again without another upgrade", async () => {
  await makeFirst("twice");
  (await openStore("twice")).close();
  const store = await openStore("twice");
  await store.savePicture({ id: "g", bytes: new ArrayBuffer(2) });
  assert.deepEqual([(await store.pictures(["g", "unknown"])).length, (await store.drafts("anna")).length], [1, 1]);
});

test("what the second release kept is all there in this one, and is kept on the server too", async () => {
  await makeRelease("second", 2, SECOND);
  const store = await openStore("second");
  assert.deepEqual((await store.draft("again", "anna")).draft, SECOND.drafts[1]);
  assert.deepEqual(await store.visits("anna"), SECOND.visits);
  assert.deepEqual((await store.pictureIds()).sort(), ["g", "unknown there"]);
  assert.deepEqual(await store.copies("anna"), []);
  const begun = await store.begun("anna");
  assert.deepEqual(begun.drafts.map(({ id }) => id).sort(), ["again", "begun"]);

  const settled = { ...begun, visits: [] };
  const { do: what, draft } = nextCopyStep(settled, new Map(), 1000);
  assert.equal(what, "draft");
  const copy = copyOf(await store.draft("again", "anna"), { deviceId: "d", isKnown: () => true, now: 1000 });
  assert.deepEqual([copy.revision, copy.changes, copy.photos], [2, 0, []]);
  const answer = { kind: "ok", body: { changes: 0, kept_at: "t", missing_photos: [], others: [] } };
  await store.changeCopy(draft.id, (line) => afterCopy(line, draft, { device_id: "d", changes: 0, photos: [] }, answer, 1000));
  assert.equal((await store.copies("anna"))[0].kept_at, "t");

  const session = await openDraft({ id: "again", personId: "anna", store, locks: null, onChange() {} });
  session.change((each) => ({ ...each, outlet_name: "North" }));
  await session.flush();
  assert.equal((await store.draft("again", "anna")).draft.changes, 1);
});

/** What the app of 0.4.0 kept, in a browser and with a service that ran: tests/releases/keep_store.py. */
const THIRD = JSON.parse(
  await readFile(new URL("../releases/store-0.4.0.json", import.meta.url), "utf8"),
  (_, value) => (typeof value?.base64 === "string" ? Uint8Array.from(Buffer.from(value.base64, "base64")).buffer : value));

/** A database as it was kept, with every store, index and record. */
function makeKept(name, { version, stores }) {
  return new Promise((done, fail) => {
    const opening = indexedDB.open(name, version);
    opening.onupgradeneeded = () => {
      for (const [store, { keyPath, indexes, records }] of Object.entries(stores)) {
        const made = opening.result.createObjectStore(store, { keyPath });
        for (const [index, path] of Object.entries(indexes)) made.createIndex(index, path);
        for (const [key, value] of records) made.put(value, ...(keyPath ? [] : [key]));
      }
    };
    opening.onerror = () => fail(opening.error);
    opening.onsuccess = () => { opening.result.close(); done(); };
  });
}

test("what the app of 0.4.0 kept in a browser is all there in this one, and can be worked on", async () => {
  await makeKept("third", THIRD);
  const kept = (name) => THIRD.stores[name].records.map(([, value]) => value);
  const store = await openStore("third");
  for (const [key, value] of THIRD.stores.settings.records) assert.deepEqual(await store.setting(key), value);
  const { id: personId } = await store.setting("person");
  const [{ id }] = kept("drafts"), [line] = kept("visits");
  assert.deepEqual(await store.work(personId), kept("work")[0]);
  assert.deepEqual([await store.visits(personId), await store.copies(personId)], [kept("visits"), kept("copies")]);

  const { draft, task } = await store.draft(id, personId);
  assert.deepEqual(task, kept("tasks").find((each) => each.id === id));
  const [greeting] = task.version.sections[0].criteria;
  const { states, photo_ids: [shown] } = draft.answers[greeting.id];
  assert.deepEqual(states.map((each) => greeting.states.find((state) => state.id === each).text.en), ["The guest is greeted"]);
  const [inTray, counter, note] = ["photo", "counter", "note"].map((what) => itemsOf(draft).find((each) => each.what === what));
  assert.deepEqual([itemsOf(draft).length, counter.value, note.text], [3, 2, "wet floor"]);
  assert.deepEqual(photosInUse(draft).sort(), [shown, inTray.id].sort());
  for (const photo of [...photosInUse(draft).map((each) => draft.photos[each]), ...line.photos]) {
    const { bytes } = await store.photo(photo.id);
    assert.deepEqual([await sha256(bytes), bytes.byteLength], [photo.sha256, photo.size]);
  }
  assert.deepEqual([(await store.previews(id)).length, (await store.previews(line.id)).length], [2, 2]);
  const report = JSON.parse(new TextDecoder().decode(await store.report(line.id)));
  assert.deepEqual(report.photos.map((each) => each.id), line.photos.map((each) => each.id));
  assert.equal(nextCopyStep(await store.begun(personId), new Map(), line.finished_at + 600_000).do, "stand back");

  const session = await openDraft({ id, personId, store, locks: null, onChange() {} });
  session.change((each) => ({ ...each, elapsed_ms: 9_000 }));
  await session.finish({ appVersion: "v", deviceId: await store.setting("device_id") });
  const finished = JSON.parse(new TextDecoder().decode(await store.report(id)));
  assert.deepEqual([finished.answers[0].states, finished.answers[0].photo_ids], [states, [shown]]);
  assert.deepEqual((await store.visits(personId)).map((each) => each.id).sort(), [id, line.id].sort());
});
