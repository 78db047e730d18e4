"""Every page and every screen, as a screen reader meets them: axe finds nothing, nothing is wider than the window, and
nothing moves for those who asked for that.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from inspector.demo import PASSWORD
from inspector.photo_images import draw_demo_photo
from tests.accessibility import cut_in_large_text, moving, violations
from tests.browsers import DESKTOP, PHONE
from tests.servers import LiveServer
from tests.walk import every_page, every_screen, log_in, pages_by_links, speak

LOOKS = [("ru", "light", 1280), ("en", "dark", 360)]


@pytest.fixture
def window(browser: Browser, demo: LiveServer) -> Iterator[Callable[[str, str, int], Page]]:
    opened: list[BrowserContext] = []

    def open_window(language: str, scheme: str, width: int) -> Page:
        device = DESKTOP if width == 1280 else PHONE
        asked = {"color_scheme": scheme, "reduced_motion": "reduce"}
        opened.append(browser.new_context(base_url=demo.url, locale=language, **asked, **device))  # type: ignore[arg-type]
        return opened[-1].new_page()

    yield open_window
    for context in opened:
        context.close()


@pytest.mark.timeout(420)
@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
def test_every_page_is_accessible_and_fits(
    window: Callable[[str, str, int], Page], language: str, scheme: str, width: int
) -> None:
    page = window(language, scheme, width)
    page.goto("/login")
    faults, kinds = {"/login": faults_of(page, width)}, []
    log_in(page, "owner@example.com", PASSWORD)
    speak(page, language)
    for kind in every_page(page):
        kinds.append(kind)
        assert page.locator("html").get_attribute("lang") == language, page.url
        faults[f"{kind}: {page.url}"] = faults_of(page, width)
    assert len(set(kinds)) > 60
    assert {kind: found for kind, found in faults.items() if found} == {}


@pytest.mark.parametrize(("language", "scheme", "width"), [("ru", "dark", 360), ("en", "light", 1280)])
def test_every_page_of_a_client_is_accessible_and_fits(
    window: Callable[[str, str, int], Page], language: str, scheme: str, width: int
) -> None:
    page = window(language, scheme, width)
    log_in(page, "client@example.com", PASSWORD)
    speak(page, language)
    faults = {kind: faults_of(page, width) for kind in pages_by_links(page)}
    assert len(faults) > 10
    assert {kind: found for kind, found in faults.items() if found} == {}


@pytest.mark.parametrize(("language", "scheme"), [("ru", "dark"), ("en", "light")])
def test_every_screen_is_accessible_and_fits(
    window: Callable[[str, str, int], Page], language: str, scheme: str, tmp_path: Path
) -> None:
    screen = window(language, scheme, 360)
    file = tmp_path / "photo.jpg"
    file.write_bytes(draw_demo_photo(1, "Utro"))
    faults = {}
    for name in every_screen(screen, "anna@example.com", PASSWORD, file):
        screen.wait_for_timeout(200)
        if name not in ("login", "assignments", "outbox"):
            assert screen.locator("html").get_attribute("lang") == language, name
        faults[name] = faults_of(screen, 360) + cut_in_large_text(screen)
    assert len(faults) > 20
    assert {name: found for name, found in faults.items() if found} == {}


def test_what_moves_is_found_where_it_may(window: Callable[[str, str, int], Page]) -> None:
    page = window("en", "light", 1280)
    page.goto("/login")
    assert moving(page) == []
    page.emulate_media(reduced_motion="no-preference")
    assert moving(page)


def faults_of(page: Page, width: int) -> list[str]:
    """What axe finds on the page, what moves on it, and whether it is wider than the window."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    return violations(page) + moving(page) + ([f"{wide} pixels wide"] if wide > width else [])
