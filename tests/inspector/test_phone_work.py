"""All that a phone gets for working without a network: assignments, projects, what was sent back, pictures."""

import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from checklists.brands import Outlet
from checklists.checklist.tables import GuidancePicture
from checklists.orm import ScopedSession, new_id
from checklists.people import Role, add_member
from checklists.review import Note, approve, reject, send_back
from checklists.visits import SealedReport, Visit
from checklists.waves import Assignment
from inspector.photo_storage import picture_key
from tests.factories import Audit, make_audit, make_person, make_project
from tests.field import FieldPhoto
from tests.forms import make_checklist
from tests.phone_client import FieldClient, with_photos

NOW = datetime.now(UTC)
PICTURE = b"\xff\xd8\xff\xe0 a reference picture"


def work_of(phone: FieldClient, **headers: str) -> dict[str, Any]:
    answer = phone.client.get("/api/v1/phone/work", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return answer.json


def sent_back(
    session: ScopedSession, audit: Audit, phone: FieldClient, assignment: Assignment, *photos: FieldPhoto, **report: Any
) -> tuple[UUID, dict[str, Any]]:
    """A visit that arrived with its photos and was returned with one note; its id and what the phone had sent."""
    visit_id, sent = new_id(), with_photos(audit, assignment, *photos) | report
    assert phone.put_visit(visit_id, sent).status_code == 201
    for photo in photos:
        phone.put_photo(photo)
    note = Note(UUID(audit.criterion("measure")["id"]), 0, "Which clock did you use?")
    send_back(session, visit_id, audit.reviewer.id, "One thing is not clear", [note], NOW)
    session.commit()
    return visit_id, sent


def test_projects_come_with_their_touchpoints_in_the_order_of_the_journey(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    make_project(session, audit.organization, "another")
    session.get_one(type(audit.project), audit.project.id).staff_names = True
    session.commit()
    (project,) = work_of(phone)["projects"]
    assert project["id"] == str(audit.project.id)
    assert (project["name"], project["default_language"], project["staff_names"]) == (audit.project.name, "ru", True)
    assert project["touchpoints"] == [
        {"id": str(each.id), "name": each.name, "stage": stage.name, "channel": each.channel.value}
        for stage in audit.journey.stages
        for each in stage.touchpoints
    ]


def test_the_work_spans_the_memberships_of_one_person(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    """Anna inspects for a second agency too: one phone shows what both gave her, and nothing of her colleagues."""
    other = make_audit(session, "other")
    add_member(session, audit.inspectors[0], [Role.INSPECTOR], organization_id=other.organization.id)
    second = other.assign(session, inspector=audit.inspectors[0])
    other.assign(session)
    session.commit()
    work = work_of(phone)
    assert {each["id"] for each in work["assignments"]} == {str(assignment.id), str(second.id)}
    assert {each["organization"]["name"] for each in work["assignments"]} == {"Agency sova", "Agency other"}


def test_an_assignment_says_its_hours_its_purpose_and_what_the_outlet_is_like(
    session: ScopedSession, audit: Audit, phone: FieldClient
) -> None:
    session.get_one(Outlet, audit.outlets[0].id).attributes = {"drive-through": "yes"}
    morning = audit.assign(session, hours_from=9, hours_until=13)
    any_time = audit.assign(session, audit.outlets[1])
    session.commit()
    by_id = {each["id"]: each for each in work_of(phone)["assignments"]}
    assert by_id[str(morning.id)]["hours"] == [9, 13]
    assert by_id[str(any_time.id)]["hours"] is None
    assert by_id[str(morning.id)]["outlet"]["attributes"] == {"drive-through": "yes"}
    assert {each["purpose"] for each in by_id.values()} == {"visit"}


def test_what_was_sent_back_comes_with_notes_report_and_photos(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    arrived, lost = FieldPhoto(b"arrived"), FieldPhoto(b"lost on the way")
    report = with_photos(audit, assignment, arrived, lost)
    visit_id = new_id()
    phone.put_visit(visit_id, report)
    phone.put_photo(arrived)
    before = phone.client.get("/api/v1/phone/work").headers["ETag"]
    note = Note(UUID(audit.criterion("measure")["id"]), 0, "Which clock did you use?")
    send_back(session, visit_id, audit.reviewer.id, "One thing is not clear", [note], NOW)
    session.commit()

    work = work_of(phone, If_None_Match=before)
    (each,) = work["assignments"]
    visit = each["visit"]
    assert (visit["id"], visit["revision"], visit["state"]) == (str(visit_id), 1, "returned")
    assert visit["reason"] == "One thing is not clear"
    assert visit["notes"] == [
        {"criterion_id": str(note.criterion_id), "repetition": 0, "text": "Which clock did you use?"}
    ]
    assert visit["report"] == report
    assert visit["checklist_version_id"] == str(audit.version.id)
    assert {photo["id"]: photo["received"] for photo in visit["photos"]} == {str(arrived.id): True, str(lost.id): False}
    (first, *_) = (photo for photo in visit["photos"] if photo["received"])
    assert (first["sha256"], first["size"], first["media_type"]) == (arrived.sha256, 7, "image/jpeg")
    assert datetime.fromisoformat(first["taken_at"]).tzinfo is not None


def test_only_what_was_sent_back_comes_back_whole(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, _ = sent_back(session, audit, phone, assignment)
    reject(session, visit_id, audit.reviewer.id, "It was another shop", NOW + timedelta(minutes=1))
    session.commit()
    (each,) = work_of(phone)["assignments"]
    assert (each["visit"]["state"], each["visit"]["reason"]) == ("rejected", "It was another shop")
    assert "report" not in each["visit"]


def test_the_next_revision_goes_in_and_the_one_after_begins_from_it(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    photo = FieldPhoto(b"reused")
    visit_id, sent = sent_back(session, audit, phone, assignment, photo)
    second = sent | {"revision": 2, "elapsed_ms": 900_000}
    answer = phone.put_visit(visit_id, second)
    assert answer.json is not None
    assert (answer.status_code, answer.json["revision"], answer.json["missing_photos"]) == (201, 2, [])
    assert work_of(phone)["assignments"][0]["visit"]["state"] == "received"
    send_back(session, visit_id, audit.reviewer.id, "Still not", [], NOW + timedelta(minutes=1))
    session.commit()
    visit = work_of(phone)["assignments"][0]["visit"]
    assert (visit["revision"], visit["report"], visit["reason"], visit["notes"]) == (2, second, "Still not", [])


def test_a_photo_that_never_came_and_is_not_named_again_is_not_waited_for(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, lost = new_id(), FieldPhoto(b"lost on the way")
    phone.put_visit(visit_id, with_photos(audit, assignment, lost))
    send_back(session, visit_id, audit.reviewer.id, "A photo is missing", [], NOW)
    session.commit()
    answer = phone.put_visit(visit_id, with_photos(audit, assignment) | {"revision": 2})
    assert answer.json is not None
    assert (answer.status_code, answer.json["missing_photos"]) == (201, [])
    session.expire_all()
    approve(session, visit_id, audit.reviewer.id, NOW + timedelta(minutes=1))


def test_a_visit_that_was_sent_back_stays_however_late_it_is(
    session: ScopedSession, audit: Audit, phone: FieldClient
) -> None:
    long_ago = {"due_from": NOW - timedelta(days=90), "due_until": NOW - timedelta(days=60)}
    assignment = audit.assign(session)
    overdue = audit.assign(session, audit.outlets[1])
    session.commit()
    sent_back(session, audit, phone, assignment)
    for each in (assignment, overdue):
        for name, moment in long_ago.items():
            setattr(session.get_one(Assignment, each.id), name, moment)
    session.commit()
    assert [each["id"] for each in work_of(phone)["assignments"]] == [str(assignment.id)]


def test_the_version_that_a_returned_visit_was_made_with_comes_along(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    sent_back(session, audit, phone, assignment)
    newer = make_checklist(session, audit.project, audit.touchpoints)
    session.get_one(Assignment, assignment.id).version_id = newer.id
    session.commit()
    work = work_of(phone)
    assert {each["id"] for each in work["checklist_versions"]} == {str(audit.version.id), str(newer.id)}
    assert work["assignments"][0]["visit"]["checklist_version_id"] == str(audit.version.id)


@pytest.mark.parametrize("body", [b"[1, 2]", b"no JSON at all", b'"' + b"[" * 100_000])
def test_a_report_that_has_no_form_comes_back_as_nothing(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, body: bytes
) -> None:
    visit_id, _ = sent_back(session, audit, phone, assignment)
    _replace_sealed(session, visit_id, body)
    assert work_of(phone)["assignments"][0]["visit"]["report"] is None


def test_what_is_no_json_for_a_browser_never_reaches_it(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, sent = sent_back(session, audit, phone, assignment)
    _replace_sealed(session, visit_id, json.dumps(sent | {"elapsed_ms": float("nan")}).encode())
    text = phone.client.get("/api/v1/phone/work").text
    assert "NaN" not in text
    assert work_of(phone)["assignments"][0]["visit"]["report"]["elapsed_ms"] is None


def test_the_statements_do_not_grow_with_the_assignments(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient
) -> None:
    counts = []
    for _ in range(2):
        for outlet in audit.outlets[:3]:
            sent_back(session, audit, phone, _assigned(session, audit, outlet), FieldPhoto())
            audit.assign(session, outlet)
        session.commit()
        counts.append(_statements(app, lambda: work_of(phone)))
    assert len(work_of(phone)["assignments"]) == 12
    assert counts[0] == counts[1] <= 25


def test_a_reference_picture_is_for_those_who_work_in_its_project(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient
) -> None:
    stranger = make_audit(session, "other")
    elsewhere = make_project(session, audit.organization, "another")
    outsider = make_person(session, audit.organization, "Vera Elsewhere", Role.INSPECTOR, project=elsewhere)
    client_side = make_person(session, audit.organization, "Klim Customer", Role.CLIENT)
    picture = _picture(app, session, audit)
    session.commit()

    def see(client: FieldClient) -> TestResponse:
        return client.client.get(f"/api/v1/pictures/{picture.id}")

    shown = see(phone)
    assert (shown.status_code, shown.mimetype, shown.data) == (200, "image/jpeg", PICTURE)
    assert {"private", "immutable", "max-age=31536000"} <= set(shown.headers["Cache-Control"].split(", "))
    for person in (audit.owner, audit.manager, audit.reviewer):
        assert see(FieldClient(app.test_client(), person)).status_code == 200
    for person in (stranger.manager, stranger.inspectors[0], outsider):
        assert see(FieldClient(app.test_client(), person)).status_code == 404, person.name
    assert see(FieldClient(app.test_client(), client_side)).status_code == 403
    assert app.test_client().get(f"/api/v1/pictures/{picture.id}").status_code == 401
    assert phone.client.get(f"/api/v1/pictures/{new_id()}").status_code == 404


def test_a_picture_whose_bytes_are_gone_is_not_there(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient
) -> None:
    picture = _picture(app, session, audit)
    session.commit()
    app.extensions["photos"].delete(picture_key(picture))
    assert phone.client.get(f"/api/v1/pictures/{picture.id}").status_code == 404


def _assigned(session: ScopedSession, audit: Audit, outlet: Outlet) -> Assignment:
    assignment = audit.assign(session, outlet)
    session.commit()
    return assignment


def _replace_sealed(session: ScopedSession, visit_id: UUID, body: bytes) -> None:
    visit = session.get_one(Visit, visit_id)
    sealed = session.query(SealedReport).filter_by(visit_id=visit.id, accepted=True).one()
    sealed.body = body
    session.commit()


def _picture(app: Flask, session: ScopedSession, audit: Audit) -> GuidancePicture:
    picture = GuidancePicture(
        organization_id=audit.organization.id,
        project_id=audit.project.id,
        sha256=hashlib.sha256(PICTURE).hexdigest(),
        size=len(PICTURE),
        media_type="image/jpeg",
        width=4,
        height=3,
        added_at=NOW,
    )
    session.add(picture)
    session.flush()
    app.extensions["photos"].write(picture_key(picture), io.BytesIO(PICTURE), size=picture.size, sha256=picture.sha256)
    return picture


def _statements(app: Flask, work: Callable[[], object]) -> int:
    engine = app.extensions["writers"]
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)
