import assert from "node:assert/strict";
import { test } from "node:test";
import { keepOffline } from "../../inspector/phone/offline.js";

/** The browser's service workers as far as the app asks them: one is active and says whether every file is here. */
function withWorker({ complete, waiting = null }) {
  const active = {
    postMessage(_, [port]) {
      port.postMessage(complete);
      port.close();
    },
  };
  const registration = { active, waiting, addEventListener() {}, update: async () => {} };
  const serviceWorker = { controller: active, addEventListener() {}, register: async () => registration };
  Object.defineProperty(globalThis, "navigator", { value: { serviceWorker }, configurable: true });
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

test("an address without service workers is never ready", async () => {
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  let said = false;
  keepOffline(() => { said = true; }, async () => true).check();
  await new Promise(setImmediate);
  assert.equal(said, false);
});
