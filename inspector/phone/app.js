/** Start: wires store, wire, outbox and screens together, and holds what the screens show. */
import { createApi } from "./api.js";
import { openDraft } from "./draft.js";
import { keepOffline } from "./offline.js";
import { createOutbox } from "./outbox.js";
import { fetchPictures, hasPictures } from "./pictures.js";
import { isInVisit, parseRoute, toAssignments, toOutbox } from "./routes.js";
import { mount } from "./screens/page.js";
import { openStore } from "./store.js";
import { firstKnown, language, speak } from "./translate.js";
import { freshId, Visiting } from "./visiting.js";

const STALE_MS = 60_000;
const MESSAGE_MS = 10_000;

class App {
  /** What the screens show. They read it and call the methods below; nobody else changes it. */
  state = {
    started: false, fatal: null, route: parseRoute(location.hash),
    person: null, login: { wanted: false, open: false, busy: false, error: null },
    work: null, refused: false, drafts: [], visits: [],
    open: null, developing: {},
    outbox: { state: "rest" }, sending: null,
    offline: { ready: false, update: false }, version: null, install: null, skew: 0,
    message: null,
  };

  /** What the screens of a visit call. */
  visiting = new Visiting(this);

  #drawn = false;
  #timer = null;
  #messageTimer = null;
  #opening = Promise.resolve();
  #fetching = null;
  #channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("phone") : null;
  #locks = navigator.locks ?? null;

  async start() {
    this.page = mount(this);
    this.api = createApi({ language });
    try {
      this.store = await openStore();
      await this.#readSettings();
    } catch (error) {
      this.set({ started: true, fatal: error });
      return;
    }
    this.outbox = createOutbox({
      store: this.store, api: this.api, locks: this.#locks, onChange: (sending) => this.#afterStep(sending),
    });
    await this.#follow();
    this.set({ started: true });
    this.#watch();
    // What cannot be deleted now is deleted at a later start.
    this.store.dropDiscarded(Date.now() - STALE_MS).catch(() => {});
    this.offline = keepOffline((offline) => this.set({ offline }), () => (
      hasPictures(this.store, this.state.work).catch(() => false)));
    const files = await this.api.files();
    if (files.kind === "ok") this.set({ version: files.body.version });
    await this.refresh();
    this.deliver({ asked: true });
  }

  async #readSettings() {
    const { store } = this;
    const [person, wished, device, skew] = await Promise.all(
      ["person", "language", "device_id", "skew"].map((key) => store.setting(key)));
    this.deviceId = device ?? freshId();
    if (!device) await store.saveSetting("device_id", this.deviceId);
    this.wishedLanguage = wished ?? null;
    this.state.skew = skew ?? 0;
    this.state.person = person ?? null;
    await this.#speak();
    if (person) await this.readOwn();
  }

  async #speak() {
    const { person } = this.state;
    const wished = firstKnown([this.wishedLanguage, person?.language, ...(navigator.languages ?? [])]);
    const catalogue = wished === "en" ? null : await this.api.catalogue(wished);
    if (wished === "en") speak("en");
    else if (catalogue.kind === "ok") speak(wished, catalogue.body.messages);
    this.changed();
  }

  /** Read again what this person has on the phone. */
  async readOwn() {
    const { id } = this.state.person;
    const [work, drafts, visits] = await Promise.all(
      [this.store.work(id), this.store.drafts(id), this.store.visits(id)]);
    this.set({ work: work?.body ?? null, drafts, visits });
  }

  // The address changed: open the draft that it names, close the one that was open.
  #follow() {
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
      });
      if (!opened) {
        location.replace(this.state.visits.some((visit) => visit.id === wanted) ? toOutbox() : toAssignments());
        return;
      }
      this.state.open = opened;
    }
    if (route.screen === "finish" && this.state.route.screen !== "finish") this.visiting.notePosition(route.id);
    this.set({ route });
  }

  #watch() {
    addEventListener("hashchange", () => this.#follow());
    addEventListener("online", () => this.deliver({ asked: true }));
    addEventListener("focus", () => this.#wake());
    addEventListener("pagehide", () => this.state.open?.flush());
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      this.set({ install: event });
    });
    this.page.onVisible((visible) => (visible ? this.#wake() : this.state.open?.flush()));
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.#hear(data);
  }

  // Another tab changed something: visits and drafts, or who works here.
  async #hear(news) {
    if (news === "person") {
      const person = await this.store.setting("person");
      if (person?.id !== this.state.person?.id) location.reload();
      else this.refresh();
    } else if (this.state.person) {
      this.readOwn();
    }
  }

  #wake() {
    this.offline.check();
    if (Date.now() - (this.refreshedAt ?? 0) > STALE_MS) this.refresh();
    this.deliver();
  }

  // ---- People

  /** Log in, in place; work without a network needs none. */
  async logIn(email, password) {
    this.#setLogin({ busy: true, error: null });
    const answer = await this.api.logIn(email, password);
    if (answer.kind !== "ok") {
      const wrong = answer.kind === "login" ? "wrong" : answer.kind === "nothing" ? "nothing" : "refused";
      this.#setLogin({ busy: false, error: { wrong, detail: answer.body?.detail ?? null } });
      return;
    }
    this.#setLogin({ busy: false, error: null, open: false, wanted: false });
    await this.store.saveSetting("logged_out", false);
    await this.#welcome(answer.body.person);
    await this.refresh();
    this.deliver({ asked: true });
  }

  // What belongs to somebody else stays on the phone and out of sight.
  async #welcome(person) {
    const other = this.state.person?.id !== person.id;
    await this.store.saveSetting("person", person);
    this.tellOthers("person");
    if (other && this.state.person) {
      Object.assign(this.state, { person: null, refused: false, message: null });
      location.hash = toAssignments();
      await this.#follow();
    }
    this.set({ person });
    await this.#speak();
    if (other) await this.readOwn();
    await this.#follow();
  }

  /** Log out; what is on the phone waits for its owner. The server is told now, or at the next start. */
  async logOut() {
    await this.store.saveSetting("logged_out", true);
    await this.store.saveSetting("person", null);
    this.tellOthers("person");
    location.hash = toAssignments();
    await this.#follow();
    await this.state.open?.close();
    this.set({ person: null, work: null, refused: false, drafts: [], visits: [], open: null, message: null });
    await this.api.logOut();
  }

  openLogin(open) {
    this.#setLogin({ open, error: null });
  }

  /** Speak another language from now on, on this phone. */
  async chooseLanguage(chosen) {
    this.wishedLanguage = chosen;
    await this.store.saveSetting("language", chosen);
    await this.#speak();
  }

  // ---- Work from the server

  /** Ask for assignments. Without a network everything stays as it is. */
  async refresh() {
    this.refreshedAt = Date.now();
    if (!this.state.person) return this.#findSession();
    const { person } = this.state;
    const before = await this.store.work(person.id);
    const answer = await this.api.work(before?.etag ?? null);
    if (answer.kind === "login") return this.#setLogin({ wanted: true });
    if (["ok", "same", "refused"].includes(answer.kind)) this.set({ refused: answer.status === 403 });
    if (answer.kind === "same") {
      this.#fetchPictures();
      return this.#setLogin({ wanted: false });
    }
    if (answer.kind !== "ok") return undefined;
    const { body, etag } = answer;
    if (body.person.id !== person.id) return this.#setLogin({ wanted: true });
    const fetchedAt = Date.now();
    await this.store.saveWork({ person_id: person.id, etag, body, fetched_at: fetchedAt });
    await this.store.saveSetting("skew", Date.parse(body.server_time) - fetchedAt);
    await this.store.saveSetting("person", body.person);
    this.#setLogin({ wanted: false });
    this.set({ work: body, person: body.person, skew: Date.parse(body.server_time) - fetchedAt });
    this.#fetchPictures();
    return this.#speak();
  }

  // One at a time, and in nobody's way: what fails now is fetched with the next look at the work.
  #fetchPictures() {
    const { store, api, state: { work } } = this;
    this.#fetching ??= fetchPictures({ store, api, work }).catch(() => {}).finally(() => {
      this.#fetching = null;
      this.offline?.check();
      this.state.open?.look();
    });
  }

  async #findSession() {
    if (await this.store.setting("logged_out")) return void (await this.api.logOut());
    const answer = await this.api.session();
    if (answer.kind !== "ok" || this.state.person) return undefined;
    await this.#welcome(answer.body.person);
    return this.refresh();
  }

  // ---- Sending

  /** Send what is finished; harmless to call at any time. `asked`: do not wait for a pause to end. */
  async deliver({ asked = false } = {}) {
    const { person } = this.state;
    if (!person || !this.outbox) return;
    const outcome = await this.outbox.deliver({ personId: person.id, asked })
      .catch(() => ({ state: "wait", until: Date.now() + STALE_MS }));
    clearTimeout(this.#timer);
    if (outcome.state === "login") this.#setLogin({ wanted: true });
    const until = outcome.until ?? (outcome.state === "elsewhere" ? Date.now() + STALE_MS : null);
    if (until) this.#timer = setTimeout(() => this.deliver(), Math.max(500, until - Date.now()));
    this.set({ outbox: outcome });
  }

  /** Try a visit again that needed attention. */
  async tryAgain(visitId) {
    await this.outbox.unpark(visitId);
    this.deliver({ asked: true });
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

  /** Start the waiting version of the app. */
  takeUpdate() {
    this.offline.takeUpdate();
  }

  /** Show a message for a while, with a way to undo. */
  say(text, undo = null) {
    clearTimeout(this.#messageTimer);
    this.set({ message: { text, undo } });
    this.#messageTimer = setTimeout(() => this.unsay(), MESSAGE_MS);
  }

  unsay() {
    this.set({ message: null });
  }

  undo() {
    this.state.message?.undo?.();
    this.unsay();
  }

  /** Draw again, once for all changes of this moment. */
  changed() {
    if (this.#drawn) return;
    this.#drawn = true;
    queueMicrotask(() => {
      this.#drawn = false;
      this.page.draw();
    });
  }

  /** Change what the screens show, and draw it. */
  set(news) {
    Object.assign(this.state, news);
    this.changed();
  }

  #setLogin(news) {
    this.set({ login: { ...this.state.login, ...news } });
  }

  /** Tell the other tabs that visits have changed, or that another "person" works here now. */
  tellOthers(news = "visits") {
    this.#channel?.postMessage(news);
  }
}

new App().start();
