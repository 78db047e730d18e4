import assert from "node:assert/strict";
import { createHash, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

const SOURCE = readFileSync(new URL("../../inspector/phone/service-worker.js", import.meta.url), "utf8");
const HOME = "https://audit.example/phone/";
const OWN = { "": "the page", "app.js": "the app" };
const hashOf = (text) => createHash("sha256").update(text).digest("hex");

/**
 * The worker of the files `own`, in a browser whose server has `there`, once `line` has carried it; `caches` is what the
 * browser keeps, `pages` the addresses that are open. `others` are the workers {installing, waiting} beside it.
 */
function aWorker({ version = "2", own = OWN, there = own, caches = new Map(), line = null, pages = [], others = {} } = {}) {
  const hears = {};
  const did = [];
  const clients = pages.map((path) => (
    { url: new URL(path, HOME).href, postMessage: (word) => did.push(`${path} hears ${word}`) }));
  const scope = {
    location: new URL("service-worker.js", HOME), addEventListener: (name, act) => { hears[name] = act; },
    skipWaiting: () => did.push("taken over"), clients: { claim: async () => {}, matchAll: async () => clients },
    registration: { installing: null, waiting: null, showNotification: () => did.push("a notice"), ...others },
  };
  const open = async (name) => {
    const files = caches.get(name) ?? caches.set(name, new Map()).get(name);
    return { put: async (path, response) => files.set(path, response), match: async (path) => files.get(path) };
  };
  const fetch = async (path) => {
    await line;
    const text = there[path.replace("/phone/", "")];
    return new Response(text ?? "", { status: text === undefined ? 404 : 200 });
  };
  const app = { version, files: Object.fromEntries(Object.entries(own).map(([path, text]) => [path, hashOf(text)])) };
  runInNewContext(SOURCE, {
    APP: app, self: scope, URL, Uint8Array, crypto: webcrypto, fetch,
    caches: {
      open, keys: async () => [...caches.keys()], delete: async (name) => caches.delete(name),
      match: async (path, { cacheName }) => (await open(cacheName)).match(path),
    },
  });
  const happens = async (name, more = {}) => {
    const waits = [];
    hears[name]({ ...more, waitUntil: (work) => waits.push(work) });
    await Promise.all(waits);
  };
  const touches = (method, address) => {
    let touched = false;
    const request = { method, url: new URL(address, HOME).href };
    hears.fetch({ request, respondWith: (answer) => { touched = true; Promise.resolve(answer).catch(() => {}); } });
    return touched;
  };
  return { did, caches, happens, touches };
}

test("it touches GET of the app's own files, and no other request", () => {
  const { touches } = aWorker();
  for (const [method, address, expected] of [
    ["GET", "./", true], ["GET", "app.js", true], ["GET", "app.js?again", true],
    ["PUT", "app.js", false], ["POST", "./", false], ["HEAD", "./", false],
    ["PUT", "/api/v1/visits/v", false], ["PATCH", "/api/v1/photos/p", false], ["GET", "/api/v1/session", false],
    ["GET", "https://elsewhere.example/phone/app.js", false],
  ]) assert.equal(touches(method, address), expected, `${method} ${address}`);
});

test("all files or none: one that is missing or of another version leaves the app before as it was", async () => {
  for (const there of [{ "": "the page" }, { ...OWN, "app.js": "the app of another release" }]) {
    const { caches, happens } = aWorker({ there, caches: new Map([["phone 1", new Map()]]) });
    await assert.rejects(happens("install"), /of another version, or not there/);
    assert.deepEqual([...caches.keys()], ["phone 1"]);
  }
  const { caches, happens } = aWorker();
  await happens("install");
  assert.deepEqual([...caches.get("phone 2").keys()].sort(), ["/phone/", "/phone/app.js"]);
});

test("a new worker waits until it is told to take over, and only then the files of the old one go", async () => {
  const { did, caches, happens } = aWorker({ caches: new Map([["phone 1", new Map()], ["notices", new Map()]]) });
  await happens("install");
  assert.deepEqual([did, [...caches.keys()]], [[], ["phone 1", "notices", "phone 2"]]);
  await happens("message", { data: "take over" });
  await happens("activate");
  assert.deepEqual([did, [...caches.keys()]], [["taken over"], ["notices", "phone 2"]]);
});

test("whether every file is here is looked up, not remembered", async () => {
  const { caches, happens } = aWorker();
  await happens("install");
  const isComplete = async () => {
    const said = [];
    await happens("message", { data: "complete?", ports: [{ postMessage: (answer) => said.push(answer) }] });
    return said;
  };
  assert.deepEqual(await isComplete(), [true]);
  caches.get("phone 2").delete("/phone/app.js");
  assert.deepEqual(await isComplete(), [false]);
});

test("a release that the server went back to, and that cannot be fetched again, stays whole where it is in use", async () => {
  const { caches, happens } = aWorker();
  await happens("install");
  await happens("activate");
  await assert.rejects(aWorker({ there: { "": "the page" }, caches }).happens("install"), /not there/);
  assert.deepEqual([...caches.get("phone 2").keys()].sort(), ["/phone/", "/phone/app.js"]);
});

const filesOf = (caches) => [...caches].map(([name, files]) => `${name}: ${files.size}`);

/** The next version, whose files are on the way; `arrive()` lets them come. */
function aNextOne(caches) {
  let arrive;
  const line = new Promise((done) => { arrive = done; });
  return { ...aWorker({ version: "3", own: { "": "the next page", "app.js": "the next app" }, caches, line }), arrive };
}

test("an update that is taken while the next one still fetches its files leaves them alone", async () => {
  const caches = new Map([["phone 1", new Map()]]);
  await aWorker({ caches }).happens("install");
  const next = aNextOne(caches);
  const installing = next.happens("install");
  await new Promise(setImmediate);
  await aWorker({ caches, others: { installing: {} } }).happens("activate");
  next.arrive();
  await installing;
  await next.happens("activate");
  assert.deepEqual(filesOf(caches), ["phone 3: 2"]);
});

test("files that were put where nobody finds them are no installation", async () => {
  const caches = new Map();
  const next = aNextOne(caches);
  const installing = next.happens("install");
  await new Promise(setImmediate);
  caches.delete("phone 3");
  next.arrive();
  await assert.rejects(installing, /gone again/);
  assert.deepEqual(filesOf(caches), []);
});

test("files that the browser has thrown away are taken again when somebody asks whether all are here", async () => {
  const { caches, happens } = aWorker();
  const said = [];
  const ask = () => happens("message", { data: "complete?", ports: [{ postMessage: (answer) => said.push(answer) }] });
  await Promise.all([ask(), ask()]);
  await ask();
  assert.deepEqual(said, [false, false, true]);
  assert.deepEqual(filesOf(caches), ["phone 2: 2"]);
});

test("when there is a network again open pages are woken; where none is open nothing is sent and nothing shown", async () => {
  for (const [pages, expected] of [
    [["./", "./#/visits/v/0", "/projects/"], ["./ hears deliver", "./#/visits/v/0 hears deliver"]],
    [["/projects/"], []],
  ]) {
    const { did, happens } = aWorker({ pages });
    await happens("sync", { tag: "outbox" });
    assert.deepEqual(did, expected);
  }
});

test("without locks a new worker takes over only from the one page that there is", async () => {
  for (const [pages, expected] of [[["./"], ["taken over"]], [["./", "./#/visits/v/0"], []]]) {
    const { did, happens } = aWorker({ pages });
    await happens("message", { data: "take over alone" });
    assert.deepEqual(did, expected);
  }
});
