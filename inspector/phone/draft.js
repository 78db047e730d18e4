/**
 * A draft while it is open: holds the lock that keeps other tabs from writing to it, and saves every change at once,
 * one save after the other. Text that is being typed is saved with its first letter, then every few moments, and when
 * the page goes away.
 */
import { finishedVisit } from "./outbox.js";
import { picturesOf } from "./pictures.js";
import { DraftGone } from "./store.js";
import { buildReport, withoutDangling } from "./visit.js";

const TYPING_DELAY_MS = 150;
// More than these 24 days the server does not read: a visit may stay open for weeks.
const LONGEST_MS = 2 ** 31 - 1;

// The visit that was opened last, of each store.
const opened = new WeakMap();

/**
 * Open a draft of this person; null when there is none. `onChange` is called when anything to be shown has changed,
 * `onSaved` when something new of it is on the phone. `locks` is navigator.locks or null.
 */
export async function openDraft({ id, personId, store, locks, onChange, onSaved = () => {} }) {
  // Until this tab has the lock, another one may write: what is read under it is what counts.
  const lock = locks && await lockIfFree(locks, `draft ${id}`);
  let letGo = lock ?? (() => {});
  const found = await store.draft(id, personId).catch((error) => {
    letGo();
    throw error;
  });
  if (!found) {
    letGo();
    return null;
  }
  const previews = new Map();
  const pictures = new Map();
  let closed = false;
  let openedAt = performance.now();
  let timer = null;
  let saving = Promise.resolve();
  // What there was no room for when the visit was left goes on from there once it is opened again.
  const left = !locks || lock ? opened.get(store)?.unsavedOf(id, found.draft) : null;
  let unsaved = Boolean(left);
  let altered = unsaved;
  const waiting = new AbortController();

  const session = {
    draft: left ?? found.draft,
    task: found.task,
    /** True while another tab has this visit open: then it can only be looked at. */
    readOnly: Boolean(locks && !lock),
    /** "saved", "saving", "full" (no room), "failed" or "gone" (finished or discarded). */
    saved: "saved",
    /** True until it is known which pictures are here: nobody waits for them. */
    looking: true,
    preview: (photoId) => previews.get(photoId) ?? null,
    /** The address of a reference picture, or null where it is not here. */
    picture: (pictureId) => pictures.get(pictureId) ?? null,
    /** Look again for pictures that were fetched meanwhile. */
    look: () => look().catch(() => {}).then(() => {
      session.looking = false;
      onChange();
    }),

    /** Replace the draft by what `update` makes of it and save it; `soon` gathers what is typed for some moments. */
    change(update, { soon = false } = {}) {
      if (session.readOnly || session.saved === "gone") return;
      if (closed) {
        later((here) => here.change(update)).catch(() => {});
        return;
      }
      const next = withoutDangling(update(session.draft));
      altered ||= next !== session.draft;
      session.draft = next;
      unsaved = true;
      beginSaving();
      // What is typed after a quiet time is saved now; who then types without a pause is saved all the same.
      if (!soon || timer === null) session.flush();
      if (soon) timer ??= setTimeout(session.flush, TYPING_DELAY_MS);
      onChange();
    },

    /** Save what is not saved yet; resolves when it is on the phone or has failed. */
    flush() {
      clearTimeout(timer);
      timer = null;
      if (unsaved) saving = saving.then(save);
      return saving;
    },

    /** Keep a prepared photo at its place (photo_places.js). Resolves once its bytes are on the phone. */
    addPhoto(place, photo, bytes, preview) {
      if (closed) return later((here) => here.addPhoto(place, photo, bytes, preview));
      const kept = saving.then(() => savePhoto(place, photo, bytes, preview));
      saving = kept.catch(() => {});
      return kept;
    },

    /**
     * Finish: the report becomes bytes that are never made again. Raises when they could not be kept; then the visit
     * is still a draft.
     */
    async finish({ appVersion, deviceId }) {
      mustBeOurs();
      const kept = (await store.copies(personId)).find((copy) => copy.id === id)?.photos ?? [];
      // A photo that is being kept meanwhile may find no room: the report promises none whose bytes are not here.
      for (let last = null; last !== saving; await last) last = session.flush();
      // Nothing is waited for between the report and its keeping: what is said meanwhile would be shown as saved and lost.
      const finishedAt = new Date();
      const { draft, task } = session;
      const report = buildReport({ draft, task, finishedAt, elapsedMs: session.elapsed(), appVersion, deviceId });
      const bytes = new TextEncoder().encode(JSON.stringify(report)).buffer;
      await store.finish(finishedVisit({ draft, report, finishedAt: finishedAt.getTime(), kept }), bytes);
      session.saved = "gone";
    },

    /** Set the draft aside. Raises when that could not be written down; then nothing has changed. */
    async discard() {
      mustBeOurs();
      for (let last = null; last !== saving; await last) last = session.flush();
      // From here on nothing is written any more: it would bring the draft back.
      const { saved } = session;
      session.saved = "gone";
      await store.discard(id, Date.now()).catch((error) => {
        tell(saved);
        throw error;
      });
    },

    /** Milliseconds that this visit was open on this phone, by a clock that nobody can set. */
    elapsed: () => Math.min(LONGEST_MS, Math.max(0, session.draft.elapsed_ms) + Math.max(0, performance.now() - openedAt)),

    isOpen: (wanted) => wanted === id && !closed,

    /** The draft `wanted` as it was left, where it is later than the one that is `kept`. */
    unsavedOf: (wanted, kept) => (
      wanted === id && closed && unsaved && session.draft.revision === kept.revision
        && session.draft.changes > (kept.changes ?? 0) ? session.draft : null),

    /** Save, let other tabs have it, free the pictures. */
    async close() {
      if (!session.readOnly) session.change((draft) => draft);
      closed = true;
      await session.flush();
      waiting.abort();
      letGo();
      for (const url of [...previews.values(), ...pictures.values()]) URL.revokeObjectURL(url);
    },
  };

  // Who undoes something may have left the visit meanwhile: what was done in it since must not be written over.
  async function later(act) {
    const here = opened.get(store);
    if (here.isOpen(id)) return act(here);
    const again = await openDraft({ id, personId, store, locks, onChange, onSaved });
    if (!again) throw new DraftGone(id);
    try {
      return await act(again);
    } finally {
      await again.close();
    }
  }

  // What another tab has open is not written to, whatever stood on the screen.
  function mustBeOurs() {
    if (session.readOnly) throw new DraftGone(id);
  }

  async function save() {
    if (!unsaved || session.saved === "gone") return;
    unsaved = false;
    try {
      const elapsed = session.elapsed();
      openedAt = performance.now();
      session.draft = { ...session.draft, ...counted(altered), elapsed_ms: elapsed };
      const isNews = altered;
      altered = false;
      // Whoever has the lock is the only one who writes.
      await store.saveDraft(session.draft, { isAlone: Boolean(locks) });
      tell(unsaved ? "saving" : "saved");
      if (isNews) onSaved();
    } catch (error) {
      unsaved = !(error instanceof DraftGone);
      altered = unsaved;
      tell(error instanceof DraftGone ? "gone" : error.name === "QuotaExceededError" ? "full" : "failed");
    }
  }

  // The answers are saved already; if there is no room for the photo, only the photo is refused.
  async function savePhoto(place, photo, bytes, preview) {
    mustBeOurs();
    session.draft = { ...place.add(session.draft, photo), ...counted(true) };
    beginSaving();
    try {
      const record = { id: photo.id, visit_id: id, bytes, media_type: photo.media_type, sha256: photo.sha256 };
      const small = preview && { id: photo.id, visit_id: id, bytes: preview };
      await store.savePhoto(session.draft, record, small);
      if (small) show(previews, small);
      onSaved();
    } catch (error) {
      // It may have been moved meanwhile.
      const { [photo.id]: _, ...photos } = session.draft.photos;
      session.draft = withoutDangling({ ...session.draft, photos });
      throw error;
    } finally {
      if (session.saved === "saving") tell(unsaved ? "saving" : "saved");
      else onChange();
    }
  }

  // Which of two copies of the draft is the later one: clocks do not tell it.
  function counted(isNews) {
    return isNews ? { changes: (session.draft.changes ?? 0) + 1, changed_at: Date.now() } : {};
  }

  async function look() {
    for (const preview of await store.previews(id)) show(previews, preview);
    for (const picture of await store.pictures(picturesOf([found.task.version]))) show(pictures, picture);
  }

  function show(shown, { id: pictureId, bytes }) {
    if (closed || !bytes || shown.has(pictureId)) return;
    shown.set(pictureId, URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })));
  }

  // From the first moment on, so that "saved" is never read beside what is not. Trouble stays until it is over.
  function beginSaving() {
    if (session.saved === "saved") session.saved = "saving";
  }

  function tell(state) {
    session.saved = state;
    onChange();
  }

  if (session.readOnly) locks.request(`draft ${id}`, { signal: waiting.signal }, takeOver).catch(() => {});
  session.look();
  if (!opened.get(store)?.isOpen(id)) opened.set(store, session);
  if (left) session.flush();
  return session;

  // The other tab let go: write from here on, after what it left.
  async function takeOver() {
    const left = await store.draft(id, personId);
    if (left) session.draft = left.draft;
    else session.saved = "gone";
    await look();
    if (closed) return;
    openedAt = performance.now();
    session.readOnly = false;
    onChange();
    await new Promise((release) => { letGo = release; });
  }
}

// Resolves to what lets the lock go, or to null where another tab has it.
function lockIfFree(locks, name) {
  return new Promise((tell, fail) => {
    const hold = (lock) => (lock ? new Promise((letGo) => tell(letGo)) : tell(null));
    locks.request(name, { ifAvailable: true }, hold).catch(fail);
  });
}
