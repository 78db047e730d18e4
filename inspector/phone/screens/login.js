/** Logging in: as a screen for a new phone, as a form in place when the server asks for it. */
import { LANGUAGES, language, t } from "../translate.js";
import { focus } from "./focus.js";
import { html, Title } from "./html.js";
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
export function LoginForm({ app, login, email, cancel }) {
  function send(event) {
    event.preventDefault();
    if (login.busy) return;
    const { elements } = event.target;
    app.people.logIn(elements.email.value.trim(), elements.password.value);
  }
  return html`<form class="login" onSubmit=${send}>
    <label>${t("E-mail")}
      <input name="email" type="email" autocomplete="username" defaultValue=${email ?? ""} required /></label>
    <label>${t("Password")}
      <input name="password" type="password" autocomplete="current-password" required ref=${cancel && focus} /></label>
    <p class="state urgent" role="alert">${login.error && errorWords(login.error)}</p>
    <div class="row">
      ${cancel && html`<button type="button" onClick=${cancel}>${t("Later")}</button>`}
      <button type="submit" class="main" aria-disabled=${login.busy}>${t("Log in")}</button>
    </div>
  </form>`;
}

function errorWords({ wrong, detail }) {
  if (wrong === "wrong") return t("E-mail or password is wrong.");
  if (wrong === "nothing") return t("The server did not answer. Find a network, then try again.");
  return detail ?? t("The server refused. Try again later.");
}
