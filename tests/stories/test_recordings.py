"""A call is recorded: the consent is confirmed, the phone dies while it records, goes on, and the manager hears it all.

The microphone is Chromium's own, which beeps once a second.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from checklists.checklist import Evidence
from checklists.people import Project
from checklists.scoring import Kind
from checklists.visits import AUDIO, Photo, Visit
from tests.accessibility import cut_in_large_text, violations
from tests.acts import criterion, deliver, draw_photo, enter_phone, progress, start_visit, take_photo
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit, make_wave
from tests.forms import make_criterion, make_section, make_version, text
from tests.servers import LiveServer

Phones = Callable[..., Phone]
BEEPS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
WORDS = {"ru": "Компания согласна на запись.", "en": "The company agrees to being recorded."}
BYTES_ON_PHONE = """async () => {
  const answer = (asked) => new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  const database = await answer(indexedDB.open("phone"));
  const kept = await answer(database.transaction("photos").objectStore("photos").getAll());
  database.close();
  return kept.filter((each) => each.media_type?.startsWith("audio/") || each.ms)
    .map(({ id, sha256, bytes, ms }) => ({ id, sha256, size: bytes.byteLength, ms }));
}"""
UNTIL_HEARD = """(player) => new Promise((done) => {
  const look = () => (player.currentTime > 0.2 ? done() : setTimeout(look, 50));
  look();
})"""


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


@pytest.fixture
def database_url(shared_server: LiveServer) -> str:
    return shared_server.database_url


def heard_audit(sessions: Sessions, slug: str) -> Audit:
    """An outlet to be called, with two criteria that take evidence."""
    with sessions() as session, session.begin():
        audit = make_audit(session, slug, outlets_per_brand=1)
        project = session.get_one(Project, audit.project.id)
        project.audio, project.audio_consent = True, WORDS
        criteria = [
            make_criterion(Kind.STATES, evidence=Evidence.REQUIRED),
            make_criterion(Kind.TEXT, evidence=Evidence.OPTIONAL),
        ]
        section = make_section(audit.touchpoints[0], criteria, title=text("The call"))
        audit.version = make_version(session, audit.project, [section], name="Called")
        audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
        audit.assign(session)
    return audit


def test_a_recording_outlives_the_phones_death_and_is_heard_as_it_was(
    live_server: LiveServer, phones: Phones, sessions: Sessions, page: Page, tmp_path: Path
) -> None:
    audit = heard_audit(sessions, "heard")
    phone = phones("heard", live_server.url, locale="en-GB", flags=BEEPS)
    enter_phone(phone.open("/phone/"), audit.inspectors[0].email)
    start_visit(phone.page, "Utro 1")
    greeting = criterion(phone.page, "The greeting")
    greeting.get_by_label("The guest is greeted").check()
    photo = draw_photo(tmp_path / "bill.jpg", 3)
    take_photo(phone.page, greeting, photo)

    record_after_the_consent(phone.page)
    phone.page.wait_for_timeout(7_500)
    pieces = phone.page.evaluate(BYTES_ON_PHONE)
    assert len(pieces) >= 2
    address = phone.page.url
    phone.kill()
    screen = phone.open(address)
    first = screen.get_by_text(re.compile(r"^Recording 0:\d\d$")).first
    expect(first).to_be_visible()
    [first_kept] = kept(screen, 1).values()
    assert first_kept["size"] >= sum(each["size"] for each in pieces), "all but the last seconds"

    record_and_listen(screen)
    declare_a_receipt(screen)
    on_phone = kept(screen, 2)
    progress(screen).click()
    expect(screen.get_by_text("1 photo. 2 recordings.")).to_be_visible()
    screen.get_by_role("button", name="Finish visit").click()
    log_in_where_asked(screen)
    deliver(screen)
    the_manager_hears_them(live_server, sessions, page, audit, on_phone)


def kept(screen: Page, number: int) -> dict[str, Any]:
    """Recordings on the phone by id, once they are so many: pieces go a moment after what is made of them is seen."""
    screen.wait_for_function(f"async () => (await ({BYTES_ON_PHONE})()).length === {number}")
    return {each["id"]: each for each in screen.evaluate(BYTES_ON_PHONE)}


def record_after_the_consent(screen: Page) -> None:
    """The first time in a visit the project's words are read; without a yes nothing is recorded."""
    greeting = criterion(screen, "The greeting")
    greeting.get_by_role("button", name="Record").click()
    consent = screen.get_by_role("group", name="Consent to recordings")
    expect(consent).to_contain_text(WORDS["en"])
    expect(consent).to_be_focused()
    assert faults_of(screen) == []
    consent.get_by_role("button", name="Not now").click()
    expect(screen.locator(".banner.recording")).to_have_count(0)
    greeting.get_by_role("button", name="Record").click()
    consent.get_by_role("button", name="I have this consent").click()
    expect(screen.locator(".banner.recording")).to_contain_text(re.compile(r"Recording\s+0:0[0-9]"))
    assert faults_of(screen) == []


def record_and_listen(screen: Page) -> None:
    """A second one, without being asked again; in the shop it looks like a stopwatch."""
    said = criterion(screen, "What was said")
    said.get_by_role("textbox").first.fill("Good day")
    said.get_by_role("button", name="Record").click()
    line = screen.locator(".banner.recording")
    expect(line).to_be_visible()
    screen.get_by_role("link", name="Visit mode").click()
    expect(line).to_contain_text(re.compile("0:0[1-9]"))
    expect(line).not_to_contain_text("Recording")  # Somebody may look over one's shoulder.
    screen.get_by_role("link", name="Back", exact=True).click()
    progress(screen).click()
    screen.get_by_role("button", name="Finish visit").click()
    expect(screen.get_by_text("A recording is running still. Stop it first.")).to_be_visible()
    line.get_by_role("button", name="Stop").click()
    expect(line).to_have_count(0)
    screen.get_by_role("link", name="Back", exact=True).click()
    said = criterion(screen, "What was said")
    said.get_by_role("button", name="Listen").click()
    heard = said.locator("audio")
    expect(heard).to_be_visible()
    heard.evaluate(UNTIL_HEARD)
    assert faults_of(screen) == []
    said.get_by_role("button", name="Remove").click()
    expect(said.locator("audio")).to_have_count(0)
    screen.get_by_role("button", name="Undo").click()
    expect(said.get_by_role("button", name="Listen")).to_be_visible()


# As a keyboard fills in for people what they entered before; on a slow phone typing is as quick.
BOTH_IN_ONE_FRAME = """() => {
  for (const [name, value] of [["receipt-currency", "rub"], ["receipt-amount", "some"]]) {
    const field = document.querySelector(`[name=${name}]`);
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}"""


def declare_a_receipt(screen: Page) -> None:
    criterion(screen, "The greeting").get_by_role("link", name="Photo 1 of 1").click()
    screen.get_by_role("button", name="This is a receipt").click()
    expect(screen.get_by_label("Currency")).to_be_visible()
    screen.evaluate(BOTH_IN_ONE_FRAME)
    unread = screen.get_by_text("This sum cannot be read.")
    expect(unread).to_be_visible()
    screen.get_by_role("link", name="Back", exact=True).click()
    progress(screen).click()
    gap = screen.locator(".card", has_text="What was paid cannot be read.")
    assert faults_of(screen) == []
    gap.get_by_role("link", name="Receipt").click()
    expect(unread).to_be_visible()
    screen.get_by_label("Sum").fill("350,50")
    expect(unread).to_have_count(0)
    assert faults_of(screen) == []
    screen.get_by_role("link", name="Back", exact=True).click()


def log_in_where_asked(screen: Page) -> None:
    """Chromium keeps cookies some moments after they came: the dead phone may have forgotten its login."""
    asked = screen.get_by_role("button", name="Log in")
    expect(asked.or_(screen.get_by_text("Everything has arrived."))).to_be_visible()
    if asked.is_visible():
        asked.click()
        screen.get_by_label("Password").fill(PASSWORD)
        screen.get_by_role("button", name="Log in").click()


def the_manager_hears_them(
    live_server: LiveServer, sessions: Sessions, page: Page, audit: Audit, on_phone: dict[str, dict[str, str]]
) -> None:
    with sessions() as session:
        visit = session.scalars(select(Visit).where(Visit.project_id == audit.project.id)).one()
        assert [(each["what"], each["words"]) for each in visit.consents] == [(AUDIO, WORDS["en"])]
        photos = session.scalars(select(Photo).where(Photo.visit_id == visit.id)).all()
        assert [each.receipt for each in photos if each.receipt] == [{"amount": "350.50", "currency": "RUB"}]
        heard = {str(each.id): each.duration_ms for each in photos if each.is_recording}
    assert heard.keys() == on_phone.keys()
    assert all(duration and duration > 1_000 for duration in heard.values())
    page.goto(f"{live_server.url}/login")
    page.get_by_label("E-mail").fill(audit.manager.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{live_server.url}{audit.address}/visits/{visit.id}")
    players = page.locator("audio")
    expect(players).to_have_count(2)
    expect(page.get_by_text("Receipt, 350.50 RUB")).to_be_visible()
    for id_, kept in on_phone.items():
        got = page.request.get(f"{live_server.url}/api/v1/photos/{id_}")
        assert (len(got.body()), hashlib.sha256(got.body()).hexdigest()) == (kept["size"], kept["sha256"])
    for number in range(2):
        players.nth(number).evaluate("(player) => { player.muted = true; return player.play(); }")
        players.nth(number).evaluate(UNTIL_HEARD)
    assert faults_of(page) == []


def faults_of(screen: Page) -> list[str]:
    screen.wait_for_timeout(100)
    return violations(screen) + cut_in_large_text(screen)
