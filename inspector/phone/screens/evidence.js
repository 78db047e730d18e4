/** The photos of an answer or a best practice: camera, gallery, previews. `place` is one of photo_places.js. */
import { marksOf } from "../marks.js";
import { t } from "../translate.js";
import { Component, html } from "./html.js";
import { Marks } from "./marked.js";
import { savingWords } from "./words.js";

export const ACCEPTED = "image/jpeg,image/png,image/webp,image/heic,image/heif";

function Buttons({ app, state, place }) {
  // Android may kill the page while the camera is open: what is on the screen is saved before.
  const before = () => state.open.flush();
  const take = (event) => {
    app.visiting.takePhotos(place, event.target.files);
    event.target.value = "";
  };
  const field = { type: "file", autocomplete: "off", accept: ACCEPTED, onClick: before, onChange: take };
  return html`
    <label class="button">${t("Take photo")} <input ...${field} capture="environment" /></label>
    <label class="button">${t("From gallery")} <input ...${field} multiple /></label>`;
}

/** `toPhoto` makes the address of a photo, by its id. */
function Photos({ state: { open, developing }, place, toPhoto }) {
  const ids = place.ids(open.draft);
  const waiting = developing[place.key] ?? 0;
  return html`<div class="photos">
    ${ids.map((id, index) => html`
      <a key=${id} href=${toPhoto(id)}
        aria-label=${[t("Photo %(number)s of %(count)s", { number: index + 1, count: ids.length }), unseenWords(open, id)]
          .filter(Boolean).join(", ")}>
        <${Preview} address=${open.preview(id)} unseen=${unseenWords(open, id)} marks=${marksOf(open.draft, id)} /></a>`)}
    <p class="muted" role="status">${savingWords(waiting)}</p>
  </div>`;
}

function unseenWords(open, id) {
  if (open.draft.photos[id].missing) return t("missing");
  return open.preview(id) ? "" : t("no preview");
}

/** What is covered is covered here too: somebody may look over one's shoulder. */
class Preview extends Component {
  state = { size: null };

  render({ address, unseen, marks }, { size }) {
    if (unseen) return html`<span class="unseen">${unseen}</span>`;
    const measure = ({ target }) => this.setState({ size: { width: target.naturalWidth, height: target.naturalHeight } });
    return html`<img src=${address} alt="" onLoad=${measure} />
      ${size && marks.length > 0 && html`
        <${Marks} marks=${marks} size=${size} preserveAspectRatio="xMidYMid slice" aria-hidden="true" />`}`;
  }
}

export const Evidence = { Buttons, Photos };
