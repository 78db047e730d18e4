/**
 * A tab that can die between any two awaits. What it does to IndexedDB and over the wire is counted in moments; at the
 * moment that was chosen, its open transactions are aborted, its locks are let go, and whatever its code still does has
 * no effect any more: as if the process had been killed.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const current = new AsyncLocalStorage();
const never = () => new Promise(() => {});

export class Tab {
  dead = false;
  /** Its phone (phone.js). */
  phone = null;
  /** How many writing transactions from now on find no room. */
  full = 0;
  /** The draft that is open in it. */
  session = null;
  /** Resolve when the screen has changed, and when no photo is being taken any more. */
  screen = Promise.resolve();
  taking = Promise.resolve();
  #left = Infinity;
  #open = new Set();
  #onDeath;

  /** `onDeath(tab)` is called at once when it dies; `died` resolves then. */
  constructor(onDeath) {
    this.died = new Promise((tell) => {
      this.#onDeath = () => {
        onDeath(this);
        tell();
      };
    });
  }

  /** Do something as this tab. What becomes of it is never known once the tab is dead. */
  async run(act) {
    try {
      const result = await current.run(this, act);
      return this.dead ? await never() : result;
    } catch (error) {
      if (this.dead) return never();
      throw error;
    }
  }

  /** Die after so many moments. */
  dieAfter(moments) {
    this.#left = moments;
  }

  /** One more thing is about to happen, or has just happened. Code that runs is not interrupted before it waits. */
  moment() {
    if (this.#left-- <= 0) queueMicrotask(() => this.kill());
  }

  kill() {
    if (this.dead) return;
    this.dead = true;
    for (const transaction of this.#open) abort(transaction);
    this.#onDeath();
  }

  /** Nothing happens to it any more. */
  isSpared() {
    this.full = 0;
    this.#left = Infinity;
  }

  /** Leave the draft that is open. */
  async close() {
    const { session } = this;
    this.session = null;
    await session?.close();
  }

  /** The tab's fetch over `send`. */
  fetch(send) {
    return async (path, options) => {
      this.moment();
      await null;
      if (this.dead) return never();
      const answer = await send(path, options, this);
      this.moment();
      await null;
      return this.dead ? never() : answer;
    };
  }

  began(transaction) {
    if (transaction.mode !== "readwrite") return;
    this.#open.add(transaction);
    transaction.addEventListener("complete", () => this.ended(transaction));
    transaction.addEventListener("abort", () => this.#open.delete(transaction));
  }

  ended(transaction) {
    this.#open.delete(transaction);
    this.moment();
  }

  /** A request was made: at the last of them it may turn out that there is no room. */
  asked(transaction, request) {
    this.moment();
    if (!this.full || transaction.mode !== "readwrite") return;
    request.addEventListener("success", () => {
      if (!this.full) return;
      this.full -= 1;
      this.phone.wasFull = true;
      abort(transaction);
      transaction.error = new DOMException("no room", "QuotaExceededError");
    });
  }
}

function abort(transaction) {
  try {
    transaction.abort();
  } catch {
    // It has ended by itself already.
  }
}

/** From now on IndexedDB tells the tab on whose behalf it is asked what happens. */
export function watchDatabase() {
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function watched(...parts) {
    const tab = current.getStore();
    const [, mode] = parts;
    // One that opens a phone's storage once more disturbs nobody: a dead tab hears nothing of it.
    if (tab?.dead && mode !== "versionchange") throw new DOMException("this tab is dead", "AbortError");
    const begun = transaction.apply(this, parts);
    tab?.began(begun);
    return begun;
  };
  for (const name of ["get", "getAll", "getAllKeys", "put", "add", "delete"]) {
    const ask = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function watched(...parts) {
      const request = ask.apply(this, parts);
      current.getStore()?.asked(this.transaction, request);
      return request;
    };
  }
}
