/** One section of a visit: its criteria one below the other, and the bar to the next. */
import { toBrief, toFinish, toSection } from "../routes.js";
import { t } from "../translate.js";
import { progress } from "../visit.js";
import { Criterion } from "./criterion.js";
import { Bar, html, StateLine, Title } from "./html.js";
import { isBroken, Trouble } from "./trouble.js";
import { capital, progressWords, savedWords, textOf } from "./words.js";

export function Section({ app, state }) {
  const { open, route } = state;
  const { version } = open.task;
  const index = Math.min(route.section, version.sections.length - 1);
  const section = version.sections[index];
  return html`<main>
    <p class="muted above"><a href=${toBrief(open.draft.id)}>${open.draft.outlet_name}</a> · ${
      t("section %(number)s of %(count)s", { number: index + 1, count: version.sections.length })}</p>
    <${Title}>${textOf(section.title, version)}<//>
    <${StateLine}>${!isBroken(open) && capital(savedWords(open))}<//>
    ${textOf(section.intro, version) && html`<p class="brief">${textOf(section.intro, version)}</p>`}
    ${section.criteria.map((criterion, place) => html`
      <${Criterion} key=${criterion.id} app=${app} state=${state}
        section=${index} criterion=${criterion} number=${place + 1} />`)}
    <${Way} app=${app} open=${open} section=${section} index=${index} />
  </main>`;
}

function Way({ app, open, section, index }) {
  const { draft, task: { version } } = open;
  const last = index === version.sections.length - 1;
  const back = index ? toSection(draft.id, index - 1) : toBrief(draft.id);
  const next = last ? toFinish(draft.id) : toSection(draft.id, index + 1);
  const leave = () => app.visiting.leaveSection(section.id);
  return html`<${Bar} label=${t("Visit")}>
    <${Trouble} open=${open} />
    <a href=${back} onClick=${leave}>${t("Back")}</a>
    <a class="progress" href=${toFinish(draft.id)} onClick=${leave}>${progressWords(progress(version, draft))}</a>
    <a class="main" href=${next} onClick=${leave}>${last ? t("Check answers") : t("Next")}</a>
  <//>`;
}
