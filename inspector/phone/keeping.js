/** Begun visits and the server: copies of them are kept there, those of other phones are looked for and gone on with. */
import { contactOf, createTeller, modelHere, roomHere } from "./contact.js";
import { createCopies, lost, lostCopies } from "./copies.js";
import { previewOf } from "./photos.js";
import { goOnHere, restore, unknownElsewhere, withOthers } from "./restoring.js";
import { toDraft } from "./routes.js";
import { makeCanvas } from "./screens/canvas.js";
import { isInstalled } from "./screens/install.js";
import { createSender } from "./sending.js";
import { t, timeOfDay } from "./translate.js";

const STALE_MS = 60_000;
const SOON_MS = 500;

/** `app` holds the state, the store and the wire. */
export class Keeping {
  #timer = null;
  #due = 0;
  #contactTimer = null;
  #restoring = null;
  #system = null;

  constructor(app, locks) {
    this.app = app;
    const { store, api, deviceId } = app;
    const isKnown = (id) => app.state.work?.checklist_versions.some((version) => version.id === id) ?? false;
    /** What breaks off one's photo tells the other of the line, and half a draft's photo goes on as its report's. */
    this.sender = createSender({ store, api });
    this.copies = createCopies({
      store, api, sender: this.sender, locks, deviceId, isKnown, onChange: (id, others) => this.#heard(id, others).catch(() => {}),
    });
    this.tell = createTeller({ api });
  }

  /** A draft was changed: its copy goes some moments after the last change. */
  stir(id) {
    this.copies.stir(id);
    this.#later(SOON_MS);
  }

  /** Send what is due; harmless to call at any time. As with the outbox, `asked` waits for no pause. */
  async keep({ asked = false, isLeaving = false } = {}) {
    const { app } = this;
    if (!app.state.person) return;
    const { id: personId } = app.state.person;
    const outcome = await this.copies.keep({ personId, asked, isLeaving })
      .catch(() => ({ state: "wait", until: Date.now() + STALE_MS }));
    if (outcome.state === "login" && app.state.person?.id === personId) app.askForLogin();
    const until = outcome.until ?? (outcome.state === "elsewhere" ? Date.now() + STALE_MS : null);
    if (until) this.#later(until - Date.now());
    this.#contact();
  }

  /** Finished visits need the line now. */
  standBack() {
    this.copies.standBack();
  }

  // The earliest wish counts, or who never stops typing would put it off for ever; the planner knows what is due then.
  #later(pause) {
    const at = Date.now() + Math.max(SOON_MS, pause);
    if (this.#timer && this.#due <= at) return;
    clearTimeout(this.#timer);
    this.#due = at;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.keep();
    }, at - Date.now());
  }

  async #heard(id, others) {
    const { app } = this;
    const { person } = app.state;
    if (!person) return;
    await this.readOwn(person);
    if (others && app.state.person?.id === person.id) await this.#keepElsewhere(withOthers(app.state.elsewhere, id, others));
  }

  /** Read again what is known here of copies. */
  async readOwn(person) {
    const { app } = this;
    // The browser may take its time to add up what is stored: nobody waits for that.
    roomHere().then((room) => app.set({ room }));
    const [copies, elsewhere] = await Promise.all([
      app.store.copies(person.id), app.store.setting(`elsewhere ${person.id}`)]);
    if (app.state.person?.id !== person.id) return;
    app.set({ copies: Object.fromEntries(copies.map((copy) => [copy.id, copy])), elsewhere: elsewhere ?? [] });
  }

  /** Ask what other phones of this person have begun. */
  look() {
    return this.#look().catch(() => {});
  }

  async #look() {
    const { store, api, state: { person } } = this.app;
    if (!person) return;
    const before = await store.copies(person.id);
    const answer = await api.copies({ personId: person.id });
    if (answer.kind === "ok" && this.app.state.person?.id === person.id) {
      const lines = answer.body.drafts.filter(isLine);
      for (const { id } of lostCopies(before, lines, await store.copies(person.id))) {
        await store.changeCopy(id, (copy) => copy && lost(copy));
      }
      await this.readOwn(person);
      await this.#keepElsewhere(lines);
    }
    await this.keep();
  }

  async #keepElsewhere(elsewhere) {
    const { app } = this;
    const { id } = app.state.person;
    await app.store.saveSetting(`elsewhere ${id}`, elsewhere);
    if (app.state.person?.id !== id) return;
    const before = this.others().length;
    app.set({ elsewhere });
    // The banner may be out of sight.
    const [other] = this.others();
    if (other && !before) {
      app.say(t("This visit is also open on another phone, changed %(time)s.", { time: timeOfDay(other.changed_at) }));
    }
  }

  /** The copies of the open visit on other phones that have something it does not know of. */
  others() {
    const { state, deviceId } = this.app;
    return state.open ? unknownElsewhere(state.open.draft, state.elsewhere, deviceId) : [];
  }

  /** Go on here, knowing what the other phones have; theirs stays on the server until the visit arrives. */
  goOnHere() {
    const others = this.others();
    this.app.state.open.change((draft) => goOnHere(draft, others));
  }

  /** Go on here with a visit that was begun on another phone, and open it. */
  continueHere(line) {
    this.#restoring ??= this.#continueHere(line).catch(() => this.#refused("failed")).finally(() => {
      this.#restoring = null;
      this.app.set({ restoring: null });
    });
    return this.#restoring;
  }

  async #continueHere(line) {
    const { app } = this;
    const { store, api, state } = app;
    app.set({ restoring: { id: line.visit_id, part: 0, parts: 0 } });
    const found = await restore({
      store, api, personId: state.person.id, work: state.work, line,
      lines: state.elsewhere.filter((each) => each.visit_id === line.visit_id),
      task: (assignment, version) => app.visiting.task(line.visit_id, assignment, version),
      makePreview: (bytes, mediaType) => previewOf(bytes, mediaType, makeCanvas),
      onStep: (step) => app.set({ restoring: { id: line.visit_id, ...step } }),
    }).catch((error) => ({ kind: error.name === "QuotaExceededError" ? "full" : "failed" }));
    if (found.kind === "login") app.askForLogin();
    if (found.kind !== "ok") return this.#refused(found.kind);
    app.unsay();
    navigator.storage?.persist?.().catch(() => {});
    app.tellOthers();
    await app.readOwn();
    location.hash = toDraft(found.draft);
    return undefined;
  }

  #refused(kind) {
    this.app.say({
      unreadable: t("This version of the app cannot continue that visit. Update the app, or continue on the phone where it was begun."),
      refused: t("The server does not have that visit any more."),
      full: t("There is no room left on this phone. Free some, then try again."),
      login: t("Log in, then try again."),
      failed: t("This could not be saved. Try again."),
    }[kind] ?? t("It could not be fetched: no connection to the server. Try again; what has come is kept."));
  }

  async #contact() {
    const { app } = this;
    const { state, deviceId } = app;
    if (!state.person || state.login.wanted) return;
    const { id: personId } = state.person;
    this.#system ??= await modelHere();
    if (state.person?.id !== personId) return;
    const { drafts, visits, version, room } = state;
    const again = await this.tell(contactOf({
      deviceId, version, system: this.#system, installed: isInstalled(), room, drafts, visits }), { personId });
    clearTimeout(this.#contactTimer);
    if (again) this.#contactTimer = setTimeout(() => this.#contact(), Math.max(SOON_MS, again - Date.now()));
  }
}

function isLine(line) {
  return [line.visit_id, line.assignment_id, line.device_id].every((each) => typeof each === "string")
    && Number.isInteger(line.changes);
}
