/** What lies in the tray, to be assigned in a quiet place: each item with the criteria that wait for it. */
import { practicesOf } from "../practices.js";
import { toFinish, toTray } from "../routes.js";
import { elapsed, face } from "../stopwatch.js";
import { t, timeOfDay } from "../translate.js";
import {
  assign, assignToPractice, itemsOf, putBack, takeOut, targetsOf, unassign, unassignFromPractice,
} from "../tray.js";
import { shownOf } from "../visit.js";
import { freshId } from "../visiting.js";
import { Bar, Component, html, StateLine, Title } from "./html.js";
import { isBroken, Trouble } from "./trouble.js";
import { Face } from "./watch.js";
import { capital, repetitionWords, savedWords, textOf } from "./words.js";

const SUGGESTED = 3;

export class Sorting extends Component {
  state = { whole: null };

  render({ app, state }, { whole }) {
    const { open } = state;
    const { draft, task } = open;
    const items = itemsOf(draft);
    const shown = shownOf(task, draft);
    const expand = (id) => this.setState({ whole: id === whole ? null : id });
    return html`<main>
      <p class="muted above outlet">${draft.outlet_name}</p>
      <${Title}>${t("Sort what you collected")}<//>
      <${StateLine}>${!isBroken(open) && capital(savedWords(open))}<//>
      ${items.length
        ? html`<p class="muted">${t("Tap the criterion each one belongs to.")}</p>`
        : html`<p>${t("Everything is sorted.")}</p>`}
      <fieldset class="plain" disabled=${open.readOnly}>
        <div class="cards shifting">${items.map((item) => html`
          <${Item} key=${item.id} app=${app} open=${open} item=${item} shown=${shown} isWhole=${item.id === whole}
            expand=${() => expand(item.id)} />`)}
          <span class="slip" key=${`of ${items.length}`}></span></div>
      </fieldset>
      <${Bar} label=${t("Visit")}>
        <${Trouble} open=${open} />
        <a href=${toTray(draft.id)}>${t("Back")}</a>
        <a class="main" href=${toFinish(draft.id)}>${t("Check answers")}</a>
      <//>
    </main>`;
  }
}

function Item({ app, open, item, shown, isWhole, expand }) {
  const { draft, task: { version } } = open;
  const targets = targetsOf(open.task, draft, item, shown);
  const wanting = targets.filter(({ wanted }) => wanted);
  const suggested = (wanting.length ? wanting : targets).slice(0, SUGGESTED);
  const others = targets.filter((each) => !suggested.includes(each));
  const move = (update, undo, where) => {
    const before = open.draft;
    open.change(update);
    if (open.draft === before) return;
    app.say(where, () => open.change(undo));
  };
  const put = (target) => move(
    (current) => assign(current, item, target, wordsOf(item)),
    (current) => unassign(current, item, target, draft),
    t("Moved to: %(what)s", { what: textOf(target.criterion.text, version) }));
  const practise = (id) => move(
    (current) => assignToPractice(current, item, id, version.sections[draft.at.section].touchpoint_id),
    (current) => unassignFromPractice(current, item, id, draft),
    t("Moved to: %(what)s", { what: t("Best practice") }));
  const drop = () => move((current) => takeOut(current, item), (current) => putBack(current, item), t("Thrown away"));
  const button = (target) => html`<${Target} key=${`${target.criterion.id} ${target.repetition}`} target=${target}
    open=${open} put=${() => put(target)} />`;
  return html`<div class="card" role="group" aria-label=${[timeOfDay(item.at), wordsOf(item)].join(" ")}>
    <span class="muted">${timeOfDay(item.at)}</span>
    <${Content} open=${open} item=${item} />
    <div class="rows">${suggested.map(button)}</div>
    <div class="buttons even">
      <button type="button" aria-expanded=${isWhole} onClick=${expand}>${t("Elsewhere")}</button>
      <button type="button" onClick=${drop}>${t("Throw away")}</button>
    </div>
    ${isWhole && html`<div class="rows">
      ${others.map(button)}
      ${["photo", "note"].includes(item.what) && html`
        ${practicesOf(draft).map(({ id, text }) => html`<button type="button" key=${id} class="target"
          onClick=${() => practise(id)}>${t("Best practice")}: ${text.trim() || t("Without text")}</button>`)}
        <button type="button" class="target" onClick=${() => practise(freshId())}>${t("Add a best practice")}</button>`}
    </div>`}
  </div>`;
}

function Content({ open, item }) {
  if (item.what === "stopwatch") return html`<strong><${Face} watch=${item} /></strong>`;
  if (item.what !== "photo") return html`<strong>${wordsOf(item)}</strong>`;
  const address = open.preview(item.id);
  if (open.draft.photos[item.id].missing) return html`<span class="lacks">${t("missing")}</span>`;
  return address ? html`<img src=${address} alt=${t("Photo")} />` : html`<span>${t("no preview")}</span>`;
}

function Target({ target: { criterion, section: index, repetition }, open: { draft, task: { version } }, put }) {
  const section = version.sections[index];
  const which = section.repeats ? `${repetitionWords(section, draft, repetition, version)}: ` : "";
  return html`<button type="button" class="target" onClick=${put}>${which}${textOf(criterion.text, version)}</button>`;
}

// What an item says where it becomes words.
function wordsOf(item) {
  if (item.what === "note") return item.text;
  if (item.what === "stopwatch") return t("Measured: %(time)s", { time: face(elapsed(item)) });
  return item.what === "counter" ? t("Counted: %(num)s", { num: item.value }) : t("Photo");
}
