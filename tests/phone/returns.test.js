import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../inspector/phone/api.js";
import { openDraft } from "../../inspector/phone/draft.js";
import { enter } from "../../inspector/phone/kinds.js";
import { createOutbox } from "../../inspector/phone/outbox.js";
import { inAnswer } from "../../inspector/phone/photo_places.js";
import { markMissing, nextRevision } from "../../inspector/phone/revisions.js";
import { openStore } from "../../inspector/phone/store.js";
import { changeAnswer } from "../../inspector/phone/visit.js";
import { aPhoto, aTask, LIMITS, putFinished, VERSION } from "./factories.js";
import { NOTES } from "./returned.js";
import { answer, aServer, noLine, once } from "./server.js";

const VISITS = "/api/v1/visits/";
const PHOTOS = "/api/v1/photos/";
const door = inAnswer("door");
let phones = 0;

/** Anna's phone and its server, after her visit arrived with p1 and p2 and was sent back. */
async function sentBack({ server = aServer(), photoIds = ["p1", "p2"] } = {}) {
  const store = await openStore(`returns-${phones += 1}`);
  const outbox = createOutbox({ store, api: createApi({ send: server.send }), locks: null, random: () => 0 });
  const deliver = (order = {}) => outbox.deliver({ personId: "anna", asked: true, ...order });
  await putFinished(store, { photoIds });
  await deliver();
  server.visits.get("visit").state = "returned";
  return { store, server, deliver, line: async () => (await store.visits("anna")).find(({ id }) => id === "visit") };
}

/** What the server tells of the returned visit, as in an assignment of /phone/work. */
function told(server) {
  const { report } = server.visits.get("visit");
  const photos = report.photos.map((photo) => ({ ...photo, received: server.photos.has(photo.id) }));
  return { id: "visit", revision: report.revision, state: "returned", notes: NOTES, reason: "", report, photos };
}

/** Begin the next revision on this phone, as visiting.js does. */
async function begin(store, server) {
  const assignment = { ...aTask().assignment, visit: told(server) };
  const draft = nextRevision({ personId: "anna", assignment, version: VERSION, now: new Date() });
  const task = { id: "visit", assignment, version: VERSION, limits: LIMITS };
  return store.startRevision("visit", (here) => markMissing(draft, here), task);
}

const open = (store) => openDraft({ id: "visit", personId: "anna", store, locks: null, onChange() {} });
const finish = (session) => session.finish({ appVersion: "v", deviceId: "d" });
const waited = (number) => (draft) => changeAnswer(draft, "wait", 0, (each) => enter(each, { number }));
const arrived = (server) => server.visits.get("visit").report;
const answerTo = (report, id) => report.answers.find(({ criterion_id: criterion }) => criterion === id);

test("sent back, worked on again, sent again: photos that were received never go twice", async () => {
  const { store, server, deliver, line } = await sentBack();
  await begin(store, server);
  const session = await open(store);
  session.change(waited("120"));
  const { line: photo, bytes } = await aPhoto("p3");
  await session.addPhoto(door, photo, bytes, null);
  await finish(session);
  const before = server.puts(PHOTOS);
  assert.equal((await deliver()).state, "rest");
  assert.equal(server.puts(PHOTOS) - before, 1);
  const report = arrived(server);
  assert.deepEqual([report.revision, answerTo(report, "wait").value], [2, 120]);
  assert.deepEqual(report.photos.map(({ id }) => id), ["p1", "p2", "p3"]);
  assert.deepEqual([(await line()).revision, (await line()).delivered, (await store.visits("anna")).length], [2, true, 1]);
  assert.deepEqual([await store.report("visit"), await store.photo("p3")], [undefined, undefined]);
});

test("the report alone is enough when no photo is new, and it says one part", async () => {
  const { store, server, deliver, line } = await sentBack();
  await begin(store, server);
  await finish(await open(store));
  server.faults.push(once("PUT", VISITS, noLine));
  await deliver();
  assert.deepEqual((await line()).photos.map(({ confirmed }) => confirmed), [false, false]);
  await deliver();
  assert.ok((await line()).delivered);
  assert.equal(server.puts(PHOTOS), 2);
});

test("a received photo that the server asks for after all is named, and the visit needs attention", async () => {
  const { store, server, deliver, line } = await sentBack();
  await begin(store, server);
  const session = await open(store);
  const { line: photo, bytes } = await aPhoto("p3");
  await session.addPhoto(door, photo, bytes, null);
  await finish(session);
  server.photos.delete("p2");
  await deliver();
  assert.deepEqual((await line()).parked, { status: 0, detail: null });
  assert.deepEqual((await line()).photos.map(({ id, refused }) => [id, refused?.status]), [["p1", undefined], ["p2", 0], ["p3", undefined]]);
  assert.ok(server.photos.has("p3"));
  assert.ok(await store.report("visit"));
});

test("a lost photo that the next revision gives up keeps nothing back, even if the server still misses it", async () => {
  const { store, server, deliver, line } = await sentBack();
  server.photos.delete("p2");
  await begin(store, server);
  const session = await open(store);
  assert.ok(session.draft.photos.p2.missing);
  session.change((draft) => door.remove(draft, "p2"));
  await finish(session);
  server.faults.push(once("PUT", VISITS, () => answer(201, {
    id: "visit", revision: 2, state: "received", reason: null, received_at: "2026-11-21T15:00:00Z", missing_photos: ["p2"] })));
  await deliver();
  assert.deepEqual([(await line()).delivered, (await line()).parked], [true, null]);
});

test("what was begun of the next revision is continued, whatever is pressed", async () => {
  const { store, server } = await sentBack();
  await begin(store, server);
  const session = await open(store);
  session.change(waited("120"));
  await session.close();
  const again = await begin(store, server);
  assert.equal(again.answers.wait.number, "120");
  assert.equal((await store.drafts("anna")).length, 1);
});

test("beginning is one transaction: without room for the task there is no draft", async () => {
  const { store, server } = await sentBack();
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function putThenAbort(...parts) {
    const request = put.apply(this, parts);
    if (this.name === "tasks") request.addEventListener("success", () => this.transaction.abort());
    return request;
  };
  try {
    await assert.rejects(begin(store, server));
  } finally {
    IDBObjectStore.prototype.put = put;
  }
  assert.deepEqual(await store.drafts("anna"), []);
});

test("begun while photos of the first revision are still on their way: none of them is lost", async () => {
  const { store, server, deliver, line } = await sentBack({ photoIds: [] });
  await putUnsent(store, server);
  const draft = await begin(store, server);
  assert.ok(!draft.photos.p1.missing);
  const session = await open(store);
  const { line: photo, bytes } = await aPhoto("p3");
  await session.addPhoto(door, photo, bytes, null);
  await deliver();
  assert.ok((await line()).delivered);
  assert.ok(await store.photo("p3"));
  assert.equal((await store.draft("visit", "anna")).task.id, "visit");
  await finish(session);
  await deliver();
  assert.deepEqual([...server.photos.keys()].sort(), ["p1", "p3"]);
  assert.deepEqual([(await line()).revision, (await line()).delivered], [2, true]);
});

test("a discarded revision takes nothing along that the first one still has to send", async () => {
  const { store, server, deliver } = await sentBack({ photoIds: [] });
  await putUnsent(store, server);
  await begin(store, server);
  const session = await open(store);
  const { line: photo, bytes } = await aPhoto("p3");
  await session.addPhoto(door, photo, bytes, null);
  await session.discard();
  await store.dropDiscarded(Date.now() + 1);
  assert.deepEqual([Boolean(await store.photo("p1")), await store.photo("p3")], [true, undefined]);
  await deliver();
  assert.ok(server.photos.has("p1"));
});

test("a discarded revision can be begun anew", async () => {
  const { store, server } = await sentBack();
  await begin(store, server);
  const session = await open(store);
  session.change(waited("120"));
  await session.discard();
  assert.equal((await begin(store, server)).answers.wait.number, "90");
  assert.equal((await store.drafts("anna")).length, 1);
});

test("finished again while the first revision is being sent: its answer is not taken for the second's", async () => {
  const { store, server, deliver, line } = await sentBack({ photoIds: [] });
  await putUnsent(store, server);
  await begin(store, server);
  const session = await open(store);
  session.change(waited("120"));
  server.faults.push(once("PUT", VISITS, async () => {
    await finish(session);
    return answer(200, { id: "visit", revision: 1, state: "returned", reason: null, received_at: "2026-11-21T14:02:00Z", missing_photos: [] });
  }));
  await deliver();
  assert.deepEqual([arrived(server).revision, answerTo(arrived(server), "wait").value], [2, 120]);
  assert.deepEqual([(await line()).revision, (await line()).delivered], [2, true]);
});

test("previews of a visit that was sent back stay until it is delivered; those that nobody needs go", async () => {
  const { store, server } = await sentBack();
  await store.savePreview({ id: "p1", visit_id: "visit", bytes: new ArrayBuffer(1) });
  await store.savePreview({ id: "s1", visit_id: "stray", bytes: new ArrayBuffer(1) });
  await store.savePicture({ id: "g1", bytes: new ArrayBuffer(1) });
  await store.savePicture({ id: "g2", bytes: new ArrayBuffer(1) });
  await begin(store, server);
  let seen;
  await store.dropPictures((all) => {
    seen = all;
    return { pictures: new Set(["g2"]), visits: new Set(all.drafts.map(({ id }) => id)) };
  });
  assert.deepEqual(Object.values(seen).map((each) => each.length), [0, 1, 1, 1]);
  assert.deepEqual([(await store.previews("visit")).length, (await store.previews("stray")).length], [1, 0]);
  assert.deepEqual(await store.pictureIds(), ["g2"]);
});

// The first revision again, as if photo p1 had not gone out yet when the server sent the visit back.
async function putUnsent(store, server) {
  const { line, bytes } = await aPhoto("p1");
  const { preview: _, ...promised } = line;
  const { report } = server.visits.get("visit");
  report.answers[0].photo_ids = ["p1"];
  report.photos = [promised];
  server.visits.get("visit").texts.push(JSON.stringify(report));
  const [visit] = await store.visits("anna");
  const draft = { id: "visit", person_id: "anna", answers: {}, photos: {} };
  await store.startRevision("visit", () => draft, aTask());
  await store.savePhoto(draft, { id: "p1", visit_id: "visit", bytes, media_type: line.media_type, sha256: line.sha256 }, null);
  const photos = [{ ...promised, received: false, confirmed: false, refused: null, damaged: 0 }];
  await store.finish({ ...visit, photos, delivered: false }, new TextEncoder().encode(JSON.stringify(report)).buffer);
}
