/** Whether this browser can show notices, and why not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { stateOfNotices } from "../../inspector/phone/notice_state.js";

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15";
const ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15";

const browser = (userAgent, permission, maxTouchPoints = 5) => ({
  navigator: { userAgent, maxTouchPoints, serviceWorker: {} },
  ...(permission && { PushManager: class {}, Notification: { permission } }),
});
const state = (scope, { isOn = false, isInstalled = false } = {}) => stateOfNotices({ isOn, isInstalled, scope });

test("notices are on where they were asked for and are allowed still", () => {
  assert.equal(state(browser(ANDROID, "default")), "off");
  assert.equal(state(browser(ANDROID, "granted")), "off");
  assert.equal(state(browser(ANDROID, "granted"), { isOn: true }), "on");
  assert.equal(state(browser(ANDROID, "default"), { isOn: true }), "off");
  assert.equal(state(browser(ANDROID, "denied"), { isOn: true }), "denied");
});

test("an iPhone needs the app on its Home Screen, others have them or not", () => {
  assert.equal(state(browser(IPHONE, null)), "install");
  assert.equal(state(browser(MAC, null)), "install");
  assert.equal(state(browser(IPHONE, null), { isInstalled: true }), "missing");
  assert.equal(state(browser(IPHONE, "default"), { isInstalled: true }), "off");
  assert.equal(state(browser(MAC, null, 0)), "missing");
  assert.equal(state(browser(ANDROID, null)), "missing");
});
