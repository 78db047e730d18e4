import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { openDraft } from "../../inspector/phone/draft.js";
import { enter } from "../../inspector/phone/kinds.js";
import { inAnswer, inPractice } from "../../inspector/phone/photo_places.js";
import { sha256 } from "../../inspector/phone/photos.js";
import { addPractice, practiceOf } from "../../inspector/phone/practices.js";
import { openStore } from "../../inspector/phone/store.js";
import { changeAnswer } from "../../inspector/phone/visit.js";
import { aDraft, aPhoto, asked, aTask, aVersion } from "./factories.js";

let stores = 0;

async function aStore() {
  const store = await openStore(`draft-${stores += 1}`);
  await store.startDraft(aDraft(), aTask());
  return store;
}

const open = (store, locks = null) => openDraft({ id: "visit", personId: "anna", store, locks, onChange() {} });
const type = (number) => (draft) => changeAnswer(draft, "wait", 0, (answer) => enter(answer, { number }));
const door = inAnswer("door");
const typed = async (store) => (await store.draft("visit", "anna")).draft.answers.wait?.number;
const until = async (holds) => {
  while (!(await holds())) await new Promise((done) => setTimeout(done, 5));
};

// Node 18, which Debian 12 brings, has another clock to be mocked.
const skip = process.versions.node.startsWith("18.");

test("a tap and the first letter are saved at once, what follows after a moment, and all of it on the way out", { skip }, async ({ mock }) => {
  const store = await aStore();
  const session = await open(store);
  session.change(type("1"));
  await session.flush();
  assert.equal(await typed(store), "1");
  mock.timers.enable({ apis: ["setTimeout"] });
  const settled = async () => { for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate); };
  session.change(type("12"), { soon: true });
  await settled();
  assert.equal(await typed(store), "12");
  session.change(type("123"), { soon: true });
  await settled();
  assert.equal(await typed(store), "12");
  mock.timers.tick(150);
  await settled();
  assert.equal(await typed(store), "123");
  session.change(type("1234"), { soon: true });
  session.change(type("12345"), { soon: true });
  await session.close();
  assert.equal(await typed(store), "12345");
});

test("saved is said only of what is on the phone", async () => {
  const store = await aStore();
  const session = await open(store);
  const { line, bytes } = await aPhoto("p1");
  const changes = [
    () => { session.change(type("1")); },
    () => { session.change(type("2"), { soon: true }); },
    () => { session.addPhoto(door, line, bytes, null); },
  ];
  for (const change of changes) {
    change();
    await Promise.resolve();
    assert.equal(session.saved, "saving");
    await until(() => session.saved === "saved");
    assert.deepEqual((await store.draft("visit", "anna")).draft.answers, session.draft.answers);
  }
});

test("saves follow one another, and the last word stays", async () => {
  const store = await aStore();
  const order = [];
  const slow = { ...store, saveDraft: async (draft) => {
    const { number } = draft.answers.wait;
    order.push(`begin ${number}`);
    await new Promise((done) => setTimeout(done, number === "1" ? 30 : 1));
    await store.saveDraft(draft);
    order.push(`end ${number}`);
  } };
  const session = await open(slow);
  for (const text of ["1", "2", "3"]) {
    session.change(type(text));
    await new Promise((done) => setTimeout(done, 5));
  }
  await session.flush();
  assert.equal(await typed(store), "3");
  assert.deepEqual(order, ["begin 1", "end 1", "begin 3", "end 3"]);
  assert.equal(session.saved, "saved");
});

test("no room: says so, keeps the answers on the screen, saves them with the next change", async () => {
  const store = await aStore();
  let full = true;
  const failing = { ...store, saveDraft: (draft) => (full ? Promise.reject(new DOMException("", "QuotaExceededError")) : store.saveDraft(draft)) };
  const session = await open(failing);
  session.change(type("9"));
  await session.flush();
  assert.equal(session.saved, "full");
  assert.equal(session.draft.answers.wait.number, "9");
  full = false;
  await session.flush();
  assert.equal(session.saved, "saved");
  assert.equal(await typed(store), "9");
});

test("a photo without room is refused, the answers stay saved", async () => {
  const store = await aStore();
  const failing = { ...store, savePhoto: () => Promise.reject(new DOMException("", "QuotaExceededError")) };
  const session = await open(failing);
  session.change(type("9"));
  const { line, bytes } = await aPhoto("p1");
  await assert.rejects(session.addPhoto(door, line, bytes, null), { name: "QuotaExceededError" });
  assert.deepEqual([session.draft.photos, session.draft.answers.door.photo_ids], [{}, []]);
  await session.flush();
  assert.equal(await typed(store), "9");
});

test("a report promises no photo that comes while one finishes and finds no room", async () => {
  const store = await aStore();
  const { line, bytes } = await aPhoto("p1");
  let photo = null;
  const failing = {
    ...store,
    savePhoto: async () => {
      await new Promise((done) => { setTimeout(done, 50); });
      throw new DOMException("", "QuotaExceededError");
    },
    copies(personId) {
      photo ??= session.addPhoto(inPractice("b1"), line, bytes, null).catch(({ name }) => name);
      return store.copies(personId);
    },
  };
  const session = await open(failing);
  session.change((draft) => addPractice(draft, { id: "b1", touchpointId: "t" }));
  await session.finish({ appVersion: "v", deviceId: "d" });
  assert.equal(await photo, "QuotaExceededError");
  const [visit] = await store.visits("anna");
  assert.deepEqual([visit.photos, JSON.parse(new TextDecoder().decode(await store.report("visit"))).photos], [[], []]);
});

test("a photo is there after the page was loaded again", async () => {
  const store = await aStore();
  const session = await open(store);
  const { line, bytes } = await aPhoto("p1");
  await session.addPhoto(door, line, bytes, bytes);
  const again = await open(store);
  assert.deepEqual(again.draft.answers.door.photo_ids, ["p1"]);
  assert.equal(again.looking, true, "nobody waits for pictures");
  await until(() => !again.looking);
  assert.match(again.preview("p1"), /^blob:/);
  assert.equal((await store.photo("p1")).sha256, line.sha256);
});

test("every address of a picture is freed with the visit", async (context) => {
  const alive = new Set();
  const { createObjectURL, revokeObjectURL } = URL;
  context.mock.method(URL, "createObjectURL", (blob) => {
    const address = createObjectURL(blob);
    alive.add(address);
    return address;
  });
  context.mock.method(URL, "revokeObjectURL", (address) => {
    alive.delete(address);
    revokeObjectURL(address);
  });
  const store = await aStore();
  const session = await open(store);
  for (const id of ["p1", "p2"]) {
    const { line, bytes } = await aPhoto(id);
    await session.addPhoto(door, line, bytes, bytes);
  }
  await session.look();
  assert.equal(alive.size, 2, "one for each, however often one looks");
  await session.close();
  assert.equal(alive.size, 0);
});

test("a best practice's photo is kept as an answer's is, and goes with the report", async () => {
  const store = await aStore();
  const session = await open(store);
  session.change((draft) => addPractice(draft, { id: "b1", touchpointId: "t" }));
  const { line, bytes } = await aPhoto("p1");
  await session.addPhoto(inPractice("b1"), line, bytes, null);
  const again = await open(store);
  assert.deepEqual(practiceOf(again.draft, "b1").photo_ids, ["p1"]);
  await again.finish({ appVersion: "v", deviceId: "d" });
  const report = JSON.parse(new TextDecoder().decode(await store.report("visit")));
  assert.deepEqual([report.best_practices[0].photo_ids, report.photos.map((photo) => photo.id)], [["p1"], ["p1"]]);
  assert.ok(await store.photo("p1"));
});

test("reference pictures and previews that come while the visit is open are shown", async () => {
  const store = await openStore(`draft-${stores += 1}`);
  const version = aVersion({ desk: [asked("wait", "measure", { pictures: ["g1", "g2"] })] });
  await store.startDraft(aDraft(), { ...aTask(), version });
  await store.savePicture({ id: "g1", bytes: new ArrayBuffer(3) });
  const session = await open(store);
  await until(() => !session.looking);
  assert.match(session.picture("g1"), /^blob:/);
  assert.deepEqual([session.picture("g2"), session.preview("p1")], [null, null]);
  await store.savePicture({ id: "g2", bytes: new ArrayBuffer(3) });
  await store.savePreview({ id: "p1", visit_id: "visit", bytes: new ArrayBuffer(3) });
  await store.savePreview({ id: "p2", visit_id: "visit", bytes: null });
  const { picture } = session;
  const before = picture("g1");
  await session.look();
  assert.match(session.picture("g2"), /^blob:/);
  assert.match(session.preview("p1"), /^blob:/);
  assert.deepEqual([session.picture("g1"), session.preview("p2")], [before, null]);
});

test("a second tab only looks, and takes over what the first left", async () => {
  const store = await aStore();
  const locks = new Locks();
  const first = await open(store, locks);
  const second = await open(store, locks);
  assert.deepEqual([first.readOnly, second.readOnly], [false, true]);
  second.change(type("from the second"));
  assert.equal(second.draft.answers.wait, undefined);
  first.change(type("7"));
  await first.close();
  await until(() => !second.readOnly);
  assert.equal(second.draft.answers.wait.number, "7");
  second.change(type("8"));
  await second.close();
  assert.equal(await typed(store), "8");
});

test("finished once: the report is bytes, the tab that waited learns that it is gone", async () => {
  const store = await aStore();
  const locks = new Locks();
  const first = await open(store, locks);
  const second = await open(store, locks);
  first.change(type("7"));
  await first.finish({ appVersion: "v", deviceId: "d" });
  const frozen = await sha256(await store.report("visit"));
  first.change(type("late"));
  await first.close();
  await until(() => second.saved === "gone");
  second.change(type("late"));
  await second.close();
  assert.equal(await sha256(await store.report("visit")), frozen);
  const [visit] = await store.visits("anna");
  assert.equal(visit.id, "visit");
  assert.equal(JSON.parse(new TextDecoder().decode(await store.report("visit"))).revision, 1);
  assert.equal(await store.draft("visit", "anna"), null);
});

test("whatever clocks do, a visit says no time that the server cannot read", async () => {
  for (const [before, told] of [[2 ** 31, 2 ** 31 - 1], [-5_000, 0]]) {
    const store = await openStore(`draft-${stores += 1}`);
    await store.startDraft({ ...aDraft(), elapsed_ms: before }, aTask());
    const visit = await open(store);
    // No clock of a browser should go back, and some have.
    const now = mock.method(performance, "now", () => -60_000);
    await visit.finish({ appVersion: "v", deviceId: "d" });
    now.mock.restore();
    const { elapsed_ms: elapsed } = JSON.parse(new TextDecoder().decode(await store.report("visit")));
    assert.equal(elapsed, told);
  }
});

test("another person's draft does not open", async () => {
  const store = await aStore();
  assert.equal(await openDraft({ id: "visit", personId: "boris", store, locks: null, onChange() {} }), null);
});

test("what another tab wrote until we had the lock is not written over", async () => {
  const store = await aStore();
  const locks = new Locks();
  const first = await open(store, locks);
  const second = await open(store, { request: async (...wish) => {
    first.change(type("7"));
    await first.close();
    await new Promise(setImmediate);
    return locks.request(...wish);
  } });
  assert.equal(second.readOnly, false);
  second.change((draft) => ({ ...draft, left_sections: ["door"] }));
  await second.close();
  assert.equal(await typed(store), "7");
});

test("undoing something after the visit was left, and opened again, writes over nothing that was done in it since", async () => {
  const store = await aStore();
  const locks = new Locks();
  const first = await open(store, locks);
  await first.close();
  await new Promise(setImmediate);
  const second = await open(store, locks);
  second.change(type("7"));
  first.change((draft) => ({ ...draft, left_sections: ["door"] }));
  await second.flush();
  const kept = async () => (await store.draft("visit", "anna")).draft;
  assert.deepEqual([await typed(store), (await kept()).left_sections, second.draft.left_sections], ["7", ["door"], ["door"]]);
  await second.close();
  await new Promise(setImmediate);
  first.change((draft) => ({ ...draft, left_sections: [] }));
  await until(async () => !(await kept()).left_sections.length);
  await new Promise(setImmediate);
  const third = await open(store, locks);
  assert.deepEqual([third.readOnly, await typed(store)], [false, "7"]);
});

test("a tab that only looks writes nothing, whatever stood on its screen", async () => {
  const store = await aStore();
  const locks = new Locks();
  const first = await open(store, locks);
  const second = await open(store, locks);
  first.change(type("7"));
  await first.flush();
  const { line, bytes } = await aPhoto("p1");
  await assert.rejects(second.addPhoto(door, line, bytes, null), { name: "DraftGone" });
  await assert.rejects(second.finish({ appVersion: "v", deviceId: "d" }), { name: "DraftGone" });
  await assert.rejects(second.discard(), { name: "DraftGone" });
  assert.deepEqual([await typed(store), await store.visits("anna")], ["7", []]);
});

test("what there was no room for is there again when the visit is, after some was made", async () => {
  const store = await aStore();
  let full = true;
  const failing = { ...store, saveDraft: (draft) => (full ? Promise.reject(new DOMException("", "QuotaExceededError")) : store.saveDraft(draft)) };
  const first = await open(failing);
  first.change(type("9"));
  await first.close();
  full = false;
  const second = await open(failing);
  assert.equal(second.draft.answers.wait.number, "9");
  await second.flush();
  assert.deepEqual([second.saved, await typed(store)], ["saved", "9"]);
});

test("what was left without room is not taken for the next revision, nor for what another tab has written since", async () => {
  for (const later of [{ changes: 99 }, { revision: 2 }]) {
    const store = await aStore();
    const failing = { ...store, saveDraft: () => Promise.reject(new DOMException("", "QuotaExceededError")) };
    const first = await open(failing);
    first.change(type("9"));
    await first.close();
    await store.saveDraft({ ...aDraft(), ...later });
    assert.equal((await open(failing)).draft.answers.wait, undefined);
  }
});

/** navigator.locks for one name, as far as a draft uses it: the next in line gets it when the holder lets go. */
class Locks {
  #last = Promise.resolve();
  #holders = 0;

  request(_name, { ifAvailable }, work) {
    if (ifAvailable && this.#holders) return Promise.resolve(work(null));
    this.#holders += 1;
    const done = this.#last.then(() => work({})).finally(() => { this.#holders -= 1; });
    this.#last = done;
    return done;
  }
}
