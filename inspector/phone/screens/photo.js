/** One photo, large, with its marks. */
import { marksOf } from "../marks.js";
import { inAnswer, inPractice } from "../photo_places.js";
import { toBestPractice, toSection } from "../routes.js";
import { t } from "../translate.js";
import { Bar, Component, html, Title } from "./html.js";
import { later } from "./later.js";
import { Marks } from "./marked.js";

const Marking = later(async () => (await import("./marking.js")).Marking);
const Receipt = later(async () => (await import("./marking.js")).Receipt, { isPart: true });

export class Photo extends Component {
  state = { marking: false };

  // Back to where one came from: the heading tells where one is.
  componentDidUpdate(_props, before) {
    if (before.marking && !this.state.marking) this.element.querySelector("h1").focus({ preventScroll: true });
  }

  render({ app, state }, { marking }) {
    const { open, route } = state;
    if (marking) {
      return html`<${Marking} app=${app} open=${open} id=${route.photo} done=${() => this.setState({ marking: false })} />`;
    }
    return html`<div ref=${(element) => { this.element = element; }}>
      <${Look} app=${app} state=${state} mark=${() => this.setState({ marking: true })} /></div>`;
  }
}

function Look({ app, state, mark }) {
  const { open, route } = state;
  const at = route.practice ? inPractice(route.practice) : inAnswer(route.criterion, route.repetition);
  const ids = at.ids(open.draft);
  const place = ids.indexOf(route.photo);
  const back = route.practice
    ? toBestPractice(route.id, route.from, route.practice)
    : toSection(route.id, route.section, route.criterion, route.repetition);
  const remove = () => {
    app.visiting.removePhoto(at, route.photo);
    location.replace(back);
  };
  return html`<main class="looking">
    <${Title}>${t("Photo %(number)s of %(count)s", { number: place + 1, count: ids.length })}<//>
    ${place >= 0 && html`<${Picture} key=${route.photo} app=${app} open=${open} id=${route.photo} />
      <${Receipt} open=${open} id=${route.photo} />`}
    <${Bar} label=${t("Photo")}>
      <a href=${back}>${t("Back")}</a>
      ${place >= 0 && !open.readOnly && html`
        ${!open.draft.photos[route.photo].missing && html`<button type="button" onClick=${mark}>${t("Mark")}</button>`}
        <button type="button" onClick=${remove}>${t("Remove photo")}</button>`}
    <//>
  </main>`;
}

/** The picture of a photo; `over(size)` is what lies on it, by default its marks, and `onSize` hears of the size in pixels. */
export class Picture extends Component {
  state = { url: null, failed: false, size: null };

  async componentDidMount() {
    const photo = await this.props.app.visiting.photo(this.props.id);
    if (this.gone || !photo) return this.setState({ failed: true });
    return this.setState({ url: URL.createObjectURL(new Blob([photo.bytes], { type: photo.media_type })) });
  }

  componentWillUnmount() {
    this.gone = true;
    if (this.state.url) URL.revokeObjectURL(this.state.url);
  }

  measure({ naturalWidth: width, naturalHeight: height }) {
    this.setState({ size: { width, height } });
    this.props.onSize?.({ width, height });
  }

  render({ open, id, over }, { url, failed, size }) {
    const marks = marksOf(open.draft, id);
    if (!failed) {
      return url && html`<div class="marked">
        <img src=${url} alt="" onLoad=${({ target }) => this.measure(target)}
          onError=${() => this.setState({ failed: true })} />
        ${size && (over ? over(size) : marks.length > 0 && html`<${Marks} marks=${marks} size=${size} aria-hidden="true" />`)}
      </div>`;
    }
    const { missing, received } = open.draft.photos[id];
    const small = open.preview(id);
    return html`
      ${small && html`<img src=${small} alt="" />`}
      <p>${whyNotSeen(missing, received)}</p>`;
  }
}

function whyNotSeen(missing, received) {
  if (missing) return t("This photo never arrived and is not on this phone any more. Remove it, and take another if you can.");
  if (received) return t("The server has this photo. It can be seen here when there is a network.");
  return t("This phone cannot show the photo. It is kept and sent as it came.");
}
