/** What a person does with a visit: begins it, takes photos, moves through it, finishes or discards it. */
import { preparePhoto, TooLarge } from "./photos.js";
import { whereWeAre } from "./position.js";
import {
  addPractice, changePractice, isEmpty, practiceOf, practicesOf, removePractice, restorePractice, wordless,
} from "./practices.js";
import { lostPhotos, markMissing, nextRevision, unreadReceipts } from "./revisions.js";
import { toAssignments, toBestPractice, toDraft, toOutbox, toSection } from "./routes.js";
import { makeCanvas } from "./screens/canvas.js";
import { t } from "./translate.js";
import { itemsOf } from "./tray.js";
import { noteFiled, removeVisit } from "./unsent.js";
import { answerKey, newId, photosInUse, startDraft, withOffset } from "./visit.js";

const ADDRESS_MS = 300;

/** The acts of a visit; `app` holds the state and the store. */
export class Visiting {
  #taking = Promise.resolve();
  #acting = null;

  constructor(app) {
    this.app = app;
  }

  /** Begin the visit of an assignment, and open its first section. */
  begin(assignment) {
    return this.#once(() => this.#begin(assignment));
  }

  // A double tap is one act.
  #once(act) {
    this.#acting ??= act().finally(() => {
      this.#acting = null;
    });
    return this.#acting;
  }

  async #begin(assignment) {
    const { app } = this;
    const task = this.task(freshId(), assignment, this.#version(assignment.checklist_version_id));
    const personId = app.state.person.id;
    const draft = startDraft({ id: task.id, personId, assignment, version: task.version, now: new Date() });
    await this.#start(async () => {
      await app.store.startDraft(draft, task);
      return draft;
    });
  }

  /** Work again on a visit that was sent back: its next revision, or what was begun of that before. */
  revise(assignment) {
    return this.#once(() => this.#revise(assignment));
  }

  async #revise(assignment) {
    const { app } = this;
    const { visit } = assignment;
    const task = this.task(visit.id, assignment, this.#version(visit.checklist_version_id));
    const next = nextRevision({ personId: app.state.person.id, assignment, version: task.version, now: new Date() });
    await this.#start(() => app.store.startRevision(visit.id, (here) => markMissing(next, here), task));
  }

  /** All that a visit needs of the work, so that it does not change while the visit is filled in. */
  task(id, assignment, version) {
    const { projects, limits } = this.app.state.work;
    const project = projects?.find((each) => each.id === assignment.project.id);
    return { id, assignment, version, project, limits };
  }

  #version(id) {
    return this.app.state.work.checklist_versions.find((each) => each.id === id);
  }

  // `keep` resolves to the draft once that is on the phone.
  async #start(keep) {
    const { app } = this;
    let draft;
    try {
      draft = await keep();
    } catch (error) {
      app.say(isFull(error)
        ? t("There is no room left on this phone. Free some, then try again.")
        : t("This could not be saved. Try again."));
      return;
    }
    app.unsay();
    navigator.storage?.persist?.().catch(() => {});
    app.tellOthers();
    await app.readOwn();
    location.hash = toDraft(draft);
    await app.follow();
    this.notePosition(draft.id);
  }

  /**
   * Note where the phone is: what it knows at once, and what is more accurate in its place. Never in the way: it comes
   * when it comes, or not at all.
   */
  async notePosition(id) {
    const { app } = this;
    app.state.whereabouts = { id, why: "asking" };
    let noted = null;
    // One after the other: a browser may ask the person once for each.
    for (const exactly of [false, true]) {
      const { position, why } = await whereWeAre(exactly);
      const { open } = app.state;
      if (open?.draft.id !== id) return;
      if (position && !(noted?.accuracy_m < position.accuracy_m)) {
        const before = noted;
        noted = position;
        open.change((draft) => ({ ...draft, positions: [...draft.positions.filter((each) => each !== before), position] }));
      }
      if (noted || exactly || why === "denied") app.set({ whereabouts: { id, why: noted ? null : why } });
      if (why === "denied") return;
    }
  }

  /** Stay at this criterion when the page is loaded again, or the visit continued. */
  stayAt(section, repetition, criterionId) {
    const { open, route } = this.app.state;
    if (!open || route.screen !== "section" || route.criterion === criterionId) return;
    const here = { ...route, criterion: criterionId };
    const { hash } = location;
    this.app.state.route = here;
    // The browser takes its time for this: what was tapped is drawn first. Who has gone on meanwhile is not called back.
    setTimeout(() => {
      if (this.app.state.route === here && location.hash === hash) history.replaceState(null, "", toSection(open.draft.id, section, criterionId, repetition));
    }, ADDRESS_MS);
    const at = { section, repetition, criterion: criterionId };
    this.app.drawing.changeUnseen(() => open.change((draft) => ({ ...draft, at }), { soon: true }));
  }

  /** A repetition of a section is being left: what it lacks counts as missing from now on. */
  leaveSection(sectionId, repetition) {
    const { open } = this.app.state;
    const left = answerKey(sectionId, repetition);
    if (open.draft.left_sections.includes(left)) return;
    open.change((draft) => ({ ...draft, left_sections: [...draft.left_sections, left] }));
  }

  /** Take photos at one of the places of photo_places.js; resolves when all are kept or refused. */
  takePhotos(place, files) {
    const kept = this.#takeAll(place, files);
    this.#taking = Promise.all([this.#taking, kept]);
    return kept;
  }

  /** Resolves when no photo is being taken any more, and nothing recorded. */
  async settled() {
    for (let taken = null; taken !== this.#taking || this.app.state.recording;) {
      taken = this.#taking;
      await this.app.state.recording?.stop();
      await taken;
    }
  }

  // A picked file can die at once: the bytes of all are read first, then they are shrunk one by one.
  async #takeAll(place, files) {
    const { open } = this.app.state;
    const reading = [...files].map((file) => file.arrayBuffer().then((bytes) => ({ bytes, type: file.type })));
    this.#developing(place, reading.length);
    for (const picked of await Promise.allSettled(reading)) {
      try {
        if (picked.status === "rejected") throw picked.reason;
        await this.#keepPhoto(open, place, picked.value);
      } catch (error) {
        this.app.say(whyNoPhoto(error));
      }
      this.#developing(place, -1);
    }
  }

  async #keepPhoto(open, place, { bytes: picked, type }) {
    const { limits } = open.task;
    if (photosInUse(open.draft).length >= limits.photos_per_visit) throw new TooMany();
    const { bytes, preview, ...photo } = await preparePhoto(picked, type, limits, makeCanvas);
    const line = { id: freshId(), ...photo, taken_at: withOffset(new Date()), preview: Boolean(preview) };
    await open.addPhoto(place, line, bytes, preview);
    this.app.tellOthers();
  }

  #developing({ key }, by) {
    const { developing } = this.app.state;
    this.app.set({ developing: { ...developing, [key]: (developing[key] ?? 0) + by } });
  }

  /** Remove a photo from its place; it can be brought back while the message (`words`) is shown. */
  removePhoto(place, photoId, words = t("Photo removed")) {
    const { open } = this.app.state;
    const position = place.ids(open.draft).indexOf(photoId);
    open.change((draft) => place.remove(draft, photoId));
    this.app.say(words, () => open.change((draft) => place.restore(draft, photoId, position)));
  }

  /**
   * A photo of the open visit to look at it large, as {bytes, media_type}: from this phone, or from the server that
   * has it. Null where neither can be reached.
   */
  async photo(photoId) {
    const { store, api, state } = this.app;
    const kept = await store.photo(photoId);
    const { received, marks } = state.open.draft.photos[photoId] ?? {};
    if (kept || !received) return kept ?? null;
    // Marks are drawn into the smaller sizes, and can only be changed on a picture that is without them.
    const answer = await api.photoPicture(photoId, marks ? "original" : "screen", { personId: state.person.id });
    return answer.kind === "ok" ? { bytes: answer.body, media_type: "image/jpeg" } : null;
  }

  /** Write down a new best practice at a touchpoint; `from` is where its screen leads back to. */
  addPractice(touchpointId, from) {
    const { open } = this.app.state;
    const id = freshId();
    open.change((draft) => addPractice(draft, { id, touchpointId }));
    location.hash = toBestPractice(open.draft.id, from, id);
  }

  /** Change a best practice; `when` as in the draft's `change`. */
  changePractice(id, change, when) {
    this.app.state.open.change((draft) => changePractice(draft, id, change), when);
  }

  /** Remove a best practice; it can be brought back while the message is shown. */
  removePractice(id) {
    const { open } = this.app.state;
    const position = practicesOf(open.draft).findIndex((practice) => practice.id === id);
    const practice = practiceOf(open.draft, id);
    open.change((draft) => removePractice(draft, id));
    if (isEmpty(practice)) return;
    this.app.say(t("Best practice removed"), () => open.change((draft) => restorePractice(draft, practice, position)));
  }

  /** Discard the open visit, which was never finished: it can be taken back while the message is shown. */
  discard() {
    return this.#once(() => this.#discard());
  }

  async #discard() {
    const { app } = this;
    const { open } = app.state;
    await this.settled();
    try {
      await open.discard();
    } catch {
      app.say(t("This could not be saved. Try again."));
      return;
    }
    app.tellOthers();
    await app.readOwn();
    location.replace(toAssignments());
    app.say(t("What was entered is discarded"), () => this.#takeBack(open.draft));
  }

  async #takeBack(draft) {
    const { app } = this;
    try {
      await app.store.takeBack(draft.id);
    } catch {
      app.say(t("This could not be saved. Try again."));
      return;
    }
    app.tellOthers();
    await app.readOwn();
    location.hash = toDraft(draft);
  }

  /** Files with these visits (unsent.js) were saved: those that the server does not take may go from this phone. */
  noteFiled(filed) {
    return noteFiled(this.app.store, filed).then(() => this.#changed()).catch(() => {});
  }

  /** Remove a finished visit that may go from this phone (unsent.js): it can be brought back while the message is shown. */
  async removeVisit({ id }) {
    const { app } = this;
    const isAside = await removeVisit(app.store, id, Date.now()).catch(() => false);
    await this.#changed();
    if (!isAside) return app.say(t("This could not be saved. Try again."));
    return app.say(t("Removed from this phone"), async () => {
      const isBack = await app.store.takeBackVisit(id).catch(() => false);
      await this.#changed();
      if (!isBack) app.say(t("It could not be brought back. It is in the saved file or on the server."));
    });
  }

  // Of what is finished, for other tabs and the manager too.
  async #changed() {
    const { app } = this;
    app.tellOthers();
    await app.readOwn();
    app.keeping.keep();
  }

  /** Finish the open visit and start sending it. */
  finish() {
    return this.#once(() => this.#finish());
  }

  async #finish() {
    const { app } = this;
    // The tap may come between a photo and the frame that tells of it.
    for (let taken = null; taken !== this.#taking; await taken) taken = this.#taking;
    const trouble = whyNotYet(app.state.open.draft);
    if (trouble) {
      app.say(trouble);
      return;
    }
    try {
      await app.state.open.finish({ appVersion: app.state.version ?? "unknown", deviceId: app.deviceId });
    } catch (error) {
      app.say(isFull(error)
        ? t("There is no room left on this phone. Free some, then finish again.")
        : t("This could not be saved. Try again."));
      return;
    }
    app.unsay();
    app.tellOthers();
    await app.readOwn();
    location.replace(toOutbox());
    app.deliver({ asked: true });
  }
}

/** An id that no other phone has. */
export function freshId() {
  return newId(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
}

/** What keeps a draft whose answers are complete from being finished, in words; null when nothing does. */
export function whyNotYet(draft) {
  if (draft.recording) return t("A recording is running still. Stop it first.");
  if (itemsOf(draft).length) return t("Not everything that you collected is sorted. Sort it first.");
  if (wordless(draft).length) return t("A best practice has no text yet. Say what you saw, or remove it.");
  if (unreadReceipts(draft).length) return t("What was paid cannot be read. Correct it.");
  if (lostPhotos(draft).length) {
    return t("A photo is not on this phone. Wait until the phone that took it has sent it, or remove it.");
  }
  return null;
}

class TooMany extends Error {}

function whyNoPhoto(error) {
  if (error instanceof TooMany) return t("This visit has the maximum number of photos and recordings. Remove one first.");
  if (error instanceof TooLarge) return t("This photo is too large to be sent. Take it with a lower resolution.");
  if (isFull(error)) return t("There is no room left on this phone for the photo. Free some, then take it again.");
  return t("This photo could not be saved. Take it again.");
}

/** Whether the phone has no room left. */
export function isFull(error) {
  return error.name === "QuotaExceededError";
}
