import assert from "node:assert/strict";
import { test } from "node:test";
import { inAnswer, inPractice } from "../../inspector/phone/photo_places.js";
import {
  addPractice, changePractice, isEmpty, practiceOf, practicesOf, removePractice, restorePractice, touchpointsOf, wordless,
} from "../../inspector/phone/practices.js";
import { photosInUse } from "../../inspector/phone/visit.js";
import { aDraft, ASSIGNMENT, aTask, aVersion } from "./factories.js";
import { aReport } from "./returned.js";

const two = () => addPractice(addPractice(aDraft(), { id: "b1", touchpointId: "door" }), { id: "b2", touchpointId: "desk" });
const say = (draft, id, text) => changePractice(draft, id, (practice) => ({ ...practice, text }));
const ids = (draft) => practicesOf(draft).map(({ id }) => id);
const photo = { id: "p1", sha256: "s", size: 1, media_type: "image/jpeg", taken_at: "t" };

test("written down, changed, removed and brought back at its place", () => {
  assert.deepEqual(practicesOf(aDraft()), []);
  const draft = say(changePractice(two(), "b1", (each) => ({ ...each, kind: "beyond" })), "b1", "an umbrella to borrow");
  assert.deepEqual(practiceOf(draft, "b1"), { id: "b1", touchpoint_id: "door", kind: "beyond", text: "an umbrella to borrow", photo_ids: [] });
  assert.equal(practiceOf(draft, "b2").kind, "comfort");
  const without = removePractice(draft, "b1");
  assert.deepEqual([ids(without), practiceOf(without, "b1")], [["b2"], null]);
  assert.deepEqual(practicesOf(restorePractice(without, practiceOf(draft, "b1"), 0)), practicesOf(draft));
  assert.deepEqual(ids(draft), ["b1", "b2"]);
});

test("one without words keeps the visit from being finished, and an empty one is worth nothing", () => {
  const draft = say(two(), "b2", "  ");
  assert.deepEqual(wordless(draft).map(({ id }) => id), ["b1", "b2"]);
  assert.deepEqual(wordless(say(say(draft, "b1", "coffee"), "b2", "tea")), []);
  assert.ok(isEmpty(practiceOf(draft, "b2")));
  assert.ok(!isEmpty(practiceOf(inPractice("b2").add(draft, photo), "b2")));
});

test("best practices and their photos go with the report", () => {
  const draft = inPractice("b1").add(say(removePractice(two(), "b2"), "b1", "coffee"), photo);
  const report = aReport(draft);
  assert.deepEqual(report.best_practices, [{ id: "b1", touchpoint_id: "door", kind: "comfort", text: "coffee", photo_ids: ["p1"] }]);
  assert.deepEqual(report.photos, [photo]);
});

test("a photo has the same ways at an answer and at a best practice", () => {
  for (const place of [inAnswer("door"), inAnswer("door", 2), inPractice("b1")]) {
    const more = ["p1", "p2", "p3"].reduce((whole, id) => place.add(whole, { ...photo, id }), two());
    assert.deepEqual([place.ids(more), photosInUse(more).length], [["p1", "p2", "p3"], 3]);
    const fewer = place.remove(more, "p2");
    assert.deepEqual([place.ids(fewer), Object.keys(fewer.photos)], [["p1", "p3"], ["p1", "p2", "p3"]]);
    assert.deepEqual(place.ids(place.restore(fewer, "p2", 1)), ["p1", "p2", "p3"]);
    assert.deepEqual(place.ids(place.restore(more, "p2", 1)), ["p1", "p2", "p3"]);
  }
  assert.notEqual(inAnswer("door").key, inAnswer("door", 2).key);
  assert.deepEqual(inPractice("unknown").ids(two()), []);
});

test("any touchpoint of the project may have one; the checklist's own where nothing is known of the project", () => {
  const touchpoints = [{ id: "t1", name: { en: "Door" } }];
  const project = { id: "coffee", touchpoints };
  const task = { ...aTask(), assignment: { ...ASSIGNMENT, project: { id: "coffee" } } };
  assert.equal(touchpointsOf({ ...task, project }, null), touchpoints);
  assert.equal(touchpointsOf(task, { projects: [project] }), touchpoints);
  const version = aVersion({ door: [], desk: [], hall: [] }, { desk: { touchpoint_id: "t2" } });
  assert.deepEqual(touchpointsOf({ ...task, version }, null), [{ id: "t", name: { en: "door" } }, { id: "t2", name: { en: "desk" } }]);
});
