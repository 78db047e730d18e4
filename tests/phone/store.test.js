import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { enter } from "../../inspector/phone/kinds.js";
import { DraftGone, openStore } from "../../inspector/phone/store.js";
import { addPhoto, changeAnswer } from "../../inspector/phone/visit.js";
import { aDraft, aPhoto, aTask, putFinished } from "./factories.js";

let stores = 0;
const aStore = (name = `store-${stores += 1}`) => openStore(name);

async function withDraft(store, options) {
  const draft = aDraft(options);
  await store.startDraft(draft, aTask({ id: draft.id }));
  return draft;
}

test("everything is there again after a reload", async () => {
  const store = await aStore("reload");
  const draft = changeAnswer(await withDraft(store), "wait", 0, (answer) => enter(answer, { number: "90" }));
  await store.saveDraft(draft);
  const { line, bytes } = await aPhoto("p1");
  await store.savePhoto(draft, { id: "p1", visit_id: "visit", bytes, ...line }, { id: "p1", visit_id: "visit", bytes });
  await store.saveSetting("language", "ru");
  await store.saveWork({ person_id: "anna", etag: "e", body: {}, fetched_at: 1 });
  store.close();
  const again = await aStore("reload");
  assert.deepEqual((await again.draft("visit", "anna")).draft, draft);
  assert.deepEqual((await again.draft("visit", "anna")).task, aTask());
  assert.deepEqual(new Uint8Array((await again.photo("p1")).bytes), new Uint8Array(bytes));
  assert.equal((await again.previews("visit")).length, 1);
  assert.equal(await again.setting("language"), "ru");
  assert.equal((await again.work("anna")).etag, "e");
});

test("whoever reads a draft gets it as it was saved, after it was discarded and taken back too", async () => {
  const store = await aStore();
  const begun = await withDraft(store);
  const { line, bytes } = await aPhoto("p1");
  const draft = addPhoto(changeAnswer(begun, "wait", 0, (answer) => enter(answer, { number: "90" })), "door", 0, line);
  await store.savePhoto(draft, { id: "p1", visit_id: "visit", bytes }, null);
  await store.discard("visit", 1);
  await store.takeBack("visit");
  const ways = [
    (await store.draft("visit", "anna")).draft, ...await store.drafts("anna"), ...(await store.begun("anna")).drafts,
    await store.startRevision("visit", () => null, aTask()), await store.startRestored(begun, aTask()),
  ];
  for (const read of ways) assert.deepEqual(read, draft);
  assert.equal(ways.length, 5);
});

test("nobody sees what another person has on the same phone", async () => {
  const store = await aStore();
  await withDraft(store, { id: "annas", personId: "anna" });
  await withDraft(store, { id: "boriss", personId: "boris" });
  await putFinished(store, { id: "finished", personId: "anna" });
  await store.saveWork({ person_id: "anna", etag: "e", body: {}, fetched_at: 1 });
  assert.deepEqual((await store.drafts("boris")).map((draft) => draft.id), ["boriss"]);
  assert.equal(await store.draft("annas", "boris"), null);
  assert.deepEqual(await store.visits("boris"), []);
  assert.equal(await store.work("boris"), undefined);
  assert.equal((await store.draft("annas", "anna")).draft.id, "annas");
});

test("finishing drops the photos that nothing refers to and keeps the others' bytes", async () => {
  const store = await aStore();
  const draft = await withDraft(store);
  const kept = await aPhoto("kept");
  const removed = await aPhoto("removed");
  for (const { line, bytes } of [kept, removed]) {
    await store.savePhoto(draft, { id: line.id, visit_id: "visit", bytes }, { id: line.id, visit_id: "visit", bytes });
  }
  await store.finish({ id: "visit", person_id: "anna", photos: [kept.line] }, new ArrayBuffer(2));
  assert.ok(await store.photo("kept"));
  assert.equal(await store.photo("removed"), undefined);
  assert.deepEqual((await store.previews("visit")).map((preview) => preview.id), ["kept"]);
  assert.equal((await store.report("visit")).byteLength, 2);
  assert.deepEqual(await store.drafts("anna"), []);
});

test("a visit is finished once, and does not become a draft again", async () => {
  const store = await aStore();
  const draft = await withDraft(store);
  const finish = () => store.finish({ id: "visit", person_id: "anna", photos: [] }, new ArrayBuffer(1));
  await finish();
  await assert.rejects(finish(), DraftGone);
  for (const isAlone of [false, true]) await assert.rejects(store.saveDraft(draft, { isAlone }), DraftGone);
  assert.deepEqual([(await store.drafts("anna")).length, (await store.visits("anna")).length], [0, 1]);
});

test("a photo that does not fit changes neither photos nor draft", async () => {
  const store = await aStore();
  const draft = await withDraft(store);
  const { bytes } = await aPhoto("p1");
  await store.savePhoto(draft, { id: "p1", visit_id: "visit", bytes }, null);
  const changed = { ...draft, elapsed_ms: 5 };
  await assert.rejects(store.savePhoto(changed, { id: "p1", visit_id: "visit", bytes: new ArrayBuffer(9) }, null));
  assert.equal((await store.photo("p1")).bytes.byteLength, bytes.byteLength);
  assert.equal((await store.draft("visit", "anna")).draft.elapsed_ms, 0);
});

test("a put that succeeds is not saved when its transaction aborts for want of space", async () => {
  const store = await aStore();
  const draft = await withDraft(store);
  const put = IDBObjectStore.prototype.put;
  let tries = 0;
  IDBObjectStore.prototype.put = function putThenAbort(...parts) {
    const request = put.apply(this, parts);
    const { transaction } = this;
    request.addEventListener("success", () => {
      tries += 1;
      transaction.abort();
      transaction.error = new DOMException("no room", "QuotaExceededError");
    });
    return request;
  };
  try {
    await assert.rejects(store.saveDraft({ ...draft, elapsed_ms: 7 }), { name: "QuotaExceededError" });
    // What was asked for behind that put is refused with an error of its own: room is the reason all the same.
    const finished = { id: "visit", person_id: "anna", photos: [] };
    await assert.rejects(store.finish(finished, new ArrayBuffer(2)), { name: "QuotaExceededError" });
    assert.equal(tries, 2, "for want of room nothing is tried twice");
  } finally {
    IDBObjectStore.prototype.put = put;
  }
  assert.equal((await store.draft("visit", "anna")).draft.elapsed_ms, 0);
  assert.deepEqual([await store.visits("anna"), await store.report("visit")], [[], undefined]);
});

test("photos and finishing are written with strict durability", async () => {
  const store = await aStore();
  const asked = [];
  const transaction = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function noted(names, mode, options) {
    asked.push(options?.durability);
    return transaction.call(this, names, mode, options);
  };
  try {
    const draft = await withDraft(store);
    const { bytes } = await aPhoto("p1");
    await store.savePhoto(draft, { id: "p1", visit_id: "visit", bytes }, null);
    await store.finish({ id: "visit", person_id: "anna", photos: [] }, bytes);
    await store.startRevision("visit", () => draft, aTask());
  } finally {
    IDBDatabase.prototype.transaction = transaction;
  }
  assert.deepEqual(asked, ["strict", "strict", "strict", "strict"]);
});

test("only a delivered visit loses its bytes, and its line stays", async () => {
  const store = await aStore();
  await putFinished(store);
  await store.changeVisit("visit", (visit) => ({ ...visit, acknowledged: true }));
  assert.ok(await store.photo("p1"));
  await store.changeVisit("visit", (visit) => ({ ...visit, delivered: true }));
  assert.deepEqual([await store.photo("p1"), await store.report("visit")], [undefined, undefined]);
  assert.equal((await store.visits("anna")).length, 1);
  assert.equal(await store.changeVisit("unknown", (visit) => visit), null);
});

test("a connection that the system dropped is opened again", async () => {
  const name = "dropped";
  const store = await aStore(name);
  await withDraft(store);
  store.close();
  assert.equal((await store.drafts("anna")).length, 1);
});

test("a storage that hangs is said not to open, in time; nothing is deleted, and it opens later", async (context) => {
  const name = "hanging";
  const before = await aStore(name);
  await withDraft(before);
  before.close();
  const { setTimeout: later } = globalThis;
  context.after(() => { globalThis.setTimeout = later; });
  const waits = [];
  globalThis.setTimeout = (act, ms) => { waits.push(ms); return later(act, 1); };
  context.mock.method(indexedDB, "deleteDatabase");
  const opening = context.mock.method(indexedDB, "open", () => new IDBOpenDBRequest());
  await assert.rejects(aStore(name), /does not open/);
  assert.deepEqual([waits, indexedDB.deleteDatabase.mock.callCount()], [[10_000], 0]);
  opening.mock.restore();
  assert.equal((await (await aStore(name)).drafts("anna")).length, 1);
});

test("what the system interrupts with the connection is done again on a new one", async () => {
  const store = await aStore();
  const draft = await withDraft(store);
  const { put } = IDBObjectStore.prototype;
  const { transaction } = IDBDatabase.prototype;
  let elapsed = 0;
  const faults = [
    [IDBObjectStore.prototype, "put", function interrupted(...parts) {
      const request = put.apply(this, parts);
      this.transaction.abort();
      return request;
    }],
    [IDBDatabase.prototype, "transaction", () => { throw new DOMException("Connection lost.", "UnknownError"); }],
  ];
  for (const [where, name, fault] of faults) {
    where[name] = function once(...parts) {
      Object.assign(where, { [name]: name === "put" ? put : transaction });
      return fault.apply(this, parts);
    };
    await store.saveDraft({ ...draft, elapsed_ms: elapsed += 1 });
    assert.equal((await store.draft("visit", "anna")).draft.elapsed_ms, elapsed);
  }
});

test("a discarded draft is as good as gone, comes back whole, and is deleted later with its photos", async () => {
  const store = await aStore();
  const draft = await withDraft(store);
  const { bytes } = await aPhoto("p1");
  await store.savePhoto(draft, { id: "p1", visit_id: "visit", bytes }, null);
  await store.discard("visit", 1000);
  assert.deepEqual([await store.drafts("anna"), await store.draft("visit", "anna")], [[], null]);
  await assert.rejects(store.saveDraft(draft), DraftGone);
  await assert.rejects(store.finish({ id: "visit", person_id: "anna", photos: [] }, bytes), DraftGone);
  await store.dropDiscarded(1000);
  await store.takeBack("visit");
  assert.deepEqual((await store.draft("visit", "anna")).draft, draft);
  await store.dropDiscarded(5000);
  assert.ok(await store.photo("p1"));
  await store.discard("visit", 2000);
  await store.dropDiscarded(5000);
  assert.equal(await store.photo("p1"), undefined);
  await assert.rejects(store.takeBack("visit"), DraftGone);
});

test("what is begun again in place of a discarded draft is later than the copy of that one on the server", async () => {
  const store = await aStore();
  const begun = { ...(await withDraft(store)), changes: 5 };
  await store.saveDraft(begun);
  await store.discard("visit", 1);
  assert.equal((await store.startRestored({ ...begun, changes: 2 }, aTask())).changes, 6);
  await store.discard("visit", 1);
  await store.changeCopy("visit", () => ({ id: "visit", changes: 9 }));
  assert.equal((await store.startRestored({ ...begun, changes: 2 }, aTask())).changes, 10);
  await store.discard("visit", 1);
  assert.equal((await store.startRevision("visit", () => ({ ...begun, changes: 3 }), aTask())).changes, 11);
  await store.discard("visit", 1);
  assert.equal((await store.startRestored({ ...begun, changes: 20 }, aTask())).changes, 20);
});
