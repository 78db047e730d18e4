/** A photo's marks as they are seen: drawn over the picture, never into it. */
import { linesOf } from "../marks.js";
import { html } from "./html.js";

/** The marks over a picture of {width, height} in pixels; `parts(mark, number)` may add to each, `more` are attributes. */
export function Marks({ marks, size, parts = () => null, ...more }) {
  const { width, height } = size;
  return html`<svg class="marks" viewBox=${`0 0 ${width} ${height}`} ...${more}>
    ${marks.map((mark, number) => html`<g key=${number}>
      <${Shape} mark=${mark} size=${size} />${parts(mark, number)}</g>`)}
  </svg>`;
}

function Shape({ mark, size }) {
  if (mark.what === "blur") return html`<rect class="covered" ...${boxOf(mark, size)} />`;
  const thickness = Math.max(size.width, size.height) / 200;
  const lines = linesOf(mark, size).map((line) => line.map((place) => place.join(",")).join(" "));
  return [["rim", 2 * thickness], ["ink", thickness]].map(([name, width]) => lines.map((points) => html`
    <polyline class=${name} points=${points} stroke-width=${width} />`));
}

/** The place of a mark as the attributes of a rectangle. */
export function boxOf({ at }, { width, height }) {
  const [left, right] = [Math.min(at[0], at[2]) * width, Math.max(at[0], at[2]) * width];
  const [top, bottom] = [Math.min(at[1], at[3]) * height, Math.max(at[1], at[3]) * height];
  return { x: left, y: top, width: right - left, height: bottom - top };
}
