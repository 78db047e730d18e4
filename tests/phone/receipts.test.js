import assert from "node:assert/strict";
import { test } from "node:test";
import { amountOf, currencyOf, lastCurrency, receiptOf, withReceipt } from "../../inspector/phone/receipts.js";
import { nextRevision } from "../../inspector/phone/revisions.js";
import { ASSIGNMENT, aTask, filledIn, reportOf, VERSION } from "./factories.js";

const receiptsIn = (draft) => reportOf(draft, aTask()).photos.map((photo) => ("receipt" in photo ? photo.receipt : "nothing said"));

test("a sum is what people write, and goes as a decimal number", () => {
  assert.deepEqual(["350", "1 350,50", "0.5"].map((amount) => amountOf({ amount })), ["350", "1350.50", "0.5"]);
  assert.deepEqual(["", "12 roubles", "-1", "1e9", "1.23456", undefined].map((amount) => amountOf({ amount })), Array(6).fill(null));
  assert.deepEqual([" rub ", "EUR"].map((currency) => currencyOf({ currency })), ["RUB", "EUR"]);
  assert.deepEqual(["", "roubles", "₽", undefined].map((currency) => currencyOf({ currency })), Array(4).fill(null));
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
