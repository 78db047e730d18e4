import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { openDraft } from "../../inspector/phone/draft.js";
import { markNone } from "../../inspector/phone/kinds.js";
import { inAnswer, inPractice } from "../../inspector/phone/photo_places.js";
import { practicesOf } from "../../inspector/phone/practices.js";
import { openStore } from "../../inspector/phone/store.js";
import { Visiting } from "../../inspector/phone/visiting.js";
import { addPhoto, answerOf, changeAnswer } from "../../inspector/phone/visit.js";
import { aDraft, aPhoto, ASSIGNMENT, aTask, LIMITS, VERSION } from "./factories.js";
import { returnedWork } from "./returned.js";

// What a browser has and Node may not.
globalThis.navigator ??= {};
let stores = 0;

/** The app around Anna's visits as far as they need it: a store, a place, what was said. Her draft is open. */
async function anApp() {
  const store = await openStore(`visiting-${stores += 1}`);
  await store.startDraft(aDraft(), aTask());
  const { line, bytes } = await aPhoto("p1");
  await store.savePhoto(addPhoto(aDraft(), "door", 0, line), { id: "p1", visit_id: "visit", bytes }, null);
  globalThis.location = { hash: "#/visits/visit/brief", replace(address) { this.hash = address; } };
  const open = await openDraft({ id: "visit", personId: "anna", store, locks: null, onChange() {} });
  const work = { checklist_versions: [VERSION], limits: LIMITS };
  const app = {
    store, said: [], undo: null, sent: 0,
    state: { person: { id: "anna" }, work, open, developing: {} },
    say(text, undo) { Object.assign(this, { said: [...this.said, text], undo }); },
    unsay() { this.undo = null; },
    tellOthers() {},
    async readOwn() {},
    async follow() {},
    deliver() { this.sent += 1; },
  };
  return { app, store, visiting: new Visiting(app) };
}

test("a double tap finishes once, and says nothing of trouble", async () => {
  const { app, store, visiting } = await anApp();
  await Promise.all([visiting.finish(), visiting.finish()]);
  assert.deepEqual([app.said, app.sent, (await store.visits("anna")).length], [[], 1, 1]);
});

test("a photo that is being kept when somebody finishes goes along", async (context) => {
  const { app, store, visiting } = await anApp();
  app.set = (news) => Object.assign(app.state, news);
  app.state.open.change((draft) => changeAnswer(draft, "door", 0, markNone));
  globalThis.createImageBitmap = () => new Promise((_, fail) => setTimeout(() => fail(new DOMException("cannot decode")), 50));
  context.after(() => { delete globalThis.createImageBitmap; });
  const file = new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xe0])], { type: "image/jpeg" });
  await Promise.all([visiting.takePhotos(inAnswer("door"), [file]), visiting.finish()]);
  const [visit] = await store.visits("anna");
  assert.deepEqual([app.said, visit.photos.length], [[], 2]);
});

test("finishing that failed can be tried again", async () => {
  const { app, store, visiting } = await anApp();
  const { finish } = app.state.open;
  app.state.open.finish = () => Promise.reject(new DOMException("", "QuotaExceededError"));
  await visiting.finish();
  assert.match(app.said[0], /no room/);
  app.state.open.finish = finish;
  await visiting.finish();
  assert.equal((await store.visits("anna")).length, 1);
});

test("a double tap begins one visit", async () => {
  const { store, visiting } = await anApp();
  await Promise.all([visiting.begin(ASSIGNMENT), visiting.begin(ASSIGNMENT)]);
  assert.equal((await store.drafts("anna")).length, 2);
});

test("a discarded visit leaves the list, writes nothing on its way out, and comes back whole", async () => {
  const { app, store, visiting } = await anApp();
  const before = await store.draft("visit", "anna");
  await visiting.discard();
  app.state.open.change((draft) => ({ ...draft, outlet_name: "late" }));
  await app.state.open.close();
  assert.deepEqual([await store.drafts("anna"), location.hash], [[], "#/"]);
  await app.undo();
  const { draft, task } = await store.draft("visit", "anna");
  assert.deepEqual([draft.answers, draft.photos, task], [before.draft.answers, before.draft.photos, before.task]);
  assert.ok(await store.photo("p1"));
  assert.equal(location.hash, "#/visits/visit/0");
});

test("who goes on right after a tap is not called back to where it was", async () => {
  const { app, visiting } = await anApp();
  app.drawing = { changeUnseen: (act) => act() };
  const replaced = [];
  globalThis.history = { replaceState: (_state, _title, address) => replaced.push(address) };
  const stay = async (goesOn) => {
    app.state.route = { screen: "section", id: "visit", section: 0, repetition: 0 };
    location.hash = "#/visits/visit/0";
    visiting.stayAt(0, 0, "door");
    // The browser tells of the new address a little later: until then the app stands where it stood.
    if (goesOn) location.hash = "#/visits/visit/1";
    await new Promise((done) => setTimeout(done, 350));
  };
  await stay(true);
  assert.deepEqual(replaced, []);
  await stay(false);
  assert.deepEqual(replaced, ["#/visits/visit/0/door"]);
});

/** Anna's app whose visit was sent back: the phone has only what /phone/work said of it. */
async function anAppWithReturned(changed) {
  const { app, visiting } = await anApp();
  const store = await openStore(`visiting-${stores += 1}`);
  const work = returnedWork(changed);
  Object.assign(app, { store, state: { ...app.state, work, open: null } });
  const [assignment] = work.assignments;
  const openIt = async () => {
    app.state.open = await openDraft({ id: "visit", personId: "anna", store, locks: null, onChange() {} });
    return app.state.open;
  };
  return { app, store, visiting, assignment, openIt };
}

test("a visit that was sent back is begun again once, at its first note, with all that it takes to work off line", async () => {
  const { store, visiting, assignment } = await anAppWithReturned();
  await Promise.all([visiting.revise(assignment), visiting.revise(assignment)]);
  const { draft, task } = await store.draft("visit", "anna");
  assert.deepEqual([draft.revision, answerOf(draft, "wait").number, location.hash], [2, "90", "#/visits/visit/1/pay"]);
  assert.deepEqual([task.version.id, task.project.id, task.assignment.visit.notes.length], ["version", "coffee", 1]);
});

test("without room for it the person is told, and nothing is half begun", async () => {
  const { app, store, visiting, assignment } = await anAppWithReturned();
  app.store = { ...store, startRevision: () => Promise.reject(new DOMException("", "QuotaExceededError")) };
  await visiting.revise(assignment);
  assert.match(app.said[0], /no room/);
  assert.deepEqual(await store.drafts("anna"), []);
});

test("a photo that nobody has is removed before the visit can be finished", async () => {
  const { app, store, visiting, assignment, openIt } = await anAppWithReturned({ received: { p1: true, p2: false } });
  await visiting.revise(assignment);
  const { draft } = await openIt();
  assert.deepEqual([draft.photos.p1.missing, draft.photos.p2.missing], [undefined, true]);
  await visiting.finish();
  assert.match(app.said.pop(), /Wait until the phone that took it/);
  assert.deepEqual(await store.visits("anna"), []);
});

test("a best practice without words keeps the visit open, and the words say so", async () => {
  const { app, store, visiting } = await anApp();
  visiting.addPractice("t", "finish");
  const [{ id }] = practicesOf(app.state.open.draft);
  assert.equal(location.hash, `#/visits/visit/best/finish/${id}`);
  await visiting.finish();
  assert.match(app.said.pop(), /no text/);
  assert.deepEqual(await store.visits("anna"), []);
  visiting.changePractice(id, (practice) => ({ ...practice, text: "an umbrella" }));
  await visiting.finish();
  assert.equal((await store.visits("anna")).length, 1);
});

test("a removed best practice comes back whole; an empty one goes without a word", async () => {
  const { app, visiting } = await anApp();
  const { open } = app.state;
  visiting.addPractice("t", "finish");
  visiting.removePractice(practicesOf(open.draft)[0].id);
  assert.deepEqual([practicesOf(open.draft), app.said], [[], []]);
  for (const text of ["coffee", "tea"]) {
    visiting.addPractice("t", "finish");
    visiting.changePractice(practicesOf(open.draft).at(-1).id, (practice) => ({ ...practice, text }));
  }
  const before = practicesOf(open.draft);
  visiting.removePractice(before[0].id);
  assert.deepEqual(practicesOf(open.draft).map(({ text }) => text), ["tea"]);
  app.undo();
  assert.deepEqual(practicesOf(open.draft), before);
});

test("a photo is removed from a best practice and brought back as from an answer", async () => {
  const { app, visiting } = await anApp();
  const { open } = app.state;
  visiting.addPractice("t", "finish");
  const place = inPractice(practicesOf(open.draft)[0].id);
  const { line, bytes } = await aPhoto("p2");
  await open.addPhoto(place, line, bytes, null);
  visiting.removePhoto(place, "p2");
  assert.deepEqual(place.ids(open.draft), []);
  app.undo();
  assert.deepEqual(place.ids(open.draft), ["p2"]);
});

test("a photo to be looked at comes from this phone, else from the server that has it, else from nowhere", async () => {
  const { app, visiting, assignment, openIt } = await anAppWithReturned({ received: { p1: true, p2: false } });
  const asked = [];
  let answer = { kind: "nothing" };
  app.api = { photoPicture: async (...call) => { asked.push(call); return answer; } };
  await visiting.revise(assignment);
  const open = await openIt();
  assert.deepEqual([await visiting.photo("p1"), await visiting.photo("p2"), asked], [null, null, [["p1", "screen", { personId: "anna" }]]]);
  answer = { kind: "ok", body: new ArrayBuffer(3) };
  assert.equal((await visiting.photo("p1")).bytes.byteLength, 3);
  const { line, bytes } = await aPhoto("p3");
  await open.addPhoto(inPractice("none"), line, bytes, null);
  assert.equal((await visiting.photo("p3")).sha256, line.sha256);
});

/** What an input gives of picked photos of these words: an iPhone calls all of them alike, and they die soon after. */
function picked(...photos) {
  const turn = { over: false };
  const files = photos.map((words) => ({
    name: "image.jpg", type: "image/jpeg",
    async arrayBuffer() {
      if (turn.over) throw new DOMException("the file has changed", "NotReadableError");
      return new TextEncoder().encode(words).buffer;
    },
  }));
  return { files, turn };
}

test("photos that are gone right after they were picked, all with one name, are kept one by one as bytes", async (context) => {
  const { app, store, visiting } = await anApp();
  Object.assign(app, { set(news) { Object.assign(app.state, news); } });
  let [atOnce, mostAtOnce] = [0, 0];
  globalThis.createImageBitmap = async () => {
    mostAtOnce = Math.max(mostAtOnce, atOnce += 1);
    await new Promise(setImmediate);
    atOnce -= 1;
    throw new DOMException("cannot decode", "InvalidStateError");
  };
  context.after(() => { delete globalThis.createImageBitmap; });
  const { files, turn } = picked("the counter", "the till");
  const place = inAnswer("door");
  const taken = visiting.takePhotos(place, files);
  turn.over = true;
  await taken;
  const [, ...ids] = place.ids(app.state.open.draft);
  const kept = await Promise.all(ids.map((id) => store.photo(id)));
  assert.deepEqual(kept.map(({ bytes }) => new TextDecoder().decode(bytes)), ["the counter", "the till"]);
  assert.deepEqual([app.said, new Set(ids).size, mostAtOnce], [[], 2, 1]);
});

test("who begins a visit has the browser asked to keep it, and begins it whatever that says", async (context) => {
  const { store, visiting } = await anApp();
  const { navigator: before } = globalThis;
  context.after(() => Object.defineProperty(globalThis, "navigator", { value: before, configurable: true }));
  let asked = 0;
  const persist = () => { asked += 1; return Promise.reject(new Error("not here")); };
  Object.defineProperty(globalThis, "navigator", { value: { storage: { persist } }, configurable: true });
  await visiting.begin(ASSIGNMENT);
  assert.deepEqual([asked, (await store.drafts("anna")).length], [1, 2]);
});
