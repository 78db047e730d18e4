/** Stopwatch and counter: as they are seen, and beside the number of a measure. */
import { enter, parseNumber } from "../kinds.js";
import { elapsed, face, inUnit, start, stop } from "../stopwatch.js";
import { t } from "../translate.js";
import { Component, html } from "./html.js";

const LOOK_MS = 250;

/** What a stopwatch shows; while it runs it draws itself again, and nothing else. */
export class Face extends Component {
  componentDidMount() {
    this.timer = setInterval(() => this.props.watch.since && this.setState({}), LOOK_MS);
  }

  componentWillUnmount() {
    clearInterval(this.timer);
  }

  render({ watch }) {
    return html`<span class="face">${face(elapsed(watch))}</span>`;
  }
}

// It runs in the answer, so that it goes on whatever becomes of the page; the number is there once it is stopped.
function StopwatchField({ app, criterion, answer, change }) {
  const { watch } = answer;
  const press = () => {
    if (!watch) return change((current) => enter(current, { watch: start() }));
    const { value } = stop(watch);
    change((current) => enter(current, { number: inUnit(value, criterion), watch: null }));
    return app.say(t("Measured: %(time)s", { time: face(value) }), () => change((current) => ({ ...current, number: answer.number, watch })));
  };
  return html`<button type="button" class="watch" aria-pressed=${Boolean(watch)} onClick=${press}>${
    watch ? html`${t("Stop")} <${Face} watch=${watch} />` : t("Stopwatch")}</button>`;
}

function CounterField({ criterion, answer, change }) {
  const count = (by) => change((current) => {
    const number = (parseNumber(current.number, criterion.decimals) ?? 0) + by;
    return enter(current, { number: String(Math.max(0, number)) });
  });
  return html`<span class="counter">
    <button type="button" disabled=${!Number(answer.number)} onClick=${() => count(-1)}>−1</button>
    <button type="button" onClick=${() => count(1)}>+1</button></span>`;
}

/** What measures a unit, beside the field for its number. */
export const BY_UNIT = { seconds: StopwatchField, minutes: StopwatchField, pieces: CounterField };
