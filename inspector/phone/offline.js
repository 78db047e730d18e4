/** Whether the app and its pictures are on the phone, and whether a newer app waits: asked of the service worker. */

const ASK_AGAIN_MS = 3_600_000;
const WAKE_AGAIN_MS = 60_000;

/**
 * Register the worker. `onChange({ready, update})` tells whether every file is here and whether a newer version waits;
 * ready only if `hasPictures()` resolves to true as well, and null until that was looked at.
 * Gives {check, takeUpdate, wakeLater}; they do nothing where the browser has no service worker (an address without https).
 */
export function keepOffline(onChange, hasPictures) {
  const workers = navigator.serviceWorker;
  if (!workers) {
    onChange({ ready: false, update: false });
    return { check() {}, async takeUpdate() {}, wakeLater() {} };
  }
  const state = { ready: null, update: false };
  let registration = null;
  let askedAt = Date.now();
  let wishedAt = 0;
  let taking = false;

  workers.register("service-worker.js", { updateViaCache: "none" }).then(watch, () => tell({ ready: false }));
  workers.addEventListener("controllerchange", () => {
    if (taking) location.reload();
    else look();
  });

  function watch(found) {
    registration = found;
    found.addEventListener("updatefound", () => found.installing?.addEventListener("statechange", look));
    look();
  }

  async function look() {
    const waits = Boolean(registration?.waiting && workers.controller);
    tell({ update: waits, ready: (await isComplete(registration?.active)) && (await hasPictures()) });
  }

  function tell(news) {
    Object.assign(state, news);
    onChange({ ...state });
  }

  return {
    /** Look again; ask the server for a newer version once an hour. */
    check() {
      look();
      // A clock that was set back must not put it off until it has caught up.
      if (registration && Math.abs(Date.now() - askedAt) > ASK_AGAIN_MS) {
        askedAt = Date.now();
        registration.update().catch(() => {});
      }
    },

    /** Start the waiting version, unless a visit is open in any tab. */
    async takeUpdate() {
      const held = (await navigator.locks?.query())?.held ?? [];
      if (held.some((lock) => lock.name.startsWith("draft ")) || !registration?.waiting) return;
      taking = true;
      registration.waiting.postMessage(navigator.locks ? "take over" : "take over alone");
    },

    /** There is something to send: be woken when there is a network, where the browser does that (Background Sync). */
    wakeLater() {
      // One that takes itself to be online wakes us at once: not again and again.
      const sync = navigator.onLine === false && registration?.sync;
      if (!sync || Math.abs(Date.now() - wishedAt) < WAKE_AGAIN_MS) return;
      wishedAt = Date.now();
      sync.register("outbox").catch(() => {});
    },
  };
}

function isComplete(worker) {
  if (!worker) return Promise.resolve(false);
  return new Promise((tell) => {
    const channel = new MessageChannel();
    const timer = setTimeout(() => tell(false), 3000);
    channel.port1.onmessage = (event) => {
      clearTimeout(timer);
      tell(event.data);
    };
    worker.postMessage("complete?", [channel.port2]);
  });
}
