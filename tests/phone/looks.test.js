import assert from "node:assert/strict";
import { test } from "node:test";
import { doubtfulPhotos } from "../../inspector/phone/before_leaving.js";
import { isSame, lookOf, troubleOf } from "../../inspector/phone/looks.js";
import { addPractice, changePractice } from "../../inspector/phone/practices.js";
import { addPhoto } from "../../inspector/phone/visit.js";
import { aDraft, aTask } from "./factories.js";

/*
 * The limits in looks.js were set by 16 pictures of cameras and phones out of Pillow's and pi-heif's packages and 12 drawn
 * ones, at a long edge of 512. Sharpness: as they are 0.59 and more, so none is accused at 0.45; with a Gaussian of 0.5 %
 * of the long edge all 28 are, with one of 0.3 % 18, shaken over 2 % of the width 25. Light: as they are the mean is 82
 * and more; at 12 % of the light 25 are dark. Prints: of one picture saved anew or at half the light 3 bits differ at
 * most, in 27 of 28 no more than 2; of two different ones 4 at least.
 */

const WIDTH = 256, HEIGHT = 192;

/** A picture whose grey at a place `grey(x, y)` tells, in levels of 255. */
function picture(grey, { width = WIDTH, height = HEIGHT } = {}) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let place = 0; place < width * height; place += 1) {
    data.fill(grey(place % width, Math.floor(place / width)), 4 * place, 4 * place + 3);
    data[4 * place + 3] = 255;
  }
  return { data, width, height };
}

/** Boxes of different greys on a wall, with sharp edges: a shelf. The seed says which. */
function shelf(seed, light = 1) {
  const level = (x, y) => (Math.sin(seed * 12.9898 + Math.floor(x / 19) * 78.233 + Math.floor(y / 23) * 37.719) * 43758.5453) % 1;
  return picture((x, y) => light * (90 + 80 * level(x, y) + (x % 19 === 0 ? 60 : 0)));
}

/** Every pixel the mean of those around it, `across` and `down` to each side. */
function smeared({ data, width, height }, across, down = across) {
  const at = (x, y) => data[4 * (Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1))];
  return picture((x, y) => {
    let sum = 0;
    for (let dy = -down; dy <= down; dy += 1) for (let dx = -across; dx <= across; dx += 1) sum += at(x + dx, y + dy);
    return sum / ((2 * across + 1) * (2 * down + 1));
  }, { width, height });
}

const looksOf = (what) => troubleOf(lookOf(what));

test("a sharp picture is not accused, a blurred or a shaken one is", () => {
  for (const seed of [1, 2, 3]) {
    assert.equal(looksOf(shelf(seed)), null);
    assert.equal(looksOf(smeared(shelf(seed), 5)), "blurred");
    assert.equal(looksOf(smeared(shelf(seed), 9, 0)), "blurred");
    assert.equal(looksOf(smeared(shelf(seed), 0, 9)), "blurred");
  }
});

test("a dark picture is dark, black paper with white words is not, nor is a bright one", () => {
  assert.equal(looksOf(shelf(1, 0.08)), "dark");
  assert.equal(looksOf(picture(() => 3)), "dark");
  assert.equal(looksOf(picture((x, y) => (y % 12 === 0 && x % 3 ? 240 : 12))), null);
  assert.equal(looksOf(shelf(1, 2.5)), null);
});

test("where there is nothing to be seen nothing is called blurred", () => {
  assert.equal(lookOf(picture(() => 180)).sharpness, null);
  assert.equal(looksOf(picture(() => 180)), null);
  assert.equal(looksOf(picture(() => 180, { width: 1, height: 1 })), null);
});

test("the same picture is known again in another light and size, another one is not", () => {
  const one = lookOf(shelf(1));
  assert.match(one.print, /^[0-9a-f]{16}$/);
  assert.ok(isSame(one, lookOf(shelf(1, 0.6))));
  assert.ok(isSame(one, lookOf(smeared(shelf(1), 1))));
  assert.ok(!isSame(one, lookOf(shelf(2))));
});

test("bare walls and covered lenses are not the same as one another", () => {
  const wall = lookOf(picture(() => 180));
  assert.equal(wall.print, null);
  assert.ok(!isSame(wall, wall));
});

// ---- In a draft

const SHARP = lookOf(shelf(1)), OTHER = lookOf(shelf(2)), BLURRED = lookOf(smeared(shelf(3), 6)), DARK = lookOf(shelf(4, 0.08));

/** A draft with these photos, each as [criterion, id, look, more]. */
const withPhotos = (...photos) => photos.reduce((draft, [criterion, id, look, more]) => (
  addPhoto(draft, criterion, 0, { id, sha256: id, size: 1, media_type: "image/jpeg", taken_at: "t", look, ...more })), aDraft());

const told = (draft) => doubtfulPhotos(aTask(), draft).map(({ id, why, at }) => [id, why, at.criterion?.id ?? at.practice]);

test("doubtful photos are told in the order of the checklist, with the place of each", () => {
  const draft = withPhotos(["pay", "dim", DARK], ["door", "soft", BLURRED], ["door", "good", SHARP], ["pay", "again", SHARP]);
  assert.deepEqual(told(draft), [["soft", "blurred", "door"], ["dim", "dark", "pay"], ["again", "twice", "pay"]]);
  assert.deepEqual(told(withPhotos(["door", "a", SHARP], ["pay", "b", OTHER])), []);
});

test("the same bytes are the same picture, also where nobody could look at them", () => {
  assert.deepEqual(told(withPhotos(["door", "a", undefined], ["pay", "b", undefined, { sha256: "a" }])), [["b", "twice", "pay"]]);
});

test("photos of best practices are looked at too, lost ones and those of older apps are not", () => {
  const id = "practice";
  const practised = changePractice(
    addPractice(withPhotos(["door", "a", DARK]), { id, touchpointId: "t" }), id, (each) => ({ ...each, photo_ids: ["a"] }));
  assert.deepEqual(told(practised).at(-1), ["a", "dark", id]);
  assert.deepEqual(told(withPhotos(["door", "a", DARK, { missing: true }], ["door", "b", undefined])), []);
});

test("a photo is worth a fraction of a second on a slow phone", () => {
  const large = picture((x, y) => (x * 7 + y * 13) % 256, { width: 512, height: 384 });
  const looks = Array.from({ length: 5 }, () => {
    const before = performance.now();
    lookOf(large);
    return performance.now() - before;
  });
  assert.ok(Math.min(...looks) < 60, String(looks));
});
