import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf, nextCopyStep } from "../../inspector/phone/copies.js";
import { openDraft } from "../../inspector/phone/draft.js";
import { sha256 } from "../../inspector/phone/photos.js";
import { goOnHere, offers, readCopy, restore, showFound, unknownElsewhere, withOthers } from "../../inspector/phone/restoring.js";
import { markMissing } from "../../inspector/phone/revisions.js";
import { inAnswer } from "../../inspector/phone/photo_places.js";
import { answerOf } from "../../inspector/phone/visit.js";
import { aDraft, aPhoto, ASSIGNMENT, aTask, filledIn, LIMITS, putFinished, VERSION } from "./factories.js";
import { aPhone, begin, DRAFTS } from "./keeper.js";
import { noLine, once, refusal } from "./server.js";

const ELSEWHERE = { request: (_name, { ifAvailable }, work) => (ifAvailable ? work(null) : new Promise(() => {})) };
const NOBODY = new Map();
const WORK = { assignments: [ASSIGNMENT], checklist_versions: [VERSION], limits: LIMITS };

/** What another phone gets of the first one's copy. */
async function restored({ server, first, change = (line) => line, deviceId = "second" }) {
  const second = await aPhone({ server, deviceId });
  const [kept] = [...server.copies.values()];
  const line = change({ ...kept, visit_id: "visit", system: "Pixel" });
  const steps = [];
  const outcome = await restore({
    store: second.store, api: second.api, personId: "anna", work: WORK, line, lines: [line],
    task: (assignment, version) => ({ id: "visit", assignment, version, limits: LIMITS }),
    makePreview: async () => null, onStep: (step) => steps.push(step),
  });
  return { ...second, outcome, line, steps, first };
}

async function keptByFirst(photoIds = ["p1", "p2"]) {
  const first = await aPhone();
  const session = await begin(first.store, photoIds);
  session.change((draft) => ({ ...draft, outlet_name: "North, as it was left" }));
  await session.flush();
  await first.keep();
  return { first, session, server: first.server };
}

test("another phone goes on with it: the same draft under the same id, and the bytes of its photos", async () => {
  const { first, session, server } = await keptByFirst();
  const { store, outcome, steps } = await restored({ server, first });
  assert.equal(outcome.kind, "ok");
  const { draft, task } = await store.draft("visit", "anna");
  assert.deepEqual(
    [draft.id, draft.answers, changesOf(draft), task.version.id, draft.elsewhere],
    ["visit", session.draft.answers, changesOf(session.draft), "version", { first: changesOf(session.draft) }]);
  for (const id of ["p1", "p2"]) assert.equal(await sha256((await store.photo(id)).bytes), (await aPhoto(id)).line.sha256);
  assert.deepEqual(steps.at(-1), { part: 2, parts: 2 });
});

test("a photo that is not there or not itself is missing, and all others come", async () => {
  const { first, server } = await keptByFirst(["p1", "p2", "p3"]);
  server.kept.delete("p2");
  server.kept.set("p3", new TextEncoder().encode("other").buffer);
  const { store, outcome } = await restored({ server, first });
  const { photos } = outcome.draft;
  assert.deepEqual(["p1", "p2", "p3"].map((id) => Boolean(photos[id].missing)), [false, true, true]);
  assert.deepEqual([Boolean(await store.photo("p1")), await store.photo("p3")], [true, undefined]);
});

test("a refusal that says nothing of the photo does not make it a missing one: nothing is begun", async () => {
  const { first, server } = await keptByFirst();
  server.faults.push(once("GET", `${DRAFTS}visit/photos/p2`, ({ path }) => refusal(path, 403)));
  const { store, outcome } = await restored({ server, first });
  assert.deepEqual([outcome.kind, await store.draft("visit", "anna")], ["refused", null]);
});

/** A phone that went on with the visit before the first one had sent p2, and what it asks the server for from then on. */
async function withoutSecond() {
  const { first, server } = await keptByFirst();
  const bytes = server.kept.get("p2");
  server.kept.delete("p2");
  const second = await restored({ server, first });
  const open = (locks = null) => openDraft({ id: "visit", personId: "anna", store: second.store, locks, onChange() {} });
  const before = server.requests.length;
  const asked = () => server.requests.slice(before).filter(({ method }) => method === "GET").map(({ path }) => path.split(DRAFTS)[1]);
  const mark = async () => Boolean((await second.store.draft("visit", "anna")).draft.photos.p2.missing);
  return { ...second, server, open, asked, mark, send: () => server.kept.set("p2", bytes) };
}

test("a photo that the first phone sends later comes, beside what was changed meanwhile", async () => {
  const { store, server, clock, copies, keep, open, asked, mark, send } = await withoutSecond();
  const session = await open();
  assert.equal(await copies.attend(() => session), true);
  assert.equal((await keep({ asked: true })).state, "wait");
  assert.deepEqual([asked(), await mark()], [["visit/photos/p2"], true]);
  send();
  server.faults.push(once("GET", `${DRAFTS}visit/photos/p2`, () => {
    session.change((draft) => ({ ...draft, outlet_name: "South" }));
  }));
  clock.now += 1;
  await keep({ asked: true });
  await session.flush();
  const { draft } = await store.draft("visit", "anna");
  assert.deepEqual([draft.outlet_name, await mark(), draft.answers.door.photo_ids], ["South", false, ["p1", "p2"]]);
  assert.equal(await sha256((await store.photo("p2")).bytes), (await aPhoto("p2")).line.sha256);
  clock.now += 1;
  await keep({ asked: true });
  assert.deepEqual([asked().length, server.copies.get("visit second").photos.map(({ id }) => id)], [2, ["p1", "p2"]]);
});

test("it is asked for after a minute, two, up to five, at once when somebody asks, and not by a page that goes", async () => {
  const { clock, keep, asked } = await withoutSecond();
  const waits = [];
  for (let round = 0; round < 7; round += 1) {
    const { until } = await keep();
    assert.equal(asked().length, round + 1);
    await keep();
    assert.equal(asked().length, round + 1);
    waits.push((until - clock.now) / 60_000);
    clock.now = until;
    await keep({ isLeaving: true });
    assert.equal(asked().length, round + 1);
  }
  assert.deepEqual(waits, [1, 2, 3, 4, 5, 5, 5]);
  clock.now += 1;
  await keep({ asked: true });
  assert.equal(asked().length, 8);
});

test("no line: a photo is waited for like everything else, and who asked needs not ask again", async () => {
  const { server, clock, keep, asked } = await withoutSecond();
  await keep();
  clock.now += 10;
  server.faults.push(once("GET", `${DRAFTS}visit/photos/p2`, noLine));
  assert.deepEqual(await keep({ asked: true }), { state: "no answer", until: clock.now + 1000 });
  await keep();
  assert.equal(asked().length, 2);
  clock.now += 1000;
  await keep();
  assert.equal(asked().length, 3);
});

test("a clock that was set back has no photo asked for without a pause, whoever touched what before", async () => {
  for (const touch of [({ keep }) => keep({ asked: true }), ({ copies }) => copies.stir("another")]) {
    const phone = await withoutSecond();
    const { server, clock, keep, asked } = phone;
    await touch(phone);
    await keep({ asked: true });
    const before = asked().length;
    clock.now -= 3_600_000;
    const none = ({ path }) => refusal(path, 404);
    for (const answer of [none, none, ({ path }) => refusal(path, 401)]) {
      server.faults.push(once("GET", `${DRAFTS}visit/photos/p2`, answer));
    }
    assert.deepEqual([(await keep()).state, asked().length - before], ["wait", 1]);
  }
});

test("other bytes than the draft promises are not kept", async () => {
  const { store, server, keep, mark } = await withoutSecond();
  server.kept.set("p2", new TextEncoder().encode("other").buffer);
  await keep();
  assert.deepEqual([await store.photo("p2"), await mark()], [undefined, true]);
});

test("a draft that is open in another tab, or in none, is left alone: it shows the photo once it is opened here", async () => {
  const { store, copies, keep, open, asked, mark, send } = await withoutSecond();
  send();
  const looking = await open(ELSEWHERE);
  await copies.attend(() => looking);
  await keep();
  await looking.close();
  assert.deepEqual([Boolean(await store.photo("p2")), await mark(), asked().length], [true, true, 1]);
  const session = await open();
  assert.equal(await copies.attend(() => session), false);
  await session.flush();
  assert.deepEqual([await mark(), asked().length], [false, 1]);
});

test("a photo that was removed while it was on its way stays removed; a draft closed meanwhile is not written to", async () => {
  for (const leave of ["remove", "close"]) {
    const { server, copies, keep, open, mark, send } = await withoutSecond();
    const session = await open();
    let shown = session;
    await copies.attend(() => shown);
    send();
    server.faults.push(once("GET", `${DRAFTS}visit/photos/p2`, async () => {
      if (leave === "remove") return void session.change((draft) => inAnswer("door").remove(draft, "p2"));
      shown = null;
      return void await session.close();
    }));
    await keep();
    await session.flush();
    assert.deepEqual([session.draft.answers.door.photo_ids, await mark()], [leave === "remove" ? ["p1"] : ["p1", "p2"], true]);
  }
});

test("the mark goes from what is here only, and not once the draft was closed meanwhile", async () => {
  const { store, open } = await withoutSecond();
  const session = await open();
  session.change((draft) => markMissing(draft, new Set()));
  const marked = () => ["p1", "p2"].map((id) => Boolean(session.draft.photos[id].missing));
  let looks = 0;
  await showFound(store, () => ((looks += 1) === 1 ? session : null));
  assert.deepEqual(marked(), [true, true]);
  await showFound(store, () => session);
  assert.deepEqual(marked(), [false, true]);
});

test("nothing is fetched while finished visits need the line, and what is on its way makes room", async () => {
  const { server, store, copies, keep, asked, send } = await withoutSecond();
  send();
  server.faults.push(once("GET", `${DRAFTS}visit/photos/p2`, () => copies.standBack()));
  assert.equal((await keep()).state, "stand back");
  await putFinished(store, { id: "done", photoIds: ["p8", "p9"] });
  assert.equal((await keep({ asked: true })).state, "stand back");
  assert.equal(asked().length, 1);
});

test("a photo is fetched after all that is to be sent, and when nobody has tapped for a moment", () => {
  const draft = { ...filledIn(), changes: 3 };
  draft.photos = { ...draft.photos, p1: { ...draft.photos.p1, missing: true } };
  const kept = { id: "visit", kept_at: "t", changes: 3, next_try_at: 0, missing: ["p2"] };
  const plan = (copy, touchedAt = 0) => {
    const step = nextCopyStep({ drafts: [draft], copies: [copy], visits: [] }, NOBODY, 10_000, { touchedAt, sought: NOBODY });
    return [step.do, step.photoId ?? step.until];
  };
  assert.deepEqual(plan(kept), ["photo", "p2"]);
  assert.deepEqual(plan({ ...kept, missing: [] }), ["fetch", "p1"]);
  assert.deepEqual(plan({ ...kept, missing: [] }, 9_000), ["wait", 10_500]);
});

test("a visit that was finished here meanwhile is not begun again", async () => {
  const { store } = await aPhone();
  await putFinished(store, { id: "visit" });
  await assert.rejects(store.startRestored(aDraft(), aTask()), { name: "DraftGone" });
  assert.equal((await store.startRestored({ ...aDraft(), revision: 2 }, aTask())).revision, 2);
});

test("no line half-way: nothing is begun, and what came is not fetched again", async () => {
  const { first, server } = await keptByFirst();
  server.faults.push(once("GET", `${DRAFTS}visit/photos/p2`, noLine));
  const half = await restored({ server, first });
  assert.deepEqual([half.outcome.kind, await half.store.drafts("anna")], ["nothing", []]);
  const again = await restore({
    store: half.store, api: half.api, personId: "anna", work: WORK, line: half.line, lines: [], makePreview: async () => null,
    task: (assignment, version) => ({ id: "visit", assignment, version }), onStep() {},
  });
  assert.equal(again.kind, "ok");
  assert.equal(server.requests.filter(({ method, path }) => method === "GET" && path.endsWith("/p1")).length, 1);
});

test("what is begun here already stays", async () => {
  const { first, server } = await keptByFirst();
  const second = await aPhone({ server, deviceId: "second" });
  await begin(second.store, []);
  const line = { ...[...server.copies.values()][0], visit_id: "visit" };
  await restore({
    store: second.store, api: second.api, personId: "anna", work: WORK, line, lines: [], makePreview: async () => null,
    task: () => aTask(), onStep() {},
  });
  assert.equal((await second.store.draft("visit", "anna")).draft.outlet_name, "North");
  assert.ok(first);
});

test("a copy is believed only where it is this person's, of this assignment, and can be shown", async () => {
  const draft = { ...filledIn(), changes: 4 };
  const line = { visit_id: "visit", assignment_id: "a1", revision: 1 };
  const read = (body, news = {}) => readCopy(
    { ...line, ...news, body: typeof body === "string" ? body : JSON.stringify(body) },
    { personId: "anna", assignment: ASSIGNMENT, versions: [VERSION] });
  assert.equal(read({ format: 1, draft }).draft.id, "visit");
  const bad = [
    "no json", "null", { format: 2, draft }, { format: 1 }, { format: 1, draft: { ...draft, person_id: "boris" } },
    { format: 1, draft: { ...draft, id: "other" } }, { format: 1, draft: { ...draft, assignment_id: "a2" } },
    { format: 1, draft: { ...draft, checklist_version_id: "newer" } }, { format: 1, draft: { ...draft, answers: null } },
    { format: 1, draft: { ...draft, answers: { door: {} } } }, { format: 1, draft: { ...draft, photos: {} } },
    { format: 1, draft: { ...draft, revision: 2 } }, { format: 1, draft: { ...draft, positions: "here" } },
  ];
  for (const body of bad) assert.equal(read(body), null, JSON.stringify(body).slice(0, 80));
  // A checklist that is not among this phone's came along.
  const older = { ...VERSION, id: "older" };
  const found = read({ format: 1, draft: { ...draft, checklist_version_id: "older" }, version: older });
  assert.equal(found.version.id, "older");
  assert.equal(answerOf(found.draft, "door").comment, "wet");
});

test("what can be gone on with here, and what another phone has that is not here", () => {
  const lines = [
    { visit_id: "v1", assignment_id: "a1", device_id: "first", changes: 5 },
    { visit_id: "v1", assignment_id: "a1", device_id: "third", changes: 2 },
    { visit_id: "v2", assignment_id: "gone", device_id: "first", changes: 1 },
  ];
  const here = { drafts: [], visits: [], copies: {}, work: WORK };
  assert.deepEqual(offers(lines, here).map(({ device_id: device }) => device), ["first"]);
  assert.deepEqual(offers(lines, { ...here, drafts: [{ id: "v1" }] }), []);
  assert.deepEqual(offers(lines, { ...here, visits: [{ id: "v1" }] }), []);

  const draft = { ...aDraft({ id: "v1" }), elsewhere: { first: 5 } };
  assert.deepEqual(unknownElsewhere(draft, lines, "second").map(({ device_id: device }) => device), ["third"]);
  assert.deepEqual(unknownElsewhere(goOnHere(draft, lines), lines, "second"), []);
  const later = withOthers(lines, "v1", [{ device_id: "first", changes: 6, changed_at: "t" }]);
  assert.deepEqual(unknownElsewhere(draft, later, "second").map(({ changes }) => changes), [6]);
  assert.equal(later.find((line) => line.visit_id === "v2").changes, 1);
});
