// A phone has saved a tap by then, on a slow day.
const UNSEEN_MS = 100;

/**
 * When the page is drawn again: once for all that has changed by the next frame. What a tap changes is drawn in two
 * steps, so that it is seen as soon as in a page without a script, however long the rest of the screen is: the rest
 * waits until it is saved, which is then said with it, and saving does not wait for the rest.
 */
export class Drawing {
  #draw;
  #isDue = false;
  #isUnseen = false;
  #later = null;

  /** Components that are true of the whole screen only (changeHere). */
  onlyWhole = new Set();

  /** Set by a screen with rows to tap: to be called before a part is drawn, and what it gives after it. */
  hold = null;

  constructor(draw) {
    this.#draw = draw;
  }

  changed() {
    if (this.#isDue) return;
    if (this.#isUnseen && !document.hidden) {
      this.#later ??= setTimeout(() => this.changed(), UNSEEN_MS);
      return;
    }
    this.#isDue = true;
    // Who does not see the page gets no frames.
    (document.hidden ? queueMicrotask : requestAnimationFrame)(() => {
      this.#isDue = false;
      clearTimeout(this.#later);
      this.#later = null;
      this.#draw();
    });
  }

  /** Change something by `act` of which nothing is seen: whatever is drawn for it is drawn a little later. */
  changeUnseen(act) {
    this.#isUnseen = true;
    try {
      act();
    } finally {
      this.#isUnseen = false;
    }
  }

  /**
   * Change something by `act`, and draw the component that shows it in the next frame, all the rest a little later.
   * What is in `onlyWhole` must not be seen beside it meanwhile: it is told by `fallBehind()`.
   */
  changeHere(part, act) {
    this.changeUnseen(act);
    if (!this.#isDue && !this.#later) return;
    part.forceUpdate(this.hold?.());
    for (const each of this.onlyWhole) each.fallBehind();
  }
}

/** Call it when the next frame is on the screen; at once where nobody sees the page, which gets no frames. */
export function afterNextFrame(act) {
  if (document.hidden) setTimeout(act);
  else requestAnimationFrame(() => setTimeout(act));
}
