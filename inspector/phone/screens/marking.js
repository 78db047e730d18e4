/** Where a photo is marked: with one finger, or with the keys. Every change is saved at once. */
import { drawnMark, isTap, markAt, marksOf, MOST_MARKS, moved, resized, usualMark, WHAT, withMarks } from "../marks.js";
import { t } from "../translate.js";
import { Bar, Component, html, StateLine, Title } from "./html.js";
import { boxOf, Marks } from "./marked.js";
import { Picture } from "./picture.js";
import { isBroken, Trouble } from "./trouble.js";
import { capital, savedWords } from "./words.js";

// One script for all that is done to a photo.

const STEP = 0.01;
const HANDLE = 0.05;
const WAYS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

export class Marking extends Component {
  state = { tool: "blur", chosen: -1, drag: null, earlier: [], size: null };

  componentDidUpdate() {
    if (!this.wanted) return;
    this.element.querySelector(this.wanted)?.focus({ preventScroll: true });
    this.wanted = null;
  }

  marks() {
    return marksOf(this.props.open.draft, this.props.id);
  }

  put(marks, chosen) {
    this.setState({ earlier: [...this.state.earlier, this.marks()], chosen });
    this.write(marks);
  }

  write(marks) {
    const { open, id } = this.props;
    open.change((draft) => withMarks(draft, id, marks));
  }

  add(mark) {
    const marks = this.marks();
    if (marks.length >= MOST_MARKS) return this.props.app.say(t("This photo has the maximum number of marks. Remove one first."));
    return this.put([...marks, mark], marks.length);
  }

  change(number, mark) {
    this.put(this.marks().map((each, place) => (place === number ? mark : each)), number);
  }

  remove(number) {
    this.put(this.marks().filter((_, place) => place !== number), -1);
    this.wanted = "[data-does=undo]";
  }

  addInMiddle() {
    this.wanted = `[data-mark="${this.marks().length}"]`;
    this.add(usualMark(this.state.tool));
  }

  undo() {
    const { earlier } = this.state;
    this.setState({ earlier: earlier.slice(0, -1), chosen: -1 });
    this.write(earlier[earlier.length - 1]);
  }

  press(event, number) {
    const way = WAYS[event.key];
    if (!way && event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    if (!way) this.remove(number);
    else this.change(number, (event.shiftKey ? resized : moved)(this.marks()[number], ...way));
  }

  // ---- With a finger

  begin(event) {
    if (!event.isPrimary) return;
    const from = placeOf(event);
    const marks = this.marks();
    const chosen = marks[this.state.chosen];
    const how = chosen && isNear(from, chosen.at.slice(2)) ? "resize"
      : chosen && markAt([chosen], from) === 0 ? "move" : "draw";
    event.currentTarget.setPointerCapture(event.pointerId);
    this.setState({ drag: { how, from, to: from, number: this.state.chosen } });
  }

  go(event) {
    const { drag } = this.state;
    if (drag && event.isPrimary) this.setState({ drag: { ...drag, to: placeOf(event) } });
  }

  end() {
    const { drag } = this.state;
    if (!drag) return;
    this.setState({ drag: null });
    const number = markAt(this.marks(), drag.from);
    if (isTap(drag.from, drag.to) && number >= 0) this.choose(number);
    else if (drag.how === "draw") this.add(this.dragged(drag));
    else this.change(drag.number, this.dragged(drag));
  }

  choose(number) {
    this.wanted = `[data-mark="${number}"]`;
    this.setState({ chosen: number });
  }

  // What the finger has made so far.
  dragged({ how, from, to, number }) {
    const way = [to[0] - from[0], to[1] - from[1]];
    if (how === "draw") return drawnMark(this.state.tool, from, to);
    return (how === "move" ? moved : resized)(this.marks()[number], ...way);
  }

  shown() {
    const { drag } = this.state;
    const marks = this.marks();
    if (!drag || isTap(drag.from, drag.to)) return marks;
    if (drag.how === "draw") return [...marks, this.dragged(drag)];
    return marks.map((each, number) => (number === drag.number ? this.dragged(drag) : each));
  }

  render({ app, open, id, done }, { tool, chosen, earlier, size }) {
    const over = (known) => html`<${Marks} marks=${this.shown()} size=${known} role="group" aria-label=${t("Marks")}
      parts=${(mark, number) => this.part(mark, number, known)} onMouseDown=${(event) => event.preventDefault()}
      onPointerDown=${(event) => this.begin(event)}
      onPointerMove=${(event) => this.go(event)} onPointerUp=${() => this.end()}
      onPointerCancel=${() => this.setState({ drag: null })} />`;
    return html`<main class="looking marking" ref=${(element) => { this.element = element; }}>
      <${Title}>${t("Mark the photo")}<//>
      <${StateLine}>${!isBroken(open) && capital(savedWords(open))}<//>
      <${Picture} app=${app} open=${open} id=${id} over=${over} onSize=${(known) => this.setState({ size: known })} />
      ${size && html`
        <div class="tools" role="group" aria-label=${t("What to draw")}>${WHAT.map((what) => html`
          <button key=${what} type="button" aria-pressed=${what === tool}
            onClick=${() => this.setState({ tool: what })}>${toolWords(what)}</button>`)}</div>
        <div class="tools">
          <button type="button" onClick=${() => this.addInMiddle()}>${t("In the middle")}</button>
          <button type="button" data-does="undo" aria-disabled=${!earlier.length}
            onClick=${() => earlier.length && this.undo()}>${t("Undo")}</button>
          <button type="button" disabled=${chosen < 0} onClick=${() => this.remove(chosen)}>${t("Delete")}</button>
        </div>
        <p class="muted" id="marking-help">${t("Draw with a finger, tap a mark to choose it.")} <span
          class=${hasKeys() ? null : "hidden"}>${t("Arrow keys move it, with Shift they change its size.")}</span></p>`}
      <${Bar} label=${t("Photo")}>
        <${Trouble} open=${open} />
        <button type="button" class="main" onClick=${done}>${t("Finish marking")}</button>
      <//>
    </main>`;
  }

  part(mark, number, size) {
    const isChosen = number === this.state.chosen;
    const [x, y] = [mark.at[2] * size.width, mark.at[3] * size.height];
    return html`<rect class=${isChosen ? "chosen" : "held"} ...${boxOf(mark, size)} tabindex="0" role="button"
        data-mark=${number} aria-pressed=${isChosen} aria-describedby="marking-help"
        aria-label=${`${toolWords(mark.what)} ${number + 1}`} onFocus=${() => this.setState({ chosen: number })}
        onKeyDown=${(event) => this.press(event, number)} />
      ${isChosen && html`<circle class="handle" cx=${x} cy=${y} r=${Math.max(size.width, size.height) / 50} />`}`;
  }
}

// Where there is a mouse there are keys; on a phone only a screen reader tells of them.
function hasKeys() {
  return matchMedia("(any-hover: hover)").matches;
}

function toolWords(what) {
  return { blur: t("Cover"), box: t("Box"), arrow: t("Arrow") }[what];
}

// In shares of the picture, and never outside it.
function placeOf({ clientX, clientY, currentTarget }) {
  const { left, top, width, height } = currentTarget.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / height].map((share) => Math.min(Math.max(share, 0), 1));
}

function isNear([x, y], [otherX, otherY]) {
  return Math.hypot(x - otherX, y - otherY) < HANDLE;
}
