import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chooseOption, EMPTY_ANSWER, enter, fromWire, kindOf, KINDS, markNone, markState, markStatus, millisecondsBetween, numberTrouble,
  parseNumber, rate, statusOf, withWallTime,
} from "../../inspector/phone/kinds.js";
import { lacking, shownOf } from "../../inspector/phone/visit.js";
import { aDraft, answered, asked, aTask, aVersion, reportOf } from "./factories.js";

const AT = "2026-11-21T14:02:05+03:00";
const CRITERIA = {
  states: asked("c", "states", { states: [{ id: "clean" }, { id: "lit" }] }),
  measure: asked("c", "measure", { unit: "seconds", decimals: 1 }),
  choice: asked("c", "choice", { several: true, options: [{ id: "cash" }, { id: "card" }, { id: "other", free_text: true }] }),
  rating: asked("c", "rating", { settings: { lowest: 0, highest: 10, lowest_words: {}, highest_words: {} } }),
  text: asked("c", "text"),
  date: asked("c", "date"),
  time_stamp: asked("c", "time_stamp"),
  duration: asked("c", "duration", { unit: "seconds", settings: { from: "in", until: "out" } }),
  money: asked("c", "money", { decimals: 2, settings: { currency: "RUB" } }),
  photo: asked("c", "photo", { evidence: "required", evidence_at_least: 2 }),
};
const ENTERED = {
  states: [{ states: ["lit"] }, { none: true }],
  measure: [{ number: "0" }, { number: "3,5" }],
  choice: [{ options: ["cash", "card"] }, { options: ["other"], words: "by phone" }],
  rating: [{ number: "0" }, { number: "10" }],
  text: [{ words: "Добрый день" }],
  date: [{ at: "2026-11-22" }],
  time_stamp: [{ at: AT }],
  money: [{ number: "1 250,50" }],
  photo: [{ photo_ids: ["p1", "p2"] }],
};
const ON_THE_WIRE = {
  states: [{ states: ["lit"] }, {}],
  measure: [{ value: 0 }, { value: 3.5 }],
  choice: [{ options: ["cash", "card"] }, { options: ["other"], value: "by phone" }],
  rating: [{ value: 0 }, { value: 10 }],
  text: [{ value: "Добрый день" }],
  date: [{ value: "2026-11-22" }],
  time_stamp: [{ value: AT }],
  money: [{ value: 1250.5 }],
  photo: [{ photo_ids: ["p1", "p2"] }],
};

const mark = (...ids) => ids.reduce(markState, EMPTY_ANSWER);
const trouble = (criterion, answer, beside) => kindOf(criterion).trouble(criterion, answer, beside);

test("every kind is tested here", () => {
  assert.deepEqual(Object.keys(CRITERIA).sort(), Object.keys(KINDS).sort());
  assert.deepEqual([...Object.keys(ENTERED), "duration"].sort(), Object.keys(KINDS).sort());
});

for (const kind of Object.keys(ENTERED)) {
  const criterion = CRITERIA[kind];
  const task = aTask({ version: aVersion({ s: [criterion] }) });
  const photos = Object.fromEntries(["p1", "p2"].map((id) => [id, { sha256: id, size: 1, media_type: "image/jpeg", taken_at: "t" }]));

  test(`${kind}: empty is no answer and lacks; what is entered answers, lacks nothing, and goes over the wire and back`, () => {
    assert.equal(statusOf(criterion, EMPTY_ANSWER), null);
    assert.ok(lacking(criterion, EMPTY_ANSWER).length);
    assert.deepEqual(lacking({ ...criterion, required: false }, EMPTY_ANSWER), []);
    ENTERED[kind].forEach((content, place) => {
      const answer = enter(EMPTY_ANSWER, content);
      assert.equal(statusOf(criterion, answer), "answered");
      assert.deepEqual(lacking(criterion, answer), []);
      const [line] = reportOf(answered({ c: content }, { ...aDraft(), photos }), task).answers;
      const expected = {
        criterion_id: "c", repetition: 0, status: "answered", states: [], options: [], value: null, reason: null, comment: null,
        photo_ids: [], ...ON_THE_WIRE[kind][place],
      };
      assert.deepEqual(line, expected);
      const back = answered({ c: fromWire(criterion, line) }, { ...aDraft(), photos });
      assert.deepEqual(reportOf(back, task).answers, [line]);
    });
  });

  test(`${kind}: set aside it is neither entered nor lost`, () => {
    const answer = enter(EMPTY_ANSWER, ENTERED[kind][0]);
    const gone = markStatus(answer, "not_applicable");
    assert.equal(statusOf(criterion, gone), "not_applicable");
    assert.deepEqual(lacking(criterion, gone), []);
    assert.deepEqual(lacking(criterion, markStatus(answer, "could_not_check")), [{ what: "reason" }]);
    assert.deepEqual(markStatus(gone, "not_applicable"), answer);
    const line = { status: "could_not_check", states: [], options: [], value: null, reason: "closed", comment: null, photo_ids: [] };
    const back = fromWire(criterion, line);
    assert.deepEqual([statusOf(criterion, back), back.reason], ["could_not_check", "closed"]);
  });
}

test("a second tap takes a state back, and nothing marked is no answer", () => {
  assert.deepEqual(mark("clean", "lit").states, ["clean", "lit"]);
  assert.equal(statusOf(CRITERIA.states, mark("clean", "clean")), null);
});

test("none of these and states exclude each other", () => {
  const none = markNone(mark("clean"));
  assert.deepEqual([none.states, none.none], [[], true]);
  const state = markState(none, "lit");
  assert.deepEqual([state.states, state.none], [["lit"], false]);
  assert.equal(statusOf(CRITERIA.states, markNone(none)), null);
});

test("one option replaces the other, several stand together, a second tap takes back", () => {
  const one = chooseOption(chooseOption(EMPTY_ANSWER, "cash", false), "card", false);
  assert.deepEqual(one.options, ["card"]);
  assert.deepEqual(chooseOption(one, "card", false).options, []);
  const two = chooseOption(chooseOption(EMPTY_ANSWER, "cash", true), "card", true);
  assert.deepEqual(two.options, ["cash", "card"]);
  assert.deepEqual(chooseOption(two, "cash", true).options, ["card"]);
});

test("a number of a scale, 0 too, is taken back by a second tap", () => {
  const zero = rate(EMPTY_ANSWER, 0);
  assert.equal(statusOf(CRITERIA.rating, zero), "answered");
  assert.equal(rate(zero, 7).number, "7");
  assert.equal(statusOf(CRITERIA.rating, rate(zero, 0)), null);
});

test("what was answered comes back when not here or could not check is taken back", () => {
  const gone = markStatus(mark("clean"), "not_applicable");
  assert.deepEqual(markStatus(gone, "not_applicable"), mark("clean"));
  assert.equal(markStatus(gone, "could_not_check").status, "could_not_check");
});

test("a tap on a state while not here is marked begins anew", () => {
  const answer = markState(markStatus(mark("clean"), "not_applicable"), "lit");
  assert.deepEqual([answer.status, answer.states], [null, ["lit"]]);
  assert.deepEqual(enter(markStatus(mark("clean"), "could_not_check"), { number: "5" }).states, []);
  assert.equal(markNone(markStatus(markNone(EMPTY_ANSWER), "not_applicable")).none, true);
});

test("an option's own words are asked for, and go when another option is chosen", () => {
  const own = chooseOption(EMPTY_ANSWER, "other", false);
  assert.equal(trouble(CRITERIA.choice, own), "words");
  const said = enter(own, { words: " by phone " });
  assert.equal(trouble(CRITERIA.choice, said), null);
  assert.equal(kindOf(CRITERIA.choice).toWire(CRITERIA.choice, said).value, "by phone");
  assert.equal(kindOf(CRITERIA.choice).toWire(CRITERIA.choice, chooseOption(said, "cash", false)).value, null);
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
  assert.equal(trouble(CRITERIA.money, enter(EMPTY_ANSWER, { number: "-1" })), "negative");
  assert.equal(trouble(CRITERIA.money, enter(EMPTY_ANSWER, { number: "99,99" })), null);
});

test("a text of spaces says nothing", () => {
  assert.equal(statusOf(CRITERIA.text, enter(EMPTY_ANSWER, { words: " \n" })), null);
});

test("days of other centuries are slips of the thumb", () => {
  for (const kind of ["date", "time_stamp"]) {
    for (const at of ["0002-11-22", "1899-12-31", "20226-01-01"]) {
      assert.equal(trouble(CRITERIA[kind], { ...EMPTY_ANSWER, at }), "year", at);
    }
    assert.equal(kindOf(CRITERIA[kind]).trouble(CRITERIA[kind], { ...EMPTY_ANSWER, at: AT }, { criteria: [] }), null);
  }
});

test("a corrected time keeps the offset of the tap, with and without seconds", () => {
  assert.equal(withWallTime(AT, "2026-11-21T14:03"), "2026-11-21T14:03:00+03:00");
  assert.equal(withWallTime(AT, "2026-11-20T23:59:59"), "2026-11-20T23:59:59+03:00");
});

test("too few photos are counted, and a comment alone asks for all of them", () => {
  const criterion = { ...CRITERIA.photo, required: false };
  assert.deepEqual(lacking(criterion, { ...EMPTY_ANSWER, photo_ids: ["p1"] }), [{ what: "photos", count: 1 }]);
  assert.deepEqual(lacking(criterion, { ...EMPTY_ANSWER, comment: "begun" }), [{ what: "photos", count: 2 }]);
  assert.deepEqual(lacking({ ...CRITERIA.photo, evidence: "none", evidence_at_least: 0 }, EMPTY_ANSWER), [{ what: "photos", count: 1 }]);
});

const STAMPS = [asked("in", "time_stamp"), asked("out", "time_stamp"), CRITERIA.duration];
const waiting = (contents, more) => {
  const task = aTask({ version: aVersion({ s: STAMPS.map((each) => ({ ...each, ...more?.[each.id] })) }) });
  const draft = answered(contents);
  return { task, draft, beside: shownOf(task, draft).beside(task.version.sections[0], 0) };
};

test("a duration follows from its two time stamps, over midnight and zones, and is never sent", () => {
  const { task, draft, beside } = waiting({ in: { at: "2026-11-21T23:59:30+03:00" }, out: { at: "2026-11-22T00:01:05+03:00" } });
  assert.equal(millisecondsBetween(CRITERIA.duration, beside), 95_000);
  const { number } = kindOf(CRITERIA.duration);
  assert.equal(number(CRITERIA.duration, EMPTY_ANSWER, beside), 95);
  assert.equal(number({ ...CRITERIA.duration, unit: "minutes" }, EMPTY_ANSWER, beside), 95 / 60);
  const other = waiting({ in: { at: "2026-11-21T12:00:00+03:00" }, out: { at: "2026-11-21T12:00:10+04:00" } });
  assert.equal(millisecondsBetween(CRITERIA.duration, other.beside), -3_590_000);
  assert.deepEqual(reportOf(draft, task).answers.map((line) => line.criterion_id), ["in", "out"]);
  assert.deepEqual(lacking(CRITERIA.duration, EMPTY_ANSWER, beside), []);
});

test("a duration waits for both stamps; one that is hidden, set aside or of another age gives nothing", () => {
  const both = { in: { at: AT }, out: { at: AT } };
  const cases = [
    waiting({ in: { at: AT } }),
    waiting({ ...both, out: { at: "0002-01-01T00:00:00+00:00" } }),
    waiting(both, { in: { shown_when: { match: "all", conditions: [{ attribute: "hall", value: null }] } } }),
  ];
  const { task, draft } = waiting(both);
  const aside = { ...draft, answers: { ...draft.answers, in: markStatus(draft.answers.in, "could_not_check") } };
  cases.push({ beside: shownOf(task, aside).beside(task.version.sections[0], 0) });
  for (const { beside } of cases) assert.equal(millisecondsBetween(CRITERIA.duration, beside), null);
});

test("an end before its beginning is said at the second stamp, unless the duration is not asked", () => {
  const contents = { in: { at: AT }, out: { at: "2026-11-21T14:02:04+03:00" } };
  const { draft, beside } = waiting(contents);
  const [begin, end] = STAMPS;
  assert.deepEqual(lacking(end, draft.answers.out, beside), [{ what: "value", trouble: "order" }]);
  assert.deepEqual(lacking(begin, draft.answers.in, beside), []);
  const hidden = waiting(contents, { c: { shown_when: { match: "all", conditions: [{ attribute: "hall", value: null }] } } });
  assert.deepEqual(lacking(end, draft.answers.out, hidden.beside), []);
});
