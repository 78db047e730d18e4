/** The app's start and who works in it, on a phone whose disk has lost something, that is full, or that two people share. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../../inspector/phone/store.js";
import { aDraft, ASSIGNMENT, aTask, putFinished, VERSION } from "./factories.js";
import { aPhone, aServer, pause, PERSON, started } from "./whole_app.js";

const annas = async (store) => {
  await store.saveSetting("person", PERSON("anna"));
  await store.startDraft(aDraft(), aTask());
};
const stored = async (key) => {
  const store = await openStore();
  const value = await store.setting(key);
  store.close();
  return value;
};

/** From now on the disk does not give the record `key` of `name`, nor any list with it. */
function lose(context, name, key) {
  const fail = () => Promise.reject(new DOMException("Failed to read large IndexedDB value", "DataError"));
  const { get, getAll } = IDBObjectStore.prototype;
  const ofIndex = IDBIndex.prototype.getAll;
  context.after(() => {
    Object.assign(IDBObjectStore.prototype, { get, getAll });
    IDBIndex.prototype.getAll = ofIndex;
  });
  IDBObjectStore.prototype.get = function lostOne(wanted) {
    return this.name === name && wanted === key ? fail() : get.call(this, wanted);
  };
  IDBObjectStore.prototype.getAll = function lostAll(...range) { return this.name === name ? fail() : getAll.apply(this, range); };
  IDBIndex.prototype.getAll = function lostAll(...range) { return this.objectStore.name === name ? fail() : ofIndex.apply(this, range); };
}

/** From now on nothing more fits on the phone; gives what makes room again. */
function fill(context) {
  const { put, add } = IDBObjectStore.prototype;
  const makeRoom = () => Object.assign(IDBObjectStore.prototype, { put, add });
  context.after(makeRoom);
  const full = () => { throw new DOMException("full", "QuotaExceededError"); };
  Object.assign(IDBObjectStore.prototype, { put: full, add: full });
  return makeRoom;
}

for (const [name, key] of [["work", "anna"], ["visits", "done"], ["drafts", "visit"]]) {
  test(`a record of ${name} that the disk has lost keeps back neither the app nor what it has to send`, async (context) => {
    const server = aServer("anna");
    await aPhone(async (store) => {
      await annas(store);
      await store.startDraft(aDraft({ id: "other" }), aTask({ id: "other" }));
      await store.saveWork({ person_id: "anna", etag: "old", body: { person: { id: "anna" }, assignments: [], checklist_versions: [] } });
      await putFinished(store, { id: "done", photoIds: [] });
      await putFinished(store, { id: "whole", photoIds: [], finishedAt: 2000 });
      await store.changeCopy(key, () => ({ id: key, person_id: "anna", device_id: "phone", kept_at: "14:02", missing: [], next_try_at: 0 }));
    });
    lose(context, name, key);
    const app = await started();
    assert.equal(app.state.fatal, null);
    await app.deliver({ asked: true });
    await app.keeping.keep({ asked: true });
    assert.ok(app.state.work.checklist_versions.length);
    assert.ok(server.calls.includes("PUT visits/whole"));
    assert.ok(server.calls.includes("PUT phone/drafts/other"), "its copy goes");
    // The server's copy of what was lost here may be all that is left of it.
    if (name !== "work") assert.ok(!server.calls.includes(`DELETE phone/drafts/${key}`));
  });
}

test("a visit whose checklist the disk has lost does not open and says so; the app goes on with its list", async (context) => {
  aServer("anna");
  await aPhone(annas);
  lose(context, "tasks", "visit");
  const app = await started("#/visits/visit/0");
  assert.deepEqual([app.state.fatal, app.state.open, location.hash, app.state.route.screen], [null, null, "#/", "assignments"]);
  assert.match(app.state.message.text, /lost a part of it/);
});

test("on a full phone somebody logs in all the same, sends, is told, and is remembered once there is room", async (context) => {
  const server = aServer(null);
  await aPhone(async (store) => {
    await store.saveSetting("person", PERSON("timur"));
    await putFinished(store, { id: "done", photoIds: [] });
  });
  const makeRoom = fill(context);
  const app = await started();
  await app.people.logIn({ email: "anna", password: "secret" });
  await pause(50);
  assert.equal(app.state.person.id, "anna");
  assert.match(app.state.message.text, /no room/);
  assert.ok(server.calls.includes("PUT visits/done"));
  assert.equal(await stored("person"), undefined, "who was here before is not who works here at the next start");
  makeRoom();
  await app.refresh();
  assert.equal((await stored("person")).id, "anna");
});

test("on a full phone somebody logs out; where the server could not be told, they are told", async (context) => {
  for (const [line, expected] of [[undefined, undefined], [() => { throw new TypeError("no line"); }, /to note that you logged out/]]) {
    const server = aServer("anna");
    await aPhone(annas);
    const app = await started();
    const makeRoom = fill(context);
    server.on["DELETE session"] = line;
    await app.people.logOut();
    assert.deepEqual([app.state.person, await stored("person")], [null, undefined]);
    assert.equal(server.who, line ? "anna" : null);
    if (expected) assert.match(app.state.login.error.detail, expected);
    else assert.equal(app.state.login.error, null);
    makeRoom();
    // The next look for a login ends it, instead of taking the person in again.
    server.on = {};
    await app.refresh();
    assert.deepEqual([app.state.person, server.who], [null, null]);
  }
});

test("who logs in while another's visit is open gets an empty list and then their own", async () => {
  const server = aServer(null);
  server.work = (who) => ({ assignments: [{ ...ASSIGNMENT, id: who, project: { id: "p" } }], checklist_versions: [VERSION], projects: [], limits: {} });
  await aPhone(async (store) => {
    await annas(store);
    await putFinished(store, { id: "done", photoIds: [] });
    await store.saveWork({ person_id: "anna", etag: "old", body: { ...server.work("anna"), person: { id: "anna" } } });
  });
  const app = await started("#/visits/visit/0");
  assert.equal(app.state.open.draft.id, "visit");
  const ofOthers = [];
  const { set } = app;
  app.set = (news) => {
    set.call(app, news);
    const { person, drafts, visits, work } = app.state;
    const owners = [...drafts, ...visits].map((each) => each.person_id).concat(work?.assignments.map(({ id }) => id) ?? []);
    if (person?.id !== "anna") ofOthers.push(...owners.filter((owner) => owner !== "timur"));
  };
  server.on["GET /phone/translations/ru.json"] = () => pause(200);
  app.wishedLanguage = "ru";
  await app.people.logIn({ email: "timur", password: "secret" });
  await pause(50);
  assert.deepEqual([app.state.fatal, app.state.person.id, app.state.open], [null, "timur", null]);
  assert.deepEqual(ofOthers, []);
  assert.deepEqual(app.state.work.assignments.map(({ id }) => id), ["timur"]);
});

test("a log-out that takes its time does not end the next person's login", async () => {
  for (const slow of ["DELETE session", "the push service"]) {
    const server = aServer("anna");
    await aPhone(async (store) => {
      await annas(store);
      await store.saveSetting("notices", { person_id: "anna", told_at: Date.now() });
    });
    const app = await started();
    globalThis.caches = { delete: async () => true };
    navigator.serviceWorker = { getRegistration: () => server.on["the push service"]?.() };
    server.on[slow] = () => pause(300);
    const leaving = app.people.logOut();
    await pause(100);
    assert.equal(app.state.person, null);
    assert.ok(server.calls.includes("DELETE session"), "the server is told before anybody else can come");
    assert.ok(!server.calls.includes("DELETE phone/notices"), "what ends the login ends the notices, in one call");
    await app.people.logIn({ email: "timur", password: "secret" });
    await leaving;
    await pause(350);
    assert.deepEqual([server.who, app.state.person.id], ["timur", "timur"]);
    assert.ok(!app.state.login.wanted);
  }
});

test("an answer that comes when another tab has just logged out brings nobody back", async () => {
  const server = aServer("anna");
  await aPhone(annas);
  const app = await started();
  server.on["GET phone/work"] = async () => {
    const other = await openStore();
    await other.saveSetting("logged_out", "anna");
    await other.saveSetting("person", null);
    other.close();
  };
  await app.refresh();
  assert.equal(await stored("person"), undefined);
});

test("without a network the browser is asked to wake the app, and what is finished goes when it does", async () => {
  const server = aServer("anna");
  await aPhone(async (store) => {
    await annas(store);
    await putFinished(store, { id: "done", photoIds: [] });
  });
  const noLine = () => { throw new TypeError("no line"); };
  server.on = { "GET session": noLine, "GET phone/work": noLine };
  const asked = [];
  const words = [];
  const sync = { register: async (name) => asked.push(name) };
  await started("#/", { onLine: false, serviceWorker: {
    controller: null, addEventListener: (name, act) => name === "message" && words.push(act), getRegistration: async () => null,
    register: async () => ({ active: null, waiting: null, sync, addEventListener() {}, update: async () => {} }),
  } });
  assert.deepEqual(asked, ["outbox"]);
  server.on = {};
  words.forEach((act) => act({ data: "deliver" }));
  await pause(100);
  assert.ok(server.calls.includes("PUT visits/done"));
});
