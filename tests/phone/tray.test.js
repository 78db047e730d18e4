import assert from "node:assert/strict";
import { test } from "node:test";
import { fromWire } from "../../inspector/phone/kinds.js";
import { inAnswer, inPractice, inTray } from "../../inspector/phone/photo_places.js";
import { practicesOf } from "../../inspector/phone/practices.js";
import { markMissing, placeOfLost } from "../../inspector/phone/revisions.js";
import { start } from "../../inspector/phone/stopwatch.js";
import {
  assign, assignToPractice, countOn, itemsOf, putBack, putIn, takeOut, targetsOf, trayOf, unassign, unassignFromPractice,
} from "../../inspector/phone/tray.js";
import { answerOf, photosInUse, startDraft } from "../../inspector/phone/visit.js";
import { whyNotYet } from "../../inspector/phone/visiting.js";
import { answered, asked, ASSIGNMENT, aTask, aVersion, filledIn, reportOf } from "./factories.js";

const VERSION = aVersion({
  hall: [
    asked("door", "states", { states: [{ id: "clean" }], evidence: "required" }),
    asked("smell", "states", { states: [{ id: "fresh" }], evidence: "none", comment: "required" })],
  desk: [
    asked("wait", "measure", { unit: "seconds", comment: "none" }),
    asked("talk", "measure", { unit: "minutes", decimals: 1 }),
    asked("people", "measure", { unit: "pieces" }),
    asked("story", "text", { evidence: "none", comment: "none" }),
    asked("sign", "photo", { comment: "none" })],
});
const TASK = aTask({ version: VERSION });
const photo = (id) => ({ id, sha256: id, size: 1, media_type: "image/jpeg", taken_at: "2026-11-21T15:10:00+03:00" });
const PHOTO = { what: "photo", id: "p", at: photo("p").taken_at };
const WATCH = { what: "stopwatch", id: "w", at: "2026-11-21T12:09:00+00:00", value: 83_400, since: null };
const COUNTER = { what: "counter", id: "c", at: "2026-11-21T12:11:00+00:00", value: 7 };
const NOTE = { what: "note", id: "n", at: "2026-11-21T12:08:00+00:00", text: "wet floor" };

function aFullTray() {
  const begun = startDraft({ id: "v", personId: "anna", assignment: ASSIGNMENT, version: VERSION, now: new Date() });
  return [NOTE, WATCH, COUNTER].reduce(putBack, inTray().add(begun, photo("p")));
}

const names = (targets) => targets.map(({ criterion, wanted }) => (wanted ? `${criterion.id}!` : criterion.id));
const target = (id) => ({ repetition: 0, criterion: VERSION.sections.flatMap(({ criteria }) => criteria).find((each) => each.id === id) });

test("a draft of an app without a tray has an empty one", () => {
  assert.deepEqual([itemsOf({}), photosInUse({ answers: {} })], [[], []]);
});

test("items lie in the order of time, whatever the offset; a note without words is none", () => {
  const draft = putIn(aFullTray(), { id: "empty", at: NOTE.at, text: " " });
  assert.deepEqual(itemsOf(draft).map(({ id }) => id), ["n", "w", "p", "c"]);
  assert.deepEqual(itemsOf(draft), [NOTE, WATCH, PHOTO, COUNTER]);
});

test("what is put in twice is changed, not doubled", () => {
  const draft = putIn(putIn(aFullTray(), { ...COUNTER, value: 8 }), { id: "n", text: "wet floor, no sign" });
  assert.equal(itemsOf(draft).length, 4);
  assert.deepEqual(trayOf(draft).notes, [{ id: "n", at: NOTE.at, text: "wet floor, no sign" }]);
  assert.equal(trayOf(draft).measures[1].value, 8);
});

test("each item taken out can be put back", () => {
  const draft = aFullTray();
  for (const item of itemsOf(draft)) {
    const without = takeOut(draft, item);
    assert.equal(itemsOf(without).length, 3);
    assert.deepEqual(itemsOf(putBack(without, item)), itemsOf(draft));
  }
});

test("first the criteria that wait for just that, then those with room for it", () => {
  const draft = answered({ door: { states: ["clean"] }, smell: { states: ["fresh"] }, talk: { number: "3" } }, aFullTray());
  const targets = (item) => names(targetsOf(TASK, draft, item));
  assert.deepEqual(targets(WATCH), ["wait!", "talk", "door", "smell", "people", ]);
  assert.deepEqual(targets(COUNTER), ["people!", "door", "smell", "talk"]);
  assert.deepEqual(targets(PHOTO), ["door!", "sign!", "wait", "talk", "people"]);
  assert.deepEqual(targets(NOTE), ["smell!", "story!", "door", "talk", "people"]);
});

test("a time becomes the number of its unit, a count a number, a note a text", () => {
  const draft = aFullTray();
  const number = (item, id) => answerOf(assign(draft, item, target(id), "words"), id).number;
  assert.deepEqual([number(WATCH, "wait"), number(WATCH, "talk"), number(COUNTER, "people")], ["83", "1.4", "7"]);
  const told = assign(answered({ story: { words: "kind" } }, draft), NOTE, target("story"), NOTE.text);
  assert.equal(answerOf(told, "story").words, "kind\nwet floor");
});

test("what no value takes follows the comment", () => {
  const once = assign(aFullTray(), NOTE, target("door"), NOTE.text);
  const twice = assign(once, WATCH, target("door"), "Measured: 1:23");
  assert.equal(answerOf(twice, "door").comment, "wet floor\nMeasured: 1:23");
  assert.deepEqual(itemsOf(twice), [PHOTO, COUNTER]);
});

test("a stopwatch that runs is read when it is assigned", () => {
  const now = { wall: 90_000, steady: 90_000, page: 1 };
  const running = { ...WATCH, ...start({ value: 1000 }, { wall: 30_000, steady: 30_000, page: 1 }) };
  const draft = assign(putIn(aFullTray(), running), running, target("wait"), "", now);
  assert.equal(answerOf(draft, "wait").number, "61");
});

test("assigning is undone: the answer is what it was, and what came into the tray meanwhile stays there", () => {
  const before = answered({ wait: { number: "5" } }, aFullTray());
  const moved = inTray().add(assign(before, WATCH, target("wait"), ""), photo("later"));
  const undone = unassign(moved, WATCH, target("wait"), before);
  assert.equal(answerOf(undone, "wait").number, "5");
  assert.deepEqual(itemsOf(undone).map(({ id }) => id), ["n", "w", "p", "later", "c"]);
});

test("what is undone takes no photo along that came since", () => {
  const before = aFullTray();
  const later = inAnswer("wait").add(assign(before, WATCH, target("wait"), ""), photo("later"));
  assert.deepEqual(answerOf(unassign(later, WATCH, target("wait"), before), "wait").photo_ids, ["later"]);
  const beside = inAnswer("sign").add(assign(before, PHOTO, target("sign"), ""), photo("later"));
  assert.deepEqual(answerOf(unassign(beside, PHOTO, target("sign"), before), "sign").photo_ids, ["later"]);

  const begun = assignToPractice(before, PHOTO, "b", "t");
  assert.deepEqual(practicesOf(unassignFromPractice(begun, PHOTO, "b", before)), []);
  const more = inPractice("b").add(begun, photo("later"));
  assert.deepEqual(practicesOf(unassignFromPractice(more, PHOTO, "b", before))[0].photo_ids, ["later"]);
});

test("the second tap of a double one moves nothing again, and on a counter it counts", () => {
  const once = assign(aFullTray(), PHOTO, target("sign"), "");
  assert.equal(assign(once, PHOTO, target("sign"), ""), once);
  assert.equal(assignToPractice(once, PHOTO, "b", "t"), once);
  const counted = countOn(countOn(aFullTray(), COUNTER, 1), COUNTER, 1);
  assert.equal(itemsOf(counted).find(({ id }) => id === "c").value, COUNTER.value + 2);
});

test("a photo and a note make one best practice", () => {
  const begun = assignToPractice(aFullTray(), PHOTO, "b", "t");
  const draft = assignToPractice(begun, NOTE, "b", "elsewhere");
  assert.deepEqual(practicesOf(draft), [{ id: "b", touchpoint_id: "t", kind: "comfort", text: "wet floor", photo_ids: ["p"] }]);
  assert.deepEqual(itemsOf(draft), [WATCH, COUNTER]);
});

test("a photo in the tray counts as one of the visit's, and goes with the report once it is assigned", () => {
  const draft = aFullTray();
  assert.deepEqual(photosInUse(draft), ["p"]);
  const report = reportOf(assign(draft, PHOTO, target("sign"), ""), TASK);
  assert.deepEqual(report.photos.map(({ id }) => id), ["p"]);
  assert.deepEqual(fromWire(target("sign").criterion, report.answers[0]).photo_ids, ["p"]);
});

test("a photo in the tray that nobody has is found there", () => {
  assert.deepEqual(placeOfLost(VERSION, markMissing(aFullTray(), new Set())), { tray: true });
});

test("while something lies in the tray the visit is not finished", () => {
  assert.equal(whyNotYet(filledIn()), null);
  assert.match(whyNotYet(putBack(filledIn(), NOTE)), /is sorted/);
});
