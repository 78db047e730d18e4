/** Stopwatch and counter: as they are seen, and beside the number of a measure. */
import { enter, parseNumber } from "../kinds.js";
import { elapsed, face, inUnit, start, stop } from "../stopwatch.js";
import { t } from "../translate.js";
import { Component, html } from "./html.js";

const LOOK_MS = 250;
// The second tap of a double one comes within this time (style.css has it too).
export const SLIP_MS = 400;

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
function StopwatchField({ app, criterion, name, answer, change }) {
  const { watch } = answer;
  const press = () => {
    if (isSlip(name, watch ? "stop" : "start")) return;
    if (!watch) return change((current) => enter(current, { watch: start() }));
    const { value } = stop(watch);
    change((current) => enter(current, { number: inUnit(value, criterion), watch: null }));
    return app.say(t("Measured: %(time)s", { time: face(value) }), () => change((current) => ({ ...current, number: answer.number, watch })));
  };
  return html`<button type="button" class=${watch ? "watch on" : "watch"} onClick=${press}>${
    watch ? html`${t("Stop")} <${Face} watch=${watch} />` : t("Stopwatch")}</button>`;
}

let last = null;

/** Whether a tap is the second one of a double tap, which would take back at once what the first one does to `what`. */
export function isSlip(what, does) {
  const now = performance.now();
  const slips = last?.what === what && last.does !== does && now - last.at < SLIP_MS;
  if (!slips) last = { what, does, at: now };
  return slips;
}

// The number stands in its field, where nobody hears it change: it is told beside, but not while it is typed.
class CounterField extends Component {
  count(by) {
    const { criterion, change } = this.props;
    change((current) => {
      const number = (parseNumber(current.number, criterion.decimals) ?? 0) + by;
      this.counted = String(Math.max(0, number));
      return enter(current, { number: this.counted });
    });
  }

  // A button that is disabled loses the focus.
  render({ answer: { number } }) {
    const canLess = Number(number) > 0;
    return html`<span class="counter">
      <button type="button" aria-label=${t("Count: −1")} aria-disabled=${!canLess}
        onClick=${() => canLess && this.count(-1)}>−1</button>
      <button type="button" aria-label=${t("Count: +1")} onClick=${() => this.count(1)}>+1</button>
      <span class="hidden" role="status">${number === this.counted && number}</span></span>`;
  }
}

/** What measures a unit, beside the field for its number. */
export const BY_UNIT = { seconds: StopwatchField, minutes: StopwatchField, pieces: CounterField };
