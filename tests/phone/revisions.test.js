import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseOption, enter } from "../../inspector/phone/kinds.js";
import {
  isReturned, lostPhotos, markMissing, movedOn, nextRevision, notesOn, placeOfLost, revisionOf,
} from "../../inspector/phone/revisions.js";
import { addRepetition, addStaff, answerOf, changeAnswer, changeStaff, nameRepetition, progress } from "../../inspector/phone/visit.js";
import { aDraft, asked, ASSIGNMENT, aTask, aVersion, filledIn, VERSION } from "./factories.js";
import { aReport, NOTES, returnedWork } from "./returned.js";

const [{ visit }] = returnedWork().assignments;
const next = (changed = {}, version = VERSION) => nextRevision({
  personId: "anna", assignment: { ...ASSIGNMENT, visit: { ...visit, ...changed } }, version, now: new Date("2026-11-25T09:00:00Z") });

test("the next revision says again what the last one said", () => {
  const draft = next();
  assert.deepEqual([draft.id, draft.revision, draft.person_id, draft.assignment_id], ["visit", 2, "anna", "a1"]);
  assert.deepEqual([draft.started_at, draft.elapsed_ms], [aDraft().started_at, 90_000]);
  assert.deepEqual(progress(aTask(), draft).missing, []);
  assert.deepEqual([answerOf(draft, "door").none, answerOf(draft, "wait").number, answerOf(draft, "pay").reason], [true, "90", "no cash desk"]);
  assert.deepEqual({ ...aReport(draft), revision: 1 }, aReport());
});

test("a revision that was discarded and is begun again counts its changes from where its first copy's are behind", () => {
  const begin = (time) => nextRevision({
    personId: "anna", assignment: { ...ASSIGNMENT, visit }, version: VERSION, now: new Date(time) }).changes;
  assert.ok(begin("2026-11-25T09:01:00Z") > begin("2026-11-25T09:00:00Z") + 50);
  assert.ok(begin("2137-12-31T00:00:00Z") + 1_000_000 < 2 ** 31);
});

test("a changed answer goes with the photos that the server has, and the next revision's number", () => {
  const draft = changeAnswer(next(), "pay", 0, (answer) => chooseOption(answer, "card", false));
  const report = aReport(draft);
  assert.equal(report.revision, 2);
  assert.deepEqual(report.answers.find((each) => each.criterion_id === "pay").options, ["card"]);
  assert.deepEqual(report.photos, aReport().photos);
});

test("repetitions, the staff met and best practices come back too", () => {
  const version = aVersion({ staff: [asked("polite", "rating")], desk: [asked("pay", "measure")] }, { staff: { repeats: true } });
  const task = { ...aTask(), version };
  const best = [{ id: "b", touchpoint_id: "t", kind: "beyond", text: "an umbrella", photo_ids: ["p1"] }];
  let before = { ...filledIn(), answers: {}, best_practices: best };
  before = nameRepetition(addRepetition(before, "staff"), "staff", 1, "at the till");
  before = changeAnswer(before, "polite", 1, (answer) => enter(answer, { number: "4" }));
  before = changeStaff(addStaff(before), 0, { role: "cashier", description: "tall" });
  const wire = (draft) => aReport(draft, task);
  const draft = next({ report: wire(before), photos: visit.photos }, version);
  assert.deepEqual([draft.repetitions, draft.best_practices], [{ staff: ["", "at the till"] }, best]);
  assert.equal(answerOf(draft, "polite", 1).number, "4");
  assert.deepEqual({ ...wire(draft), revision: 1 }, wire(before));
});

test("a report that nobody could read leaves an empty draft of the same visit", () => {
  const draft = next({ report: null, photos: [], notes: [] });
  assert.deepEqual([draft.id, draft.revision, draft.answers, draft.at.section], ["visit", 2, {}, 0]);
});

test("what the checklist does not know, and what a report leaves out, is no trouble", () => {
  const answers = [{ criterion_id: "unknown", status: "answered" }, { criterion_id: "wait", status: "answered", value: 5 }];
  const draft = next({ report: { started_at: "2026-11-21T12:00:00Z", elapsed_ms: 1, answers }, photos: [] });
  assert.deepEqual(Object.keys(draft.answers), ["wait"]);
  assert.deepEqual([answerOf(draft, "wait").number, draft.positions, draft.staff_met], ["5", [], []]);
});

test("it opens at the first note, and shows each note beside its criterion", () => {
  const draft = next();
  assert.deepEqual(draft.at, { section: 1, repetition: 0, criterion: "pay" });
  const open = { draft, task: { assignment: { visit } } };
  assert.deepEqual([notesOn(open, "pay", 0), notesOn(open, "pay", 1), notesOn(open, "door", 0)], [NOTES, [], []]);
  assert.deepEqual(notesOn({ draft: aDraft(), task: aTask() }, "pay", 0), []);
});

test("a visit waits to be worked on until it was begun or finished again", () => {
  const [assignment] = returnedWork().assignments;
  const nothing = { drafts: [], visits: [] };
  assert.ok(isReturned(assignment, nothing));
  assert.ok(isReturned(assignment, { ...nothing, visits: [{ id: "visit" }] }));
  assert.ok(!isReturned(assignment, { ...nothing, visits: [{ id: "visit", revision: 2 }] }));
  assert.ok(!isReturned(assignment, { ...nothing, drafts: [{ id: "visit" }] }));
  assert.ok(isReturned(assignment, { ...nothing, drafts: [{ id: "another" }] }));
  for (const state of ["received", "held", "approved", "rejected"]) {
    assert.ok(!isReturned({ visit: { ...visit, state } }, nothing));
  }
  assert.ok(!isReturned({ visit: null }, nothing));
});

test("a photo that nobody has any more is missing; one that the server or this phone has is not", () => {
  const photos = visit.photos.map((photo) => ({ ...photo, received: false }));
  assert.deepEqual(lostPhotos(markMissing(next({ photos }), new Set())), ["p1", "p2"]);
  assert.deepEqual(lostPhotos(markMissing(next({ photos }), new Set(["p2"]))), ["p1"]);
  assert.deepEqual(lostPhotos(markMissing(next(), new Set())), []);
});

test("the way to a lost photo leads to the answer or the best practice that shows it", () => {
  const photos = visit.photos.map((photo) => ({ ...photo, received: false }));
  const lost = markMissing(next({ photos }), new Set(["p1"]));
  assert.deepEqual(placeOfLost(VERSION, lost), { section: 0, repetition: 0, criterion: "door" });
  const { door, ...answers } = lost.answers;
  assert.deepEqual(placeOfLost(VERSION, { ...lost, answers: { ...answers, "door 2": door } }), { section: 0, repetition: 2, criterion: "door" });
  assert.deepEqual(placeOfLost(VERSION, { ...lost, answers, best_practices: [{ id: "b", photo_ids: ["p2"] }] }), { practice: "b" });
  assert.equal(placeOfLost(VERSION, next()), null);
});

test("the server going on without the draft is told, and nothing else is", () => {
  const draft = next();
  const said = (changed) => movedOn(draft, returnedWork({ visit: changed }));
  assert.equal(said({}), null);
  assert.equal(said({ state: "approved" }).state, "approved");
  assert.equal(said({ state: "rejected", reason: "Another shop" }).reason, "Another shop");
  assert.equal(said({ state: "received", revision: 2 }).state, "received");
  assert.equal(said({ revision: 2 }).revision, 2);
  assert.ok(movedOn(aDraft(), returnedWork({ visit: { state: "received" } })).isFirst);
  assert.equal(movedOn(aDraft({ id: "another" }), returnedWork({ visit: { state: "received" } })), null);
  assert.deepEqual([movedOn(draft, null), movedOn(draft, { assignments: [] })], [null, null]);
});

test("what the first release kept is the first revision", () => {
  assert.deepEqual([revisionOf(aDraft()), revisionOf({ revision: 3 })], [1, 3]);
});
