/**
 * Random sequences of what people, reviewers and misfortune do to one phone: whatever happens, what the app promised is
 * kept. RUNS says how many and SEED where to begin; a failure is printed with its seed and the fewest steps that lead to it.
 */
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadApp } from "./app.js";
import { hashAtOnce } from "./hash.js";
import { firstBroken, shrunk } from "./sequences.js";
import { watchDatabase } from "./tab.js";

const RUNS = Number(process.env.RUNS ?? 200);
const FIRST = Number(process.env.SEED || Math.floor(Math.random() * 2 ** 31));

watchDatabase();
hashAtOnce();

test(`every promise is kept in ${RUNS} sequences from seed ${FIRST} on`, async () => {
  const app = await loadApp();
  const found = await firstBroken(app, FIRST, RUNS);
  if (!found) return;
  const { steps, broken } = await shrunk(app, found);
  const lines = steps.map((step) => JSON.stringify(step)).join("\n");
  assert.fail(`SEED=${found.seed} RUNS=1 repeats it\n${broken.message}\nafter these steps and a drain:\n${lines}`);
});
