/** What is odd about where the visit is made: a muted line at the end of a screen, where it moves nothing when it comes. */
import { oddPosition } from "../position.js";
import { language, t } from "../translate.js";
import { html } from "./html.js";

export function Whereabouts({ state: { open, whereabouts } }) {
  const odd = oddPosition(open, whereabouts?.id === open.draft.id ? whereabouts.why : null);
  return odd && html`<p class="muted">${oddWords(odd)}</p>`;
}

/** What oddPosition (position.js) tells, in words. */
export function oddWords({ what, metres }) {
  const distance = distanceWords(metres);
  const words = {
    denied: () => t("No position: the browser's settings do not allow it."),
    none: () => t("No position was found."),
    far: () => t("%(distance)s from the outlet.", { distance }),
    vague: () => t("Position accurate to %(distance)s only.", { distance }),
  }[what]();
  return `${words} ${t("You can finish all the same.")}`;
}

function distanceWords(metres = 0) {
  const [unit, length] = metres < 1000 ? ["meter", 1] : ["kilometer", 1000];
  const format = new Intl.NumberFormat(language(), { style: "unit", unit, maximumFractionDigits: length === 1 ? 0 : 1 });
  return format.format(metres / length);
}
