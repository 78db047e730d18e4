/** What keeps an open visit from being saved, above the bar, where it is seen from every place of a long section. */
import { t } from "../translate.js";
import { html } from "./html.js";
import { capital, savedWords, savingWords } from "./words.js";

/** Whether what is entered now would not be kept. */
export function isBroken(open) {
  return open.readOnly || !["saved", "saving"].includes(open.saved);
}

/** What the line below a title says: how many photos (`waiting`) are still being saved, or that all is. */
export function stateWords(open, waiting) {
  return savingWords(waiting) || (!isBroken(open) && capital(savedWords(open)));
}

export function Trouble({ open }) {
  const mayHelp = ["full", "failed"].includes(open.saved) && !open.readOnly;
  return html`<p class="state urgent trouble" role="alert">${isBroken(open) && savedWords(open)}</p>
    ${mayHelp && html`<button type="button" class="trouble" onClick=${open.flush}>${t("Try again")}</button>`}`;
}
