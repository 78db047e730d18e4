"""Takes the pictures that README.md shows, from the demo, into docs/pictures/: `python -m tests.readme_pictures`.

To be taken anew when what they show has changed.
"""

import io
import re
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from inspector.demo import PASSWORD
from tests.acts import enter_phone, part
from tests.browsers import FLAGS, PHONE, chromium_path
from tests.servers import ROOT, LiveServer
from tests.walk import log_in, speak

OUTPUT = ROOT / "docs" / "pictures"
MANAGER, INSPECTOR = "manager@example.com", "oliver@example.com"
WINDOW = {"width": 1280, "height": 800}
GAP = 32
QUALITY = 82


def main() -> None:
    OUTPUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = LiveServer(f"sqlite:///{folder}/demo.db", Path(folder) / "data", DEMO="1")
        server.start()
        try:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
            _keep("results", _results(browser, server.url))
            _keep("phone", _beside(_screens(browser, server.url)))
            browser.close()
        finally:
            server.stop()


def _results(browser: Browser, url: str) -> Image.Image:
    page = browser.new_context(base_url=url, locale="en-GB", viewport=WINDOW).new_page()
    log_in(page, MANAGER, PASSWORD)
    speak(page, "en")
    page.locator("main .card h3 a").first.click()
    part(page, "Results")
    return _shot(page)


def _screens(browser: Browser, url: str) -> list[Image.Image]:
    screen = browser.new_context(base_url=url, locale="en-GB", **PHONE).new_page()
    screen.goto("/phone/")
    enter_phone(screen, INSPECTOR, PASSWORD)
    shots = [_shot(screen)]
    screen.locator("a[href^='#/assignments/']").first.click()
    screen.get_by_role("button", name="Start visit").click()
    screen.get_by_label("Number").first.fill("12")
    asked = screen.get_by_role("group", name=re.compile(r"^2\."))
    asked.locator("label.choice").nth(2).click()
    asked.evaluate("group => group.scrollIntoView()")
    shots.append(_shot(screen))
    screen.get_by_role("link", name="Visit mode").click()
    screen.get_by_role("button", name="Time").click()
    screen.get_by_role("button", name="Count", exact=True).click()
    shots.append(_shot(screen))
    return shots


def _shot(page: Page) -> Image.Image:
    page.wait_for_timeout(800)
    return Image.open(io.BytesIO(page.screenshot()))


def _beside(shots: list[Image.Image]) -> Image.Image:
    """Pictures of one size in a row, on nothing."""
    width, height = shots[0].size
    row = Image.new("RGBA", (len(shots) * (width + GAP) - GAP, height))
    for place, shot in enumerate(shots):
        row.paste(shot, (place * (width + GAP), 0))
    return row


def _keep(name: str, picture: Image.Image) -> None:
    picture.save(OUTPUT / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
