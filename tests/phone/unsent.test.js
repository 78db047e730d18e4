import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../inspector/phone/photos.js";
import { openStore, openStoreAsItIs } from "../../inspector/phone/store.js";
import { collectUnsent } from "../../inspector/phone/unsent.js";
import { crc32, createZip } from "../../inspector/phone/zip.js";
import { aDraft, aPhoto, aTask, filledIn, putFinished } from "./factories.js";

const ANNA = { id: "anna", name: "Anna Petrova" };
const NOW = new Date(2026, 10, 22, 14, 5);
const words = (text) => new TextEncoder().encode(text);

let stores = 0;
const aStore = () => openStore(`unsent-${stores += 1}`);
const collect = (store, more = {}) => collectUnsent({ store, person: ANNA, deviceId: "d", appVersion: "v", now: NOW, ...more });

// What another program finds in it: {name: text}, its check of every CRC, and the time that it shows.
async function unpacked(blob) {
  const file = join(mkdtempSync(join(tmpdir(), "zip-")), "file.zip");
  writeFileSync(file, Buffer.from(await blob.arrayBuffer()));
  const script = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as opened:
    assert opened.testzip() is None
    infos = opened.infolist()
    assert {each.compress_type for each in infos} <= {zipfile.ZIP_STORED}
    names = {each.filename: opened.read(each).decode("latin-1") for each in infos}
    print(json.dumps({"names": names, "times": sorted({each.date_time for each in infos})}))
`;
  return JSON.parse(execFileSync("python3", ["-c", script, file], { maxBuffer: 1e8 }));
}

async function draftWithPhoto(store, id = "begun") {
  const { line, bytes } = await aPhoto(`${id}-photo`);
  const draft = filledIn({ id }, [line]);
  await store.startDraft(aDraft({ id }), aTask({ id }));
  await store.savePhoto(draft, { id: line.id, visit_id: id, bytes, media_type: line.media_type, sha256: line.sha256 }, null);
}

test("a ZIP is read by another program, byte for byte", async () => {
  const zip = createZip(NOW);
  zip.add("visits/Утро/report.json", words("{}").buffer);
  zip.add("empty", new Uint8Array());
  zip.add("all bytes", Uint8Array.from({ length: 256 }, (_, byte) => byte));
  const size = zip.size();
  const blob = zip.close();
  assert.equal(blob.size, size);
  const { names, times } = await unpacked(blob);
  assert.deepEqual(Object.keys(names), ["visits/Утро/report.json", "empty", "all bytes"]);
  assert.equal(names["all bytes"].length, 256);
  assert.deepEqual(times, [[2026, 11, 22, 14, 5, 0]]);
});

test("the CRC is that of the check value", () => {
  assert.equal(crc32(words("123456789")), 0xcbf43926);
});

test("more than a plain ZIP holds is refused", () => {
  const zip = createZip(NOW);
  for (let entry = 0; entry < 0xffff; entry += 1) zip.add("a", new Uint8Array());
  assert.throws(() => zip.add("one more", new Uint8Array()), RangeError);
});

test("a finished visit, a begun one and their photos are in the file as they lie on the phone", async () => {
  const store = await aStore();
  await putFinished(store);
  await draftWithPhoto(store);
  const steps = [];
  const { files, size, filed, ...counts } = await collect(store, { onStep: (step) => steps.push(step) });
  assert.deepEqual(counts, { visits: 1, drafts: 1, photos: 3, lost: 0 });
  assert.deepEqual(filed, [{ id: "visit", revision: 1, photos: ["p1", "p2"] }]);
  assert.deepEqual(steps, [1, 2, 3].map((part) => ({ part, parts: 3 })));
  assert.deepEqual(files.map(({ name }) => name), ["unsent-2026-11-22-1405.zip"]);
  assert.equal(files[0].blob.size, size);
  const { names } = await unpacked(files[0].blob);
  const manifest = JSON.parse(names["manifest.json"]);
  assert.deepEqual(
    [manifest.format, manifest.device_id, manifest.app_version, manifest.person], ["service-audit-unsent/1", "d", "v", ANNA]);
  const [visit] = manifest.visits;
  const report = await store.report("visit");
  assert.deepEqual([visit.id, visit.revision, visit.sha256], ["visit", 1, await sha256(report)]);
  assert.equal(names[visit.report], Buffer.from(report).toString("latin1"));
  assert.deepEqual(visit.photos.map((photo) => [photo.id, photo.size, names[photo.file]]), [["p1", 2, "p1"], ["p2", 2, "p2"]]);
  const [draft] = manifest.drafts;
  assert.deepEqual([draft.id, draft.assignment_id, draft.revision, draft.device_id], ["begun", "a1", 1, "d"]);
  assert.equal(draft.sha256, await sha256(Buffer.from(names[draft.file], "latin1")));
  const body = JSON.parse(names[draft.file]);
  assert.deepEqual([body.draft.id, body.version.id], ["begun", "version"]);
  assert.deepEqual(draft.photos.map(({ file }) => names[file]), ["begun-photo"]);
});

test("nothing on the phone is changed, and what has arrived or is another person's is left out", async () => {
  const store = await aStore();
  await putFinished(store, { id: "arrived", photoIds: ["a"] });
  await store.changeVisit("arrived", (visit) => ({ ...visit, delivered: true }));
  await putFinished(store, { id: "boriss", personId: "boris", photoIds: ["b"] });
  await putFinished(store, { id: "parked", photoIds: ["c"] });
  await store.changeVisit("parked", (visit) => ({ ...visit, parked: { status: 403, detail: null } }));
  const before = await store.visits("anna");
  const { files } = await collect(store);
  const manifest = JSON.parse((await unpacked(files[0].blob)).names["manifest.json"]);
  assert.deepEqual(manifest.visits.map(({ id }) => id), ["parked"]);
  assert.deepEqual(await store.visits("anna"), before);
  assert.ok(await store.report("parked"));
});

test("what mail does not take in one piece is spread over several files, each whole", async () => {
  const store = await aStore();
  await putFinished(store, { photoIds: ["p1", "p2", "p3"] });
  const { files } = await collect(store, { largest: 10 });
  assert.deepEqual(files.map(({ name }) => name), [1, 2, 3].map((part) => `unsent-2026-11-22-1405-${part}.zip`));
  for (const [place, { blob }] of files.entries()) {
    const { names } = await unpacked(blob);
    const { visits: [visit] } = JSON.parse(names["manifest.json"]);
    assert.ok(names[visit.report]);
    assert.deepEqual(visit.photos.map(({ id }) => id), [`p${place + 1}`]);
  }
});

test("what is lost is counted, and does not keep back the rest", async () => {
  const store = await aStore();
  await putFinished(store);
  const broken = { ...store, photo: (id) => (id === "p1" ? undefined : store.photo(id)) };
  const { files, photos, lost } = await collect(broken);
  assert.deepEqual([photos, lost], [1, 1]);
  const { visits: [visit] } = JSON.parse((await unpacked(files[0].blob)).names["manifest.json"]);
  assert.deepEqual(visit.photos.map(({ file }) => Boolean(file)), [false, true]);
  await draftWithPhoto(store);
  const damaged = { ...store, photo: () => Promise.reject(new DOMException("", "NotReadableError")) };
  const { visits: whole, lost: unread } = await collect(damaged);
  assert.deepEqual([whole, unread], [1, 3]);
  const unreadable = { ...store, report: async () => undefined };
  const { visits, drafts, lost: gone } = await collect(unreadable);
  assert.deepEqual([visits, drafts, gone], [0, 1, 1]);
});

test("with nothing unsent there is no file", async () => {
  assert.deepEqual((await collect(await aStore())).files, []);
});

test("a store that a newer app has made is read as it is, and none is made where there is none", async () => {
  const name = "newer";
  const store = await openStore(name);
  await putFinished(store);
  store.close();
  await new Promise((done, failed) => {
    const request = indexedDB.open(name, 99);
    request.onsuccess = () => done(request.result.close());
    request.onerror = failed;
  });
  await assert.rejects(openStore(name), { name: "VersionError" });
  assert.equal((await collect(await openStoreAsItIs(name))).visits, 1);
  await assert.rejects(openStoreAsItIs("nothing here"));
  assert.deepEqual((await indexedDB.databases()).filter((each) => each.name === "nothing here"), []);
});
