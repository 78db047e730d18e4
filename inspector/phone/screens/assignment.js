/**
 * One assignment: where, when, the brief, how many checks are still needed, and the button that begins the visit; of a
 * visit that was sent back, what a reviewer says.
 */
import { offers } from "../restoring.js";
import { isReturned, revisionOf } from "../revisions.js";
import { toAssignments, toDraft, toOutbox, toTray } from "../routes.js";
import { t } from "../translate.js";
import { ContinueHere } from "./elsewhere.js";
import { Bar, html, Title } from "./html.js";
import { Returned, stateOfReceived } from "./note.js";
import { capital, checksWords, dueWords, placeWords, stateOfVisit, textOf } from "./words.js";

export function Assignment({ app, state }) {
  const inVisit = state.route.screen === "brief";
  const assignment = inVisit
    ? state.open.task.assignment
    : state.work?.assignments.find((each) => each.id === state.route.id);
  if (!assignment) return html`<${Gone} />`;
  const { outlet, brief, progress, project, wave, organization } = assignment;
  const words = textOf(brief, project);
  const what = checklistWords(assignment, state.work);
  return html`<main>
    <${Title}>${state.plain ? t("Assignment") : outlet.name}<//>
    <p class="muted">${state.plain && `${outlet.name}, `}${placeWords(outlet)}</p>
    ${what && html`<p><strong>${what}</strong></p>`}
    <${WhatWasSaid} state=${state} assignment=${assignment} inVisit=${inVisit} />
    <p class="contacts">
      ${outlet.phone && html`<a href=${`tel:${outlet.phone.replace(/[^+\d]/g, "")}`}>${outlet.phone}</a>`}
      ${outlet.url && html`<a href=${outlet.url} target="_blank" rel="noreferrer">${outlet.url}</a>`}
    </p>
    <h2>${t("When")}</h2>
    <p>${capital(dueWords(assignment))}</p>
    ${assignment.hours && html`<p>${capital(hoursWords(assignment.hours))}</p>`}
    <h2>${t("Brief")}</h2>
    <p class="brief">${words || t("There are no instructions.")}</p>
    <h2>${t("Checks so far")}</h2>
    <ul>${progress.map((each) => html`<li>${textOf(each.touchpoint, project)}: ${checksWords(each)}</li>`)}</ul>
    <p class="muted">${[organization, project, wave].map(({ name }) => textOf(name, project)).join(" · ")}</p>
    ${inVisit && html`<p><a class="button" href=${toTray(state.open.draft.id)}>${t("Visit mode")}</a></p>`}
    ${inVisit && canDiscard(state.open) && html`<p><button type="button" class="quiet"
      onClick=${() => app.visiting.discard()}>${t("Discard what was entered")}</button></p>`}
    <${Begin} app=${app} state=${state} assignment=${assignment} />
  </main>`;
}

function WhatWasSaid({ state, assignment, inVisit }) {
  const isBegunAgain = inVisit && revisionOf(state.open.draft) > 1;
  if (!isBegunAgain && !isReturned(assignment, state)) return null;
  const { visit } = assignment;
  const version = isBegunAgain
    ? state.open.task.version
    : state.work.checklist_versions.find(({ id }) => id === visit.checklist_version_id);
  return html`<${Returned} visit=${visit} version=${version} draft=${isBegunAgain ? state.open.draft : null} />`;
}

/** The checklist to fill in, and what it is for, where that is not the usual visit. */
export function checklistWords({ checklist_version_id: id, purpose }, work) {
  const version = work?.checklist_versions.find((each) => each.id === id);
  return capital([version && textOf(version.title, version), purposeWords(purpose)].filter(Boolean).join(" · "));
}

/** What a checklist is for, where it is not the usual visit. */
export function purposeWords(purpose) {
  return { test: t("test of an employee"), self_audit: t("self-audit") }[purpose] ?? "";
}

/** The part of the day in which the visit should begin. */
export function hoursWords([from, until]) {
  const time = (hour) => `${String(hour).padStart(2, "0")}:00`;
  return t("begin between %(from)s and %(until)s, time at the outlet", { from: time(from), until: time(until) });
}

/** How far the visit of an assignment is; `visit` is the one that was finished on this phone, if any. */
export function saidOf(assignment, visit, { sending, outbox }) {
  // What the server said last may be older than what was delivered since.
  const isNewer = visit && revisionOf(visit) > (assignment.visit?.revision ?? 0);
  if (visit && (isNewer || !visit.delivered)) return stateOfVisit(visit, sending, outbox);
  return assignment.visit && stateOfReceived(assignment.visit);
}

function canDiscard({ readOnly, saved }) {
  return !readOnly && saved !== "gone";
}

function Begin({ app, state, assignment }) {
  const draft = state.open?.draft ?? state.drafts.find((each) => each.assignment_id === assignment.id);
  const visit = state.visits.find((each) => each.assignment_id === assignment.id);
  const knows = (versionId) => state.work?.checklist_versions.some((each) => each.id === versionId);
  const said = saidOf(assignment, visit, state);
  const elsewhere = offers(state.elsewhere, state).find((line) => line.assignment_id === assignment.id);
  const begin = () => app.visiting.begin(assignment);
  const revise = () => app.visiting.revise(assignment);
  return html`<${Bar} label=${t("Visit")}>
    <a href=${toAssignments()}>${t("Back")}</a>
    ${draft ? html`<a class="main" href=${toDraft(draft)}>${t("Continue visit")}</a>`
      : elsewhere ? html`<${ContinueHere} app=${app} state=${state} line=${elsewhere} />`
      : isReturned(assignment, state) && knows(assignment.visit.checklist_version_id)
        ? html`<button type="button" class="main" onClick=${revise}>${t("Work on it again")}</button>`
      : said ? html`<a class="said" href=${toOutbox()}>${capital(said)}</a>`
      : knows(assignment.checklist_version_id)
        ? html`<button type="button" class="main" onClick=${begin}>${t("Start visit")}</button>`
      : html`<span class="said">${t("The checklist is not on this phone yet. Stay online for a minute.")}</span>`}
  <//>`;
}

function Gone() {
  return html`<main>
    <${Title}>${t("This assignment is not yours any more")}<//>
    <${Bar} label=${t("Visit")}><a href=${toAssignments()}>${t("Back")}</a><//>
  </main>`;
}
