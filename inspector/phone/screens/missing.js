/** The jump to the next criterion that lacks something, with one tap from wherever one is. */
import { nextMissing } from "../missing.js";
import { toSection } from "../routes.js";
import { t } from "../translate.js";
import { html } from "./html.js";
import { isSlip } from "./watch.js";

// In frames: those above a criterion get their true height when they come near, in groups and then each by itself.
const UNTIL_AS_HIGH = 10;

export function NextMissing({ app, open, missing, leave }) {
  const { route } = app.state;
  const next = nextMissing(open.task.version, open.draft, missing, route);
  if (!next) return null;
  const { section, repetition, criterion } = next;
  const isHere = section === route.section && repetition === route.repetition;
  const jump = (event) => {
    // The button stays where it is: the second tap of a double one would pass one by.
    if (isSlip("jump", criterion.id)) return event.preventDefault();
    if (!isHere) return leave();
    // The address names another criterion of the same screen: nothing would move.
    event.preventDefault();
    app.visiting.stayAt(section, repetition, criterion.id);
    return showCriterion(criterion.id);
  };
  return html`<a class="jump" href=${toSection(open.draft.id, section, criterion.id, repetition)} onClick=${jump}
    aria-label=${t("Next missing")}><svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path
      d="M12 3v12m-5-5 5 5 5-5M5 20h14" fill="none" stroke="currentColor" stroke-width="2" /></svg></a>`;
}

/** Bring a criterion to the eye and give it the focus; false where it is not on this screen. */
export function showCriterion(id) {
  const element = document.getElementById(`criterion-${id}`);
  let frames = UNTIL_AS_HIGH;
  const show = () => {
    element?.scrollIntoView({ block: "start" });
    frames -= 1;
    if (frames) requestAnimationFrame(show);
  };
  show();
  element?.querySelector("h2")?.focus({ preventScroll: true });
  return Boolean(element);
}
