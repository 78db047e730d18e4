"""What happens between a phone and a reviewer: sent back and sent again, corrected, hidden, worth copying.

Each story has an organization of its own on a server that they share; everything goes through pages and screens, on
both databases.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from checklists.checklist import Comment, Evidence, Option, OptionZone
from checklists.journey import Channel
from checklists.orm import new_id
from checklists.scoring import Kind
from checklists.visits import BestPractice, SealedReport, Visit
from tests.acts import (
    answer_to,
    coverage,
    criterion,
    csv_rows,
    deliver,
    draw_photo,
    enter_phone,
    finish,
    matrix_row,
    part,
    photo_was_seen,
    progress,
    save,
    start_visit,
    take_photo,
)
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit, make_wave
from tests.faulty_line import FaultyLine
from tests.forms import make_criterion, make_section, make_version, text
from tests.servers import LiveServer
from tests.walk import log_in

Phones = Callable[..., Phone]
CASH_DESK = {"Visiting": {"Cash desk": Channel.ON_SITE}}


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


@pytest.fixture
def database_url(shared_server: LiveServer) -> str:
    return shared_server.database_url


def small_audit(session: Session, slug: str, **values: Any) -> Audit:
    """One touchpoint, one outlet for each of two brands, one check required."""
    return make_audit(session, slug, **{"stages": CASH_DESK, "outlets_per_brand": 1, "required": 1} | values)


def phone_of(phones: Phones, url: str, audit: Audit) -> Phone:
    """Anna's phone, logged in at the service's address, with all that it needs to work offline."""
    phone = phones(audit.organization.slug, url, locale="en-GB")
    enter_phone(phone.open("/phone/"), audit.inspectors[0].email)
    return phone


def review(page: Page, audit: Audit, outlet: str) -> None:
    """Look at a visit as a reviewer."""
    if page.url == "about:blank":
        log_in(page, audit.reviewer.email, PASSWORD)
        page.goto(f"{audit.address}/visits/")
    part(page, "Visits")
    with page.expect_navigation():
        page.get_by_role("link", name=outlet, exact=True).click()


def approve(page: Page) -> None:
    save(page, "Approve")
    expect(page.get_by_text("The visit was approved.")).to_be_visible()


# ---- Sent back, and sent again


def test_a_visit_is_sent_back_and_only_its_next_revision_counts(
    page: Page, line: FaultyLine, phones: Phones, sessions: Sessions, tmp_path: Path
) -> None:
    with sessions() as session, session.begin():
        audit = small_audit(session, "returns")
        audit.assign(session)
    phone = phone_of(phones, line.url, audit)
    screen = phone.page
    phone.context.set_offline(True)
    start_visit(screen, "Utro 1")
    criterion(screen, "The greeting").get_by_label("The guest is greeted").check()
    take_photo(screen, criterion(screen, "The greeting"), draw_photo(tmp_path / "first.jpg", 1))
    criterion(screen, "The wait").get_by_role("textbox").first.fill("240")
    criterion(screen, "The table").get_by_label("Clean").check()
    finish(screen)
    deliver(screen)

    review(page, audit, "Utro 1")
    wait = answer_to(page, "The wait")
    wait.get_by_text("Note for the inspector").click()
    wait.get_by_label("Note: The wait").fill("Seconds from the door, or from the end of the queue?")
    page.get_by_text("Send back to the inspector").click()
    page.get_by_label("What should be done").fill("Please look at the wait again.")
    save(page, "Send back")
    expect(page.get_by_text("The visit was sent back.")).to_be_visible()
    assert matrix_row(page, "Cash desk")["Utro"] == "0 of 1 1 sent back, 1 in the plan"

    what_was_noted_is_put_right(phone, tmp_path)
    # With the draft, or with the finished visit.
    photos = [path.rsplit("/", 1)[1] for path in line.puts if "/photos/" in path]
    assert len(photos) == len(set(photos)) == 2, "each photo was sent once"

    review(page, audit, "Utro 1")
    expect(page.locator("dl.facts").first).to_contain_text(re.compile(r"Revision\s*2"))
    expect(answer_to(page, "The wait")).to_contain_text("100 seconds")
    expect(answer_to(page, "The greeting").locator("a.photo")).to_have_count(2)
    approve(page)
    assert "67%" in matrix_row(page, "Cash desk")["Utro"]
    with sessions() as session:
        visit = session.scalars(select(Visit).where(Visit.project_id == audit.project.id)).one()
        assert (visit.revision, len(visit.photos)) == (2, 2)
        assert [each.value for each in visit.answers if each.value is not None] == [100]
        sealed = select(func.count()).where(SealedReport.visit_id == visit.id)
        assert session.scalar(sealed) == 2, "both revisions stay as they came"


def what_was_noted_is_put_right(phone: Phone, folder: Path) -> None:
    """On the phone: the note is read, the answer changed, a photo added; all without a network."""
    screen = phone.page
    screen.get_by_role("link", name="Assignments").click()
    screen.reload()
    expect(screen.get_by_role("heading", name="Sent back")).to_be_visible()
    screen.get_by_role("link", name="Utro 1").first.click()
    expect(screen.get_by_text("Please look at the wait again.")).to_be_visible()
    phone.context.set_offline(True)
    screen.get_by_role("button", name="Work on it again").click()
    wait = criterion(screen, "The wait")
    expect(wait.get_by_text("Seconds from the door, or from the end of the queue?")).to_be_visible()
    expect(wait.get_by_role("textbox").first).to_have_value("240")
    wait.get_by_role("textbox").first.fill("100")
    greeting = criterion(screen, "The greeting")
    expect(greeting.get_by_label("The guest is greeted")).to_be_checked()
    expect(greeting.get_by_role("link", name="Photo 1 of 1")).to_be_visible()
    take_photo(screen, greeting, draw_photo(folder / "second.jpg", 2))
    finish(screen)
    expect(screen.get_by_text("Saved on this phone")).to_be_visible()
    deliver(screen)


# ---- Corrected


def test_a_correction_changes_what_counts_and_both_scores_are_seen(page: Page, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        audit = small_audit(session, "corrections")
        audit.visit(session, zones={audit.criterion("measure")["id"]: "red"})
    review(page, audit, "Utro 1")
    with page.expect_navigation():
        answer_to(page, "The wait").get_by_role("link", name="Correct").click()
    page.get_by_label("Value").fill("60")
    page.get_by_label("Reason for the correction").fill("The clock in the photo says one minute.")
    save(page, "Correct the answer")

    wait = answer_to(page, "The wait")
    expect(wait).to_contain_text("60 seconds")
    expect(wait.locator(".correction")).to_contain_text(re.compile(r"180 seconds.*60 seconds"))
    expect(wait.locator(".correction")).to_contain_text("The clock in the photo says one minute.")
    scores = page.get_by_role("row", name="Cash desk").get_by_role("cell")
    expect(scores.nth(1)).to_have_text("100%")
    expect(scores.nth(2)).to_have_text("67%")
    expect(page.get_by_text("100%; as sent 67%: 33.3 percentage points more")).to_be_visible()
    approve(page)
    assert "100%" in matrix_row(page, "Cash desk")["Utro"]

    (visit,) = csv_rows(page, "Visits (CSV)")
    assert (visit["Score (0..1)"], visit["Corrected answers"]) == ("1", "1")
    assert visit["Score as sent (0..1)"].startswith("0.666")
    answers = {row["Criterion"]: row["Corrected (1 = yes)"] for row in csv_rows(page, "Answers (CSV)")}
    assert answers == {"The greeting": "0", "The wait": "1", "The table": "0"}

    review(page, audit, "Utro 1")
    page.get_by_text("Reopen the review").click()
    page.get_by_label("Reason for reopening").fill("The photo is of another day.")
    save(page, "Reopen")
    expect(page.get_by_text("The photo is of another day.").first).to_be_visible()
    assert matrix_row(page, "Cash desk")["Utro"] == "0 of 1 1 received, 1 in the plan"


# ---- Hidden


def test_what_a_condition_hides_is_kept_and_comes_back_and_is_not_scored(
    page: Page, live_server: LiveServer, phones: Phones, sessions: Sessions, tmp_path: Path
) -> None:
    with sessions() as session, session.begin():
        audit = audit_with_a_condition(session)
        audit.assign(session)
    phone = phone_of(phones, live_server.url, audit)
    screen = phone.page
    phone.context.set_offline(True)
    start_visit(screen, "Utro 1")
    queue, wait = criterion(screen, "Is there a queue"), criterion(screen, "The wait")
    expect(wait).to_have_count(0)
    expect(progress(screen)).to_have_text("0 of 2")
    queue.get_by_label("There is one").check()
    expect(progress(screen)).to_have_text("1 of 3")
    wait.get_by_role("textbox").first.fill("240")
    wait.get_by_label("Comment").fill("One till of three was open.")
    take_photo(screen, wait, draw_photo(tmp_path / "queue.jpg", 3))
    criterion(screen, "The table").get_by_label("Clean").check()
    expect(progress(screen)).to_have_text("3 of 3")

    queue.get_by_label("There is none").check()
    expect(wait).to_have_count(0)
    expect(progress(screen)).to_have_text("2 of 2")
    progress(screen).click()
    expect(screen.get_by_text("Nothing is missing.")).to_be_visible()
    screen.get_by_role("link", name="Back").click()

    queue.get_by_label("There is one").check()
    expect(wait.get_by_role("textbox").first).to_have_value("240")
    expect(wait.get_by_label("Comment")).to_have_value("One till of three was open.")
    expect(wait.get_by_role("link", name="Photo 1 of 1")).to_be_visible()
    queue.get_by_label("There is none").check()
    expect(wait).to_have_count(0)
    finish(screen)
    deliver(screen)

    review(page, audit, "Utro 1")
    hidden = answer_to(page, "The wait")
    expect(hidden).to_contain_text("not shown: kept, not scored")
    expect(hidden).to_contain_text("240 seconds")
    expect(hidden).to_contain_text("One till of three was open.")
    photo_was_seen(page, hidden.locator("a.photo"))
    approve(page)
    assert "100%" in matrix_row(page, "Cash desk")["Utro"], "240 seconds would be red"
    with sessions() as session:
        visit = session.scalars(select(Visit).where(Visit.project_id == audit.project.id)).one()
        assert [(each.value, each.zone) for each in visit.answers if each.hidden] == [(240, None)]
        assert len(visit.answers) == 3


def audit_with_a_condition(session: Session) -> Audit:
    """The wait is asked for only where there is a queue."""
    audit = small_audit(session, "conditions")
    queue = make_criterion(Kind.CHOICE, "Is there a queue", lineage_id=new_id())
    queue.options = [
        Option(text=text(words), zone=OptionZone.GREEN, position=place, lineage_id=new_id())
        for place, words in enumerate(("There is one", "There is none"))
    ]
    there_is_one = {"criterion": str(queue.lineage_id), "test": "is", "part": str(queue.options[0].lineage_id)}
    wait = make_criterion(
        Kind.MEASURE,
        comment=Comment.OPTIONAL,
        evidence=Evidence.OPTIONAL,
        shown_when={"match": "all", "conditions": [there_is_one]},
    )
    section = make_section(audit.touchpoints[0], [queue, wait, make_criterion(Kind.CHOICE)], required_checks=1)
    audit.version = make_version(session, audit.project, [section], name="With a condition")
    audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
    return audit


# ---- Worth copying


def test_a_best_practice_of_a_rival_stands_in_the_gallery(
    page: Page, live_server: LiveServer, phones: Phones, sessions: Sessions, tmp_path: Path
) -> None:
    journey = {"Arriving": {"Parking": Channel.ON_SITE}} | CASH_DESK
    with sessions() as session, session.begin():
        audit = small_audit(session, "practices", stages=journey)
        rival = audit.outlets_of(audit.brands[1])[0]
        section = make_section(audit.touchpoints[1], [make_criterion(Kind.CHOICE)], required_checks=1)
        audit.version = make_version(session, audit.project, [section], name="At the cash desk")
        audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
        audit.assign(session, rival)
    phone = phone_of(phones, live_server.url, audit)
    screen = phone.page
    phone.context.set_offline(True)
    start_visit(screen, "Zerno 1")
    criterion(screen, "The table").get_by_label("Clean").check()
    screen.get_by_role("link", name="Best practice").click()
    screen.get_by_role("button", name="Add a best practice").click()
    expect(screen.get_by_label("Where")).to_have_value(str(audit.touchpoints[1].id))
    screen.get_by_label("Where").select_option("Parking")
    screen.get_by_label(re.compile("^Beyond what was expected")).check()
    screen.get_by_label("What did you see?").fill("An employee came out with an umbrella.")
    take_photo(screen, screen.locator("main"), draw_photo(tmp_path / "umbrella.jpg", 4))
    screen.get_by_role("link", name="To the list").click()
    expect(screen.get_by_text("An employee came out with an umbrella.")).to_be_visible()
    screen.get_by_role("link", name="Back").click()
    finish(screen)
    deliver(screen)

    review(page, audit, "Zerno 1")
    expect(page.get_by_text("An employee came out with an umbrella.")).to_be_visible()
    part(page, "Best practices")
    expect(page.get_by_text("An employee came out with an umbrella.")).to_have_count(0)
    review(page, audit, "Zerno 1")
    approve(page)
    part(page, "Best practices")
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Touchpoint").select_option("Parking")
    page.get_by_label("Brand").select_option("Zerno")
    save(page, "Show")
    practice = page.get_by_role("listitem").filter(has_text="An employee came out with an umbrella.")
    expect(practice).to_contain_text("Parking · Zerno")
    expect(practice).to_contain_text("beyond what was expected")
    photo_was_seen(page, practice.locator("a.photo"))
    assert coverage(page, "Cash desk")["Zerno"] == "1 of 1"
    with sessions() as session:
        (found,) = session.scalars(select(BestPractice).where(BestPractice.project_id == audit.project.id))
        assert (found.brand_id, found.touchpoint_id) == (rival.brand_id, audit.touchpoints[0].id)
