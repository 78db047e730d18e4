/** The best practices of a visit: the list of them, and one to be written. None is ever asked for. */
import { inPractice } from "../photo_places.js";
import { isEmpty, practiceOf, practicesOf, touchpointsOf } from "../practices.js";
import { toBestPractice, toBestPractices, toFinish, toPracticePhoto, toSection } from "../routes.js";
import { t, tn } from "../translate.js";
import { Evidence } from "./evidence.js";
import { Bar, html, StateLine, Title } from "./html.js";
import { isBroken, Trouble } from "./trouble.js";
import { capital, savedWords, textOf } from "./words.js";

/** The way to the list, from a section's screen (`from` is its number) or from the last one ("finish"). */
export function BestPracticesLink({ open, from }) {
  const count = practicesOf(open.draft).length;
  return html`<p><a class="button" href=${toBestPractices(open.draft.id, from)}>
    ${count ? t("Best practices (%(num)s)", { num: count }) : t("Best practice")}</a></p>`;
}

export function BestPractices({ app, state }) {
  const { open, route } = state;
  const practices = practicesOf(open.draft);
  const touchpoints = touchpointsOf(open.task, state.work);
  const section = open.task.version.sections[Number.parseInt(route.from, 10)] ?? open.task.version.sections[0];
  const back = route.from === "finish" ? toFinish(route.id) : toSection(route.id, route.from);
  const add = () => app.visiting.addPractice(section.touchpoint_id, route.from);
  return html`<main>
    <p class="muted above outlet">${open.draft.outlet_name}</p>
    <${Title}>${t("Best practices")}<//>
    <p class="muted">${t("What is worth copying here. Write down only what you saw: nothing has to be entered.")}</p>
    <ul class="cards">${practices.map((practice) => html`
      <${Card} key=${practice.id} open=${open} practice=${practice} touchpoints=${touchpoints} from=${route.from} />`)}</ul>
    ${!open.readOnly && html`<button type="button" class="wide" onClick=${add}>${t("Add a best practice")}</button>`}
    <${Bar} label=${t("Visit")}>
      <${Trouble} open=${open} />
      <a href=${back}>${t("Back")}</a>
    <//>
  </main>`;
}

function Card({ open, practice, touchpoints, from }) {
  const { id, kind, text, photo_ids: { length: photos } } = practice;
  const touchpoint = touchpoints.find((each) => each.id === practice.touchpoint_id);
  return html`<li class="card">
    <a class="whole" href=${toBestPractice(open.draft.id, from, id)}>${text.trim() || t("Without text")}</a>
    <span class="muted">${[textOf(touchpoint?.name, open.task.version), kindWords(kind)].filter(Boolean).join(" · ")}</span>
    ${photos > 0 && html`<span class="muted">${tn("%(num)s photo", "%(num)s photos", photos)}</span>`}
    ${!text.trim() && html`<span class="lacks">${t("say what you saw")}</span>`}
  </li>`;
}

export function BestPractice({ app, state }) {
  const { open, route } = state;
  const { version } = open.task;
  const practice = practiceOf(open.draft, route.practice);
  const list = toBestPractices(route.id, route.from);
  if (!practice) return html`<${Gone} list=${list} />`;
  const place = inPractice(practice.id);
  const change = (news, when) => app.visiting.changePractice(practice.id, (each) => ({ ...each, ...news }), when);
  const remove = () => {
    app.visiting.removePractice(practice.id);
    location.replace(list);
  };
  // A photo may still be on its way into one that looks empty.
  const isWaiting = state.developing[place.key] > 0;
  const leave = () => {
    const now = practiceOf(open.draft, practice.id);
    if (now && isEmpty(now) && !isWaiting && !open.readOnly) app.visiting.removePractice(practice.id);
  };
  return html`<main>
    <p class="muted above outlet">${open.draft.outlet_name}</p>
    <${Title}>${t("Best practice")}<//>
    <${StateLine}>${!isBroken(open) && capital(savedWords(open))}<//>
    <fieldset class="plain" disabled=${open.readOnly} onFocusOut=${() => open.flush()}>
      <label class="field">${t("Where")}
        <select value=${practice.touchpoint_id} onChange=${(event) => change({ touchpoint_id: event.target.value })}>
          <${Touchpoints} touchpoints=${touchpointsOf(open.task, state.work)} version=${version} />
        </select></label>
      <div class="rows" role="radiogroup" aria-label=${t("Kind")}>
        <${Kind} kind="comfort" practice=${practice} change=${change}
          words=${t("pleasant, but nobody tells friends about it: a phone charger, a glass of water")} />
        <${Kind} kind="beyond" practice=${practice} change=${change}
          words=${t("more than a customer expects: somebody went out of the way to help")} />
      </div>
      <label class="field">${t("What did you see?")}
        <textarea rows="4" name="practice-text" value=${practice.text}
          onInput=${(event) => change({ text: event.target.value }, { soon: true })}></textarea></label>
      <div class="buttons even"><${Evidence.Buttons} app=${app} state=${state} place=${place} /></div>
      <${Evidence.Photos} state=${state} place=${place}
        toPhoto=${(id) => toPracticePhoto(route.id, route.from, practice.id, id)} />
      ${!isEmpty(practice) && html`
        <p><button type="button" class="quiet" onClick=${remove}>${t("Remove this best practice")}</button></p>`}
    </fieldset>
    <${Bar} label=${t("Visit")}>
      <${Trouble} open=${open} />
      <a class="main" href=${list} onClick=${leave}>${t("To the list")}</a>
    <//>
  </main>`;
}

function Touchpoints({ touchpoints, version }) {
  const option = ({ id, name }) => html`<option key=${id} value=${id}>${textOf(name, version)}</option>`;
  const stages = [...new Set(touchpoints.map(({ stage }) => textOf(stage, version)))];
  return stages.map((stage) => {
    const own = touchpoints.filter((each) => textOf(each.stage, version) === stage).map(option);
    return stage ? html`<optgroup key=${stage} label=${stage}>${own}</optgroup>` : own;
  });
}

function Kind({ kind, words, practice, change }) {
  return html`<label class="choice">
    <input type="radio" name="practice-kind" checked=${practice.kind === kind} onClick=${() => change({ kind })} />
    <span class="words">${kindWords(kind)}<small>${words}</small></span>
  </label>`;
}

function kindWords(kind) {
  return kind === "beyond" ? t("Beyond what was expected") : t("Comfort");
}

function Gone({ list }) {
  return html`<main>
    <${Title}>${t("Best practice")}<//>
    <p>${t("It was removed.")}</p>
    <${Bar} label=${t("Visit")}><a href=${list}>${t("Back")}</a><//>
  </main>`;
}
