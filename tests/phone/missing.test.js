import assert from "node:assert/strict";
import { test } from "node:test";
import { nextMissing } from "../../inspector/phone/missing.js";
import { progress } from "../../inspector/phone/visit.js";
import { aDraft, answered, aTask, VERSION } from "./factories.js";

const next = (draft, section, criterion = null) => {
  const found = nextMissing(VERSION, draft, progress(aTask(), draft).missing, { section, repetition: 0, criterion });
  return found && found.criterion.id;
};
const left = (...sections) => ({ ...aDraft(), left_sections: sections });

test("nothing is missing before a section was left", () => {
  assert.equal(next(left(), 0), null);
});

test("from one to the next, over sections, and from the end to the beginning", () => {
  const draft = left("entrance", "desk");
  assert.deepEqual([next(draft, 0), next(draft, 0, "door"), next(draft, 0, "wait"), next(draft, 1, "pay"), next(draft, 1, "bill")],
    ["door", "wait", "pay", "door", "door"]);
});

test("what is answered is passed over, and what was never looked at too", () => {
  assert.equal(next(answered({ wait: { number: "3" } }, left("entrance")), 0, "door"), "door");
  assert.equal(next(left("desk"), 0), "pay");
});
