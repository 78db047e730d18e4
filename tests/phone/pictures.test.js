import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../inspector/phone/api.js";
import { fetchPictures, hasPictures, neededBy, picturesOf } from "../../inspector/phone/pictures.js";
import { openStore } from "../../inspector/phone/store.js";
import { asked, aVersion } from "./factories.js";
import { returnedWork } from "./returned.js";
import { noLine, portal, refusal } from "./server.js";

const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0]);
let stores = 0;

const jpeg = (bytes = JPEG) => new Response(bytes, { headers: { "Content-Type": "image/jpeg" } });
const workWith = (...pictures) => ({
  person: { id: "anna" }, assignments: [], checklist_versions: [aVersion({ desk: [asked("wait", "measure", { pictures })], door: [asked("clean", "states", { pictures })] })] });

/** A phone whose server answers with what `reply(path)` gives; `asked` lists the paths that were asked for. */
async function aPhone(reply) {
  const store = await openStore(`pictures-${stores += 1}`);
  const paths = [];
  const send = async (path, { headers }) => {
    paths.push(path);
    const said = await reply(path, headers);
    if (said instanceof Error) throw said;
    return said;
  };
  const api = createApi({ send });
  const fetchAll = async (work) => {
    await store.saveWork({ person_id: "anna", etag: "e", body: work, fetched_at: 1 });
    await fetchPictures({ store, api, work });
  };
  return { store, paths, fetchAll };
}

test("each reference picture is fetched once, and the phone is ready only with all of them", async () => {
  const { store, paths, fetchAll } = await aPhone(() => jpeg());
  const work = workWith("g1", "g2");
  assert.deepEqual(picturesOf(work.checklist_versions), ["g1", "g2"]);
  assert.ok(!(await hasPictures(store, work)));
  await fetchAll(work);
  await fetchAll(work);
  assert.deepEqual(paths, ["/api/v1/pictures/g1", "/api/v1/pictures/g2"]);
  assert.ok(await hasPictures(store, work));
  assert.ok(await hasPictures(store, null));
  assert.deepEqual((await store.pictures(["g1", "g2"])).map(({ bytes }) => bytes.byteLength), [4, 4]);
});

test("a line that breaks leaves what was there, and the rest comes with the next look", async () => {
  for (const trouble of [noLine, portal, () => refusal("/api/v1/pictures/g2", 401), () => refusal("/api/v1/pictures/g2", 429)]) {
    let broken = true;
    const { store, paths, fetchAll } = await aPhone((path) => (broken && path.endsWith("g2") ? trouble() : jpeg()));
    const work = workWith("g1", "g2", "g3");
    await fetchAll(work);
    assert.deepEqual([await store.pictureIds(), paths.length], [["g1"], 2]);
    assert.ok(!(await hasPictures(store, work)));
    broken = false;
    await fetchAll(work);
    assert.ok(await hasPictures(store, work));
  }
});

test("a picture that the server cannot give now keeps back no other, and is asked for again before the phone is ready", async () => {
  for (const trouble of [404, 403, 503]) {
    let isAway = true;
    const { store, paths, fetchAll } = await aPhone((path) => (isAway && path.endsWith("1") ? refusal(path, trouble) : jpeg()));
    const work = { ...returnedWork(), checklist_versions: workWith("g1", "g2").checklist_versions };
    await fetchAll(work);
    assert.deepEqual([await store.pictureIds(), paths.length], [["g2"], 4]);
    assert.ok(!(await hasPictures(store, work)));
    isAway = false;
    await fetchAll(work);
    assert.ok(await hasPictures(store, work));
    assert.deepEqual((await store.pictures(["g1", "g2"])).length, 2);
  }
});

test("somebody else's login, which has no such pictures, is not asked for this person's", async () => {
  let who = "anna";
  const { store, fetchAll } = await aPhone((path, headers) => {
    if (path.endsWith("g2")) who = "timur";
    const meant = headers["Expect-Person"] ?? who;
    return meant === who ? (who === "anna" ? jpeg() : refusal(path, 404)) : refusal(path, 401);
  });
  const work = workWith("g1", "g2", "g3");
  await fetchAll(work);
  assert.deepEqual(await store.pictureIds(), ["g1"]);
  assert.ok(!(await hasPictures(store, work)));
});

test("a picture that nobody can see, or that was erased, is neither waited for nor asked for again", async () => {
  const unseen = () => new Response("?", { headers: { "Content-Type": "application/octet-stream" } });
  for (const never of [unseen, (path) => refusal(path, 410)]) await asksOnce(never);
});

async function asksOnce(never) {
  const { store, paths, fetchAll } = await aPhone((path) => (path.endsWith("g1") ? never(path) : jpeg()));
  const work = workWith("g1", "g2");
  await fetchAll(work);
  await fetchAll(work);
  assert.equal(paths.length, 2);
  assert.ok(await hasPictures(store, work));
  assert.deepEqual((await store.pictures(["g1", "g2"])).map(({ id }) => id), ["g2"]);
}

test("pictures of a checklist that is not needed any more are dropped", async () => {
  const { store, fetchAll } = await aPhone(() => jpeg());
  await fetchAll(workWith("g1", "g2"));
  await fetchAll(workWith("g2", "g3"));
  assert.deepEqual(await store.pictureIds(), ["g2", "g3"]);
});

test("small pictures of a returned visit's photos come along; one that cannot be small, or seen, has none", async () => {
  const sizes = { p1: 4, p2: 300_000 };
  const { store, paths, fetchAll } = await aPhone((path) => {
    const id = /photos\/(\w+)/.exec(path)[1];
    if (id === "p3") return new Response("?", { headers: { "Content-Type": "application/octet-stream" } });
    const bytes = new Uint8Array(sizes[id]);
    bytes.set(JPEG);
    return jpeg(bytes);
  });
  const work = returnedWork({ received: { p1: true, p2: false } });
  const { visit } = work.assignments[0];
  visit.photos.push({ ...visit.photos[0], id: "p3" });
  await fetchAll(work);
  assert.deepEqual(paths, ["/api/v1/photos/p1?size=thumbnail", "/api/v1/photos/p3?size=thumbnail"]);
  visit.photos[1].received = true;
  await fetchAll(work);
  await fetchAll(work);
  assert.equal(paths.length, 3);
  assert.deepEqual((await store.previews("visit")).map(({ id, bytes }) => [id, bytes?.byteLength ?? null]), [["p1", 4], ["p2", null], ["p3", null]]);
});

test("what is kept: all that tasks, drafts, unsent and returned visits need", () => {
  const [version] = workWith("g1").checklist_versions;
  const [other] = workWith("g2").checklist_versions;
  const { pictures, visits } = neededBy({
    works: [{ body: { ...returnedWork(), checklist_versions: [version] } }, { body: { assignments: [{ visit: null }] } }],
    tasks: [{ version: other }], drafts: [{ id: "begun" }],
    visits: [{ id: "unsent", delivered: false }, { id: "arrived", delivered: true }],
  });
  assert.deepEqual([...pictures].sort(), ["g1", "g2"]);
  assert.deepEqual([...visits].sort(), ["begun", "unsent", "visit"]);
});
