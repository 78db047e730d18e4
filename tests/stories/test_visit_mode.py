"""A person in a shop: what was taken under observation is assigned in the car park, and nothing of it is lost when the
phone dies; no tap moves what was tapped, and large text is never cut off.
"""

import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.checklist import Comment, Evidence, Unit
from checklists.scoring import Kind
from checklists.visits import Visit
from tests.accessibility import cut_in_large_text, violations
from tests.acts import criterion, deliver, draw_photo, enter_phone, finish, start_visit
from tests.browsers import ANDROID, IPHONE, Phone
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit, make_wave
from tests.forms import criteria_of_every_kind, make_criterion, make_section, make_version, text
from tests.servers import LiveServer
from tests.walk import press_send

Phones = Callable[..., Phone]
DARK = "rgb(16, 18, 20)"
SLIP_MS = 450
"""After this long a tap is not the second one of a double tap."""


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


@pytest.fixture
def database_url(shared_server: LiveServer) -> str:
    return shared_server.database_url


def measuring_audit(session: Session, slug: str) -> Audit:
    """An outlet to be visited with two sections: a greeting, times, a count and a text; then one of every kind."""
    audit = make_audit(session, slug, outlets_per_brand=1)
    inside = [
        make_criterion(Kind.STATES, evidence=Evidence.REQUIRED, comment=Comment.OPTIONAL),
        make_criterion(Kind.MEASURE, comment=Comment.OPTIONAL),
        make_criterion(Kind.MEASURE, "The talk", unit=Unit.MINUTES, decimals=1),
        make_criterion(Kind.MEASURE, "The queue", unit=Unit.PIECES),
        make_criterion(Kind.TEXT),
    ]
    sections = [
        make_section(audit.touchpoints[0], inside, title=text("Inside")),
        make_section(audit.touchpoints[1], [*criteria_of_every_kind()], title=text("Afterwards")),
    ]
    sections = sections[:1] if slug == "observed" else sections
    audit.version = make_version(session, audit.project, sections, name="Measures")
    audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
    audit.assign(session)
    return audit


def box(place: Locator) -> FloatRect:
    found = place.bounding_box()
    assert found is not None
    return found


def item(screen: Page, name: str) -> Locator:
    """What lies in the tray, by its words."""
    return screen.get_by_role("group", name=re.compile(rf"^\d\d:\d\d {name}"))


def seconds(face: Locator) -> int:
    minutes, rest = face.inner_text().split(":")
    return 60 * int(minutes) + int(rest)


# ---- Under observation, and in the car park


def test_what_was_taken_in_the_shop_is_assigned_in_the_car_park(
    live_server: LiveServer, phones: Phones, sessions: Sessions, tmp_path: Path
) -> None:
    with sessions() as session, session.begin():
        audit = measuring_audit(session, "observed")
    phone = phones("observed", live_server.url, locale="en-GB")
    enter_phone(phone.open("/phone/"), audit.inspectors[0].email)
    screen = phone.page
    phone.context.set_offline(True)
    start_visit(screen, "Utro 1")
    talk = criterion(screen, "The talk")
    talk.get_by_role("button", name="Stopwatch").click()
    talk_began = time.monotonic()
    expect(talk.get_by_role("button", name="Stop ")).to_be_visible()
    screen.get_by_role("link", name="Visit mode").click()
    nothing_gives_the_visit_away(screen)
    photo = draw_photo(tmp_path / "floor.jpg", 5)
    take_all(screen, photo)
    began = time.monotonic()
    phone.kill()

    screen = phone.open()
    phone.context.set_offline(True)
    screen.goto("/phone/")
    screen.get_by_role("link", name="Utro 1").first.click()
    running = screen.get_by_role("button", name=re.compile("Stop$"))
    assert seconds(running.locator(".face")) >= int(time.monotonic() - began), "it ran on while the phone was dead"
    running.click()
    waited = seconds(screen.get_by_role("button", name="Resume").locator(".face"))
    screen.get_by_role("link", name="Not sorted: 4").click()
    assign_all(screen)

    screen.get_by_role("link", name="Back", exact=True).click()
    screen.get_by_role("link", name="Back", exact=True).click()
    talk = criterion(screen, "The talk")
    talk.get_by_role("button", name="Stop ").click()
    screen.get_by_role("button", name="Undo").click()
    talk.get_by_role("button", name="Stop ").click()
    minutes = float(talk.get_by_label("Number, in minutes").input_value())
    assert abs(minutes - (time.monotonic() - talk_began) / 60) < 0.2
    criterion(screen, "The greeting").get_by_label("The guest is greeted").check()
    criterion(screen, "The queue").get_by_role("button", name="+1").click()
    expect(criterion(screen, "The queue").get_by_label("Number")).to_have_value("4")
    finish(screen)
    phone.context.set_offline(False)
    enter_again(screen)
    deliver(screen)
    with sessions() as session:
        visit = session.scalars(select(Visit).where(Visit.project_id == audit.project.id)).one()
        by_question = {part.id: part.text["en"] for part in audit.version.sections[0].criteria}
        answers = {by_question[each.criterion_id]: each for each in visit.answers}
        assert answers["The wait"].value == waited
        assert answers["The talk"].value == minutes
        assert answers["The queue"].value == 4
        assert answers["What was said"].words == "wet floor"
        assert [each.sha256 for each in visit.photos] == [hashlib.sha256(photo.read_bytes()).hexdigest()]
        assert visit.photos[0].stored_at is not None
        assert answers["The greeting"].photo_ids == [str(visit.photos[0].id)]


def enter_again(screen: Page) -> None:
    """A browser that was killed may have forgotten the login; then the app asks for it in place."""
    press_send(screen)
    arrived, asked = screen.get_by_text("Everything has arrived."), screen.get_by_role("button", name="Log in")
    expect(arrived.or_(asked).first).to_be_visible()
    if asked.is_visible():
        asked.click()
        screen.get_by_label("Password").fill(PASSWORD)
        screen.keyboard.press("Enter")
        expect(asked).to_have_count(0)


def nothing_gives_the_visit_away(screen: Page) -> None:
    """Dark whatever the phone's own colours are, and not a word of outlet, brand or checklist."""
    expect(screen.get_by_role("button", name="Count", exact=True)).to_be_visible()
    assert screen.title() == "Tasks"
    words = screen.locator("body").inner_text()
    assert not re.search("Utro|greet|wait|queue|visit|checklist", words, re.IGNORECASE), words
    assert screen.evaluate("getComputedStyle(document.documentElement).backgroundColor") == DARK
    assert screen.evaluate("document.querySelector('meta[name=theme-color]').content") == "#101214"
    for target in screen.locator(".big").all():
        assert box(target)["height"] >= 64
        assert box(target)["y"] > 740 / 2, "in reach of the thumb"


def take_all(screen: Page, photo: Path) -> None:
    """A time, a photo, a count of three after a slip, two words."""
    screen.get_by_role("button", name="Time").click()
    with screen.expect_file_chooser() as chooser:
        screen.locator("label", has_text="Photo").click()
    chooser.value.set_files(photo)
    screen.get_by_role("button", name="Count", exact=True).click()
    more = screen.get_by_role("button", name="+1")
    for _ in range(3):
        more.click()
    screen.get_by_role("button", name="−1").click()
    expect(more.locator(".face")).to_have_text("3")
    screen.get_by_label("Note").press_sequentially("wet floor")
    expect(screen.get_by_role("link", name="Not sorted: 4")).to_be_visible()
    expect(screen.get_by_text("Saved on this phone")).to_be_visible()


def assign_all(screen: Page) -> None:
    """Each with one tap to what waits for it; a slip is undone; the last screen leads here while anything is left."""
    item(screen, "Measured").get_by_role("button", name="The wait").click()
    item(screen, "Counted: 3").get_by_role("button", name="The queue").click()
    item(screen, "wet floor").get_by_role("button", name="Throw away").click()
    expect(item(screen, "wet floor")).to_have_count(0)
    screen.get_by_role("button", name="Undo").click()
    item(screen, "wet floor").get_by_role("button", name="What was said").click()
    screen.get_by_role("link", name="Check answers").click()
    expect(screen.get_by_role("button", name="Finish visit")).to_be_disabled()
    screen.get_by_role("link", name="Not sorted: 1").click()
    item(screen, "Photo").get_by_role("button", name="Elsewhere").click()
    item(screen, "Photo").get_by_role("button", name="The greeting").click()
    expect(screen.get_by_text("Everything is sorted.")).to_be_visible()


# ---- Every tap


def test_taps_are_large_move_nothing_and_lead_to_what_is_missing(
    live_server: LiveServer, phones: Phones, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        audit = measuring_audit(session, "taps")
    screen = phones("taps", live_server.url, locale="en-GB").open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_visit(screen, "Utro 1")
    tapped_rows_stay(screen)
    screen.get_by_role("link", name="Next", exact=True).click()
    expect(screen.get_by_role("heading", level=1, name="Afterwards")).to_be_visible()
    tapped_rows_stay(screen)
    screen.get_by_role("link", name="Check answers").click()
    expect(screen.get_by_role("heading", name="Check and finish")).to_be_visible()
    missing = screen.locator("li.card:has(.lacks)").count()
    assert missing > 3
    screen.locator("li.card a").first.click()
    seen = []
    for _ in range(missing):
        screen.get_by_role("link", name="Next missing").click()
        focused = screen.locator("h2:focus")
        screen.wait_for_timeout(SLIP_MS)
        expect(focused).to_be_in_viewport()
        seen.append(focused.inner_text())
    assert len(set(seen)) == missing, "one tap leads to each, over sections, and round"


def tapped_rows_stay(screen: Page) -> None:
    """Tap every answer of a section: each is at least 48 pixels high, and stands where it stood."""
    rows = screen.locator("label.choice, .counter button, .watch, button.now, .buttons button")
    for number in range(rows.count()):
        row = rows.nth(number)
        if row.is_disabled():
            continue
        row.evaluate("row => row.scrollIntoView({block: 'center'})")
        before = box(row)
        assert before["height"] >= 48
        (row.locator("input") if row.locator("input").count() else row).first.evaluate("each => each.click()")
        screen.wait_for_timeout(50)
        assert box(row)["y"] == pytest.approx(before["y"], abs=0.5), row.inner_text()


# ---- On the home screen


def test_how_to_install_is_said_in_the_words_of_the_phone_until_it_is_put_away(
    live_server: LiveServer, phones: Phones, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        audit = measuring_audit(session, "installing")
    screen = phones("iphone", live_server.url, locale="en-GB", user_agent=IPHONE).open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    expect(screen.get_by_text("Tap Share, then “Add to Home Screen”.")).to_be_visible()
    expect(screen.get_by_text("First finish and send the visits begun here")).to_have_count(0)
    start_visit(screen, "Utro 1")
    expect(criterion(screen, "The greeting")).to_be_visible()
    screen.goto("/phone/#/")
    expect(screen.get_by_text("First finish and send the visits begun here")).to_be_visible()
    screen.get_by_role("button", name="Not now").press("Enter")
    expect(screen.get_by_text("Tap Share")).to_have_count(0)
    expect(screen.get_by_role("heading", level=1)).to_be_focused()
    screen.reload()
    expect(screen.get_by_role("heading", name="Begun")).to_be_visible()
    expect(screen.get_by_text("Tap Share")).to_have_count(0)
    screen.get_by_role("link", name="Settings").click()
    expect(screen.get_by_text("Tap Share")).to_be_visible()

    screen = phones("android", live_server.url, locale="en-GB", user_agent=ANDROID).open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    # Nothing was offered yet: the button says how, and stays where it is when the browser offers.
    screen.get_by_role("button", name="Install", exact=True).click()
    expect(screen.get_by_text("Open the menu ⋮ and tap")).to_be_visible()
    screen.reload()
    card = screen.locator(".card.install")
    place = card.bounding_box()
    screen.evaluate(
        "dispatchEvent(Object.assign(new Event('beforeinstallprompt'), {prompt() { globalThis.asked = true; }}))"
    )
    assert card.bounding_box() == place
    screen.get_by_role("button", name="Install", exact=True).click()
    assert screen.evaluate("globalThis.asked")
    screen.evaluate("dispatchEvent(new Event('appinstalled'))")
    expect(screen.get_by_role("heading", name="Install on this phone")).to_have_count(0)


# ---- Every eye


@pytest.mark.parametrize(("language", "scheme"), [("ru", "light"), ("en", "dark")])
def test_the_new_screens_are_accessible_also_in_large_text(
    live_server: LiveServer, phones: Phones, sessions: Sessions, tmp_path: Path, language: str, scheme: str
) -> None:
    slug = f"eyes-{language}-{scheme}"
    with sessions() as session, session.begin():
        audit = measuring_audit(session, slug)
        audit.inspectors[0].language = language
    phone = phones(slug, live_server.url, locale=language, color_scheme=scheme)
    screen = phone.open()
    no_light_falls_on_a_face(screen)
    screen.goto("/phone/")
    screen.locator("input[type=email]").fill(audit.inspectors[0].email)
    screen.locator("input[type=password]").fill(PASSWORD)
    screen.keyboard.press("Enter")
    screen.locator("a[href^='#/assignments/']").first.click()
    screen.locator("button.main").click()
    screen.locator("button.watch").first.click()
    screen.locator("a[href$='/tray']").click()
    with screen.expect_file_chooser() as chooser:
        screen.locator(".tiles input").click()
    chooser.value.set_files(draw_photo(tmp_path / "photo.jpg", 3))
    for tile in screen.locator(".tiles button").all():
        tile.click()
    screen.locator("input.big").fill("Зонты у входа")
    screen.locator("input.big").press("Enter")
    faults = {"tray": faults_of(screen)}
    screen.locator("a[href$='/sorting']").click()
    screen.locator("button[aria-expanded]").first.click()
    faults["sorting"] = faults_of(screen)
    screen.locator(".target").first.click()
    faults["sorting, with something to undo"] = faults_of(screen)
    screen.locator("a[href$='/finish']").click()
    faults["finish"] = faults_of(screen)
    screen.goto("/phone/#/settings")
    screen.locator("label.choice:has(small) input[type=checkbox]").first.check()
    faults["settings, plain"] = faults_of(screen)
    screen.goto("/phone/#/")
    screen.locator("a.whole").first.click()
    faults["section, plain"] = faults_of(screen)
    expect(screen.locator("main")).not_to_contain_text("Utro")
    assert {name: found for name, found in faults.items() if found} == {}


def no_light_falls_on_a_face(screen: Page) -> None:
    """While the app starts the page is dark, in a light phone too."""
    screen.route("**/app.js", lambda route: route.abort())
    screen.goto("/phone/")
    assert screen.evaluate("getComputedStyle(document.documentElement).backgroundColor") == DARK
    screen.unroute("**/app.js")


def faults_of(screen: Page) -> list[str]:
    """What axe finds; and what is wider than the phone or cut off when the text is twice as large."""
    screen.wait_for_timeout(100)
    return violations(screen) + cut_in_large_text(screen)
