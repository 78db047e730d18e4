import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseOption, EMPTY_ANSWER, enter, markNone, markState, markStatus } from "../../inspector/phone/kinds.js";
import { start } from "../../inspector/phone/stopwatch.js";
import {
  addPhoto, addRepetition, addStaff, answerOf, buildReport, changeAnswer, changeStaff, lacking, nameRepetition, newId, photosInUse,
  placesOf, progress, removePhoto, removeRepetition, removeStaff, repetitionsOf, restorePhoto, restoreRepetition, restoreStaff,
  staffOf, startDraft, textIn, withOffset, write,
} from "../../inspector/phone/visit.js";
import { aDraft, answered, asked, ASSIGNMENT, aTask, aVersion, filledIn, reportOf, VERSION } from "./factories.js";

const [states, measure, choice, note] = VERSION.sections.flatMap((section) => section.criteria);

const what = (criterion, answer) => lacking(criterion, answer).map((lack) => lack.what);
const mark = (...ids) => ids.reduce(markState, EMPTY_ANSWER);

test("what each answer lacks", () => {
  const cases = [
    [states, EMPTY_ANSWER, ["answer"]],
    [states, mark("clean"), ["photos"]],
    [states, { ...mark("clean"), photo_ids: ["a", "b"] }, []],
    [states, markStatus(EMPTY_ANSWER, "not_applicable"), []],
    [states, markStatus(EMPTY_ANSWER, "could_not_check"), ["reason"]],
    [states, write(markStatus(EMPTY_ANSWER, "could_not_check"), "reason", "closed"), []],
    [states, write(markStatus(EMPTY_ANSWER, "could_not_check"), "reason", "  "), ["reason"]],
    [measure, enter(EMPTY_ANSWER, { number: "soon" }), ["value"]],
    [measure, enter(EMPTY_ANSWER, { number: "90" }), []],
    [choice, chooseOption(EMPTY_ANSWER, "cash"), ["comment"]],
    [choice, write(chooseOption(EMPTY_ANSWER, "other"), "comment", "at last"), ["value"]],
    [choice, enter(write(chooseOption(EMPTY_ANSWER, "other"), "comment", "at last"), { words: "by phone" }), []],
    [note, EMPTY_ANSWER, []],
    [note, write(EMPTY_ANSWER, "comment", "begun"), ["answer"]],
    [note, { ...EMPTY_ANSWER, photo_ids: ["a"] }, ["answer"]],
  ];
  for (const [criterion, answer, expected] of cases) assert.deepEqual(what(criterion, answer), expected, criterion.id);
});

test("a stopwatch that runs for what is asked keeps the visit from being finished, whatever was measured before", () => {
  const timed = asked("queue", "measure", { unit: "seconds", required: false });
  const run = (more) => enter(EMPTY_ANSWER, { watch: start(), ...more });
  assert.deepEqual([what(timed, run()), what(timed, run({ number: "12" })), what(timed, run({ number: "x" }))],
    [["watch"], ["watch"], ["watch", "value"]]);
  assert.deepEqual([what({ ...timed, required: true }, run()), what(timed, enter(run(), { number: "12", watch: null }))], [["watch"], []]);
  assert.deepEqual(what(timed, markStatus(run(), "not_applicable")), [], "set aside with all that was measured");
  const task = aTask({ version: aVersion({ desk: [timed] }) });
  const { missing, done } = progress(task, changeAnswer(aDraft(), "queue", 0, () => run({ number: "12" })));
  assert.deepEqual([missing.map(({ section, criterion, lacks }) => [section, criterion.id, lacks]), done], [[[0, "queue", [{ what: "watch" }]]], 0]);
});

test("missing photos are counted", () => {
  assert.deepEqual(lacking(states, { ...mark("clean"), photo_ids: ["a"] }), [{ what: "photos", count: 1 }]);
  assert.equal(lacking({ ...states, evidence_at_least: 0 }, mark("clean"))[0].count, 1);
  assert.deepEqual(lacking({ ...states, evidence: "optional" }, mark("clean")), []);
});

test("progress counts answers, and what was left behind only in sections that were left", () => {
  const draft = aDraft();
  assert.deepEqual([progress(aTask(), draft).done, progress(aTask(), draft).total], [0, 4]);
  assert.equal(progress(aTask(), draft).missing.length, 3);
  assert.equal(progress(aTask(), draft).missingBehind, 0);
  assert.equal(progress(aTask(), { ...draft, left_sections: ["entrance"] }).missingBehind, 2);
  const { done, missing } = progress(aTask(), filledIn());
  assert.deepEqual([done, missing], [3, []]);
});

test("the report says what the wire asks for, and nothing that was only tried", () => {
  const finishedAt = new Date("2026-11-21T12:30:00Z");
  const report = buildReport({
    draft: filledIn(), task: aTask(), finishedAt, elapsedMs: 61_000.4, appVersion: "v", deviceId: "d",
  });
  assert.deepEqual(Object.keys(report), [
    "revision", "assignment_id", "checklist_version_id", "started_at", "finished_at", "elapsed_ms", "utc_offset", "app_version",
    "device_id", "positions", "repetitions", "answers", "staff_met", "best_practices", "photos"]);
  assert.equal(report.elapsed_ms, 61_000);
  assert.equal(new Date(report.finished_at).getTime(), finishedAt.getTime());
  assert.equal(report.utc_offset, -finishedAt.getTimezoneOffset());
  assert.deepEqual(report.answers, [
    { criterion_id: "door", repetition: 0, status: "answered", states: [], options: [], value: null, reason: null, comment: "wet", photo_ids: ["p1", "p2"] },
    { criterion_id: "wait", repetition: 0, status: "answered", states: [], options: [], value: 90, reason: null, comment: null, photo_ids: [] },
    { criterion_id: "pay", repetition: 0, status: "could_not_check", states: [], options: [], value: null, reason: "no cash desk", comment: null, photo_ids: [] },
  ]);
  assert.deepEqual(report.photos.map((photo) => photo.id), ["p1", "p2"]);
  assert.deepEqual(Object.keys(report.photos[0]), ["id", "sha256", "size", "media_type", "taken_at"]);
});

const STAFF = aVersion(
  { entrance: VERSION.sections[0].criteria, staff: [asked("smile", "rating", { settings: { lowest: 1, highest: 5 } })] },
  { staff: { repeats: true, repeat_label: { en: "Employee" }, most_repetitions: 3 } });
const [, staffSection] = STAFF.sections;
const twoMet = () => answered(
  { smile: { number: "5" }, "smile 1": { number: "2" } },
  nameRepetition(addRepetition(aDraft(), "staff"), "staff", 1, " by the till "));

test("a repeating section has an answer for each repetition, and progress counts them all", () => {
  const task = aTask({ version: STAFF });
  assert.deepEqual(repetitionsOf(aDraft(), "staff"), [{ repetition: 0, label: "" }]);
  assert.deepEqual(placesOf(task, twoMet()), [
    { section: 0, repetition: 0 }, { section: 1, repetition: 0 }, { section: 1, repetition: 1 }]);
  assert.deepEqual([answerOf(twoMet(), "smile").number, answerOf(twoMet(), "smile", 1).number], ["5", "2"]);
  const third = addRepetition(twoMet(), "staff");
  const { done, total, missing } = progress(task, third);
  assert.deepEqual([done, total], [2, 5]);
  assert.deepEqual(missing.slice(-1).map(({ section, repetition }) => [section, repetition]), [[1, 2]]);
});

test("what was left behind is told for each repetition", () => {
  const draft = { ...addRepetition(twoMet(), "staff"), left_sections: ["staff", "staff 1"] };
  assert.equal(progress(aTask({ version: STAFF }), draft).missingBehind, 0);
  assert.equal(progress(aTask({ version: STAFF }), { ...draft, left_sections: ["staff 2"] }).missingBehind, 1);
});

test("the report names the repetitions, with their labels, and each answer's", () => {
  const task = aTask({ version: STAFF });
  const report = reportOf(twoMet(), task);
  assert.deepEqual(report.repetitions, [
    { section_id: "staff", repetition: 0, label: "" }, { section_id: "staff", repetition: 1, label: "by the till" }]);
  assert.deepEqual(report.answers.map(({ repetition, value }) => [repetition, value]), [[0, 5], [1, 2]]);
  const hidden = aVersion({ staff: staffSection.criteria }, {
    staff: { repeats: true, shown_when: { match: "all", conditions: [{ attribute: "hall", value: null }] } } });
  assert.deepEqual(reportOf(twoMet(), aTask({ version: hidden })).repetitions, []);
});

test("the last repetition goes with its answers and comes back with them; the next one begins empty", () => {
  const draft = { ...twoMet(), left_sections: ["staff 1"] };
  const without = removeRepetition(draft, staffSection);
  assert.deepEqual(repetitionsOf(without, "staff"), [{ repetition: 0, label: "" }]);
  assert.deepEqual([without.answers, without.left_sections], [{ smile: draft.answers.smile }, []]);
  assert.equal(answerOf(addRepetition(without, "staff"), "smile", 1), EMPTY_ANSWER);
  const meanwhile = answered({ smile: { number: "4" } }, without);
  const back = restoreRepetition(meanwhile, staffSection, draft);
  assert.deepEqual(repetitionsOf(back, "staff"), repetitionsOf(draft, "staff"));
  assert.deepEqual([answerOf(back, "smile").number, answerOf(back, "smile", 1).number], ["4", "2"]);
  const again = restoreRepetition(addRepetition(without, "staff"), staffSection, draft);
  assert.deepEqual(repetitionsOf(again, "staff"), repetitionsOf(draft, "staff"));
});

test("photos belong to a repetition", () => {
  const line = { id: "p1", sha256: "p1", size: 1, media_type: "image/jpeg", taken_at: "t" };
  const draft = addPhoto(twoMet(), "smile", 1, line);
  assert.deepEqual([answerOf(draft, "smile").photo_ids, answerOf(draft, "smile", 1).photo_ids], [[], ["p1"]]);
  assert.deepEqual(photosInUse(removeRepetition(draft, staffSection)), []);
  assert.deepEqual(answerOf(restorePhoto(removePhoto(draft, "smile", 1, "p1"), "smile", 1, "p1", 0), "smile", 1).photo_ids, ["p1"]);
});

test("staff met: names only where they may be written down, and nobody who is not described", () => {
  const met = [["0", { role: " Cashier ", description: "red scarf", name: "Olga" }], ["1", { name: "Ivan" }], ["2", {}]]
    .reduce((draft, [place, news]) => changeStaff(addStaff(draft), Number(place), news), aDraft());
  const sent = (more) => reportOf(met, aTask({ version: { ...VERSION, ...more } })).staff_met;
  const cashier = { role: "Cashier", description: "red scarf", name: null };
  assert.deepEqual(sent({}), []);
  assert.deepEqual(sent({ staff_met: true, staff_names: false }), [cashier]);
  assert.deepEqual(sent({ staff_met: true, staff_names: true }), [
    { ...cashier, name: "Olga" }, { role: "", description: "", name: "Ivan" }]);
  const [first, second] = staffOf(met);
  assert.deepEqual(staffOf(removeStaff(met, 0))[0], second);
  assert.deepEqual(staffOf(restoreStaff(removeStaff(met, 0), 0, first)), staffOf(met));
  assert.equal(reportOf({ ...met, staff_met: [{ ...cashier }] }, aTask({ version: { ...VERSION, staff_met: true, staff_names: true } }))
    .staff_met[0].name, null);
});

test("best practices and the revision go along, with the photos of both", () => {
  const practice = { id: "b1", touchpoint_id: "t", kind: "comfort", text: "chargers", photo_ids: ["p9"] };
  const photos = { ...filledIn().photos, p9: { id: "p9", sha256: "p9", size: 1, media_type: "image/jpeg", taken_at: "t", received: true } };
  const draft = { ...filledIn(), photos, revision: 2, best_practices: [practice] };
  const report = reportOf(draft, aTask());
  assert.deepEqual([report.revision, report.best_practices], [2, [practice]]);
  assert.deepEqual(report.photos.map((photo) => photo.id), ["p1", "p2", "p9"]);
  assert.equal("received" in report.photos[2], false);
  assert.deepEqual(photosInUse(draft), ["p1", "p2", "p9"]);
});

test("a draft that the first release began opens and goes on", () => {
  // As issue 2's app kept it: no repetitions, no staff, answers with the status "answered", a version without conditions.
  const old = {
    id: "visit", person_id: "anna", assignment_id: "a1", checklist_version_id: "version", outlet_name: "North",
    started_at: "2026-11-21T12:00:00+00:00", elapsed_ms: 5, positions: [], photos: {}, left_sections: ["entrance"],
    at: { section: 0, criterion: "wait" },
    answers: {
      door: { status: "answered", states: ["lit"], none: false, options: [], number: "", words: "", reason: "", comment: "", photo_ids: [] },
      wait: { status: "answered", states: [], none: false, options: [], number: "90", words: "", reason: "", comment: "", photo_ids: [] },
      pay: { status: "not_applicable", states: [], none: false, options: ["cash"], number: "", words: "", reason: "", comment: "", photo_ids: [] },
    },
  };
  const plain = ({ id, kind, text, states: seen, options, unit, decimals }) => ({
    id, kind, text, guidance: {}, required: true, may_be_not_applicable: true, evidence: "optional", evidence_at_least: 1, comment: "optional",
    unit, decimals, several: false, states: seen, options });
  const version = { id: "version", default_language: "en", sections: VERSION.sections.map(({ id, criteria }) => (
    { id, title: {}, intro: {}, criteria: criteria.slice(0, 2).map(plain) })) };
  const task = aTask({ version });
  assert.deepEqual(progress(task, old).missing.map((gap) => gap.criterion.id), ["bill"]);
  const on = answered({ bill: { number: "3,50" }, door: { states: ["lit", "clean"] } }, old);
  assert.deepEqual(progress(task, on).missing, []);
  const report = reportOf(on, task);
  assert.deepEqual(report.answers.map(({ status, repetition, states: seen, options, value }) => [status, repetition, seen, options, value]), [
    ["answered", 0, ["lit", "clean"], [], null], ["answered", 0, [], [], 90], ["not_applicable", 0, [], [], null], ["answered", 0, [], [], 3.5]]);
  assert.deepEqual([report.repetitions, report.staff_met, report.best_practices, report.revision], [[], [], [], 1]);
});

test("a clock set back during the visit: it ends as long after its beginning as it was open", () => {
  const report = (finishedAt, elapsedMs) =>
    buildReport({ draft: filledIn(), task: aTask(), finishedAt: new Date(finishedAt), elapsedMs, appVersion: "1", deviceId: "d" });
  const back = report("2026-11-21T10:30:00Z", 1_800_000);
  assert.equal(Date.parse(back.finished_at), Date.parse("2026-11-21T12:30:00Z"));
  assert.equal(back.elapsed_ms, 1_800_000);
  assert.equal(Date.parse(report("2026-11-21T12:00:00Z", 500).finished_at), Date.parse("2026-11-21T12:00:00Z"));
  assert.equal(Date.parse(report("2026-11-21T15:00:00Z", 1_800_000).finished_at), Date.parse("2026-11-21T15:00:00Z"));
});

test("a removed photo leaves the report and comes back to its place", () => {
  const without = removePhoto(filledIn(), "door", 0, "p1");
  assert.deepEqual(answerOf(without, "door").photo_ids, ["p2"]);
  assert.deepEqual(answerOf(restorePhoto(without, "door", 0, "p1", 0), "door").photo_ids, ["p1", "p2"]);
});

test("a draft is never changed in place", () => {
  const draft = Object.freeze(aDraft());
  Object.freeze(draft.answers);
  Object.freeze(draft.photos);
  addPhoto(draft, "door", 0, { id: "p9" });
  assert.deepEqual(draft.answers, {});
});

test("a draft begins with the assignment's ids and the local time", () => {
  const now = new Date("2026-11-21T09:00:00Z");
  const draft = startDraft({ id: "v", personId: "anna", assignment: ASSIGNMENT, version: VERSION, now });
  assert.equal(draft.person_id, "anna");
  assert.equal(draft.assignment_id, ASSIGNMENT.id);
  assert.equal(draft.checklist_version_id, VERSION.id);
  assert.equal(new Date(draft.started_at).getTime(), now.getTime());
});

test("a draft begins where something is asked", () => {
  const task = aTask({ version: aVersion({ hall: [VERSION.sections[0].criteria[0]], end: VERSION.sections[1].criteria }, {
    hall: { shown_when: { match: "all", conditions: [{ attribute: "hall", value: null }] } } }) });
  const draft = startDraft({ id: "v", personId: "anna", assignment: task.assignment, version: task.version, now: new Date() });
  assert.deepEqual(draft.at, { section: 1, repetition: 0, criterion: null });
});

test("texts fall back to the checklist's language, then to any", () => {
  assert.equal(textIn({ ru: "да", en: "yes" }, "en", "ru"), "yes");
  assert.equal(textIn({ ru: "да" }, "en", "ru"), "да");
  assert.equal(textIn({ kk: "иә" }, "en", "ru"), "иә");
  assert.equal(textIn({}, "en", "ru"), "");
  assert.equal(textIn(undefined, "en", "ru"), "");
  assert.equal(textIn("North", "en", "ru"), "North");
});

test("ids are UUIDs of version 7 that sort by time", () => {
  const random = new Uint8Array(10).fill(0xff);
  const id = newId(Date.UTC(2026, 10, 21), random);
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), Date.UTC(2026, 10, 21));
  assert.ok(id < newId(Date.UTC(2026, 10, 21) + 1, new Uint8Array(10)));
});

test("local time carries its offset, west and in half hours too", () => {
  const at = (offset) => {
    const date = new Date("2026-11-21T12:00:00Z");
    date.getTimezoneOffset = () => -offset;
    return withOffset(date);
  };
  assert.equal(at(180), "2026-11-21T15:00:00+03:00");
  assert.equal(at(-210), "2026-11-21T08:30:00-03:30");
  assert.equal(at(0), "2026-11-21T12:00:00+00:00");
});
