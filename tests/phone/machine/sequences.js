/** Invents sequences of steps from a seed, runs them, and makes one that fails as short as it can. */
import { aChance } from "./chance.js";
import { Broken } from "./promises.js";
import { FAULTS } from "./service.js";
import { aWorld } from "./world.js";

const LEAST_STEPS = 10;
/** Of one phone, of two. */
const MOST_STEPS = [40, 30];
/** How often a step is in the same tab as the one before it, and how often there is a second phone. */
const SAME_TAB = 0.7;
const TWO_PHONES = 0.35;
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

/** How often what happens, and with what. */
const WEIGHTS = {
  visit: 12, begin: 4, open: 4, close: 2, answer: 12, photo: 12, remove: 3, finish: 10, discard: 5, undo: 2, send: 26,
  unpark: 3, review: 14, revise: 14, fault: 14, kill: 6, full: 4, drop: 2, clock: 5, time: 4, expire: 1, login: 5,
  keep: 9, look: 2, goOn: 4, lose: 1.5,
};
/** What there is more of where there are two phones. */
const TOGETHER = { visit: 6, begin: 8, keep: 20, look: 5, goOn: 36, finish: 24, discard: 6, lose: 3 };
/** And what happens first there: a visit is gone on with, and the first phone still has it. */
const togetherFirst = (chance) => [
  { act: "begin", tab: 0, turns: null }, { act: "photo", tab: 0, turns: null },
  // A photo goes when nobody has touched anything for some moments.
  { act: "time", turns: null, ms: chance.pick([1000, 2000]) },
  { act: "keep", tab: 0, turns: null, asked: true }, { act: "goOn", tab: 2, turns: null },
];
/** In one of so many sequences a visit is refused, saved to a file, and removed. */
const REMOVED_IN = 4;
const refusedThenRemoved = (chance) => {
  const tab = chance.below(2);
  const step = (act, more) => ({ act, tab, which: chance.below(6), turns: chance.happens(0.8) ? null : chance.below(40), ...more });
  return [
    step("fault", { on: chance.pick(["visits", "photos"]), fault: chance.pick([403, 404, 413]), times: 1 + chance.below(2) }),
    step("visit", { photos: chance.below(3) }),
    chance.happens(0.8) && step("file"),
    step("removeVisit"),
    chance.happens(0.3) && step("undo"),
    chance.happens(0.7) && step("time", { ms: 400_000 }),
    // What is done next ends this tab, and what comes then opens it anew.
    ...(chance.happens(0.8) ? [step("kill", { after: 0 }), step("send"), step("close")] : []),
    chance.happens(0.3) && step("undo"),
    chance.happens(0.4) && step("revise", { whole: true }),
    step("send", { asked: true }),
  ].filter(Boolean);
};
const FAULTY = ["session", "visits", "visits", "photos", "photos", "drafts", "draft photos"];
const DETAILS = {
  visit: (chance) => ({ photos: chance.below(4) }),
  answer: (chance) => ({ soon: chance.happens(0.3) }),
  finish: (chance) => ({ twice: chance.happens(0.2) }),
  send: (chance) => ({ asked: chance.happens(0.5) }),
  review: (chance) => ({ state: chance.pick(["returned", "returned", "returned", "approved", "deleted"]) }),
  fault: (chance) => ({ on: chance.pick(FAULTY), fault: chance.pick(FAULTS), times: 1 + chance.below(3) }),
  revise: (chance) => ({ whole: chance.happens(0.6) }),
  kill: (chance) => ({ after: chance.below(25) }),
  full: (chance) => ({ times: 1 + chance.below(2) }),
  clock: (chance) => ({ by: chance.pick([-YEAR_MS * 3, -HOUR_MS, HOUR_MS, YEAR_MS * 20]) }),
  time: (chance) => ({ ms: chance.pick([1000, 10_000, 400_000]) }),
  login: (chance) => ({ person: chance.pick(["anna", "boris"]) }),
  keep: (chance) => ({ asked: chance.happens(0.6), isLeaving: chance.happens(0.2) }),
  look: (chance) => ({ knowing: chance.happens(0.5) }),
  goOn: (chance) => ({ stale: chance.happens(0.5), whole: chance.happens(0.5), both: chance.happens(0.3) }),
};

/** The steps of a seed. A step goes on for `turns`, or, where that is null, until all is quiet. */
export function inventSteps(seed) {
  const chance = aChance(seed);
  const phones = chance.happens(TWO_PHONES) ? 2 : 1;
  const weights = phones > 1 ? { ...WEIGHTS, ...TOGETHER } : WEIGHTS;
  let tab = 0;
  const first = phones > 1 ? togetherFirst(chance) : [];
  const length = LEAST_STEPS + chance.below(MOST_STEPS[phones - 1] - LEAST_STEPS);
  const steps = first.concat(Array.from({ length }, () => {
    const act = chance.weighted(weights);
    if (!chance.happens(SAME_TAB)) tab = chance.below(2 * phones);
    const turns = chance.happens(0.4) ? null : chance.below(chance.pick([6, 40, 200]));
    return { act, tab, which: chance.below(6), turns, ...DETAILS[act]?.(chance) };
  }));
  if (seed % REMOVED_IN === 0) steps.splice(first.length + chance.below(length), 0, ...refusedThenRemoved(chance));
  return steps;
}

/** What was broken by these steps; null when every promise was kept. */
export async function brokenBy(app, seed, steps) {
  const world = await aWorld(app, seed);
  try {
    for (const step of steps) {
      await world.step(step);
      if (step.turns === null) await world.check();
    }
    await world.drain();
    return null;
  } catch (error) {
    // What was broken before is why this was.
    const first = await world.check().then(() => error, (earlier) => earlier);
    if (first instanceof Broken) return first;
    throw first;
  } finally {
    await world.close();
  }
}

/** The first seed from `first` on, of `runs`, that breaks a promise: {seed, steps, broken}; null when none does. */
export async function firstBroken(app, first, runs) {
  for (let seed = first; seed < first + runs; seed += 1) {
    const steps = inventSteps(seed);
    const broken = await brokenBy(app, seed, steps);
    if (broken) return { seed, steps, broken };
  }
  return null;
}

/** The steps without those that are not needed to break the same promise. */
export async function shrunk(app, { seed, steps, broken }) {
  let least = { steps, broken };
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = least.steps.length - size; at >= 0; at -= size) {
      const fewer = least.steps.filter((_, place) => place < at || place >= at + size);
      const still = await brokenBy(app, seed, fewer);
      if (still?.promise === broken.promise) least = { steps: fewer, broken: still };
    }
  }
  return least;
}
