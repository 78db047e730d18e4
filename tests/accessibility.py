"""What axe finds on a page of the manager or a screen of the phone."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe().axe_script
# All that axe knows of a page takes longer to bring here than to find out.
VIOLATIONS = """async () => (await axe.run({ resultTypes: ["violations"] })).violations.map(({ id, nodes }) => (
  `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(", ")}`))"""


def violations(page: Page) -> list[str]:
    """The rules that are broken, with the first elements that break each."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE)
    return [str(each) for each in page.evaluate(VIOLATIONS)]
