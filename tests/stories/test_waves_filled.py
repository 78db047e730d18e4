"""What happens between a plan and its results: an employee test from the editor to the matrix, and a wave that is
planned to its required counts and filled up.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, Playwright, expect
from sqlalchemy import select

from checklists.journey import Channel
from checklists.orm import new_id
from checklists.visits import Visit
from checklists.waves import Assignment, AssignmentState
from tests.acts import (
    add_criterion,
    answer_to,
    coverage,
    criterion,
    deliver,
    enter_phone,
    finish,
    matrix_row,
    name_it,
    part,
    save,
    start_visit,
)
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit
from tests.servers import LiveServer
from tests.walk import log_in, press_in_queue

Phones = Callable[..., Phone]
CASH_DESK = {"Visiting": {"Cash desk": Channel.ON_SITE}}
OWN_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


@pytest.fixture
def database_url(shared_server: LiveServer) -> str:
    return shared_server.database_url


def enter(page: Page, audit: Audit) -> None:
    """As the manager, in the project."""
    log_in(page, audit.manager.email, PASSWORD)
    page.goto(f"{audit.address}/visits/")


# ---- An employee test


def test_an_employee_test_is_designed_taken_by_two_and_scored_by_their_mean(
    page: Page, live_server: LiveServer, phones: Phones, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        audit = make_audit(session, "tests", stages=CASH_DESK, outlets_per_brand=1, required=1)
    enter(page, audit)
    design_test(page)
    plan_at_own_outlet(page)

    phone = phones("tests", live_server.url, locale="en-GB")
    screen = phone.open("/phone/")
    inspector = inspector_of(sessions, audit)
    enter_phone(screen, inspector)
    phone.context.set_offline(True)
    expect(screen.get_by_text("Test of an employee")).to_be_visible()
    start_visit(screen, "Utro 1")
    take_test(screen, "Oleg, at the till", ("Espresso", "Steamed milk"), ("Milk",))
    screen.get_by_role("button", name="Add: Employee 2").click()
    expect(screen.get_by_role("heading", level=1)).to_contain_text("Employee 2")
    take_test(screen, "Rita, at the machine", ("Espresso", "Vanilla syrup"), ("Milk",))
    screen.get_by_role("link", name="Oleg, at the till").click()
    expect(criterion(screen, "Cappuccino").get_by_label("Steamed milk")).to_be_checked()
    finish(screen)
    deliver(screen)

    part(page, "Visits")
    page.get_by_role("link", name="Utro 1", exact=True).click()
    for number, label in enumerate(("Oleg, at the till", "Rita, at the machine"), start=1):
        expect(page.get_by_role("heading", name=f"Employee {number}: {label}")).to_be_visible()
    expect(answer_to(page, "Cappuccino").nth(0).locator(".outcome")).to_contain_text("1 of 1 points")
    expect(answer_to(page, "Cappuccino").nth(1).locator(".outcome")).to_contain_text("0 of 1 points")
    expect(answer_to(page, "Cappuccino").nth(1)).to_contain_text("Espresso; Vanilla syrup")
    save(page, "Approve")
    expect(page.get_by_role("row", name="Cash desk").get_by_role("cell").nth(1)).to_have_text("75%")
    part(page, "Waves")
    page.get_by_role("link", name="Results December").click()
    expect(page.get_by_role("row", name="Cash desk").get_by_role("cell").first).to_contain_text("75%")
    with sessions() as session:
        (visit,) = session.scalars(select(Visit).where(Visit.project_id == audit.project.id))
        assert [check.score for check in visit.checks] == [0.75], "the mean of 1 and 0.5"


def design_test(page: Page) -> None:
    """Two questions for each employee: published."""
    part(page, "Checklists")
    page.get_by_role("link", name="New checklist").click()
    name_it(page, "What our staff know")
    page.get_by_label("What is it for?").select_option("test of an employee")
    save(page, "Make the draft")
    page.get_by_role("link", name="Add a section").first.click()
    page.get_by_label("Touchpoint").select_option("Cash desk")
    name_it(page, "The test", "Title")
    page.get_by_label("Required checks per brand").fill("1")
    page.get_by_text("More rules").click()
    page.get_by_label("Repeats:").check()
    name_it(page, "Employee", "What is repeated")
    save(page)
    cappuccino = {"Option 1": "Espresso", "Option 2": "Steamed milk", "Option 3": "Vanilla syrup"}
    add_criterion(page, "Choice", "Cappuccino", cappuccino, choices={"Zone of 3": "red"}, ticks=("Several may be",))
    allergens = {"Option 1": "Milk", "Option 2": "Salt"}
    add_criterion(page, "Choice", "Allergens", allergens, choices={"Zone of 2": "red"}, ticks=("Several may be",))
    save(page, "Publish")
    expect(page.get_by_text("test of an employee")).to_be_visible()


def plan_at_own_outlet(page: Page) -> None:
    """A wave of this checklist at the own brand alone, its one visit planned and handed out."""
    part(page, "Waves")
    page.get_by_role("link", name="New wave").click()
    name_it(page, "December")
    today = datetime.now(UTC).date()
    page.get_by_label("First day").fill((today - timedelta(days=2)).isoformat())
    page.get_by_label("Last day").fill((today + timedelta(days=20)).isoformat())
    page.get_by_label(re.compile("What our staff know")).check()
    page.get_by_role("group", name="Zerno").get_by_label("none").check()
    save(page)
    part(page, "Waves")
    page.get_by_role("link", name="December", exact=True).click()
    save(page, "Plan the missing visits")
    save(page, "Hand out the planned one")


def inspector_of(sessions: Sessions, audit: Audit) -> str:
    """The e-mail of the one to whom the plan gave the visit."""
    with sessions() as session:
        (assignment,) = session.scalars(select(Assignment).where(Assignment.project_id == audit.project.id))
        assert assignment.inspector is not None
        return assignment.inspector.email


def take_test(screen: Page, label: str, cappuccino: Sequence[str], allergens: Sequence[str]) -> None:
    screen.get_by_label(re.compile("^Give it a name")).fill(label)
    for question, chosen in (("Cappuccino", cappuccino), ("Allergens", allergens)):
        for option in chosen:
            criterion(screen, question).get_by_label(option).check()


# ---- A wave, filled up


def test_a_wave_is_planned_to_its_required_counts_and_filled_up(
    page: Page, live_server: LiveServer, phones: Phones, sessions: Sessions, playwright: Playwright
) -> None:
    with sessions() as session, session.begin():
        audit = make_audit(session, "filled", stages=CASH_DESK, outlets_per_brand=2, required=2)
    enter(page, audit)
    address = go_to_coverage(page)
    says(page, "0 of 4 required checks are approved")
    says(page, "Nobody is planned yet for 2 visits at Zerno")
    for _brand in ("Utro", "Zerno"):
        save_first(page, "Plan 2 more visits")
    hand_out_planned(page, "Hand out all 4 planned ones")
    by_phone, *others = handed_out(sessions, audit)
    fill_in_on_phone(phones, live_server, sessions, by_phone)
    for assignment in others:
        send_over_http(playwright, live_server, sessions, audit, assignment)

    work_the_queue(page)
    page.goto(address)
    says(page, "3 of 4 required checks are approved")
    assert sorted(coverage(page, "Cash desk").values()) == ["1 of 2", "2 of 2"]
    assert cells_with_zones(page) == 1

    page.goto(address)
    says(page, "Nobody is planned yet for 1 visit at")
    save_first(page, "Plan 1 more visit")
    hand_out_planned(page, "Hand out the planned one")
    (again,) = handed_out(sessions, audit)
    send_over_http(playwright, live_server, sessions, audit, again)
    page.goto(address)
    says(page, "1 visit waits for your review.")
    part(page, "Visits")
    page.get_by_role("link", name="Review one after another").click()
    press_in_queue(page, "1 of 1 waiting", "a")
    says(page, "No other visit waits for a review here.")
    page.goto(address)
    says(page, "4 of 4 required checks are approved")
    says(page, "Nothing: every required check is approved.")
    assert coverage(page, "Cash desk") == {"Utro": "2 of 2", "Zerno": "2 of 2"}
    assert cells_with_zones(page) == 2
    assert all("100%" in cell for cell in matrix_row(page, "Cash desk").values())


def go_to_coverage(page: Page) -> str:
    """Go there by the links, and keep the address."""
    part(page, "Waves")
    with page.expect_navigation():
        page.get_by_role("link", name="November", exact=True).click()
    with page.expect_navigation():
        page.get_by_role("link", name="Coverage", exact=True).click()
    return page.url


def says(page: Page, words: str) -> None:
    """A sentence is on the page; a button may repeat it for those who only hear the page."""
    expect(page.get_by_text(words).first).to_be_visible()


def save_first(page: Page, button: str) -> None:
    """Press the first of the buttons that begin with these words."""
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile(rf"^{button}\b")).first.click()


def hand_out_planned(page: Page, button: str) -> None:
    """What the coverage says next: hand out what is planned."""
    says(page, "not handed out yet")
    with page.expect_navigation():
        page.get_by_role("link", name=re.compile("^To the planned ones")).click()
    save(page, button)


def handed_out(sessions: Sessions, audit: Audit) -> list[UUID]:
    """The assignments that wait for their visits."""
    with sessions() as session:
        found = select(Assignment.id).where(
            Assignment.wave_id == audit.wave.id, Assignment.state == AssignmentState.HANDED_OUT
        )
        return list(session.scalars(found))


def fill_in_on_phone(phones: Phones, server: LiveServer, sessions: Sessions, assignment_id: UUID) -> None:
    with sessions() as session:
        assignment = session.get_one(Assignment, assignment_id)
        assert assignment.inspector is not None
        email, outlet = assignment.inspector.email, assignment.outlet.name
    phone = phones("filled", server.url, locale="en-GB")
    screen = phone.open("/phone/")
    enter_phone(screen, email)
    phone.context.set_offline(True)
    start_visit(screen, outlet)
    greeting = criterion(screen, "The greeting")
    greeting.get_by_label("The guest is greeted").check()
    greeting.get_by_label("The employee looks up").check()
    criterion(screen, "The wait").get_by_role("textbox").first.fill("45")
    criterion(screen, "The table").get_by_label("Clean").check()
    finish(screen)
    deliver(screen)


def send_over_http(
    playwright: Playwright, server: LiveServer, sessions: Sessions, audit: Audit, assignment_id: UUID
) -> None:
    """A visit that is all green, from the inspector of the assignment."""
    with sessions() as session:
        assignment = session.get_one(Assignment, assignment_id)
        assert assignment.inspector is not None
        email, report = assignment.inspector.email, audit.report(assignment)
    http = playwright.request.new_context(base_url=server.url, extra_http_headers=OWN_SITE)
    assert http.post("/api/v1/session", data={"email": email, "password": PASSWORD}).ok
    answer = http.put(f"/api/v1/visits/{new_id()}", data=report)
    assert answer.status == 201, answer.text()
    http.dispose()


def work_the_queue(page: Page) -> None:
    """By keyboard: approve, reject one, approve the others."""
    part(page, "Visits")
    page.get_by_role("link", name="Review one after another").click()
    press_in_queue(page, "1 of 4 waiting", "a")
    press_in_queue(page, "1 of 3 waiting", "x")
    page.keyboard.type("The receipt is another shop's.")
    page.get_by_role("button", name="Reject", exact=True).click()
    press_in_queue(page, "1 of 2 waiting", "a")
    press_in_queue(page, "1 of 1 waiting", "a")
    says(page, "No other visit waits for a review here.")


def cells_with_zones(page: Page) -> int:
    """How many cells of the matrix, where one is, have the colour and sign of a zone."""
    return page.locator("table.matrix td:not(.too-few) a .zone").count()
