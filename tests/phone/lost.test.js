import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCopies } from "../../inspector/phone/copies.js";
import { neededBy } from "../../inspector/phone/pictures.js";
import { openStore } from "../../inspector/phone/store.js";
import { aDraft, aPhoto, aTask, putFinished } from "./factories.js";
import { aPhone, begin, DRAFTS } from "./keeper.js";

let stores = 0;
const puts = (server) => server.requests.filter(({ method }) => method === "PUT").map(({ path }) => path.split(DRAFTS)[1]);

/** While `act` runs the disk has lost a part of the record `id` of the store `name`. */
async function losing(name, id, act) {
  const places = [[IDBObjectStore, (place) => place.name], [IDBIndex, (place) => place.objectStore.name]];
  const undo = places.flatMap(([{ prototype }, nameOf]) => ["get", "getAll"].map((method) => {
    const ask = prototype[method];
    prototype[method] = function lost(key) {
      const request = ask.call(this, key);
      // Who asks for all asks for this one as well.
      if (nameOf(this) === name && (method === "getAll" || key === id)) fail(request);
      return request;
    };
    return () => { prototype[method] = ask; };
  }));
  try {
    return await act();
  } finally {
    for (const each of undo) each();
  }
}

// As a browser does: the request fails, and its transaction with it.
function fail(request) {
  const listeners = [];
  request.addEventListener("success", () => {
    Object.defineProperty(request, "error", { value: new DOMException("Data lost due to missing file.", "NotReadableError") });
    for (const each of listeners) each();
    request.transaction.abort();
  });
  request.addEventListener = (type, listener) => type === "error" && listeners.push(listener);
}

async function twoBegun(phone) {
  for (const [id, photo] of [["v1", "p1"], ["v2", "p2"]]) await (await begin(phone.store, [photo], id)).close();
}

test("a photo that the disk has lost does not keep back the copies of those behind it", async () => {
  const phone = await aPhone();
  await twoBegun(phone);
  await losing("photos", "p1", async () => {
    assert.equal((await phone.keep()).state, "rest");
    assert.deepEqual(puts(phone.server), ["v1", "v2", "v2/photos/p2"]);
    assert.equal((await phone.keep({ asked: true })).state, "rest");
    assert.equal(puts(phone.server).length, 3, "it is not tried without end");
  });
  assert.deepEqual([(await phone.copy("v1")).missing, (await phone.copy("v2")).photos], [["p1"], ["p2"]]);
});

for (const name of ["drafts", "tasks"]) {
  test(`what the disk has lost of ${name} does not keep back the copies of other visits, and is asked for again later`, async () => {
    const phone = await aPhone();
    await twoBegun(phone);
    await losing(name, "v1", async () => {
      for (const asked of [false, true]) assert.ok(["rest", "wait"].includes((await phone.keep({ asked })).state));
      assert.deepEqual(puts(phone.server), ["v2", "v2/photos/p2"]);
    });
    phone.clock.now += 600_000;
    assert.equal((await phone.keep()).state, "rest");
    assert.deepEqual((await phone.copy("v1")).photos, ["p1"]);
  });
}

test("the server's copy of a draft that the disk has lost stays: nothing else is left of it", async () => {
  for (const name of ["drafts", "tasks"]) {
    const phone = await aPhone();
    await twoBegun(phone);
    await phone.keep();
    const { store, parts, server } = phone;
    await losing(name, "v1", async () => {
      await createCopies(parts).keep({ personId: "anna", asked: true });
    });
    assert.ok(server.requests.every(({ method }) => method === "PUT"));
    assert.equal((await store.copies("anna")).length, 2);
  }
});

test("one draft of which the disk has lost a part does not keep back the others", async () => {
  const phone = await aPhone();
  for (const id of ["lost", "whole"]) await (await begin(phone.store, [], id)).close();
  const drafts = async () => (await phone.store.drafts("anna")).map(({ id }) => id);
  assert.deepEqual(await losing("drafts", "lost", drafts), ["whole"]);
  assert.deepEqual(await drafts(), ["lost", "whole"]);
});

test("a copy's line that the disk has lost is made anew", async () => {
  const phone = await aPhone();
  await twoBegun(phone);
  await phone.keep();
  await losing("copies", "v1", async () => {
    assert.deepEqual((await phone.store.copies("anna")).map(({ id }) => id), ["v2"]);
    await phone.store.changeCopy("v1", (copy) => ({ id: "v1", person_id: "anna", was: copy }));
  });
  assert.equal((await phone.copy("v1")).was, null);
});

test("a visit that the disk has lost does not end the planning of copies, and none of its own is dropped", async () => {
  const phone = await aPhone();
  await twoBegun(phone);
  await phone.keep();
  await putFinished(phone.store, { id: "v3", photoIds: ["p3"] });
  await phone.store.changeCopy("v3", () => ({ id: "v3", person_id: "anna", revision: 1, device_id: "first", next_try_at: 0 }));
  await losing("visits", "v3", () => phone.keep({ asked: true }));
  assert.equal((await phone.store.copies("anna")).length, 3);
  assert.ok(phone.server.requests.every(({ method }) => method === "PUT"));
});

async function aStore() {
  const store = await openStore(`lost-${stores += 1}`);
  for (const id of ["v1", "v2"]) {
    await store.startDraft(aDraft({ id }), aTask({ id }));
    const { line, bytes } = await aPhoto(`p ${id}`);
    await store.savePhoto(aDraft({ id }), { id: line.id, visit_id: id, bytes }, { id: line.id, visit_id: id, bytes });
  }
  return store;
}

test("what was discarded goes, though the disk has lost another draft, or what one's revision before awaits", async () => {
  for (const [name, lost] of [["drafts", "v1"], ["visits", "v1"]]) {
    const store = await aStore();
    for (const id of ["v1", "v2"]) await store.discard(id, 1000);
    await losing(name, lost, () => store.dropDiscarded(2000));
    const { drafts } = await store.begun("anna");
    assert.deepEqual(drafts.map(({ id }) => id), ["v1"], name);
    assert.deepEqual([Boolean(await store.photo("p v1")), Boolean(await store.photo("p v2"))], [true, false], name);
  }
});

test("one that was taken back in that moment does not go", async () => {
  const store = await aStore();
  await store.discard("v1", 1000);
  const dropping = store.dropDiscarded(2000);
  await store.takeBack("v1");
  await dropping;
  assert.equal((await store.drafts("anna")).length, 2);
});

test("pictures that nobody needs go, though the disk has lost a draft or a task; the small pictures of that visit stay", async () => {
  for (const name of ["drafts", "tasks", "visits", "work"]) {
    const store = await aStore();
    await store.savePicture({ id: "old", bytes: null });
    await store.savePreview({ id: "gone", visit_id: "nobody's", bytes: null });
    await losing(name, "v1", () => store.dropPictures(neededBy));
    assert.deepEqual(await store.pictureIds(), [], name);
    assert.deepEqual([(await store.previews("v1")).length, (await store.previews("nobody's")).length], [1, 0], name);
  }
});
