import assert from "node:assert/strict";
import { test } from "node:test";
import { keepOffline } from "../../inspector/phone/offline.js";

/**
 * The browser's service workers as far as the app asks them: one is active and says whether every file is here. Of the
 * locks that all tabs hold, `held` are the names.
 */
function withWorker({ complete, waiting = null, held = [], ...more }) {
  const active = {
    postMessage(_, [port]) {
      port.postMessage(complete);
      port.close();
    },
  };
  const sync = { names: [], register: async (name) => sync.names.push(name) };
  const registration = { active, waiting, sync, addEventListener() {}, update: async () => {} };
  const serviceWorker = { controller: active, addEventListener() {}, register: async () => registration };
  const locks = { query: async () => ({ held: held.map((name) => ({ name })) }) };
  Object.defineProperty(globalThis, "navigator", { value: { serviceWorker, locks, ...more }, configurable: true });
  return sync;
}

async function told({ complete = true, pictures = true, waiting = null }) {
  withWorker({ complete, waiting });
  return new Promise((done) => { keepOffline(done, async () => pictures); });
}

test("ready means that every file and every picture is on the phone", async () => {
  assert.deepEqual(await told({}), { ready: true, update: false });
  assert.equal((await told({ complete: false })).ready, false);
  assert.equal((await told({ pictures: false })).ready, false);
  assert.equal((await told({ waiting: {} })).update, true);
});

test("pictures that arrived later make it ready with the next look", async () => {
  withWorker({ complete: true });
  const said = [];
  let here = false;
  let next = () => {};
  const looked = () => new Promise((done) => { next = done; });
  const first = looked();
  const offline = keepOffline((state) => { said.push(state.ready); next(); }, async () => here);
  await first;
  here = true;
  const second = looked();
  offline.check();
  await second;
  assert.deepEqual(said, [false, true]);
});

test("a newer app waits while a visit is open in any tab, and is taken when none is", async () => {
  const did = [];
  const waiting = { postMessage: (words) => did.push(words) };
  for (const [held, expected] of [[["outbox", "draft v1"], []], [["outbox"], ["take over"]]]) {
    withWorker({ complete: true, waiting, held });
    const offline = await new Promise((done) => {
      const keeper = keepOffline(({ update }) => update && done(keeper), async () => true);
    });
    await offline.takeUpdate();
    assert.deepEqual(did, expected);
  }
});

test("without locks nobody knows what other tabs have open: the worker looks whether there are any", async () => {
  const did = [];
  withWorker({ complete: true, waiting: { postMessage: (words) => did.push(words) }, locks: undefined });
  const offline = await new Promise((done) => {
    const keeper = keepOffline(({ update }) => update && done(keeper), async () => true);
  });
  await offline.takeUpdate();
  assert.deepEqual(did, ["take over alone"]);
});

test("to be woken is asked for only where the browser knows that there is no network, and once a minute", async ({ mock }) => {
  let now = 1_000_000_000;
  mock.method(Date, "now", () => now);
  for (const [onLine, expected] of [[true, []], [undefined, []], [false, ["outbox"]]]) {
    const sync = withWorker({ complete: true, onLine });
    const offline = await new Promise((done) => { const keeper = keepOffline(() => done(keeper), async () => true); });
    offline.wakeLater();
    offline.wakeLater();
    assert.deepEqual(sync.names, expected);
    now += 61_000;
    offline.wakeLater();
    assert.deepEqual(sync.names, [...expected, ...expected]);
  }
});

test("the server is asked for a newer app once an hour, whatever becomes of the clock", async ({ mock }) => {
  let asked = 0;
  let now = 1_000_000_000;
  mock.method(Date, "now", () => now);
  withWorker({ complete: true });
  const registration = await navigator.serviceWorker.register();
  registration.update = async () => { asked += 1; };
  navigator.serviceWorker.register = async () => registration;
  const offline = await new Promise((done) => { const keeper = keepOffline(() => done(keeper), async () => true); });
  for (const [step, expected] of [[60_000, 0], [3_600_000, 1], [60_000, 1], [-86_400_000, 2], [60_000, 2]]) {
    now += step;
    offline.check();
    assert.equal(asked, expected);
  }
});

test("an address without service workers is never ready", async () => {
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  const said = [];
  keepOffline((state) => said.push(state), async () => true).check();
  await new Promise(setImmediate);
  assert.deepEqual(said, [{ ready: false, update: false }]);
});
