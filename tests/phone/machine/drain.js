/** Everything works again: what must be possible then. */
import { look } from "./acts.js";
import { turn } from "./clock.js";
import { goOnWith, lookElsewhere } from "./copy_acts.js";
import { checkCameBack, checkTidy, isOwed } from "./copy_promises.js";
import { Broken } from "./promises.js";

const LONGEST_PAUSE_MS = 601_000;
const BAD_ANSWERS = [403, 404, 413, 422, 423, 500, 503, "no line"];

/** Each person sends on each phone, first beside something that is refused whatever happens; then the copies go. */
export async function drain(world) {
  const { service } = world;
  Object.assign(service, { faults: [], bad: null });
  for (const tab of world.phones.flatMap((phone) => phone.tabs)) tab.isSpared();
  await world.settle();
  for (const phone of world.phones) await reopen(phone);
  for (const person of world.people) {
    for (const phone of world.phones) await drainPhone(world, phone, person);
    for (const { promises, probe } of world.phones) await promises.checkBoth(await probe.visits(person), probe, service);
    await drainCopies(world, person);
  }
  if (world.lost.length) await world.check();
  if (service.mostAtOnce > 1) throw new Broken("once", "two tabs were sending at the same time");
}

async function reopen(phone) {
  for (const [place, tab] of phone.tabs.entries()) if (tab.dead) phone.tabs[place] = await phone.openTab();
}

async function logIn(world, phone, person) {
  await world.logIn(phone, person);
  await world.settle();
}

async function drainPhone(world, phone, person) {
  await logIn(world, phone, person);
  // A server that lost what it had confirmed is found out first, and not asked again without a pause.
  if (world.service.forgot) await send(world, phone, person, true);
  await copiesStandBack(world, phone, person);
  await drainBesideABadOne(world, phone, person);
  await drainAll(world, phone, person);
  await sendBesideCopies(world, phone, person);
}

// What is finished and can go at once goes first.
async function copiesStandBack(world, phone, person) {
  const { service, app, clock } = world;
  const { do: what } = app.nextStep(await phone.probe.visits(person), clock.now());
  if (what !== "report" && what !== "photo") return;
  const before = service.aboutCopies;
  await run(world, phone, ({ copies }) => copies.keep({ personId: person, asked: true }));
  if (service.aboutCopies > before) throw new Broken("line", "copies went before what was finished");
}

// A copy that never gets an answer is on its way meanwhile.
async function sendBesideCopies(world, phone, person) {
  const { chance, service } = world;
  if (!(await phone.probe.drafts(person)).length || chance.happens(0.6)) return;
  service.faults.push({ on: "drafts", fault: "hangs" });
  world.begin(phone.tabs[1], () => phone.tabs[1].copies.keep({ personId: person, asked: true }));
  for (let left = 100; left > 0 && service.faults.length; left -= 1) await turn();
  const { state } = await send(world, phone, person, true);
  service.faults = [];
  if (state !== "rest") throw new Broken("line", `beside a copy that is on its way sending is "${state}"`);
}

async function drainBesideABadOne(world, phone, person) {
  const { app, chance, service } = world;
  const open = (await phone.probe.visits(person)).filter(app.isOpen);
  if (open.length < 2 || chance.happens(0.3)) return;
  const visit = chance.pick(open);
  const { id } = chance.pick([visit, ...visit.photos]);
  const status = chance.pick(BAD_ANSWERS);
  service.bad = { id, status };
  await send(world, phone, person, true);
  service.bad = null;
  const late = phone.promises.undone(await phone.probe.visits(person)).filter((each) => each.id !== visit.id);
  if (late.length) throw new Broken("others", `${late.map((each) => each.id)} waited behind ${id} with ${status}`);
}

// Asked for, or by itself when every pause has ended: no clock that was set wrong makes a pause longer than twice its
// most.
async function drainAll(world, phone, person) {
  const asked = world.chance.happens(0.5);
  let outcome = asked ? await send(world, phone, person, true) : { state: "wait" };
  for (let pauses = 2; outcome.state !== "rest" && !asked && pauses > 0; pauses -= 1) {
    world.clock.pass(LONGEST_PAUSE_MS);
    outcome = await send(world, phone, person, false);
  }
  const late = phone.promises.undone(await phone.probe.visits(person));
  if (outcome.state !== "rest" || late.length) {
    throw new Broken("drain", `${outcome.state}, ${asked ? "asked" : "not asked"}: ${JSON.stringify(late)}`);
  }
}

const send = (world, phone, person, asked) => (
  run(world, phone, ({ outbox }) => outbox.deliver({ personId: person, asked })));

async function run(world, phone, act) {
  const [tab] = phone.tabs;
  let outcome = { state: "failed" };
  world.begin(tab, async () => {
    outcome = await act(tab);
  });
  await world.settle();
  return outcome;
}

// What one phone sends now, another one lacks and fetches afterwards.
async function drainCopies(world, person) {
  const { service } = world;
  const began = world.clock.now();
  for (const phone of world.phones) await keepAll(world, phone, person);
  for (const phone of await lacking(world, person)) await keepAll(world, phone, person);
  await world.check();
  for (const phone of world.phones) await checkTidy({ phone, person, service, began });
  for (const copy of world.lost.filter((each) => each.person_id === person)) await bringBack(world, copy);
}

async function lacking({ app, phones }, person) {
  const drafts = await Promise.all(phones.map(({ probe }) => probe.drafts(person)));
  return phones.filter((_, place) => drafts[place].some((draft) => app.lostPhotos(draft).length));
}

async function keepAll(world, phone, person) {
  const { app, clock } = world;
  const { drafts, copies } = await phone.probe.begun(person);
  if (!drafts.length && !copies.length) return;
  clock.pass(LONGEST_PAUSE_MS);
  await run(world, phone, (tab) => lookElsewhere(world, tab));
  let outcome = { state: "wait" };
  for (let pauses = 2; outcome.state === "wait" && pauses > 0; pauses -= 1) {
    outcome = await run(world, phone, ({ copies: each }) => each.keep({ personId: person, asked: true }));
    if (outcome.state === "wait") clock.pass(2 * LONGEST_PAUSE_MS);
  }
  for (const draft of drafts.filter((each) => !each.discarded_at && app.lostPhotos(each).length)) {
    await run(world, phone, (tab) => look(world, tab, draft.id));
    await run(world, phone, (tab) => tab.close());
  }
}

// Gone on with on a phone that has nothing of it.
async function bringBack(world, copy) {
  if (!isOwed(copy, world.service)) return;
  for (const phone of world.phones) {
    const { drafts, visits } = await phone.probe.begun(copy.person_id);
    if ([...drafts, ...visits].some(({ id }) => id === copy.id)) continue;
    const outcome = await run(world, phone, async (tab) => {
      await lookElsewhere(world, tab);
      const lines = await tab.store.setting(`elsewhere ${tab.person}`);
      return goOnWith(world, tab, lines.find((line) => line.visit_id === copy.id && line.device_id === copy.device_id));
    });
    checkCameBack(copy, outcome);
    return;
  }
}
