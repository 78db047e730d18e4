"""A finished visit on bad lines: answers lost after the commit, a portal that answers for the server, two tabs at
once.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from checklists.visits import Photo, SealedReport, Visit
from inspector.photo_images import draw_demo_photo
from tests.acts import enter_phone
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.faulty_line import FaultyLine
from tests.finished import finish_offline
from tests.walk import press_send


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        made = make_audit(session)
        made.assign(session)
    return made


@pytest.fixture
def phone(phones: Callable[..., Phone], line: FaultyLine, audit: Audit, tmp_path: Path) -> Phone:
    """A phone with one finished visit of two photos that could not be sent yet."""
    phone = phones("anna", line.url, locale="en-GB")
    finish_offline(phone, audit.inspectors[0].email, [photo(tmp_path / f"{number}.jpg", number) for number in range(2)])
    return phone


def photo(file: Path, number: int) -> Path:
    file.write_bytes(draw_demo_photo(number, "Utro"))
    return file


def arrived_once(sessions: Sessions) -> None:
    with sessions() as session:
        assert [session.scalar(select(func.count()).select_from(table)) for table in (Visit, SealedReport)] == [1, 1]
        assert [bool(each.stored_at) for each in session.scalars(select(Photo))] == [True, True]


def deliveries(paths: list[str]) -> list[str]:
    """Without what a phone tells beside its visits."""
    return [path for path in paths if "/phone/" not in path]


def send(screen: Page) -> None:
    screen.goto("/phone/#/outbox")
    press_send(screen)


def test_answers_lost_after_the_commit(phone: Phone, line: FaultyLine, sessions: Sessions) -> None:
    line.loses_first_answers = True
    phone.context.set_offline(False)
    send(phone.page)
    expect(phone.page.get_by_text("Everything has arrived.")).to_be_visible(timeout=60_000)
    lost = deliveries(line.lost)
    assert len(lost) == len(set(lost)) == 3, "the report's answer and both photos' were lost once"
    assert all(line.puts.count(path) > 1 for path in lost), "what nobody heard of was sent again"
    arrived_once(sessions)


def test_a_portal_that_answers_200_is_not_believed(phone: Phone, line: FaultyLine, sessions: Sessions) -> None:
    line.is_a_portal = True
    phone.context.set_offline(False)
    send(phone.page)
    expect(phone.page.get_by_text("No connection to the server.")).to_be_visible()
    expect(phone.page.get_by_text("Saved on this phone")).to_be_visible()
    assert deliveries(line.puts) == []
    line.is_a_portal = False
    send(phone.page)
    expect(phone.page.get_by_text("Everything has arrived.")).to_be_visible(timeout=60_000)
    arrived_once(sessions)


def test_a_browser_that_says_it_is_offline_is_not_believed(phone: Phone, sessions: Sessions) -> None:
    phone.context.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', {get: () => false})")
    phone.context.set_offline(False)
    phone.page.goto("/phone/#/outbox")
    phone.page.reload()
    expect(phone.page.get_by_text("Everything has arrived.")).to_be_visible(timeout=60_000)
    assert phone.page.evaluate("navigator.onLine") is False
    arrived_once(sessions)


def test_who_logs_out_before_all_is_sent_is_told_so_and_finds_it_again(
    phone: Phone, audit: Audit, sessions: Sessions
) -> None:
    screen = phone.page
    expect(screen.get_by_role("heading", name="Outbox")).to_be_visible()
    for words in ("Stay", "Log out all the same"):
        screen.goto("/phone/#/settings")
        screen.get_by_role("button", name="Log out").click()
        expect(screen.get_by_text("1 visit is only on this phone. It waits here")).to_be_visible()
        screen.get_by_role("button", name=words).click()
    expect(screen.get_by_label("E-mail")).to_be_visible()
    phone.context.set_offline(False)
    enter_phone(screen, audit.inspectors[1].email)
    screen.goto("/phone/#/outbox")
    expect(screen.get_by_text("Saved on this phone")).to_have_count(0)
    screen.goto("/phone/#/settings")
    screen.get_by_role("button", name="Log out").click()
    enter_phone(screen, audit.inspectors[0].email)
    send(screen)
    expect(screen.get_by_text("Everything has arrived.")).to_be_visible(timeout=60_000)
    arrived_once(sessions)
    with sessions() as session:
        assert session.scalars(select(Visit.inspector_id)).all() == [audit.inspectors[0].id]


def test_two_tabs_send_everything_once(phone: Phone, line: FaultyLine, sessions: Sessions) -> None:
    second = phone.context.new_page()
    second.goto("/phone/#/outbox")
    phone.context.set_offline(False)
    send(phone.page)
    press_send(second)
    for tab in (phone.page, second):
        expect(tab.get_by_text("Everything has arrived.")).to_be_visible(timeout=60_000)
    photos = [path for path in deliveries(line.puts) if "/photos/" in path]
    assert len(photos) == len(set(photos)) == 2
    arrived_once(sessions)
