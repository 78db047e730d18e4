import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../inspector/phone/api.js";
import { contactOf } from "../../inspector/phone/contact.js";
import { createOutbox } from "../../inspector/phone/outbox.js";
import { openStore } from "../../inspector/phone/store.js";
import { collectUnsent, mayGo, noteFiled, removeVisit } from "../../inspector/phone/unsent.js";
import { aDraft, aTask, putFinished } from "./factories.js";
import { answer, aServer, noLine, once, refusal } from "./server.js";

let phones = 0;

/** A phone with Anna's visits "first" and "second"; `trouble(store)` gives what its store does otherwise. */
async function aPhone(trouble = () => ({}), { locks = null } = {}) {
  const server = aServer();
  const store = await openStore(`troubles-${phones += 1}`);
  for (const [place, id] of ["first", "second"].entries()) {
    await putFinished(store, { id, photoIds: [`${id} 1`, `${id} 2`], finishedAt: place });
  }
  const clock = { now: 1_000_000 };
  const api = createApi({ send: server.send });
  const outbox = createOutbox({ store: { ...store, ...trouble(store) }, api, locks, now: () => clock.now, random: () => 0 });
  const deliver = (order = {}) => outbox.deliver({ personId: "anna", ...order });
  const visit = async (id) => (await store.visits("anna")).find((each) => each.id === id);
  return { server, store, clock, outbox, deliver, visit };
}

const refuses = (name) => Promise.reject(new DOMException("", name));

test("bytes that the disk has lost park their visit, and keep back neither its other photos nor other visits", async () => {
  for (const name of ["NotReadableError", "DataError"]) {
    const { server, deliver, visit } = await aPhone((store) => ({
      photo: (id) => (id === "first 1" ? refuses(name) : store.photo(id)) }));
    assert.equal((await deliver()).state, "rest");
    assert.deepEqual([...server.photos.keys()].sort(), ["first 2", "second 1", "second 2"]);
    assert.deepEqual([(await visit("first")).parked, (await visit("second")).delivered], [{ status: 0, detail: null }, true]);
  }
  const { deliver, visit } = await aPhone((store) => ({
    report: (id) => (id === "first" ? refuses("NotReadableError") : store.report(id)) }));
  assert.equal((await deliver()).state, "rest");
  assert.deepEqual([(await visit("first")).parked, (await visit("second")).delivered], [{ status: 0, detail: null }, true]);
});

test("bytes that cannot be read just now are read again later, and other visits do not wait for that", async () => {
  let isAway = true;
  const { server, clock, deliver, visit } = await aPhone((store) => ({
    photo: (id) => (isAway && id === "first 1" ? refuses("UnknownError") : store.photo(id)) }));
  assert.equal((await deliver()).state, "wait");
  assert.deepEqual([(await visit("first")).parked, (await visit("second")).delivered], [null, true]);
  isAway = false;
  clock.now += 1000;
  assert.equal((await deliver()).state, "rest");
  assert.equal(server.photos.size, 4);
});

test("a phone without any room gets rid of its visits all the same, and writes that down once there is some", async () => {
  let isFull = true;
  const { server, store, clock, deliver, visit } = await aPhone((whole) => ({
    changeVisit: async (id, update) => {
      if (!isFull) return whole.changeVisit(id, update);
      update((await whole.visits("anna")).find((each) => each.id === id));
      return refuses("QuotaExceededError");
    } }));
  assert.equal((await deliver({ asked: true })).state, "wait");
  assert.deepEqual([server.visits.size, server.photos.size], [2, 4]);
  assert.equal((await visit("first")).delivered, false);
  assert.ok(await store.photo("first 1"), "its bytes stay until that is written down");
  const asked = server.requests.length;
  clock.now += 300_000;
  assert.equal((await deliver()).state, "wait");
  isFull = false;
  assert.equal((await deliver()).state, "rest");
  assert.equal(server.requests.length, asked, "nothing goes twice");
  assert.deepEqual([(await visit("first")).delivered, await store.photo("first 1")], [true, undefined]);
});

test("what is known ahead of a full phone's lists is not about the next revision", async () => {
  const { server, store, deliver } = await aPhone((whole) => ({
    changeVisit: async (id, update) => {
      update((await whole.visits("anna")).find((each) => each.id === id));
      return refuses("QuotaExceededError");
    } }));
  await deliver();
  const sent = server.puts("/api/v1/visits/first");
  await store.changeVisit("first", (visit) => ({ ...visit, revision: 2 }));
  await deliver({ asked: true });
  assert.ok(server.puts("/api/v1/visits/first") > sent);
});

test("what another tab has delivered meanwhile stays delivered, and what is to be tried again is", async () => {
  let isFull = true;
  const { server, store, outbox, deliver, visit } = await aPhone((whole) => ({
    changeVisit: async (id, update) => {
      if (!isFull) return whole.changeVisit(id, update);
      update((await whole.visits("anna")).find((each) => each.id === id));
      return refuses("QuotaExceededError");
    } }));
  server.faults.push(once("PUT", "/api/v1/visits/first", ({ path }) => refusal(path, 404)));
  await deliver();
  isFull = false;
  await store.changeVisit("second", (each) => ({ ...each, delivered: true }));
  await outbox.unpark("first");
  assert.equal((await deliver({ asked: true })).state, "rest");
  assert.deepEqual([(await visit("first")).delivered, (await visit("second")).delivered], [true, true]);
});

test("who asks in the moment in which the sending ends is not forgotten", async () => {
  let atTheEnd = null;
  const locks = { async request(_name, _options, work) {
    const outcome = await work({});
    await atTheEnd?.();
    return outcome;
  } };
  const { server, store, deliver } = await aPhone(undefined, { locks });
  atTheEnd = async () => {
    atTheEnd = null;
    await putFinished(store, { id: "third", photoIds: [] });
    deliver({ asked: true });
  };
  await deliver();
  assert.ok(server.visits.has("third"));
});

test("an order of somebody who has gone is not carried out with the next person's", async () => {
  let isBroken = true;
  const phone = await aPhone((store) => ({
    async changeVisit(...change) {
      if (!isBroken) return store.changeVisit(...change);
      isBroken = false;
      phone.deliver({ asked: true }).catch(() => {});
      throw new TypeError("the disk is gone");
    } }));
  const { server, store, deliver } = phone;
  await putFinished(store, { id: "boriss", personId: "boris", photoIds: [] });
  await assert.rejects(deliver());
  server.person = "boris";
  assert.equal((await deliver({ personId: "boris" })).state, "rest");
  assert.ok(server.visits.has("boriss"));
});

test("of what has arrived a short line stays, whatever photos it had", async () => {
  const { server, clock, deliver, visit } = await aPhone();
  server.faults.push(once("PUT", "/api/v1/photos/second 2", noLine));
  await deliver();
  assert.deepEqual([(await visit("first")).photos, (await visit("second")).photos.length], [[], 2]);
  clock.now += 1000;
  await deliver();
  assert.deepEqual([(await visit("second")).photos, (await visit("second")).server.state], [[], "received"]);
});

test("photos that came with the draft are not believed to belong to a report that the server could not read", async () => {
  const { server, store, deliver, visit } = await aPhone();
  for (const id of ["first", "second"]) {
    await store.changeVisit(id, (each) => ({ ...each, photos: each.photos.map((photo) => ({ ...photo, kept: true })) }));
  }
  server.faults.push(once("PUT", "/api/v1/visits/first", () => answer(202, {
    id: "first", revision: 1, state: "held", reason: "not understood", received_at: "2026-11-21T14:02:00Z", missing_photos: [] })));
  await deliver();
  assert.deepEqual([(await visit("first")).delivered, (await visit("first")).parked.status], [false, 404]);
  assert.ok(await store.photo("first 1"));
  assert.equal((await visit("second")).delivered, true);
});

const ANOTHERS = { texts: ["other"], report: { revision: 1, photos: [] }, state: "received" };

test("409: a report that is kept beside another phone's gets its photos there, and rests with the reason", async () => {
  const { server, store, deliver, visit, outbox } = await aPhone();
  server.visits.set("first", { ...ANOTHERS });
  server.faults.push(once("PUT", "/api/v1/photos/first 1", ({ path }) => refusal(path, 413, "too large")));
  assert.equal((await deliver()).state, "rest");
  assert.deepEqual((await visit("first")).parked, { status: 409, detail: "another one came", kept: true });
  assert.deepEqual([...server.photos.keys()].sort(), ["first 2", "second 1", "second 2"]);
  await outbox.unpark("first");
  await deliver({ asked: true });
  assert.equal((await visit("first")).parked.status, 409);
  assert.ok(server.photos.has("first 1"));
  assert.ok(await store.report("first") && await store.photo("first 1") && await store.photo("first 2"));
});

test("409: a photo that the server loses again and again is not sent without a pause", async () => {
  const { server, deliver, visit } = await aPhone();
  server.visits.set("first", { ...ANOTHERS });
  for (let times = 0; times < 3; times += 1) {
    server.faults.push(once("PUT", "/api/v1/visits/first", () => server.photos.clear()));
  }
  assert.equal((await deliver()).state, "wait");
  assert.deepEqual([(await visit("first")).parked, server.puts("/api/v1/photos/first")], [null, 2]);
});

const keepsBoth = ({ path }) => refusal(path, 409, "Both are kept.", { title: "OtherContent" });

async function saveToFile(store) {
  const found = await collectUnsent({ store, person: { id: "anna", name: "Anna" }, deviceId: "d", appVersion: "v" });
  await noteFiled(store, found.filed);
  return found;
}

test("what the server keeps beside another report may go from the phone, once its photos are there too", async () => {
  const { server, store, outbox, deliver, visit } = await aPhone();
  server.faults.push(once("PUT", "/api/v1/visits/first", ({ path }) => refusal(path, 409, "", { title: "OtherContentNotKept" })));
  await deliver();
  assert.deepEqual((await visit("first")).parked, { status: 409, detail: "" });
  const withoutPhotos = (each) => ({ ...each, photos: [] });
  assert.equal(mayGo(withoutPhotos(await visit("first"))), false, "nobody said that it is kept");
  server.faults.push(once("PUT", "/api/v1/visits/first", keepsBoth));
  await outbox.unpark("first");
  await deliver({ asked: true });
  const parked = await visit("first");
  assert.deepEqual(parked.parked, { status: 409, detail: "Both are kept.", kept: true });
  assert.equal(mayGo(parked), false, "its photos are only here");
  assert.equal(await removeVisit(store, "first", 1), false);
  assert.ok(await visit("first"));
  assert.equal(mayGo({ ...parked, photos: parked.photos.map((photo) => ({ ...photo, confirmed: true })) }), true);
  assert.equal(mayGo(withoutPhotos(parked)), true);
});

test("whatever is refused for good may go once it is in a saved file, and nothing that is not in it", async () => {
  for (const status of [400, 403, 404, 409, 410, 413]) {
    const { server, store, deliver, visit } = await aPhone();
    server.faults.push(once("PUT", "/api/v1/visits/first", ({ path }) => refusal(path, status)));
    await deliver();
    assert.equal(mayGo(await visit("first")), false);
    await saveToFile(store);
    assert.equal(mayGo(await visit("first")), true);
    assert.equal(mayGo({ ...(await visit("first")), parked: null }), false, "what may still arrive by itself stays");
  }
  const { server, store, deliver, visit } = await aPhone();
  server.faults.push(once("PUT", "/api/v1/photos/first 1", ({ path }) => refusal(path, 413)));
  await deliver();
  const photo = (id) => (id === "first 1" ? refuses("UnknownError") : store.photo(id));
  await saveToFile({ ...store, photo });
  assert.equal(mayGo(await visit("first")), false, "one that could not be read just now is not in it");
  await noteFiled(store, [{ id: "first", revision: 2, photos: ["first 1", "first 2"] }]);
  assert.equal(mayGo(await visit("first")), false, "nor is this revision in a file of another one");
  await saveToFile(store);
  assert.equal(mayGo(await visit("first")), true);
});

test("a visit whose report the disk has lost has its photos in the file, and may go then", async () => {
  const { store, deliver, visit } = await aPhone((whole) => ({
    report: (id) => (id === "first" ? refuses("NotReadableError") : whole.report(id)) }));
  await deliver();
  assert.deepEqual((await visit("first")).parked, { status: 0, detail: null });
  const broken = { ...store, report: () => refuses("NotReadableError") };
  const { files: [{ blob }], visits, photos, lost } = await saveToFile(broken);
  assert.deepEqual([visits, photos, lost], [0, 2, 1]);
  const text = await blob.text();
  for (const id of ["first 1", "first 2"]) assert.ok(text.includes(`unreadable/first/photos/${id}`));
  assert.equal(mayGo(await visit("first")), true);
});

test("what was removed is nowhere to be seen, and nothing of it is deleted before it can no longer be taken back", async () => {
  const { server, store, outbox, deliver, visit } = await aPhone();
  server.faults.push(once("PUT", "/api/v1/visits/first", ({ path }) => refusal(path, 410)));
  await deliver();
  await saveToFile(store);
  assert.equal(await removeVisit(store, "first", 1000), true);
  const visits = await store.visits("anna");
  assert.deepEqual(visits.map(({ id }) => id), ["second"]);
  assert.deepEqual(contactOf({ system: "", installed: false, room: {}, drafts: [], visits }).waiting, []);
  // In another tab it may stand on the screen still.
  await outbox.unpark("first");
  await store.dropDiscarded(1000);
  assert.ok(await store.report("first"));
  assert.ok(await store.photo("first 1"));
  assert.equal(await store.takeBackVisit("first"), true);
  assert.equal((await visit("first")).parked.status, 410);
  await removeVisit(store, "first", 1000);
  await store.dropDiscarded(1001);
  assert.deepEqual([await store.report("first"), await store.photo("first 1")], [undefined, undefined]);
  assert.equal(await store.takeBackVisit("first"), false);
});

test("a visit that was begun again after it was removed is not taken back beside that, which keeps its photos", async () => {
  const { server, store, deliver, visit } = await aPhone();
  server.faults.push(once("PUT", "/api/v1/visits/first", ({ path }) => refusal(path, 404)));
  await deliver();
  await saveToFile(store);
  await removeVisit(store, "first", 1000);
  await store.startRevision("first", () => aDraft({ id: "first" }), aTask({ id: "first" }));
  assert.equal(await store.takeBackVisit("first"), false);
  await store.dropDiscarded(1001);
  assert.deepEqual([await visit("first"), await store.report("first")], [undefined, undefined]);
  assert.ok(await store.photo("first 1"));
  assert.ok(await store.draft("first", "anna"));
});
