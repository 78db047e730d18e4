/** One photo, large. */
import { toSection } from "../routes.js";
import { t } from "../translate.js";
import { answerOf } from "../visit.js";
import { Bar, Component, html, Title } from "./html.js";

export function Photo({ app, state }) {
  const { open, route } = state;
  const ids = answerOf(open.draft, route.criterion).photo_ids;
  const place = ids.indexOf(route.photo);
  const back = toSection(route.id, route.section, route.criterion);
  const remove = () => {
    app.visiting.removePhoto(route.criterion, route.photo);
    location.replace(back);
  };
  return html`<main class="looking">
    <${Title}>${t("Photo %(number)s of %(count)s", { number: place + 1, count: ids.length })}<//>
    ${place >= 0 && html`<${Picture} key=${route.photo} app=${app} id=${route.photo} />`}
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

  render(_, { url, failed }) {
    if (failed) return html`<p>${t("This phone cannot show the photo. It is kept and sent as it came.")}</p>`;
    return url && html`<img src=${url} alt="" onError=${() => this.setState({ failed: true })} />`;
  }
}
