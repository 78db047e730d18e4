/** A criterion's guidance: its words, and its reference pictures, small until one is tapped. */
import { t } from "../translate.js";
import { Component, html } from "./html.js";
import { textOf } from "./words.js";

export class Guidance extends Component {
  state = { large: null };

  render({ state: { open }, criterion }, { large }) {
    const { version } = open.task;
    const words = textOf(criterion.guidance, version);
    const pictures = (criterion.pictures ?? []).map((id) => ({ id, address: open.picture(id) }));
    const shown = pictures.find(({ id }) => id === large);
    const show = (id) => this.setState({ large: id === large ? null : id });
    const close = ({ currentTarget }) => {
      currentTarget.previousElementSibling.querySelector("[aria-expanded=true]").focus();
      show(large);
    };
    return html`
      ${words && html`<p class="guidance">${words}</p>`}
      ${pictures.length > 0 && html`<div class="guides">${pictures.map(({ id, address }, place) => html`
        <button type="button" key=${id} aria-expanded=${id === large} disabled=${!address} onClick=${() => show(id)}
          aria-label=${t("Reference picture %(number)s of %(count)s", { number: place + 1, count: pictures.length })}>
          ${address ? html`<img src=${address} alt="" loading="lazy" />` : t("not here yet")}</button>`)}</div>`}
      ${shown?.address && html`<button type="button" class="guide" aria-label=${t("Close the picture")}
        onClick=${close}><img src=${shown.address} alt="" /></button>`}`;
  }
}
