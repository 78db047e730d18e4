/** Language, the person, and whether this phone is ready for work without a network. */
import { LANGUAGES, language, t, tn } from "../translate.js";
import { LoginCode } from "./code.js";
import { Component, html, Title } from "./html.js";
import { Install } from "./install.js";
import { Room } from "./kept.js";
import { Notices } from "./notices.js";
import { Tabs } from "./tabs.js";

const TOLERATED_SKEW_MS = 120_000;

export class Settings extends Component {
  state = { leaving: false };

  render({ app, state: { person, offline, skew, version, drafts, visits, plain } }, { leaving }) {
    const kept = drafts.length + visits.filter((visit) => !visit.delivered).length;
    const stay = ({ currentTarget }) => {
      currentTarget.previousElementSibling.focus();
      this.setState({ leaving: false });
    };
    const leave = () => (kept && !leaving ? this.setState({ leaving: true }) : app.people.logOut());
    return html`<main>
      <${Title}>${t("Settings")}<//>
      <h2>${t("Language")}</h2>
      <div class="rows" role="group" aria-label=${t("Language")}>${Object.entries(LANGUAGES).map(([code, name]) => html`
        <label class="choice">
          <input type="radio" name="language" checked=${language() === code}
            onClick=${() => app.chooseLanguage(code)} />
          <span lang=${code}>${name}</span></label>`)}</div>
      <h2>${t("Look")}</h2>
      <label class="choice"><input type="checkbox" checked=${plain} onClick=${() => app.choosePlain(!plain)} />
        <span>${t("Plain look")}<small>${t("always dark, smaller, no outlet's name on top")}</small></span></label>
      <h2>${t("Without a network")}</h2>
      <p>${readyWords(offline)}</p>
      <${Room} room=${this.props.state.room} />
      <${Install} app=${app} state=${this.props.state} />
      <${LoginCode} app=${app} state=${this.props.state} />
      <${Notices} app=${app} state=${this.props.state} />
      ${Math.abs(skew) > TOLERATED_SKEW_MS && html`<p class="urgent">${clockWords(skew)}</p>`}
      <h2>${person.name}</h2>
      <p class="muted">${person.email}</p>
      <p class="muted">${t("What is on this phone is not encrypted. Lock the phone.")}</p>
      ${leaving && html`<p class="urgent" role="alert">${tn(
        "%(num)s visit is only on this phone. It waits here until you log in again.",
        "%(num)s visits are only on this phone. They wait here until you log in again.", kept)} ${
        t("Logging in again needs a network.")}</p>`}
      <button type="button" class="wide" onClick=${leave}>${leaving ? t("Log out all the same") : t("Log out")}</button>
      ${leaving && html`<button type="button" class="wide" onClick=${stay}>${t("Stay")}</button>`}
      ${version && html`<p class="muted">${t("Version %(version)s", { version: version.slice(0, 12) })}</p>`}
      <${Tabs} state=${this.props.state} />
    </main>`;
  }
}

function readyWords({ ready }) {
  if (ready === null) return "\u00a0";
  return ready ? t("Ready to work offline.") : t("Not ready to work offline yet: stay online for a minute.");
}

function clockWords(skew) {
  const minutes = Math.round(Math.abs(skew) / 60_000);
  return skew > 0
    ? tn("This phone's clock is %(num)s minute slow.", "This phone's clock is %(num)s minutes slow.", minutes)
    : tn("This phone's clock is %(num)s minute fast.", "This phone's clock is %(num)s minutes fast.", minutes);
}
