/** Before one leaves: the photos that may not be good enough, each with the way to take another. It keeps nobody back. */
import { doubtfulPhotos } from "../before_leaving.js";
import { toBestPractice, toPhoto, toPracticePhoto, toSection, toSorting } from "../routes.js";
import { t, tn } from "../translate.js";
import { ACCEPTED } from "./evidence.js";
import { html } from "./html.js";
import { textOf } from "./words.js";

export function BeforeLeaving({ app, state: { open } }) {
  const doubtful = doubtfulPhotos(open.task, open.draft);
  if (!doubtful.length) return null;
  return html`
    <h2>${t("Before you leave")}</h2>
    <p class="muted">${t("Look at these photos again while you are here. You can finish all the same.")}</p>
    <ul class="cards">${doubtful.map((each) => html`
      <${Doubtful} key=${each.id} app=${app} open=${open} photo=${each} />`)}</ul>`;
}

/** What the bar of a visit says of them once half of it is done: "2 photos to look at". */
export function doubtWords({ task, draft }, { done, total }) {
  const count = 2 * done >= total ? doubtfulPhotos(task, draft).length : 0;
  return count ? tn("%(num)s photo to look at", "%(num)s photos to look at", count) : "";
}

function Doubtful({ app, open, photo: { id, why, place, at } }) {
  const preview = open.preview(id);
  const again = async ({ target }) => {
    const before = place.ids(open.draft).length;
    await app.visiting.takePhotos(place, [...target.files]);
    target.value = "";
    // The doubtful one goes only once another is kept, and can be brought back.
    if (place.ids(open.draft).length > before) app.visiting.removePhoto(place, id);
  };
  const { photo, home, words } = waysTo(open, at, id);
  return html`<li class="card doubtful">
    <a href=${photo} aria-label=${`${t("Photo")}: ${whyWords(why)}`}>${preview
      ? html`<img src=${preview} alt="" />` : html`<span class="unseen">${t("no preview")}</span>`}</a>
    <div><span class="lacks">${whyWords(why)}</span>
      <a class="home" href=${home}>${words}</a></div>
    ${!open.readOnly && html`<label class="button">${t("Take another")}<span class="hidden">: ${whyWords(why)}</span>
      <input type="file" accept=${ACCEPTED} capture="environment" onClick=${() => open.flush()} onChange=${again} /></label>`}
  </li>`;
}

function waysTo({ draft, task: { version } }, { section, repetition, criterion, practice, tray }, id) {
  if (tray) return { photo: toSorting(draft.id), home: toSorting(draft.id), words: t("Sort what you collected") };
  if (practice) {
    return {
      photo: toPracticePhoto(draft.id, "finish", practice, id),
      home: toBestPractice(draft.id, "finish", practice),
      words: t("Best practice"),
    };
  }
  return {
    photo: toPhoto(draft.id, section, criterion.id, id, repetition),
    home: toSection(draft.id, section, criterion.id, repetition),
    words: textOf(criterion.text, version),
  };
}

function whyWords(why) {
  return {
    dark: t("probably too dark"),
    blurred: t("probably blurred"),
    twice: t("the same picture is there already"),
  }[why];
}
