"""A tired person with one free hand taps twice: the second tap is not for what the first one brought to its place."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from checklists.orm import ScopedSession
from tests.acts import criterion, enter_phone, start_visit
from tests.browsers import Phone
from tests.factories import Audit, make_audit, make_wave
from tests.forms import make_criterion, make_section, make_version, text
from tests.servers import LiveServer

Phones = Callable[..., Phone]
BETWEEN_TWO_TAPS_MS = 180
SETTLED_MS = 500
NARROW = {"width": 320, "height": 640}

pytestmark = pytest.mark.parametrize("shared_server", ["embedded"], indirect=True)


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


@pytest.fixture
def database_url(shared_server: LiveServer) -> str:
    return shared_server.database_url


def greeting_audit(session: Session, slug: str, also_inside: tuple[str, ...] = ()) -> Audit:
    """An outlet to be visited with two sections, the second of which asks nothing that must be answered."""
    audit = make_audit(session, slug, outlets_per_brand=1)
    inside = [make_criterion(), *(make_criterion(english=name) for name in also_inside)]
    outside = make_criterion(english="The way out", required=False)
    sections = [
        make_section(audit.touchpoints[0], inside, title=text("Inside")),
        make_section(audit.touchpoints[1], [outside], title=text("Outside")),
    ]
    audit.version = make_version(session, audit.project, sections, name="Greeting")
    audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
    audit.assign(session)
    return audit


def tap_twice(screen: Page, place: Locator, there: tuple[float, float] | None = None) -> None:
    """Two taps on the same spot, or the second one `there`, on whatever stands there by then. The page itself makes the
    second one: from here it would be too late for a slip on a busy machine.
    """
    place.wait_for()
    screen.wait_for_timeout(SETTLED_MS)
    found = place.bounding_box()
    assert found is not None
    x, y = found["x"] + found["width"] / 2, found["y"] + found["height"] / 2
    screen.evaluate(
        """([x, y, later]) => addEventListener("click", () => setTimeout(() => {
          const click = new MouseEvent("click", { bubbles: true, cancelable: true });
          document.elementFromPoint(x, y).dispatchEvent(click);
        }, later), { capture: true, once: true })""",
        [*(there or (x, y)), BETWEEN_TWO_TAPS_MS],
    )
    screen.touchscreen.tap(x, y)
    screen.wait_for_timeout(BETWEEN_TWO_TAPS_MS + SETTLED_MS)


def test_a_double_tap_neither_skips_a_section_nor_finishes_a_visit(
    live_server: LiveServer, phones: Phones, sessions: Callable[..., ScopedSession]
) -> None:
    with sessions() as session, session.begin():
        audit = greeting_audit(session, "slips")
    screen = phones("slips", live_server.url, locale="en-GB").open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    screen.get_by_role("link", name="Utro 1").first.click()
    tap_twice(screen, screen.get_by_role("button", name="Start visit"))
    expect(screen.get_by_role("heading", level=1, name="Inside")).to_be_visible()
    criterion(screen, "The greeting").get_by_label("The guest is greeted").check()
    tap_twice(screen, screen.get_by_role("link", name="Next", exact=True))
    expect(screen.get_by_role("heading", level=1, name="Outside")).to_be_visible()
    tap_twice(screen, screen.get_by_role("link", name="Check answers"))
    expect(screen.get_by_role("button", name="Finish visit")).to_be_enabled()
    screen.get_by_role("button", name="Finish visit").click()
    expect(screen.get_by_role("heading", level=1, name="Outbox")).to_be_visible()


def test_a_second_tap_answers_nothing_on_the_screen_that_the_first_one_led_to(
    live_server: LiveServer, phones: Phones, sessions: Callable[..., ScopedSession]
) -> None:
    with sessions() as session, session.begin():
        audit = greeting_audit(session, "slips-on-rows")
    screen = phones("slips-on-rows", live_server.url, locale="en-GB").open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_visit(screen, "Utro 1")
    further, back = screen.get_by_role("link", name="Next", exact=True), screen.get_by_role("link", name="Back")
    further.click()
    row = criterion(screen, "The way out").locator("label.choice").first
    found = row.bounding_box()
    assert found is not None
    back.click()
    expect(screen.get_by_role("heading", level=1, name="Inside")).to_be_visible()
    tap_twice(screen, further, (found["x"] + 100, found["y"] + 20))
    expect(row.locator("input")).not_to_be_checked()
    screen.touchscreen.tap(found["x"] + 100, found["y"] + 20)
    expect(row.locator("input")).to_be_checked()


def test_a_double_tap_on_the_next_missing_passes_none_by(
    live_server: LiveServer, phones: Phones, sessions: Callable[..., ScopedSession]
) -> None:
    with sessions() as session, session.begin():
        audit = greeting_audit(session, "slips-on-missing", also_inside=("The wait", "The change"))
    screen = phones("slips-on-missing", live_server.url, locale="en-GB").open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_visit(screen, "Utro 1")
    screen.get_by_role("link", name="Next", exact=True).click()
    screen.get_by_role("link", name="Back").click()
    expect(screen.get_by_role("heading", level=1, name="Inside")).to_be_visible()
    for name in ("The greeting", "The wait", "The change"):
        tap_twice(screen, screen.get_by_role("link", name="Next missing"))
        heading = criterion(screen, name).get_by_role("heading", level=2).get_attribute("id") or ""
        expect(screen).to_have_url(re.compile(f"{heading.removeprefix('criterion-').removesuffix('-text')}$"))


def test_a_double_tap_takes_and_stops_one_time_in_the_shop_and_throws_one_thing_away(
    live_server: LiveServer, phones: Phones, sessions: Callable[..., ScopedSession]
) -> None:
    with sessions() as session, session.begin():
        audit = greeting_audit(session, "slips-in-the-tray")
    screen = phones("slips-in-the-tray", live_server.url, locale="en-GB").open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_visit(screen, "Utro 1")
    screen.get_by_role("link", name="Visit mode").click()
    tap_twice(screen, screen.get_by_role("button", name="Time"))
    expect(screen.get_by_role("button", name=re.compile("Stop$"))).to_have_count(1)
    tap_twice(screen, screen.get_by_role("button", name=re.compile("Stop$")))
    expect(screen.get_by_role("button", name=re.compile("Resume$"))).to_be_visible()
    screen.get_by_role("button", name="Time").click()
    tap_twice(screen, screen.get_by_role("button", name="Count", exact=True))
    screen.get_by_role("link", name="Not sorted: 3").click()
    away = screen.get_by_role("button", name="Throw away")
    tap_twice(screen, away.first)
    expect(away).to_have_count(2)
    undo = screen.get_by_role("button", name="Undo")
    screen.get_by_role("link", name="Back", exact=True).click()
    expect(screen.get_by_label("Note")).to_be_visible()
    expect(undo).to_have_count(0)
    screen.go_back()
    tap_twice(screen, undo)
    expect(undo).to_have_count(0)
    expect(away).to_have_count(3)


def test_what_was_begun_last_in_the_shop_is_seen(
    live_server: LiveServer, phones: Phones, sessions: Callable[..., ScopedSession]
) -> None:
    with sessions() as session, session.begin():
        audit = greeting_audit(session, "many-times")
    screen = phones("many-times", live_server.url, locale="en-GB").open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_visit(screen, "Utro 1")
    screen.get_by_role("link", name="Visit mode").click()
    for _ in range(5):
        screen.get_by_role("button", name="Time").click()
        screen.get_by_role("button", name="Count", exact=True).click()
    expect(screen.get_by_role("link", name="Not sorted: 10")).to_be_visible()
    screen.evaluate("scrollTo(0, 0)")
    screen.get_by_role("button", name="Time").click()
    last, note = screen.get_by_role("button", name=re.compile("Stop$")).last, screen.get_by_label("Note")
    expect(screen.get_by_role("link", name="Not sorted: 11")).to_be_attached()
    screen.wait_for_timeout(100)
    seen, below = last.bounding_box(), note.bounding_box()
    assert seen is not None
    assert below is not None
    assert 0 < seen["y"] < seen["y"] + seen["height"] <= below["y"]


def test_the_bar_of_a_narrow_phone_hides_nothing(
    live_server: LiveServer, phones: Phones, sessions: Callable[..., ScopedSession]
) -> None:
    with sessions() as session, session.begin():
        audit = greeting_audit(session, "narrow")
    screen = phones("narrow", live_server.url, locale="en-GB", viewport=NARROW).open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_visit(screen, "Utro 1")
    screen.get_by_role("link", name="Next", exact=True).click()
    expect(screen.get_by_role("link", name="Next missing")).to_be_visible()
    for size in ("17px", "34px"):
        screen.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
        screen.wait_for_timeout(100)
        screen.evaluate("scrollTo(0, document.body.scrollHeight)")
        last, bar = screen.locator("main > *:not(nav)").last.bounding_box(), screen.locator("nav.bar").bounding_box()
        assert last is not None
        assert bar is not None
        assert bar["height"] > 100, "two rows"
        assert last["y"] + last["height"] < bar["y"]
        for target in screen.locator("nav.bar > a").all():
            found = target.bounding_box()
            assert found is not None
            assert min(found["width"], found["height"]) >= 48


# As somebody who taps a notice, or another link to the app, in the moment in which it starts.
GOES_TO_SETTINGS = """{
  const { transaction } = IDBDatabase.prototype;
  let isFirst = true;
  IDBDatabase.prototype.transaction = function (names, ...more) {
    if (isFirst && [names].flat().includes("tasks")) {
      isFirst = false;
      location.hash = "#/settings";
    }
    return transaction.call(this, names, ...more);
  };
}"""


def test_who_goes_elsewhere_while_the_app_opens_a_visit_arrives_there(
    live_server: LiveServer, phones: Phones, sessions: Callable[..., ScopedSession]
) -> None:
    with sessions() as session, session.begin():
        audit = greeting_audit(session, "elsewhere")
    screen = phones("elsewhere", live_server.url, locale="en-GB").open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_visit(screen, "Utro 1")
    expect(screen.get_by_role("heading", level=1, name="Inside")).to_be_visible()
    screen.add_init_script(GOES_TO_SETTINGS)
    screen.reload()
    expect(screen.get_by_role("heading", level=1, name="Settings")).to_be_visible()
