/**
 * What is used in the shop, maybe under somebody's eyes: a few large buttons and what they took. It says nothing of the
 * visit: no outlet, no question.
 */
import { inTray } from "../photo_places.js";
import { toSection, toSorting } from "../routes.js";
import { start, stop } from "../stopwatch.js";
import { t } from "../translate.js";
import { countOn, itemsOf, putBack, putIn, takeOut, trayOf } from "../tray.js";
import { withOffset } from "../visit.js";
import { freshId } from "../visiting.js";
import { ACCEPTED } from "./evidence.js";
import { Component, html, StateLine } from "./html.js";
import { stateWords, Trouble } from "./trouble.js";
import { Face, isSlip, SLIP_MS } from "./watch.js";

export class Tray extends Component {
  state = { note: null };

  // A visit that is continued comes back here, where its stopwatches run.
  componentDidMount() {
    const { open } = this.props.state;
    if (!open.draft.at.tray) open.change((draft) => ({ ...draft, at: { ...draft.at, tray: true } }));
  }

  // What was begun last is above the thumb, and seen, however much there is.
  componentDidUpdate() {
    const { length } = trayOf(this.props.state.open.draft).measures;
    if (length > this.length) scrollTo(0, document.body.scrollHeight);
    this.length = length;
  }

  put(item) {
    this.props.state.open.change((draft) => putIn(draft, item));
  }

  // The second tap of a double one begins nothing more.
  begin(item) {
    const { what, since } = this.begun ?? {};
    this.begun = { what: item.what, since: performance.now() };
    if (what !== item.what || this.begun.since - since > SLIP_MS) this.put({ id: freshId(), at: withOffset(new Date()), ...item });
  }

  // A note is in the tray from its first letter on, and done when the field is left.
  type({ target: { value } }) {
    const note = { ...(this.state.note ?? { id: freshId(), at: withOffset(new Date()) }), text: value };
    this.setState({ note });
    this.props.state.open.change((draft) => putIn(draft, note), { soon: true });
  }

  render({ app, state }, { note }) {
    const { open, developing } = state;
    const { draft } = open;
    const { section, criterion, repetition } = draft.at;
    const waiting = developing[inTray().key] ?? 0;
    const leave = () => open.change((current) => ({ ...current, at: { ...current.at, tray: false } }));
    const done = () => {
      open.flush();
      this.setState({ note: null });
    };
    return html`<main class="tray">
      <h1 class="hidden" tabindex="-1">${t("Tasks")}</h1>
      <div class="row">
        <a class="button" href=${toSection(draft.id, section, criterion, repetition)} onClick=${leave}>${t("Back")}</a>
        <a class="button" href=${toSorting(draft.id)} onClick=${leave}>${
          t("Not sorted: %(num)s", { num: itemsOf(draft).length })}</a>
      </div>
      <${StateLine}>${stateWords(open, waiting)}<//>
      <${Trouble} open=${open} />
      <fieldset class="plain" disabled=${open.readOnly}>
        <ul class="rows">${trayOf(draft).measures.map((item) => (item.what === "stopwatch"
          ? html`<${Stopwatch} key=${item.id} item=${item} put=${(news) => this.put(news)} />`
          : html`<${Counter} key=${item.id} item=${item} app=${app} open=${open} />`))}</ul>
        <div class="thumb"><input type="text" class="big" autocomplete="off" enterkeyhint="done" aria-label=${t("Note")}
          placeholder=${t("Note")} value=${note?.text ?? ""} onInput=${(event) => this.type(event)} onBlur=${done}
          onKeyDown=${({ key, target }) => key === "Enter" && target.blur()} />
        <div class="tiles">
          <label class="button big">${t("Photo")}
            <input type="file" accept=${ACCEPTED} capture="environment" onClick=${() => open.flush()}
              onChange=${({ target }) => {
                app.visiting.takePhotos(inTray(), target.files);
                target.value = "";
              }} /></label>
          <button type="button" class="big" onClick=${() => this.begin({ what: "stopwatch", ...start() })}>${t("Time")}</button>
          <button type="button" class="big" onClick=${() => this.begin({ what: "counter", value: 1 })}>${t("Count")}</button>
        </div></div>
      </fieldset>
    </main>`;
  }
}

function Stopwatch({ item, put }) {
  const press = () => {
    if (!isSlip(item.id, item.since ? "stop" : "start")) put({ ...item, ...(item.since ? stop(item) : start(item)) });
  };
  return html`<li><button type="button" class=${item.since ? "big wide on" : "big wide"} onClick=${press}>
    <${Face} watch=${item} />${item.since ? t("Stop") : t("Resume")}</button></li>`;
}

// Counted back to before its first one it is gone: it was a slip.
function Counter({ item, app, open }) {
  const count = (by) => open.change((draft) => countOn(draft, item, by));
  const less = () => {
    if (item.value > 0) return count(-1);
    open.change((draft) => takeOut(draft, item));
    return app.say(t("Removed"), () => open.change((draft) => putBack(draft, item)));
  };
  return html`<li class="row">
    <button type="button" class="big" aria-label=${t("Count: −1")} onClick=${less}>−1</button>
    <button type="button" class="big wide" aria-label=${t("Count: +1")} onClick=${() => count(1)}>
      <span class="face">${item.value}</span>+1</button>
    <span class="hidden" role="status">${item.value}</span></li>`;
}
