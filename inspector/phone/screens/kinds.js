/** How each kind of criterion is answered: one component per kind, and its words for what does not fit. */
import {
  asksForWords, chooseOption, enter, markNone, markState, millisecondsBetween, rate, withWallTime,
} from "../kinds.js";
import { dayAndTime, language, t, tn } from "../translate.js";
import { withOffset } from "../visit.js";
import { html } from "./html.js";
import { BY_UNIT } from "./watch.js";
import { textOf, unitWords } from "./words.js";

/**
 * The answer's part of a criterion, by kind. Each gets the criterion, its answer (empty while it is set aside), what
 * stands `beside` it as kinds.js has it, the version, `name` (unique on the screen; its heading has the id name-text),
 * the app (to say what can be undone), `trouble` and two ways to change the answer: `change(update)` for a tap, `type(update)` for what is being typed.
 */
export const ANSWERS = {
  states: States,
  measure: Measure,
  choice: Choice,
  rating: Rating,
  text: Text,
  date: DateField,
  time_stamp: TimeStamp,
  duration: Duration,
  money: Money,
  photo: () => null,
};

function States({ criterion, answer, version, change }) {
  return html`<div class="rows">
    ${criterion.states.map((state) => html`
      <${Row} key=${state.id} kind="checkbox" checked=${answer.states.includes(state.id)} part=${state}
        version=${version} onClick=${() => change((current) => markState(current, state.id))} />`)}
    <${Row} kind="checkbox" checked=${answer.none} part=${{ text: t("None of these") }}
      onClick=${() => change(markNone)} />
  </div>`;
}

function Choice({ criterion, answer, version, name, change, type, trouble }) {
  const kind = criterion.several ? "checkbox" : "radio";
  const choose = (id) => change((current) => chooseOption(current, id, criterion.several));
  return html`<div class="rows">
    ${criterion.options.map((option) => html`
      <${Row} key=${option.id} kind=${kind} name=${`${name}-options`} checked=${answer.options.includes(option.id)}
        part=${option} version=${version} onClick=${() => choose(option.id)} />`)}
    ${asksForWords(criterion, answer) && html`
      <label class="field">${t("In your own words")}
        <textarea rows="2" value=${answer.words} aria-describedby=${`${name}-wrong`}
          onInput=${(event) => typeInto(type, "words", event)}></textarea></label>`}
    <${Trouble} name=${name} criterion=${criterion} trouble=${trouble} />
  </div>`;
}

// A row as wide as the screen: the part's text, below it what it means, and what the manager thinks of it unless blind.
// With every change of the address a browser keeps what all fields say that are not `off`: with hundreds, that takes long.
function Row({ kind, name, checked, onClick, part, version }) {
  const description = textOf(part.description, version);
  const zone = { expected: "green", forbidden: "red" }[part.polarity] ?? part.zone;
  return html`<label class="choice">
    <input type=${kind} autocomplete="off" name=${name} checked=${checked} onClick=${onClick} />
    <span>${textOf(part.text, version)}${description && html`<small>${description}</small>`}
      ${zone && html`<${Sign} zone=${zone} words=${signWords(part)} />`}</span>
  </label>`;
}

function signWords({ polarity, zone }) {
  return {
    expected: t("expected"), forbidden: t("forbidden"), green: t("green"), yellow: t("yellow"), red: t("red"),
    not_applicable: t("not applicable"),
  }[polarity ?? zone];
}

// Never colour alone: a shape of its own for each zone, and its word.
function Sign({ zone, words }) {
  const ring = html`<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2" />`;
  return html`<span class=${`zone ${zone}`}>
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">${{
      green: html`<circle cx="8" cy="8" r="7" fill="currentColor" />`,
      yellow: html`${ring}<path d="M8 1a7 7 0 0 0 0 14z" fill="currentColor" />`,
      red: html`${ring}<path d="M4 6.5h8v3H4z" fill="currentColor" />`,
      not_applicable: html`<path d="M3 7h10v2H3z" fill="currentColor" />`,
    }[zone]}</svg> ${words}</span>`;
}

function Measure(props) {
  const { unit } = props.criterion;
  return html`<${NumberField} ...${props} unit=${unitWords(unit)} tool=${BY_UNIT[unit]} />`;
}

function Money(props) {
  return html`<${NumberField} ...${props} unit=${currencySign(props.criterion.settings.currency)} />`;
}

function currencySign(currency) {
  if (!currency) return "";
  const parts = new Intl.NumberFormat(language(), { style: "currency", currency }).formatToParts(0);
  return parts.find(({ type }) => type === "currency").value;
}

function NumberField({ tool: Tool, ...props }) {
  const { criterion, answer, name, type, trouble, unit } = props;
  return html`<div class="rows">
    <div class="measure"><label class="field number"><span class="hidden">${unit ? t("Number, in %(unit)s", { unit }) : t("Number")}</span>
      <input type="text" name=${`${name}-number`} inputmode=${criterion.decimals ? "decimal" : "numeric"}
        autocomplete="off" value=${answer.number} onInput=${(event) => typeInto(type, "number", event)}
        aria-invalid=${trouble ? "true" : null} aria-describedby=${`${name}-wrong`} />
      ${unit && html`<span aria-hidden="true">${unit}</span>`}</label>
      ${Tool && html`<${Tool} ...${props} />`}</div>
    <${Trouble} name=${name} criterion=${criterion} trouble=${trouble} />
  </div>`;
}

function Rating({ criterion, answer, version, name, change }) {
  const { lowest, highest, lowest_words: lowestWords, highest_words: highestWords } = criterion.settings;
  const numbers = Array.from({ length: highest - lowest + 1 }, (_, place) => lowest + place);
  const ends = new Map([[lowest, textOf(lowestWords, version)], [highest, textOf(highestWords, version)]]);
  const columns = numbers.length > 6 ? Math.ceil(numbers.length / 2) : numbers.length;
  return html`<div class="rows">
    <div class="rating" role="radiogroup" aria-labelledby=${`${name}-text`} style=${{ "--columns": columns }}>
      ${numbers.map((number) => html`<label key=${number} class="choice">
        <input type="radio" autocomplete="off" name=${`${name}-rating`} checked=${answer.number === String(number)}
          onClick=${() => change((current) => rate(current, number))} />
        ${number}${ends.get(number) && html`<span class="hidden">: ${ends.get(number)}</span>`}</label>`)}
    </div>
    <div class="ends" aria-hidden="true">${[...ends].map(([number, words]) => html`
      <span>${words && t("%(number)s: %(words)s", { number, words })}</span>`)}</div>
  </div>`;
}

function Text({ answer, name, type }) {
  return html`<div class="rows">
    <textarea rows="3" name=${`${name}-words`} aria-labelledby=${`${name}-text`} value=${answer.words}
      onInput=${(event) => typeInto(type, "words", event)}></textarea>
  </div>`;
}

function DateField({ criterion, answer, name, type, trouble }) {
  return html`<div class="rows">
    <input type="date" name=${`${name}-date`} aria-labelledby=${`${name}-text`} value=${answer.at}
      aria-invalid=${trouble ? "true" : null} aria-describedby=${`${name}-wrong`}
      onInput=${(event) => typeInto(type, "at", event)} />
    <${Trouble} name=${name} criterion=${criterion} trouble=${trouble} />
  </div>`;
}

// One tap notes the moment; a second one changes nothing, for nobody can tap that moment again.
function TimeStamp({ criterion, answer, name, change, type, trouble }) {
  const { at } = answer;
  const now = () => at || change((current) => enter(current, { at: withOffset(new Date()) }));
  const correct = ({ target: { value } }) =>
    value && type((current) => enter(current, { at: withWallTime(at, value) }));
  const takeBack = ({ currentTarget }) => {
    currentTarget.closest(".rows").firstElementChild.focus();
    change((current) => enter(current, { at: "" }));
  };
  return html`<div class="rows">
    <button type="button" class="now" aria-pressed=${at !== ""} aria-describedby=${`${name}-text`} onClick=${now}>${
      at ? momentWords(at) : t("Now")}</button>
    ${at && html`<div class="stamp">
      <label><span class="hidden">${t("Correct the time")}</span>
        <input type="datetime-local" step="1" name=${`${name}-moment`} value=${at.slice(0, 19).replace(/:00$/, "")}
          aria-invalid=${trouble ? "true" : null} aria-describedby=${`${name}-wrong`} onInput=${correct} /></label>
      <button type="button" onClick=${takeBack}>${t("Take back")}</button>
    </div>`}
    <${Trouble} name=${name} criterion=${criterion} trouble=${trouble} />
  </div>`;
}

// The wall time where the tap was made: as the stamp has it, whatever zone the phone is in now.
function momentWords(at) {
  return dayAndTime(`${at.slice(0, 19)}Z`, "UTC").replace(/\d\d:\d\d$/, at.slice(11, 19));
}

function Duration({ criterion, beside, version }) {
  const milliseconds = millisecondsBetween(criterion, beside);
  const stamps = version.sections.flatMap((section) => section.criteria);
  const missing = [criterion.settings.from, criterion.settings.until]
    .filter((id) => !beside.answerTo(id))
    .map((id) => textOf(stamps.find((each) => each.id === id)?.text, version));
  const [look, words] = milliseconds === null
    ? ["muted", t("Calculated from the times. Still missing: %(what)s", { what: missing.join(", ") })]
    : milliseconds < 0 ? ["urgent", t("The end is before the beginning. Correct one of the times.")]
    : ["derived", spanWords(milliseconds)];
  return html`<div class="rows"><p class=${look} role="status">${words}</p></div>`;
}

function spanWords(milliseconds) {
  const whole = Math.round(milliseconds / 1000);
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const words = [
    hours && tn("%(num)s hour", "%(num)s hours", hours),
    minutes && tn("%(num)s minute", "%(num)s minutes", minutes),
    (seconds || !whole) && tn("%(num)s second", "%(num)s seconds", seconds)];
  return words.filter(Boolean).join(" ");
}

function Trouble({ name, criterion, trouble }) {
  return html`<p class="state urgent" id=${`${name}-wrong`} role="status">${
    trouble && troubleWords(criterion, trouble)}</p>`;
}

/** Why an answer does not fit, and what would; `trouble` as kinds.js tells it. */
export function troubleWords({ decimals }, trouble) {
  return {
    form: () => (decimals ? t("Enter a number, such as 3.5") : t("Enter a whole number, such as 12")),
    percent: () => t("A number from 0 to 100"),
    negative: () => t("A number that is not negative"),
    large: () => t("A number below 1,000,000,000"),
    words: () => t("say it in words"),
    year: () => t("Check the year: 1900 to 2100"),
    order: () => t("The end is before the beginning. Correct one of the times."),
  }[trouble]();
}

function typeInto(type, field, event) {
  const { value } = event.target;
  type((current) => enter(current, { [field]: value }));
}
