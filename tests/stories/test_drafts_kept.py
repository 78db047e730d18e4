"""A begun visit outlives its phone: copy and photos are kept on the server, another phone goes on with them, and gets
later what was not there yet; and two phones that work on the same visit know of each other.
"""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select

from checklists.visits import DraftCopy, DraftPhoto, Photo, SealedReport, Visit
from tests.acts import draw_photo, enter_phone, take_photo
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.finished import fill_in
from tests.servers import LiveServer
from tests.walk import press_send

GREETED = "The guest is greeted"


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        made = make_audit(session)
        made.assign(session)
    return made


def new_phone(phones: Callable[..., Phone], live_server: LiveServer, audit: Audit, name: str) -> tuple[Phone, Page]:
    phone = phones(name, live_server.url, locale="en-GB")
    screen = phone.open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    return phone, screen


def first_criterion(screen: Page) -> Locator:
    return screen.get_by_role("group", name=re.compile(r"^1\. "))


def begin_offline(phone: Phone, screen: Page, photo: Path) -> None:
    phone.context.set_offline(True)
    screen.locator("a[href^='#/assignments/']").first.click()
    screen.get_by_role("button", name="Start visit").click()
    greeting = first_criterion(screen)
    greeting.get_by_label(GREETED).check()
    take_photo(screen, greeting, photo)
    expect(screen.get_by_text("no copy on the server yet")).to_be_visible()


def wait_until_kept(screen: Page) -> None:
    """Copy and photos: words that name a photo that is not there yet would not fit."""
    expect(screen.get_by_text(re.compile(r"copy on the server \d\d:\d\d$"))).to_be_visible()


def come_on_line(phone: Phone) -> None:
    """Nobody waits for a pause then."""
    phone.context.set_offline(True)
    phone.page.wait_for_function("!navigator.onLine")
    phone.context.set_offline(False)


def send(screen: Page) -> None:
    press_send(screen)
    expect(screen.get_by_text("Everything has arrived.")).to_be_visible(timeout=60_000)


def test_a_begun_visit_outlives_its_phone(
    live_server: LiveServer, phones: Callable[..., Phone], sessions: Sessions, audit: Audit, tmp_path: Path
) -> None:
    photo = draw_photo(tmp_path / "photo.jpg", 1)
    sha256 = hashlib.sha256(photo.read_bytes()).hexdigest()
    first, screen = new_phone(phones, live_server, audit, "first")
    begin_offline(first, screen, photo)
    first.context.set_offline(False)
    wait_until_kept(screen)
    with sessions() as session:
        assert session.scalars(select(DraftPhoto.sha256)).all() == [sha256]
    first.kill()
    shutil.rmtree(tmp_path / "phone-first", ignore_errors=True)

    _second, screen = new_phone(phones, live_server, audit, "second")
    expect(screen.get_by_text(re.compile(r"Begun on another phone.*\d of \d+"))).to_be_visible()
    screen.get_by_role("button", name="Continue here").click()
    greeting = first_criterion(screen)
    expect(greeting.get_by_label(GREETED)).to_be_checked()
    expect(greeting.get_by_role("link", name=re.compile("Photo 1"))).to_be_visible()
    expect(screen.get_by_text("also open on another phone")).to_have_count(0)
    fill_in(screen)
    send(screen)
    with sessions() as session:
        (arrived,) = session.scalars(select(Photo))
        assert (arrived.sha256, arrived.stored_at is not None) == (sha256, True)
        assert [session.scalar(select(func.count()).select_from(each)) for each in (Visit, DraftCopy, DraftPhoto)] == [
            *(1, 1, 0)
        ], "what the phone that is gone had of it is out of sight, until old drafts go"
    original = screen.request.get(f"/api/v1/photos/{arrived.id}").body()
    assert hashlib.sha256(original).hexdigest() == sha256


def test_a_photo_that_the_first_phone_sends_later_comes_to_the_second(
    live_server: LiveServer, phones: Callable[..., Phone], sessions: Sessions, audit: Audit, tmp_path: Path
) -> None:
    photo = draw_photo(tmp_path / "photo.jpg", 1)
    sha256 = hashlib.sha256(photo.read_bytes()).hexdigest()
    first, one = new_phone(phones, live_server, audit, "first")
    begin_offline(first, one, photo)
    photos = "**/api/v1/phone/drafts/*/photos/*"
    one.route(photos, lambda route: route.abort())
    first.context.set_offline(False)
    expect(one.get_by_text(re.compile(r"copy on the server \d\d:\d\d, 1 photo not yet$"))).to_be_visible()

    second, two = new_phone(phones, live_server, audit, "second")
    two.get_by_role("button", name="Continue here").click()
    greeting = first_criterion(two)
    shown = greeting.get_by_role("link", name="Photo 1 of 1")
    expect(shown).to_have_text("missing")
    expect(shown).to_have_accessible_name("Photo 1 of 1, missing")
    fill_in(two, finishing=False)
    expect(two.get_by_role("listitem").filter(has_text="1 photo")).to_be_visible()
    expect(two.get_by_role("button", name="Finish visit")).to_be_disabled()

    one.unroute(photos)
    come_on_line(first)
    wait_until_kept(one)
    two.get_by_role("listitem").filter(has_text="1 photo").get_by_role("link").click()
    greeting.get_by_label("The employee looks up").check()
    # It comes while somebody looks at the place where it is missing.
    shown.click()
    expect(two.get_by_text(re.compile("It comes by itself once the phone that took it has sent it"))).to_be_visible()
    come_on_line(second)
    expect(two.locator("main img")).to_be_visible()
    expect(two.get_by_role("button", name="Mark")).to_be_visible()
    two.get_by_role("link", name="Back").click()
    expect(shown.locator("img")).to_be_visible()
    expect(greeting.get_by_label("The employee looks up")).to_be_checked()
    fill_in(two)
    send(two)
    with sessions() as session:
        (arrived,) = session.scalars(select(Photo))
        assert (arrived.sha256, arrived.stored_at is not None) == (sha256, True)


def test_two_phones_on_one_visit_know_of_each_other(
    live_server: LiveServer, phones: Callable[..., Phone], sessions: Sessions, audit: Audit, tmp_path: Path
) -> None:
    first, one = new_phone(phones, live_server, audit, "first")
    begin_offline(first, one, draw_photo(tmp_path / "photo.jpg", 1))
    first.context.set_offline(False)
    wait_until_kept(one)
    _second, two = new_phone(phones, live_server, audit, "second")
    two.get_by_role("button", name="Continue here").press("Enter")
    expect(first_criterion(two).get_by_label(GREETED)).to_be_checked()
    expect(two.locator("h1:focus, h2:focus")).to_have_count(1)
    other = draw_photo(tmp_path / "other.jpg", 2)
    take_photo(two, first_criterion(two), other)
    wait_until_kept(two)

    # The first one hears of it as soon as its own copy goes.
    first_criterion(one).get_by_label("The employee looks up").check()
    warning = one.get_by_role("banner").get_by_text(re.compile(r"also open on another phone, changed \d\d:\d\d"))
    expect(warning).to_be_visible()
    one.get_by_role("button", name="Look at it").press("Enter")
    expect(one.get_by_role("button", name="Go on here")).to_be_focused()
    expect(one.get_by_text(re.compile(r"\d of \d+, 2 photos"))).to_be_visible()
    one.get_by_role("button", name="Go on here").press("Enter")
    expect(warning).to_have_count(0)
    expect(one.get_by_role("heading", level=1)).to_be_focused()
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(DraftCopy)) == 2

    fill_in(one)
    send(one)
    # One comes while the draft is kept, one only with the report.
    with sessions() as session:
        (waiting,) = session.scalars(select(DraftPhoto)).all()
        assert waiting.sha256 == hashlib.sha256(other.read_bytes()).hexdigest()
    last = draw_photo(tmp_path / "last.jpg", 3)
    take_photo(two, first_criterion(two), last)
    fill_in(two)
    press_send(two)
    expect(two.get_by_text(re.compile("Needs attention: the server has another report"))).to_be_visible(timeout=60_000)
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 1
        accepted = session.scalars(select(SealedReport.accepted).order_by(SealedReport.received_at)).all()
        assert accepted == [True, False]
        beside = session.scalars(select(Photo).where(Photo.beside).order_by(Photo.taken_at)).all()
        assert all(photo.stored_at for photo in beside)
        assert session.scalar(select(func.count()).select_from(DraftPhoto)) == 0
    for photo, file in zip(beside, (other, last), strict=True):
        original = two.request.get(f"/api/v1/photos/{photo.id}").body()
        assert original == file.read_bytes()
