/**
 * One phone with two tabs, its server, and two people who take turns with it. `step` lets one thing happen: an act of a
 * person or of a reviewer, or a misfortune (acts.js has them all); `drain` is what must be possible after all of it.
 */
import { ACTS } from "./acts.js";
import { aChance } from "./chance.js";
import { aClock, turn } from "./clock.js";
import { Locks } from "./locks.js";
import { Broken, thePromises } from "./promises.js";
import { aService } from "./service.js";
import { Tab } from "./tab.js";

const PEOPLE = ["anna", "boris"];
const STALE_MS = 60_000;
const LONGEST_PAUSE_MS = 601_000;
const TURNS_AT_MOST = 50_000;
const BAD_ANSWERS = [403, 404, 413, 422, 423, 500, 503, "no line"];
let phones = 0;

/** A phone with the modules of `app`; `seed` rules the times of the network and what is bad at the end. */
export async function aPhone(app, seed) {
  const name = `machine-${phones += 1}`;
  const chance = aChance(seed);
  const clock = aClock();
  const locks = new Locks();
  const promises = thePromises();
  const service = aService({ latency, onPut: promises.arrives });
  const running = new Set();
  clock.install();
  const probe = await app.openStore(name);
  const phone = {
    app, clock, locks, promises, service, probe, tabs: [], begin, numbers: 0, logIn,
    step, drain, close, check: () => promises.check(probe, service),
  };
  phone.tabs = [await openTab(), await openTab()];
  await logIn("anna");
  return phone;

  async function latency() {
    for (let left = chance.below(8); left > 0; left -= 1) await turn();
  }

  async function openTab() {
    const tab = new Tab((dead) => locks.forget(dead));
    tab.store = await app.openStore(name);
    tab.person = await tab.store.setting("person");
    tab.outbox = app.createOutbox({
      store: tab.store, api: app.createApi({ send: tab.fetch(service.send) }), locks: locks.of(tab),
      now: clock.now, random: () => 0,
    });
    begin(tab, () => tab.store.dropDiscarded(clock.now() - STALE_MS));
    return tab;
  }

  /** Let an order {act, tab?, turns, …} begin; what comes after it waits so many turns, or until all is quiet. */
  async function step(order) {
    const place = order.tab ?? 0;
    if (phone.tabs[place].dead) phone.tabs[place] = await openTab();
    ACTS[order.act](phone, phone.tabs[place], order);
    if (order.turns === null) await settle();
    else for (let left = order.turns; left > 0; left -= 1) await turn();
  }

  /** Begin something in a tab. What fails there was told to the person; what a dead tab does is not waited for. */
  function begin(tab, act) {
    const done = Promise.race([tab.run(act), tab.died]).catch(() => {}).finally(() => running.delete(done));
    running.add(done);
  }

  // Time passes only where nothing else goes on.
  async function settle() {
    for (let turns = 1; running.size; turns += 1) {
      if (turns > TURNS_AT_MOST) throw new Broken("drain", "something never ends");
      await turn();
      if (turns % 200 === 0) clock.pass(clock.untilNext() ?? 0);
    }
  }

  /** Somebody logs in on this phone; the open visit is closed before anything is shown to them. */
  async function logIn(person) {
    service.login = person;
    await probe.saveSetting("person", person);
    for (const tab of phone.tabs) {
      begin(tab, async () => {
        await tab.close();
        tab.person = person;
      });
    }
    await settle();
  }

  /** Everything works again. Each person sends, first beside something that is refused whatever happens. */
  async function drain() {
    Object.assign(service, { faults: [], bad: null });
    for (const tab of phone.tabs) tab.isSpared();
    await settle();
    for (const [place, tab] of phone.tabs.entries()) if (tab.dead) phone.tabs[place] = await openTab();
    for (const person of PEOPLE) {
      await logIn(person);
      // A server that lost what it had confirmed is found out first, and not asked again without a pause.
      if (service.forgot) await send(person, true);
      await drainBesideABadOne(person);
      await drainAll(person);
      await phone.check();
    }
    if (service.mostAtOnce > 1) throw new Broken("once", "two tabs were sending at the same time");
  }

  async function drainBesideABadOne(person) {
    const open = (await probe.visits(person)).filter(app.isOpen);
    if (open.length < 2 || chance.happens(0.3)) return;
    const visit = chance.pick(open);
    const { id } = chance.pick([visit, ...visit.photos]);
    const status = chance.pick(BAD_ANSWERS);
    service.bad = { id, status };
    await send(person, true);
    service.bad = null;
    const late = promises.undone(await probe.visits(person)).filter((each) => each.id !== visit.id);
    if (late.length) throw new Broken("others", `${late.map((each) => each.id)} waited behind ${id} with ${status}`);
  }

  // Asked for, or by itself when every pause has ended: no clock that was set wrong makes a pause longer than twice its
  // most.
  async function drainAll(person) {
    const asked = chance.happens(0.5);
    let outcome = asked ? await send(person, true) : { state: "wait" };
    for (let pauses = 2; outcome.state !== "rest" && !asked && pauses > 0; pauses -= 1) {
      clock.pass(LONGEST_PAUSE_MS);
      outcome = await send(person, false);
    }
    const late = promises.undone(await probe.visits(person));
    if (outcome.state !== "rest" || late.length) {
      throw new Broken("drain", `${outcome.state}, ${asked ? "asked" : "not asked"}: ${JSON.stringify(late)}`);
    }
  }

  async function send(person, asked) {
    const [tab] = phone.tabs;
    let outcome = { state: "failed" };
    begin(tab, async () => {
      outcome = await tab.outbox.deliver({ personId: person, asked });
    });
    await settle();
    return outcome;
  }

  async function close() {
    for (const tab of phone.tabs) {
      tab.kill();
      tab.store.close();
    }
    probe.close();
    clock.uninstall();
    await new Promise((done) => {
      indexedDB.deleteDatabase(name).onsuccess = done;
    });
  }
}
