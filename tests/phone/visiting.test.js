import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { openDraft } from "../../inspector/phone/draft.js";
import { openStore } from "../../inspector/phone/store.js";
import { Visiting } from "../../inspector/phone/visiting.js";
import { addPhoto } from "../../inspector/phone/visit.js";
import { aDraft, aPhoto, ASSIGNMENT, aTask, LIMITS, VERSION } from "./factories.js";

// What a browser has and Node may not.
globalThis.navigator ??= {};
let stores = 0;

/** The app around Anna's visits as far as they need it: a store, a place, what was said. Her draft is open. */
async function anApp() {
  const store = await openStore(`visiting-${stores += 1}`);
  await store.startDraft(aDraft(), aTask());
  const { line, bytes } = await aPhoto("p1");
  await store.savePhoto(addPhoto(aDraft(), "door", line), { id: "p1", visit_id: "visit", bytes }, null);
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
    deliver() { this.sent += 1; },
  };
  return { app, store, visiting: new Visiting(app) };
}

test("a double tap finishes once, and says nothing of trouble", async () => {
  const { app, store, visiting } = await anApp();
  await Promise.all([visiting.finish(), visiting.finish()]);
  assert.deepEqual([app.said, app.sent, (await store.visits("anna")).length], [[], 1, 1]);
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
