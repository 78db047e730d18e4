/**
 * Two phones with two tabs each, one server, and two people who take turns with both. `step` lets one thing happen: an
 * act of a person or of a reviewer, or a misfortune (acts.js and copy_acts.js have them all); `drain` is what must be
 * possible after all of it.
 */
import { ACTS } from "./acts.js";
import { aChance } from "./chance.js";
import { aClock, turn } from "./clock.js";
import { COPY_ACTS } from "./copy_acts.js";
import { drain } from "./drain.js";
import { aPhone } from "./phone.js";
import { Broken } from "./promises.js";
import { aService } from "./service.js";

const PEOPLE = ["anna", "boris"];
const TURNS_AT_MOST = 50_000;
const TABS = 2;
const EVERY_ACT = { ...ACTS, ...COPY_ACTS };

/**
 * A world with the modules of `app`, which `mayFail` where one of them is broken on purpose; `seed` rules the times of
 * the network and what is bad at the end.
 */
export async function aWorld(app, seed) {
  const chance = aChance(seed);
  const clock = aClock();
  const running = new Set();
  const world = {
    app, chance, clock, begin, settle, logIn, lose, step, check, close, people: PEOPLE, numbers: 0, phones: [],
    /** Whose each visit is, and the hash and visit of each photo that was ever taken. */
    taken: { people: new Map(), photos: new Map() },
    /** What phones that were lost had said to be kept on the server. */
    lost: [],
    drain: () => drain(world),
  };
  world.service = aService({ latency, onPut: (tab, ...arrived) => tab.phone.promises.arrives(...arrived) });
  clock.install();
  await tabOf(0);
  return world;

  async function latency() {
    for (let left = chance.below(8); left > 0; left -= 1) await turn();
  }

  // The second phone is there once somebody takes it.
  async function tabOf(place) {
    const phone = world.phones[Math.floor(place / TABS)] ?? await anotherPhone();
    const tab = phone.tabs[place % TABS];
    if (tab.dead) phone.tabs[place % TABS] = await phone.openTab();
    return phone.tabs[place % TABS];
  }

  async function anotherPhone() {
    const phone = await aPhone(world, PEOPLE[0]);
    world.phones.push(phone);
    return phone;
  }

  /** Let an order {act, tab?, turns, …} begin; what comes after it waits so many turns, or until all is quiet. */
  async function step(order) {
    const tab = await tabOf(order.tab ?? 0);
    await EVERY_ACT[order.act](world, tab, order);
    if (order.turns === null) await settle();
    else for (let left = order.turns; left > 0; left -= 1) await turn();
  }

  /** Begin something in a tab. What fails there was told to the person; what a dead tab does is not waited for. */
  function begin(tab, act) {
    const done = Promise.race([tab.run(act), tab.died]).catch(noteBroken).finally(() => running.delete(done));
    running.add(done);
  }

  // A fault of the machine itself must not pass for one that a person was told.
  function noteBroken(error) {
    if (error instanceof Broken) world.broken ??= error;
    else if (error instanceof TypeError || error instanceof ReferenceError) world.failed ??= error;
  }

  // Time passes only where nothing else goes on.
  async function settle() {
    for (let turns = 1; running.size; turns += 1) {
      if (turns > TURNS_AT_MOST) throw new Broken("drain", "something never ends");
      await turn();
      if (turns % 200 === 0) clock.pass(clock.untilNext() ?? 0);
    }
  }

  /** Somebody logs in on a phone; the open visit is closed before anything is shown to them. */
  async function logIn(phone, person) {
    phone.login = person;
    await phone.probe.saveSetting("person", person);
    for (const tab of phone.tabs) {
      begin(tab, async () => {
        await tab.close();
        tab.person = person;
      });
    }
  }

  /** A phone is lost for good, and another one is bought. */
  async function lose(phone) {
    for (const person of PEOPLE) {
      const { drafts, copies } = await phone.probe.begun(person);
      world.lost.push(...phone.promises.keptOf(drafts, copies));
    }
    await phone.close();
    world.phones.splice(world.phones.indexOf(phone), 1, await aPhone(world, PEOPLE[0]));
  }

  async function check() {
    if (world.broken) throw world.broken;
    for (const phone of world.phones) await phone.check();
    const failed = world.service.failed ?? world.failed;
    if (failed && !app.mayFail) throw failed;
  }

  async function close() {
    for (const phone of world.phones) await phone.close();
    clock.uninstall();
  }
}
