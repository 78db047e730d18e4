/**
 * Delivers finished visits: the report, then each photo, then the report again, until the server has confirmed every
 * hash. Every step may be repeated with the same result. Planning is pure; the runner only carries out and writes down.
 */

import { createSender } from "./sending.js";
import { isLost } from "./store.js";

const LONGEST_WAIT_S = 300;

// Bytes that changed on the way are sent again by themselves; after so many times it is not the way that changes them.
const DAMAGED = 422;
const DAMAGED_TRIES = 3;

const OTHER_IS_KEPT = "/problems/OtherContent";

// Somebody cleared the browser's data: the visit is parked and says so, status 0.
const LOST = { kind: "refused", status: 0, body: {} };

/**
 * A finished visit as the outbox keeps it. `finishedAt` is in milliseconds since 1970. A photo is `received` when the
 * server had it with an earlier revision: then its bytes are not on this phone. Those with the ids in `kept` came there
 * with the draft: they are not sent again where the server took the visit and does not miss them.
 */
export function finishedVisit({ draft, report, finishedAt, kept = [] }) {
  const isReceived = ({ id }) => Boolean(draft.photos[id].received);
  return {
    id: draft.id,
    revision: report.revision,
    person_id: draft.person_id,
    assignment_id: draft.assignment_id,
    outlet_name: draft.outlet_name,
    finished_at: finishedAt,
    photos: report.photos.map((photo) => (
      { ...photo, received: isReceived(photo), kept: kept.includes(photo.id), confirmed: false, refused: null, damaged: 0 })),
    acknowledged: false,
    delivered: false,
    parked: null,
    server: null,
    attempts: 0,
    next_try_at: 0,
  };
}

/**
 * What to do next with this person's visits at time `now` (ms): {do: "report" | "photo", visit, photo?},
 * {do: "wait", until} or {do: "rest"}. The oldest visit that is due comes first.
 */
export function nextStep(visits, now) {
  const open = visits.filter(isOpen).sort((a, b) => a.finished_at - b.finished_at);
  if (!open.length) return { do: "rest" };
  const due = open.find((visit) => isDue(visit.next_try_at, now));
  if (!due) return { do: "wait", until: Math.min(...open.map((visit) => visit.next_try_at)) };
  const photo = due.photos.find((each) => !each.confirmed && !each.refused);
  return due.acknowledged && photo ? { do: "photo", visit: due, photo } : { do: "report", visit: due };
}

// A clock that was set back must not make anything wait for days.
function isDue(time, now) {
  return time <= now || time > now + 2 * LONGEST_WAIT_S * 1000;
}

/** Whether a visit still has to go out and nothing keeps it. */
export function isOpen(visit) {
  return !visit.delivered && !visit.parked;
}

/** How far a visit is, as {part, parts}: the report is one part, each photo that has to be sent another. */
export function partsOf(visit) {
  const photos = visit.photos.filter((photo) => !photo.received);
  const sent = (visit.acknowledged ? 1 : 0) + photos.filter((photo) => photo.confirmed).length;
  const parts = 1 + photos.length;
  return { part: Math.min(sent + 1, parts), parts };
}

/** The visit after the server's answer to its report. */
export function afterReport(visit, answer, now, random) {
  if (answer.kind === "refused") return afterRefusal(visit, answer, now, random);
  if (answer.kind !== "ok") return postponed(visit, now, random);
  const { state, reason, received_at, missing_photos } = answer.body;
  const missing = new Set(missing_photos);
  const believedThere = visit.photos.some((photo) => photo.confirmed && missing.has(photo.id));
  const photos = visit.photos.map((photo) => afterManifest(photo, missing.has(photo.id), state));
  const known = { ...visit, photos, acknowledged: true, server: { state, reason: reason ?? null, received_at } };
  const pending = photos.some((photo) => !photo.confirmed && !photo.refused);
  const refused = photos.find((photo) => photo.refused);
  if (!pending && refused) return { ...rested(known), parked: refused.refused };
  // It lost photos that it had confirmed, or asks for some that were never promised: not in a loop without a pause.
  // But what a revision does not promise any more was promised by one before it, and is given up; what one after it
  // promises comes from another phone.
  const isOthers = visit.revision > 1 || answer.body.revision > visit.revision;
  if (believedThere || (!pending && missing.size && !isOthers)) return postponed(known, now, random);
  return { ...rested(known), delivered: !pending };
}

// A report that another phone was quicker with is kept beside that one's: its photos go there first, and then it rests.
function afterRefusal(visit, answer, now, random) {
  const { missing_photos: named } = answer.body;
  const parked = { ...visit, parked: refusal(answer) };
  if (!named) return parked;
  const missing = new Set(named);
  const lostAgain = visit.photos.some((photo) => photo.confirmed && missing.has(photo.id) && !photo.refused);
  const photos = visit.photos.map((photo) => ({ ...photo, confirmed: !missing.has(photo.id) }));
  if (photos.every((photo) => photo.confirmed || photo.refused)) return { ...parked, photos };
  const known = { ...visit, photos, acknowledged: true };
  return lostAgain ? postponed(known, now, random) : rested(known);
}

// One that the server had before is confirmed by not being missed; if it is missed, it is a photo like any other. A report
// that it could not read misses nothing at all: of a held one, what lies here goes as well.
function afterManifest(photo, isMissing, state) {
  if (isMissing) return { ...photo, received: false, kept: false, confirmed: false };
  return photo.received || (photo.kept && state !== "held") ? { ...photo, confirmed: true } : photo;
}

/**
 * The visit after the server's answer to one photo. A refused photo does not keep back the others; one that arrived
 * damaged is sent again after a pause.
 */
export function afterPhoto(visit, photoId, answer, now, random) {
  if (answer.kind !== "ok" && answer.kind !== "refused") {
    // A line that carries a little each time is not one that is dead.
    return postponed(answer.moved ? rested(visit) : visit, now, random);
  }
  const { damaged } = visit.photos.find((photo) => photo.id === photoId);
  const again = answer.status === DAMAGED && damaged < DAMAGED_TRIES;
  const refused = again ? { damaged: damaged + 1 } : { refused: refusal(answer) };
  const outcome = answer.kind === "ok" ? { confirmed: true } : refused;
  const photos = visit.photos.map((photo) => (photo.id === photoId ? { ...photo, ...outcome } : photo));
  return { ...(again ? postponed(visit, now, random) : rested(visit)), photos };
}

/** The visit, ready to be tried at once; one that was removed meanwhile in another tab stays as it is. */
function unparked(visit) {
  if (visit.removed_at) return visit;
  const photos = visit.photos.map((photo) => ({ ...photo, refused: null, damaged: 0 }));
  return { ...rested(visit), photos, parked: null };
}

function postponed(visit, now, random) {
  return { ...visit, attempts: visit.attempts + 1, next_try_at: now + pause(visit.attempts, random) };
}

function rested(visit) {
  return { ...visit, attempts: 0, next_try_at: 0 };
}

/** 1, 2, 4 … 300 seconds, in milliseconds, up to a quarter shorter so that phones do not come all at once. */
export function pause(attempts, random) {
  return Math.min(LONGEST_WAIT_S, 2 ** attempts) * 1000 * (1 - random() / 4);
}

// A server that has another report of this visit says whether it keeps this one beside it.
function refusal({ status, body }) {
  const said = { status, detail: body.detail ?? body.title ?? null };
  return body.type === OTHER_IS_KEPT ? { ...said, kept: true } : said;
}

/**
 * The runner. `deliver({personId, asked})` answers {state, until?}: rest (nothing left to send), wait, no answer (both
 * with `until`), login (nobody, or somebody else, is logged in) or elsewhere (another tab is sending).
 * `asked` is true when the person asked, or something promising happened: then no pause is waited for.
 * `unpark(id)` lets a visit that needed attention be tried again. `locks` is navigator.locks or null;
 * `onChange(visitId | null)` is told what is being sent, and when it changed.
 */
export function createOutbox({
  store, api, locks, onChange = () => {}, now = Date.now, random = Math.random, sender = createSender({ store, api, now }),
}) {
  let running = null;
  let again = null;
  let silence = { attempts: 0, until: 0 };
  // What there was no room to write down, by the visits' ids: a full phone is to get rid of its work all the same.
  const unwritten = new Map();

  function deliver(order) {
    if (running) {
      again = { ...order, asked: order.asked || again?.asked };
      return running;
    }
    running = inOneTab(order).catch((error) => {
      again = null;
      throw error;
    }).finally(() => {
      running = null;
      onChange(null);
    }).then((outcome) => {
      const next = again;
      again = null;
      return next && (next.asked || outcome.state === "rest") ? deliver(next) : outcome;
    });
    return running;
  }

  async function inOneTab(order) {
    if (!locks) return drain(order);
    return locks.request("outbox", { ifAvailable: true }, (lock) => (lock ? drain(order) : { state: "elsewhere" }));
  }

  async function drain({ personId, asked = false }) {
    for (const id of [...unwritten.keys()]) await change(id, (visit) => visit);
    if (asked) {
      silence = { attempts: 0, until: 0 };
      const waiting = (await visitsOf(personId)).filter((visit) => isOpen(visit) && visit.next_try_at);
      for (const visit of waiting) await change(visit.id, (each) => ({ ...each, next_try_at: 0 }));
    }
    for (;;) {
      const step = nextStep(await visitsOf(personId), now());
      if (step.do === "rest" && unwritten.size) return { state: "wait", until: now() + LONGEST_WAIT_S * 1000 };
      if (step.do === "rest" || step.do === "wait") return { state: step.do, until: step.until };
      if (!isDue(silence.until, now())) return { state: "no answer", until: silence.until };
      const trouble = await notOurs(personId);
      if (trouble) return trouble;
      const outcome = await carryOut(step);
      if (outcome === "login") return { state: "login" };
    }
  }

  async function visitsOf(personId) {
    return (await store.visits(personId)).map(latest);
  }

  function latest(visit) {
    const known = unwritten.get(visit.id);
    // Another tab may have had the room to go on.
    return known && known.revision === visit.revision && !visit.delivered && !visit.removed_at ? known : visit;
  }

  async function change(id, update) {
    let changed = null;
    try {
      await store.changeVisit(id, (visit) => {
        changed = update(latest(visit));
        return changed;
      });
      unwritten.delete(id);
    } catch (error) {
      if (!changed || error.name !== "QuotaExceededError") throw error;
      unwritten.set(id, changed);
    }
  }

  // Nobody's visit goes out under another's name, and a line that is dead is not tried with every visit in turn.
  // Who may no longer ask who they are may still deliver what they began: that is judged with each visit.
  async function notOurs(personId) {
    const began = now();
    const answer = await api.session();
    if (answer.kind === "ok") sender.heard(0, now() - began);
    if (answer.kind === "login") return { state: "login" };
    if (answer.kind === "ok" || answer.kind === "refused") {
      silence = { attempts: 0, until: 0 };
      if (answer.kind === "refused") return null;
      return answer.body.person.id === personId ? null : { state: "login", as: answer.body.person };
    }
    silence = { attempts: silence.attempts + 1, until: now() + pause(silence.attempts, random) };
    return { state: "no answer", until: silence.until };
  }

  async function carryOut(step) {
    const { id } = step.visit;
    onChange(id);
    const answer = step.do === "report" ? await sendReport(step.visit) : await sendPhoto(step.visit, step.photo.id);
    if (answer.kind === "login") return "login";
    await change(id, (visit) => {
      // The next revision was finished while this one was on its way: the answer is not about it. Nor is there anything to
      // be learnt where another tab, in a browser without locks, was quicker.
      if (visit.revision !== step.visit.revision || visit.delivered) return visit;
      return step.do === "report"
        ? afterReport(visit, answer, now(), random)
        : afterPhoto(visit, step.photo.id, answer, now(), random);
    });
    return "done";
  }

  function sendReport({ id, person_id: personId, revision = 1 }) {
    return withBytes(store.report(id), async (bytes) => {
      const began = now();
      const answer = await api.putVisit(id, bytes, { personId, revision });
      if (answer.kind === "ok") sender.heard(bytes.byteLength, now() - began);
      else if (answer.kind === "nothing") await sender.broke();
      return answer;
    });
  }

  function sendPhoto({ person_id: personId }, id) {
    return withBytes(store.photo(id), (photo) => sender.send(photo, { personId }));
  }

  // What cannot be read must not keep back what can.
  async function withBytes(reading, send) {
    let found;
    try {
      found = await reading;
    } catch (error) {
      return isLost(error) ? LOST : { kind: "nothing", status: 0, body: null };
    }
    return found ? send(found) : LOST;
  }

  return { deliver, unpark: (id) => change(id, unparked) };
}
