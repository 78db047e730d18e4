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
  return {
    denied: () => t("No position: this browser is not allowed to see it. Allow it in its settings, or finish without."),
    none: () => t("No position was found. You can finish all the same."),
    far: () => t("%(distance)s from the outlet. You can finish all the same.", { distance: distanceWords(metres) }),
    vague: () => t("Position accurate to %(distance)s only. You can finish all the same.", { distance: distanceWords(metres) }),
  }[what]();
}

function distanceWords(metres) {
  const number = new Intl.NumberFormat(language(), { maximumFractionDigits: 1 });
  return metres < 1000
    ? t("%(num)s m", { num: Math.round(metres) })
    : t("%(num)s km", { num: number.format(metres / 1000) });
}
