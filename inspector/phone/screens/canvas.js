/** A canvas to draw photos on: off the screen where the browser can, else an element that is never shown. */
export function makeCanvas(width, height) {
  if (typeof OffscreenCanvas === "function") return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement("canvas"), { width, height });
}
