/** Start: wires store, wire, outbox and screens together, and holds what the screens show. */
import { createApi } from "./api.js";
import { noteClock } from "./clock.js";
import { openDraft } from "./draft.js";
import { Hearing } from "./hearing.js";
import { Keeping } from "./keeping.js";
import { keepOffline } from "./offline.js";
import { createOutbox, isOpen } from "./outbox.js";
import { People } from "./people.js";
import { fetchPictures, hasPictures } from "./pictures.js";
import { isInVisit, parseRoute, toAssignments, toOutbox } from "./routes.js";
import { Drawing } from "./screens/drawing.js";
import { mount } from "./screens/page.js";
import { isLost, openStore, openStoreAsItIs } from "./store.js";
import { firstKnown, language, speak, t } from "./translate.js";
import { collectUnsent } from "./unsent.js";
import { freshId, Visiting } from "./visiting.js";

const STALE_MS = 60_000;
const MESSAGE_MS = 10_000;

class App {
  /** What the screens show. They read it and call the methods below; nobody else changes it. */
  state = {
    started: false, fatal: null, route: parseRoute(location.hash),
    person: null, login: { wanted: false, open: false, busy: false, error: null },
    work: null, refused: false, drafts: [], visits: [],
    open: null, developing: {}, recording: null, whereabouts: null,
    copies: {}, elsewhere: [], restoring: null, room: { keeps: null, left: null },
    outbox: { state: "rest" }, sending: null,
    offline: { ready: null, update: false }, version: null, install: null, installPutAway: false, skew: 0,
    plain: false, looked: null, notices: null,
    message: null,
  };

  /** What the screens of a visit call. */
  visiting = new Visiting(this);

  people = new People(this);

  drawing = new Drawing(() => this.page.draw());

  #spoken = null;
  #timer = null;
  #messageTimer = null;
  #opening = Promise.resolve();
  #fetching = null;
  #channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("phone") : null;
  #locks = navigator.locks ?? null;

  async start() {
    this.page = mount(this);
    this.state.version = this.page.version;
    this.api = createApi({ language });
    // What the browser speaks is most often what is spoken here: fetched while the store opens.
    const spoken = this.speak();
    try {
      this.store = await openStore();
      await this.#readSettings();
      addEventListener("hashchange", () => this.follow());
      await Promise.all([spoken.then(() => this.speak()), this.state.person && this.readOwn(), this.follow()]);
    } catch (error) {
      this.set({ started: true, fatal: error });
      return;
    }
    this.outbox = createOutbox({
      sender: this.keeping.sender, store: this.store, api: this.api, locks: this.#locks,
      onChange: (sending) => this.#afterStep(sending),
    });
    this.set({ started: true });
    this.#watch();
    // What cannot be deleted now is deleted at a later start.
    this.store.dropDiscarded(Date.now() - STALE_MS).catch(() => {});
    this.offline = keepOffline((offline) => this.set({ offline }), () => (
      hasPictures(this.store, this.state.work).catch(() => false)));
    await this.refresh();
    this.deliver({ asked: true });
  }

  async #readSettings() {
    const { store } = this;
    const [person, wished, device, skew, plain, putAway] = await store.settings(
      ["person", "language", "device_id", "skew", "plain", "install_put_away"]);
    this.deviceId = device ?? freshId();
    if (!device) await store.saveSetting("device_id", this.deviceId);
    this.keeping = new Keeping(this, this.#locks);
    this.hearing = new Hearing(this);
    this.wishedLanguage = wished ?? null;
    const known = { person: person ?? null, skew: skew ?? 0, plain: Boolean(plain), installPutAway: Boolean(putAway) };
    Object.assign(this.state, known);
  }

  /** Speak the language that was chosen here, or this person's own, or the browser's. */
  async speak() {
    const { person } = this.state;
    const wished = firstKnown([this.wishedLanguage, person?.language, ...(navigator.languages ?? [])]);
    if (wished === this.#spoken) return;
    const catalogue = wished === "en" ? null : await this.api.catalogue(wished);
    if (catalogue && catalogue.kind !== "ok") return;
    speak(wished, catalogue?.body.messages);
    this.#spoken = wished;
    this.changed();
  }

  /** Read again what this person has on the phone. */
  async readOwn() {
    const id = this.state.person?.id;
    // Somebody else is about to come.
    if (!id) return;
    const [work, drafts, visits] = await Promise.all([this.store.work(id), this.store.drafts(id), this.store.visits(id),
      this.keeping.readOwn(this.state.person), this.hearing.read(this.state.person)]);
    if (this.state.person?.id !== id) return;
    this.set({ work: work?.body ?? null, drafts, visits });
  }

  /** The address changed: open the draft that it names, close the one that was open. Resolves when that is done. */
  follow() {
    this.#opening = this.#opening.then(() => this.#open(parseRoute(location.hash)))
      .catch((error) => this.set({ fatal: error }));
    return this.#opening;
  }

  async #open(route) {
    const { person, open } = this.state;
    const wanted = isInVisit(route) && person ? route.id : null;
    if (open && open.draft.id !== wanted) {
      await this.visiting.settled();
      this.set({ open: null });
      await open.close();
      await this.readOwn();
    }
    if (wanted && this.state.open === null) {
      const opened = await openDraft({
        id: wanted, personId: person.id, store: this.store, locks: this.#locks, onChange: () => this.changed(),
        onSaved: () => this.keeping.stir(wanted),
      }).catch((error) => {
        if (!isLost(error)) throw error;
        this.say(t("This visit cannot be opened: the phone's storage has lost a part of it. Tell your manager."));
      });
      if (!opened) {
        await this.readOwn();
        location.replace(this.state.visits.some((visit) => visit.id === wanted) ? toOutbox() : toAssignments());
        return;
      }
      this.state.open = opened;
      this.keeping.copies.attend(() => this.state.open).then((isMissing) => isMissing && this.keeping.keep({ asked: true }))
        .catch(() => {});
    }
    const wasFinish = this.state.started && this.state.route.screen === "finish";
    if (wanted && route.screen === "finish" && !wasFinish) this.visiting.notePosition(wanted);
    this.set({ route });
    this.hearing.look();
  }

  #watch() {
    addEventListener("online", () => this.deliver({ asked: true }));
    addEventListener("focus", () => this.#wake());
    addEventListener("pagehide", () => this.state.open?.flush());
    // A page that a browser had put aside has let its locks go.
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      this.set({ install: event });
    });
    addEventListener("appinstalled", () => this.putInstallAway());
    this.page.onVisible((visible) => (visible ? this.#wake() : this.#leave()));
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.#hear(data);
  }

  // Another tab changed something: visits and drafts, or who works here.
  async #hear(news) {
    if (news === "person") {
      const person = await this.store.setting("person");
      if (person?.id === this.state.person?.id) return this.refresh();
      await this.state.open?.flush();
      location.reload();
    } else if (this.state.person) {
      this.readOwn();
    }
  }

  // The page may not come back: what is entered is saved, and a copy of it goes if there still is time.
  async #leave() {
    await this.state.open?.flush();
    await this.keeping.keep({ isLeaving: true });
  }

  #wake() {
    this.offline.check();
    if (Math.abs(Date.now() - (this.refreshedAt ?? 0)) > STALE_MS) this.refresh();
    this.deliver();
  }

  // ---- People

  /** The server wants to know who this is. */
  askForLogin() {
    this.setLogin({ wanted: true });
  }

  openLogin(open) {
    this.setLogin({ open, error: null });
  }

  /** Speak another language from now on, on this phone. */
  async chooseLanguage(chosen) {
    this.wishedLanguage = chosen;
    await this.store.saveSetting("language", chosen);
    await this.speak();
  }

  // ---- Work from the server

  /** Ask for assignments. Without a network, or without room for them, everything stays as it is. */
  refresh() {
    this.refreshedAt = Date.now();
    return (this.state.person ? this.#askForWork() : this.people.findSession()).catch(() => {});
  }

  async #askForWork() {
    const [{ person }, shift] = [this.state, this.people.shift];
    const answer = await this.api.work((await this.store.work(person.id))?.etag ?? null);
    if (shift !== this.people.shift) return undefined;
    if (answer.kind === "login") return this.setLogin({ wanted: true });
    if (["ok", "same", "refused"].includes(answer.kind)) this.set({ refused: answer.status === 403 });
    if (answer.kind === "same") {
      await noteClock(this, answer.time);
      await this.store.renewPerson(person);
      this.#lookFurther();
      return this.setLogin({ wanted: false });
    }
    if (answer.kind !== "ok") return undefined;
    const { body, etag } = answer;
    if (body.person.id !== person.id) return this.setLogin({ wanted: true });
    await this.store.saveWork({ person_id: person.id, etag, body, fetched_at: Date.now() });
    await noteClock(this, Date.parse(body.server_time));
    if (shift !== this.people.shift) return undefined;
    this.setLogin({ wanted: false });
    this.set({ work: body, person: body.person });
    await this.store.renewPerson(body.person);
    this.#lookFurther();
    return this.speak();
  }

  // In nobody's way, and pictures one at a time: what fails now is fetched with the next look at the work.
  #lookFurther() {
    const { store, api, state: { work } } = this;
    this.keeping.look();
    this.hearing.hear();
    this.#fetching ??= fetchPictures({ store, api, work }).catch(() => {}).finally(() => {
      this.#fetching = null;
      this.offline?.check();
      this.state.open?.look();
    });
  }

  // ---- Sending

  /** Send what is finished; harmless to call at any time. `asked`: do not wait for a pause to end. */
  async deliver({ asked = false } = {}) {
    const { person } = this.state;
    if (!person || !this.outbox) return;
    if (this.state.visits.some(isOpen)) this.keeping.standBack();
    const outcome = await this.outbox.deliver({ personId: person.id, asked })
      .catch(() => ({ state: "wait", until: Date.now() + STALE_MS }));
    clearTimeout(this.#timer);
    if (outcome.state === "login") this.setLogin({ wanted: true });
    const until = outcome.until ?? (outcome.state === "elsewhere" ? Date.now() + STALE_MS : null);
    if (until) this.#timer = setTimeout(() => this.deliver(), Math.max(500, until - Date.now()));
    if (until) this.offline?.wakeLater();
    this.set({ outbox: outcome });
    this.keeping.keep({ asked });
  }

  /** Try a visit again that needed attention. */
  async tryAgain(visitId) {
    await this.outbox.unpark(visitId);
    this.deliver({ asked: true });
  }

  /** What is only on this phone, as files (unsent.js); null where nobody works here. It needs no start that succeeded. */
  async collectUnsent(onStep) {
    const store = this.store ?? await openStoreAsItIs();
    const person = this.state.person ?? await store.setting("person");
    const deviceId = this.deviceId ?? await store.setting("device_id") ?? freshId();
    return person ? collectUnsent({ store, person, deviceId, appVersion: this.state.version, onStep }) : null;
  }

  async #afterStep(sending) {
    const { person, visits } = this.state;
    if (!person) return;
    const before = visits.filter((visit) => visit.delivered).length;
    this.set({ visits: await this.store.visits(person.id), sending });
    this.tellOthers();
    if (this.state.visits.filter((visit) => visit.delivered).length > before) this.refresh();
  }

  // ---- Words and drawing

  /** Let the browser ask whether to install the app. */
  install() {
    this.state.install.prompt();
    this.set({ install: null });
  }

  /** Say no more of installing on the screen of assignments. */
  async putInstallAway() {
    await this.store.saveSetting("install_put_away", true);
    this.set({ installPutAway: true });
  }

  /** Look plain from now on, or not: dark, and nothing on top that tells what this is about. */
  async choosePlain(plain) {
    this.set({ plain });
    await this.store.saveSetting("plain", plain);
    this.hearing.look();
  }

  /** Show a message: with a way to undo for a while; without one it says what went wrong, and stays until it is closed. */
  say(text, undo = null) {
    clearTimeout(this.#messageTimer);
    this.set({ message: { text, undo } });
    if (undo) this.#messageTimer = setTimeout(() => this.unsay(), MESSAGE_MS);
  }

  unsay() {
    this.set({ message: null });
  }

  undo() {
    this.state.message?.undo?.();
    this.unsay();
  }

  /** Draw again, once for all changes until the next frame. */
  changed() {
    this.drawing.changed();
  }

  /** Change what the screens show, and draw it. */
  set(news) {
    Object.assign(this.state, news);
    this.changed();
  }

  /** Change what the login says. */
  setLogin(news) {
    this.set({ login: { ...this.state.login, ...news } });
  }

  /** Tell the other tabs that visits have changed, or that another "person" works here now. */
  tellOthers(news = "visits") {
    this.#channel?.postMessage(news);
  }
}

new App().start();
