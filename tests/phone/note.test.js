import assert from "node:assert/strict";
import { test } from "node:test";
import { hoursWords, purposeWords, saidOf } from "../../inspector/phone/screens/assignment.js";
import { movedOnWords } from "../../inspector/phone/screens/note.js";
import { returnedWork } from "./returned.js";

const line = (more) => ({ id: "visit", delivered: true, parked: null, next_try_at: 0, photos: [], server: { state: "received", received_at: "2026-11-21T14:02:00Z" }, ...more });
const said = (visit, finished) => saidOf({ visit }, finished, { sending: null, outbox: { state: "rest" } });

test("the newest word about a visit is shown: the server's, unless this phone has sent or finished more since", () => {
  const [{ visit: returned }] = returnedWork().assignments;
  assert.equal(said(returned), "sent back");
  assert.equal(said(null), null);
  assert.equal(said({ state: "approved", revision: 1 }, line()), "approved");
  assert.match(said(returned, line({ revision: 2 })), /^received/);
  assert.equal(said(returned, line({ revision: 2, delivered: false })), "saved on this phone");
  assert.match(said(null, line()), /^received/);
});

test("what became of a visit meanwhile is told with the reason of a rejection", () => {
  assert.match(movedOnWords({ state: "approved", reason: "fine" }), /^This visit was approved meanwhile\. What/);
  assert.match(movedOnWords({ state: "rejected", reason: "Another shop." }), /rejected meanwhile\. Another shop\. What/);
  assert.match(movedOnWords({ state: "rejected", reason: null }), /rejected meanwhile\. What/);
  assert.match(movedOnWords({ state: "received", reason: null }), /sent again meanwhile/);
});

test("hours and purpose in words", () => {
  assert.equal(hoursWords([9, 13]), "begin between 09:00 and 13:00, time at the outlet");
  assert.deepEqual([purposeWords("visit"), purposeWords(undefined), purposeWords("self_audit")], ["", "", "self-audit"]);
});
