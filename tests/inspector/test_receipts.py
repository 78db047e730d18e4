"""Photos that show a receipt: what was paid is told on the visit's page, by the API and in the table of visits."""

from datetime import UTC, datetime
from typing import Any

import pytest

from checklists.errors import HoldReason
from checklists.orm import ScopedSession, new_id
from checklists.people import Role
from checklists.review import send_back
from checklists.visits import Photo, Visit
from checklists.waves import Assignment
from tests.copies import told
from tests.factories import Audit, make_person
from tests.field import FieldPhoto
from tests.pages import Window
from tests.phone_client import FieldClient, with_photos


def said_of(report: dict[str, Any], photo: FieldPhoto, receipt: Any) -> dict[str, Any]:
    lines = [line | {"receipt": receipt} if line["id"] == str(photo.id) else line for line in report["photos"]]
    return report | {"photos": lines}


def test_a_receipt_is_told_with_its_sum_on_the_page_and_in_the_table(
    audit: Audit, assignment: Assignment, phone: FieldClient, window: Window
) -> None:
    visit_id, paid, bare, plain = new_id(), FieldPhoto(b"1"), FieldPhoto(b"2"), FieldPhoto(b"3")
    report = with_photos(audit, assignment, paid, bare, plain)
    report = said_of(report, paid, {"amount": "350.00", "currency": "RUB"})
    report = said_of(report, bare, {})
    assert phone.put_visit(visit_id, report).status_code == 201
    page = window.open(f"{audit.address}/visits/{visit_id}")
    words = " ".join(page.text.split())
    assert "Receipt, 350.00 RUB" in words
    assert words.count("Receipt") == 2
    lines = {line["id"]: line["receipt"] for line in told(window.client.get(f"/api/v1/visits/{visit_id}"))["photos"]}
    assert lines == {
        str(paid.id): {"amount": "350.00", "currency": "RUB"},
        str(bare.id): {"amount": None, "currency": None},
        str(plain.id): None,
    }
    table = window.client.get(f"{audit.address}/exports/visits.csv?state=all").text
    assert "350.00 RUB" in table


def test_a_revision_calls_a_photo_a_receipt_or_none_any_more(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, kept, taken_back, late = new_id(), FieldPhoto(b"1"), FieldPhoto(b"2"), FieldPhoto(b"3")
    sum_of = {"amount": "12.5", "currency": "EUR"}
    report = with_photos(audit, assignment, kept, taken_back, late)
    report = said_of(said_of(report, kept, sum_of), taken_back, sum_of)
    phone.put_visit(visit_id, report)
    session.rollback()
    reviewer = make_person(session, audit.organization, "Petr Reviewer", Role.REVIEWER, project=audit.project)
    send_back(session, visit_id, reviewer.id, "Once more.", [], datetime.now(UTC))
    session.commit()
    second = with_photos(audit, assignment, kept, taken_back, late) | {"revision": 2}
    phone.put_visit(visit_id, said_of(said_of(second, taken_back, None), late, sum_of))
    session.rollback()
    receipts = [session.get_one(Photo, each.id).receipt for each in (kept, taken_back, late)]
    assert receipts == [sum_of, {}, sum_of]


@pytest.mark.parametrize(
    "receipt",
    ["350", {"amount": 350}, {"amount": "1e9"}, {"amount": "-1"}, {"amount": "1" * 13}, {"currency": "roubles"}],
)
def test_a_receipt_that_nobody_understands_holds_the_visit(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, receipt: Any
) -> None:
    visit_id, photo = new_id(), FieldPhoto()
    report = said_of(with_photos(audit, assignment, photo), photo, receipt)
    assert phone.put_visit(visit_id, report).status_code == 202
    assert session.get_one(Visit, visit_id).hold_reason is HoldReason.NOT_UNDERSTOOD
