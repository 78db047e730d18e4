/**
 * The whole app as it starts on a phone, all but its screens: its own store, its own wire, and a server in memory that knows
 * who is logged in.
 */
import "fake-indexeddb/auto";
import { register } from "node:module";
import { openStore } from "../../inspector/phone/store.js";
import { VERSION } from "./factories.js";

// The screens need a browser: nobody looks at this page.
const PAGE = "export const mount = (app) => globalThis.onPage(app);";
register(`data:text/javascript,${encodeURIComponent(`
  export const load = (url, context, next) => url.endsWith("/screens/page.js")
    ? { format: "module", source: ${JSON.stringify(PAGE)}, shortCircuit: true } : next(url, context);`)}`);

// What is put off for long must not keep the test.
const { setTimeout: later } = globalThis;
globalThis.setTimeout = (act, ms, ...rest) => {
  const timer = later(act, ms, ...rest);
  return ms > 2000 ? timer.unref() : timer;
};
const listeners = {};
globalThis.addEventListener = (name, act) => { (listeners[name] ??= []).push(act); };
globalThis.document = { hidden: false, visibilityState: "visible" };
globalThis.requestAnimationFrame = (draw) => later(draw, 1);
globalThis.matchMedia = () => ({ matches: false });
globalThis.BroadcastChannel = undefined;

export const pause = (ms) => new Promise((done) => { later(done, ms); });
export const PERSON = (id) => ({ id, name: id, email: id, language: "en" });

/** The server: `who` is logged in in this browser; `on` has answers of its own, by "METHOD path". */
export function aServer(who) {
  const server = { who, calls: [], on: {}, work: () => ({ assignments: [], checklist_versions: [VERSION], projects: [], limits: {} }) };
  const problem = (path, status) => answer(status, { instance: path, status, detail: "no" });
  globalThis.fetch = async (url, { method, body, headers, signal }) => {
    const path = url.split("?")[0];
    const call = `${method} ${path.replace("/api/v1/", "")}`;
    const [sentAs, meant] = [server.who, headers["Expect-Person"] ?? server.who];
    server.calls.push(call);
    await server.on[call]?.({ signal, body });
    if (call === "POST session") {
      server.who = JSON.parse(body).email;
      return answer(200, { person: PERSON(server.who) });
    }
    if (call === "DELETE session") {
      // The cookie goes with the answer, whosever it is by then.
      if (sentAs === meant && !signal.aborted) server.who = null;
      return new Response(null, { status: 204 });
    }
    if (call === "GET session/person") return answer(200, { person: server.who && PERSON(server.who) });
    if (path.includes("/translations/")) return answer(200, { language: /(\w+)\.json/.exec(path)[1], messages: {} });
    if (!server.who || meant !== server.who) return problem(path, 401);
    if (call === "GET session") return answer(200, { person: { id: server.who } });
    if (call === "GET phone/work") {
      return answer(200, { ...server.work(server.who), person: PERSON(server.who), server_time: new Date().toISOString() });
    }
    if (call === "GET phone/drafts") return answer(200, { drafts: [] });
    if (call.startsWith("PUT visits/")) {
      const { revision } = JSON.parse(new TextDecoder().decode(body));
      return answer(201, { id: path.split("/").at(-1), revision, state: "received", reason: null, received_at: "2026-11-22T14:02:00Z", missing_photos: [] });
    }
    return problem(path, 404);
  };
  return server;
}

function answer(status, body) {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": type, ETag: '"e"' } });
}

/** A phone with nothing on it but what `fill(store)` puts there. */
export async function aPhone(fill = async () => {}) {
  globalThis.indexedDB = new IDBFactory();
  const store = await openStore();
  await store.saveSetting("device_id", "phone");
  await fill(store);
  store.close();
}

let starts = 0;

/** Start the app at this address, in a browser that has `browser` too; resolves once it has asked for its work. */
export async function started(hash = "#/", browser = {}) {
  Object.keys(listeners).forEach((name) => delete listeners[name]);
  let place = hash;
  globalThis.location = {
    reloads: 0,
    get hash() { return place; },
    set hash(value) {
      if (value !== place) later(() => listeners.hashchange?.forEach((act) => act({})), 0);
      place = value;
    },
    replace(value) { this.hash = value; },
    reload() { this.reloads += 1; },
  };
  const value = { languages: ["en"], locks: aBrowsersLocks(), storage: {}, ...browser };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });
  const mounted = new Promise((tell) => {
    globalThis.onPage = (app) => {
      tell(app);
      return { version: "1", draw() {}, isSeen: () => true, onVisible() {} };
    };
  });
  await import(`../../inspector/phone/app.js?start=${starts += 1}`);
  const app = await mounted;
  await pause(150);
  return app;
}

function aBrowsersLocks() {
  const held = new Set();
  return {
    request: async (name, options, act) => {
      if (held.has(name)) return options.ifAvailable ? act(null) : new Promise(() => {});
      held.add(name);
      return Promise.resolve(act({ name })).finally(() => held.delete(name));
    },
    query: async () => ({ held: [...held].map((name) => ({ name })) }),
  };
}
