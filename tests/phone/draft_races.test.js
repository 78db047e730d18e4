import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { openDraft } from "../../inspector/phone/draft.js";
import { enter } from "../../inspector/phone/kinds.js";
import { inAnswer, inTray } from "../../inspector/phone/photo_places.js";
import { inRecordings } from "../../inspector/phone/recordings.js";
import { placeOfLost } from "../../inspector/phone/revisions.js";
import { openStore } from "../../inspector/phone/store.js";
import { assign, itemsOf, unassign } from "../../inspector/phone/tray.js";
import { changeAnswer, photosInUse } from "../../inspector/phone/visit.js";
import { Visiting, whyNotYet } from "../../inspector/phone/visiting.js";
import { aPhoto, aTask, filledIn, VERSION } from "./factories.js";

let stores = 0;
const door = inAnswer("door");
const isFull = () => new DOMException("", "QuotaExceededError");
const turn = () => new Promise((done) => setTimeout(done, 5));

async function aStore() {
  const store = await openStore(`races-${stores += 1}`);
  await store.startDraft(filledIn(), aTask());
  return store;
}

/** navigator.locks of one phone whose tabs are these sessions. */
function aLock() {
  let held = false;
  return {
    async request(_name, { ifAvailable }, work) {
      if (held) return ifAvailable ? work(null) : new Promise(() => {});
      held = true;
      try {
        return await work({});
      } finally {
        held = false;
      }
    },
  };
}

const open = (store, locks = null) => openDraft({ id: "visit", personId: "anna", store, locks, onChange() {} });
const found = (draft) => ({ ...draft, positions: [...draft.positions, { lat: 1, lon: 2 }] });

test("what comes while a visit is being discarded does not bring it back", async () => {
  const store = await aStore();
  const session = await open({
    ...store,
    discard(...what) {
      const discarded = store.discard(...what);
      queueMicrotask(() => session.change(found));
      return discarded;
    },
  }, aLock());
  session.change(found);
  const discarded = session.discard();
  queueMicrotask(() => session.change(found));
  await discarded;
  await session.close();
  assert.deepEqual([session.saved, await store.drafts("anna")], ["gone", []]);
});

test("what there was no room for does not bring a discarded visit back either", async () => {
  const store = await aStore();
  let full = true;
  const session = await open({ ...store, saveDraft: (...what) => (full ? Promise.reject(isFull()) : store.saveDraft(...what)) }, aLock());
  session.change(found);
  await session.discard();
  full = false;
  await session.close();
  assert.deepEqual(await store.drafts("anna"), []);
});

test("a visit that could not be discarded goes on being saved", async () => {
  const store = await aStore();
  const session = await open({ ...store, discard: () => Promise.reject(isFull()) }, aLock());
  await assert.rejects(session.discard(), { name: "QuotaExceededError" });
  session.change(found);
  await session.flush();
  assert.equal(session.saved, "saved");
  assert.equal((await store.draft("visit", "anna")).draft.positions.length, 1);
});

/** Anna's visit whose next photo finds no room, after a while; `refused` resolves when it has been refused. */
async function beingRefused(place) {
  const store = await aStore();
  let refuse;
  const session = await open({ ...store, savePhoto: () => new Promise((_, fail) => { refuse = () => fail(isFull()); }) });
  const { line, bytes } = await aPhoto("px");
  const kept = session.addPhoto(place, line, bytes, null);
  while (!refuse) await turn();
  const refused = () => {
    refuse();
    return assert.rejects(kept, { name: "QuotaExceededError" });
  };
  return { store, session, refused };
}

test("a photo that is moved while it is being saved, and finds no room, is nowhere", async () => {
  const { store, session, refused } = await beingRefused(inTray());
  const item = itemsOf(session.draft)[0];
  const target = { criterion: VERSION.sections[0].criteria[0], repetition: 0 };
  const before = session.draft;
  session.change((draft) => assign(draft, item, target, "Photo"));
  await refused();
  const isWhole = () => {
    assert.deepEqual([door.ids(session.draft), photosInUse(session.draft)], [["p1", "p2"], ["p1", "p2"]]);
    assert.deepEqual([whyNotYet(session.draft), placeOfLost(VERSION, session.draft)], [null, null]);
  };
  isWhole();
  // The way back to the tray is still on the screen.
  session.change((draft) => unassign(draft, item, target, before));
  isWhole();
  await session.finish({ appVersion: "v", deviceId: "d" });
  assert.equal((await store.visits("anna")).length, 1);
});

test("a photo or recording that found no room is not brought back by an undo", async () => {
  for (const place of [door, inRecordings("door")]) {
    const { session, refused } = await beingRefused(place);
    session.change((draft) => place.remove(draft, "px"));
    await refused();
    session.change((draft) => place.restore(draft, "px", 0));
    assert.deepEqual(photosInUse(session.draft), ["p1", "p2"]);
    await session.finish({ appVersion: "v", deviceId: "d" });
  }
});

test("a photo that comes after the visit was left goes into the visit as it is open now", async () => {
  const store = await aStore();
  const locks = aLock();
  const first = await open(store, locks);
  await first.close();
  await turn();
  const second = await open(store, locks);
  second.change((draft) => changeAnswer(draft, "wait", 0, (answer) => enter(answer, { number: "7" })));
  const { line, bytes } = await aPhoto("late");
  await first.addPhoto(door, line, bytes, null);
  second.change(found);
  await second.close();
  const { draft } = await store.draft("visit", "anna");
  assert.deepEqual([draft.answers.wait.number, door.ids(draft)], ["7", ["p1", "p2", "late"]]);
  assert.ok(await store.photo("late"));
  await turn();
  // Nobody has it open: it is opened for the photo.
  const again = await aPhoto("later");
  await second.addPhoto(door, again.line, again.bytes, null);
  assert.deepEqual(door.ids((await store.draft("visit", "anna")).draft), ["p1", "p2", "late", "later"]);
});

test("a photo for a visit that is gone is refused, not lost in silence", async () => {
  const store = await aStore();
  const session = await open(store);
  await session.close();
  await store.discard("visit", Date.now());
  const { line, bytes } = await aPhoto("late");
  await assert.rejects(session.addPhoto(door, line, bytes, null), { name: "DraftGone" });
});

test("who leaves waits for photos that are taken while earlier ones are being developed", async (context) => {
  const store = await aStore();
  const state = { open: await open(store), developing: {}, recording: null };
  state.open.task.limits.photos_per_visit = 9;
  const app = { store, state, said: [], tellOthers() {}, say(words) { this.said.push(words); }, set(news) { Object.assign(state, news); } };
  const visiting = new Visiting(app);
  const waiting = [];
  globalThis.createImageBitmap = () => new Promise((_, fail) => waiting.push(() => fail(new DOMException("cannot decode"))));
  context.after(() => { delete globalThis.createImageBitmap; });
  const picked = (words) => [new Blob([words], { type: "image/jpeg" })];
  visiting.takePhotos(door, picked("first"));
  let left = false;
  const leaving = visiting.settled().then(() => { left = true; });
  while (waiting.length < 1) await turn();
  visiting.takePhotos(door, picked("second"));
  while (waiting.length < 2) await turn();
  waiting[0]();
  await turn();
  await turn();
  assert.equal(left, false);
  waiting[1]();
  await leaving;
  assert.deepEqual([door.ids(state.open.draft).length, app.said], [4, []]);
});
