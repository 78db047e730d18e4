/** One photo, large, with its marks. */
import { inAnswer, inPractice } from "../photo_places.js";
import { toBestPractice, toSection } from "../routes.js";
import { t } from "../translate.js";
import { Bar, Component, html, Title } from "./html.js";
import { Marking } from "./marking.js";
import { Picture } from "./picture.js";
import { Receipt } from "./receipt.js";

export class Photo extends Component {
  state = { marking: false };

  render({ app, state }, { marking }) {
    const { open, route } = state;
    if (marking) {
      return html`<${Marking} app=${app} open=${open} id=${route.photo} done=${() => this.setState({ marking: false })} />`;
    }
    return html`<${Look} app=${app} state=${state} mark=${() => this.setState({ marking: true })} />`;
  }
}

function Look({ app, state, mark }) {
  const { open, route } = state;
  const at = route.practice ? inPractice(route.practice) : inAnswer(route.criterion, route.repetition);
  const ids = at.ids(open.draft);
  const place = ids.indexOf(route.photo);
  const isMissing = open.draft.photos[route.photo]?.missing;
  const back = route.practice
    ? toBestPractice(route.id, route.from, route.practice)
    : toSection(route.id, route.section, route.criterion, route.repetition);
  const remove = () => {
    app.visiting.removePhoto(at, route.photo);
    location.replace(back);
  };
  return html`<main class="looking">
    <${Title}>${t("Photo %(number)s of %(count)s", { number: place + 1, count: ids.length })}<//>
    ${place >= 0 && html`<${Picture} key=${`${route.photo} ${isMissing}`} app=${app} open=${open} id=${route.photo} />
      <${Receipt} open=${open} id=${route.photo} />`}
    <${Bar} label=${t("Photo")}>
      <a href=${back}>${t("Back")}</a>
      ${place >= 0 && !open.readOnly && html`
        ${!isMissing && html`<button type="button" onClick=${mark}>${t("Mark")}</button>`}
        <button type="button" onClick=${remove}>${t("Remove photo")}</button>`}
    <//>
  </main>`;
}
