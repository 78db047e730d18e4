/** Logging in: as a screen for a new phone, as a form in place when the server asks for it. */
import { LANGUAGES, language, t } from "../translate.js";
import { html, Title } from "./html.js";

export function LoginScreen({ app, state }) {
  return html`<main class="narrow">
    <${Title}>${t("Tasks")}<//>
    <${LoginForm} app=${app} login=${state.login} />
    <p class="languages">${Object.entries(LANGUAGES).map(([code, name]) => html`
      <button type="button" lang=${code} aria-pressed=${language() === code} onClick=${() => app.chooseLanguage(code)}>${name}</button>`)}
    </p>
  </main>`;
}

export function LoginForm({ app, login, cancel }) {
  function send(event) {
    event.preventDefault();
    const { email, password } = event.target.elements;
    app.logIn(email.value.trim(), password.value);
  }
  return html`<form class="login" onSubmit=${send}>
    <label>${t("E-mail")}<input name="email" type="email" autocomplete="username" required /></label>
    <label>${t("Password")}<input name="password" type="password" autocomplete="current-password" required /></label>
    <p class="state urgent" role="alert">${login.error && errorWords(login.error)}</p>
    <div class="row">
      ${cancel && html`<button type="button" onClick=${cancel}>${t("Later")}</button>`}
      <button type="submit" class="main" disabled=${login.busy}>${t("Log in")}</button>
    </div>
  </form>`;
}

function errorWords({ wrong, detail }) {
  if (wrong === "wrong") return t("E-mail or password is wrong.");
  if (wrong === "nothing") return t("The server did not answer. Find a network, then try again.");
  return detail ?? t("The server refused. Try again later.");
}
