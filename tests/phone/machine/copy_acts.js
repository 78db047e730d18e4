/** What happens to begun visits beside their phone: copies on the server, going on elsewhere, a phone that is lost. */
import { ASSIGNMENT, LIMITS, VERSION } from "../factories.js";
import { isInHand, look, onScreen, photographAndFinish, which } from "./acts.js";

const WORK = { assignments: [ASSIGNMENT], checklist_versions: [VERSION] };

export const COPY_ACTS = {
  /** The copies go by themselves, because somebody asked, or because the page may not come back. */
  keep(world, tab, { asked = false, isLeaving = false }) {
    world.begin(tab, async () => {
      if (isLeaving) await tab.session?.flush();
      await tab.copies.keep({ personId: tab.person, asked, isLeaving });
    });
  },

  /** Ask what other phones have begun; whoever is told of another one in an open visit may go on all the same. */
  look(world, tab, { knowing = false }) {
    world.begin(tab, async () => {
      await lookElsewhere(world, tab);
      tab.offered = await offersOf(world, tab);
      const elsewhere = await elsewhereOf(tab);
      const { session, phone } = tab;
      if (!knowing || !isInHand(tab)) return;
      const others = world.app.unknownElsewhere(session.draft, elsewhere, phone.deviceId);
      session.change((draft) => world.app.goOnHere(draft, others));
    });
  },

  /**
   * Go on with a visit of another phone, or finish it as well; what is tapped on may have stood there for long, and be
   * tapped on in both tabs.
   */
  goOn(world, tab, order) {
    onScreen(world, tab, async () => {
      const isStale = order.stale && tab.offered?.length;
      if (!isStale) await lookElsewhere(world, tab);
      if (!isStale) tab.offered = await offersOf(world, tab);
      const line = which(tab.offered, order);
      if (!line) return;
      await goOnWith(world, tab, line);
      const other = tab.phone.tabs.find((each) => each !== tab);
      if (order.both && other.person === tab.person) onScreen(world, other, () => goOnWith(world, other, line));
      if (order.whole) await photographAndFinish(world, tab, 1);
    });
  },

  /** The phone is lost for good. */
  lose(world, { phone }) {
    return world.lose(phone);
  },
};

const elsewhereOf = async ({ store, person }) => (await store.setting(`elsewhere ${person}`)) ?? [];

/** As the app looks at what lies on the server (keeping.js): copies that are not there any more are sent again. */
export async function lookElsewhere({ app }, tab) {
  const { store, api, person } = tab;
  const before = await store.copies(person);
  const told = await api.copies({ personId: person });
  if (told.kind === "ok") {
    for (const { id } of app.lostCopies(before, told.body.drafts, await store.copies(person))) {
      await store.changeCopy(id, (copy) => copy && app.lost(copy));
    }
    await store.saveSetting(`elsewhere ${person}`, told.body.drafts);
  }
  return tab.copies.keep({ personId: person });
}

async function offersOf({ app }, tab) {
  const { drafts, copies, visits } = await tab.store.begun(tab.person);
  const shown = { drafts: drafts.filter((draft) => !draft.discarded_at), visits, copies, work: WORK };
  return app.offers(await elsewhereOf(tab), shown);
}

/** Go on here with the copy of this line, and open it: what came is all of it, and nothing else. */
export async function goOnWith(world, tab, line) {
  const { store, person, phone: { promises } } = tab;
  const id = line.visit_id;
  const lines = (await elsewhereOf(tab)).filter((each) => each.visit_id === id);
  await tab.close();
  const given = promises.goingOn(line);
  const outcome = await world.app.restore({
    store: noticing(store, given), api: watched(tab.api, given), personId: person, work: WORK, line, lines, onStep() {},
    task: (assignment, version) => ({ id, assignment, version, limits: LIMITS }), makePreview: async () => null,
  });
  if (outcome.kind !== "ok") return outcome;
  await given.checkDraft(store);
  await look(world, tab, id);
  return outcome;
}

// What was begun here in another tab meanwhile stays: only what was kept is to be what came.
function noticing(store, given) {
  return {
    ...store,
    async startRestored(draft, task) {
      const kept = await store.startRestored(draft, task);
      if (kept.elsewhere === draft.elsewhere) given.begun(kept);
      return kept;
    },
  };
}

// What the server gave for this visit, and for it only.
function watched(api, given) {
  return {
    ...api,
    async copy(...asked) {
      const answer = await api.copy(...asked);
      if (answer.kind === "ok") given.copyCame(answer.body);
      return answer;
    },
    async copyPhoto(visitId, photoId, ...rest) {
      const answer = await api.copyPhoto(visitId, photoId, ...rest);
      if (answer.kind === "ok") given.photoCame(photoId, answer.body);
      return answer;
    },
  };
}
