/** Finished visits and how far each got, in words. */
import { isOpen } from "../outbox.js";
import { revisionOf } from "../revisions.js";
import { dayAndTime, t } from "../translate.js";
import { mayGo } from "../unsent.js";
import { html, StateLine, Title } from "./html.js";
import { stateOfReceived } from "./note.js";
import { Tabs } from "./tabs.js";
import { SaveUnsent } from "./unsent.js";
import { capital, stateOfVisit, whyRefused } from "./words.js";

const LATEST = 20;

export function Outbox({ app, state }) {
  const known = new Map(state.work?.assignments.map(({ visit }) => [visit?.id, visit]));
  const visits = [...state.visits]
    .sort((a, b) => b.finished_at - a.finished_at)
    .filter((visit, place) => !visit.delivered || place < LATEST)
    .map((visit) => (isTold(visit, known.get(visit.id)) ? { ...visit, server: known.get(visit.id) } : visit));
  const waiting = visits.filter(isOpen);
  return html`<main>
    <${Title}>${t("Outbox")}<//>
    <${StateLine} urgent=${state.login.wanted}>${headline(state, visits, waiting)}<//>
    ${waiting.length > 0 && html`
      <button type="button" class="main wide" onClick=${() => app.deliver({ asked: true })}>${t("Send now")}</button>`}
    <ul class="cards">${visits.map((visit) => html`<li class="card" key=${visit.id} tabindex="-1">
      <strong>${visit.outlet_name}</strong>
      <span class="muted">${t("finished %(time)s", { time: dayAndTime(visit.finished_at) })}</span>
      <span class=${visit.parked ? "said urgent" : "said"} role="status">
        ${capital(visit.delivered ? stateOfReceived(visit.server) : stateOfVisit(visit, state.sending, state.outbox))}</span>
      ${visit.photos.filter((photo) => photo.refused).map(({ id, taken_at: at, refused }) => html`
        <span class="lacks" key=${id}>${t("Photo of %(time)s: %(why)s", { time: dayAndTime(at), why: whyRefused(refused) })}</span>`)}
      ${visit.parked && html`<${WaysOut} app=${app} visit=${visit} />`}
    </li>`)}</ul>
    ${(state.drafts.length > 0 || visits.some((visit) => !visit.delivered)) && html`<${SaveUnsent} app=${app} />`}
    <${Tabs} state=${state} />
  </main>`;
}

// What was tapped goes away: the focus stays near.
function WaysOut({ app, visit }) {
  const again = ({ target }) => {
    target.closest("li").focus();
    app.tryAgain(visit.id);
  };
  const remove = () => {
    document.querySelector("h1").focus();
    app.visiting.removeVisit(visit);
  };
  return html`
    <button type="button" onClick=${again}>${t("Try again")}</button>
    ${mayGo(visit)
      ? html`<button type="button" class="quiet" onClick=${remove}>${t("Remove from this phone")}</button>`
      : html`<span class="muted">${t("To remove it from this phone, save the unsent work to a file first.")}</span>`}`;
}

// Whether the server's word is about the revision that was delivered, and not an earlier one.
function isTold(visit, told) {
  return visit.delivered && told && told.revision >= revisionOf(visit);
}

function headline({ login, outbox, sending }, visits, waiting) {
  if (!visits.length) return t("Finished visits appear here and are sent by themselves.");
  if (!waiting.length && visits.some((visit) => visit.parked)) {
    return t("The server does not accept some visits. Try again, or tell your manager. Do not clear this browser's data.");
  }
  if (!waiting.length) return t("Everything has arrived.");
  if (login.wanted) return t("Log in, then sending goes on.");
  if (sending) return "";
  if (outbox.state === "elsewhere") return t("Another tab is sending.");
  if (outbox.state === "no answer") return t("No connection to the server. It is tried again by itself.");
  return "";
}
