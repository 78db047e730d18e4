/** Visits that were begun on another phone of the same person: what they have there, and going on with them here. */
import { toAssignment } from "../routes.js";
import { t, tn } from "../translate.js";
import { photosInUse, progress } from "../visit.js";
import { Component, html } from "./html.js";
import { dueWords, momentWords, placeWords } from "./words.js";

/** One that can be gone on with here, as a card of the list. */
export function BegunElsewhere({ app, state, line }) {
  const assignment = state.work.assignments.find(({ id }) => id === line.assignment_id);
  return html`<li class="card">
    <a class="whole" href=${toAssignment(assignment.id)}>${assignment.outlet.name}</a>
    <span class="muted">${placeWords(assignment.outlet)}</span>
    <span>${dueWords(assignment)}</span>
    <span>${whatIsThere(line)}</span>
    <${ContinueHere} app=${app} state=${state} line=${line} />
  </li>`;
}

/** The button, and how far the fetching is. */
export function ContinueHere({ app, state: { restoring }, line }) {
  if (restoring?.id === line.visit_id) {
    const { part, parts } = restoring;
    return html`<span class="said" role="status">${
      part ? t("fetching photo %(part)s of %(parts)s", { part, parts }) : t("fetching what was entered")}</span>`;
  }
  return html`<button type="button" class="main" disabled=${Boolean(restoring)}
    onClick=${() => app.keeping.continueHere(line)}>${t("Continue here")}</button>`;
}

function whatIsThere(line) {
  return [
    line.system ? t("Begun on another phone: %(phone)s", { phone: line.system }) : t("Begun on another phone"),
    momentWords(line.changed_at), farWords(line.progress),
  ].filter(Boolean).join(", ");
}

function farWords(far) {
  return far && t("%(done)s of %(total)s", far);
}

/** In an open visit: another phone has something of it that is not here. */
export class Elsewhere extends Component {
  state = { isLooking: false };

  render({ app, open }, { isLooking }) {
    const others = app.keeping.others();
    if (!others.length || open.saved === "gone") return null;
    const [latest] = [...others].sort((a, b) => Date.parse(b.changed_at) - Date.parse(a.changed_at));
    const look = ({ currentTarget }) => {
      currentTarget.nextElementSibling.focus();
      this.setState({ isLooking: true });
      app.keeping.look();
    };
    return html`<header class="banner">
      <p class="urgent" role="status">${t("This visit is also open on another phone, changed %(time)s.", {
        time: momentWords(latest.changed_at) })}</p>
      ${isLooking && html`
        <p>${[latest.system || t("The other phone"), ...contentWords(latest.progress, latest.photos?.length)].join(", ")}</p>
        <p>${[t("This phone"), ...contentWords(progress(open.task, open.draft), photosInUse(open.draft).length)].join(", ")}</p>
        <p class="muted">${t("They are not put together by themselves. The one that is finished first is received.")}</p>`}
      <div class="row">
        ${!isLooking && html`<button type="button" onClick=${look}>${t("Look at it")}</button>`}
        <button type="button" disabled=${open.readOnly} onClick=${() => app.keeping.goOnHere()}>${t("Go on here")}</button>
      </div>
    </header>`;
  }
}

function contentWords(far, photos) {
  return [farWords(far), photos !== undefined && tn("%(num)s photo", "%(num)s photos", photos)].filter(Boolean);
}
