/** The page: chooses the screen, keeps focus and scrolling sensible, says when taps count. */
import { movedOn } from "../revisions.js";
import { isInVisit } from "../routes.js";
import { language, t } from "../translate.js";
import { Assignment } from "./assignment.js";
import { Assignments } from "./assignments.js";
import { BestPractice, BestPractices } from "./best_practices.js";
import { Elsewhere } from "./elsewhere.js";
import { Finish } from "./finish.js";
import { keepFocus } from "./focus.js";
import { html, render, Title } from "./html.js";
import { LoginForm, LoginScreen } from "./login.js";
import { showCriterion } from "./missing.js";
import { movedOnWords } from "./note.js";
import { Outbox } from "./outbox.js";
import { Photo } from "./photo.js";
import { RecordingLine } from "./recording.js";
import { Section } from "./section.js";
import { Settings } from "./settings.js";
import { Sorting } from "./sorting.js";
import { Staff } from "./staff.js";
import { Tray } from "./tray.js";
import { SaveUnsent } from "./unsent.js";

const SCREENS = {
  assignments: Assignments, assignment: Assignment, brief: Assignment, section: Section, photo: Photo, staff: Staff,
  bests: BestPractices, best: BestPractice, finish: Finish, outbox: Outbox, settings: Settings,
  tray: Tray, sorting: Sorting,
};
const WAITS = " waits";
const DARK = "#101214";
const LIGHT = "#ffffff";

/** Put the app on the page: {version, draw(), isSeen(), onVisible(tell)}. */
export function mount(app) {
  const root = document.getElementById("app");
  let [shown, arrivals] = [null, 0];
  let said = { message: null, place: null };
  keepFocus(root);

  function draw() {
    const { state } = app;
    dress(state.plain || state.route.screen === "tray");
    const place = placeOf(state);
    const isNew = state.started && place !== shown;
    if (isNew && !place.endsWith(WAITS)) arrivals += 1;
    if (state.message !== said.message) said = { message: state.message, place };
    // What was said elsewhere may name a criterion: in the shop nobody reads that.
    const message = state.route.screen === "tray" && said.place !== place ? null : state.message;
    render(html`
      <${Page} app=${app} state=${state} arrivals=${arrivals} message=${message} hasSaid=${said.place !== null} />`, root);
    if (!isNew) return;
    const first = shown === null;
    shown = place;
    if (first) document.documentElement.dataset.appReady = "";
    arrive(state.route, first);
  }

  return {
    version: root.dataset.version,
    draw,
    isSeen: () => !document.hidden,
    onVisible(tell) {
      document.addEventListener("visibilitychange", () => tell(document.visibilityState === "visible"));
    },
  };
}

// Language, title, look. To touch the root makes the browser work out the style of all that is on the page: only when
// one of them changes. A plain look is dark whatever the phone's own is, its bars too.
let worn = null;
function dress(isPlain) {
  const wanted = `${language()} ${isPlain}`;
  if (worn === wanted) return;
  worn = wanted;
  document.documentElement.lang = language();
  document.title = t("Tasks");
  document.documentElement.classList.toggle("plain", isPlain);
  document.querySelector("meta[name=theme-color][media*=light]").content = isPlain ? DARK : LIGHT;
}

// A screen that a tap led to leaves out the second tap of a double one, and so does the place of a message that has
// gone; what is seen first takes every tap.
function Page({ app, state, arrivals, message, hasSaid }) {
  if (state.fatal) return html`<${Fatal} app=${app} />`;
  if (!state.started) return null;
  if (!state.person) return html`<${LoginScreen} app=${app} state=${state} />`;
  if (isInVisit(state.route) && !state.open) return null;
  return html`
    ${(state.recording || state.open?.draft.recording) && html`<${RecordingLine} app=${app} state=${state} />`}
    ${state.route.screen !== "tray" && html`<${Banner} app=${app} state=${state} />`}
    <${SCREENS[state.route.screen]} key=${placeOf(state)} app=${app} state=${state} />
    ${arrivals > 1 && html`<span class="slip" key=${arrivals}></span>`}
    <${Message} app=${app} message=${message} hasSaid=${hasSaid} />`;
}

function Banner({ app, state: { login, offline, person, route, open, work } }) {
  if (login.open) {
    const later = () => app.openLogin(false);
    return html`<header class="banner">
      <${LoginForm} app=${app} login=${login} email=${person.email} cancel=${later} />
    </header>`;
  }
  return html`
    ${login.wanted && html`<header class="banner row">
      <p>${t("Log in to send and receive. What you enter is kept on this phone meanwhile.")}</p>
      <button type="button" onClick=${() => app.openLogin(true)}>${t("Log in")}</button>
    </header>`}
    ${open && movedOn(open.draft, work) && html`<header class="banner">
      <p class="urgent" role="status">${movedOnWords(movedOn(open.draft, work))}</p>
    </header>`}
    ${open && html`<${Elsewhere} app=${app} open=${open} />`}
    ${offline.update && !isInVisit(route) && html`<header class="banner row">
      <p>${t("A new version is ready.")}</p>
      <button type="button" onClick=${() => app.offline.takeUpdate()}>${t("Start it")}</button>
    </header>`}`;
}

function Message({ app, message, hasSaid }) {
  return html`<div class=${message ? "message" : hasSaid ? "message gone" : "message empty"} role="status">
    ${message && html`<p>${message.text}</p>
      ${message.undo && html`<button type="button" onClick=${() => app.undo()}>${t("Undo")}</button>`}
      <button type="button" onClick=${() => app.unsay()}>${t("Close")}</button>`}
  </div>`;
}

function Fatal({ app }) {
  return html`<main>
    <${Title}>${t("The app could not open its storage")}<//>
    <p>${t(
      "Nothing was deleted. Close other tabs of this app and try again. If that does not help, restart the phone.")}</p>
    <button type="button" class="main" onClick=${() => location.reload()}>${t("Try again")}</button>
    <${SaveUnsent} app=${app} />
  </main>`;
}

function placeOf({ person, fatal, route, open }) {
  if (fatal || !person) return fatal ? "fatal" : "login";
  const waits = isInVisit(route) && !open ? WAITS : "";
  const section = route.screen === "section" ? `${route.section}.${route.repetition}` : null;
  return [route.screen, route.id, section, route.practice, route.photo].join(" ") + waits;
}

// A new screen starts at its heading; a criterion that the address names is brought to the eye.
function arrive(route, first) {
  const heading = document.querySelector("h1");
  const named = route.screen === "section" && route.criterion;
  if (named && showCriterion(named)) return;
  scrollTo(0, 0);
  if (!first) heading?.focus({ preventScroll: true });
}
