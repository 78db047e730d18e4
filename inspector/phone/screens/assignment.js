/** One assignment: where, when, the brief, how many checks are still needed, and the button that begins the visit. */
import { toAssignments, toDraft, toOutbox } from "../routes.js";
import { t } from "../translate.js";
import { Bar, html, Title } from "./html.js";
import { capital, checksWords, dueWords, placeWords, received, stateOfVisit, textOf } from "./words.js";

export function Assignment({ app, state }) {
  const inVisit = state.route.screen === "brief";
  const assignment = inVisit
    ? state.open.task.assignment
    : state.work?.assignments.find((each) => each.id === state.route.id);
  if (!assignment) return html`<${Gone} />`;
  const { outlet, brief, progress, project, wave, organization } = assignment;
  const words = textOf(brief, project);
  return html`<main>
    <${Title}>${outlet.name}<//>
    <p class="muted">${placeWords(outlet)}</p>
    <p class="contacts">
      ${outlet.phone && html`<a href=${`tel:${outlet.phone.replace(/[^+\d]/g, "")}`}>${outlet.phone}</a>`}
      ${outlet.url && html`<a href=${outlet.url} target="_blank" rel="noreferrer">${outlet.url}</a>`}
    </p>
    <h2>${t("When")}</h2>
    <p>${capital(dueWords(assignment))}</p>
    <h2>${t("Legend and instructions")}</h2>
    <p class="brief">${words || t("There are no instructions.")}</p>
    <h2>${t("Checks so far")}</h2>
    <ul>${progress.map((each) => html`<li>${textOf(each.touchpoint, project)}: ${checksWords(each)}</li>`)}</ul>
    <p class="muted">${[organization, project, wave].map(({ name }) => textOf(name, project)).filter(Boolean).join(" · ")}</p>
    ${inVisit && canDiscard(state.open) && html`<p><button type="button" class="quiet"
      onClick=${() => app.visiting.discard()}>${t("Discard what was entered")}</button></p>`}
    <${Begin} app=${app} state=${state} assignment=${assignment} />
  </main>`;
}

function canDiscard({ readOnly, saved }) {
  return !readOnly && saved !== "gone";
}

function Begin({ app, state, assignment }) {
  const draft = state.open?.draft ?? state.drafts.find((each) => each.assignment_id === assignment.id);
  const visit = state.visits.find((each) => each.assignment_id === assignment.id);
  const version = state.work?.checklist_versions.some((each) => each.id === assignment.checklist_version_id);
  const said = visit
    ? stateOfVisit(visit, state.sending, state.outbox)
    : assignment.visit && received(assignment.visit);
  const begin = () => app.visiting.begin(assignment);
  return html`<${Bar} label=${t("Visit")}>
    <a href=${toAssignments()}>${t("Back")}</a>
    ${draft ? html`<a class="main" href=${toDraft(draft)}>${t("Continue visit")}</a>`
      : said ? html`<a class="said" href=${toOutbox()}>${capital(said)}</a>`
      : version && html`<button type="button" class="main" onClick=${begin}>${t("Start visit")}</button>`}
  <//>`;
}

function Gone() {
  return html`<main>
    <${Title}>${t("This assignment is not yours any more")}<//>
    <${Bar} label=${t("Visit")}><a href=${toAssignments()}>${t("Back")}</a><//>
  </main>`;
}
