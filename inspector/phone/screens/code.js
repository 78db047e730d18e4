/** A code to log in with on the installed app, which has nothing of this browser's login. */
import { t } from "../translate.js";
import { Component, html } from "./html.js";
import { isInstalled } from "./install.js";
import { errorWords } from "./login.js";

const LASTS_MS = 300_000;

export class LoginCode extends Component {
  state = { busy: false, code: null, error: null };

  componentWillUnmount() {
    clearTimeout(this.timer);
  }

  async make() {
    const { app, state: { person } } = this.props;
    this.setState({ busy: true });
    const { kind, body } = await app.api.makeCode({ personId: person.id });
    const code = kind === "ok" ? body.code : null;
    this.setState({ busy: false, code, error: code ? null : { wrong: kind, detail: body?.detail } });
    if (kind === "login") app.askForLogin();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.setState({ code: null }), LASTS_MS);
  }

  render(_props, { busy, code, error }) {
    return !isInstalled() && html`
      <button type="button" class="wide" disabled=${busy} onClick=${() => this.make()}>${
        t("Log in on the installed app")}</button>
      <div role="status">
        ${code && html`<p class="code">${code.slice(0, 4)} ${code.slice(4)}</p>
          <p>${t("Type it there under “I have a code”. It works once, within 5 minutes.")}</p>`}
        ${error && html`<p class="urgent">${errorWords(error)}</p>`}
      </div>`;
  }
}
