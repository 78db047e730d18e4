/** Where the focus goes when what had it is taken off the page: to the heading nearest to where it was. */
const USED = "a, button, input, label, select, textarea, [tabindex]";

let [used, around] = [null, []];

/** Look after the focus in `root`. Nothing is measured, and nothing done, unless what was used last is gone. */
export function keepFocus(root) {
  // Safari gives no focus to what is tapped.
  for (const kind of ["focusin", "click"]) root.addEventListener(kind, note);
  new MutationObserver(find).observe(root, { childList: true, subtree: true });
}

function note(event) {
  used = event.target.closest(USED);
  around = event.composedPath();
}

function find() {
  if (!used || used.isConnected || document.activeElement !== document.body) return;
  const heading = around.find((each) => each.isConnected && each.querySelector("h1, h2[tabindex]"));
  heading?.querySelector("h1, h2[tabindex]").focus({ preventScroll: true });
}

/** As the `ref` of what a person asked for by a tap: it has the focus as soon as it is there. */
export function focus(element) {
  element?.focus();
}
