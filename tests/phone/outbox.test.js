import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../inspector/phone/api.js";
import { afterPhoto, afterReport, createOutbox, nextStep, partsOf, pause } from "../../inspector/phone/outbox.js";
import { openStore } from "../../inspector/phone/store.js";
import { putFinished } from "./factories.js";
import { answer, aServer, noLine, once, portal, portalJson, refusal } from "./server.js";

const VISITS = "/api/v1/visits/";
const PHOTOS = "/api/v1/photos/";
const SESSION = "/api/v1/session";
let phones = 0;

/** A phone with an outbox, its clock in the test's hand. */
async function aPhone({ server = aServer(), locks = null } = {}) {
  const store = await openStore(`outbox-${phones += 1}`);
  const clock = { now: 1_000_000 };
  const parts = { store, api: createApi({ send: server.send }), locks, now: () => clock.now, random: () => 0 };
  const outbox = createOutbox(parts);
  const deliver = (order = {}) => outbox.deliver({ personId: "anna", ...order });
  const visit = async (id = "visit") => (await store.visits("anna")).find((each) => each.id === id);
  return { store, server, clock, outbox, deliver, visit, parts };
}

async function isForgotten(store, id = "visit", photoIds = ["p1", "p2"]) {
  const photos = await Promise.all(photoIds.map((photoId) => store.photo(photoId)));
  return [await store.report(id), ...photos].every((each) => each === undefined);
}

async function isKept(store, id = "visit", photoIds = ["p1", "p2"]) {
  const photos = await Promise.all(photoIds.map((photoId) => store.photo(photoId)));
  return [await store.report(id), ...photos].every((each) => each !== undefined);
}

test("a finished visit arrives with all photos, once, and only its line stays", async () => {
  const { store, server, deliver, visit } = await aPhone();
  await putFinished(store);
  assert.equal((await deliver()).state, "rest");
  assert.equal(server.visits.size, 1);
  assert.deepEqual([...server.photos.keys()], ["p1", "p2"]);
  assert.deepEqual([server.puts(VISITS), server.puts(PHOTOS)], [2, 2]);
  assert.deepEqual((await visit()).server, { state: "received", reason: null, received_at: "2026-11-21T14:02:00+00:00" });
  assert.ok(await isForgotten(store));
  await deliver({ asked: true });
  assert.equal(server.puts(VISITS), 2);
});

test("an answer lost after the commit: the same bytes again, the same result", async () => {
  for (const start of [VISITS, PHOTOS]) {
    const { store, server, deliver, clock } = await aPhone();
    await putFinished(store);
    server.faults.push(once("PUT", start, async ({ path, body }) => {
      await server.send(path, { method: "PUT", body });
      return noLine();
    }));
    assert.equal((await deliver()).state, "wait");
    assert.ok(await isKept(store));
    clock.now += 2000;
    assert.equal((await deliver()).state, "rest");
    assert.deepEqual([server.visits.size, server.photos.size], [1, 2]);
    assert.ok(await isForgotten(store));
  }
});

test("held: the photos go out, the words are kept, the visit counts as received", async () => {
  const { store, server, deliver, visit } = await aPhone();
  server.held = true;
  await putFinished(store);
  assert.equal((await deliver()).state, "rest");
  assert.deepEqual([(await visit()).server.state, (await visit()).server.reason], ["held", "withdrawn"]);
  assert.equal(server.photos.size, 2);
  assert.ok(await isForgotten(store));
});

test("nobody logged in: nothing is sent, nothing is lost, and it goes on after the login", async () => {
  const { store, server, deliver } = await aPhone();
  await putFinished(store);
  server.person = null;
  assert.equal((await deliver()).state, "login");
  assert.equal(server.puts(VISITS), 0);
  server.person = "anna";
  assert.equal((await deliver()).state, "rest");
  assert.ok(await isForgotten(store));
});

test("the login ends half-way: stops where it was", async () => {
  const { store, server, deliver, visit } = await aPhone();
  await putFinished(store);
  server.faults.push(once("PUT", `${PHOTOS}p2`, ({ path }) => refusal(path, 401)));
  assert.equal((await deliver()).state, "login");
  assert.deepEqual((await visit()).photos.map((photo) => photo.confirmed), [true, false]);
  assert.equal((await deliver()).state, "rest");
  assert.equal(server.puts(`${PHOTOS}p1`), 1);
});

test("another person is logged in: their visits go out as nobody else's", async () => {
  const { store, server, deliver } = await aPhone();
  await putFinished(store);
  server.person = "boris";
  const outcome = await deliver({ asked: true });
  assert.deepEqual([outcome.state, outcome.as.id], ["login", "boris"]);
  assert.equal((await deliver({ personId: "boris" })).state, "rest");
  assert.deepEqual([server.puts(VISITS), await isKept(store)], [0, true]);
});

test("who may not ask who they are still delivers: each visit is judged on its own", async () => {
  const { store, server, deliver, visit } = await aPhone();
  await putFinished(store, { id: "begun before", photoIds: ["p1"], finishedAt: 1 });
  await putFinished(store, { id: "begun after", photoIds: ["p2"], finishedAt: 2 });
  const isForbidden = ({ path }) => refusal(path, 403, "no access");
  for (let times = 0; times < 9; times += 1) server.faults.push(once("GET", SESSION, isForbidden));
  server.faults.push(once("PUT", `${VISITS}begun after`, isForbidden));
  assert.equal((await deliver()).state, "rest");
  assert.ok((await visit("begun before")).delivered);
  assert.deepEqual((await visit("begun after")).parked, { status: 403, detail: "no access" });
});

test("a refusal parks the visit with its reason, the next one goes on, and trying again is possible", async () => {
  for (const status of [400, 403, 404, 409, 410, 413, 422]) {
    const { store, server, deliver, visit, outbox } = await aPhone();
    await putFinished(store, { id: "bad", photoIds: ["b1"], finishedAt: 1 });
    await putFinished(store, { id: "good", photoIds: ["g1"], finishedAt: 2 });
    server.faults.push(once("PUT", `${VISITS}bad`, ({ path }) => refusal(path, status, "so it is")));
    assert.equal((await deliver()).state, "rest");
    assert.deepEqual((await visit("bad")).parked, { status, detail: "so it is" });
    assert.ok((await visit("good")).delivered);
    assert.ok(await isKept(store, "bad", ["b1"]));
    await deliver({ asked: true });
    assert.equal(server.puts(`${VISITS}bad`), 1);
    await outbox.unpark("bad");
    await deliver({ asked: true });
    assert.ok((await visit("bad")).delivered);
  }
});

test("409: what the server has already is not overwritten", async () => {
  const { store, server, deliver, visit } = await aPhone();
  await putFinished(store);
  server.visits.set("visit", { texts: ["other"], report: { revision: 1, photos: [] }, state: "received" });
  await deliver();
  assert.equal((await visit()).parked.status, 409);
  assert.ok(await isKept(store));
});

test("a refused photo does not keep back the others, and is named in the end", async () => {
  const { store, server, deliver, visit } = await aPhone();
  await putFinished(store, { photoIds: ["p1", "p2", "p3"] });
  server.faults.push(once("PUT", `${PHOTOS}p1`, ({ path }) => refusal(path, 413, "too large")));
  await deliver();
  assert.deepEqual([...server.photos.keys()], ["p2", "p3"]);
  assert.deepEqual((await visit()).parked, { status: 413, detail: "too large" });
  assert.ok(await store.photo("p1"));
});

test("a photo that arrived damaged goes again by itself, three times, before it needs attention", async () => {
  for (const [damaged, arrives] of [[3, true], [4, false]]) {
    const { store, server, deliver, visit, clock } = await aPhone();
    await putFinished(store);
    for (let times = 0; times < damaged; times += 1) {
      server.faults.push(once("PUT", `${PHOTOS}p1`, ({ path }) => refusal(path, 422, "other bytes")));
    }
    for (const wait of [1000, 2000, 4000]) {
      assert.deepEqual(await deliver(), { state: "wait", until: clock.now + wait });
      assert.equal((await visit()).parked, null);
      clock.now += wait;
    }
    assert.equal((await deliver()).state, "rest");
    assert.equal((await visit()).delivered, arrives);
    assert.deepEqual((await visit()).parked, arrives ? null : { status: 422, detail: "other bytes" });
    assert.ok(server.photos.has("p2"));
  }
});

test("busy or broken: waits longer each time, or until the person asks", async () => {
  for (const status of [423, 429, 500, 503]) {
    const { store, server, deliver, clock } = await aPhone();
    await putFinished(store);
    for (const [wait, tries] of [[1000, 1], [2000, 2], [4000, 3]]) {
      server.faults.push(once("PUT", VISITS, ({ path }) => refusal(path, status)));
      assert.deepEqual(await deliver(), { state: "wait", until: clock.now + wait });
      await deliver();
      assert.equal(server.puts(VISITS), tries);
      clock.now += wait;
    }
    server.faults.push(once("PUT", VISITS, ({ path }) => refusal(path, status)));
    await deliver();
    assert.equal((await deliver({ asked: true })).state, "rest");
    assert.ok(await isForgotten(store));
  }
});

test("a captive portal's page, another visit's id, another hash: no answer at all", async () => {
  const other = { id: "other", revision: 1, state: "received", reason: null, received_at: "2026-11-21T14:02:00Z", missing_photos: [] };
  const lies = [
    once("PUT", VISITS, portal),
    ...[401, 403, 404].map((status) => once("PUT", VISITS, () => portalJson(status))),
    once("PUT", VISITS, () => refusal("/api/v1/visits/other", 403)),
    once("PUT", VISITS, () => answer(200, other)),
    once("PUT", VISITS, () => answer(200, {})),
    once("PUT", VISITS, () => answer(204 + 2, { ...other, id: "visit" })),
    once("PUT", VISITS, () => new Response("not JSON", { headers: { "Content-Type": "application/json" } })),
    once("PUT", `${PHOTOS}p1`, portal),
    once("PUT", `${PHOTOS}p1`, () => portalJson(404)),
    once("PUT", `${PHOTOS}p1`, () => answer(201, { id: "p1", sha256: "0".repeat(64), size: 2 })),
  ];
  for (const lie of lies) {
    const { store, server, deliver, clock } = await aPhone();
    await putFinished(store);
    server.faults.push(lie);
    assert.equal((await deliver()).state, "wait");
    assert.ok(await isKept(store));
    clock.now += 1000;
    assert.equal((await deliver()).state, "rest");
    assert.deepEqual([server.visits.size, server.photos.size], [1, 2]);
  }
});

test("a portal instead of the session: not one visit is tried", async () => {
  const { store, server, deliver, clock } = await aPhone();
  for (const id of ["one", "two", "three"]) await putFinished(store, { id, photoIds: [`${id} 1`] });
  server.faults.push(once("GET", SESSION, portal), once("GET", SESSION, noLine));
  const silence = { state: "no answer", until: clock.now + 1000 };
  assert.deepEqual(await deliver(), silence);
  assert.deepEqual(await deliver(), silence);
  clock.now += 1000;
  assert.deepEqual(await deliver(), { state: "no answer", until: clock.now + 2000 });
  assert.equal(server.requests.length, 2);
  clock.now += 2000;
  assert.equal((await deliver()).state, "rest");
  assert.equal(server.visits.size, 3);
});

test("a clock that is set back during a silence does not make it last for years", async () => {
  const { store, server, deliver, clock } = await aPhone();
  await putFinished(store);
  server.faults.push(once("GET", SESSION, noLine));
  assert.equal((await deliver()).state, "no answer");
  clock.now -= 365 * 24 * 3_600_000;
  assert.equal((await deliver()).state, "rest");
  assert.equal(server.visits.size, 1);
});

test("photos that the server lost are sent again before anything is forgotten", async () => {
  const { store, server, deliver, clock } = await aPhone();
  await putFinished(store);
  server.faults.push(once("PUT", `${PHOTOS}p2`, ({ body }) => {
    server.photos.delete("p1");
    return server.send("/api/v1/photos/p2", { method: "PUT", body });
  }));
  assert.equal((await deliver()).state, "wait");
  assert.ok(await isKept(store));
  clock.now += 1000;
  assert.equal((await deliver()).state, "rest");
  assert.deepEqual([...server.photos.keys()].sort(), ["p1", "p2"]);
  assert.ok(await isForgotten(store));
});

test("photos that arrived before their answers were lost are confirmed one by one", async () => {
  const { store, server, deliver } = await aPhone();
  await putFinished(store);
  for (const id of ["p1", "p2"]) server.photos.set(id, "there");
  assert.equal((await deliver()).state, "rest");
  assert.equal(server.puts(PHOTOS), 2);
  assert.ok(await isForgotten(store));
});

test("bytes that somebody cleared away park the visit instead of stopping the queue", async () => {
  const { store, server, deliver, visit } = await aPhone();
  await putFinished(store);
  const gone = { ...store, photo: async (id) => (id === "p1" ? undefined : store.photo(id)) };
  const outbox = createOutbox({ store: gone, api: createApi({ send: server.send }), locks: null });
  assert.equal((await outbox.deliver({ personId: "anna" })).state, "rest");
  assert.deepEqual((await visit()).parked, { status: 0, detail: null });
  assert.ok(server.photos.has("p2"));
});

test("two tabs at once send everything once", async () => {
  const { store, server, parts } = await aPhone({ locks: new Locks() });
  await putFinished(store);
  const tabs = [createOutbox(parts), createOutbox(parts)];
  const outcomes = await Promise.all(tabs.map((tab) => tab.deliver({ personId: "anna" })));
  assert.deepEqual(outcomes.map((outcome) => outcome.state).sort(), ["elsewhere", "rest"]);
  assert.deepEqual([server.puts(VISITS), server.puts(PHOTOS)], [2, 2]);
});

test("two runners without locks still leave one visit, whole", async () => {
  const { store, server, parts } = await aPhone();
  await putFinished(store);
  const runners = [createOutbox(parts), createOutbox(parts)];
  await Promise.all(runners.map((runner) => runner.deliver({ personId: "anna" })));
  assert.deepEqual([server.visits.size, server.photos.size], [1, 2]);
  assert.ok(await isForgotten(store));
});

test("an answer about a visit that another runner has delivered meanwhile changes nothing of it", async () => {
  const { store, server, deliver, visit, parts } = await aPhone();
  await putFinished(store);
  server.faults.push(once("PUT", `${PHOTOS}p2`, async () => {
    await createOutbox(parts).deliver({ personId: "anna" });
    return undefined;
  }));
  assert.equal((await deliver()).state, "rest");
  assert.equal((await visit()).delivered, true);
});

test("a visit that is finished while another is being sent goes out in the same run", async () => {
  const { store, server, deliver } = await aPhone();
  await putFinished(store, { id: "first", photoIds: ["f1"] });
  server.faults.push(once("PUT", `${PHOTOS}f1`, async () => {
    await putFinished(store, { id: "second", photoIds: ["s1"] });
    deliver();
    return undefined;
  }));
  await deliver();
  assert.deepEqual([...server.visits.keys()].sort(), ["first", "second"]);
});

test("a server that asks for a photo nobody promised is asked again later, and nothing is forgotten", async () => {
  const { store, server, deliver } = await aPhone();
  await putFinished(store, { photoIds: [] });
  const body = { id: "visit", revision: 1, state: "received", reason: null, received_at: "2026-11-21T14:02:00Z" };
  server.faults.push(once("PUT", VISITS, () => answer(201, { ...body, missing_photos: ["somebody's"] })));
  assert.equal((await deliver()).state, "wait");
  assert.ok(await store.report("visit"));
});

test("who asks while something is being sent does not wait for the pause after it", async () => {
  const { store, server, deliver, visit } = await aPhone();
  await putFinished(store);
  server.faults.push(once("PUT", VISITS, ({ path }) => {
    deliver({ asked: true });
    return refusal(path, 423);
  }));
  assert.equal((await deliver()).state, "rest");
  assert.ok((await visit()).delivered);
});

test("the planner: oldest first, report before photos, a clock set back does not stop it", () => {
  const visit = (id, more) => ({
    id, finished_at: 1, photos: [], acknowledged: false, delivered: false, parked: null, attempts: 0, next_try_at: 0, ...more });
  const photo = { id: "p", confirmed: false, refused: null };
  assert.deepEqual(nextStep([], 0), { do: "rest" });
  assert.equal(nextStep([visit("b", { finished_at: 2 }), visit("a")], 0).visit.id, "a");
  assert.equal(nextStep([visit("a", { photos: [photo] })], 0).do, "report");
  assert.equal(nextStep([visit("a", { acknowledged: true, photos: [photo] })], 0).do, "photo");
  assert.equal(nextStep([visit("a", { acknowledged: true, photos: [{ ...photo, confirmed: true }] })], 0).do, "report");
  assert.deepEqual(nextStep([visit("a", { next_try_at: 300_000 })], 0), { do: "wait", until: 300_000 });
  assert.equal(nextStep([visit("a", { next_try_at: 86_400_000 })], 0).do, "report");
  assert.equal(nextStep([visit("a", { parked: {} }), visit("b", { delivered: true })], 0).do, "rest");
  assert.equal(nextStep([visit("a", { next_try_at: 300_000 }), visit("b", { finished_at: 2 })], 0).visit.id, "b");
});

test("pauses double up to five minutes, and differ between phones", () => {
  assert.deepEqual([0, 1, 2, 8, 9, 50].map((attempts) => pause(attempts, () => 0)), [1000, 2000, 4000, 256_000, 300_000, 300_000]);
  assert.equal(pause(3, () => 1), 6000);
});

test("sending 2 of 5 counts the report and each photo", () => {
  const photo = (confirmed) => ({ confirmed });
  const parts = (acknowledged, ...confirmed) => Object.values(partsOf({ acknowledged, photos: confirmed.map(photo) }));
  assert.deepEqual(parts(false, false, false), [1, 3]);
  assert.deepEqual(parts(true, false, false), [2, 3]);
  assert.deepEqual(parts(true, true, true), [3, 3]);
  const received = { ...photo(false), received: true };
  assert.deepEqual(partsOf({ acknowledged: false, photos: [received, photo(false)] }), { part: 1, parts: 2 });
});

test("an answer never changes the visit it was given", () => {
  const visit = Object.freeze({ id: "v", photos: Object.freeze([Object.freeze({ id: "p", confirmed: false, refused: null })]), attempts: 0 });
  const nothing = { kind: "nothing", status: 0, body: null };
  assert.notEqual(afterReport(visit, nothing, 0, () => 0), visit);
  assert.notEqual(afterPhoto(visit, "p", { kind: "ok", status: 201, body: {} }, 0, () => 0), visit);
});

test("what a later revision from another phone lacks does not make this phone wait for it", () => {
  const visit = { id: "v", revision: 1, photos: [], attempts: 0 };
  const told = (revision) => ({ kind: "ok", status: 200, body: { revision, state: "received", received_at: "14:02", missing_photos: ["p9"] } });
  assert.deepEqual([1, 2].map((revision) => afterReport(visit, told(revision), 0, () => 0).delivered), [undefined, true]);
});

/** navigator.locks for one name, as far as the outbox uses it. */
class Locks {
  #held = false;

  async request(_name, _options, work) {
    if (this.#held) return work(null);
    this.#held = true;
    try {
      return await work({});
    } finally {
      this.#held = false;
    }
  }
}
