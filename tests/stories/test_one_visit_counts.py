"""The main job as a story: a checklist goes out to a phone, comes back with photos, and changes the matrix.

Everything goes through pages and screens, as a manager and an inspector would do it, on both databases.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from checklists.visits import Photo, SealedReport, Visit
from inspector.photo_images import draw_demo_photo
from tests.acts import add_criterion, coverage, criterion, csv_rows, enter_phone, name_it, part, save
from tests.browsers import Phone
from tests.databases import Sessions
from tests.servers import LiveServer, run_inspector
from tests.walk import log_in, press_send, speak

OWNER = "olga@example.org"
ANNA = "anna@example.org"


def test_a_checklist_goes_out_comes_back_and_changes_the_matrix(
    page: Page, live_server: LiveServer, phones: Callable[..., Phone], sessions: Sessions, tmp_path: Path
) -> None:
    log_in(page, OWNER, make_owner(live_server))
    speak(page, "en")
    project = make_project(page)
    annas_password = add_inspector(page)
    draw_journey(page)
    add_outlet(page, "Utro", "Utro on Lenin street", own=True)
    add_outlet(page, "Zerno", "Zerno on Peace avenue", own=False)
    design_checklist(page)
    make_wave_and_hand_out(page)
    assert coverage(page, "Cash desk") == {"Utro": "0 of 2", "Zerno": "0 of 2"}
    assert csv_rows(page, "Visits (CSV)") == []

    phone = phones("anna", live_server.url, locale="en-GB")
    screen = phone.open("/phone/")
    enter_phone(screen, ANNA, annas_password)
    go_offline_and_fill_in(phone, screen, photos_of(tmp_path))
    live_server.stop()
    phone.kill()

    screen = phone.open("/phone/")
    everything_is_still_there(screen)
    finish(screen)
    expect(screen.get_by_text("Received")).to_have_count(0)
    live_server.start()
    screen.get_by_role("link", name="Outbox").click()
    press_send(screen)
    log_in_again_if_asked(screen, annas_password)
    expect(screen.get_by_text(re.compile(r"^Received")).first).to_be_visible()
    delivered_once(sessions)

    approve(page, project)
    assert coverage(page, "Cash desk") == {"Utro": "1 of 2", "Zerno": "0 of 2"}
    (visit,) = csv_rows(page, "Visits (CSV)")
    assert visit["Outlet"] == "Utro on Lenin street"
    answers = csv_rows(page, "Answers (CSV)")
    assert [answer["Zone"] for answer in answers] == ["green", "green", "green"]
    assert [answer["Photos"] for answer in answers] == ["3", "0", "0"]


def make_owner(live_server: LiveServer) -> str:
    printed = run_inspector(
        *("create-owner", "--organization", "Owl Audit", "--slug", "owl", "--email", OWNER, "--name", "Olga Rybakova"),
        database_url=live_server.database_url,
        data_dir=live_server.data_dir,
    )
    return printed.rsplit("Password: ", 1)[1].strip()


def make_project(page: Page) -> str:
    page.get_by_role("link", name="New project").click()
    name_it(page, "Coffee shops")
    page.get_by_label("Short name for the address").fill("coffee")
    save(page, "Make the project")
    return "/o/owl/coffee"


def add_inspector(page: Page) -> str:
    part(page, "People")
    page.get_by_role("link", name="Add a person").first.click()
    page.get_by_label("Full name").fill("Anna Petrova")
    page.get_by_label("E-mail").fill(ANNA)
    save(page, "Add the person")
    return page.locator("main code, main output, main kbd").first.inner_text().strip()


def draw_journey(page: Page) -> None:
    part(page, "Journey")
    page.get_by_role("link", name="Add a journey").first.click()
    name_it(page, "Guest")
    save(page)
    page.get_by_role("link", name="Add a stage").first.click()
    name_it(page, "Buying")
    save(page)
    page.get_by_role("link", name="Add a touchpoint").first.click()
    name_it(page, "Cash desk")
    save(page)


def add_outlet(page: Page, brand: str, outlet: str, *, own: bool) -> None:
    part(page, "Brands and outlets")
    page.get_by_role("link", name="Add a brand").first.click()
    page.get_by_label("Name", exact=True).fill(brand)
    page.get_by_label("Own company" if own else "Competitor").check()
    save(page)
    page.get_by_role("link", name=re.compile(f"Add an outlet.*{brand}")).click()
    page.get_by_label("Name", exact=True).fill(outlet)
    save(page)


def design_checklist(page: Page) -> None:
    """One section with a criterion of each kind, two checks required; published."""
    part(page, "Checklists")
    page.get_by_role("link", name=re.compile("checklist", re.IGNORECASE)).last.click()
    name_it(page, "Visit to a coffee shop")
    save(page, "Make the draft")
    page.get_by_role("link", name="Add a section").first.click()
    page.get_by_label("Touchpoint").select_option(index=1)
    name_it(page, "At the cash desk", "Title")
    page.get_by_label("Required checks per brand").fill("2")
    save(page)
    add_criterion(
        page, "States", "Greeting", {"Expected 1": "Looked at the guest", "Forbidden 1": "Talked on the phone"}
    )
    add_criterion(page, "Measure", "Wait in the queue", {}, {"Green limit": "120", "Red limit": "300"})
    add_criterion(page, "Choice", "Receipt", {"Option 1": "Given", "Option 2": "Refused"}, {}, {"Zone of 2": "red"})
    save(page, "Publish")
    expect(page.get_by_text("is published and frozen")).to_be_visible()


def make_wave_and_hand_out(page: Page) -> None:
    part(page, "Waves")
    page.get_by_role("link", name=re.compile("wave", re.IGNORECASE)).last.click()
    name_it(page, "November")
    today = datetime.now(UTC).date()
    page.get_by_label("First day").fill((today - timedelta(days=2)).isoformat())
    page.get_by_label("Last day").fill((today + timedelta(days=20)).isoformat())
    page.get_by_label(re.compile("Visit to a coffee shop")).check()
    name_it(page, "You want a cappuccino to go.", "Brief for the inspectors")
    save(page)
    page.goto(re.sub(r"/required.*", "", page.url))
    save(page, "Plan the missing visits")
    save(page, "Hand out all 4 planned ones")


def photos_of(folder: Path) -> list[Path]:
    files = [folder / f"photo-{number}.jpg" for number in range(3)]
    for number, file in enumerate(files):
        file.write_bytes(draw_demo_photo(number, "Utro", (2400, 1800)))
    return files


def go_offline_and_fill_in(phone: Phone, screen: Page, photos: list[Path]) -> None:
    phone.context.set_offline(True)
    screen.get_by_role("link", name="Utro on Lenin street").first.click()
    expect(screen.get_by_text("You want a cappuccino to go.")).to_be_visible()
    screen.get_by_role("button", name="Start visit").click()
    criterion(screen, "Greeting").get_by_label("Looked at the guest").check()
    for number, photo in enumerate(photos, start=1):
        with screen.expect_file_chooser() as chooser:
            criterion(screen, "Greeting").get_by_role("button", name="Take photo").click()
        chooser.value.set_files(photo)
        expect(criterion(screen, "Greeting").get_by_role("link", name=re.compile(r"Photo \d"))).to_have_count(number)
    expect(criterion(screen, "Greeting").get_by_role("link", name=re.compile(r"Photo \d of 3"))).to_have_count(3)
    criterion(screen, "Wait in the queue").get_by_role("textbox").first.fill("95")
    expect(screen.get_by_text("Saved on this phone")).to_be_visible()
    screen.reload()
    expect(criterion(screen, "Greeting").get_by_label("Looked at the guest")).to_be_checked()
    criterion(screen, "Receipt").get_by_label("Given").check()
    expect(screen.get_by_text("Saved on this phone")).to_be_visible()


def everything_is_still_there(screen: Page) -> None:
    screen.get_by_role("link", name="Utro on Lenin street").first.click()
    expect(criterion(screen, "Greeting").get_by_label("Looked at the guest")).to_be_checked()
    expect(criterion(screen, "Greeting").get_by_role("link", name=re.compile(r"Photo \d of 3"))).to_have_count(3)
    expect(criterion(screen, "Wait in the queue").get_by_role("textbox").first).to_have_value("95")
    expect(criterion(screen, "Receipt").get_by_label("Given")).to_be_checked()


def finish(screen: Page) -> None:
    screen.get_by_role("link", name="3 of 3: Check and finish").click()
    screen.get_by_role("button", name="Finish visit").click()


def log_in_again_if_asked(screen: Page, password: str) -> None:
    """Chromium writes cookies to disk every half minute, so a killed phone may have forgotten a young login, not a
    visit.
    """
    login = screen.get_by_role("button", name="Log in")
    expect(login.or_(screen.get_by_text(re.compile(r"^Received"))).first).to_be_visible()
    if login.is_visible():
        login.click()
        if not screen.get_by_label("E-mail").input_value():
            screen.get_by_label("E-mail").fill(ANNA)
        screen.get_by_label("Password").fill(password)
        screen.get_by_role("button", name="Log in").last.click()


def delivered_once(sessions: Sessions) -> None:
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 1
        assert session.scalar(select(func.count()).select_from(SealedReport)) == 1
        photos = session.scalars(select(Photo)).all()
    assert len(photos) == 3
    assert all(photo.stored_at for photo in photos)


def approve(page: Page, project: str) -> None:
    part(page, "Visits")
    page.get_by_role("link", name=re.compile("Utro on Lenin street")).first.click()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    save(page, "Approve")
    expect(page.get_by_text("The visit was approved.")).to_be_visible()
