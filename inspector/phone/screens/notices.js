/** Notices, turned on and off by the person; where they cannot be had, why. */
import { stateOfNotices } from "../notice_state.js";
import { t } from "../translate.js";
import { Component, html } from "./html.js";
import { isInstalled } from "./install.js";

export class Notices extends Component {
  state = { busy: false, problem: null };

  render({ app, state: { notices } }, { busy, problem }) {
    const state = stateOfNotices({ isOn: Boolean(notices), isInstalled: isInstalled() });
    const isOn = state === "on";
    const change = async (event) => {
      event.preventDefault();
      if (busy) return;
      this.setState({ busy: true, problem: null });
      const outcome = await (isOn ? app.hearing.turnOff() : app.hearing.turnOn());
      this.setState({ busy: false, problem: outcome });
    };
    return html`<h2>${t("Notices")}</h2>
      ${["on", "off"].includes(state) && html`<label class="choice">
        <input type="checkbox" checked=${isOn} aria-disabled=${busy} onClick=${change} />
        <span>${t("Say when something is new")}<small>${
          t("new, changed and returned assignments; the lock screen shows no names")}</small></span></label>`}
      <p class=${state === "denied" ? "urgent" : "muted"} role="status">${wordsOf(state, problem)}</p>`;
  }
}

function wordsOf(state, problem) {
  return {
    denied: () => t("This browser was told not to show notices. Open the settings of this site (the sign beside the address, or the phone's own settings for the app), allow notifications, and come back."),
    install: () => t("An iPhone shows notices of installed apps only. Put the app on the Home Screen first."),
    missing: () => t("This browser cannot show notices. Open the app to see what is new."),
    nothing: () => t("The server did not answer. Try again where there is a network."),
    unreachable: () => t("The browser's notice service did not answer. Try again later; some phones have none."),
  }[["on", "off"].includes(state) ? problem : state]?.();
}
