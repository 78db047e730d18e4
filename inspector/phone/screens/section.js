/** One section of a visit, or one repetition of it: its criteria one below the other, and the bar to the next. */
import { toBrief, toFinish, toSection, toStaff, toTray } from "../routes.js";
import { t } from "../translate.js";
import { itemsOf } from "../tray.js";
import {
  addRepetition, nameRepetition, placesOf, progress, removeRepetition, repetitionsOf, restoreRepetition, shownOf,
} from "../visit.js";
import { doubtWords } from "./before_leaving.js";
import { BestPracticesLink } from "./best_practices.js";
import { Criteria } from "./criteria.js";
import { Bar, Component, html, Title } from "./html.js";
import { keptWords } from "./kept.js";
import { NextMissing } from "./missing.js";
import { Whereabouts } from "./position.js";
import { isBroken, Trouble } from "./trouble.js";
import { capital, plainWords, progressWords, repetitionWords, textOf } from "./words.js";

const MOST_REPETITIONS = 10;

export class Section extends Component {
  hold = (element) => {
    this.element = element;
  };

  componentDidMount() {
    this.props.app.drawing.hold = () => {
      const before = this.felt ? this.felt.top : this.getSnapshotBeforeUpdate();
      return () => this.componentDidUpdate(null, null, before);
    };
  }

  componentWillUnmount() {
    this.props.app.drawing.hold = null;
  }

  // Where the finger leaves the glass, all is laid out; once a box is ticked, to ask would lay it out once more.
  feel = ({ target }) => {
    this.tapped = target;
    this.felt = { top: this.getSnapshotBeforeUpdate() };
    setTimeout(() => { this.felt = null; });
  };

  // By the keyboard, say.
  unfelt = ({ target }) => {
    if (!this.felt) this.tapped = target;
  };

  // A criterion that goes makes the page shorter: it stays as long as it is seen, or the tapped row would move down.
  getSnapshotBeforeUpdate() {
    const { element, tapped } = this;
    const [top, height] = [tapped?.getBoundingClientRect().top, innerHeight];
    element.style.minHeight = `${scrollY + height - element.offsetTop}px`;
    return top > 0 && top < height ? top : null;
  }

  // What comes or goes above the tapped row would move it too: the page is scrolled by as much, or gets room on top.
  componentDidUpdate(_props, _state, before) {
    const { element, tapped } = this;
    const moved = () => tapped.getBoundingClientRect().top - before;
    if (before === null || !tapped.isConnected || !moved()) return;
    scrollBy(0, moved());
    if (moved() < 0) element.style.marginTop = `${-moved()}px`;
  }

  render({ app, state }) {
    const { open, route } = state;
    const { draft, task } = open;
    const { version } = task;
    const index = Math.min(route.section, version.sections.length - 1);
    const section = version.sections[index];
    const repetition = Math.min(route.repetition, repetitionsOf(draft, section.id).length - 1);
    const shown = shownOf(task, draft);
    const places = placesOf(task, draft, shown);
    const place = { section, index, repetition };
    return html`<main ref=${this.hold} onMouseUpCapture=${this.feel} onClickCapture=${this.unfelt}>
      <div class="row">
        <p class="muted above"><a href=${toBrief(draft.id)}>${state.plain ? t("Instructions") : draft.outlet_name}</a>${
          countWords(places, index)}</p>
        <${TrayLink} draft=${draft} />
      </div>
      <${Title}>${textOf(section.title, version)}${
        section.repeats && `: ${repetitionWords(section, draft, repetition, version)}`}<//>
      <${Kept} app=${app} words=${!isBroken(open) && capital(keptWords(open, state.copies))} />
      ${shown.hasSection(section)
        ? html`<${Contents} app=${app} state=${state} shown=${shown} ...${place} />`
        : html`<p>${t("Nothing to fill in here, because of your earlier answers.")}</p>`}
      <${BestPracticesLink} open=${open} from=${repetition ? `${index}.${repetition}` : index} />
      ${places[0]?.section === index && html`<${Whereabouts} state=${state} />`}
      <${Way} app=${app} open=${open} shown=${shown} places=${places} ...${place} />
    </main>`;
  }
}

/** Where it is kept. Beside an answer that is newer than the words they are out of sight, in the same room. */
class Kept extends Component {
  isBehind = false;

  componentDidMount() {
    this.props.app.drawing.onlyWhole.add(this);
  }

  componentWillUnmount() {
    this.props.app.drawing.onlyWhole.delete(this);
  }

  componentWillReceiveProps() {
    this.isBehind = false;
  }

  fallBehind() {
    this.isBehind = true;
    this.forceUpdate();
  }

  render({ words }) {
    return html`<p class=${this.isBehind ? "state behind" : "state"} role="status">${words}</p>`;
  }
}

function TrayLink({ draft }) {
  const num = itemsOf(draft).length;
  return html`<a class="button" href=${toTray(draft.id)}>${
    num ? t("Visit mode (%(num)s)", { num }) : t("Visit mode")}</a>`;
}

// Of what is asked: a section that is hidden does not count.
function countWords(places, index) {
  const sections = [...new Set(places.map(({ section }) => section))];
  if (!sections.includes(index)) return null;
  const place = t("section %(number)s of %(count)s", { number: sections.indexOf(index) + 1, count: sections.length });
  return html`<span>${place}</span>`;
}

function Contents({ app, state, shown, section, index, repetition }) {
  const { open } = state;
  const beside = shown.beside(section, repetition);
  const intro = textOf(section.intro, open.task.version);
  return html`
    ${intro && html`<p class="brief">${intro}</p>`}
    ${section.repeats && html`
      <${Repetition} open=${open} section=${section} index=${index} repetition=${repetition} />`}
    <${Criteria} app=${app} state=${state} section=${index} repetition=${repetition} beside=${beside} />
    ${section.repeats && html`
      <${More} app=${app} open=${open} section=${section} index=${index} repetition=${repetition} />`}`;
}

/** Which repetition this is, in the inspector's words, and the ways to the others. */
function Repetition({ open, section, index, repetition }) {
  const { draft, task: { version } } = open;
  const repetitions = repetitionsOf(draft, section.id);
  const name = ({ target: { value } }) =>
    open.change((current) => nameRepetition(current, section.id, repetition, value), { soon: true });
  return html`
    ${repetitions.length > 1 && html`<ul class="repetitions">${repetitions.map((each) => html`
      <li key=${each.repetition}><a class="button" href=${toSection(draft.id, index, null, each.repetition)}
        aria-current=${each.repetition === repetition ? "page" : null}>${
          repetitionWords(section, draft, each.repetition, version)}</a></li>`)}</ul>`}
    <label class="field">${t("Give it a name, such as “at the till”")}
      <input type="text" name="label" value=${repetitions[repetition].label} disabled=${open.readOnly}
        placeholder=${plainWords(section, repetition, version)} autocomplete="off"
        onInput=${name} onBlur=${() => open.flush()} /></label>`;
}

function More({ app, open, section, index, repetition }) {
  const { draft, task: { version } } = open;
  const count = repetitionsOf(draft, section.id).length;
  const isLast = repetition === count - 1;
  const words = repetitionWords(section, draft, repetition, version);
  const go = (place) => { location.hash = toSection(draft.id, index, null, place); };
  const add = () => {
    app.visiting.leaveSection(section.id, repetition);
    open.change((current) => addRepetition(current, section.id));
    go(count);
  };
  const remove = () => {
    const earlier = open.draft;
    open.change((current) => removeRepetition(current, section));
    go(repetition - 1);
    app.say(t("Removed: %(what)s", { what: words }), () => {
      open.change((current) => restoreRepetition(current, section, earlier));
      go(repetition);
    });
  };
  return html`<div class="more">
    ${isLast && count < (section.most_repetitions ?? MOST_REPETITIONS) && html`
      <button type="button" disabled=${open.readOnly} onClick=${add}>${
        t("Add: %(what)s", { what: plainWords(section, count, version) })}</button>`}
    ${isLast && count > 1 && html`
      <button type="button" class="quiet" disabled=${open.readOnly} onClick=${remove}>${
        t("Remove: %(what)s", { what: words })}</button>`}
  </div>`;
}

function Way({ app, open, shown, places, section, index, repetition }) {
  const { draft, task } = open;
  const at = places.findIndex((place) => place.section === index && place.repetition === repetition);
  // An address may name a section that is hidden by now: its neighbours are those around its place.
  const [before, after] = at < 0
    ? [places.filter((place) => place.section < index).pop(), places.find((place) => place.section > index)]
    : [places[at - 1], places[at + 1]];
  const leave = () => app.visiting.leaveSection(section.id, repetition);
  const to = (place) => toSection(draft.id, place.section, null, place.repetition);
  const { missing, ...far } = progress(task, draft, shown);
  const words = [progressWords(far), doubtWords(open, far)].filter(Boolean).join(", ");
  const end = task.version.staff_met ? toStaff(draft.id) : toFinish(draft.id);
  return html`<${Bar} label=${t("Visit")}>
    <${Trouble} open=${open} />
    <a href=${before ? to(before) : toBrief(draft.id)} onClick=${leave}>${t("Back")}</a>
    <a class="progress" href=${toFinish(draft.id)} onClick=${leave} aria-label=${`${words}: ${t("Check and finish")}`}>${
      words}</a>
    <${NextMissing} app=${app} open=${open} missing=${missing} leave=${leave} />
    <a class="main" href=${after ? to(after) : end} onClick=${leave}>${
      after || task.version.staff_met ? t("Next") : t("Check answers")}</a>
  <//>`;
}
