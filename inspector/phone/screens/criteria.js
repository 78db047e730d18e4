/** The criteria of a section: those that a person sees first are drawn first, hundreds of others right after them. */
import { Criterion } from "./criterion.js";
import { afterNextFrame } from "./drawing.js";
import { Component, html } from "./html.js";

// More than a screen holds.
const AT_FIRST = 8;
// What is far from the screen costs as much as one criterion, however many of them lie together there.
const TOGETHER = 20;
// A tap waits no longer for the others.
const SLICE_MS = 10;

/** `beside` is what is shown of the section, `section` its index. A criterion that the address names is there at once. */
export class Criteria extends Component {
  #waiting = [];

  constructor(props) {
    super(props);
    const { beside: { criteria }, state: { route } } = props;
    // All above it too: nothing may grow between it and the top of the page.
    this.count = criteria.findIndex(({ id }) => id === route.criterion) + 1 + AT_FIRST;
  }

  componentDidMount() {
    // What comes by an answer is drawn with it.
    this.count = Infinity;
    afterNextFrame(this.#goOn);
  }

  componentWillUnmount() {
    this.#waiting = [];
  }

  #wait = (criterion) => {
    this.#waiting.push(criterion);
  };

  #goOn = () => {
    const end = performance.now() + SLICE_MS;
    while (this.#waiting.length && performance.now() < end) this.#waiting.shift().appear();
    if (this.#waiting.length) setTimeout(this.#goOn);
  };

  render({ app, state, section, repetition, beside }) {
    const all = state.open.task.version.sections[section].criteria;
    const groups = [];
    let at = 0;
    // By their places among all: what comes or goes by an answer moves nothing from one group to another.
    beside.criteria.forEach((criterion, place) => {
      at = all.indexOf(criterion, at);
      (groups[Math.floor(at / TOGETHER)] ??= []).push(html`
        <${Criterion} key=${criterion.id} app=${app} state=${state} section=${section} repetition=${repetition}
          criterion=${criterion} beside=${beside} number=${place + 1} wait=${place < this.count ? null : this.#wait} />`);
    });
    return groups.map((group, number) => html`
      <div key=${number} class="several" style=${{ "--many": group.length }}>${group}</div>`);
  }
}
