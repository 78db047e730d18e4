/** What a person does with a visit: begins it, takes photos, moves through it, finishes or discards it. */
import { preparePhoto, TooLarge } from "./photos.js";
import { whereWeAre } from "./position.js";
import { toAssignments, toDraft, toOutbox, toSection } from "./routes.js";
import { makeCanvas } from "./screens/canvas.js";
import { t } from "./translate.js";
import { newId, photosInUse, removePhoto, restorePhoto, startDraft, withOffset } from "./visit.js";

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
    const { person, work } = app.state;
    const version = work.checklist_versions.find((each) => each.id === assignment.checklist_version_id);
    const id = freshId();
    const draft = startDraft({ id, personId: person.id, assignment, version, now: new Date() });
    try {
      await app.store.startDraft(draft, { id, assignment, version, limits: work.limits });
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
    location.hash = toSection(id, 0);
    this.notePosition(id);
  }

  /** Note where the phone is. Never in the way: it comes when it comes, or not at all. */
  async notePosition(id) {
    const position = await whereWeAre();
    const { open } = this.app.state;
    if (!position || open?.draft.id !== id) return;
    open.change((draft) => ({ ...draft, positions: [...draft.positions, position] }));
  }

  /** Stay at this criterion when the page is loaded again, or the visit continued. */
  stayAt(section, criterionId) {
    const { open, route } = this.app.state;
    if (!open || route.screen !== "section" || route.criterion === criterionId) return;
    history.replaceState(null, "", toSection(open.draft.id, section, criterionId));
    this.app.state.route = { ...route, criterion: criterionId };
    open.change((draft) => ({ ...draft, at: { section, criterion: criterionId } }), { soon: true });
  }

  /** A section is being left: what it lacks counts as missing from now on. */
  leaveSection(sectionId) {
    const { open } = this.app.state;
    if (open.draft.left_sections.includes(sectionId)) return;
    open.change((draft) => ({ ...draft, left_sections: [...draft.left_sections, sectionId] }));
  }

  /** Take photos into a criterion; resolves when all are kept or refused. */
  takePhotos(criterionId, files) {
    const kept = this.#takeAll(criterionId, files);
    this.#taking = Promise.all([this.#taking, kept]);
    return kept;
  }

  /** Resolves when no photo is being taken any more. */
  settled() {
    return this.#taking;
  }

  // A picked file can die at once: the bytes of all are read first, then they are shrunk one by one.
  async #takeAll(criterionId, files) {
    const { open } = this.app.state;
    const reading = [...files].map((file) => file.arrayBuffer().then((bytes) => ({ bytes, type: file.type })));
    this.#developing(criterionId, reading.length);
    for (const picked of await Promise.allSettled(reading)) {
      try {
        if (picked.status === "rejected") throw picked.reason;
        await this.#keepPhoto(open, criterionId, picked.value);
      } catch (error) {
        this.app.say(whyNoPhoto(error));
      }
      this.#developing(criterionId, -1);
    }
  }

  async #keepPhoto(open, criterionId, { bytes: picked, type }) {
    const { limits } = open.task;
    if (photosInUse(open.draft).length >= limits.photos_per_visit) throw new TooMany();
    const { bytes, preview, ...photo } = await preparePhoto(picked, type, limits, makeCanvas);
    const line = { id: freshId(), ...photo, taken_at: withOffset(new Date()), preview: Boolean(preview) };
    await open.addPhoto(criterionId, line, bytes, preview);
    this.app.tellOthers();
  }

  #developing(criterionId, by) {
    const { developing } = this.app.state;
    this.app.set({ developing: { ...developing, [criterionId]: (developing[criterionId] ?? 0) + by } });
  }

  removePhoto(criterionId, photoId) {
    const { open } = this.app.state;
    const place = open.draft.answers[criterionId].photo_ids.indexOf(photoId);
    open.change((draft) => removePhoto(draft, criterionId, photoId));
    this.app.say(t("Photo removed"), () => open.change((draft) => restorePhoto(draft, criterionId, photoId, place)));
  }

  /** The record of a photo of the open visit, with its bytes, to look at it large. */
  photo(photoId) {
    return this.app.store.photo(photoId);
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

  /** Finish the open visit and start sending it. */
  finish() {
    return this.#once(() => this.#finish());
  }

  async #finish() {
    const { app } = this;
    try {
      await app.state.open.finish({ appVersion: app.state.version ?? "unknown", deviceId: app.deviceId });
    } catch (error) {
      app.say(isFull(error)
        ? t("There is no room left on this phone. Free some, then finish again.")
        : t("This could not be saved. Try again."));
      return;
    }
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

class TooMany extends Error {}

function whyNoPhoto(error) {
  if (error instanceof TooMany) return t("This visit has as many photos as it may have. Remove one first.");
  if (error instanceof TooLarge) return t("This photo is too large to be sent. Take it with a lower resolution.");
  if (isFull(error)) return t("There is no room left on this phone for the photo. Free some, then take it again.");
  return t("This photo could not be saved. Take it again.");
}

function isFull(error) {
  return error.name === "QuotaExceededError";
}
