/** The template tag of all screens, and the few parts that several of them use. */
import htm from "../vendor/htm.module.js";
import { Component, h, render } from "../vendor/preact.mjs";

export { Component, render };
export const html = htm.bind(h);

/** The heading that takes the focus when the screen changes. */
export function Title({ children }) {
  return html`<h1 tabindex="-1">${children}</h1>`;
}

/** A line of words about a state, read out when it changes. */
export function StateLine({ children, urgent = false }) {
  return html`<p class=${urgent ? "state urgent" : "state"} role="status">${children}</p>`;
}

/** The bar at the bottom, in reach of the thumb. */
export function Bar({ label, children }) {
  return html`<nav class="bar" aria-label=${label} ref=${watchHeight}>${children}</nav>`;
}

// What stands above it has to know: large text and narrow screens make two rows of its buttons, a trouble a line more.
const watcher = globalThis.ResizeObserver && new ResizeObserver((entries) => {
  const bar = entries.find(({ target }) => target.isConnected)?.target;
  if (bar) setHeight(bar.offsetHeight);
});
const watchHeight = (bar) => bar && watcher?.observe(bar);

let height = null;
function setHeight(pixels) {
  if (pixels === height) return;
  height = pixels;
  document.documentElement.style.setProperty("--bar", `${pixels}px`);
}
