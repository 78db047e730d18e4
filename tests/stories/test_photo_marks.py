"""A person whose photos show a face and a dark room: what may be taken again is told before leaving, what must not be
seen is covered with a finger or with the keys, and the server shows it covered to everybody.
"""

import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageEnhance, ImageStat
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from checklists.checklist import Evidence
from checklists.scoring import Kind
from checklists.visits import Photo, Visit
from tests.accessibility import cut_in_large_text, violations
from tests.acts import criterion, deliver, draw_photo, enter_phone, progress, start_visit, take_photo
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_wave
from tests.forms import make_criterion, make_section, make_version, text
from tests.servers import LiveServer

Phones = Callable[..., Phone]


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


@pytest.fixture
def database_url(shared_server: LiveServer) -> str:
    return shared_server.database_url


def photographed_audit(sessions: Sessions, slug: str) -> Audit:
    """An outlet to be visited with one criterion that wants a photo, and one that takes some."""
    with sessions() as session, session.begin():
        audit = make_audit(session, slug, outlets_per_brand=1)
        criteria = [
            make_criterion(Kind.STATES, evidence=Evidence.REQUIRED),
            make_criterion(Kind.TEXT, evidence=Evidence.OPTIONAL),
        ]
        section = make_section(audit.touchpoints[0], criteria, title=text("Inside"))
        audit.version = make_version(session, audit.project, [section], name="Photographed")
        audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
        audit.assign(session)
    return audit


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_may_not_be_seen_is_covered_and_what_is_dark_is_taken_again(
    live_server: LiveServer, phones: Phones, sessions: Sessions, tmp_path: Path, scheme: str
) -> None:
    audit = photographed_audit(sessions, f"covered-{scheme}")
    phone = phones(f"covered-{scheme}", live_server.url, locale="en-GB", color_scheme=scheme)
    enter_phone(phone.open("/phone/"), audit.inspectors[0].email)
    screen = phone.page
    start_visit(screen, "Utro 1")
    phone.context.set_offline(True)
    good, dark = draw_photo(tmp_path / "good.jpg", 4), darkened(draw_photo(tmp_path / "dark.jpg", 5))
    greeting = criterion(screen, "The greeting")
    greeting.get_by_label("The guest is greeted").check()
    take_photo(screen, greeting, good)
    said = criterion(screen, "What was said")
    said.get_by_role("textbox").first.fill("Good day")
    take_photo(screen, said, dark)
    take_photo(screen, said, good)
    expect(progress(screen)).to_have_text("2 of 2, 2 photos to look at")

    another = draw_photo(tmp_path / "another.jpg", 6)
    look_again_before_leaving(screen, another)
    criterion(screen, "The greeting").get_by_role("link", name="Photo 1 of 1").click()
    mark_by_finger_and_by_key(screen)
    screen.get_by_role("link", name="Back", exact=True).click()
    small = criterion(screen, "The greeting").get_by_role("link", name="Photo 1 of 1")
    expect(small.locator("rect.covered")).to_have_count(2)
    assert faults_of(screen) == []
    small.screenshot(path=tmp_path / "small.png")
    progress(screen).click()
    screen.get_by_role("button", name="Finish visit").click()
    deliver(screen)
    the_server_shows_it_covered(live_server, phone, sessions, audit, good)


def darkened(file: Path) -> Path:
    """As a phone takes it with the lights off."""
    ImageEnhance.Brightness(Image.open(file)).enhance(0.08).save(file, "JPEG", quality=90)
    return file


def look_again_before_leaving(screen: Page, another: Path) -> None:
    """The dark photo is taken again, the second one of the same picture is left as it is: nobody is kept."""
    progress(screen).click()
    expect(screen.get_by_role("heading", name="Before you leave")).to_be_visible()
    cards = screen.locator(".doubtful")
    expect(cards).to_have_count(2)
    expect(cards.nth(0)).to_contain_text("probably too dark")
    expect(cards.nth(1)).to_contain_text("the same picture is there already")
    expect(screen.get_by_role("button", name="Finish visit")).to_be_enabled()
    expect(cards.nth(0).get_by_role("link", name="Photo: probably too dark")).to_be_visible()
    assert faults_of(screen) == []
    with screen.expect_file_chooser() as chooser:
        cards.nth(0).get_by_text("Take another").click()
    chooser.value.set_files(another)
    expect(cards).to_have_count(1)
    expect(screen.get_by_text("Photo removed")).to_be_visible()
    expect(screen.get_by_role("heading", level=1)).to_be_focused()
    screen.get_by_role("button", name="Close").click()
    expect(screen.get_by_text("3 photos")).to_be_visible()
    screen.get_by_role("link", name="Back", exact=True).click()


def mark_by_finger_and_by_key(screen: Page) -> None:
    """A face is covered with a finger, another one with the keys; an arrow too much is undone, a box deleted."""
    screen.get_by_role("button", name="Mark", exact=True).click()
    marks = screen.get_by_role("group", name="Marks")
    draw(screen, marks, (0.1, 0.1), (0.4, 0.5))
    expect(marks.get_by_role("button", name="Cover 1")).to_be_visible()
    screen.get_by_role("button", name="Arrow").click()
    draw(screen, marks, (0.9, 0.9), (0.7, 0.6))
    expect(marks.get_by_role("button")).to_have_count(2)
    screen.get_by_role("button", name="Undo").click()
    expect(marks.get_by_role("button")).to_have_count(1)
    screen.get_by_role("button", name="Box").click()
    draw(screen, marks, (0.5, 0.6), (0.9, 0.9))
    screen.get_by_role("button", name="Delete").click()
    expect(marks.get_by_role("button")).to_have_count(1)

    help_words = screen.locator("#marking-help")
    expect(help_words).to_contain_text("Arrow keys")
    expect(help_words.locator(".hidden")).to_have_text(re.compile("^Arrow keys"))
    screen.get_by_role("button", name="Cover", exact=True).press("Enter")
    screen.get_by_role("button", name="In the middle").press("Enter")
    second = marks.get_by_role("button", name="Cover 2")
    expect(second).to_be_focused()
    for _ in range(20):
        second.press("ArrowRight")
    for _ in range(10):
        second.press("Shift+ArrowDown")
    expect(second).to_be_focused()
    expect(screen.get_by_text("Saved on this phone")).to_be_visible()
    assert faults_of(screen) == []
    screen.get_by_role("button", name="Finish marking").click()
    expect(screen.locator(".marks .covered")).to_have_count(2)


def draw(screen: Page, marks: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw with one finger, from one place to another in shares of the picture."""
    box = marks.bounding_box()
    assert box is not None
    places = [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in (start, end)]
    screen.mouse.move(*places[0])
    screen.mouse.down()
    screen.mouse.move(*places[1], steps=5)
    screen.mouse.up()


def the_server_shows_it_covered(
    live_server: LiveServer, phone: Phone, sessions: Sessions, audit: Audit, good: Path
) -> None:
    with sessions() as session:
        visit = session.scalars(select(Visit).where(Visit.project_id == audit.project.id)).one()
        [photo] = [each for each in visit.photos if each.marks]
        assert len(visit.photos) == 3
        assert photo.sha256 == hashlib.sha256(good.read_bytes()).hexdigest()
        assert [mark["what"] for mark in photo.marks] == ["blur", "blur"]
        assert photo.marks[0]["at"] == pytest.approx([0.1, 0.1, 0.4, 0.5], abs=0.01)
        assert photo.marks[1]["at"] == pytest.approx([0.6, 0.4, 0.8, 0.7], abs=0.001)
        photo_id = photo.id
    address = f"{live_server.url}/api/v1/photos/{photo_id}?size="
    wait_until_made(phone.page, sessions, photo_id)
    screen, original = (phone.context.request.get(address + size).body() for size in ("screen", "original"))
    assert original == good.read_bytes()
    assert detail(screen) < detail(original) / 3


def wait_until_made(page: Page, sessions: Sessions, photo_id: object) -> None:
    for _ in range(100):
        with sessions() as session:
            if session.get_one(Photo, photo_id).derived_at is not None:
                return
        page.wait_for_timeout(200)
    raise AssertionError("the derived sizes were not made")


def detail(content: bytes) -> float:
    """How much there is to be seen where the first mark lies: how far neighbours differ."""
    image = Image.open(io.BytesIO(content)).convert("L")
    width, height = image.size
    place = image.crop((round(width * 0.12), round(height * 0.12), round(width * 0.38), round(height * 0.48)))
    inner = place.crop((1, 0, place.width, place.height)), place.crop((0, 0, place.width - 1, place.height))
    return ImageStat.Stat(ImageChops.difference(*inner)).mean[0]


def faults_of(screen: Page) -> list[str]:
    screen.wait_for_timeout(100)
    return violations(screen) + cut_in_large_text(screen)
