/** What is only on this phone, saved to a file: what is in it, where it belongs, and how it gets there. */
import { language, t, tn } from "../translate.js";
import { Component, html, StateLine } from "./html.js";

export class SaveUnsent extends Component {
  state = { step: null, found: null, urls: [], said: null };

  // The places of the files that were saved.
  kept = new Set();

  componentWillUnmount() {
    this.gone = true;
    this.letGo();
  }

  letGo() {
    for (const url of this.state.urls) URL.revokeObjectURL(url);
  }

  // A visit may lie in several of them.
  keep = (places) => {
    const { files, filed } = this.state.found;
    for (const place of places) this.kept.add(place);
    if (this.kept.size === files.length) this.props.app.visiting.noteFiled(filed);
  };

  collect = async () => {
    this.letGo();
    this.kept.clear();
    this.setState({ step: { part: 0, parts: 0 }, found: null, urls: [], said: null });
    const found = await this.props.app.collectUnsent((step) => this.setState({ step })).catch(() => null);
    const isThere = Boolean(found?.files.length);
    if (this.gone) return;
    this.setState({
      step: null, found: isThere ? found : null, urls: isThere ? found.files.map(({ blob }) => URL.createObjectURL(blob)) : [],
      said: isThere ? null : found ? t("There is nothing unsent on this phone.") : t("It could not be read. Restart the phone, then try again."),
    });
  };

  render(_props, { step, found, urls, said }) {
    return html`<section class="unsent">
      <h2>${t("If this phone cannot send")}</h2>
      ${!found && html`<button type="button" class="wide" disabled=${Boolean(step)} onClick=${this.collect}>
        ${t("Save unsent work to a file")}</button>`}
      ${!found && html`<${StateLine}>${step ? stepWords(step) : said}<//>`}
      ${found && html`<${Ready} found=${found} urls=${urls} keep=${this.keep} />`}
    </section>`;
  }
}

// The button that was tapped has gone: what stands in its place is read out.
const focus = (line) => line?.focus();

function Ready({ found, urls, keep }) {
  const { files, lost } = found;
  const sent = filesToShare(files);
  const send = () => navigator.share({ files: sent }).then(() => keep(files.keys())).catch(() => {});
  return html`
    <p tabindex="-1" ref=${focus}>${insideWords(found)}</p>
    ${lost > 0 && html`<p class="urgent">${t("No longer on this phone, and not in the file: %(num)s.", { num: lost })}</p>`}
    <p class="urgent">${t("It is not encrypted: whoever has the file can read the answers and see the photos. Send it to your agency and to nobody else.")}</p>
    <div class="files">
      ${sent && html`<button type="button" class="main" onClick=${send}>${t("Send the file")}</button>`}
      ${files.map(({ name }, place) => html`<a class=${sent ? "button" : "main"} href=${urls[place]} download=${name} key=${name}
        onClick=${() => keep([place])}>${
        files.length > 1 ? t("Save file %(part)s of %(parts)s", { part: place + 1, parts: files.length }) : t("Save the file")}</a>`)}
    </div>
    <p class="muted">${t("Nothing is deleted from this phone. With a network it goes on sending by itself; nothing arrives twice.")}</p>`;
}

// Null where this browser cannot hand on such files.
function filesToShare(files) {
  try {
    const shared = files.map(({ blob, name }) => new File([blob], name, { type: blob.type }));
    return navigator.canShare?.({ files: shared }) ? shared : null;
  } catch {
    return null;
  }
}

/** Such as "Inside: 2 visits, 1 draft, 9 photos, 4.1 MB". */
export function insideWords({ visits, drafts, photos, size }) {
  const what = [
    visits > 0 && tn("%(num)s finished visit", "%(num)s finished visits", visits),
    drafts > 0 && tn("%(num)s begun visit", "%(num)s begun visits", drafts),
    tn("%(num)s photo", "%(num)s photos", photos), sizeWords(size),
  ].filter(Boolean).join(", ");
  return t("Inside: %(what)s.", { what });
}

function sizeWords(bytes) {
  const number = Math.max(0.1, bytes / 1e6).toLocaleString(language(), { maximumFractionDigits: 1 });
  return t("%(number)s MB", { number });
}

function stepWords({ part, parts }) {
  return parts ? t("collecting photo %(part)s of %(parts)s", { part, parts }) : t("collecting");
}
