import assert from "node:assert/strict";
import { test } from "node:test";
import { isNotGreen } from "../../inspector/phone/conditions.js";
import { EMPTY_ANSWER, enter, markStatus } from "../../inspector/phone/kinds.js";
import {
  addRepetition, changeAnswer, isCommentNeeded, lacking, photosNeeded, placesOf, progress, shownOf,
} from "../../inspector/phone/visit.js";
import { aDraft, answered, asked, aTask, aVersion, reportOf } from "./factories.js";

const all = (...conditions) => ({ match: "all", conditions });
const any = (...conditions) => ({ match: "any", conditions });
const states = asked("door", "states", { states: [{ id: "clean" }, { id: "lit" }] });
const choice = asked("pay", "choice", { several: true, options: [{ id: "cash" }, { id: "card" }] });
const measure = asked("wait", "measure", { unit: "seconds", decimals: 1 });
const rating = asked("mood", "rating", { settings: { lowest: 0, highest: 10 } });
const money = asked("bill", "money", { decimals: 2, settings: { currency: "RUB" } });
const stamps = [asked("in", "time_stamp"), asked("out", "time_stamp")];
const duration = asked("span", "duration", { unit: "minutes", settings: { from: "in", until: "out" } });
const EARLIER = [states, choice, measure, rating, money, ...stamps, duration];

/** Whether a criterion with that condition is shown after those answers. */
function isShown(shownWhen, contents, { attributes, change = (draft) => draft, earlier = EARLIER } = {}) {
  const later = asked("later", "text", { shown_when: shownWhen });
  const task = aTask({ version: aVersion({ first: earlier, second: [later] }), attributes });
  return shownOf(task, change(answered(contents))).hasCriterion(later, 0);
}

test("without conditions everything is shown", () => {
  assert.ok(isShown(null, {}));
  assert.ok(isShown(undefined, {}));
  assert.ok(isShown(any(), {}));
});

test("is: this one and nothing else; contains: this one among others", () => {
  const is = (part) => all({ criterion: "door", test: "is", part });
  const contains = (part) => all({ criterion: "door", test: "contains", part });
  const cases = [
    [is("lit"), { states: ["lit"] }, true], [is("lit"), { states: ["clean", "lit"] }, false], [is("lit"), { states: ["clean"] }, false],
    [contains("lit"), { states: ["clean", "lit"] }, true], [contains("lit"), { states: ["clean"] }, false],
    [is("none"), { none: true }, true], [is("none"), { states: ["lit"] }, false], [contains("none"), { none: true }, true],
    [is("lit"), { none: true }, false],
  ];
  for (const [condition, content, expected] of cases) {
    assert.equal(isShown(condition, { door: content }), expected, JSON.stringify([condition, content]));
    assert.equal(isShown(condition, {}), false, "nothing answered");
  }
  const card = all({ criterion: "pay", test: "is", part: "card" });
  assert.deepEqual([isShown(card, { pay: { options: ["card"] } }), isShown(card, { pay: { options: ["card", "cash"] } })], [true, false]);
});

test("numbers of every kind that has one are compared", () => {
  const cases = [
    ["below", 2.5, "2,4", true], ["below", 2.5, "2.5", false], ["at_most", 2.5, "2,5", true], ["at_most", 2.5, "2,6", false],
    ["equals", 3, "3", true], ["equals", 3, "3,1", false], ["at_least", 3, "3", true], ["at_least", 3, "2,9", false],
    ["above", 3, "3,1", true], ["above", 3, "3", false],
  ];
  for (const [compare, number, text, expected] of cases) {
    assert.equal(isShown(all({ criterion: "wait", test: compare, number }), { wait: { number: text } }), expected, `${text} ${compare} ${number}`);
    assert.equal(isShown(all({ criterion: "bill", test: compare, number }), { bill: { number: text } }), expected, `${text} ${compare} ${number}`);
  }
  const unhappy = all({ criterion: "mood", test: "at_most", number: 0 });
  assert.deepEqual([isShown(unhappy, { mood: { number: "0" } }), isShown(unhappy, {}), isShown(unhappy, { mood: { number: "1" } })], [true, false, false]);
  const long = all({ criterion: "span", test: "at_least", number: 1.5 });
  const span = (at) => ({ in: { at: "2026-11-21T12:00:00+00:00" }, out: { at } });
  assert.ok(isShown(long, span("2026-11-21T12:01:30+00:00")));
  assert.ok(!isShown(long, span("2026-11-21T12:01:29+00:00")));
  assert.ok(!isShown(all({ criterion: "span", test: "below", number: 5 }), span("2026-11-21T11:59:00+00:00")));
});

test("a number that does not fit fulfils nothing", () => {
  for (const number of ["abc", "-5", "9999999999", "1,55"]) {
    for (const compare of ["below", "above", "at_least", "at_most"]) {
      assert.equal(isShown(all({ criterion: "wait", test: compare, number: 3 }), { wait: { number } }), false, `${number} ${compare}`);
    }
  }
});

test("not applicable and could not check never fulfil, whatever was entered before", () => {
  for (const status of ["not_applicable", "could_not_check"]) {
    const change = (draft) => changeAnswer(draft, "door", 0, (answer) => markStatus(answer, status));
    const contains = all({ criterion: "door", test: "contains", part: "lit" });
    assert.ok(isShown(contains, { door: { states: ["lit"] } }));
    assert.ok(!isShown(contains, { door: { states: ["lit"] } }, { change }));
    assert.ok(!isShown(all({ criterion: "door", test: "is", part: "none" }), {}, { change }));
  }
});

test("all of them, or any", () => {
  const conditions = [{ criterion: "door", test: "contains", part: "lit" }, { criterion: "wait", test: "above", number: 10 }];
  const one = { door: { states: ["lit"] } };
  const both = { ...one, wait: { number: "11" } };
  assert.deepEqual([isShown(all(...conditions), one), isShown(all(...conditions), both)], [false, true]);
  assert.deepEqual([isShown(any(...conditions), {}), isShown(any(...conditions), one)], [false, true]);
});

test("attributes of the outlet, compared without case, with this value or any", () => {
  const has = (value, attributes) => isShown(all({ attribute: "Format", value }), {}, { attributes });
  assert.ok(has("Кафе", { format: "КАФЕ" }));
  assert.ok(!has("kiosk", { format: "КАФЕ" }));
  assert.ok(has(null, { format: "" }));
  assert.ok(!has(null, { hall: "yes" }));
  assert.ok(!has(null, undefined));
});

test("what is hidden fulfils nothing, down the whole chain, and its answer comes back with it", () => {
  const lit = all({ criterion: "door", test: "contains", part: "lit" });
  const second = asked("second", "states", { states: [{ id: "x" }], shown_when: lit });
  const third = all({ criterion: "second", test: "contains", part: "x" });
  const earlier = [states, second];
  const x = { second: { states: ["x"] } };
  assert.ok(isShown(third, { ...x, door: { states: ["lit"] } }, { earlier }));
  assert.ok(!isShown(third, { ...x, door: { states: ["clean"] } }, { earlier }));
});

test("a hidden section hides all of it and is no place; one without a shown criterion is none either", () => {
  const when = all({ criterion: "door", test: "contains", part: "lit" });
  const bar = asked("bar", "text");
  const desk = asked("desk", "text", { shown_when: when });
  const version = aVersion({ hall: [states], bar: [bar], desk: [desk], end: [measure] }, { bar: { shown_when: when } });
  const task = aTask({ version });
  const places = (draft) => placesOf(task, draft).map((place) => place.section);
  const open = answered({ door: { states: ["lit"] }, bar: { words: "busy" } });
  assert.deepEqual(places(open), [0, 1, 2, 3]);
  const shut = answered({ door: { states: ["clean"] } }, open);
  assert.deepEqual(places(shut), [0, 3]);
  assert.ok(!shownOf(task, shut).hasCriterion(bar, 0));
  assert.deepEqual([progress(task, open).total, progress(task, shut).total], [4, 2]);
  assert.deepEqual(progress(task, shut).missing.map((gap) => gap.criterion.id), ["wait"]);
});

test("hidden answers are kept, and sent as far as they were answered", () => {
  const when = all({ criterion: "door", test: "contains", part: "lit" });
  const more = ["fine", "wrong", "unsaid"].map((id) => ({ ...measure, id, shown_when: when }));
  const task = aTask({ version: aVersion({ hall: [states, ...more] }) });
  const filled = answered({ door: { states: ["clean"] }, fine: { number: "5" }, wrong: { number: "soon" } });
  const draft = changeAnswer(filled, "unsaid", 0, (answer) => markStatus(answer, "could_not_check"));
  assert.deepEqual(progress(task, draft).missing, []);
  assert.deepEqual(reportOf(draft, task).answers.map(({ criterion_id: id, value }) => [id, value]), [["door", null], ["fine", 5]]);
  assert.deepEqual(progress(task, answered({ door: { states: ["lit"] } }, draft)).missing.map((gap) => gap.criterion.id), ["wrong", "unsaid"]);
});

test("within a repeating section the same repetition is meant, from another one its only answer", () => {
  const rude = asked("rude", "states", { states: [{ id: "yes" }] });
  const how = asked("how", "text", { shown_when: all({ criterion: "rude", test: "is", part: "yes" }) });
  const light = asked("light", "text", { shown_when: all({ criterion: "door", test: "is", part: "lit" }) });
  const version = aVersion({ hall: [states], staff: [rude, how, light] }, { staff: { repeats: true } });
  const draft = answered({ "rude 1": { states: ["yes"] }, door: { states: ["lit"] } }, addRepetition(aDraft(), "staff"));
  const shown = shownOf(aTask({ version }), draft);
  assert.deepEqual([0, 1, 2].map((repetition) => shown.hasCriterion(how, repetition)), [false, true, false]);
  assert.deepEqual([0, 1, 2].map((repetition) => shown.hasCriterion(light, repetition)), [true, true, false]);
});

test("each plain test of what is not green", () => {
  const three = asked("c", "states", { states: ["a", "b", "bad"].map((id) => ({ id })) });
  const cases = [
    [three, { states_any: ["bad"] }, { states: ["a", "bad"] }, true], [three, { states_any: ["bad"] }, { states: ["a"] }, false],
    [three, { states_any: ["bad"] }, { none: true }, false],
    [three, { states_fewer: { than: 2, of: ["a", "b"] } }, { states: ["a", "bad"] }, true],
    [three, { states_fewer: { than: 2, of: ["a", "b"] } }, { states: ["a", "b"] }, false],
    [three, { states_fewer: { than: 1, of: ["a", "b"] } }, { none: true }, true],
    [choice, { options_any: ["cash"] }, { options: ["cash"] }, true], [choice, { options_any: ["cash"] }, { options: ["card"] }, false],
    [choice, { options_not_exactly: ["cash", "card"] }, { options: ["card"] }, true],
    [choice, { options_not_exactly: ["cash", "card"] }, { options: ["card", "cash"] }, false],
    [choice, { options_not_exactly: [] }, { options: ["card"] }, true],
    [measure, { above: 120 }, { number: "120" }, false], [measure, { above: 120 }, { number: "120,5" }, true],
    [measure, { at_least: 120 }, { number: "120" }, true], [measure, { at_least: 120 }, { number: "119,9" }, false],
    [rating, { below: 8 }, { number: "7" }, true], [rating, { below: 8 }, { number: "8" }, false],
    [rating, { at_most: 3 }, { number: "3" }, true], [rating, { at_most: 3 }, { number: "4" }, false],
    [measure, { above: 120 }, { number: "soon" }, false],
  ];
  for (const [criterion, plain, content, expected] of cases) {
    const asks = { ...criterion, not_green_when: [{ above: 1e6 }, plain] };
    const answer = enter(EMPTY_ANSWER, content);
    assert.equal(isNotGreen(asks, answer), expected, JSON.stringify([plain, content]));
    assert.equal(isNotGreen(asks, EMPTY_ANSWER), false);
    assert.equal(isNotGreen(asks, markStatus(answer, "not_applicable")), false);
  }
  assert.equal(isNotGreen(measure, enter(EMPTY_ANSWER, { number: "500" })), false);
});

test("evidence and comment when not green are asked for as soon as the test fires", () => {
  const slow = { ...measure, evidence: "not_green", evidence_at_least: 2, comment: "not_green", not_green_when: [{ above: 120 }] };
  const answer = (number) => enter(EMPTY_ANSWER, { number });
  assert.deepEqual(lacking(slow, answer("90")), []);
  assert.deepEqual(lacking(slow, answer("121")), [{ what: "comment" }, { what: "photos", count: 2 }]);
  assert.deepEqual([photosNeeded(slow, answer("90")), photosNeeded(slow, answer("121")), isCommentNeeded(slow, answer("121"))], [0, 2, true]);
  assert.deepEqual(lacking(slow, { ...answer("121"), comment: "a queue", photo_ids: ["a", "b"] }), []);
});
