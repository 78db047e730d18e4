/**
 * Keeps begun visits on the server too, so that a lost phone loses nothing: each draft some moments after its last
 * change, then its photos one by one; and fetches the photos that had not come from another phone yet when its visit was
 * gone on with here. Planning is pure; the runner only carries out and writes down. It stands back for finished visits,
 * and nothing ever waits for it.
 */
import { nothingIfLost } from "./lost.js";
import { nextStep, pause } from "./outbox.js";
import { previewOf } from "./photos.js";
import { fetchPhoto, showFound } from "./restoring.js";
import { lostPhotos, revisionOf } from "./revisions.js";
import { makeCanvas } from "./screens/canvas.js";
import { createSender } from "./sending.js";
import { photosInUse, progress, withOffset } from "./visit.js";

const QUIET_MS = 4_000;
// A photo is much to read and to send: not while somebody is tapping.
const BREATH_MS = 1_500;
// Who never stops typing has a copy every so often all the same.
const LONGEST_UNKEPT_MS = 60_000;
const AFTER_REFUSAL_MS = 600_000;
// Its bytes went with the browser's data, or the disk has lost them: there is nothing to keep.
const LOST = { kind: "refused", status: 0, body: {} };
// A discarded draft can be taken back while a message is shown.
const UNDO_MS = 60_000;
// A photo that the server does not have is asked for again after a minute, then after two, up to five.
const SEEK_MS = 60_000;
const MOST_PAUSES = 5;
const FORMAT = 1;
// The server has no copy any more, or never had: the visit has arrived, say.
const GONE = new Set([404, 409, 410]);

/**
 * What to do next at time `now` (ms): {do: "draft", draft}, {do: "photo" | "fetch", draft, photoId}, {do: "drop" | "forget", copy},
 * {do: "stand back"} while finished visits need the line, {do: "wait", until} or {do: "rest"}. `begun` is what
 * store.begun gives, `stirred` a Map of the drafts that are being changed: id -> {since, last} in ms. What was changed by
 * `askedAt` (ms) waits for no quiet moment; photos wait after the last change of all, at `touchedAt` (ms), in any case.
 * `sought` is a Map of the missing photos that were asked for: id -> {last, times}; without it none is fetched. Those last
 * asked for before `wishedAt` (ms) wait for no pause.
 */
export function nextCopyStep({ drafts, copies, visits }, stirred, now, {
  askedAt = 0, touchedAt = 0, sought = null, wishedAt = 0,
} = {}) {
  const lineIsNeeded = ["report", "photo"].includes(nextStep(visits, now).do);
  if (lineIsNeeded) return { do: "stand back" };
  const known = new Map(copies.map((copy) => [copy.id, copy]));
  const times = [];
  const isDue = (time) => {
    if (time > now && time <= now + 2 * AFTER_REFUSAL_MS) times.push(time);
    return time <= now || time > now + 2 * AFTER_REFUSAL_MS;
  };
  for (const copy of copies) {
    const step = stepOfLeft(copy, drafts, visits, now);
    if (step && isDue(copy.next_try_at)) return { do: step, copy };
  }
  const open = drafts.filter((draft) => !draft.discarded_at);
  for (const draft of open) {
    const copy = known.get(draft.id);
    const isNews = !copy?.kept_at || revisionOf(copy) !== revisionOf(draft) || changesOf(draft) !== copy.changes;
    const heldBack = Math.max(copy?.next_try_at ?? 0, copy?.unreadable_until ?? 0);
    if (isNews && isDue(Math.max(heldBack, quietAt(stirred.get(draft.id), askedAt, now)))) return { do: "draft", draft };
  }
  for (const draft of open) {
    const photoId = photoToKeep(draft, known.get(draft.id));
    if (photoId && isDue(Math.max(known.get(draft.id).next_try_at, touchedAt + BREATH_MS))) return { do: "photo", draft, photoId };
  }
  for (const draft of sought ? open : []) {
    const photoId = lostPhotos(draft).find((id) => isDue(Math.max(seekAt(sought.get(id), wishedAt), touchedAt + BREATH_MS)));
    if (photoId) return { do: "fetch", draft, photoId };
  }
  return times.length ? { do: "wait", until: Math.min(...times) } : { do: "rest" };
}

// A copy whose draft is gone: discarded, so that the server's goes too; or arrived, where the server has dropped it.
function stepOfLeft({ id, revision }, drafts, visits, now) {
  const draft = drafts.find((each) => each.id === id);
  if (draft) return draft.discarded_at < now - UNDO_MS ? "drop" : null;
  const visit = visits.find((each) => each.id === id);
  // A revision that was discarded is not the one that arrived before it.
  if (!visit || revision > revisionOf(visit)) return "drop";
  return visit.delivered ? "forget" : null;
}

// By a clock that was set back, what was changed at a time to come was changed long ago.
function quietAt(stir, askedAt, now) {
  return stir?.last > askedAt && stir.last <= now ? Math.min(stir.last + QUIET_MS, stir.since + LONGEST_UNKEPT_MS) : 0;
}

function seekAt(seek, wishedAt) {
  return seek?.last >= wishedAt ? seek.last + Math.min(seek.times, MOST_PAUSES) * SEEK_MS : 0;
}

/** How often a draft was saved; those of earlier apps did not count. */
export function changesOf({ changes }) {
  return changes ?? 0;
}

function photoToKeep(draft, copy) {
  if (!copy?.missing?.length) return null;
  const inUse = new Set(photosInUse(draft));
  return copy.missing.find((id) => inUse.has(id) && !copy.not_taken?.includes(id)) ?? null;
}

/** The lines of the photos that a draft's copy names: those whose bytes the server has not with an earlier revision. */
export function photosOfCopy(draft) {
  return [...new Set(photosInUse(draft))].map((id) => draft.photos[id])
    .filter((photo) => photo && !photo.received && !photo.missing)
    .map(({ id, sha256, size, media_type }) => ({ id, sha256, size, media_type }));
}

/**
 * A draft as PUT /phone/drafts takes it. The checklist goes along where `isKnown(versionId)` says that other phones do
 * not get it with their work.
 */
export function copyOf({ draft, task }, { deviceId, isKnown, now }) {
  const { done, total } = progress(task, draft);
  const rare = isKnown(draft.checklist_version_id) ? {} : { version: task.version };
  return {
    device_id: deviceId,
    assignment_id: draft.assignment_id,
    revision: revisionOf(draft),
    changes: changesOf(draft),
    begun_at: draft.started_at,
    changed_at: withOffset(new Date(draft.changed_at ?? now)),
    photos: photosOfCopy(draft),
    body: JSON.stringify({ format: FORMAT, progress: { done, total }, draft, ...rare }),
  };
}

/** A copy's line after the server's answer to the draft; `sent` is what was sent. */
export function afterCopy(copy, draft, sent, answer, now) {
  const line = {
    photos: [], missing: [], refused: null, kept_at: null, changes: -1, ...copy,
    id: draft.id, person_id: draft.person_id, device_id: sent.device_id, next_try_at: 0, not_taken: [],
  };
  // Where the server has a later one from this very phone, what is here is not what lies there.
  const isThere = answer.kind === "ok" && answer.body.changes === sent.changes;
  if (!isThere) {
    const left = answer.kind === "ok" || GONE.has(answer.status) ? lost(line) : line;
    return { ...left, refused: refusal(answer), next_try_at: now + AFTER_REFUSAL_MS };
  }
  const missing = new Set(answer.body.missing_photos);
  const named = sent.photos.map(({ id }) => id);
  return {
    ...line,
    revision: sent.revision,
    changes: sent.changes,
    kept_at: answer.body.kept_at,
    photos: named.filter((id) => !missing.has(id)),
    missing: named.filter((id) => missing.has(id)),
    refused: null,
  };
}

/** A copy's line when the server has nothing of it any more. */
export function lost(copy) {
  return { ...copy, kept_at: null, photos: [], missing: [] };
}

/**
 * The lines of copies that the server turned out not to have: `before` they were asked for, `lines` is what it told, and
 * `now` what is known here. One that was kept meanwhile is not among them.
 */
export function lostCopies(before, lines, now) {
  const there = new Set(lines.map((line) => `${line.visit_id} ${line.device_id}`));
  const same = new Map(now.map((copy) => [copy.id, copy.kept_at]));
  return before.filter((copy) => (
    copy.kept_at && same.get(copy.id) === copy.kept_at && !there.has(`${copy.id} ${copy.device_id}`)));
}

/**
 * A copy's line after the server's answer to one photo. One that it does not take stays missing, and is not offered again
 * until the draft goes once more.
 */
export function afterCopyPhoto(copy, photoId, answer) {
  if (answer.kind !== "ok") return { ...copy, not_taken: [...(copy.not_taken ?? []), photoId] };
  return { ...copy, missing: copy.missing.filter((id) => id !== photoId), photos: [...copy.photos, photoId] };
}

function refusal(answer) {
  return { status: answer.status, detail: answer.body?.detail ?? null };
}

/**
 * The runner. `keep({personId, asked, isLeaving})` answers {state, until?} as the outbox does, or "stand back" while
 * finished visits need the line. `stir(id)` says that a draft was changed, `standBack()` ends a photo that is on its way:
 * it goes on later at the last byte that arrived.
 * `attend(opened)` says that a draft was opened, which `opened()` gives as long as it is; it resolves to whether a photo
 * of it is missing still.
 * `isKnown(versionId)` as in copyOf; `onChange(visitId, others)` is told of every change, with the copies of other phones
 * where the server named them.
 */
export function createCopies({
  store, api, locks, deviceId, isKnown, onChange = () => {}, makePreview = (bytes, type) => previewOf(bytes, type, makeCanvas),
  now = Date.now, random = Math.random, sender = createSender({ store, api, now }),
}) {
  const stirred = new Map();
  const sought = new Map();
  let wishedAt = 0;
  let openDraft = () => null;
  let touchedAt = 0;
  let running = null;
  let again = null;
  let sending = null;
  let silence = { attempts: 0, until: 0 };

  function stir(id) {
    touchedAt = now();
    stirred.set(id, { since: stirred.get(id)?.since ?? touchedAt, last: touchedAt });
  }

  async function attend(opened) {
    openDraft = opened;
    await showFound(store, opened);
    return Boolean(opened()) && lostPhotos(opened().draft).length > 0;
  }

  function keep(order) {
    if (running) {
      again = { ...order, asked: order.asked || again?.asked };
      return running;
    }
    running = inOneTab(order).catch((error) => {
      again = null;
      throw error;
    }).finally(() => {
      running = null;
    }).then((outcome) => {
      // The browser takes its time to let a lock go: who asks in the meantime is heard as well.
      const next = again;
      again = null;
      return next ? keep(next) : outcome;
    });
    return running;
  }

  async function inOneTab(order) {
    if (!locks) return drain(order);
    return locks.request("copies", { ifAvailable: true }, (lock) => (lock ? drain(order) : { state: "elsewhere" }));
  }

  async function drain({ personId, asked = false, isLeaving = false }) {
    if (asked) {
      silence = { attempts: 0, until: 0 };
      wishedAt = now();
    }
    // Who leaves, or asks, does not wait for a quiet moment.
    const askedAt = asked || isLeaving ? now() : 0;
    for (;;) {
      // A clock that was set back must not have photos asked for without a pause until those times come again.
      if (Math.max(wishedAt, touchedAt) > now()) wishedAt = touchedAt = 0;
      const step = nextCopyStep(await store.begun(personId), stirred, now(), {
        askedAt, touchedAt, sought: isLeaving ? null : sought, wishedAt });
      if (["rest", "wait", "stand back"].includes(step.do)) return { state: step.do, until: step.until };
      // A clock that was set back must not make this last for ever.
      const isSilent = silence.until > now() && silence.until <= now() + AFTER_REFUSAL_MS;
      if (isSilent) return { state: "no answer", until: silence.until };
      const answer = await carryOut(step, personId, isLeaving);
      if (answer === "stood back") return { state: "stand back" };
      if (answer.kind === "login") return { state: "login" };
      if (answer.kind === "ok" || answer.kind === "refused") silence = { attempts: 0, until: 0 };
      else {
        // A line that carries a little each time is not one that is dead.
        const attempts = answer.moved ? 0 : silence.attempts;
        silence = { attempts: attempts + 1, until: now() + pause(attempts, random) };
      }
    }
  }

  function carryOut(step, personId, isLeaving) {
    if (step.do === "draft") return sendDraft(step.draft.id, personId, isLeaving);
    if (step.do === "photo") return sendPhoto(step.draft.id, step.photoId, personId);
    if (step.do === "fetch") return fetchLost(step.draft, step.photoId, personId);
    return drop(step, personId);
  }

  async function sendDraft(id, personId, isLeaving) {
    const found = await store.draft(id, personId).catch(nothingIfLost);
    const stir = stirred.get(id);
    if (found === null) return { kind: "ok" };
    if (!found?.task) return putOff(id, personId);
    const sent = copyOf(found, { deviceId, isKnown, now: now() });
    const { revision } = sent;
    // Its answer may be lost: what lies there is dropped all the same when the draft is discarded.
    const line = newLine(id, personId, revision);
    await store.changeCopy(id, (copy) => (copy?.revision === revision ? copy : line)).catch(() => {});
    const answer = await api.putCopy(id, sent, { personId, isLeaving });
    if (answer.kind !== "ok" && answer.kind !== "refused") return answer;
    await store.changeCopy(id, (copy) => afterCopy(copy, found.draft, sent, answer, now()));
    // What was changed while it was on its way waits for its own quiet moment.
    if (stirred.get(id)?.last === stir?.last) stirred.delete(id);
    else stirred.set(id, { ...stirred.get(id), since: now() });
    onChange(id, answer.body?.others ?? null);
    return answer;
  }

  // What cannot be read, draft or task, must not keep back what can; its copy on the server stays as it is.
  async function putOff(id, personId) {
    await store.changeCopy(id, (copy) => ({ ...(copy ?? newLine(id, personId)), unreadable_until: now() + AFTER_REFUSAL_MS }));
    return { kind: "ok" };
  }

  function newLine(id, personId, revision) {
    return lost({ id, person_id: personId, device_id: deviceId, revision, next_try_at: 0 });
  }

  async function sendPhoto(visitId, photoId, personId) {
    const photo = await store.photo(photoId).catch(nothingIfLost);
    sending = new AbortController();
    const { signal } = sending;
    const answer = photo ? await sender.send(photo, { personId, visitId, signal }) : LOST;
    sending = null;
    if (answer.kind === "ok" || answer.kind === "refused") {
      await store.changeCopy(visitId, (copy) => copy && afterCopyPhoto(copy, photoId, answer));
      onChange(visitId, null);
    }
    return answer.kind === "nothing" && signal.aborted ? "stood back" : answer;
  }

  // Its draft is written to by whoever has it open, here or in another tab; for all others the bytes wait on the phone.
  async function fetchLost({ id: visitId, photos }, photoId, personId) {
    sending = new AbortController();
    const { signal } = sending;
    const wanted = { store, api, personId, visitId, photo: photos[photoId], makePreview, signal };
    // Without room for it, it is fetched when there is some.
    const answer = await fetchPhoto(wanted).catch(() => ({ kind: "refused" }));
    sending = null;
    if (signal.aborted) return "stood back";
    if (answer.kind === "nothing" || answer.kind === "login") return answer;
    sought.set(photoId, { last: now(), times: (sought.get(photoId)?.times ?? 0) + 1 });
    await showFound(store, openDraft);
    return { kind: "ok" };
  }

  async function drop({ do: what, copy }, personId) {
    const answer = what === "drop" ? await api.dropCopy(copy.id, copy.device_id, { personId }) : { kind: "ok" };
    if (answer.kind === "ok" || answer.kind === "refused") {
      await store.changeCopy(copy.id, () => null);
      onChange(copy.id, null);
    }
    return answer;
  }

  return { keep, stir, attend, standBack: () => sending?.abort() };
}
