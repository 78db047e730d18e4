import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import {
  dayAndTime, firstKnown, keyOf, language, sameWallTime, speak, t, timeOfDay, tn,
} from "../../inspector/phone/translate.js";

const RUSSIAN = {
  [keyOf("%(num)s visit")]: ["%(num)s визит", "%(num)s визита", "%(num)s визитов"],
  [keyOf("received %(time)s")]: "получен %(time)s",
};

afterEach(() => speak("en"));

test("English needs no catalogue", () => {
  assert.equal(t("received %(time)s", { time: "14:02" }), "received 14:02");
  assert.deepEqual([0, 1, 2].map((count) => tn("%(num)s visit", "%(num)s visits", count)), ["0 visits", "1 visit", "2 visits"]);
});

test("Russian declines by the last digits", () => {
  speak("ru", RUSSIAN);
  const counted = [0, 1, 2, 4, 5, 11, 12, 21, 22, 25, 101, 111].map((count) => tn("%(num)s visit", "%(num)s visits", count));
  assert.deepEqual(counted, [
    "0 визитов", "1 визит", "2 визита", "4 визита", "5 визитов", "11 визитов", "12 визитов", "21 визит", "22 визита",
    "25 визитов", "101 визит", "111 визитов"]);
});

test("a text without translation stays English, an unknown place stays as it is", () => {
  speak("ru", RUSSIAN);
  assert.equal(t("saved"), "saved");
  assert.equal(tn("%(num)s photo", "%(num)s photos", 3), "3 photos");
  assert.equal(t("received %(time)s"), "получен %(time)s");
});

test("a text is called as the FNV-1a of its letters, which the server knows as well", () => {
  assert.deepEqual(["", "a", "foobar"].map(keyOf), [0x811c9d, 0xe40c29, 0xbf9cf9].map((sum) => sum.toString(36)));
});

test("values are put in as they are, even when they look like places", () => {
  assert.equal(t("%(a)s and %(b)s", { a: "%(b)s", b: "$&" }), "%(b)s and $&");
});

test("the first known language of those wished", () => {
  assert.equal(firstKnown([null, undefined, "kk-KZ", "ru-RU", "en"]), "ru");
  assert.equal(firstKnown(["de"]), "en");
  speak("ru", {});
  assert.equal(language(), "ru");
});

test("times are shown in the outlet's zone and in the language's way", () => {
  const moment = "2026-11-21T15:00:00Z";
  assert.equal(dayAndTime(moment, "Asia/Novosibirsk"), "21 Nov, 22:00");
  assert.equal(timeOfDay(moment, "Europe/Moscow"), "18:00");
  speak("ru", {});
  assert.match(dayAndTime(moment, "Europe/Moscow"), /^21 нояб\.?, 18:00$/);
  assert.equal(timeOfDay("2026-11-21T21:05:00Z", "Europe/Moscow"), "00:05");
});

test("an unknown zone falls back to the phone's own", () => {
  assert.equal(dayAndTime("2026-11-21T15:00:00Z", "Mars/Olympus"), dayAndTime("2026-11-21T15:00:00Z"));
  assert.equal(sameWallTime("2026-11-21T15:00:00Z", null), true);
});
