"""Takes a picture of every page and screen, for somebody to look at: `make screenshots`.

Desktop and phone widths, light and dark, Russian and English, from the demo, into build/screenshots/. With words, only
the looks that have them all: `python -m tests.screenshots en light 1280`.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from uuid import uuid4

from playwright.sync_api import Browser, Page, sync_playwright

from inspector.demo import PASSWORD
from inspector.photo_images import draw_demo_photo
from tests.browsers import DESKTOP, FLAGS, PHONE, chromium_path
from tests.servers import ROOT, LiveServer
from tests.walk import every_page, every_screen, log_in, pages_by_links, speak

OUTPUT = ROOT / "build" / "screenshots"
OWNER = "owner@example.com"
CLIENT = "client@example.com"
INSPECTOR = "anna@example.com"
Scheme = Literal["light", "dark"]
LOOKS: list[tuple[str, Scheme]] = [("ru", "light"), ("en", "dark"), ("ru", "dark"), ("en", "light")]
WIDTHS = {1280: DESKTOP, 360: PHONE}
ATTEMPTS_TO_WAIT = 7


def main(*words: str) -> None:
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = LiveServer(f"sqlite:///{folder}/demo.db", Path(folder) / "data", DEMO="1")
        server.start()
        try:
            photo = Path(folder) / "photo.jpg"
            photo.write_bytes(draw_demo_photo(7, "Utro"))
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
            for language, scheme in LOOKS:
                for width in WIDTHS:
                    if set(words) <= {language, scheme, str(width)}:
                        _pages(browser, server.url, language, scheme, width)
                        if width == 360:
                            _screens(browser, server.url, language, scheme, photo)
            browser.close()
        finally:
            server.stop()
    sys.stdout.write(f"{len(list(OUTPUT.glob('*.png')))} pictures in {OUTPUT}\n")


def _pages(browser: Browser, url: str, language: str, scheme: Scheme, width: int) -> None:
    look = f"{width}-{scheme}-{language}"
    context = browser.new_context(base_url=url, color_scheme=scheme, locale=language, **WIDTHS[width])
    page = context.new_page()
    _shoot_all(page, _outside(page), "outside", look)
    log_in(page, OWNER, PASSWORD)
    speak(page, language)
    _shoot_all(page, every_page(page), "page", look)
    _shoot_all(page, _unlinked(page), "unlinked", look)
    context.clear_cookies()
    log_in(page, CLIENT, PASSWORD)
    speak(page, language)
    _shoot_all(page, pages_by_links(page), "client", look)
    context.close()


def _outside(page: Page) -> Iterator[str]:
    """What somebody meets who is not logged in: a guessed password, too many of them, a forgotten one, an old link."""
    page.goto("/login")
    yield "login"
    stranger = f"{uuid4()}@example.org"
    for number in range(ATTEMPTS_TO_WAIT):
        page.fill("#email", stranger)
        page.fill("#password", "guessed")
        _send(page)
        if number in (0, ATTEMPTS_TO_WAIT - 1):
            yield "login/refused" if number == 0 else "login/too-many"
    page.goto("/forgot")
    yield "forgot"
    page.fill("#email", stranger)
    _send(page)
    yield "forgot/sent"
    page.goto("/link/used-already")
    yield "link/used"


def _unlinked(page: Page) -> Iterator[str]:
    """What no link leads to: the API in words, a photo used twice, a token and an invitation that were just made."""
    page.goto("/api/v1/")
    yield "api"
    page.eval_on_selector_all("details.operation", "all => all.slice(0, 4).forEach((each) => { each.open = true; })")
    yield "api/open"
    page.goto("/")
    page.goto(page.locator("a[href$='/tokens']").first.get_attribute("href") or "")
    page.goto(f"{page.url}/new")
    page.fill("#name", "Weekly report")
    page.locator("input[name=scopes]").first.check()
    _send(page)
    yield "tokens/made"
    page.goto("/")
    project = page.locator("main .card h3 a").first.get_attribute("href") or ""
    page.goto(f"{project}visits/?photos=twice")
    yield "visits/twice"
    page.goto(page.locator("main tbody th a").first.get_attribute("href") or "")
    yield "visit/twice"
    page.goto(page.locator(".message a[href*='/photos/']").first.get_attribute("href") or "")
    yield "visit/alike"
    page.goto(f"{project}people/new")
    page.fill("#name", "Варвара Прохожая")
    page.fill("#email", f"{uuid4()}@example.org")
    _send(page)
    invitation = page.locator("code", has_text="/link/").inner_text()
    page.context.clear_cookies()
    page.goto(invitation)
    yield "link/invitation"


def _send(page: Page) -> None:
    with page.expect_navigation():
        page.click("main form.fields button.main")


def _shoot_all(page: Page, kinds: Iterator[str], what: str, look: str) -> None:
    for number, kind in enumerate(kinds):
        name = kind.strip("/").replace("/", "_") or "home"
        _shoot(page, f"{what}-{number:02}-{name}-{look}")


def _screens(browser: Browser, url: str, language: str, scheme: Scheme, photo: Path) -> None:
    context = browser.new_context(base_url=url, color_scheme=scheme, locale=language, **PHONE)
    screen = context.new_page()
    for number, name in enumerate(every_screen(screen, INSPECTOR, PASSWORD, photo)):
        screen.wait_for_timeout(300)
        _shoot(screen, f"screen-{number}-{name}-{scheme}-{language}")
    context.close()


def _shoot(page: Page, name: str) -> None:
    page.screenshot(path=OUTPUT / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
