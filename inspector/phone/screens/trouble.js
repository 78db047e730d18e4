/** What keeps an open visit from being saved, above the bar, where it is seen from every place of a long section. */
import { html } from "./html.js";
import { savedWords } from "./words.js";

/** Whether what is entered now would not be kept. */
export function isBroken(open) {
  return open.readOnly || !["saved", "saving"].includes(open.saved);
}

export function Trouble({ open }) {
  return html`<p class="state urgent trouble" role="alert">${isBroken(open) && savedWords(open)}</p>`;
}
