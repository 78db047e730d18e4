/** The machine can see: every promise has a build that breaks it, and is found broken within a few hundred sequences. */
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadApp } from "./app.js";
import { build, BROKEN_BUILDS } from "./broken_builds.js";
import { hashAtOnce } from "./hash.js";
import { PROMISES } from "./promises.js";
import { firstBroken } from "./sequences.js";
import { watchDatabase } from "./tab.js";

const RUNS = 1000;
const FIRST = 400;

watchDatabase();
hashAtOnce();

test("there is a broken build for every promise", () => {
  assert.deepEqual(new Set(BROKEN_BUILDS.map(({ promise }) => promise)), new Set(Object.keys(PROMISES)));
});

for (const broken of BROKEN_BUILDS) {
  test(`found broken: ${broken.why}`, async () => {
    const { folder, remove } = await build(broken);
    try {
      const app = { ...await loadApp(folder), mayFail: true };
      const found = await firstBroken(app, broken.seed ?? FIRST, RUNS);
      assert.equal(found?.broken.promise, broken.promise, `seed ${found?.seed}: ${found?.broken.message}`);
    } finally {
      await remove();
    }
  });
}
