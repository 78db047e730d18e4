/** One criterion: its question, the rows of its answer, and below them always the same buttons in the same places. */
import { t, tn } from "../translate.js";
import {
  answerOf, asksForWords, changeAnswer, chooseOption, enterNumber, lacking, markNone, markState, markStatus,
  numberTrouble, write,
} from "../visit.js";
import { Evidence } from "./evidence.js";
import { html } from "./html.js";
import { capital, lackWords, textOf, troubleWords, unitWords } from "./words.js";

export function Criterion({ app, state, section, criterion, number }) {
  const { open } = state;
  const { version } = open.task;
  const answer = answerOf(open.draft, criterion.id);
  const name = `criterion-${criterion.id}`;
  const change = (update, when) => open.change((draft) => changeAnswer(draft, criterion.id, update), when);
  const type = (field) => (event) => change((current) => write(current, field, event.target.value), { soon: true });
  const stay = () => app.visiting.stayAt(section, criterion.id);
  const flush = () => open.flush();
  const Kind = { states: States, measure: Measure, choice: Choice }[criterion.kind];
  const wasLeft = open.draft.left_sections.includes(version.sections[section].id);
  return html`<section class="criterion" id=${name} role="group" aria-labelledby=${`${name}-text`}
    onFocusIn=${stay} onClick=${stay} onFocusOut=${flush}>
    <h2 id=${`${name}-text`} tabindex="-1"><span class="number">${number}.</span> ${textOf(criterion.text, version)}
      ${!criterion.required && html` <span class="muted">(${t("optional")})</span>`}</h2>
    ${textOf(criterion.guidance, version) && html`<p class="guidance">${textOf(criterion.guidance, version)}</p>`}
    ${criterion.evidence === "required" && html`<p class="guidance">${photosWords(criterion)}</p>`}
    <fieldset class="plain" disabled=${open.readOnly}>
      <${Kind} criterion=${criterion} answer=${answer} version=${version} name=${name} change=${change} type=${type} />
      <${Buttons} app=${app} state=${state} criterion=${criterion} answer=${answer} change=${change} />
      <${Writing} criterion=${criterion} answer=${answer} name=${name} type=${type} />
      <${Evidence.Photos} state=${state} section=${section} criterion=${criterion} answer=${answer} />
    </fieldset>
    <${Lacks} criterion=${criterion} answer=${answer} asked=${wasLeft} />
  </section>`;
}

function photosWords({ evidence_at_least: count }) {
  return capital(tn("%(num)s photo needed", "%(num)s photos needed", Math.max(1, count ?? 1)));
}

function Row({ kind, name, checked, onClick, children }) {
  return html`<label class="choice">
    <input type=${kind} name=${name} checked=${checked} onClick=${onClick} />
    <span>${children}</span>
  </label>`;
}

function States({ criterion, answer, version, change }) {
  const answered = answer.status === "answered";
  return html`<div class="rows">
    ${criterion.states.map((state) => html`
      <${Row} key=${state.id} kind="checkbox" checked=${answered && answer.states.includes(state.id)}
        onClick=${() => change((current) => markState(current, state.id))}>${textOf(state.text, version)}<//>`)}
    <${Row} kind="checkbox" checked=${answered && answer.none}
      onClick=${() => change(markNone)}>${t("None of these")}<//>
  </div>`;
}

function Choice({ criterion, answer, version, name, change, type }) {
  const chosen = answer.status === "answered" ? answer.options : [];
  const kind = criterion.several ? "checkbox" : "radio";
  const choose = (id) => change((current) => chooseOption(current, id, criterion.several));
  return html`<div class="rows">
    ${criterion.options.map((option) => html`
      <${Row} key=${option.id} kind=${kind} name=${`${name}-options`} checked=${chosen.includes(option.id)}
        onClick=${() => choose(option.id)}>${textOf(option.text, version)}<//>`)}
    ${answer.status === "answered" && asksForWords(criterion, answer) && html`
      <label class="field">${t("In your own words")}
        <textarea rows="2" value=${answer.words} onInput=${type("words")}></textarea></label>`}
  </div>`;
}

function Measure({ criterion, answer, name, change }) {
  const unit = unitWords(criterion.unit);
  const trouble = answer.status === "answered" ? numberTrouble(criterion, answer.number) : null;
  const enter = (event) => {
    const text = event.target.value;
    change((current) => enterNumber(current, text), { soon: true });
  };
  return html`<div class="rows">
    <label class="field measure"><span class="hidden">${unit ? t("Number, in %(unit)s", { unit }) : t("Number")}</span>
      <input type="text" inputmode=${criterion.decimals ? "decimal" : "numeric"} autocomplete="off"
        aria-invalid=${trouble !== null} aria-describedby=${`${name}-wrong`} value=${answer.number} onInput=${enter} />
      ${unit && html`<span aria-hidden="true">${unit}</span>`}</label>
    <p class="state urgent" id=${`${name}-wrong`} role="status">${trouble && troubleWords(trouble, criterion.decimals)}</p>
  </div>`;
}

function Buttons({ app, state, criterion, answer, change }) {
  const press = (status, words) => html`
    <button type="button" aria-pressed=${answer.status === status}
      onClick=${() => change((current) => markStatus(current, status))}>${words}</button>`;
  return html`<div class="buttons">
    ${criterion.evidence !== "none" && html`<${Evidence.Buttons} app=${app} state=${state} criterion=${criterion} />`}
    ${criterion.may_be_not_applicable && press("not_applicable", t("Not here"))}
    ${press("could_not_check", t("Could not check"))}
  </div>`;
}

function Writing({ criterion, answer, name, type }) {
  const comment = criterion.comment === "required" ? t("Comment (required)") : t("Comment");
  return html`
    ${answer.status === "could_not_check" && html`<label class="field">${t("Why could it not be checked?")}
      <textarea rows="2" name=${`${name}-reason`} value=${answer.reason} onInput=${type("reason")}></textarea></label>`}
    ${criterion.comment !== "none" && html`<label class="field">${comment}
      <textarea rows="1" name=${`${name}-comment`} value=${answer.comment} onInput=${type("comment")}></textarea>
    </label>`}`;
}

// Said once the section was left, or about an answer that is begun: nobody wants to be told off before the first tap.
function Lacks({ criterion, answer, asked }) {
  const lacks = lacking(criterion, answer).filter(({ what }) => what !== "number" && (asked || answer.status !== null));
  return html`<p class="lacks" role="status">${lacks.map(lackWords).join(", ")}</p>`;
}
