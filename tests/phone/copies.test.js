import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf, createCopies, lost, lostCopies, nextCopyStep } from "../../inspector/phone/copies.js";
import { openDraft } from "../../inspector/phone/draft.js";
import { afterReport, createOutbox, finishedVisit } from "../../inspector/phone/outbox.js";
import { buildReport } from "../../inspector/phone/visit.js";
import { aDraft, aPhoto, aTask, filledIn, putFinished } from "./factories.js";
import { aPhone, begin, DRAFTS } from "./keeper.js";
import { noLine, once, portal, refusal } from "./server.js";

const NOBODY = new Map();

const puts = (server) => server.requests.filter(({ method }) => method === "PUT").map(({ path }) => path.split(DRAFTS)[1]);

test("a begun visit goes with its photos one by one, once", async () => {
  const { store, server, keep, copy } = await aPhone();
  const session = await begin(store, ["p1", "p2"]);
  assert.equal((await keep()).state, "rest");
  assert.deepEqual(puts(server), ["visit", "visit/photos/p1", "visit/photos/p2"]);
  const kept = server.copies.get("visit first");
  assert.deepEqual([kept.revision, kept.changes, kept.photos.map(({ id }) => id)], [1, changesOf(session.draft), ["p1", "p2"]]);
  assert.deepEqual([(await copy()).photos, (await copy()).missing], [["p1", "p2"], []]);
  await keep({ asked: true });
  assert.equal(puts(server).length, 3);
});

test("what is being changed waits for a quiet moment, though not for ever", () => {
  const draft = { ...aDraft(), changes: 3 };
  const plan = (stir, now) => nextCopyStep({ drafts: [draft], copies: [], visits: [] }, new Map([["visit", stir]]), now);
  assert.deepEqual(plan({ since: 1000, last: 3000 }, 3500), { do: "wait", until: 7000 });
  assert.equal(plan({ since: 1000, last: 3000 }, 7000).do, "draft");
  assert.deepEqual(plan({ since: 1000, last: 60_000 }, 60_500), { do: "wait", until: 61_000 });
  assert.equal(plan({ since: 1000, last: 60_900 }, 61_000).do, "draft");
  const asked = (last) => nextCopyStep({ drafts: [draft], copies: [], visits: [] }, new Map([["visit", { since: 1000, last }]]), 3500, { askedAt: 3000 });
  assert.deepEqual([asked(3000).do, asked(3001).do], ["draft", "wait"]);
});

test("a photo waits until nobody has tapped for a moment", async () => {
  const { store, server, keep } = await aPhone();
  await begin(store);
  server.faults.push(once("PUT", `${DRAFTS}visit/photos/`, noLine));
  await keep();
  const begun = await store.begun("anna");
  const plan = (touchedAt, now) => nextCopyStep(begun, NOBODY, now, { touchedAt });
  assert.deepEqual(plan(9_000, 10_000), { do: "wait", until: 10_500 });
  assert.equal(plan(9_000, 10_500).photoId, "p1");
});

test("nothing goes before a finished visit that is due, and all of it beside one that waits or is parked", () => {
  const draft = { ...aDraft(), changes: 3 };
  const visit = finishedVisit({ draft: aDraft({ id: "done" }), report: { revision: 1, photos: [] }, finishedAt: 1 });
  const plan = (news) => nextCopyStep({ drafts: [draft], copies: [], visits: [{ ...visit, ...news }] }, NOBODY, 1000).do;
  assert.equal(plan({}), "stand back");
  assert.equal(plan({ next_try_at: 2000 }), "draft");
  assert.equal(plan({ parked: { status: 409 } }), "draft");
  assert.equal(plan({ delivered: true }), "draft");
});

test("a photo that is on its way ends when the line is needed, and goes again later", async () => {
  const { store, server, keep, copies, copy } = await aPhone();
  await begin(store);
  server.faults.push(once("PUT", `${DRAFTS}visit/photos/`, () => {
    copies.standBack();
    return noLine();
  }));
  assert.equal((await keep()).state, "stand back");
  assert.deepEqual((await copy()).missing, ["p1"]);
  assert.equal((await keep()).state, "rest");
  assert.deepEqual((await copy()).missing, []);
});

test("no line: waits 1, 2, 4 seconds, and goes when it is there", async () => {
  const { store, server, keep, clock, copy } = await aPhone();
  await begin(store, []);
  for (const seconds of [1, 2, 4]) {
    server.faults.push(once("PUT", DRAFTS, noLine));
    assert.deepEqual(await keep(), { state: "no answer", until: clock.now + seconds * 1000 });
    assert.deepEqual((await keep()).state, "no answer");
    clock.now += seconds * 1000;
  }
  server.faults.push(once("PUT", DRAFTS, portal));
  assert.equal((await keep()).state, "no answer");
  assert.equal((await copy()).kept_at, null);
  assert.equal((await keep({ asked: true })).state, "rest");
  assert.ok((await copy()).kept_at);
});

test("a refusal is said and not repeated at once; nothing is claimed that is not there", async () => {
  const { store, server, keep, clock, copy } = await aPhone();
  await begin(store, []);
  server.refuses = 409;
  assert.deepEqual(await keep(), { state: "wait", until: clock.now + 600_000 });
  assert.deepEqual([(await copy()).refused.status, (await copy()).kept_at], [409, null]);
  await keep();
  assert.equal(puts(server).length, 1);
  server.refuses = null;
  clock.now += 600_000;
  assert.equal((await keep()).state, "rest");
  assert.deepEqual([(await copy()).refused, Boolean((await copy()).kept_at)], [null, true]);
});

test("a copy that went with its visit is not called kept any more", async () => {
  const { store, server, keep, copy } = await aPhone();
  const session = await begin(store, ["p1"]);
  await keep();
  assert.ok((await copy()).kept_at);
  server.refuses = 409;
  session.change((draft) => ({ ...draft, outlet_name: "South" }));
  await session.flush();
  await keep();
  assert.deepEqual([(await copy()).kept_at, (await copy()).photos], [null, []]);
});

test("what the server turns out not to have goes again; what was kept while it was asked does not", () => {
  const line = { id: "v1", device_id: "first", kept_at: "14:02" };
  const here = (news) => [{ ...line, ...news }];
  assert.deepEqual(lostCopies(here(), [], here()).map(({ id }) => id), ["v1"]);
  assert.deepEqual(lostCopies(here(), [], here({ kept_at: "14:03" })), []);
  assert.deepEqual(lostCopies(here(), [{ visit_id: "v1", device_id: "first" }], here()), []);
  assert.deepEqual(lostCopies(here(), [{ visit_id: "v1", device_id: "second" }], here()).length, 1);
  const plan = nextCopyStep({ drafts: [{ ...aDraft({ id: "v1" }), changes: 1 }], copies: [{ ...lost(line), changes: 1, next_try_at: 0 }], visits: [] }, NOBODY, 1);
  assert.equal(plan.do, "draft");
});

test("where the server has a later one from this phone, what is here is not called kept", async () => {
  const { store, server, keep, copy } = await aPhone();
  await begin(store, []);
  server.copies.set("visit first", { changes: 99, photos: [], device_id: "first", kept_at: "2026-11-21T14:02:00+00:00" });
  await keep();
  assert.equal((await copy()).kept_at, null);
});

test("a photo that the server does not take is never called kept, and is not offered again at once", async () => {
  const { store, server, keep, copy } = await aPhone();
  const session = await begin(store, ["p1", "p2"]);
  server.faults.push(once("PUT", `${DRAFTS}visit/photos/p1`, ({ path }) => refusal(path, 413)));
  assert.equal((await keep()).state, "rest");
  assert.deepEqual([(await copy()).photos, (await copy()).missing], [["p2"], ["p1"]]);
  const before = puts(server).length;
  assert.equal((await keep()).state, "rest");
  assert.equal(puts(server).length, before);
  session.change((draft) => ({ ...draft, outlet_name: "South" }));
  await session.flush();
  await keep({ asked: true });
  assert.deepEqual((await copy()).missing, []);
});

test("every call says whose draft it is about: under another's login nothing is taken for refused or lost", async () => {
  const { store, server, keep, copy, api } = await aPhone();
  const session = await begin(store, ["p1"]);
  await keep();
  session.change((draft) => ({ ...draft, outlet_name: "South" }));
  await session.flush();
  const { send } = server;
  const asked = new Set();
  server.send = (path, options) => {
    asked.add(options.headers["Expect-Person"]);
    return options.headers["Expect-Person"] === "boris" ? send(path, options) : refusal(path.split("?")[0], 401);
  };
  assert.equal((await keep()).state, "login");
  assert.deepEqual([Boolean((await copy()).kept_at), (await copy()).photos], [true, ["p1"]]);
  const [whose, photo] = [{ personId: "anna" }, { id: "p1", bytes: new ArrayBuffer(1), media_type: "image/jpeg" }];
  const answers = await Promise.all([
    api.copies(whose), api.copy("visit", "first", whose), api.copyPhoto("visit", "p1", whose), api.putPhoto(photo, { ...whose, visitId: "visit" }),
    api.dropCopy("visit", "first", whose), api.tellDevice({}, whose)]);
  assert.deepEqual(answers.map(({ kind }) => kind), answers.map(() => "login"));
  assert.deepEqual([...asked], ["anna"]);
});

test("a clock that was set back by a month does not silence it, and the next revision is news whatever its count", async () => {
  const { store, server, keep, clock } = await aPhone();
  await begin(store, []);
  server.faults.push(once("PUT", DRAFTS, noLine));
  assert.equal((await keep()).state, "no answer");
  clock.now -= 30 * 86_400_000;
  assert.equal((await keep()).state, "rest");
  const copy = { id: "visit", revision: 1, changes: 40, kept_at: "14:02", missing: [], next_try_at: 0 };
  const plan = (draft) => nextCopyStep({ drafts: [draft], copies: [copy], visits: [] }, NOBODY, 1).do;
  assert.deepEqual([plan({ ...aDraft(), changes: 40 }), plan({ ...aDraft(), changes: 3, revision: 2 })], ["rest", "draft"]);
});

test("after the clock was set back by some minutes nobody waits for the time of the last change to come again", () => {
  const plan = (now) => nextCopyStep(
    { drafts: [aDraft()], copies: [], visits: [] }, new Map([["visit", { since: 600_000, last: 600_000 }]]), now).do;
  assert.deepEqual([plan(601_000), plan(60_000)], ["wait", "draft"]);
});

test("where the server has a later copy than what is here, it is not said that this lies there", async () => {
  const { store, server, keep, clock, copy } = await aPhone();
  await begin(store, []);
  await keep();
  const [kept] = server.copies.values();
  kept.changes += 10;
  await store.changeCopy("visit", (line) => ({ ...line, changes: kept.changes }));
  assert.deepEqual(await keep(), { state: "wait", until: clock.now + 600_000 });
  assert.equal((await copy()).kept_at, null);
});

test("a copy whose answer was lost goes all the same when its draft is discarded, of whichever revision", async () => {
  for (const revision of [1, 2]) {
    const { store, server, keep, clock, copy } = await aPhone();
    const session = await begin(store, []);
    session.change((draft) => ({ ...draft, revision }));
    await session.flush();
    server.faults.push(once("PUT", DRAFTS, noLine));
    await keep();
    await session.discard();
    clock.now = Date.now() + 61_000;
    assert.equal((await keep({ asked: true })).state, "rest");
    assert.deepEqual(server.requests.map(({ method }) => method), ["PUT", "DELETE"]);
    assert.equal(await copy(), undefined);
  }
});

test("the copy of a discarded revision goes from the server, though the visit before it has arrived", () => {
  const copy = { id: "visit", revision: 2, next_try_at: 0 };
  const plan = (revision) => nextCopyStep(
    { drafts: [], copies: [copy], visits: [{ id: "visit", revision, delivered: true }] }, NOBODY, 1).do;
  assert.deepEqual([plan(1), plan(2)], ["drop", "forget"]);
});

test("nobody logged in: it stops, and goes on after the login", async () => {
  const { store, server, keep } = await aPhone();
  await begin(store, []);
  server.person = null;
  assert.equal((await keep()).state, "login");
  server.person = "anna";
  assert.equal((await keep()).state, "rest");
});

test("what is changed while it is on its way goes again", async () => {
  const { store, server, keep, copies, clock } = await aPhone();
  const session = await begin(store, []);
  server.faults.push(once("PUT", DRAFTS, async () => {
    session.change((draft) => ({ ...draft, outlet_name: "South" }));
    await session.flush();
    copies.stir("visit");
    return undefined;
  }));
  await keep();
  clock.now += 4000;
  await keep();
  assert.equal(JSON.parse(server.copies.get("visit first").body).draft.outlet_name, "South");
});

test("two tabs keep one copy", async () => {
  let held = false;
  const locks = { async request(_name, _options, work) {
    if (held) return work(null);
    held = true;
    return work({}).finally(() => { held = false; });
  } };
  const { store, server, keep, parts } = await aPhone({ locks });
  await begin(store, ["p1"]);
  const other = createCopies(parts);
  const outcomes = await Promise.all([keep(), other.keep({ personId: "anna" })]);
  assert.deepEqual(outcomes.map(({ state }) => state).sort(), ["elsewhere", "rest"]);
  assert.equal(puts(server).length, 2);
});

test("who asks while the lock is being let go is heard", async () => {
  let asked = null;
  const locks = { async request(_name, _options, work) {
    const outcome = await work({});
    asked ??= keep({ asked: true });
    await new Promise(setImmediate);
    return outcome;
  } };
  const { store, server, keep } = await aPhone({ locks });
  await begin(store, []);
  server.faults.push(once("PUT", DRAFTS, noLine));
  await keep();
  assert.deepEqual([(await asked).state, puts(server).length], ["rest", 2]);
});

test("a discarded visit's copy goes once it cannot be taken back; an arrived one's line goes without a call", async () => {
  const { store, server, keep, clock } = await aPhone();
  await begin(store, []);
  await keep();
  await store.discard("visit", clock.now);
  await keep();
  assert.equal(server.copies.size, 1);
  clock.now += 61_000;
  await keep();
  assert.deepEqual([server.copies.size, await store.copies("anna")], [0, []]);

  const arrived = { id: "done", person_id: "anna", delivered: true };
  const copy = { id: "done", person_id: "anna", device_id: "first", next_try_at: 0 };
  assert.equal(nextCopyStep({ drafts: [], copies: [copy], visits: [arrived] }, NOBODY, 1).do, "forget");
  assert.equal(nextCopyStep({ drafts: [], copies: [copy], visits: [{ ...arrived, delivered: false, parked: {} }] }, NOBODY, 1).do, "rest");
});

test("nobody else's drafts are kept under this name", async () => {
  const { store, server, keep } = await aPhone();
  await store.startDraft(aDraft({ id: "of boris", personId: "boris" }), aTask({ id: "of boris" }));
  assert.equal((await keep()).state, "rest");
  assert.deepEqual(puts(server), []);
});

test("a draft is counted up with each change, and not by being looked at", async () => {
  const { store } = await aPhone();
  const session = await begin(store, ["p1"]);
  const before = changesOf(session.draft);
  assert.equal(before, 2);
  await session.close();
  const again = await openDraft({ id: "visit", personId: "anna", store, locks: null, onChange() {} });
  await again.close();
  assert.equal(changesOf((await store.draft("visit", "anna")).draft), before);
});

test("photos that came with the draft do not go again when the visit is finished", async () => {
  const { store, server, keep, api, copy } = await aPhone();
  await putFinished(store, { id: "another", photoIds: ["p9"] });
  await store.startDraft(aDraft(), aTask());
  const lines = await Promise.all(["p1", "p2"].map((id) => aPhoto(id)));
  const draft = filledIn({}, lines.map(({ line }) => line));
  for (const { line, bytes } of lines) {
    await store.savePhoto({ ...draft, changes: 1 }, { id: line.id, visit_id: "visit", bytes, media_type: "image/jpeg", sha256: line.sha256 }, null);
  }
  const outbox = createOutbox({ store, api, locks: null, now: () => 0, random: () => 0 });
  assert.equal((await keep()).state, "stand back");
  assert.equal((await outbox.deliver({ personId: "anna" })).state, "rest");
  await keep();
  assert.deepEqual((await copy()).photos, ["p1", "p2"]);
  const report = buildReport({
    draft, task: aTask(), finishedAt: new Date("2026-11-21T12:30:00Z"), elapsedMs: 0, appVersion: "v", deviceId: "first" });
  const { photos: kept } = await copy();
  await store.finish(finishedVisit({ draft, report, finishedAt: 5, kept }), new TextEncoder().encode(JSON.stringify(report)).buffer);
  for (const id of kept) server.photos.set(id, "here");
  await outbox.deliver({ personId: "anna" });
  assert.equal(server.puts("/api/v1/photos/p1"), 0);
  assert.ok((await store.visits("anna")).every((visit) => visit.delivered));
  await keep();
  assert.deepEqual(await store.copies("anna"), []);
});

test("photos that the server misses after all go out", async () => {
  const visit = finishedVisit({
    draft: filledIn(), report: { revision: 1, photos: [{ id: "p1" }, { id: "p2" }] }, finishedAt: 1, kept: ["p1", "p2"] });
  assert.deepEqual(visit.photos.map(({ kept }) => kept), [true, true]);
  const told = { kind: "ok", body: { state: "received", received_at: "t", missing_photos: ["p2"] } };
  assert.deepEqual(afterReport(visit, told, 0, () => 0).photos.map(({ confirmed }) => confirmed), [true, false]);
});

test("a checklist that others do not get with their work goes along", async () => {
  const { store, server, keep } = await aPhone({ isKnown: () => false });
  await begin(store, []);
  await keep();
  assert.equal(JSON.parse(server.copies.get("visit first").body).version.id, "version");
});
