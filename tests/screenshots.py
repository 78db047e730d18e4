"""Takes a picture of every page and screen, for somebody to look at: `make screenshots`.

Desktop and phone widths, light and dark, Russian and English, from the demo, into build/screenshots/.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

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


def main() -> None:
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
                _pages(browser, server.url, language, scheme)
                _screens(browser, server.url, language, scheme, photo)
            browser.close()
        finally:
            server.stop()
    sys.stdout.write(f"{len(list(OUTPUT.glob('*.png')))} pictures in {OUTPUT}\n")


def _pages(browser: Browser, url: str, language: str, scheme: Scheme) -> None:
    for width, device in ((1280, DESKTOP), (360, PHONE)):
        context = browser.new_context(base_url=url, color_scheme=scheme, locale=language, **device)
        page = context.new_page()
        page.goto("/login")
        _shoot(page, f"page-login-{width}-{scheme}-{language}")
        log_in(page, OWNER, PASSWORD)
        speak(page, language)
        _shoot_all(page, every_page(page), "page", f"{width}-{scheme}-{language}")
        context.clear_cookies()
        log_in(page, CLIENT, PASSWORD)
        speak(page, language)
        _shoot_all(page, pages_by_links(page), "client", f"{width}-{scheme}-{language}")
        context.close()


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
    main()
