import assert from "node:assert/strict";
import { test } from "node:test";
import { amountOf, currencyOf, lastCurrency, receiptOf, withReceipt } from "../../inspector/phone/receipts.js";
import { nextRevision, placeOfPhoto, unreadReceipts } from "../../inspector/phone/revisions.js";
import { removePhoto } from "../../inspector/phone/visit.js";
import { whyNotYet } from "../../inspector/phone/visiting.js";
import { ASSIGNMENT, aTask, filledIn, reportOf, VERSION } from "./factories.js";

const receiptsIn = (draft) => reportOf(draft, aTask()).photos.map((photo) => ("receipt" in photo ? photo.receipt : "nothing said"));

test("a sum is what people write, and goes as a decimal number", () => {
  assert.deepEqual(["350", "1 350,50", "0.5"].map((amount) => amountOf({ amount })), ["350", "1350.50", "0.5"]);
  assert.deepEqual(["", "12 roubles", "-1", "1e9", "1.23456", undefined].map((amount) => amountOf({ amount })), Array(6).fill(null));
  assert.deepEqual([" rub ", "EUR"].map((currency) => currencyOf({ currency })), ["RUB", "EUR"]);
  assert.deepEqual(["", "roubles", "₽", undefined].map((currency) => currencyOf({ currency })), Array(4).fill(null));
});

test("thousands are set apart as each language does; what can be read in two ways is not guessed", () => {
  const read = ["1.250,00", "1,250.00", "1 250,50", "1\u00a0250", "1\u202f250,5", "1.250.000", "350 р.", "350 руб", "₽ 350", "1 250,50 ₽", "0.250"];
  assert.deepEqual(read.map((amount) => amountOf({ amount })), [
    "1250.00", "1250.00", "1250.50", "1250", "1250.5", "1250000", "350", "350", "350", "1250.50", "0.250"]);
  const odd = ["1.250", "1,250", "12 50", "1.250.00", "1,25,000", "350 р. 50 к.", "99 999 999 999 999"];
  assert.deepEqual(odd.map((amount) => amountOf({ amount })), odd.map(() => null));
});

test("a receipt that cannot be read keeps the visit from being finished, wherever its photo is", () => {
  const unread = withReceipt(filledIn(), "p2", { amount: "1.250", currency: "" });
  assert.deepEqual([unreadReceipts(unread), unreadReceipts(withReceipt(unread, "p2", { amount: "", currency: "" }))], [["p2"], []]);
  assert.match(whyNotYet(unread), /cannot be read/);
  assert.match(whyNotYet(withReceipt(unread, "p2", { amount: "350", currency: "₽" })), /cannot be read/);
  assert.equal(whyNotYet(withReceipt(unread, "p2", { amount: "1250", currency: "rub" })), null);
  assert.equal(whyNotYet(removePhoto(unread, "door", 0, "p2")), null, "it is not sent");
  const isIt = (id) => id === "p2";
  assert.deepEqual(placeOfPhoto(VERSION, unread, isIt), { section: 0, repetition: 0, criterion: "door" });
  assert.equal(placeOfPhoto(VERSION, removePhoto(unread, "door", 0, "p2"), isIt), null);
});

test("only a photo that is a receipt says so in the report; what is no number stays at home", () => {
  assert.deepEqual(receiptsIn(filledIn()), ["nothing said", "nothing said"]);
  const draft = withReceipt(filledIn(), "p1", { amount: "350,00", currency: "rub" });
  assert.deepEqual(receiptsIn(draft), [{ amount: "350.00", currency: "RUB" }, "nothing said"]);
  assert.deepEqual(receiptsIn(withReceipt(draft, "p1", { amount: "?", currency: "" })), [{ amount: null, currency: null }, "nothing said"]);
  assert.deepEqual(receiptsIn(withReceipt(draft, "p1", null)), ["nothing said", "nothing said"]);
  assert.equal(lastCurrency(draft), "rub");
  assert.equal(lastCurrency(filledIn()), "");
});

test("a revision has its receipts again, and one that is taken back is told", () => {
  const report = reportOf(withReceipt(filledIn(), "p1", { amount: "12.5", currency: "EUR" }), aTask());
  const photos = report.photos.map((photo) => ({ ...photo, received: true }));
  const visit = { id: "visit", revision: 1, state: "returned", notes: [], report, photos };
  const next = nextRevision({ personId: "anna", assignment: { ...ASSIGNMENT, visit }, version: VERSION, now: new Date() });
  assert.deepEqual(receiptOf(next, "p1"), { amount: "12.5", currency: "EUR" });
  assert.deepEqual(receiptsIn(next)[0], { amount: "12.5", currency: "EUR" });
  assert.equal(receiptsIn(withReceipt(next, "p1", null))[0], null);
});
