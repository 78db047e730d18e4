"""A person who works by keyboard, or by what speaks to a phone as one does: a visit from login to its end, and where
the focus goes when what had it is taken off the screen.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from checklists.checklist import Comment, Evidence, Unit
from checklists.people import Project
from checklists.scoring import Kind
from checklists.visits import Visit
from inspector.demo import PASSWORD as DEMO_PASSWORD
from tests.acts import criterion, draw_photo, enter_phone, start_visit, take_photo
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit, make_wave
from tests.forms import make_criterion, make_section, make_version, text
from tests.servers import LiveServer

Phones = Callable[..., Phone]
EMBEDDED = pytest.mark.parametrize("shared_server", ["embedded"], indirect=True)

SLIP_MS = 500
BEEPS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
MANY_KEYS = 60
PATIENCE_MS = 5_000


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


@pytest.fixture
def database_url(shared_server: LiveServer) -> str:
    return shared_server.database_url


def small_audit(sessions: Sessions, slug: str) -> Audit:
    """An outlet to be visited: states, a wait, a choice, what may not be there, a count, a moment; with recordings."""
    with sessions() as session, session.begin():
        audit = make_audit(session, slug, outlets_per_brand=1)
        project = session.get_one(Project, audit.project.id)
        project.audio, project.audio_consent = True, {"ru": "Согласны.", "en": "They agree."}
        criteria = [
            make_criterion(Kind.STATES, evidence=Evidence.OPTIONAL),
            make_criterion(Kind.MEASURE),
            make_criterion(Kind.CHOICE, comment=Comment.OPTIONAL),
            make_criterion(Kind.RATING, may_be_not_applicable=True),
            make_criterion(Kind.MEASURE, "The queue", unit=Unit.PIECES, required=False),
            make_criterion(Kind.TIME_STAMP, required=False),
        ]
        section = make_section(audit.touchpoints[0], criteria, title=text("Inside"))
        audit.version = make_version(session, audit.project, [section], name="Small", staff_met=True)
        audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
        audit.assign(session)
    return audit


def press(screen: Page, key: str) -> None:
    """Press a key; whatever comes of it, the focus is somewhere then."""
    screen.keyboard.press(key)
    for _ in range(PATIENCE_MS // 50):
        screen.wait_for_timeout(50)
        if screen.evaluate("document.activeElement !== document.body"):
            return
    raise AssertionError(f"after {key} nothing has the focus")


def go_to(screen: Page, place: Locator, key: str = "Tab") -> None:
    """Go on with the key until the place has the focus, which is seen then."""
    expect(place).to_be_visible()
    for _ in range(MANY_KEYS):
        if place.evaluate("each => each === document.activeElement"):
            expect(place).to_be_in_viewport()
            return
        press(screen, key)
    raise AssertionError(f"{key} does not lead to {place}")


def use(screen: Page, place: Locator, key: str = "Enter") -> None:
    """Give it the focus and press the key, later than the second tap of a double one would come."""
    place.focus()
    screen.wait_for_timeout(SLIP_MS)
    press(screen, key)


def button(place: Page | Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def heading(place: Page | Locator, level: int) -> Locator:
    return place.get_by_role("heading", level=level)


# ---- A visit


@EMBEDDED
def test_a_visit_is_made_by_keyboard_alone(live_server: LiveServer, phones: Phones, sessions: Sessions) -> None:
    audit = small_audit(sessions, "keys")
    screen = phones("keys", live_server.url, locale="en-GB").open("/phone/")
    expect(screen.get_by_label("E-mail")).to_be_visible()
    press(screen, "Tab")
    go_to(screen, screen.get_by_label("E-mail"))
    screen.keyboard.type(audit.inspectors[0].email)
    go_to(screen, screen.get_by_label("Password"))
    screen.keyboard.type(PASSWORD)
    go_to(screen, button(screen, "Log in"))
    press(screen, "Enter")
    expect(heading(screen, 1)).to_have_text("Assignments")
    go_to(screen, screen.get_by_role("link", name="Utro 1").first)
    press(screen, "Enter")
    go_to(screen, button(screen, "Start visit"))
    press(screen, "Enter")
    expect(screen.get_by_role("heading", level=1, name="Inside")).to_be_focused()
    answer_all(screen)
    go_to(screen, screen.get_by_role("link", name="Next", exact=True))
    press(screen, "Enter")
    expect(heading(screen, 1)).to_have_text("Staff met")
    go_to(screen, button(screen, "Add a staff member"))
    press(screen, "Enter")
    expect(screen.get_by_label("Role")).to_be_focused()
    screen.keyboard.type("cashier")
    go_to(screen, screen.get_by_role("link", name="Check answers"))
    press(screen, "Enter")
    expect(screen.get_by_text("Nothing is missing.")).to_be_visible()
    go_to(screen, button(screen, "Finish visit"))
    press(screen, "Enter")
    expect(screen.get_by_role("heading", level=1, name="Outbox")).to_be_focused()
    expect(screen.get_by_text("Everything has arrived.")).to_be_visible()
    with sessions() as session:
        visit = session.scalars(select(Visit).where(Visit.project_id == audit.project.id)).one()
        by_id = {part.id: part for part in audit.version.sections[0].criteria}
        answers = {by_id[each.criterion_id].text["en"]: each for each in visit.answers}
        assert len(answers["The greeting"].states) == 2
        assert answers["The wait"].value in (1, 2, 3)
        assert len(answers["The table"].options) == 1
        assert answers["The mood"].status == "not_applicable"
        assert answers["The queue"].value == 1
        assert visit.staff_met[0]["role"] == "cashier"


def answer_all(screen: Page) -> None:
    greeting = criterion(screen, "The greeting")
    # In the order in which they stand, which is another one for each visit: behind the last one there is no focus.
    standing = greeting.locator("label").all_inner_texts()
    for words in sorted(("The guest is greeted", "The employee looks up"), key=standing.index):
        go_to(screen, greeting.get_by_label(words))
        press(screen, "Space")
        expect(greeting.get_by_label(words)).to_be_checked()
    watch = criterion(screen, "The wait").locator("button.watch")
    go_to(screen, watch)
    press(screen, "Enter")
    expect(watch).to_have_accessible_name(re.compile(r"^Stop"))
    screen.wait_for_timeout(1_100)
    press(screen, "Enter")
    expect(watch).to_be_focused()
    expect(watch).to_have_accessible_name("Stopwatch")
    assert watch.get_attribute("aria-pressed") is None, "the name says what it does, and nothing contradicts it"
    # In an order that tells nothing.
    options = criterion(screen, "The table").get_by_role("radio")
    go_to(screen, options.first)
    press(screen, "Space")
    press(screen, "ArrowDown")
    expect(options.nth(1)).to_be_focused()
    expect(options.nth(1)).to_be_checked()
    go_to(screen, button(criterion(screen, "The mood"), "Not here"))
    press(screen, "Space")
    queue = criterion(screen, "The queue")
    less, more, told = button(queue, "Count: −1"), button(queue, "Count: +1"), queue.locator(".counter [role=status]")
    go_to(screen, more)
    for number in ("1", "2"):
        press(screen, "Enter")
        expect(told).to_have_text(number)
    go_to(screen, less, "Shift+Tab")
    for number in ("1", "0", "0"):
        press(screen, "Enter")
        expect(told).to_have_text(number)
    expect(less).to_be_focused()
    expect(less).to_be_disabled()
    go_to(screen, more)
    press(screen, "Enter")


# ---- What had the focus and is gone


@EMBEDDED
def test_no_button_that_goes_takes_the_focus_with_it(
    live_server: LiveServer, phones: Phones, sessions: Sessions, tmp_path: Path
) -> None:
    audit = small_audit(sessions, "gone")
    screen = phones("gone", live_server.url, locale="en-GB", flags=BEEPS).open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_visit(screen, "Utro 1")
    title = heading(screen, 1)
    the_times(screen)
    the_recordings(screen)
    use(screen, button(screen, "Undo"))
    expect(title).to_be_focused()
    the_photos(screen, draw_photo(tmp_path / "photo.jpg", 3))
    screen.get_by_role("link", name="Visit mode").click()
    button(screen, "Count").click()
    use(screen, button(screen, "Count: −1"))
    use(screen, button(screen, "Count: −1"))
    expect(title).to_be_focused()
    button(screen, "Time").click()
    screen.get_by_role("link", name="Not sorted: 1").click()
    use(screen, button(screen, "Throw away"))
    expect(title).to_be_focused()
    use(screen, button(screen, "Close"))
    expect(title).to_be_focused()
    screen.goto(screen.url.replace("/tray/sorting", "/staff"))
    the_staff(screen)
    screen.goto("/phone/#/settings")
    use(screen, button(screen, "Log out"))
    use(screen, button(screen, "Stay"))
    expect(button(screen, "Log out")).to_be_focused()
    the_login(screen)


def the_times(screen: Page) -> None:
    moment = criterion(screen, "The moment")
    use(screen, button(moment, "Now"))
    use(screen, button(moment, "Take back"))
    expect(button(moment, "Now")).to_be_focused()


def the_recordings(screen: Page) -> None:
    greeting = criterion(screen, "The greeting")
    question = heading(greeting, 2)
    use(screen, button(greeting, "Record"))
    expect(greeting.get_by_role("group", name="Consent to recordings")).to_be_focused()
    use(screen, button(greeting, "Not now"))
    expect(question).to_be_focused()
    use(screen, button(greeting, "Record"))
    use(screen, button(greeting, "I have this consent"))
    expect(question).to_be_focused()
    screen.wait_for_timeout(1_500)
    use(screen, button(screen.locator(".banner.recording"), "Stop"))
    expect(heading(screen, 1)).to_be_focused()
    use(screen, button(greeting, "Listen"))
    expect(greeting.locator("audio")).to_be_focused()
    use(screen, button(greeting, "Remove"))
    expect(question).to_be_focused()


def the_photos(screen: Page, file: Path) -> None:
    greeting = criterion(screen, "The greeting")
    take_photo(screen, greeting, file)
    greeting.get_by_role("link", name="Photo 1 of 1").click()
    for name in ("Mark", "Finish marking"):
        use(screen, button(screen, name))
        expect(heading(screen, 1)).to_be_focused()
    button(screen, "This is a receipt").click()
    total = screen.get_by_label("Sum")
    total.fill("some")
    expect(total).to_have_accessible_description("This sum cannot be read. Write it as 1250 or 1250.50.")
    total.fill("")
    screen.get_by_role("link", name="Back", exact=True).click()


def the_staff(screen: Page) -> None:
    roles = screen.get_by_label("Role")
    for number in (1, 2):
        use(screen, button(screen, "Add a staff member"))
        expect(roles).to_have_count(number)
        expect(roles.last).to_be_focused()
    remove = screen.get_by_role("button", name="Remove from the list")
    use(screen, remove.first)
    expect(remove).to_have_count(1)
    expect(remove).to_be_focused()
    use(screen, remove)
    expect(remove).to_have_count(0)
    expect(button(screen, "Add a staff member")).to_be_focused()


def the_login(screen: Page) -> None:
    """The server does not know this phone any more: it is asked for who it is, later and then at once."""
    screen.context.clear_cookies()
    screen.goto("/phone/#/")
    screen.reload()
    title = heading(screen, 1)
    use(screen, button(screen, "Log in"))
    expect(screen.get_by_label("Password")).to_be_focused()
    use(screen, button(screen, "Later"))
    expect(title).to_be_focused()
    use(screen, button(screen, "Log in"))
    screen.get_by_label("Password").fill("something else")
    use(screen, button(screen, "Log in"))
    expect(screen.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    expect(button(screen, "Log in")).to_be_focused()
    screen.get_by_label("Password").fill(PASSWORD)
    use(screen, button(screen, "Log in"))
    expect(title).to_be_focused()


def test_a_reference_picture_gives_the_focus_back(demo: LiveServer, phones: Phones) -> None:
    screen = phones("pictures", demo.url, locale="en-GB").open("/phone/")
    screen.locator("input[type=email]").fill("anna@example.com")
    screen.locator("input[type=password]").fill(DEMO_PASSWORD)
    screen.keyboard.press("Enter")
    screen.wait_for_selector("a[href^='#/assignments/']")
    work = screen.request.get("/api/v1/phone/work").json()
    section, version, id_ = next(
        (place, each["id"], part["id"])
        for each in work["checklist_versions"]
        for place, section in enumerate(each["sections"])
        for part in section["criteria"]
        if part.get("pictures")
    )
    assignment = next(
        each["id"] for each in work["assignments"] if each["checklist_version_id"] == version and not each["visit"]
    )
    screen.goto(f"/phone/#/assignments/{assignment}")
    screen.locator("button.main, .bar a.main").click()
    screen.wait_for_selector("a.progress")
    screen.evaluate(f"location.hash = location.hash.split('/').slice(0, 3).join('/') + '/{section}/{id_}'")
    small = screen.locator(f"#criterion-{id_} .guides button").first
    use(screen, small)
    use(screen, screen.locator("button.guide"))
    expect(small).to_be_focused()
    expect(small).to_have_attribute("aria-expanded", "false")
