/** The photos of a criterion: camera and gallery, small previews. */
import { toPhoto } from "../routes.js";
import { t, tn } from "../translate.js";
import { html } from "./html.js";

const ACCEPTED = "image/jpeg,image/png,image/webp,image/heic,image/heif";

function Buttons({ app, state, criterion }) {
  // Android may kill the page while the camera is open: what is on the screen is saved before.
  const before = () => state.open.flush();
  const take = (event) => {
    app.visiting.takePhotos(criterion.id, event.target.files);
    event.target.value = "";
  };
  return html`
    <label class="button">${t("Take photo")}
      <input type="file" accept=${ACCEPTED} capture="environment" onClick=${before} onChange=${take} /></label>
    <label class="button">${t("From gallery")}
      <input type="file" accept=${ACCEPTED} multiple onClick=${before} onChange=${take} /></label>`;
}

function Photos({ state, section, criterion, answer }) {
  const { open, developing } = state;
  const waiting = developing[criterion.id] ?? 0;
  const count = answer.photo_ids.length;
  return html`<div class="photos">
    ${answer.photo_ids.map((id, place) => html`
      <a key=${id} href=${toPhoto(open.draft.id, section, criterion.id, id)}
        aria-label=${t("Photo %(number)s of %(count)s", { number: place + 1, count })}>
        <${Preview} address=${open.preview(id)} /></a>`)}
    <p class="muted" role="status">${waiting > 0 && tn("saving %(num)s photo", "saving %(num)s photos", waiting)}</p>
  </div>`;
}

function Preview({ address }) {
  return address ? html`<img src=${address} alt="" />` : html`<span class="unseen">${t("no preview")}</span>`;
}

export const Evidence = { Buttons, Photos };
