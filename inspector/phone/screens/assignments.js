/** The list of assignments: what was sent back, what was begun, what to do, what is done. */
import { newsOf } from "../news.js";
import { isOpen } from "../outbox.js";
import { offers } from "../restoring.js";
import { isReturned, movedOn, revisionOf } from "../revisions.js";
import { toAssignment, toDraft, toOutbox } from "../routes.js";
import { t, tn } from "../translate.js";
import { checklistWords, hoursWords, saidOf } from "./assignment.js";
import { BegunElsewhere } from "./elsewhere.js";
import { html, StateLine, Title } from "./html.js";
import { Install } from "./install.js";
import { OnlyHere, placeOfDraft } from "./kept.js";
import { movedOnWords } from "./note.js";
import { Tabs } from "./tabs.js";
import { capital, checksWords, dueWords, placeWords, textOf } from "./words.js";

export function Assignments({ app, state }) {
  const { drafts, visits } = state;
  const begun = new Set(drafts.map((draft) => draft.assignment_id));
  const finished = new Map(visits.map((visit) => [visit.assignment_id, visit]));
  const all = [...(state.work?.assignments ?? [])].sort((a, b) => (a.due_until < b.due_until ? -1 : 1));
  const elsewhere = offers(state.elsewhere, state);
  const isElsewhere = (each) => elsewhere.some((line) => line.assignment_id === each.id);
  const sentBack = all.filter((each) => isReturned(each, state) && !isElsewhere(each));
  const isDone = (each) => (each.visit || finished.has(each.id)) && !sentBack.includes(each);
  const toDo = all.filter((each) => !isDone(each) && !begun.has(each.id) && !sentBack.includes(each)
    && !isElsewhere(each));
  const done = all.filter((each) => isDone(each) && !begun.has(each.id) && !isElsewhere(each));
  return html`<main>
    <${Title}>${t("Assignments")}<//>
    <${Sending} state=${state} />
    <${OnlyHere} state=${state} />
    <${Install} app=${app} state=${state} canBePutAway />
    ${sentBack.length > 0 && html`<h2>${t("Sent back")}</h2>
      <ul class="cards">${sentBack.map((each) => html`
        <${Card} key=${each.id} assignment=${each} work=${state.work} said=${t("Sent back: look at the notes")} urgent />`)}</ul>`}
    ${drafts.length > 0 && html`<h2>${t("Begun")}</h2>
      <ul class="cards">${drafts.map((draft) => html`
        <${Begun} key=${draft.id} draft=${draft} all=${all} state=${state} />`)}</ul>`}
    ${elsewhere.length > 0 && html`<h2>${t("Visits begun on another phone")}</h2>
      <ul class="cards">${elsewhere.map((line) => html`
        <${BegunElsewhere} key=${line.visit_id} app=${app} state=${state} line=${line} />`)}</ul>`}
    ${[toDo, drafts, sentBack, elsewhere].some((each) => each.length > 0) && html`<h2>${t("To do")}</h2>`}
    <ul class="cards">${toDo.map((each) => html`<${Card} key=${each.id} assignment=${each} work=${state.work}
      news=${newsOf(each, state.looked)} />`)}</ul>
    ${!toDo.length && html`<p class="muted">${emptyWords(state)}</p>`}
    ${done.length > 0 && html`<h2>${t("Done")}</h2>
      <ul class="cards">${done.map((each) => html`
        <${Card} key=${each.id} assignment=${each} work=${state.work}
          said=${saidOf(each, finished.get(each.id), state)} />`)}</ul>`}
    <${Tabs} state=${state} />
  </main>`;
}

function emptyWords({ work, refused }) {
  if (refused) return t("No assignments: you are not logged in as an inspector. Log in with your inspector's e-mail.");
  return work
    ? t("Nothing to do now. New assignments appear here.")
    : t("Assignments appear here once this phone has reached the server.");
}

// What is only on this phone, so that nobody wipes it unknowing. The line is there before what it says is known: what
// stands below does not move then.
function Sending({ state: { visits, work, offline } }) {
  const unsent = visits.filter((visit) => !visit.delivered);
  if (!unsent.length) {
    const isKnown = work && offline.ready !== null;
    const ready = offline.ready ? t("Ready to work offline.") : t("Stay online: not everything is here yet.");
    return html`<${StateLine}>${isKnown ? ready : "\u00a0"}<//>`;
  }
  const stuck = unsent.some((visit) => !isOpen(visit));
  return html`<${StateLine} urgent=${stuck}>
    <a href=${toOutbox()}>${tn(
      "%(num)s finished visit is only on this phone", "%(num)s finished visits are only on this phone",
      unsent.length)}</a>
  <//>`;
}

function Begun({ draft, all, state: { work, copies, looked } }) {
  const moved = movedOn(draft, work);
  const assignment = all.find((each) => each.id === draft.assignment_id);
  return html`<li class="card">
    <a class="whole" href=${toDraft(draft)}>${draft.outlet_name}</a>
    ${assignment && html`<${Place} outlet=${assignment.outlet} /><span>${dueWords(assignment)}</span>
      <span>${checklistWords(assignment, work)}</span>`}
    ${assignment && newsOf(assignment, looked) === "changed" && html`<span class="said">${t("Changed")}</span>`}
    <span>${placeOfDraft(draft, copies)}</span>
    ${revisionOf(draft) > 1 && !moved && html`<span class="said urgent">${t("Sent back: look at the notes")}</span>`}
    ${moved && html`<span class="said urgent">${movedOnWords(moved)}</span>`}
  </li>`;
}

function Place({ outlet }) {
  const place = placeWords(outlet);
  return place && html`<span class="muted">${place}</span>`;
}

function isOverdue({ due_until: until }) {
  return Boolean(until) && Date.parse(until) < Date.now();
}

function isNeeded({ approved, required }) {
  return approved < required;
}

function Card({ assignment, work, said, urgent = false, news = null }) {
  const { outlet, progress, hours } = assignment;
  const what = checklistWords(assignment, work);
  return html`<li class="card">
    <a class="whole" href=${toAssignment(assignment.id)}>${outlet.name}</a>
    ${news && html`<span class="said">${news === "new" ? t("New") : t("Changed")}</span>`}
    <${Place} outlet=${outlet} />
    <span>${[dueWords(assignment), hours && hoursWords(hours)].filter(Boolean).join(", ")}</span>
    ${what && html`<span>${what}</span>`}
    ${!said && isOverdue(assignment) && html`<span class="said urgent">${t("Overdue")}</span>`}
    ${said
      ? html`<span class=${urgent ? "said urgent" : "said"}>${capital(said)}</span>`
      : progress.filter(isNeeded).map((each) => html`<span class="muted">${textOf(each.touchpoint)}: ${checksWords(each)}</span>`)}
  </li>`;
}
