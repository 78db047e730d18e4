"""Walks the product as a person would: follows every link of the manager pages once for each kind of page."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

NOT_PAGES = re.compile(r"^/(static|api|phone)(/|$)|/exports/.|/reports/")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def log_in(page: Page, email: str, password: str) -> None:
    """Log in on the pages, whatever their language."""
    page.goto("/login")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda address: "/login" not in address)


def speak(page: Page, language: str) -> None:
    """Switch the pages to this language with the switch that every page has."""
    page.goto("/")
    button = page.locator(f"form[action='/language'] button[value={language}]")
    if button.first.is_visible():
        button.first.click()
        page.wait_for_load_state()


def every_page(page: Page, start: str = "/") -> Iterator[str]:
    """Go to one page of each kind that links lead to from `start`, and give its path with ids replaced, breadth
    first.
    """
    waiting, seen = [start], {kind_of(start)}
    while waiting:
        address = waiting.pop(0)
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, f"{address}: {answer.status}"
        yield kind_of(address)
        for link in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            place = urlsplit(link)
            target = place.path + (f"?{place.query}" if place.query else "")
            ours = place.netloc == urlsplit(page.url).netloc and not NOT_PAGES.search(place.path)
            if ours and kind_of(target) not in seen:
                seen.add(kind_of(target))
                waiting.append(target)


def kind_of(address: str) -> str:
    """The path without its ids and values: two visits are one kind of page."""
    return ID.sub("id", urlsplit(address).path)


def every_screen(screen: Page, email: str, password: str, photo: Path) -> Iterator[str]:
    """Go through the phone app's screens as its inspector does, and give the name of each."""
    screen.goto("/phone/")
    screen.wait_for_selector("html[data-app-ready]")
    yield "login"
    screen.locator("input[type=email]").fill(email)
    screen.locator("input[type=password]").fill(password)
    screen.keyboard.press("Enter")
    screen.wait_for_selector("a[href^='#/assignments/']")
    yield "assignments"
    for name in ("outbox", "settings"):
        screen.click(f"a[href='#/{name}']")
        yield name
    screen.click("a[href='#/']")
    screen.locator("a[href^='#/assignments/']").first.click()
    yield "assignment"
    screen.locator("button.main").click()
    screen.wait_for_selector("a[href$='/finish']")
    yield "section"
    screen.locator("input[type=checkbox]").first.check()
    with screen.expect_file_chooser() as chooser:
        screen.locator("input[type=file]").first.click()
    chooser.value.set_files(photo)
    screen.wait_for_selector("a[href*='/photos/']")
    yield "section-answered"
    screen.locator("a[href$='/brief']").first.click()
    yield "brief"
    screen.go_back()
    screen.locator("a[href*='/photos/']").first.click()
    yield "photo"
    screen.go_back()
    screen.locator("a[href$='/finish']").click()
    yield "finish"


def press_send(screen: Page) -> None:
    """Press the button if it is still there: the outbox, which notices the network by itself, may have been quicker."""
    expect(screen.get_by_role("heading", name="Outbox")).to_be_visible()
    screen.evaluate("[...document.querySelectorAll('button')].find((each) => each.textContent === 'Send now')?.click()")
