/** The end of a visit: what is missing with a jump to it, and the button that finishes. */
import { wordless } from "../practices.js";
import { lostPhotos, placeOfLost, placeOfPhoto, unreadReceipts } from "../revisions.js";
import { toBestPractice, toPhoto, toPracticePhoto, toSection, toSorting, toStaff } from "../routes.js";
import { t, tn } from "../translate.js";
import { itemsOf } from "../tray.js";
import { photosInUse, placesOf, progress } from "../visit.js";
import { BeforeLeaving } from "./before_leaving.js";
import { BestPracticesLink } from "./best_practices.js";
import { Bar, html, StateLine, Title } from "./html.js";
import { troubleWords } from "./kinds.js";
import { Whereabouts } from "./position.js";
import { stateWords, Trouble } from "./trouble.js";
import { lackWords, progressWords, repetitionWords, textOf } from "./words.js";

export function Finish({ app, state }) {
  const { open } = state;
  const { draft, task } = open;
  const { done, total, missing } = progress(task, draft);
  const practices = wordless(draft);
  const lost = lostPhotos(draft).length;
  const unsorted = itemsOf(draft).length;
  const unread = unreadReceipts(draft);
  const gaps = missing.length + practices.length + lost + unsorted + unread.length;
  const evidence = photosInUse(draft);
  const recordings = evidence.filter((id) => draft.photos[id]?.media_type?.startsWith("audio")).length;
  const waiting = Object.values(state.developing).reduce((sum, count) => sum + count, 0);
  const ready = !gaps && !waiting && !open.readOnly && open.saved !== "gone";
  const last = placesOf(task, draft).pop();
  const back = task.version.staff_met
    ? toStaff(draft.id)
    : toSection(draft.id, last?.section ?? 0, null, last?.repetition);
  return html`<main>
    <p class="muted above outlet">${draft.outlet_name}</p>
    <${Title}>${t("Check and finish")}<//>
    <${StateLine}>${stateWords(open, waiting)}<//>
    <p>${t("Answered: %(done)s of %(total)s", { done, total })}. ${
      tn("%(num)s photo", "%(num)s photos", evidence.length - recordings)}.${
      recordings > 0 && ` ${tn("%(num)s recording", "%(num)s recordings", recordings)}.`}</p>
    ${gaps > 0
      ? html`<h2>${t("Still to do: %(num)s", { num: gaps })}</h2>
        <ul class="cards">
          ${unsorted > 0 && html`<li class="card">
            <a class="whole" href=${toSorting(draft.id)}>${t("Not sorted: %(num)s", { num: unsorted })}</a>
            <span class="lacks">${t("assign each to a criterion, or delete it")}</span></li>`}
          ${missing.map((gap) => html`
            <${Gap} key=${`${gap.criterion.id} ${gap.repetition}`} gap=${gap} open=${open} />`)}
          ${practices.map(({ id }) => html`<li key=${id} class="card">
            <a class="whole" href=${toBestPractice(draft.id, "finish", id)}>${t("Best practice")}</a>
            <span class="lacks">${t("say what you saw")}</span></li>`)}
          ${unread.map((id) => html`<li key=${id} class="card">
            <a class="whole" href=${toReceipt(draft, task.version, id)}>${t("Receipt")}</a>
            <span class="lacks">${t("What was paid cannot be read. Correct it.")}</span></li>`)}
          ${lost > 0 && html`<li class="card">
            <a class="whole" href=${toLost(draft, task.version)}>${tn("%(num)s photo", "%(num)s photos", lost)}</a>
            <span class="lacks">${t(
              "not on this phone: wait until the phone that took them has sent them, or remove them")}</span></li>`}
        </ul>`
      : html`<p>${t(
        "Nothing is missing. Once finished, the visit is sent by itself and cannot be changed on this phone.")}</p>`}
    <${BeforeLeaving} app=${app} state=${state} />
    <${BestPracticesLink} open=${open} from="finish" />
    <${Whereabouts} state=${state} />
    <${Bar} label=${t("Visit")}>
      <${Trouble} open=${open} />
      <a href=${back}>${t("Back")}</a>
      <span class="progress">${progressWords({ done, total, missingBehind: 0 })}</span>
      <button type="button" class="main" disabled=${!ready}
        onClick=${() => app.visiting.finish()}>${t("Finish visit")}</button>
    <//>
  </main>`;
}

function toReceipt(draft, version, photo) {
  const { practice, section, criterion, repetition } = placeOfPhoto(version, draft, (id) => id === photo) ?? {};
  if (practice) return toPracticePhoto(draft.id, "finish", practice, photo);
  return criterion ? toPhoto(draft.id, section, criterion, photo, repetition) : toSorting(draft.id);
}

function toLost(draft, version) {
  const { tray, practice, section, criterion, repetition } = placeOfLost(version, draft);
  if (tray) return toSorting(draft.id);
  return practice ? toBestPractice(draft.id, "finish", practice) : toSection(draft.id, section, criterion, repetition);
}

function Gap({ gap: { section: index, repetition, criterion, lacks }, open: { draft, task: { version } } }) {
  const section = version.sections[index];
  const words = (lack) => (lack.what === "value" ? troubleWords(criterion, lack.trouble) : lackWords(lack));
  const which = section.repeats ? `${repetitionWords(section, draft, repetition, version)}: ` : "";
  return html`<li class="card">
    <a class="whole" href=${toSection(draft.id, index, criterion.id, repetition)}>${
      which}${textOf(criterion.text, version)}</a>
    <span class="lacks">${lacks.map(words).join(", ")}</span>
  </li>`;
}
