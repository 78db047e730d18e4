/** The list of assignments: what to do, what was begun, what is done. */
import { isOpen } from "../outbox.js";
import { toAssignment, toDraft, toOutbox } from "../routes.js";
import { t, tn } from "../translate.js";
import { html, StateLine, Title } from "./html.js";
import { Tabs } from "./tabs.js";
import { capital, checksWords, dueWords, placeWords, received, stateOfVisit, textOf } from "./words.js";

export function Assignments({ state }) {
  const { drafts, visits } = state;
  const begun = new Set(drafts.map((draft) => draft.assignment_id));
  const finished = new Map(visits.map((visit) => [visit.assignment_id, visit]));
  const all = [...(state.work?.assignments ?? [])].sort((a, b) => (a.due_until < b.due_until ? -1 : 1));
  const isDone = (each) => each.visit || finished.has(each.id);
  const toDo = all.filter((each) => !isDone(each) && !begun.has(each.id));
  const done = all.filter((each) => isDone(each) && !begun.has(each.id));
  return html`<main>
    <${Title}>${t("Assignments")}<//>
    <${Sending} state=${state} />
    ${drafts.length > 0 && html`<h2>${t("Begun")}</h2>
      <ul class="cards">${drafts.map((draft) => html`<${Begun} key=${draft.id} draft=${draft} all=${all} />`)}</ul>`}
    ${(toDo.length > 0 || drafts.length > 0) && html`<h2>${t("To do")}</h2>`}
    <ul class="cards">${toDo.map((each) => html`<${Card} key=${each.id} assignment=${each} />`)}</ul>
    ${!toDo.length && html`<p class="muted">${emptyWords(state)}</p>`}
    ${done.length > 0 && html`<h2>${t("Done")}</h2>
      <ul class="cards">${done.map((each) => html`
        <${Card} key=${each.id} assignment=${each} said=${saidOf(each, finished.get(each.id), state)} />`)}</ul>`}
    <${Tabs} state=${state} />
  </main>`;
}

function emptyWords({ work, refused }) {
  if (refused) return t("This login has no assignments: it is not an inspector's.");
  return work
    ? t("Nothing to do now. New assignments appear here.")
    : t("Assignments appear here once this phone has reached the server.");
}

function saidOf(assignment, visit, { sending, outbox }) {
  if (visit && !(assignment.visit && visit.delivered)) return stateOfVisit(visit, sending, outbox);
  return received(assignment.visit);
}

// What is only on this phone, so that nobody wipes it unknowing.
function Sending({ state: { visits } }) {
  const unsent = visits.filter((visit) => !visit.delivered);
  if (!unsent.length) return html`<${StateLine}><//>`;
  const stuck = unsent.some((visit) => !isOpen(visit));
  return html`<${StateLine} urgent=${stuck}>
    <a href=${toOutbox()}>${tn(
      "%(num)s finished visit is only on this phone", "%(num)s finished visits are only on this phone",
      unsent.length)}</a>
  <//>`;
}

function Begun({ draft, all }) {
  const assignment = all.find((each) => each.id === draft.assignment_id);
  return html`<li class="card">
    <a class="whole" href=${toDraft(draft)}>${draft.outlet_name}</a>
    ${assignment && html`<${Place} outlet=${assignment.outlet} /><span>${dueWords(assignment)}</span>`}
    <span>${t("begun, saved on this phone")}</span>
  </li>`;
}

function Place({ outlet }) {
  const place = placeWords(outlet);
  return place && html`<span class="muted">${place}</span>`;
}

function isNeeded({ approved, required }) {
  return approved < required;
}

function Card({ assignment, said }) {
  const { outlet, progress } = assignment;
  return html`<li class="card">
    <a class="whole" href=${toAssignment(assignment.id)}>${outlet.name}</a>
    <${Place} outlet=${outlet} />
    <span>${dueWords(assignment)}</span>
    ${said
      ? html`<span class="said">${capital(said)}</span>`
      : progress.filter(isNeeded).map((each) => html`<span class="muted">${textOf(each.touchpoint)}: ${checksWords(each)}</span>`)}
  </li>`;
}
