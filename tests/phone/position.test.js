import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { openDraft } from "../../inspector/phone/draft.js";
import { whereWeAre } from "../../inspector/phone/position.js";
import { openStore } from "../../inspector/phone/store.js";
import { Visiting } from "../../inspector/phone/visiting.js";
import { aDraft, ASSIGNMENT, aTask, LIMITS, VERSION } from "./factories.js";

const AT = Date.now() - 60_000;
const HERE = { coords: { latitude: 55.75, longitude: 37.61, accuracy: 12.4 }, timestamp: AT };
const NOTED = { lat: 55.75, lon: 37.61, accuracy_m: 12, at: new Date(AT).toISOString() };
const { navigator: before } = globalThis;
let stores = 0;

/** A browser that answers in this way where it is; null: it cannot tell at all. */
function withGeolocation(getCurrentPosition) {
  const geolocation = getCurrentPosition && { getCurrentPosition };
  Object.defineProperty(globalThis, "navigator", { value: { geolocation }, configurable: true });
}

afterEach(() => Object.defineProperty(globalThis, "navigator", { value: before, configurable: true }));

test("a position has its accuracy and its time; indoors, or without permission, there is none", async () => {
  withGeolocation((tell) => tell(HERE));
  assert.deepEqual(await whereWeAre(), NOTED);
  withGeolocation((_, refuse) => refuse(new Error("no position")));
  assert.equal(await whereWeAre(), null);
  withGeolocation(null);
  assert.equal(await whereWeAre(), null);
});

test("a phone that tells a time of its own invention does not spoil the report", async () => {
  for (const timestamp of [0, NaN, 1e13, -1e17, undefined]) {
    withGeolocation((tell) => tell({ ...HERE, timestamp }));
    const { at } = await whereWeAre();
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000, at);
  }
});

test("a phone that never finds itself asks to be told so in time", async () => {
  withGeolocation((_tell, refuse, { timeout }) => setTimeout(refuse, timeout / 1000));
  assert.equal(await whereWeAre(), null);
});

test("a visit begins without waiting for a position, which is noted when it comes, and for no other visit", async () => {
  const answers = [];
  withGeolocation((tell) => answers.push(tell));
  const store = await openStore(`position-${stores += 1}`);
  globalThis.location = { hash: "" };
  const work = { checklist_versions: [VERSION], limits: LIMITS };
  const app = {
    store, state: { person: { id: "anna" }, work, open: null }, unsay() {}, tellOthers() {}, async readOwn() {}, async follow() {},
  };
  const visiting = new Visiting(app);
  await visiting.begin({ ...ASSIGNMENT, project: { id: "coffee" } });
  const [{ id }] = await store.drafts("anna");
  assert.ok(location.hash.startsWith(`#/visits/${id}/`));
  await store.startDraft(aDraft(), aTask());
  app.state.open = await openDraft({ id, personId: "anna", store, locks: null, onChange() {} });
  const late = visiting.notePosition("visit");
  for (const tell of answers) tell(HERE);
  await late;
  assert.deepEqual(app.state.open.draft.positions, [NOTED]);
});

test("a position that is known at once is noted too, in the visit that opens a moment later", async () => {
  withGeolocation((tell) => tell(HERE));
  const store = await openStore(`position-${stores += 1}`);
  globalThis.location = { hash: "" };
  const work = { checklist_versions: [VERSION], limits: LIMITS };
  const app = {
    store, state: { person: { id: "anna" }, work, open: null }, unsay() {}, tellOthers() {}, async readOwn() {},
    async follow() {
      const [{ id }] = await store.drafts("anna");
      this.state.open = await openDraft({ id, personId: "anna", store, locks: null, onChange() {} });
    },
  };
  await new Visiting(app).begin({ ...ASSIGNMENT, project: { id: "coffee" } });
  await new Promise(setImmediate);
  assert.deepEqual(app.state.open.draft.positions, [NOTED]);
});
