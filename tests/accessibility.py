"""What axe finds on a page of the manager or a screen of the phone."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe().axe_script
# All that axe knows of a page takes longer to bring here than to find out.
# The size of what is tapped is asked of WCAG 2.2 only, and axe looks for nothing of that by itself.
VIOLATIONS = """async () => {
  const asked = { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } };
  return (await axe.run(asked)).violations.map(({ id, nodes }) => (
    `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(", ")}`));
}"""
CUT = """() => {
  const root = document.documentElement;
  root.style.fontSize = "34px";
  const isCut = (each) => getComputedStyle(each).overflow !== "visible"
    && (each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1);
  const all = [...document.querySelectorAll("#app *:not(input, textarea, .hidden)")];
  const cut = all.filter((each) => isCut(each) || each.getBoundingClientRect().right > innerWidth + 1);
  const wide = root.scrollWidth > innerWidth ? [`${root.scrollWidth} pixels wide`] : [];
  root.style.fontSize = "";
  return [...wide, ...cut.map((each) => `cut off: ${each.outerHTML.slice(0, 120)}`)];
}"""

# What keeps the second tap of a double one from its place is an animation that nobody sees.
MOVING = """() => [...document.querySelectorAll("*")].filter((each) => {
  const look = getComputedStyle(each);
  const lasts = (times) => times.split(",").some((time) => parseFloat(time) > 0);
  return look.scrollBehavior === "smooth" || lasts(look.transitionDuration)
    || (lasts(look.animationDuration) && look.animationName !== "settle");
}).slice(0, 3).map((each) => `moves: ${each.outerHTML.slice(0, 120)}`)"""


def violations(page: Page) -> list[str]:
    """The rules that are broken, with the first elements that break each."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE)
    return [str(each) for each in page.evaluate(VIOLATIONS)]


def cut_in_large_text(screen: Page) -> list[str]:
    """What of a screen of the phone is wider than it or cut off when the text is twice as large."""
    return [str(each) for each in screen.evaluate(CUT)]


def moving(page: Page) -> list[str]:
    """The first elements that move when they change, or are scrolled to smoothly: none for those who asked for that."""
    return [str(each) for each in page.evaluate(MOVING)]
