import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addPhoto, answerOf, buildReport, changeAnswer, chooseOption, EMPTY_ANSWER, enterNumber, lacking, markNone, markState,
  markStatus, newId, numberTrouble, parseNumber, progress, removePhoto, restorePhoto, startDraft, textIn, withOffset, write,
} from "../../inspector/phone/visit.js";
import { aDraft, ASSIGNMENT, filledIn, VERSION } from "./factories.js";

const [states, measure, choice, note] = VERSION.sections.flatMap((section) => section.criteria);

const what = (criterion, answer) => lacking(criterion, answer).map((lack) => lack.what);
const mark = (...ids) => ids.reduce(markState, EMPTY_ANSWER);

test("a second tap takes a state back, and nothing marked is no answer", () => {
  assert.deepEqual(mark("clean", "lit").states, ["clean", "lit"]);
  assert.equal(mark("clean").status, "answered");
  assert.equal(mark("clean", "clean").status, null);
});

test("none of these and states exclude each other", () => {
  const none = markNone(mark("clean"));
  assert.deepEqual([none.states, none.none, none.status], [[], true, "answered"]);
  const state = markState(none, "lit");
  assert.deepEqual([state.states, state.none], [["lit"], false]);
  assert.equal(markNone(none).status, null);
});

test("one option replaces the other, several stand together, a second tap takes back", () => {
  const one = chooseOption(chooseOption(EMPTY_ANSWER, "cash", false), "card", false);
  assert.deepEqual(one.options, ["card"]);
  assert.equal(chooseOption(one, "card", false).status, null);
  const two = chooseOption(chooseOption(EMPTY_ANSWER, "cash", true), "card", true);
  assert.deepEqual(two.options, ["cash", "card"]);
});

test("what was answered comes back when not here or could not check is taken back", () => {
  const gone = markStatus(mark("clean"), "not_applicable");
  assert.equal(gone.status, "not_applicable");
  const back = markStatus(gone, "not_applicable");
  assert.deepEqual([back.status, back.states], ["answered", ["clean"]]);
  assert.equal(markStatus(markStatus(EMPTY_ANSWER, "could_not_check"), "could_not_check").status, null);
});

test("a tap on a state while not here is marked begins anew", () => {
  const answer = markState(markStatus(mark("clean"), "not_applicable"), "lit");
  assert.deepEqual([answer.status, answer.states], ["answered", ["lit"]]);
});

test("what each answer lacks", () => {
  const cases = [
    [states, EMPTY_ANSWER, ["answer"]],
    [states, mark("clean"), ["photos"]],
    [states, { ...mark("clean"), photo_ids: ["a", "b"] }, []],
    [states, markStatus(EMPTY_ANSWER, "not_applicable"), []],
    [states, markStatus(EMPTY_ANSWER, "could_not_check"), ["reason"]],
    [states, write(markStatus(EMPTY_ANSWER, "could_not_check"), "reason", "closed"), []],
    [states, write(markStatus(EMPTY_ANSWER, "could_not_check"), "reason", "  "), ["reason"]],
    [measure, enterNumber(EMPTY_ANSWER, "soon"), ["number"]],
    [measure, enterNumber(EMPTY_ANSWER, "90"), []],
    [choice, chooseOption(EMPTY_ANSWER, "cash"), ["comment"]],
    [choice, write(chooseOption(EMPTY_ANSWER, "other"), "comment", "at last"), ["words"]],
    [choice, write(write(chooseOption(EMPTY_ANSWER, "other"), "comment", "at last"), "words", "by phone"), []],
    [note, EMPTY_ANSWER, []],
    [note, write(EMPTY_ANSWER, "comment", "begun"), ["answer"]],
    [note, { ...EMPTY_ANSWER, photo_ids: ["a"] }, ["answer"]],
  ];
  for (const [criterion, answer, expected] of cases) assert.deepEqual(what(criterion, answer), expected, criterion.id);
});

test("missing photos are counted", () => {
  assert.deepEqual(lacking(states, { ...mark("clean"), photo_ids: ["a"] }), [{ what: "photos", count: 1 }]);
  assert.equal(lacking({ ...states, evidence_at_least: 0 }, mark("clean"))[0].count, 1);
  assert.deepEqual(lacking({ ...states, evidence: "optional" }, mark("clean")), []);
});

test("progress counts answers, and what was left behind only in sections that were left", () => {
  const draft = aDraft();
  assert.deepEqual([progress(VERSION, draft).done, progress(VERSION, draft).total], [0, 4]);
  assert.equal(progress(VERSION, draft).missing.length, 3);
  assert.equal(progress(VERSION, draft).missingBehind, 0);
  assert.equal(progress(VERSION, { ...draft, left_sections: ["entrance"] }).missingBehind, 2);
  const { done, missing } = progress(VERSION, filledIn());
  assert.deepEqual([done, missing], [3, []]);
});

test("numbers as people type them", () => {
  const cases = [
    ["90", 0, 90], ["3,5", 1, 3.5], ["3.5", 1, 3.5], ["1 200,50", 2, 1200.5], ["1\u00a0200", 0, 1200], [" 7 ", 0, 7], ["-4", 0, -4],
    ["\u22124", 0, -4], ["0", 0, 0], ["3,", 1, 3], ["3.5", 0, null], ["3,55", 1, null], ["", 0, null], ["abc", 2, null], ["1,2,3", 2, null],
    ["1e5", 2, null], ["Infinity", 2, null], ["9".repeat(13), 0, null],
  ];
  for (const [text, decimals, expected] of cases) assert.equal(parseNumber(text, decimals), expected, text);
});

test("a measure is never negative, a percentage at most 100, and all stay below a billion", () => {
  const cases = [
    ["seconds", "0", null], ["seconds", "-1", "negative"], ["seconds", "\u22121", "negative"], ["seconds", "999 999 999,9", null],
    ["seconds", "1 000 000 000", "large"], ["minutes", "-0,5", "negative"], ["pieces", "1000000000", "large"],
    ["money", "999999999.9", null], ["money", "-3", "negative"], ["percent", "0", null], ["percent", "100", null],
    ["percent", "100,1", "percent"], ["percent", "-1", "percent"], ["percent", "abc", "form"], ["money", "1,55", "form"],
  ];
  for (const [unit, text, expected] of cases) assert.equal(numberTrouble({ unit, decimals: 1 }, text), expected, `${text} ${unit}`);
  assert.deepEqual(what(measure, enterNumber(EMPTY_ANSWER, "-90")), ["number"]);
  assert.deepEqual(what({ ...measure, unit: "percent" }, enterNumber(EMPTY_ANSWER, "250")), ["number"]);
});

test("the report says what the wire asks for, and nothing that was only tried", () => {
  const finishedAt = new Date("2026-11-21T12:30:00Z");
  const report = buildReport({
    draft: filledIn(), version: VERSION, finishedAt, elapsedMs: 61_000.4, appVersion: "v", deviceId: "d",
  });
  assert.deepEqual(Object.keys(report), [
    "revision", "assignment_id", "checklist_version_id", "started_at", "finished_at", "elapsed_ms", "utc_offset", "app_version",
    "device_id", "positions", "answers", "best_practices", "photos"]);
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

test("an option's own words are its value, and go when another option is chosen", () => {
  const own = write(write(chooseOption(EMPTY_ANSWER, "other"), "words", " by phone "), "comment", "x");
  const value = (answer) => {
    const draft = changeAnswer(aDraft(), "pay", () => answer);
    const options = { draft, version: VERSION, finishedAt: new Date(), elapsedMs: 0, appVersion: "v", deviceId: "d" };
    return buildReport(options).answers[0].value;
  };
  assert.equal(value(own), "by phone");
  assert.equal(value(chooseOption(own, "cash")), null);
});

test("a clock set back during the visit: it ends as long after its beginning as it was open", () => {
  const report = (finishedAt, elapsedMs) =>
    buildReport({ draft: filledIn(), version: VERSION, finishedAt: new Date(finishedAt), elapsedMs, appVersion: "1", deviceId: "d" });
  const back = report("2026-11-21T10:30:00Z", 1_800_000);
  assert.equal(Date.parse(back.finished_at), Date.parse("2026-11-21T12:30:00Z"));
  assert.equal(back.elapsed_ms, 1_800_000);
  assert.equal(Date.parse(report("2026-11-21T12:00:00Z", 500).finished_at), Date.parse("2026-11-21T12:00:00Z"));
  assert.equal(Date.parse(report("2026-11-21T15:00:00Z", 1_800_000).finished_at), Date.parse("2026-11-21T15:00:00Z"));
});

test("a removed photo leaves the report and comes back to its place", () => {
  const without = removePhoto(filledIn(), "door", "p1");
  assert.deepEqual(answerOf(without, "door").photo_ids, ["p2"]);
  assert.deepEqual(answerOf(restorePhoto(without, "door", "p1", 0), "door").photo_ids, ["p1", "p2"]);
});

test("a draft is never changed in place", () => {
  const draft = Object.freeze(aDraft());
  Object.freeze(draft.answers);
  Object.freeze(draft.photos);
  addPhoto(draft, "door", { id: "p9" });
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
