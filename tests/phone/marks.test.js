import assert from "node:assert/strict";
import { test } from "node:test";
import {
  drawnMark, isTap, linesOf, markAt, marksOf, moved, resized, usualMark, WHAT, withMarks,
} from "../../inspector/phone/marks.js";
import { nextRevision } from "../../inspector/phone/revisions.js";
import { ASSIGNMENT, aTask, filledIn, reportOf, VERSION } from "./factories.js";

const BLUR = { what: "blur", at: [0.1, 0.2, 0.3, 0.4] };

test("a mark goes from where the finger came down to where it went up, and never leaves the picture", () => {
  assert.deepEqual(drawnMark("box", [0.25, 0.5], [0.75, 1.3]), { what: "box", at: [0.25, 0.5, 0.75, 1] });
  assert.deepEqual(drawnMark("arrow", [1 / 3, 0], [-2, 0.5]), { what: "arrow", at: [0.3333, 0, 0, 0.5] });
});

test("a tap makes a mark of the usual size; an arrow points to it", () => {
  assert.ok(isTap([0.5, 0.5], [0.51, 0.49]));
  assert.deepEqual(drawnMark("blur", [0.5, 0.5], [0.5, 0.51]), { what: "blur", at: [0.4, 0.41, 0.6, 0.61] });
  assert.deepEqual(usualMark("arrow", [0.1, 0.9]), { what: "arrow", at: [0.3, 0.7, 0.1, 0.9] });
  for (const what of WHAT) {
    for (const place of [[0, 0], [1, 1], [0.5, 0.5]]) {
      const { at } = usualMark(what, place);
      assert.ok(at.every((share) => share >= 0 && share <= 1), `${at}`);
      assert.notEqual(at[0], at[2]);
    }
  }
});

test("moving keeps the size, as far as the picture reaches", () => {
  assert.deepEqual(moved(BLUR, 0.05, -0.05).at, [0.15, 0.15, 0.35, 0.35]);
  assert.deepEqual(moved(BLUR, 5, -5).at, [0.8, 0, 1, 0.2]);
  assert.deepEqual(moved({ what: "arrow", at: [0.9, 0.9, 0.7, 0.6] }, 1, 1).at, [1, 1, 0.8, 0.7]);
});

test("the second place is what changes the size", () => {
  assert.deepEqual(resized(BLUR, 0.1, -0.1).at, [0.1, 0.2, 0.4, 0.3]);
  assert.deepEqual(resized(BLUR, 9, -9).at, [0.1, 0.2, 1, 0]);
});

test("the uppermost mark is the one that a finger finds", () => {
  const over = { what: "box", at: [0.35, 0.45, 0.25, 0.15] };
  assert.equal(markAt([BLUR, over], [0.28, 0.3]), 1);
  assert.equal(markAt([BLUR, over], [0.15, 0.3]), 0);
  assert.equal(markAt([BLUR, over], [0.8, 0.8]), -1);
});

test("an arrow's head is at its second place, and a box is closed", () => {
  const [shaft, head] = linesOf({ what: "arrow", at: [0, 0.5, 0.5, 0.5] }, { width: 1000, height: 500 });
  assert.deepEqual(shaft, [[0, 250], [500, 250]]);
  assert.deepEqual(head[1], [500, 250]);
  assert.ok(head[0][0] < 500 && head[2][0] < 500 && head[0][1] > 250 !== head[2][1] > 250);
  const [box] = linesOf({ what: "box", at: [0, 0, 1, 1] }, { width: 10, height: 10 });
  assert.deepEqual(box[0], box[4]);
  assert.deepEqual(linesOf(BLUR, { width: 10, height: 10 }), []);
});

test("the report has the marks of those photos that have some", () => {
  const draft = withMarks(withMarks(filledIn(), "p1", [BLUR]), "p2", []);
  assert.deepEqual(marksOf(draft, "p1"), [BLUR]);
  const [first, second] = reportOf(draft, aTask()).photos;
  assert.deepEqual(first.marks, [BLUR]);
  assert.ok(!("marks" in second), "older servers know nothing of them");
  assert.ok(!reportOf(filledIn(), aTask()).photos.some((photo) => "marks" in photo));
});

test("the next revision has the marks of the one before, and says when they were taken away", () => {
  const { photos, ...report } = reportOf(withMarks(filledIn(), "p1", [BLUR]), aTask());
  const visit = {
    id: "visit", revision: 1, notes: [], report: { ...report, photos },
    photos: photos.map(({ marks: _, ...photo }) => ({ ...photo, received: true })),
  };
  const next = nextRevision({ personId: "anna", assignment: { ...ASSIGNMENT, visit }, version: VERSION, now: new Date() });
  assert.deepEqual(marksOf(next, "p1"), [BLUR]);
  assert.deepEqual(reportOf(next, aTask()).photos.map(({ marks }) => marks), [[BLUR], undefined]);
  assert.deepEqual(reportOf(withMarks(next, "p1", []), aTask()).photos.map(({ marks }) => marks), [[], undefined]);
});
