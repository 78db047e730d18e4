"""How many taps, scrolls and seconds it takes to fill in the demo's on-site checklist completely.

A script with one thumb: it answers each criterion from the top with one row or button, photographs and writes what is
asked for, and goes on. The order of rows means nothing: it takes the one that is first by the alphabet. A scroll is a
swipe over two thirds of the screen; typing is counted in keys, and a photo as the tap on its button (what the camera
itself asks for is the phone's). What each tap is for: docs/taps.md.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from inspector.demo import PASSWORD
from tests.acts import draw_photo
from tests.bench.figures import Figure

INSPECTOR = "anna@example.com"
SWIPE = 2 / 3
WORDS = "As it was"
# What the script itself waits for, so that a row has come to rest before it is tapped.
REST_MS = 60


@dataclass
class Thumb:
    """What was done so far."""

    page: Page
    photo: Path
    taps: int = 0
    scrolls: int = 0
    keys: int = 0
    photos: int = 0

    def tap(self, place: Locator) -> None:
        self.reach(place)
        place.tap()
        self.taps += 1
        self.page.wait_for_timeout(REST_MS)

    def type(self, place: Locator, text: str) -> None:
        self.tap(place)
        place.fill(text)
        self.keys += len(text)

    def take_photo(self, criterion: Locator) -> None:
        button = criterion.locator("input[type=file][capture]")
        self.reach(button.locator(".."))
        before = criterion.locator(".photos a").count()
        button.set_input_files(self.photo)
        expect(criterion.locator(".photos a")).to_have_count(before + 1)
        self.taps += 1
        self.photos += 1

    def reach(self, place: Locator) -> None:
        """Swipe until the place is to be seen above the bar, up or down."""
        for _swipe in range(50):
            away: float = place.evaluate(
                "(element) => { const { top, bottom } = element.getBoundingClientRect();"
                " const bar = document.querySelector('.bar')?.getBoundingClientRect().top ?? innerHeight;"
                " const inBar = element.closest('.bar');"
                " return inBar || (top >= 0 && bottom <= bar) ? 0 : top < 0 ? -1 : 1; }"
            )
            if not away:
                return
            self.page.evaluate("(part) => scrollBy(0, part * innerHeight)", away * SWIPE)
            self.page.wait_for_timeout(REST_MS)
            self.scrolls += 1
        raise AssertionError("the place cannot be scrolled to")


def fill_in(page: Page, url: str, folder: Path) -> Iterator[Figure]:
    """Log in, begin the first visit on site and fill it in until it is finished."""
    thumb = Thumb(page, draw_photo(folder / "taps.jpg", 3))
    begin(page, url)
    began = time.perf_counter()
    criteria = 0
    while "/finish" not in page.url:
        page.locator("h1").wait_for()
        if "/staff" not in page.url:
            criteria += answer_section(thumb)
        address = page.url
        thumb.tap(page.locator(".bar a.main"))
        page.wait_for_function("(address) => location.href !== address", arg=address)
    thumb.tap(page.locator(".bar button.main:enabled"))
    page.wait_for_function("location.hash === '#/outbox'")
    seconds = time.perf_counter() - began
    yield Figure(f"phone: the demo's visit on site, {criteria} criteria: taps", thumb.taps, "")
    yield Figure(f"  scrolls (and {thumb.keys} keys, {thumb.photos} photos)", thumb.scrolls, "")
    yield Figure("  by a script", seconds, "s")


def begin(page: Page, url: str) -> None:
    page.goto(f"{url}/phone/")
    page.locator("input[type=email]").fill(INSPECTOR)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.locator("main li a").first.wait_for()
    work = page.context.request.get(f"{url}/api/v1/phone/work").json()
    criteria = {
        each["id"]: sum(len(part["criteria"]) for part in each["sections"]) for each in work["checklist_versions"]
    }
    to_do = [each for each in work["assignments"] if not each.get("visit")]
    # The longest checklist of the demo is the one for the visit on site.
    longest = max(to_do, key=lambda each: criteria[each["checklist_version_id"]])
    page.goto(f"{url}/phone/#/assignments/{longest['id']}")
    page.locator(".bar button.main").click()
    page.locator(".criterion").first.wait_for()


def answer_section(thumb: Thumb) -> int:
    """Answer what is asked here, and what is asked because of it; the number of criteria."""
    criteria = thumb.page.locator(".criterion")
    number = 0
    while number < criteria.count():
        answer(thumb, criteria.nth(number))
        number += 1
    return number


def answer(thumb: Thumb, criterion: Locator) -> None:
    rows, numbers = criterion.locator(".choice"), criterion.locator("input[inputmode]:visible")
    if rows.count():
        words = rows.all_inner_texts()
        thumb.tap(rows.nth(words.index(min(words))))
    elif numbers.count():
        thumb.type(numbers.first, "60")
    elif criterion.locator("input[type=date]").count():
        thumb.type(criterion.locator("input[type=date]"), "2026-11-20")
    elif criterion.locator("button.now").count():
        thumb.tap(criterion.locator("button.now"))
    elif criterion.locator(".rows > textarea").count():
        thumb.type(criterion.locator(".rows > textarea"), WORDS)
    elif criterion.locator("input[type=file][capture]").count():
        thumb.take_photo(criterion)
    for _each in range(4):
        if not criterion.locator(".lacks").inner_text():
            return
        without = criterion.locator(".photos a").count() == 0
        if without and criterion.locator("input[type=file][capture]").count():
            thumb.take_photo(criterion)
        else:
            thumb.type(criterion.locator("textarea").last, WORDS)
            thumb.page.wait_for_timeout(4 * REST_MS)
