/** How to put the app on the home screen, in the words of this phone's browser; until it is done or put away. */
import { wayToInstall } from "../install.js";
import { toSettings } from "../routes.js";
import { t } from "../translate.js";
import { Component, html } from "./html.js";

// Here the browser may offer to ask by itself, a moment after the start: the button stands there from the beginning, so
// that nothing below moves, and says how where nothing was offered.
const MAY_ASK = ["button", "menu", "samsung"];

/** Where the installed app knows nothing of what was done in the browser, it is installed before one logs in. */
export function InstallFirst({ app, state }) {
  return wayHere(state) === "share" && html`<${Install} app=${app} state=${state} />`;
}

export class Install extends Component {
  state = { asked: false };

  render({ app, state, canBePutAway = false }, { asked }) {
    const { person, installPutAway, drafts, visits } = state;
    const way = wayHere(state);
    if (!way || (canBePutAway && installPutAway)) return null;
    const isKeptApart = way === "share";
    const hasWork = drafts.length > 0 || visits.some((visit) => !visit.delivered);
    const ask = () => (way === "button" ? app.install() : this.setState({ asked: true }));
    return html`<section class="card install">
      <h2>${t("Install on this phone")}</h2>
      <p>${isKeptApart
        ? t("Safari deletes unsent visits after seven days. An app on the Home Screen keeps them.")
        : t("Once installed, the app opens at once, even offline, and keeps visits more safely.")}</p>
      ${!MAY_ASK.includes(way) && html`<p>${isKeptApart && html`<${ShareSign} /> `}${stepsOf(way, person)}</p>`}
      ${isKeptApart && hasWork && html`<p class="urgent">${
        t("First finish and send the visits begun here: the installed app does not see them.")}</p>`}
      <div class="row">
        ${MAY_ASK.includes(way) && html`<button type="button" class="main" onClick=${ask}>${t("Install")}</button>`}
        ${isKeptApart && person && canBePutAway && html`
          <a class="button" href=${toSettings()}>${t("Get a code to log in there")}</a>`}
        ${canBePutAway && html`<button type="button" onClick=${() => app.putInstallAway()}>${t("Not now")}</button>`}
      </div>
      ${asked && way !== "button" && html`<p role="status">${stepsOf(way, person)}</p>`}
    </section>`;
  }
}

function wayHere({ install }) {
  return wayToInstall({ agent: agentOf(navigator), offered: Boolean(install), installed: isInstalled() });
}

// An iPad says that it is a Mac, which has no touch screen.
function agentOf({ userAgent, maxTouchPoints }) {
  return maxTouchPoints > 1 ? userAgent.replace("Macintosh", "iPad") : userAgent;
}

/** Whether the app was started from the home screen. */
export function isInstalled() {
  return navigator.standalone === true || matchMedia("(display-mode: standalone), (display-mode: fullscreen)").matches;
}

function stepsOf(way, person) {
  return {
    share: () => (person
      ? t("Tap Share, then “Add to Home Screen”. Open the app there and log in once more.")
      : t("Tap Share, then “Add to Home Screen”. Open the app there and log in.")),
    firefox: () => t("Open the menu ⋮ and tap “Install”."),
    samsung: () => t("Open the menu ☰, tap “Add page to”, then “Home screen”."),
    menu: () => t("Open the menu ⋮ and tap “Install app” or “Add to Home screen”."),
  }[way]();
}

function ShareSign() {
  return html`<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path
    d="M12 15V2M8 6l4-4 4 4M8 10H5v12h14V10h-3" fill="none" stroke="currentColor" stroke-width="2" /></svg>`;
}
