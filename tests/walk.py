"""Walks the product as a person would: follows every link of the manager pages once for each kind of page."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import Page

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
