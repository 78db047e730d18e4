/** What a reviewer said of a visit that was sent back. */
import { notesOn } from "../revisions.js";
import { toSection } from "../routes.js";
import { t } from "../translate.js";
import { html } from "./html.js";
import { received, textOf } from "./words.js";

/** How a visit stands that the server has, as {state, reason, received_at}. */
export function stateOfReceived(visit) {
  return visit.state === "returned" ? t("sent back") : received(visit);
}

/** What became of a visit on the server while its next revision is a draft here (revisions.js, movedOn). */
export function movedOnWords({ state, reason, isFirst }) {
  const what = {
    approved: t("This visit was approved meanwhile."),
    rejected: t("This visit was rejected meanwhile."),
  }[state] ?? (isFirst
    ? t("This visit was finished on another phone meanwhile.")
    : t("This visit was sent again meanwhile, but not from here."));
  return [what, state === "rejected" && reason, t("What you enter here is no longer asked for.")].filter(Boolean).join(" ");
}

/** The notes on one criterion, beside its answer. */
export function Note({ state: { open }, criterion, repetition = 0 }) {
  const notes = notesOn(open, criterion.id, repetition);
  return notes.map(({ text }) => html`
    <p class="note"><strong>${t("Note from the reviewer")}:</strong> ${text}</p>`);
}

/** The reason and every note; `draft` (or null) is where the notes lead. */
export function Returned({ visit, version, draft }) {
  return html`
    <h2>${t("Sent back: look at the notes")}</h2>
    ${visit.reason && html`<p class="note">${visit.reason}</p>`}
    <ul class="cards">${visit.notes.map((note) => html`
      <${Line} note=${note} version=${version} draft=${draft} />`)}</ul>`;
}

function Line({ note, version, draft }) {
  const section = version?.sections.findIndex(({ criteria }) => criteria.some(({ id }) => id === note.criterion_id)) ?? -1;
  const criterion = version?.sections[section]?.criteria.find(({ id }) => id === note.criterion_id);
  const words = textOf(criterion?.text, version);
  return html`<li class="card">
    ${draft && criterion
      ? html`<a class="whole" href=${toSection(draft.id, section, criterion.id, note.repetition)}>${words}</a>`
      : words && html`<strong>${words}</strong>`}
    <span class="note">${note.text}</span>
  </li>`;
}
