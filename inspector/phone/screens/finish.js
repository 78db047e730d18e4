/** The end of a visit: what is missing with a jump to it, and the button that finishes. */
import { toSection } from "../routes.js";
import { t, tn } from "../translate.js";
import { photosInUse, progress } from "../visit.js";
import { Bar, html, StateLine, Title } from "./html.js";
import { isBroken, Trouble } from "./trouble.js";
import { capital, lackWords, progressWords, savedWords, textOf } from "./words.js";

export function Finish({ app, state }) {
  const { open } = state;
  const { draft, task: { version } } = open;
  const { done, total, missing } = progress(version, draft);
  const photos = photosInUse(draft).length;
  const developing = Object.values(state.developing).some((count) => count > 0);
  const ready = !missing.length && !developing && !open.readOnly && open.saved !== "gone";
  return html`<main>
    <p class="muted above">${draft.outlet_name}</p>
    <${Title}>${t("Check and finish")}<//>
    <${StateLine}>${!isBroken(open) && capital(savedWords(open))}<//>
    <p>${t("Answered: %(done)s of %(total)s", { done, total })}. ${tn("%(num)s photo", "%(num)s photos", photos)}.</p>
    ${missing.length > 0
      ? html`<h2>${capital(tn("%(num)s missing", "%(num)s missing", missing.length))}</h2>
        <ul class="cards">${missing.map((gap) => html`
          <${Gap} key=${gap.criterion.id} gap=${gap} draft=${draft} version=${version} />`)}</ul>`
      : html`<p>${t(
        "Nothing is missing. Once finished, the visit is sent by itself and cannot be changed on this phone.")}</p>`}
    <${Bar} label=${t("Visit")}>
      <${Trouble} open=${open} />
      <a href=${toSection(draft.id, version.sections.length - 1)}>${t("Back")}</a>
      <span class="progress">${progressWords({ done, total, missingBehind: 0 })}</span>
      <button type="button" class="main" disabled=${!ready}
        onClick=${() => app.visiting.finish()}>${t("Finish visit")}</button>
    <//>
  </main>`;
}

function Gap({ gap: { section, criterion, lacks }, draft, version }) {
  return html`<li class="card">
    <a class="whole" href=${toSection(draft.id, section, criterion.id)}>${textOf(criterion.text, version)}</a>
    <span class="lacks">${lacks.map(lackWords).join(", ")}</span>
  </li>`;
}
