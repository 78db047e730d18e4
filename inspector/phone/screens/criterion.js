/** One criterion: its question, the part of its kind, and below it always the same buttons in the same places. */
import { EMPTY_ANSWER, isSetAside, kindOf, markStatus, statusOf } from "../kinds.js";
import { inAnswer } from "../photo_places.js";
import { toPhoto } from "../routes.js";
import { t, tn } from "../translate.js";
import { answerKey, answerOf, changeAnswer, isCommentNeeded, lacking, write } from "../visit.js";
import { Evidence } from "./evidence.js";
import { Guidance } from "./guidance.js";
import { Component, html } from "./html.js";
import { ANSWERS } from "./kinds.js";
import { Note } from "./note.js";
import { RecordButton, Recordings } from "./recording.js";
import { capital, lackWords, textOf } from "./words.js";

/**
 * `section` is the section's index, `beside` what kinds.js means by it. A section may have hundreds of criteria: each
 * is drawn again only when something has changed that is seen of it, and one that is told to `wait` is an empty place
 * until appear() is called of what it gave there.
 */
export class Criterion extends Component {
  isWaiting = Boolean(this.props.wait);

  componentDidMount() {
    if (this.isWaiting) this.props.wait(this);
  }

  appear() {
    this.isWaiting = false;
    this.forceUpdate();
  }

  shouldComponentUpdate(next) {
    return seenOf(next).some((each, place) => each !== this.seen[place]);
  }

  /** Change the answer: it is drawn at once, whatever else comes of it a frame later. */
  change = (update, when) => {
    const { app, state: { open }, criterion, repetition } = this.props;
    app.drawing.changeHere(this, () => open.change((draft) => changeAnswer(draft, criterion.id, repetition, update), when));
  };

  render(props) {
    this.seen = seenOf(props);
    if (this.isWaiting) return html`<section class="criterion" id=${nameOf(props.criterion)}></section>`;
    return html`<${Whole} ...${props} change=${this.change} />`;
  }
}

function seenOf({ state: { open, developing }, section, repetition, criterion, beside, number }) {
  const answer = answerOf(open.draft, criterion.id, repetition);
  return [
    answer, number, wasLeft(open, section, repetition), open.readOnly,
    developing[inAnswer(criterion.id, repetition).key],
    answer.photo_ids.map((id) => open.preview(id) ?? open.draft.photos[id].missing).join(),
    (criterion.pictures ?? []).map((id) => open.picture(id)).join(),
    kindOf(criterion).looksBeside && beside,
  ];
}

const nameOf = ({ id }) => `criterion-${id}`;

function wasLeft({ draft, task }, section, repetition) {
  return draft.left_sections.includes(answerKey(task.version.sections[section].id, repetition));
}

function Whole({ app, state, section, repetition, criterion, beside, number, change }) {
  const { open } = state;
  const { version } = open.task;
  const answer = answerOf(open.draft, criterion.id, repetition);
  const name = nameOf(criterion);
  const type = (update) => change(update, { soon: true });
  const stay = () => app.visiting.stayAt(section, repetition, criterion.id);
  // A tap gives the focus before it clicks: what it answers is saved and drawn with where it was, not after that.
  const stayFocused = () => setTimeout(stay);
  const place = inAnswer(criterion.id, repetition);
  const kind = kindOf(criterion);
  const status = statusOf(criterion, answer);
  const asked = status !== null || wasLeft(open, section, repetition);
  return html`<section class="criterion" id=${name} role="group" aria-labelledby=${`${name}-text`}
    onFocusIn=${stayFocused} onClick=${stay} onFocusOut=${() => open.flush()}>
    <h2 id=${`${name}-text`} tabindex="-1"><span class="number">${number}.</span> ${textOf(criterion.text, version)}
      ${!criterion.required && !kind.isDerived && html` <span class="muted">(${t("optional")})</span>`}</h2>
    <${Guidance} state=${state} criterion=${criterion} />
    ${(criterion.evidence === "required" || kind.isPhotos) && html`<p class="guidance">${photosWords(criterion)}</p>`}
    <${Note} state=${state} criterion=${criterion} repetition=${repetition} />
    <fieldset class="plain" disabled=${open.readOnly}>
      <${ANSWERS[criterion.kind]} app=${app} criterion=${criterion} answer=${isSetAside(answer) ? EMPTY_ANSWER : answer}
        beside=${beside} version=${version} name=${name} change=${change} type=${type}
        trouble=${status === "answered" ? kind.trouble?.(criterion, answer, beside) : null} />
      ${!kind.isDerived && html`
        <${Buttons} app=${app} state=${state} criterion=${criterion} place=${place} answer=${answer} change=${change}
          repetition=${repetition} />
        <${Writing} criterion=${criterion} answer=${answer} name=${name} type=${type} />
        <${Evidence.Photos} state=${state} place=${place}
          toPhoto=${(id) => toPhoto(open.draft.id, section, criterion.id, id, repetition)} />
        ${answer.recordings && html`
          <${Recordings} app=${app} open=${open} criterion=${criterion} repetition=${repetition} />`}`}
    </fieldset>
    <${Lacks} criterion=${criterion} answer=${answer} beside=${beside} asked=${asked} />
  </section>`;
}

function photosWords({ evidence_at_least: count }) {
  return capital(tn("%(num)s photo needed", "%(num)s photos needed", Math.max(1, count ?? 1)));
}

function Buttons({ app, state, criterion, place, answer, change, repetition }) {
  const press = (status, words) => html`
    <button type="button" aria-pressed=${answer.status === status}
      onClick=${() => change((current) => markStatus(current, status))}>${words}</button>`;
  const takesPhotos = criterion.evidence !== "none" || kindOf(criterion).isPhotos;
  // Where a photo is the answer, a recording is none.
  const mayRecord = state.open.task.project?.audio && takesPhotos && !kindOf(criterion).isPhotos;
  return html`<div class="buttons">
    ${takesPhotos && html`<${Evidence.Buttons} app=${app} state=${state} place=${place} />`}
    ${mayRecord && html`
      <${RecordButton} app=${app} open=${state.open} criterion=${criterion} repetition=${repetition} />`}
    ${criterion.may_be_not_applicable && press("not_applicable", t("Not here"))}
    ${press("could_not_check", t("Could not check"))}
  </div>`;
}

function Writing({ criterion, answer, name, type }) {
  const into = (field) => (event) => {
    const { value } = event.target;
    type((current) => write(current, field, value));
  };
  const comment = isCommentNeeded(criterion, answer) ? t("Comment (required)") : t("Comment");
  return html`
    ${answer.status === "could_not_check" && html`<label class="field">${t("Why could it not be checked?")}
      <textarea rows="2" name=${`${name}-reason`} value=${answer.reason} onInput=${into("reason")}></textarea></label>`}
    ${criterion.comment !== "none" && html`<label class="field">${comment}
      <textarea rows="1" name=${`${name}-comment`} value=${answer.comment} onInput=${into("comment")}></textarea>
    </label>`}`;
}

// Said once the section was left, or about an answer that is begun: nobody wants to be told off before the first tap.
// What is wrong with a value stands beside it already.
function Lacks({ criterion, answer, beside, asked }) {
  const lacks = asked ? lacking(criterion, answer, beside).filter(({ what }) => what !== "value") : [];
  return html`<p class="lacks" role="status">${lacks.map(lackWords).join(", ")}</p>`;
}
