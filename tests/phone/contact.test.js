import assert from "node:assert/strict";
import { test } from "node:test";
import { contactOf, createTeller, modelHere, roomHere } from "../../inspector/phone/contact.js";

const ROOM = { keeps: null, left: null };
const SAID = { deviceId: "d", version: "0123456789abcdef", system: "", installed: false, room: ROOM, drafts: [], visits: [] };

test("room and promise are asked for where the browser can say, and unknown elsewhere", async () => {
  assert.deepEqual(await roomHere(null), ROOM);
  assert.deepEqual(await roomHere({ persisted: async () => true, estimate: async () => ({ quota: 10, usage: 4 }) }), { keeps: true, left: 6 });
  assert.deepEqual(await roomHere({ persisted: () => Promise.reject(new Error()), estimate: async () => ({}) }), ROOM);
});

test("a model is told by few browsers", async () => {
  const told = { model: "Pixel 7", platform: "Android", platformVersion: "14.0.0" };
  assert.equal(await modelHere({ getHighEntropyValues: async () => told }), "Pixel 7, Android 14");
  assert.equal(await modelHere({ getHighEntropyValues: async () => ({ model: "", platform: "Linux" }) }), "");
  assert.equal(await modelHere(null), "");
});

test("what waits here is told, and what has arrived is not", () => {
  const visits = [
    { assignment_id: "a1", finished_at: 0, delivered: false, parked: { status: 409 } }, { assignment_id: "a2", delivered: true }];
  const contact = contactOf({ ...SAID, drafts: [{ assignment_id: "a3" }], visits });
  assert.deepEqual(contact.waiting, [{ assignment_id: "a1", since: "1970-01-01T00:00:00.000Z", parked: true }]);
  assert.deepEqual([contact.drafts, contact.app_version], [["a3"], "0123456789ab"]);
});

test("news are told at most every three minutes, and silence is broken every half hour", async () => {
  const clock = { now: 10_000_000 };
  const calls = [];
  let kind = "ok";
  const api = { tellDevice: async (contact) => { calls.push(contact); return { kind }; } };
  const teller = createTeller({ api, now: () => clock.now });
  const tell = (contact, personId = "anna") => teller(contact, { personId });
  const contact = contactOf(SAID);
  const news = contactOf({ ...SAID, drafts: [{ assignment_id: "a3" }] });
  assert.equal(await tell(contact), null);
  assert.equal(await tell(contact), null);
  assert.equal(await tell(news), clock.now + 180_000);
  assert.equal(calls.length, 1);
  clock.now += 180_000;
  kind = "nothing";
  assert.equal(await tell(news), null);
  assert.equal(await tell(news), null);
  assert.equal(calls.length, 2);
  clock.now += 30_000;
  kind = "ok";
  assert.equal(await tell(news), null);
  assert.equal(calls.length, 3);
  assert.equal(await tell({ ...news, storage_left: 5 }), null);
  clock.now += 1_800_000;
  await tell(news);
  assert.equal(calls.length, 4);
  // Of a clock that was set back by months one does not wait until it has caught up; whoever works here next is told too.
  clock.now -= 9_000_000_000;
  await tell(news);
  assert.equal(calls.length, 5);
  clock.now += 180_000;
  await tell(news, "boris");
  assert.equal(calls.length, 6);
});
