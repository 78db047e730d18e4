/** Who works here: logs in, in place too, and out. What belongs to somebody else stays on the phone and out of sight. */
import { toAssignments } from "./routes.js";
import { t } from "./translate.js";

const NOBODYS = { person: null, work: null, refused: false, drafts: [], visits: [], copies: {}, elsewhere: [], message: null };

/** `app` holds the state, the store and the wire. */
export class People {
  /** Counts who came and went: an answer that was asked for before is nobody's. */
  shift = 0;
  #leaving = null;

  constructor(app) {
    this.app = app;
  }

  /** Log in with {email, password} or {code}, in place; work without a network needs none. */
  async logIn(means) {
    const { app } = this;
    app.setLogin({ busy: true, error: null });
    // An answer to the log-out before it that came later would take the new login away.
    this.#leaving?.abort();
    const answer = await app.api.logIn(means);
    if (answer.kind !== "ok") {
      const wrong = answer.kind === "login" && !means.code ? "wrong" : answer.kind === "nothing" ? "nothing" : "refused";
      app.setLogin({ busy: false, error: { wrong, detail: answer.body?.detail ?? null } });
      return;
    }
    app.setLogin({ busy: false, error: null, open: false, wanted: false });
    await app.store.saveSetting("logged_out", null);
    await this.#welcome(answer.body.person);
    await app.refresh();
    app.deliver({ asked: true });
  }

  async #welcome(person) {
    const { app } = this;
    const before = app.state.person;
    this.shift += 1;
    const isKept = await app.store.savePerson(person);
    app.tellOthers("person");
    const isOther = before?.id !== person.id;
    if (before && isOther) {
      Object.assign(app.state, NOBODYS);
      location.hash = toAssignments();
      await app.follow();
    }
    app.set({ person });
    if (isOther) await app.readOwn();
    await app.speak();
    await app.follow();
    if (!isKept) app.say(t("There is no room left on this phone. Free some, then try again."));
  }

  /** Log out; what is on the phone waits for its owner. The server is told now, or at the next start. */
  async logOut() {
    const { app } = this;
    const personId = app.state.person?.id;
    this.shift += 1;
    const { shift } = this;
    const isKept = await app.store.saveSetting("logged_out", personId);
    await app.store.saveSetting("person", null);
    app.tellOthers("person");
    location.hash = toAssignments();
    await app.follow();
    await app.state.open?.close();
    if (shift !== this.shift) return;
    app.set({ ...NOBODYS, open: null });
    // The push service may take its time: the server hears of it first, and sends no more notices here.
    const [answer] = await Promise.all([this.#tellServer(personId), app.hearing.beSilent()]);
    if (isKept || answer.kind === "ok" || shift !== this.shift) return;
    const detail = t(
      "There is no room left to note that you logged out. Find a network, or free some room, before you close the app.");
    app.setLogin({ error: { wrong: "refused", detail } });
  }

  #tellServer(personId) {
    this.#leaving = new AbortController();
    const { api, deviceId } = this.app;
    return api.logOut({ personId, deviceId, signal: this.#leaving.signal });
  }

  /** Nobody works here: whose login the browser has does, unless they logged out. */
  async findSession() {
    const { app, shift } = this;
    const left = await app.store.setting("logged_out");
    if (left) return void (await this.#tellServer(left));
    const answer = await app.api.visitor();
    if (answer.kind !== "ok" || !answer.body.person || shift !== this.shift) return undefined;
    await this.#welcome(answer.body.person);
    return app.refresh();
  }
}
