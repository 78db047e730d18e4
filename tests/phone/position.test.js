import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { openDraft } from "../../inspector/phone/draft.js";
import { oddPosition, whereWeAre } from "../../inspector/phone/position.js";
import { oddWords } from "../../inspector/phone/screens/position.js";
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
  assert.deepEqual(await whereWeAre(), { position: NOTED });
  withGeolocation((_, refuse) => refuse({ code: 1 }));
  assert.deepEqual(await whereWeAre(), { why: "denied" });
  withGeolocation((_, refuse) => refuse({ code: 2 }));
  assert.deepEqual(await whereWeAre(), { why: "none" });
  withGeolocation(null);
  assert.deepEqual(await whereWeAre(), { why: "none" });
});

test("a phone that tells a time of its own invention does not spoil the report", async () => {
  for (const timestamp of [0, NaN, 1e13, -1e17, undefined]) {
    withGeolocation((tell) => tell({ ...HERE, timestamp }));
    const { position: { at } } = await whereWeAre();
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000, at);
  }
});

test("a phone that never finds itself asks to be told so in time", async () => {
  withGeolocation((_tell, refuse, { timeout }) => setTimeout(refuse, timeout / 1000));
  assert.deepEqual(await whereWeAre(), { why: "none" });
});

test("a visit begins without waiting for a position, which is noted when it comes, and for no other visit", async () => {
  const answers = [];
  withGeolocation((tell) => answers.push(tell));
  const tellAll = async () => {
    while (answers.length) {
      for (const tell of answers.splice(0)) tell(HERE);
      await new Promise(setImmediate);
    }
  };
  const store = await openStore(`position-${stores += 1}`);
  globalThis.location = { hash: "" };
  const work = { checklist_versions: [VERSION], limits: LIMITS };
  const app = {
    store, state: { person: { id: "anna" }, work, open: null }, unsay() {}, tellOthers() {}, async readOwn() {}, async follow() {},
    set(news) { Object.assign(this.state, news); },
  };
  const visiting = new Visiting(app);
  await visiting.begin({ ...ASSIGNMENT, project: { id: "coffee" } });
  const [{ id }] = await store.drafts("anna");
  assert.ok(location.hash.startsWith(`#/visits/${id}/`));
  await store.startDraft(aDraft(), aTask());
  app.state.open = await openDraft({ id, personId: "anna", store, locks: null, onChange() {} });
  const late = visiting.notePosition("visit");
  await tellAll();
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
    set(news) { Object.assign(this.state, news); },
    async follow() {
      const [{ id }] = await store.drafts("anna");
      this.state.open = await openDraft({ id, personId: "anna", store, locks: null, onChange() {} });
    },
  };
  await new Visiting(app).begin({ ...ASSIGNMENT, project: { id: "coffee" } });
  await new Promise(setImmediate);
  assert.deepEqual(app.state.open.draft.positions, [NOTED]);
});

/** The app with Anna's visit open in it. */
async function anOpenVisit() {
  const store = await openStore(`position-${stores += 1}`);
  await store.startDraft(aDraft(), aTask());
  const open = await openDraft({ id: "visit", personId: "anna", store, locks: null, onChange() {} });
  const app = { store, state: { open, whereabouts: null }, set(news) { Object.assign(this.state, news); } };
  return { app, open, visiting: new Visiting(app) };
}

const turn = () => new Promise(setImmediate);
const near = (accuracy) => ({ ...HERE, coords: { ...HERE.coords, accuracy } });

test("what is known at once is noted at once, what is more accurate later takes its place, what is less does not", async () => {
  const asked = [];
  withGeolocation((tell, refuse, options) => asked.push({ tell, refuse, ...options }));
  const { app, open, visiting } = await anOpenVisit();
  const accuracies = () => open.draft.positions.map(({ accuracy_m: metres }) => metres);
  for (const [later, expected] of [[9, [9]], [4000, [9, 800]]]) {
    const noted = visiting.notePosition("visit");
    const [quick] = asked.splice(0);
    assert.equal(quick.enableHighAccuracy, false);
    quick.tell(near(800));
    await turn();
    assert.equal(accuracies().pop(), 800, "who finishes now has it");
    const [exact] = asked.splice(0);
    assert.equal(exact.enableHighAccuracy, true);
    exact.tell(near(later));
    await noted;
    assert.deepEqual([accuracies(), app.state.whereabouts], [expected, { id: "visit", why: null }]);
  }
});

test("without permission one is asked once and told why; indoors the more patient way is tried too", async () => {
  for (const [code, why, times] of [[1, "denied", 1], [3, "none", 2]]) {
    let asked = 0;
    withGeolocation((_, refuse) => {
      asked += 1;
      refuse({ code });
    });
    const { app, open, visiting } = await anOpenVisit();
    const noted = visiting.notePosition("visit");
    assert.equal(oddPosition(open, app.state.whereabouts.why), null, "nothing is said while it is looked for");
    await noted;
    assert.deepEqual([app.state.whereabouts, asked], [{ id: "visit", why }, times]);
    assert.deepEqual(oddPosition(open, why), { what: why });
  }
});

test("what is odd about a position is said in words: none, inaccurate, far from the outlet", () => {
  const outlet = { ...ASSIGNMENT.outlet, latitude: 55.7602, longitude: 37.61 };
  const at = (position, { where = outlet, ...more } = {}) => oddPosition({
    draft: { ...aDraft(), positions: position ? [position] : [], ...more.draft },
    task: { ...aTask(), assignment: { ...ASSIGNMENT, outlet: where }, ...more.task },
  });
  const words = (...what) => oddWords(at(...what));
  assert.equal(words(null), "No position was found. You can finish all the same.");
  assert.equal(words(NOTED), "1.1 km from the outlet. You can finish all the same.");
  assert.equal(words({ ...NOTED, lat: 55.755 }), "578 m from the outlet. You can finish all the same.");
  assert.equal(words({ ...NOTED, accuracy_m: 900 }), "Position accurate to 900 m only. You can finish all the same.");
  assert.match(oddWords({ what: "denied" }), /do not allow it/);
  assert.equal(at({ ...NOTED, lat: 55.76 }), null);
  assert.equal(at(NOTED, { where: { name: "North", latitude: null, longitude: null } }), null, "nobody knows where the outlet is");
  assert.equal(at(NOTED, { draft: { revision: 2 } }), null, "what was sent back is mended anywhere");
});

test("nothing is said of where a call is made", () => {
  const on = (channel) => ({ ...aTask(), project: { touchpoints: [{ id: "t", channel }, { id: "other", channel: "on_site" }] } });
  const said = (channel) => oddPosition({ draft: aDraft(), task: on(channel) });
  assert.deepEqual([said("phone"), said("on_site")], [null, { what: "none" }]);
});
