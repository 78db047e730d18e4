/** One phone: its storage, its locks, its two tabs, and the promises that it gave. It knows of no other phone. */
import { checkCopies } from "./copy_promises.js";
import { Locks } from "./locks.js";
import { thePromises } from "./promises.js";
import { Tab } from "./tab.js";

const STALE_MS = 60_000;
let phones = 0;

/** A phone with nothing on it, on which somebody is logged in. */
export async function aPhone(world, person) {
  const { app, service, clock, taken } = world;
  const name = `machine-${phones += 1}`;
  const locks = new Locks();
  const promises = thePromises(taken);
  const probe = await app.openStore(name);
  await probe.saveSetting("person", person);
  const phone = {
    /** Whose login it has; null when nobody's. */
    login: person,
    /** Whether anything could not be written down for want of room. */
    wasFull: false,
    deviceId: name, locks, promises, probe, tabs: [], openTab, check, close,
  };
  phone.tabs = [await openTab(), await openTab()];
  return phone;

  async function openTab() {
    const tab = new Tab((dead) => locks.forget(dead));
    tab.phone = phone;
    tab.store = await app.openStore(name);
    tab.person = await tab.store.setting("person");
    tab.api = app.createApi({ send: tab.fetch((...call) => service.send(...call)) });
    const sender = app.createSender({ store: tab.store, api: tab.api, now: clock.now });
    const parts = { store: tab.store, api: tab.api, sender, locks: locks.of(tab), now: clock.now, random: () => 0 };
    tab.outbox = app.createOutbox(parts);
    tab.copies = app.createCopies({
      ...parts, deviceId: name, isKnown: () => true, makePreview: async () => null,
      onChange: (id, others) => others && world.begin(tab, () => noteOthers(tab, id, others)),
    });
    world.begin(tab, () => tab.store.dropDiscarded(clock.now() - STALE_MS));
    return tab;
  }

  async function check() {
    for (const person of world.people) {
      // What is typed is saved while nobody waits for it: what is shown from here on may be later than what is read.
      const numbers = promises.numbersShown();
      const here = await probe.begun(person);
      await promises.check(person, { ...here, numbers }, probe, service);
      checkCopies(here, taken.photos, service);
    }
  }

  async function noteOthers({ store, person }, id, others) {
    const before = (await store.setting(`elsewhere ${person}`)) ?? [];
    await store.saveSetting(`elsewhere ${person}`, app.withOthers(before, id, others));
  }

  /** Nobody has it any more, nor what was on it. */
  async function close() {
    for (const tab of phone.tabs) {
      tab.kill();
      tab.store.close();
    }
    probe.close();
    await new Promise((done) => {
      indexedDB.deleteDatabase(name).onsuccess = done;
    });
  }
}
