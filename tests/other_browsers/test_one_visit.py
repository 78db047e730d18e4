"""One visit from the login to "received" in Firefox and in WebKit: in its middle the line goes, the page is loaded
again, and the browser is killed. Private windows forget all that, and the server helps.
"""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from pillow_heif import register_heif_opener
from sqlalchemy import select

from checklists.orm import ScopedSession
from checklists.visits import Photo, SealedReport, Visit
from inspector.photo_images import draw_demo_photo
from tests.factories import PASSWORD, Audit
from tests.faulty_line import FaultyLine
from tests.other_browsers.driven import LACKING, Driven
from tests.servers import LiveServer

SMALL, LARGE = (1280, 960), (2400, 1800)
LONG_EDGE_PX = 2048
TURNED_LEFT = 6
"""What a camera writes that was held upright: turn the picture by 90 degrees to see it."""

# All that is seen of each answer: what is chosen or typed, what its pressed buttons say, how many photos it has.
# Nothing before the questions are there, with a picture of each photo.
ON_THE_SCREEN = """const criteria = [...document.querySelectorAll(".criterion")];
const drawn = [...document.querySelectorAll(".photos img")].filter((each) => each.naturalWidth > 0);
if (!criteria.length || drawn.length < given[0]) return null;
return criteria.map((criterion) => {
  const all = (kinds) => [...criterion.querySelectorAll(kinds)];
  return [
    criterion.querySelector("h2").textContent,
    ...all("input:checked").map((each) => each.closest("label").textContent),
    ...all("input:not([type=radio], [type=checkbox], [type=file]), textarea").map((each) => each.value),
    ...all("[aria-pressed=true]").map((each) => each.textContent),
    all(".photos a").length,
  ];
});"""
PHOTOS_KEPT = """const settled = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});
const database = await settled(indexedDB.open("phone"));
const photos = await settled(database.transaction("photos").objectStore("photos").getAll());
database.close();
return Promise.all(photos.map(async ({ bytes }) => {
  if (!/ArrayBuffer/.test(Object.prototype.toString.call(bytes))) return "no bytes";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}));"""
IS_THERE = "return [...document.querySelectorAll('.criterion input')].some((each) => each.value === given[0])"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A photo that is small enough to be kept as it is."""
    file = tmp_path / "small.jpg"
    file.write_bytes(draw_demo_photo(1, "Utro", SMALL))
    return file


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A photo that is shrunk when it is taken, from a camera that was held upright."""
    file = tmp_path / "large.jpg"
    with Image.open(io.BytesIO(draw_demo_photo(2, "Utro", LARGE))) as lying:
        exif = lying.getexif()
        exif[0x0112] = TURNED_LEFT
        lying.save(file, exif=exif, quality=95)
    return file


@pytest.fixture
def heic(tmp_path: Path) -> Path:
    """A photo that neither browser can read."""
    register_heif_opener()
    file = tmp_path / "iphone.heic"
    with Image.open(io.BytesIO(draw_demo_photo(3, "Utro", SMALL))) as picture:
        picture.save(file, "HEIF")
    return file


def test_a_visit_outlives_the_line_the_page_and_the_browser(
    start: Callable[..., Driven],
    live_server: LiveServer,
    line: FaultyLine,
    audit: Audit,
    sessions: Callable[..., ScopedSession],
    small: Path,
    large: Path,
    heic: Path,
) -> None:
    browser = start()
    begin(browser, line.url, audit)
    assert browser.lacks <= set(browser.read(LACKING)), "the app goes on without what this browser does not have"
    answer_the_first_half(browser)
    browser.pick(small, "The front")
    browser.until(ON_THE_SCREEN, 1)

    line.is_down = True
    browser.pick(large, "The front")
    browser.until(ON_THE_SCREEN, 2)
    browser.pick(heic, "The front")
    browser.see("no preview")
    answer_the_second_half(browser)
    browser.see("10 of 10")
    browser.see("Saved on this phone")
    entered = browser.until(ON_THE_SCREEN, 2)
    kept = set(browser.read(PHOTOS_KEPT))
    assert len(kept) == 3
    assert {sha256(small), sha256(heic)} < kept
    browser.reload()
    assert browser.until(ON_THE_SCREEN, 2) == entered
    browser.kill()
    browser.start()
    browser.go(f"{line.url}/phone/")
    browser.tap("Utro 1")
    assert browser.until(ON_THE_SCREEN, 2) == entered
    assert set(browser.read(PHOTOS_KEPT)) == kept

    browser.tap("Check answers")
    browser.tap("Finish visit")
    browser.see("No connection to the server.")
    browser.see("Saved on this phone")
    line.is_down = False
    browser.tap("Send now")
    browser.see("Everything has arrived.")
    browser.see("Received")
    assert browser.read(PHOTOS_KEPT) == []
    with sessions() as session:
        assert [len(session.scalars(select(each)).all()) for each in (Visit, SealedReport)] == [1, 1]
        assert {photo.sha256 for photo in session.scalars(select(Photo)) if photo.stored_at} == kept
    stored = list(live_server.data_dir.rglob("original"))
    assert sorted(map(sha256, stored)) == sorted(kept)
    (shrunk,) = (file for file in stored if sha256(file) not in (sha256(small), sha256(heic)))
    is_upright_and_drawn(shrunk)


def test_what_a_private_window_forgets_is_gone_on_with_from_the_server(
    start: Callable[..., Driven], live_server: LiveServer, audit: Audit
) -> None:
    browser = start(is_private=True)
    begin(browser, live_server.url, audit)
    browser.type("45", "Number", "The wait")
    browser.see("· copy on the server")
    browser.kill()
    browser.start()
    log_in(browser, live_server.url, audit)
    browser.see("Begun on another phone")
    browser.tap("Continue here")
    browser.until(IS_THERE, "45")


def begin(browser: Driven, url: str, audit: Audit) -> None:
    """Log in, wait until the app needs no line, and begin the only visit."""
    log_in(browser, url, audit)
    browser.tap("Settings")
    browser.see("Ready to work offline.")
    browser.tap("Assignments")
    browser.tap("Utro 1")
    browser.tap("Start visit")


def log_in(browser: Driven, url: str, audit: Audit) -> None:
    browser.go(f"{url}/phone/")
    browser.type(audit.inspectors[0].email, "E-mail")
    browser.type(PASSWORD, "Password")
    browser.tap("Log in")


def answer_the_first_half(browser: Driven) -> None:
    browser.tap("Now", "Queued")
    browser.tap("Now", "Served")
    browser.tap("The guest is greeted", "The greeting")
    browser.tap("The employee looks up", "The greeting")
    browser.type("45", "Number", "The wait")


def answer_the_second_half(browser: Driven) -> None:
    browser.tap("Clean", "The table")
    browser.type("«Добрый день!»", "", "What was said")
    browser.choose_day("2026-11-20", "The date on the poster")
    browser.type("349.90", "Number", "The price")
    browser.tap("4", "The mood")


def is_upright_and_drawn(file: Path) -> None:
    """A browser that forgets how the camera was held, or has drawn nothing, is found."""
    with Image.open(file) as picture:
        assert picture.size == (LARGE[1] * LONG_EDGE_PX // LARGE[0], LONG_EDGE_PX)
        darkest, lightest = picture.convert("L").getextrema()
        assert lightest - darkest > 100


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
