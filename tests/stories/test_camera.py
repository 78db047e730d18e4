"""The camera takes the phone's memory and the page dies under it; what was picked is gone soon after."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from checklists.checklist import Evidence
from checklists.scoring import Kind
from checklists.visits import Photo
from tests.acts import criterion, draw_photo, enter_phone, finish, progress, start_visit, take_photo
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import make_audit, make_wave
from tests.forms import make_criterion, make_section, make_version
from tests.servers import LiveServer

QUESTIONS = 12
ASKED = 9
"""The criterion at which the photo is taken: no other part of the page shows it."""


@pytest.fixture
def inspector(sessions: Sessions) -> str:
    """The e-mail address of who has one visit to make: a section of measures, of which a single one wants a photo."""
    with sessions() as session, session.begin():
        audit = make_audit(session, outlets_per_brand=1)
        measures = [
            make_criterion(
                Kind.MEASURE, f"Wait {number}", evidence=Evidence.REQUIRED if number == ASKED else Evidence.NONE
            )
            for number in range(QUESTIONS)
        ]
        audit.version = make_version(session, audit.project, [make_section(audit.touchpoints[0], measures)])
        audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
        audit.assign(session)
    return audit.inspectors[0].email


# A phone that takes as long to make a photo smaller as the test wants.
SLOW_PICTURES = """() => {
  const decode = createImageBitmap;
  const gate = new Promise((open) => { window.decodeNow = open; });
  window.createImageBitmap = async (...all) => {
    await gate;
    return decode(...all);
  };
}"""


@pytest.mark.parametrize("live_server", ["embedded"], indirect=True)
def test_who_is_done_before_a_photo_is_saved_is_told_what_the_end_waits_for(
    phones: Callable[..., Phone], live_server: LiveServer, inspector: str, tmp_path: Path
) -> None:
    screen = phones("quick", live_server.url, locale="en-GB").open("/phone/")
    enter_phone(screen, inspector)
    start_visit(screen, "Utro 1")
    asked = criterion(screen, f"Wait {ASKED}$")
    take_photo(screen, asked, draw_photo(tmp_path / "first.jpg", 1))
    for number in range(QUESTIONS):
        criterion(screen, f"Wait {number}$").get_by_label("Number").fill(str(number))
    screen.evaluate(SLOW_PICTURES)
    asked.get_by_label("From gallery").set_input_files(draw_photo(tmp_path / "second.jpg", 2))
    progress(screen).click()
    expect(screen.get_by_role("heading", level=1, name="Check and finish")).to_be_visible()
    end = screen.get_by_role("button", name="Finish visit")
    expect(screen.get_by_text("saving 1 photo")).to_be_visible()
    expect(end).to_be_disabled()
    screen.evaluate("decodeNow()")
    expect(screen.get_by_text("Saved on this phone")).to_be_visible()
    expect(screen.get_by_text("2 photos")).to_be_visible()
    expect(end).to_be_enabled()


@pytest.mark.parametrize("live_server", ["embedded"], indirect=True)
def test_the_page_dies_while_the_camera_is_open_and_the_file_soon_after(
    phones: Callable[..., Phone], live_server: LiveServer, sessions: Sessions, inspector: str, tmp_path: Path
) -> None:
    phone = phones("anna", live_server.url, locale="en-GB")
    enter_phone(phone.open("/phone/"), inspector)
    phone.close()  # It writes down the login's cookie, and dies without that from here on.
    screen = phone.open("/phone/")
    start_visit(screen, "Utro 1")
    for number in range(QUESTIONS):
        criterion(screen, f"Wait {number}$").get_by_label("Number").fill(str(number))

    asked = criterion(screen, f"Wait {ASKED}$")
    asked.get_by_label("Number").fill("45")
    screen.wait_for_url("**/0/*")
    with screen.expect_file_chooser():
        asked.get_by_role("button", name="Take photo").click()
    address = screen.url
    phone.kill()
    screen = phone.open(address)
    asked = criterion(screen, f"Wait {ASKED}$")
    expect(asked.get_by_label("Number")).to_have_value("45")
    expect(asked).to_be_in_viewport()
    expect(criterion(screen, "Wait 0$")).not_to_be_in_viewport()

    picked = draw_photo(tmp_path / "image.jpg", 1)
    sha256 = hashlib.sha256(picked.read_bytes()).hexdigest()
    take_photo(screen, asked, picked)
    picked.unlink()
    screen.reload()
    expect(asked.get_by_role("link", name="Photo 1 of 1").locator("img")).to_be_visible()
    finish(screen)
    expect(screen.get_by_text("Everything has arrived.")).to_be_visible()
    with sessions() as session:
        (arrived,) = session.scalars(select(Photo))
        assert (arrived.sha256, arrived.stored_at is not None) == (sha256, True)
