/** Screens that are not the first one: their files are fetched when the first one stands, or when one is asked for. */
import { t } from "../translate.js";
import { Component, html } from "./html.js";

const waiting = [];

/** A component that is drawn once `load()` has resolved to it; `isPart` where it is only a part of a screen. */
export function later(load, { isPart = false } = {}) {
  let Screen = null;
  const fetched = () => load().then((found) => { Screen = found; });
  waiting.push(fetched);
  return class extends Component {
    state = { failed: false };

    componentDidMount() {
      const focus = () => !isPart && document.querySelector("h1")?.focus({ preventScroll: true });
      if (!Screen) fetched().then(() => this.setState({}, focus), () => this.setState({ failed: true }));
    }

    render(props, { failed }) {
      if (Screen) return html`<${Screen} ...${props} />`;
      return failed && !isPart && html`<main><button type="button" class="main"
        onClick=${() => location.reload()}>${t("Try again")}</button></main>`;
    }
  };
}

/** Fetch them all, so that none is missing where there is no network. What fails is fetched when it is asked for. */
export function fetchLater() {
  for (const fetched of waiting.splice(0)) fetched().catch(() => {});
}
