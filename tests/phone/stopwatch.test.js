import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsed, face, inUnit, moment, start, stop } from "../../inspector/phone/stopwatch.js";

const at = (wall, steady = wall, page = 1) => ({ wall, steady, page });

test("a stopwatch adds up what it ran", () => {
  const first = stop(start({}, at(1000)), at(4000));
  assert.deepEqual(first, { value: 3000, since: null });
  assert.equal(elapsed(first, at(99_000)), 3000);
  assert.equal(elapsed(start(first, at(10_000)), at(12_000)), 5000);
});

test("it goes on while the page is dead: then the wall's clock tells", () => {
  const running = JSON.parse(JSON.stringify(start({}, at(1000, 500, 1))));
  assert.equal(elapsed(running, at(91_000, 20, 2)), 90_000);
});

test("while the phone slept the wall's clock tells, and the steady one when somebody set the wall's back", () => {
  const running = start({}, at(1000, 500));
  assert.equal(elapsed(running, at(61_000, 2500)), 60_000);
  assert.equal(elapsed(running, at(-3_599_000, 30_500)), 30_000);
});

test("a clock that the network sets forward under the eyes of its reader adds no hours", () => {
  const running = start({ value: 1000 }, at(1000, 500));
  const seen = (since) => ({ ...at(7_201_000, 10_500), seen: since });
  assert.equal(elapsed(running, seen(400)), 11_000);
  // Behind a page that was hidden meanwhile the phone may have slept.
  assert.equal(elapsed(running, seen(600)), 7_201_000);
  assert.equal(elapsed(running, { ...seen(0), page: 2 }), 7_201_000);
});

test("a page that is hidden and seen again has not been seen all the time", async () => {
  const [before, events] = [globalThis.addEventListener, new EventTarget()];
  globalThis.addEventListener = (...args) => events.addEventListener(...args);
  const { moment: now } = await import("../../inspector/phone/stopwatch.js?with-events");
  globalThis.addEventListener = before;
  assert.equal(now().seen, 0);
  events.dispatchEvent(new Event("visibilitychange"));
  const { seen, steady } = now();
  assert.ok(seen > 0 && seen <= steady);
});

test("it never shows less than nothing", () => {
  assert.equal(elapsed(start({}, at(5000, 0, 1)), at(1000, 0, 2)), 0);
});

test("now has all three clocks", () => {
  const { wall, steady, page } = moment();
  assert.ok(Math.abs(wall - (page + steady)) < 1000);
});

test("its face", () => {
  assert.deepEqual([0, 999, 65_000, 3_599_999, 3_725_000].map(face), ["0:00", "0:00", "1:05", "59:59", "1:02:05"]);
});

test("the number that a criterion takes, with its decimals; none in units that are no time", () => {
  const number = (unit, decimals) => inUnit(89_600, { unit, decimals });
  assert.deepEqual([number("seconds", 0), number("seconds", 1), number("minutes", 0), number("minutes", 2)], ["89", "89.6", "1", "1.49"]);
  assert.equal(number("pieces", 0), null);
});
