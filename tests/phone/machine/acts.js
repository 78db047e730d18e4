/**
 * All that can happen in one tab of a phone. An act that makes no sense at its time does nothing, so that any step of a
 * sequence may be left out; `order.which` chooses among what is there.
 */
import { ASSIGNMENT, aTask, filledIn, LIMITS, VERSION } from "../factories.js";
import { hashOf } from "./hash.js";

const UNDO_MS = 10_000;
const byId = (a, b) => (a.id < b.id ? -1 : 1);

export const which = (list, order) => list[(order.which ?? 0) % (list.length || 1)];

export const ACTS = {
  /** Begin a visit and have it open. Nothing is missing in it from the start. */
  begin(world, tab) {
    onScreen(world, tab, () => begin(world, tab));
  },

  /** Begin a visit, take so many photos, and finish it. */
  visit(world, tab, { photos = 0 }) {
    onScreen(world, tab, async () => {
      await begin(world, tab);
      await photographAndFinish(world, tab, photos);
    });
  },

  /** Open a draft, or a new one where there is none. */
  open(world, tab, order) {
    onScreen(world, tab, () => open(world, tab, order));
  },

  close(world, tab) {
    onScreen(world, tab, () => tab.close());
  },

  /** Answer, with a number larger than any before; or only type it. */
  answer(world, tab, order) {
    inVisit(world, tab, order, (session) => {
      session.change(numbered(world, world.numbers += 1), { soon: order.soon });
      return order.soon || session.flush();
    });
  },

  photo(world, tab, order) {
    inVisit(world, tab, order, () => {
      const kept = takePhoto(world, tab);
      tab.taking = Promise.allSettled([tab.taking, kept]);
      return kept;
    });
  },

  /** Remove a photo from its answer. */
  remove(world, tab, order) {
    inVisit(world, tab, order, (session) => {
      const door = world.app.inAnswer("door");
      const id = which(door.ids(session.draft), order);
      if (!id) return null;
      tab.phone.promises.removed(session.draft.id, id);
      session.change((draft) => door.remove(draft, id));
      return session.flush();
    });
  },

  /** Finish the open visit, or one that is opened for it, which is then sent; a double tap may come through. */
  finish(world, tab, order) {
    onScreen(world, tab, async () => {
      if (!isInHand(tab)) await open(world, tab, order);
      if (isInHand(tab)) await finish(world, tab, order.twice);
    });
  },

  discard(world, tab) {
    onScreen(world, tab, async () => {
      const { session } = tab;
      if (!isInHand(tab)) return;
      const { id } = session.draft;
      tab.phone.promises.discarding(id);
      await session.discard().catch((error) => {
        tab.phone.promises.discarding(id, false);
        throw error;
      });
      offerUndo(tab, async () => {
        await tab.store.takeBack(id);
        const back = await tab.store.draft(id, tab.person);
        if (back) tab.phone.promises.takenBack(back.draft);
      });
      await tab.close();
    });
  },

  /** Undo what was discarded or removed last, while a message offers it. */
  undo(world, tab) {
    onScreen(world, tab, async () => {
      const { undo } = tab;
      tab.undo = null;
      await undo?.();
    });
  },

  send(world, tab, { asked = false }) {
    send(world, tab, asked);
  },

  /** Try a visit again that needed attention. */
  unpark(world, tab, order) {
    world.begin(tab, async () => {
      const parked = (await tab.store.visits(tab.person)).filter((each) => each.parked).sort(byId);
      if (parked.length) await tab.outbox.unpark(which(parked, order).id);
    });
  },

  /** Save what is unsent to a file. */
  file(world, tab) {
    world.begin(tab, async () => {
      const { app } = world;
      const { store, person, phone } = tab;
      const hashes = [];
      const noted = (read) => async (id) => {
        const found = await read(id);
        if (found) hashes.push(hashOf(found.bytes ?? found));
        return found;
      };
      const reading = { ...store, report: noted(store.report), photo: noted(store.photo) };
      const about = { deviceId: phone.deviceId, appVersion: "v", now: new Date(0) };
      const { filed } = await app.collectUnsent({ store: reading, person: { id: person, name: person }, ...about });
      phone.promises.filed(hashes);
      await app.noteFiled(store, filed);
    });
  },

  /** Remove a visit that the server does not take, where the screen offers that. */
  removeVisit(world, tab, order) {
    onScreen(world, tab, async () => {
      const { app, clock } = world;
      const { promises } = tab.phone;
      const offered = (await tab.store.visits(tab.person)).filter(app.mayGo).sort(byId);
      if (!offered.length) return;
      const { id } = which(offered, order);
      promises.removing(id);
      const isAside = await app.removeVisit(tab.store, id, clock.now()).catch(() => false);
      promises.removing(id, isAside);
      if (isAside) offerUndo(tab, async () => {
        if (await tab.store.takeBackVisit(id)) promises.removing(id, false);
      });
    });
  },

  /** A reviewer decides about a visit that has arrived: "returned", "approved" or "deleted". */
  review({ service }, _tab, order) {
    const received = [...service.visits.values()].filter(({ state }) => state === "received");
    if (received.length) which(received, order).state = order.state;
  },

  /** Work again on a visit that was sent back; all of it, or only its beginning. */
  revise(world, tab, order) {
    onScreen(world, tab, async () => {
      const { app, service } = world;
      const mine = await waitingForMe(service, tab);
      if (!mine.length) return;
      const id = which(mine, order);
      const { report } = service.latest(id);
      const photos = report.photos.map((photo) => ({ ...photo, received: service.photos.has(photo.id) }));
      const visit = { id, revision: report.revision, state: "returned", notes: [], reason: "", report, photos };
      const assignment = { ...ASSIGNMENT, visit };
      const next = app.nextRevision({ personId: tab.person, assignment, version: VERSION, now: new Date() });
      tab.phone.promises.revised(next);
      await tab.store.startRevision(
        id, (here) => app.markMissing(next, here), { id, assignment, version: VERSION, limits: LIMITS });
      await look(world, tab, id);
      if (order.whole) await photographAndFinish(world, tab, 1);
    });
  },

  // ---- Misfortune

  /** The next requests to `on` meet a fault. */
  fault({ service }, _tab, { on, fault, times = 1 }) {
    for (let left = times; left > 0; left -= 1) service.faults.push({ on, fault });
  },

  /** The tab dies after so many moments of what it does from now on. */
  kill(_world, tab, { after }) {
    tab.dieAfter(after);
  },

  /** The next writing transactions of the tab find no room. */
  full(_world, tab, { times = 1 }) {
    tab.full = times;
  },

  /** The system drops the tab's connection to its storage. */
  drop(_world, tab) {
    tab.store.close();
  },

  /** The clock is set wrong by so many milliseconds more. */
  clock({ clock }, _tab, { by }) {
    clock.shift(by);
  },

  time({ clock }, _tab, { ms }) {
    clock.pass(ms);
  },

  /** The login ends. */
  expire(_world, { phone }) {
    phone.login = null;
  },

  /** Somebody logs in: the same person again, or the other one. */
  login(world, { phone }, { person }) {
    return world.logIn(phone, person);
  },
};

// A message that comes later takes its place.
function offerUndo(tab, undo) {
  tab.undo = undo;
  setTimeout(() => {
    if (tab.undo === undo) tab.undo = null;
  }, UNDO_MS);
}

// The draft with this number answered twice: what is put together of two phones' answers says two numbers.
function numbered({ app: { changeAnswer, enter } }, number) {
  const content = { number: String(number) };
  const answer = (draft, criterion) => changeAnswer(draft, criterion, 0, (each) => enter(each, content));
  return (draft) => answer(answer(draft, "wait"), "bill");
}

// Moving between screens is one after the other, and waits for photos that are being taken.
export function onScreen(world, tab, act) {
  const before = tab.screen;
  world.begin(tab, () => {
    tab.screen = before.then(async () => {
      await tab.taking;
      await act();
    });
    tab.screen.catch(() => {});
    return tab.screen;
  });
}

// What is done in the visit that is open, at once; or in one that is opened for it.
function inVisit(world, tab, order, act) {
  const run = () => isInHand(tab) && act(tab.session);
  if (tab.session) world.begin(tab, run);
  else onScreen(world, tab, async () => {
    await open(world, tab, order);
    world.begin(tab, run);
  });
}

// Whether a visit is open here and not only looked at: the screens offer nothing else.
export function isInHand({ session }) {
  return session && !session.readOnly && session.saved !== "gone";
}

async function open(world, tab, order) {
  const drafts = await tab.store.drafts(tab.person);
  if (drafts.length) await look(world, tab, which(drafts.sort(byId), order).id);
  else await begin(world, tab);
}

async function begin(world, tab) {
  const id = `v${world.numbers += 1}`;
  const draft = numbered(world, 0)(filledIn({ id, personId: tab.person }, []));
  tab.phone.promises.begun(draft);
  await tab.store.startDraft(draft, aTask({ id }));
  await look(world, tab, id);
}

/** Open a draft and show it; its copy goes some moments after each change, and photos that it lacks are looked for. */
export async function look(world, tab, id) {
  const { store, person, copies, phone } = tab;
  await tab.close();
  tab.session = await world.app.openDraft({
    id, personId: person, store, locks: phone.locks.of(tab), onChange: () => show(tab), onSaved: () => copies.stir(id),
  });
  show(tab);
  world.begin(tab, async () => {
    if (await copies.attend(() => tab.session)) await copies.keep({ personId: person, asked: true });
  });
}

// Not where the other tab was quicker to open it: there it can only be looked at. Nor once somebody else has logged in.
export async function photographAndFinish(world, tab, photos) {
  for (let left = photos; left > 0 && isInHand(tab); left -= 1) await takePhoto(world, tab);
  if (isInHand(tab)) await finish(world, tab);
}

// Resolves when the photo is shown.
function takePhoto(world, tab) {
  const { session, phone: { promises } } = tab;
  const id = `p${world.numbers += 1}`;
  // Every third one is so large that it goes in pieces over a bad line.
  const bytes = new TextEncoder().encode(`the bytes of ${id} `.repeat(world.numbers % 3 ? 1 : 2000)).buffer;
  const hash = hashOf(bytes);
  const line = { id, sha256: hash, size: bytes.byteLength, media_type: "image/jpeg", taken_at: "t", preview: false };
  promises.taken(session.draft.id, id, hash);
  return tab.run(async () => {
    await session.addPhoto(world.app.inAnswer("door"), line, bytes, null);
    promises.kept(session.draft.id, id);
  });
}

async function finish(world, tab, twice = false) {
  const { session } = tab;
  // The screen says that they come, or are to be removed.
  if (world.app.lostPhotos(session.draft).length) return;
  const done = () => session.finish({ appVersion: "v", deviceId: tab.phone.deviceId });
  await Promise.allSettled(twice ? [done(), done()] : [done()]);
  if (session.saved !== "gone") return;
  await tab.close();
  send(world, tab, true);
}

// As the app does: the copies make room for what is finished, and go on after it.
function send(world, tab, asked) {
  world.begin(tab, async () => {
    const { store, person, outbox, copies } = tab;
    if ((await store.visits(person)).some(world.app.isOpen)) copies.standBack();
    await outbox.deliver({ personId: person, asked }).catch(() => {});
    await copies.keep({ personId: tab.person, asked });
  });
}

// What the screen says is what the person believes.
function show(tab) {
  const { session, phone: { promises } } = tab;
  if (!tab.dead && session?.saved === "saved" && !session.readOnly) promises.shown(session.draft);
}

// As the list of assignments offers it: sent back, and neither begun again here nor finished since.
async function waitingForMe(service, tab) {
  const [drafts, visits] = await Promise.all([tab.store.drafts(tab.person), tab.store.visits(tab.person)]);
  return [...service.visits].filter(([id, { state }]) => {
    const { person, report } = service.latest(id);
    return state === "returned" && person === tab.person && !drafts.some((draft) => draft.id === id)
      && !visits.some((visit) => visit.id === id && visit.revision > report.revision);
  }).map(([id]) => id);
}
