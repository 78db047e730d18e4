"""Phones that still have the app of the release before: this service takes what it sends, and once the app is replaced,
it goes on with all that the older one had kept.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from checklists.visits import Photo, Visit
from tests.acts import draw_photo, start_visit, take_photo
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.finished import fill_in, finish_offline
from tests.releases.line import ReleasedLine
from tests.servers import LiveServer
from tests.walk import press_send

RELEASE = "0.3.0"
GREETED = "The guest is greeted"


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        made = make_audit(session)
        made.assign(session)
        made.assign(session, made.outlets[1])
    return made


@pytest.fixture
def line(live_server: LiveServer) -> Iterator[ReleasedLine]:
    with ReleasedLine(live_server.url, RELEASE) as laid:
        yield laid


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    return [draw_photo(tmp_path / f"{number}.jpg", number) for number in range(3)]


@pytest.fixture
def phone(phones: Callable[..., Phone], line: ReleasedLine, audit: Audit, photos: list[Path]) -> Phone:
    """A phone with one finished visit of two photos that could not be sent yet."""
    phone = phones("anna", line.url, locale="en-GB")
    finish_offline(phone, audit.inspectors[0].email, photos[:2])
    return phone


def is_of_the_release(screen: Page) -> bool:
    """Its page did not say yet which version it is."""
    return screen.locator("[data-version]").count() == 0


def send_all(screen: Page) -> None:
    screen.goto("/phone/#/outbox")
    press_send(screen)
    expect(screen.get_by_text("Everything has arrived.")).to_be_visible(timeout=60_000)


def received(sessions: Sessions) -> tuple[int, list[str]]:
    """How many visits are here, and the hashes of the photos that are."""
    with sessions() as session:
        stored = session.scalars(select(Photo.sha256).where(Photo.stored_at.is_not(None))).all()
        return len(session.scalars(select(Visit.id)).all()), sorted(stored)


def hashes(files: list[Path]) -> list[str]:
    return sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)


def test_what_the_release_before_sends_is_taken(phone: Phone, photos: list[Path], sessions: Sessions) -> None:
    phone.context.set_offline(False)
    send_all(phone.page)
    assert is_of_the_release(phone.page)
    assert received(sessions) == (1, hashes(photos[:2]))


def test_the_next_app_goes_on_with_what_the_one_before_had_kept(
    phone: Phone, line: ReleasedLine, photos: list[Path], sessions: Sessions
) -> None:
    screen = phone.page
    screen.get_by_role("link", name="Assignments").click()
    start_visit(screen, "Utro 2")
    first = screen.get_by_role("group", name=re.compile(r"^1\. "))
    first.get_by_label(GREETED).check()
    take_photo(screen, first, photos[2])
    begun = screen.url

    # The new app comes while nothing can be sent, and waits as long as the visit is open.
    line.is_updated = line.is_a_portal = True
    phone.context.set_offline(False)
    screen.reload()
    expect(first.get_by_label(GREETED)).to_be_checked()
    assert is_of_the_release(screen)
    screen.goto("/phone/#/")
    with screen.expect_navigation():
        screen.get_by_role("button", name="Start it").click()
    expect(screen.get_by_text("Saved on this phone").first).to_be_visible()
    assert not is_of_the_release(screen)

    screen.goto(begun)
    expect(first.get_by_label(GREETED)).to_be_checked()
    expect(first.get_by_role("link", name="Photo 1 of 1").locator("img")).to_be_visible()
    line.is_a_portal = False
    fill_in(screen)
    send_all(screen)
    assert received(sessions) == (2, hashes(photos))
