/** One photo, large. */
import { inAnswer, inPractice } from "../photo_places.js";
import { toBestPractice, toSection } from "../routes.js";
import { t } from "../translate.js";
import { Bar, Component, html, Title } from "./html.js";

export function Photo({ app, state }) {
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
    ${place >= 0 && html`<${Picture} key=${route.photo} app=${app} open=${open} id=${route.photo} />`}
    <${Bar} label=${t("Photo")}>
      <a href=${back}>${t("Back")}</a>
      ${place >= 0 && !open.readOnly && html`<button type="button" onClick=${remove}>${t("Remove photo")}</button>`}
    <//>
  </main>`;
}

class Picture extends Component {
  state = { url: null, failed: false };

  async componentDidMount() {
    const photo = await this.props.app.visiting.photo(this.props.id);
    if (this.gone || !photo) return this.setState({ failed: true });
    return this.setState({ url: URL.createObjectURL(new Blob([photo.bytes], { type: photo.media_type })) });
  }

  componentWillUnmount() {
    this.gone = true;
    if (this.state.url) URL.revokeObjectURL(this.state.url);
  }

  render({ open, id }, { url, failed }) {
    if (!failed) return url && html`<img src=${url} alt="" onError=${() => this.setState({ failed: true })} />`;
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
