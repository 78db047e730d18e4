/** Logging in: as a screen for a new phone, as a form in place when the server asks for it. */
import { LANGUAGES, language, t } from "../translate.js";
import { focus } from "./focus.js";
import { Component, html, Title } from "./html.js";
import { InstallFirst } from "./install.js";

export function LoginScreen({ app, state }) {
  return html`<main class="narrow">
    <${Title}>${t("Tasks")}<//>
    <${LoginForm} app=${app} login=${state.login} />
    <p><a href="/forgot" target="_blank" rel="noopener">${t("Forgot your password?")}</a></p>
    <${InstallFirst} app=${app} state=${state} />
    <p class="languages">${Object.entries(LANGUAGES).map(([code, name]) => html`
      <button type="button" lang=${code} aria-pressed=${language() === code}
        onClick=${() => app.chooseLanguage(code)}>${name}</button>`)}
    </p>
  </main>`;
}

/** In place, `email` is the one of the person whose work is on the screen, and `cancel` puts it off. */
export class LoginForm extends Component {
  state = { byCode: false };

  turn() {
    const { app, login } = this.props;
    app.openLogin(login.open);
    this.setState({ byCode: !this.state.byCode });
  }

  render({ app, login, email, cancel }, { byCode }) {
    function send(event) {
      event.preventDefault();
      if (login.busy) return;
      const { code, email: address, password } = event.target.elements;
      app.people.logIn(byCode ? { code: code.value } : { email: address.value.trim(), password: password.value });
    }
    return html`<form class="login" onSubmit=${send}>
      ${byCode ? html`
        <label key="code">${t("Code")}
          <input name="code" class="code" type="text" autocomplete="one-time-code" inputmode="text" autocorrect="off"
            autocapitalize="characters" spellcheck=${false} required ref=${focus} />
          <span class="muted">${
            t("Make one in the browser where you are logged in: Settings, “Log in on the installed app”.")}</span>
        </label>` : html`
        <label key="email">${t("E-mail")}
          <input name="email" type="email" autocomplete="username" defaultValue=${email ?? ""} required /></label>
        <label key="password">${t("Password")}
          <input name="password" type="password" autocomplete="current-password" required
            ref=${cancel && focus} /></label>`}
      <p class="state urgent" role="alert">${login.error && errorWords(login.error)}</p>
      <div class="row">
        ${cancel && html`<button type="button" onClick=${cancel}>${t("Later")}</button>`}
        <button type="submit" class="main" aria-disabled=${login.busy}>${t("Log in")}</button>
      </div>
      <button type="button" class="quiet" onClick=${() => this.turn()}>${
        byCode ? t("I have a password") : t("I have a code")}</button>
    </form>`;
  }
}

/** What went wrong, and what to do: `wrong` is "wrong", "nothing" or else; `detail` the server's own words. */
export function errorWords({ wrong, detail }) {
  if (wrong === "wrong") return t("E-mail or password is wrong.");
  if (wrong === "nothing") return t("The server did not answer. Find a network, then try again.");
  return detail ?? t("The server refused. Try again later.");
}
