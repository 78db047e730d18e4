import assert from "node:assert/strict";
import { test } from "node:test";
import { wayToInstall } from "../../inspector/phone/install.js";

const AGENTS = {
  iphone: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
  chrome: "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
  samsung: "Mozilla/5.0 (Linux; Android 13; SM-A515F) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
  firefox: "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
  laptop: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
};
const way = (name, more) => wayToInstall({ agent: AGENTS[name], offered: false, installed: false, ...more });

test("each browser has its own way, and its own question comes first where it has one", () => {
  assert.deepEqual(Object.keys(AGENTS).map((name) => way(name)), ["share", "menu", "samsung", "firefox", null]);
  assert.deepEqual([way("chrome", { offered: true }), way("samsung", { offered: true })], ["button", "button"]);
  assert.equal(way("iphone", { offered: true }), "share");
});

test("what is installed is never asked to be", () => {
  assert.deepEqual(Object.keys(AGENTS).map((name) => way(name, { installed: true, offered: true })), [null, null, null, null, null]);
});
