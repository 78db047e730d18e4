/** navigator.locks for tabs that may die: `of(tab)` gives what a tab sees of them. */
export class Locks {
  #held = new Map();
  #waiting = [];

  of(tab) {
    return { request: (name, options, work) => this.#request({ tab, name, ...options }, work) };
  }

  /** A dead tab holds nothing and waits for nothing. */
  forget(tab) {
    this.#waiting = this.#waiting.filter((each) => each.tab !== tab);
    for (const [name, holder] of this.#held) {
      if (holder.tab === tab) this.#release(name, holder);
    }
  }

  async #request(wish, work) {
    await null;
    if (this.#held.has(wish.name)) {
      if (wish.ifAvailable) return work(null);
      await this.#turnOf(wish);
    } else {
      this.#held.set(wish.name, wish);
    }
    try {
      return await work({ name: wish.name });
    } finally {
      this.#release(wish.name, wish);
    }
  }

  #turnOf(wish) {
    return new Promise((grant, refuse) => {
      this.#waiting.push(Object.assign(wish, { grant }));
      wish.signal?.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((each) => each !== wish);
        refuse(new DOMException("given up", "AbortError"));
      });
    });
  }

  #release(name, holder) {
    if (this.#held.get(name) !== holder) return;
    this.#held.delete(name);
    const next = this.#waiting.find((each) => each.name === name);
    if (!next) return;
    this.#waiting = this.#waiting.filter((each) => each !== next);
    this.#held.set(name, next);
    next.grant();
  }
}
