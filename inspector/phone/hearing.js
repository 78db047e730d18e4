/** Keeps what a person has looked at, counts the rest on the app's icon, and hears when the worker was told of news. */
import { countNews, lookedAt } from "./news.js";
import { subscribe, unsubscribe } from "./push_address.js";
import { toAssignments } from "./routes.js";

const RENEWED_MS = 86_400_000;
// What the worker must know to show a notice, in the one storage that it has.
const SHELF = "notices";

/** `app` holds the state, the store and the wire. */
export class Hearing {
  #reader = null;
  #kept = null;

  constructor(app) {
    this.app = app;
    app.page.onVisible((isSeen) => isSeen && this.look());
    navigator.serviceWorker?.addEventListener("message", ({ data }) => this.#listen(data));
  }

  #listen(word) {
    if (word === "news") this.app.refresh();
    if (word === "deliver") this.app.deliver({ asked: true });
    if (word === "assignments") location.hash = toAssignments();
  }

  /** Read what this person has looked at, and whether notices were asked for here. */
  async read({ id }) {
    const { store } = this.app;
    const [looked, notices] = await store.settings([`looked ${id}`, "notices"]);
    const isOwn = notices?.person_id === id;
    // Somebody else had asked for them, and did not log out.
    if (notices && !isOwn) this.turnOff();
    if (this.app.state.person?.id !== id) return;
    this.#reader = id;
    this.app.set({ looked: looked ?? null, notices: isOwn ? notices : null });
  }

  /** The server was asked: there may be something new, and the browser's address may be another one by now. */
  async hear() {
    await this.look();
    await this.#renew().catch(() => {});
  }

  /** Something came, or is shown now: what was looked at is kept, the rest counted. What fails is done the next time. */
  look() {
    return this.#look().catch(() => {});
  }

  async #look() {
    const { state: { person, work, route, open, looked }, store, page } = this.app;
    if (!work || work.person?.id !== person?.id || this.#reader !== person.id) return;
    const isSeen = page.isSeen();
    const opened = { assignment: route.id, brief: open?.draft.assignment_id }[isSeen && route.screen] ?? null;
    const now = lookedAt(looked, work, { isListed: isSeen && route.screen === "assignments", opened });
    if (JSON.stringify(now) !== JSON.stringify(looked)) {
      this.app.set({ looked: now });
      await store.saveSetting(`looked ${person.id}`, now);
    }
    await this.#count(countNews(work, now), isSeen);
  }

  async #count(count, isSeen) {
    const { person, notices, plain } = this.app.state;
    await navigator.setAppBadge?.(count).catch(() => {});
    if (!notices) return;
    // What the list shows needs no notice any more.
    if (isSeen && !count) (await shown()).forEach((notice) => notice.close());
    const words = JSON.stringify({ person: person.id, device_id: this.app.deviceId, plain, count });
    if (words === this.#kept) return;
    this.#kept = words;
    await (await caches.open(SHELF)).put(SHELF, new Response(words));
  }

  /**
   * Turn notices on, asking the person where the browser does not know yet. What it came to: "on"; "off" where the person
   * did not answer, "denied", or why not (push_address.js).
   */
  async turnOn() {
    const { api, store, deviceId, state: { person } } = this.app;
    // First of all: an iPhone lets ask only while a tap is being answered.
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return permission === "denied" ? "denied" : "off";
    const outcome = await subscribe({ api, deviceId, personId: person.id });
    if (outcome === "on") {
      const notices = { person_id: person.id, told_at: Date.now() };
      await store.saveSetting("notices", notices);
      this.app.set({ notices });
      await this.look();
    }
    return outcome;
  }

  // Once a day: the browser may have another address by now, or the server another key.
  async #renew() {
    const { notices } = this.app.state;
    if (!notices || Math.abs(Date.now() - notices.told_at) < RENEWED_MS) return;
    await (Notification.permission === "granted" ? this.turnOn() : this.turnOff());
  }

  /** No more notices here: nothing arrives from now on, even where the server cannot be told. */
  async turnOff() {
    const { api, deviceId } = this.app;
    const notices = await this.beSilent();
    // Where this fails, the push service's own word, or the end of the login, ends them on the server.
    if (notices) await api.dropNotices(deviceId, { personId: notices.person_id }).catch(() => {});
  }

  /** Show none from now on, and give the address back; returns what was kept of them, or null. The server is not told. */
  async beSilent() {
    const { store } = this.app;
    this.#kept = null;
    navigator.setAppBadge?.(0).catch(() => {});
    const notices = await store.setting("notices").catch(() => null);
    if (!notices) return null;
    try {
      await store.saveSetting("notices", null);
      this.app.set({ notices: null });
      await caches.delete(SHELF);
      (await shown()).forEach((notice) => notice.close());
      await unsubscribe();
    } catch {
      // What was not put away here ends on the server: with the login, or at the push service's own word.
    }
    return notices;
  }
}

async function shown() {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.getNotifications?.()) ?? [];
}
