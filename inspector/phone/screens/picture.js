/** The picture of a photo, and why there is none. */
import { marksOf } from "../marks.js";
import { t } from "../translate.js";
import { Component, html } from "./html.js";
import { Marks } from "./marked.js";

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
  if (missing) {
    return t("This photo is not on this phone. It comes by itself once the phone that took it has sent it. If that cannot be, remove it, and take another if you can.");
  }
  if (received) return t("The server has this photo. It can be seen here when there is a network.");
  return t("This phone cannot show the photo. It is kept and sent as it came.");
}
