/**
 * All that can happen on one phone with two tabs and two people. An act that makes no sense at its time does nothing, so
 * that any step of a sequence may be left out; `order.which` chooses among what is there.
 */
import { ASSIGNMENT, aTask, filledIn, LIMITS, VERSION } from "../factories.js";
import { hashOf } from "./hash.js";

const which = (list, order) => list[(order.which ?? 0) % (list.length || 1)];
const byId = (a, b) => (a.id < b.id ? -1 : 1);

export const ACTS = {
  /** Begin a visit and have it open. Nothing is missing in it from the start. */
  begin(phone, tab) {
    onScreen(phone, tab, () => begin(phone, tab));
  },

  /** Begin a visit, take so many photos, and finish it. */
  visit(phone, tab, { photos = 0 }) {
    onScreen(phone, tab, async () => {
      await begin(phone, tab);
      await photographAndFinish(phone, tab, photos);
    });
  },

  /** Open a draft, or a new one where there is none. */
  open(phone, tab, order) {
    onScreen(phone, tab, () => open(phone, tab, order));
  },

  close(phone, tab) {
    onScreen(phone, tab, () => tab.close());
  },

  /** Answer, with a number larger than any before; or only type it. */
  answer(phone, tab, order) {
    inVisit(phone, tab, order, (session) => {
      session.change(numbered(phone, phone.numbers += 1), { soon: order.soon });
      return order.soon || session.flush();
    });
  },

  photo(phone, tab, order) {
    inVisit(phone, tab, order, () => {
      const kept = takePhoto(phone, tab);
      tab.taking = Promise.allSettled([tab.taking, kept]);
      return kept;
    });
  },

  /** Remove a photo from its answer. */
  remove(phone, tab, order) {
    inVisit(phone, tab, order, (session) => {
      const door = phone.app.inAnswer("door");
      const id = which(door.ids(session.draft), order);
      if (!id) return null;
      phone.promises.removed(session.draft.id, id);
      session.change((draft) => door.remove(draft, id));
      return session.flush();
    });
  },

  /** Finish the open visit, which is then sent; a double tap may come through. */
  finish(phone, tab, { twice }) {
    onScreen(phone, tab, () => isInHand(tab) && finish(phone, tab, twice));
  },

  discard(phone, tab) {
    onScreen(phone, tab, async () => {
      const { session } = tab;
      if (!isInHand(tab)) return;
      const { id } = session.draft;
      phone.promises.discarding(id);
      await session.discard().catch((error) => {
        phone.promises.discarding(id, false);
        throw error;
      });
      tab.discarded = id;
      await tab.close();
    });
  },

  /** Undo the discarding. */
  undo(phone, tab) {
    onScreen(phone, tab, async () => {
      const id = tab.discarded;
      if (!id) return;
      await tab.store.takeBack(id);
      phone.promises.takenBack((await tab.store.draft(id, tab.person)).draft);
      tab.discarded = null;
    });
  },

  send(phone, tab, { asked = false }) {
    send(phone, tab, asked);
  },

  /** Try a visit again that needed attention. */
  unpark(phone, tab, order) {
    phone.begin(tab, async () => {
      const parked = (await tab.store.visits(tab.person)).filter((each) => each.parked).sort(byId);
      if (parked.length) await tab.outbox.unpark(which(parked, order).id);
    });
  },

  /** A reviewer decides about a visit that has arrived: "returned", "approved" or "deleted". */
  review({ service }, _tab, order) {
    const received = [...service.visits.values()].filter(({ state }) => state === "received");
    if (received.length) which(received, order).state = order.state;
  },

  /** Work again on a visit that was sent back; all of it, or only its beginning. */
  revise(phone, tab, order) {
    onScreen(phone, tab, async () => {
      const { app, service } = phone;
      const mine = await waitingForMe(service, tab);
      if (!mine.length) return;
      const id = which(mine, order);
      const { report } = service.latest(id);
      const photos = report.photos.map((photo) => ({ ...photo, received: service.photos.has(photo.id) }));
      const visit = { id, revision: report.revision, state: "returned", notes: [], reason: "", report, photos };
      const assignment = { ...ASSIGNMENT, visit };
      const next = app.nextRevision({ personId: tab.person, assignment, version: VERSION, now: new Date() });
      phone.promises.revised(next);
      await tab.store.startRevision(
        id, (here) => app.markMissing(next, here), { id, assignment, version: VERSION, limits: LIMITS });
      await look(phone, tab, id);
      if (order.whole) await photographAndFinish(phone, tab, 1);
    });
  },

  // ---- Misfortune

  /** The next requests to `on` meet a fault. */
  fault({ service }, _tab, { on, fault, times = 1 }) {
    for (let left = times; left > 0; left -= 1) service.faults.push({ on, fault });
  },

  /** The tab dies after so many moments of what it does from now on. */
  kill(_phone, tab, { after }) {
    tab.dieAfter(after);
  },

  /** The next writing transactions of the tab find no room. */
  full(_phone, tab, { times = 1 }) {
    tab.full = times;
  },

  /** The system drops the tab's connection to its storage. */
  drop(_phone, tab) {
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
  expire({ service }) {
    service.login = null;
  },

  /** Somebody logs in: the same person again, or the other one. */
  login(phone, _tab, { person }) {
    return phone.logIn(person);
  },
};

// The draft with this number of seconds answered.
function numbered({ app: { changeAnswer, enter } }, number) {
  return (draft) => changeAnswer(draft, "wait", 0, (answer) => enter(answer, { number: String(number) }));
}

// Moving between screens is one after the other, and waits for photos that are being taken.
function onScreen(phone, tab, act) {
  const before = tab.screen;
  phone.begin(tab, () => {
    tab.screen = before.then(async () => {
      await tab.taking;
      await act();
    });
    tab.screen.catch(() => {});
    return tab.screen;
  });
}

// What is done in the visit that is open, at once; or in one that is opened for it.
function inVisit(phone, tab, order, act) {
  const run = () => isInHand(tab) && act(tab.session);
  if (tab.session) phone.begin(tab, run);
  else onScreen(phone, tab, async () => {
    await open(phone, tab, order);
    phone.begin(tab, run);
  });
}

// Whether a visit is open here and not only looked at: the screens offer nothing else.
function isInHand({ session }) {
  return session && !session.readOnly && session.saved !== "gone";
}

async function open(phone, tab, order) {
  const drafts = await tab.store.drafts(tab.person);
  if (drafts.length) await look(phone, tab, which(drafts.sort(byId), order).id);
  else await begin(phone, tab);
}

async function begin(phone, tab) {
  const id = `v${phone.numbers += 1}`;
  const draft = numbered(phone, 0)(filledIn({ id, personId: tab.person }, []));
  phone.promises.begun(draft);
  await tab.store.startDraft(draft, aTask({ id }));
  await look(phone, tab, id);
}

async function look(phone, tab, id) {
  await tab.close();
  tab.session = await phone.app.openDraft({
    id, personId: tab.person, store: tab.store, locks: phone.locks.of(tab), onChange: () => show(phone, tab),
  });
  show(phone, tab);
}

// Not where the other tab was quicker to open it: there it can only be looked at.
async function photographAndFinish(phone, tab, photos) {
  if (!isInHand(tab)) return;
  for (let left = photos; left > 0; left -= 1) await takePhoto(phone, tab);
  await finish(phone, tab);
}

// Resolves when the photo is shown.
function takePhoto(phone, tab) {
  const { app, promises } = phone;
  const { session } = tab;
  const id = `p${phone.numbers += 1}`;
  // Every third one is so large that it goes in pieces over a bad line.
  const bytes = new TextEncoder().encode(`the bytes of ${id} `.repeat(phone.numbers % 3 ? 1 : 2000)).buffer;
  const hash = hashOf(bytes);
  const line = { id, sha256: hash, size: bytes.byteLength, media_type: "image/jpeg", taken_at: "t", preview: false };
  promises.taken(session.draft.id, id, hash);
  return tab.run(async () => {
    await session.addPhoto(app.inAnswer("door"), line, bytes, null);
    promises.kept(session.draft.id, id);
  });
}

async function finish(phone, tab, twice = false) {
  const { session } = tab;
  const done = () => session.finish({ appVersion: "v", deviceId: "d" });
  await Promise.allSettled(twice ? [done(), done()] : [done()]);
  if (session.saved !== "gone") return;
  await tab.close();
  send(phone, tab, true);
}

function send(phone, tab, asked) {
  phone.begin(tab, () => tab.outbox.deliver({ personId: tab.person, asked }));
}

// What the screen says is what the person believes.
function show({ promises }, tab) {
  const { session } = tab;
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
