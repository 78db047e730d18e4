/** When the page is drawn again, and what of it at once. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Drawing } from "../../inspector/phone/screens/drawing.js";

let frames, drawn, drawing;

beforeEach(() => {
  frames = [];
  drawn = [];
  globalThis.document = { hidden: false };
  globalThis.requestAnimationFrame = (act) => frames.push(act);
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  drawing = new Drawing(() => drawn.push("whole"));
});

const nextFrame = () => frames.splice(0).forEach((act) => act());
const part = { forceUpdate: (then) => { drawn.push("part"); then?.(); } };
const tap = () => drawing.changeHere(part, () => drawing.changed());

test("all that has changed by the next frame is drawn once", () => {
  drawing.changed();
  drawing.changed();
  assert.deepEqual(drawn, []);
  nextFrame();
  assert.deepEqual(drawn, ["whole"]);
  nextFrame();
  assert.deepEqual(drawn, ["whole"]);
});

test("a page that nobody sees is drawn without a frame", async () => {
  document.hidden = true;
  drawing.changed();
  tap();
  await null;
  assert.deepEqual(drawn, ["part", "whole"]);
  assert.equal(frames.length, 0);
});

test("what is tapped is drawn at once, the rest with the news that it is saved", () => {
  const kept = { fallBehind: () => drawn.push("behind") };
  drawing.onlyWhole.add(kept);
  tap();
  nextFrame();
  assert.deepEqual(drawn, ["part", "behind"]);
  drawing.changed();
  nextFrame();
  assert.deepEqual(drawn, ["part", "behind", "whole"]);
  mock.timers.tick(1000);
  nextFrame();
  assert.equal(drawn.length, 3);
});

test("the rest does not wait for a phone that is slow to save", () => {
  tap();
  tap();
  mock.timers.tick(100);
  nextFrame();
  assert.deepEqual(drawn, ["part", "part", "whole"]);
  tap();
  mock.timers.tick(100);
  nextFrame();
  assert.deepEqual(drawn.slice(3), ["part", "whole"]);
});

test("a change that is refused draws nothing, one that fails is told", () => {
  drawing.changeHere(part, () => {});
  assert.deepEqual(drawn, []);
  assert.throws(() => drawing.changeHere(part, () => { throw new Error("no"); }), /no/);
  drawing.changed();
  nextFrame();
  assert.deepEqual(drawn, ["whole"]);
});

test("a screen with rows to tap holds them while a part is drawn", () => {
  drawing.hold = () => {
    drawn.push("hold");
    return () => drawn.push("let go");
  };
  tap();
  assert.deepEqual(drawn, ["hold", "part", "let go"]);
});
