/**
 * Keeps the app's own files for work without a network. The server puts the list of files with their hashes above this
 * text (`const APP = {version, files}`), so that any change of any file makes a new worker.
 * It answers nothing but GET of those files: a worker that handles a PUT empties its body on WebKit. And it shows notices,
 * and tells open pages that there is a network again; it sends nothing itself.
 */
/* global APP */

const PREFIX = "phone ";
const CACHE = PREFIX + APP.version;
const HOME = new URL("./", self.location.href).pathname;
const OWN = new Set(Object.keys(APP.files).map((path) => HOME + path));
// What hearing.js keeps for the notices: {person, device_id, plain, count}.
const SHELF = "notices";
const ADDRESSES = "/api/v1/phone/notices";

self.addEventListener("install", (event) => event.waitUntil(Promise.all([takeAll(), stepAside(event)])));
self.addEventListener("activate", (event) => event.waitUntil(dropOthers()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const address = new URL(url);
  if (method !== "GET" || address.origin !== self.location.origin || !OWN.has(address.pathname)) return;
  event.respondWith(answer(event.request, address.pathname));
});
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
  if (event.data === "take over alone") event.waitUntil(takeOverAlone());
  if (event.data === "complete?") event.waitUntil(tellWhetherComplete(event.ports[0]));
});

// Background Sync: where no page is open nothing happens, and nothing is shown; its next start sends.
self.addEventListener("sync", (event) => event.waitUntil(tellPages("deliver")));
self.addEventListener("push", (event) => event.waitUntil(notify(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show());
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(giveNewAddress(event)));

// Half an app is worse than the old one: one missing or different file makes the whole installation fail.
async function takeAll() {
  // After the server went back a release, these are the very files that the app is answered with.
  const isInUse = (await caches.keys()).includes(CACHE);
  const cache = await caches.open(CACHE);
  try {
    await Promise.all(Object.entries(APP.files).map(([path, hash]) => take(cache, HOME + path, hash)));
    // A cache that was deleted meanwhile takes files as well, and nobody finds them.
    if (!(await isComplete())) throw new Error("the files are gone again");
  } catch (error) {
    if (!isInUse) await caches.delete(CACHE);
    throw error;
  }
}

// What the browser has already is fetched again only if it is of another version.
async function take(cache, path, hash) {
  const response = await fetched(path, hash, "force-cache") ?? await fetched(path, hash, "no-cache");
  if (!response) throw new Error(`${path} is of another version, or not there`);
  await cache.put(path, response);
}

async function fetched(path, hash, from) {
  const response = await fetch(path, { cache: from, redirect: "error" });
  const bytes = await response.clone().arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return response.status === 200 && found === hash ? response : null;
}

// Where the browser can, it answers from our files by itself, and a start does not wait until this worker runs.
async function stepAside(event) {
  const rules = [...OWN].map((pathname) => ({
    condition: { urlPattern: { pathname, search: "", baseURL: self.location.href }, requestMethod: "GET" },
    source: { cacheName: CACHE },
  }));
  await event.addRoutes?.(rules).catch(() => {});
}

async function dropOthers() {
  const { installing, waiting } = self.registration;
  const names = await caches.keys();
  // A newer version may be taking its files just now: it drops ours and all before it when its time has come.
  const others = installing || waiting ? [] : names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(others.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(request, path) {
  return (await caches.match(path, { cacheName: CACHE })) ?? fetch(request);
}

// What the browser has thrown away is taken again: the next one who asks hears of it.
let healing = null;
async function tellWhetherComplete(port) {
  const isWhole = await isComplete();
  port.postMessage(isWhole);
  if (!isWhole) await (healing ??= takeAll().catch(() => {}).finally(() => { healing = null; }));
}

async function isComplete() {
  const cache = await caches.open(CACHE);
  const found = await Promise.all([...OWN].map((path) => cache.match(path)));
  return found.every(Boolean);
}

// Without locks nobody knows what other tabs have open.
async function takeOverAlone() {
  if ((await pages()).length < 2) await self.skipWaiting();
}

// A notice that is not for who works here now is nobody's. What it says never names a client or an outlet.
async function notify(data) {
  const [news, kept] = [data?.json(), await shelf()];
  if (!kept || news?.for !== kept.person) return;
  const words = kept.plain ? news.plain : news.words;
  const tag = news.topic;
  const [before] = await self.registration.getNotifications({ tag });
  const renotify = Boolean(before) && before.title !== words;
  const icon = `${HOME}icons/icon-192.png`;
  await self.registration.showNotification(words, { tag, renotify, icon, silent: kept.plain });
  await self.navigator.setAppBadge?.(kept.count + news.count).catch(() => {});
  await tellPages("news");
}

// The app at its list, in a window that there is or in a new one.
async function show() {
  const [page] = await pages();
  page?.postMessage("assignments");
  await (page ? page.focus() : self.clients.openWindow(HOME));
}

async function giveNewAddress({ oldSubscription, newSubscription }) {
  const kept = await shelf();
  const subscription = newSubscription ?? (await self.registration.pushManager.subscribe(oldSubscription.options));
  if (!kept) return;
  const { endpoint, keys } = subscription.toJSON();
  await fetch(ADDRESSES, {
    method: "PUT", credentials: "same-origin",
    headers: { "Content-Type": "application/json", "Expect-Person": kept.person },
    body: JSON.stringify({ device_id: kept.device_id, endpoint, keys }),
  });
}

async function shelf() {
  return (await (await caches.open(SHELF)).match(SHELF))?.json();
}

async function tellPages(word) {
  for (const page of await pages()) page.postMessage(word);
}

async function pages() {
  const all = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return all.filter(({ url }) => new URL(url).pathname === HOME);
}
