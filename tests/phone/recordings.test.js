import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { openDraft } from "../../inspector/phone/draft.js";
import { enter } from "../../inspector/phone/kinds.js";
import { sha256 } from "../../inspector/phone/photos.js";
import { canRecord, putTogether, record } from "../../inspector/phone/recorder.js";
import { consentWords, hasConsent, inRecordings, pieceId, withConsent } from "../../inspector/phone/recordings.js";
import { lostPhotos, markMissing, nextRevision, placeOfLost } from "../../inspector/phone/revisions.js";
import { openStore } from "../../inspector/phone/store.js";
import { assign, putIn, unassign } from "../../inspector/phone/tray.js";
import { answerOf, changeAnswer, lacking, photosInUse } from "../../inspector/phone/visit.js";
import { Visiting, whyNotYet } from "../../inspector/phone/visiting.js";
import { aDraft, asked, ASSIGNMENT, aTask, filledIn, LIMITS, reportOf, VERSION } from "./factories.js";

const LINE = { id: "r1", sha256: "s", size: 3, media_type: "audio/webm", taken_at: "t", duration_ms: 65_000, preview: false };
const door = inRecordings("door");

let stores = 0;

// ---- In the draft and in the report

test("a recording goes with its answer as one of its photos, and counts as none", () => {
  const draft = door.add(filledIn(), LINE);
  assert.deepEqual(photosInUse(draft), ["p1", "p2", "r1"]);
  assert.deepEqual(answerOf(draft, "door").photo_ids, ["p1", "p2"]);
  const report = reportOf(draft, aTask());
  assert.deepEqual(report.answers.find(({ criterion_id: id }) => id === "door").photo_ids, ["p1", "p2", "r1"]);
  const { preview: _, ...wire } = LINE;
  assert.deepEqual(report.photos[2], wire);
  const evidence = asked("door", "states", { evidence: "required", evidence_at_least: 1, states: [{ id: "clean" }] });
  const alone = door.add(changeAnswer(aDraft(), "door", 0, (answer) => enter(answer, { states: ["clean"] })), LINE);
  assert.deepEqual(lacking(evidence, answerOf(alone, "door")), [{ what: "photos", count: 1 }]);
});

test("an optional criterion that has nothing but a recording is not left behind in silence", () => {
  const bill = VERSION.sections[1].criteria[1];
  const draft = inRecordings("bill").add(aDraft(), LINE);
  assert.deepEqual(lacking(bill, answerOf(draft, "bill")), [{ what: "answer" }]);
});

test("a removed recording comes back to its place", () => {
  const draft = door.add(door.add(aDraft(), LINE), { ...LINE, id: "r2" });
  const without = door.remove(draft, "r1");
  assert.deepEqual([photosInUse(without), photosInUse(door.restore(without, "r1", 0))], [["r2"], ["r1", "r2"]]);
  assert.notEqual(door.key, inRecordings("door", 1).key);
});

test("a recording that was made since stays when an item of the tray is taken back", () => {
  const task = aTask();
  const item = { what: "stopwatch", id: "w", at: "2026-11-21T12:09:00+00:00", value: 83_400, since: null };
  const before = putIn(aDraft(), item);
  const [section, criterion] = [0, VERSION.sections[0].criteria[1]];
  const moved = inRecordings("wait").add(assign(before, item, { section, criterion, repetition: 0 }), LINE);
  assert.equal(answerOf(moved, "wait").number, "83");
  const undone = unassign(moved, item, { section, criterion, repetition: 0 }, before);
  assert.deepEqual([answerOf(undone, "wait").number, answerOf(undone, "wait").recordings], ["", ["r1"]]);
  assert.deepEqual(reportOf(undone, task).photos, [], "without an answer it is asked for, and not sent");
});

test("the consent is kept in the words that were read and goes along; a visit without one says nothing of it", () => {
  const task = { project: { audio_consent: { en: "They agree.", ru: "Они согласны." }, default_language: "ru" } };
  assert.deepEqual([consentWords(task, "en"), consentWords(task, "de")], ["They agree.", "Они согласны."]);
  assert.equal(hasConsent(aDraft()), false);
  const draft = withConsent(filledIn(), "They agree.", "2026-11-21T14:02:05+03:00");
  assert.equal(hasConsent(draft), true);
  assert.deepEqual(reportOf(draft, aTask()).consents, [{ what: "audio", words: "They agree.", at: "2026-11-21T14:02:05+03:00" }]);
  assert.equal("consents" in reportOf(filledIn(), aTask()), false);
});

test("the next revision has the recordings, their length and the consent again", () => {
  const report = reportOf(withConsent(door.add(filledIn(), LINE), "They agree.", "t"), aTask());
  const photos = report.photos.map((photo) => ({ ...photo, received: photo.id !== "r1" }));
  const visit = { id: "visit", revision: 1, state: "returned", notes: [], report, photos };
  const next = nextRevision({ personId: "anna", assignment: { ...ASSIGNMENT, visit }, version: VERSION, now: new Date() });
  assert.deepEqual([answerOf(next, "door").photo_ids, answerOf(next, "door").recordings], [["p1", "p2"], ["r1"]]);
  assert.equal(next.photos.r1.duration_ms, 65_000);
  assert.deepEqual({ ...reportOf(next, aTask()), revision: 1, elapsed_ms: 0 }, report);
  const lost = markMissing(next, new Set());
  assert.deepEqual([lostPhotos(lost), placeOfLost(VERSION, lost)], [["r1"], { section: 0, repetition: 0, criterion: "door" }]);
});

// ---- The microphone

const bytesOf = (words) => new TextEncoder().encode(words);

/** A browser whose microphone gives what `give(words)` says, and tells how many of its tracks were let go. */
function aMicrophone({ allowed = true, takenAway = false, type = "audio/webm;codecs=opus" } = {}) {
  const microphone = { stopped: 0, recorder: null };
  const track = { stop() { microphone.stopped += 1; } };
  const ask = async () => {
    if (!allowed) throw new DOMException("", "NotAllowedError");
    return { getTracks: () => [track] };
  };
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia: ask } }, configurable: true });
  globalThis.MediaRecorder = class {
    static isTypeSupported(wanted) { return wanted === type; }
    constructor(_stream, { mimeType }) { Object.assign(this, { mimeType, state: "inactive" }); microphone.recorder = this; }
    start() {
      if (takenAway) throw new DOMException("", "NotSupportedError");
      this.state = "recording";
    }
    give(words) { this.ondataavailable({ data: new Blob([bytesOf(words)]) }); }
    stop() {
      this.state = "inactive";
      this.give("end");
      queueMicrotask(() => this.onstop());
    }
  };
  return microphone;
}

async function anApp({ limits = {}, name = `recordings-${stores += 1}`, isNew = true } = {}) {
  const store = await openStore(name);
  const task = { ...aTask(), limits: { ...LIMITS, photo_max_bytes: 1_000_000, ...limits } };
  if (isNew) await store.startDraft(aDraft(), task);
  const open = await openDraft({ id: "visit", personId: "anna", store, locks: null, onChange() {} });
  const app = {
    store, name, said: [], state: { open, recording: null },
    say(text) { this.said.push(text); },
    set(news) { Object.assign(this.state, news); },
  };
  return app;
}

const settle = async () => { for (let turn = 0; turn < 40; turn += 1) await new Promise((done) => setTimeout(done, 1)); };

test("what was recorded is one recording with the same bytes, and its pieces are gone", async () => {
  const microphone = aMicrophone();
  assert.equal(canRecord(), true);
  const app = await anApp();
  const { open } = app.state;
  await record(app, "door", 0);
  assert.match(whyNotYet(open.draft), /Stop it first/);
  for (const words of ["one ", "two "]) microphone.recorder.give(words);
  await settle();
  assert.equal((await app.store.pieces("visit", open.draft.recording.id)).length, 2, "each is kept as it comes");
  await record(app, "wait", 0);
  assert.match(app.said[0], /running already/);
  await Promise.all([app.state.recording.stop(), app.state.recording.stop()]);
  const [id] = door.ids(open.draft);
  const kept = await app.store.photo(id);
  assert.equal(new TextDecoder().decode(kept.bytes), "one two end");
  const { sha256: hash, size, media_type } = open.draft.photos[id];
  assert.deepEqual([hash, size, media_type], [await sha256(bytesOf("one two end")), 11, "audio/webm"]);
  assert.deepEqual([await app.store.pieces("visit", id), open.draft.recording, app.state.recording], [[], undefined, null]);
  assert.deepEqual([microphone.stopped, whyNotYet(open.draft)], [1, null]);
});

test("a page that was killed leaves all but the last seconds, put together when the visit is opened again", async () => {
  const microphone = aMicrophone();
  const before = await anApp();
  await record(before, "door", 0);
  for (let number = 0; number < 12; number += 1) microphone.recorder.give(`${number},`);
  await settle();
  const after = await anApp({ name: before.name, isNew: false });
  const { open } = after.state;
  await putTogether(after, open);
  const [id] = door.ids(open.draft);
  assert.equal(new TextDecoder().decode((await after.store.photo(id)).bytes), "0,1,2,3,4,5,6,7,8,9,10,11,");
  assert.deepEqual([open.draft.recording, await after.store.pieces("visit", id), after.said], [undefined, [], []]);
  // A second time there is nothing left to do.
  await putTogether(after, open);
  assert.deepEqual(door.ids((await after.store.draft("visit", "anna")).draft), [id]);
});

test("killed after it was put together and before that was written down, it is there once", async () => {
  aMicrophone();
  const app = await anApp();
  const { open } = app.state;
  const recording = { id: "r1", criterion_id: "door", repetition: 0, media_type: "audio/webm", at: "t" };
  await app.store.savePiece({ id: pieceId("r1", 0), visit_id: "visit", bytes: bytesOf("sound").buffer, ms: 3000 });
  open.change((draft) => ({ ...door.add(draft, LINE), recording }));
  await putTogether(app, open);
  assert.deepEqual([door.ids(open.draft), open.draft.recording, await app.store.pieces("visit", "r1")], [["r1"], undefined, []]);
});

test("without room the recording ends, and what is there is kept", async () => {
  const microphone = aMicrophone();
  const app = await anApp();
  const { savePiece } = app.store;
  await record(app, "door", 0);
  microphone.recorder.give("heard");
  await settle();
  app.store.savePiece = () => Promise.reject(new DOMException("", "QuotaExceededError"));
  microphone.recorder.give("lost");
  await settle();
  assert.match(app.said.join(), /no room left/);
  app.store.savePiece = savePiece;
  const [id] = door.ids(app.state.open.draft);
  assert.equal(new TextDecoder().decode((await app.store.photo(id)).bytes), "heard");
  assert.equal(microphone.stopped, 1);
});

test("without room to put it together the pieces wait", async () => {
  const microphone = aMicrophone();
  const app = await anApp();
  const { open } = app.state;
  await record(app, "door", 0);
  microphone.recorder.give("heard ");
  const { addPhoto } = open;
  open.addPhoto = () => Promise.reject(new DOMException("", "QuotaExceededError"));
  await app.state.recording.stop();
  assert.match(app.said[0], /Free some, then try again/);
  assert.deepEqual([app.state.recording, door.ids(open.draft).length], [null, 0]);
  open.addPhoto = addPhoto;
  await putTogether(app, open);
  const [id] = door.ids(open.draft);
  assert.equal(new TextDecoder().decode((await app.store.photo(id)).bytes), "heard end");
});

test("it ends at the limit of what can be sent, and says so", async () => {
  const microphone = aMicrophone({ type: "audio/mp4" });
  const app = await anApp({ limits: { photo_max_bytes: 10 } });
  await record(app, "door", 0);
  microphone.recorder.give("123456789");
  await settle();
  assert.match(app.said[0], /as long as it may be/);
  const [id] = door.ids(app.state.open.draft);
  assert.equal(app.state.open.draft.photos[id].media_type, "audio/mp4");
});

test("a microphone that is not allowed, or none, is told in words and begins nothing", async () => {
  aMicrophone({ allowed: false });
  const app = await anApp();
  await record(app, "door", 0);
  assert.match(app.said[0], /Allow the microphone/);
  assert.deepEqual([app.state.recording, app.state.open.draft.recording], [null, undefined]);
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  assert.equal(canRecord(), false);
});

test("leaving the visit stops the recording and keeps it", async () => {
  const microphone = aMicrophone();
  const app = await anApp();
  await record(app, "door", 0);
  microphone.recorder.give("a ");
  await new Visiting(app).settled();
  assert.equal(door.ids(app.state.open.draft).length, 1);
  assert.equal(app.state.recording, null);
});

test("a microphone that is taken away before the recording begins leaves the visit as it was", async () => {
  const microphone = aMicrophone({ takenAway: true });
  const app = await anApp();
  await record(app, "door", 0);
  assert.match(app.said[0], /No sound/);
  assert.deepEqual([app.state.recording, app.state.open.draft.recording], [null, undefined]);
  assert.ok(microphone.stopped > 0);
  assert.equal(whyNotYet(app.state.open.draft), null);
});

test("stopped before it began, while a photo is being written, it never begins and lets the microphone go", async () => {
  const microphone = aMicrophone();
  const app = await anApp();
  const { open } = app.state;
  let written;
  const { flush } = open;
  open.flush = () => new Promise((done) => { written = () => flush().then(done); });
  const recorded = record(app, "door", 0);
  while (!app.state.recording) await Promise.resolve();
  const left = new Visiting(app).settled();
  open.flush = flush;
  written();
  await Promise.all([recorded, left]);
  assert.deepEqual([microphone.recorder.state, microphone.stopped, app.state.recording], ["inactive", 1, null]);
  assert.deepEqual([whyNotYet(open.draft), door.ids(open.draft), app.said], [null, [], []]);
});
