"""A phone with a begun or a finished visit that could not be sent yet."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browsers import Phone
from tests.factories import PASSWORD


def finish_offline(phone: Phone, email: str, photos: list[Path]) -> None:
    """Log in, switch the network off, and finish the only assignment, with these photos at its first criterion."""
    screen = begin_offline(phone, email, photos)
    fill_in(screen)
    # The screen before says "Saved on this phone" too.
    expect(screen.get_by_role("heading", name="Outbox")).to_be_visible()
    expect(screen.get_by_text("Saved on this phone").first).to_be_visible()


def begin_offline(phone: Phone, email: str, photos: list[Path]) -> Page:
    """The same, but only begun."""
    screen = phone.open("/phone/")
    screen.get_by_label("E-mail").fill(email)
    screen.get_by_label("Password").fill(PASSWORD)
    screen.get_by_role("button", name="Log in").click()
    screen.get_by_role("link", name="Settings").click()
    expect(screen.get_by_text("Ready to work offline.")).to_be_visible()
    screen.get_by_role("link", name="Assignments").click()
    phone.context.set_offline(True)
    _begin(screen, photos)
    return screen


def _begin(screen: Page, photos: list[Path]) -> None:
    screen.locator("a[href^='#/assignments/']").first.click()
    screen.get_by_role("button", name="Start visit").click()
    for file in photos:
        with screen.expect_file_chooser() as chooser:
            screen.get_by_label("From gallery").first.click()
        chooser.value.set_files(file)
    expect(screen.get_by_role("link", name=f"Photo {len(photos)} of {len(photos)}")).to_be_visible()


def fill_in(screen: Page, *, finishing: bool = True) -> None:
    """The first answer to everything from this section on, then the end of the visit, where it may be finished."""
    while True:
        title = screen.get_by_role("heading", level=1).inner_text()
        for group in screen.get_by_role("group", name=re.compile(r"^\d+\. ")).all():
            answers = group.locator("input[type=radio], input[type=checkbox]")
            if answers.count():
                answers.first.check()
            else:
                group.get_by_label("Number").fill("1")
        following = screen.get_by_role("link", name="Next", exact=True)
        if not following.count():
            break
        following.click()
        expect(screen.get_by_role("heading", level=1)).not_to_have_text(title)
    screen.get_by_role("link", name="Check answers").click()
    if finishing:
        screen.get_by_role("button", name="Finish visit").click()
