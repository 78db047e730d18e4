import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { troubleWords } from "../../inspector/phone/screens/kinds.js";
import {
  checksWords, dueWords, lackWords, placeWords, progressWords, repetitionWords, stateOfVisit, whyRefused,
} from "../../inspector/phone/screens/words.js";
import { keyOf, speak } from "../../inspector/phone/translate.js";

const outlet = { time_zone: "Asia/Novosibirsk" };
const IDLE = { state: "rest" };
const FINISHED = { id: "v", delivered: false, parked: null, acknowledged: false, photos: [], next_try_at: 0 };

test("whole days are named without hours, the last one included, in the outlet's zone", () => {
  const window = { due_from: "2026-11-20T17:00:00Z", due_until: "2026-11-23T17:00:00Z", outlet };
  assert.equal(dueWords(window), "21 Nov – 23 Nov");
});

test("hours are named with a word about whose they are, where the phone's clock shows others", () => {
  const window = { due_from: "2026-11-21T03:00:00Z", due_until: "2026-11-21T11:30:00Z", outlet };
  const expected = "21 Nov, 10:00 to 21 Nov, 18:30";
  const elsewhere = new Date(window.due_until).getTimezoneOffset() !== -420;
  assert.equal(dueWords(window), elsewhere ? `${expected} (time at the outlet)` : expected);
});

test("one open edge leaves the other", () => {
  assert.match(dueWords({ due_from: null, due_until: "2026-11-21T11:30:00Z", outlet }), /^until 21 Nov, 18:30/);
});

test("a stopwatch that is running is named", () => {
  assert.equal(lackWords({ what: "watch" }), "the stopwatch is running: stop it");
});

test("a finished visit's states in words", () => {
  const said = (visit, sending = null, outbox = IDLE) => stateOfVisit({ ...FINISHED, ...visit }, sending, outbox);
  const server = { state: "received", reason: null, received_at: new Date().toISOString() };
  assert.equal(said({}), "saved on this phone");
  assert.equal(said({ photos: [{ confirmed: false }] }, "v"), "sending 1 of 2");
  assert.match(said({ delivered: true, server }), /^received \d\d:\d\d$/);
  assert.match(said({ delivered: true, server: { ...server, received_at: "2020-01-05T12:00:00Z" } }), /^received 5 Jan, /);
  const held = { ...server, state: "held", reason: "withdrawn" };
  assert.match(said({ delivered: true, server: held }), /^received .*, waiting for a manager's decision: withdrawn$/);
  assert.equal(said({ delivered: true, server: { ...server, state: "rejected", reason: "no photo" } }), "rejected: no photo");
  const refused = { status: 413, detail: "too large" };
  assert.match(said({ parked: refused }), /^needs attention: it is larger than the server takes\. /);
  assert.equal(said({ parked: refused, photos: [{ refused: { ...refused } }, {}] }), "the report has arrived, some photos have not");
});

test("whatever the server says no with, it is told in words what to do, in both languages", async () => {
  const catalogue = await russian();
  const acts = { en: /\b(save|tell|ask|try|send)\b/i, ru: /(сохраните|сообщите|спросите|попробуйте|попросите|отправьте)/i };
  const statuses = [0, 400, 403, 404, 409, 410, 413, 415, 422, 418];
  const misleading = "Make it smaller, or choose something else. It will be sent again.";
  for (const code of ["en", "ru"]) {
    speak(code, code === "ru" ? catalogue : {});
    const said = statuses.map((status) => whyRefused({ status, detail: status === 403 ? null : misleading }));
    said.push(whyRefused({ status: 409, detail: "", kept: true }), whyRefused({ status: 418, detail: null }));
    for (const words of said.filter((each) => code === "en" || /[а-я]/i.test(each))) assert.match(words, acts[code]);
    // Only where nothing better is known; and nothing falls through to what another status means.
    assert.deepEqual(said.filter((words) => words.includes(misleading)).length, 1);
    assert.equal(new Set(said).size, said.length);
  }
  speak("en");
  assert.equal(whyRefused({ status: 403, detail: "Ask the manager of the project." }), "Ask the manager of the project.");
});

// What the catalogue has so far: that nothing is missing in it is another test's matter.
async function russian() {
  const file = new URL("../../inspector/translations/ru/LC_MESSAGES/messages.po", import.meta.url);
  const entries = (await readFile(file, "utf8")).split("\n\n").map((entry) => entry.replaceAll('"\n"', ""));
  const found = entries.map((entry) => /^msgid (".*")\nmsgstr (".+")$/m.exec(entry)).filter(Boolean);
  return Object.fromEntries(found.map(([, english, words]) => [keyOf(JSON.parse(english)), JSON.parse(words)]));
}

test("a pause is said only when it is worth it", () => {
  const in5Minutes = Date.now() + 300_000;
  assert.match(stateOfVisit({ ...FINISHED, next_try_at: in5Minutes }, null, IDLE), /next try at/);
  assert.match(stateOfVisit(FINISHED, null, { state: "no answer", until: in5Minutes }), /next try at/);
  assert.equal(stateOfVisit({ ...FINISHED, next_try_at: Date.now() + 1000 }, null, IDLE), "saved on this phone");
});

test("progress, checks and gaps", () => {
  assert.equal(progressWords({ done: 12, total: 40, missingBehind: 2 }), "12 of 40, 2 missing");
  assert.equal(progressWords({ done: 12, total: 40, missingBehind: 0 }), "12 of 40");
  assert.equal(checksWords({ approved: 2, required: 10 }), "2 of 10 checks");
  assert.equal(checksWords({ approved: 12, required: 8 }), "12 checks, enough");
  assert.equal(lackWords({ what: "photos", count: 1 }), "1 photo missing");
  for (const what of ["answer", "reason", "comment"]) assert.ok(lackWords({ what }));
});

test("a value that does not fit is told what would", () => {
  assert.equal(troubleWords({ decimals: 1 }, "form"), "Enter a number, such as 3.5");
  assert.equal(troubleWords({ decimals: 0 }, "form"), "Enter a whole number, such as 12");
  assert.equal(troubleWords({}, "percent"), "A number from 0 to 100");
  for (const trouble of ["negative", "large"]) assert.match(troubleWords({}, trouble), /^A number /);
  for (const trouble of ["words", "year", "order"]) assert.ok(troubleWords({}, trouble));
});

test("a repetition has the inspector's name, else its section's and a number", () => {
  const draft = { repetitions: { staff: ["", " by the till "] } };
  const words = (section, repetition) => repetitionWords({ id: "staff", ...section }, draft, repetition, { default_language: "en" });
  assert.equal(words({ repeat_label: { en: "Employee" } }, 0), "Employee 1");
  assert.equal(words({ repeat_label: { en: "Employee" } }, 1), "by the till");
  assert.equal(words({ repeat_label: { en: "Employee" } }, 2), "Employee 3");
  assert.equal(words({ repeat_label: {} }, 0), "No. 1");
});

test("a place names brand, address and city, and not again what the name tells", () => {
  const place = { name: "Coffee, 5 Mill Lane", brand: "Coffee", address: "5 Mill Lane", city: "York" };
  assert.equal(placeWords(place), "Coffee, York");
  assert.equal(placeWords({ ...place, name: "North" }), "Coffee, 5 Mill Lane, York");
  assert.equal(placeWords({ ...place, address: null, city: "" }), "Coffee");
});
