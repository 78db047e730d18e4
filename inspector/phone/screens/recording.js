/** Recordings: the button to begin one, the line that tells that one is running, and those that are there. */
import { canRecord, putTogether, record } from "../recorder.js";
import { consentWords, hasConsent, inRecordings, withConsent } from "../recordings.js";
import { face } from "../stopwatch.js";
import { language, t } from "../translate.js";
import { withOffset } from "../visit.js";
import { focus } from "./focus.js";
import { Component, html } from "./html.js";
import { Face } from "./watch.js";

/** The button; before the first recording of a visit the consent that the project demands. */
export class RecordButton extends Component {
  state = { asking: false };

  press() {
    if (hasConsent(this.props.open.draft)) this.begin();
    else this.setState({ asking: true });
  }

  begin() {
    const { app, criterion, repetition } = this.props;
    record(app, criterion.id, repetition);
  }

  confirm(words) {
    this.props.open.change((draft) => withConsent(draft, words, withOffset(new Date())));
    this.setState({ asking: false });
    this.begin();
  }

  render({ open }, { asking }) {
    if (!canRecord()) return null;
    if (!asking) return html`<button type="button" onClick=${() => this.press()}>${t("Record")}</button>`;
    const words = consentWords(open.task, language());
    return html`<div class="card consent" role="group" aria-label=${t("Consent to recordings")} tabindex="-1"
      ref=${focus}>
      <p>${words}</p>
      <button type="button" class="main" onClick=${() => this.confirm(words)}>${t("I have this consent")}</button>
      <button type="button" onClick=${() => this.setState({ asking: false })}>${t("Not now")}</button>
    </div>`;
  }
}

/** On top of every screen of the visit while one is running; in the shop, and where all looks plain, a mere stopwatch. */
export class RecordingLine extends Component {
  state = { busy: false };

  componentDidMount() {
    this.find();
  }

  componentDidUpdate() {
    this.find();
  }

  // What a killed page left is put together as soon as the visit is open again.
  find() {
    const { state: { open, recording } } = this.props;
    const id = open?.draft.recording?.id;
    if (recording || !id || open.readOnly || this.found === id) return;
    this.found = id;
    this.together();
  }

  async together() {
    const { app, state: { open } } = this.props;
    this.setState({ busy: true });
    await putTogether(app, open);
    this.setState({ busy: false });
  }

  render({ state: { open, recording, route, plain } }, { busy }) {
    if (!recording) {
      return !busy && !open.readOnly && html`<header class="banner row">
        <p>${t("A recording is not fully saved yet.")}</p>
        <button type="button" onClick=${() => this.together()}>${t("Try again")}</button></header>`;
    }
    const isTold = !plain && route.screen !== "tray";
    return html`<header class="banner row recording">
      <p>${isTold && html`<span role="status">${t("Recording")}</span> `}<${Face} watch=${recording.watch} /></p>
      <button type="button" class="main" onClick=${() => recording.stop()}>${t("Stop")}</button></header>`;
  }
}

/** Those of an answer, each to be heard and removed. */
export function Recordings({ app, open, criterion, repetition }) {
  const place = inRecordings(criterion.id, repetition);
  const ids = place.ids(open.draft);
  return ids.length > 0 && html`<ul class="rows recordings">${ids.map((id) => html`
    <${Recording} key=${id} app=${app} open=${open} place=${place} id=${id} />`)}</ul>`;
}

class Recording extends Component {
  state = { url: null, failed: false };

  componentWillUnmount() {
    this.gone = true;
    if (this.state.url) URL.revokeObjectURL(this.state.url);
  }

  async listen() {
    const kept = await this.props.app.visiting.photo(this.props.id);
    if (this.gone) return;
    if (kept) this.setState({ url: URL.createObjectURL(new Blob([kept.bytes], { type: kept.media_type })) });
    else this.setState({ failed: true });
  }

  render({ app, open, place, id }, { url, failed }) {
    const { duration_ms: duration, received } = open.draft.photos[id];
    const words = t("Recording %(time)s", { time: face(duration ?? 0) });
    const remove = () => app.visiting.removePhoto(place, id, t("Recording removed"));
    return html`<li class="row">
      <span>${words}</span>
      ${url && html`<audio controls autoplay src=${url} aria-label=${words} ref=${focus}></audio>`}
      ${!url && !failed && html`<button type="button" onClick=${() => this.listen()}>${t("Listen")}</button>`}
      ${failed && html`<span class="muted">${
        received ? t("The server has it.") : t("It is not on this phone any more.")}</span>`}
      ${!open.readOnly && html`<button type="button" class="quiet" onClick=${remove}>${t("Remove")}</button>`}
    </li>`;
  }
}
