"""Reports that break a rule: each kept, with a clear answer, and nothing else touched."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from checklists.orm import ScopedSession, new_id
from checklists.people import Membership, Role, add_member
from checklists.visits import Answer, Check, SealedReport, Visit, VisitState
from checklists.waves import Assignment, AssignmentState
from tests.factories import Audit, make_audit, make_project
from tests.field import FieldPhoto
from tests.phone_client import FieldClient, count, with_photos


def hold(phone: FieldClient, report: dict[str, Any] | bytes) -> str:
    answer = phone.put_visit(new_id(), report)
    assert answer.status_code == 202, answer.text
    assert answer.json is not None
    assert answer.json["state"] == "held"
    return str(answer.json["reason"])


def test_a_report_for_anothers_assignment_is_held_and_leaves_it_alone(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment
) -> None:
    anna, timur = (FieldClient(app.test_client(), person) for person in audit.inspectors)
    photo = FieldPhoto(b"evidence all the same")
    visit_id, report, annas = new_id(), with_photos(audit, assignment, photo), audit.report(assignment)
    answer = timur.put_visit(visit_id, report)
    assert answer.status_code == 202
    assert answer.json is not None
    assert "another inspector" in answer.json["reason"]
    assert answer.json["missing_photos"] == [str(photo.id)]
    assert timur.put_photo(photo).status_code == 201
    assert timur.put_visit(visit_id, report).status_code == 202
    assert count(session, Check) == 0
    assert session.get_one(Assignment, assignment.id).state is AssignmentState.HANDED_OUT
    session.rollback()
    assert anna.put_visit(visit_id, annas).status_code == 404
    assert anna.put_visit(new_id(), annas).status_code == 201


def test_a_report_for_another_organizations_assignment_is_held_at_home(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient
) -> None:
    stranger = make_audit(session, "other")
    foreign = stranger.assign(session)
    session.commit()
    assert "not known" in hold(phone, stranger.report(foreign))
    session.rollback()
    held = session.scalars(select(Visit)).one()
    assert (held.organization_id, held.assignment_id, held.project_id) == (audit.organization.id, None, None)


def test_reports_that_break_a_rule_are_held_with_the_reason(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    good = audit.report(assignment)
    first = good["answers"][0]
    in_1970 = {"started_at": "1970-01-01T00:00:00+00:00"}
    in_2200 = {"started_at": "2200-01-01T00:00:00+00:00", "finished_at": "2200-01-01T00:10:00+00:00"}
    for reason, report in (
        ("agreed", {}),
        ("agreed", good | {"answers": "all fine"}),
        ("agreed", good | {"elapsed_ms": float("nan")}),
        ("not known", good | {"assignment_id": str(new_id())}),
        ("version", good | {"checklist_version_id": str(new_id())}),
        ("does not have", good | {"answers": [*good["answers"], first | {"criterion_id": str(new_id())}]}),
        ("not possible", good | {"answers": [first | {"states": [str(new_id())]}, *good["answers"][1:]]}),
        ("not possible", good | {"answers": [*good["answers"], first]}),
        ("not answered", good | {"answers": good["answers"][1:]}),
        ("cannot be right", good | in_1970),
        ("cannot be right", good | in_2200),
        ("cannot be right", good | {"started_at": good["finished_at"], "finished_at": good["started_at"]}),
        ("another visit", good | {"answers": [first | {"photo_ids": [str(new_id())]}, *good["answers"][1:]]}),
    ):
        assert reason in hold(phone, report), report
    assert phone.put_visit(new_id(), good).status_code == 201
    assert "already" in hold(phone, good)
    assert {visit.state for visit in session.scalars(select(Visit))} == {VisitState.HELD, VisitState.RECEIVED}


def test_a_revoked_assignment_holds_the_visit(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    session.get_one(Assignment, assignment.id).state = AssignmentState.REVOKED
    session.commit()
    assert "revoked" in hold(phone, audit.report(assignment))


def test_a_visit_begun_before_the_access_ended_is_taken_and_a_later_one_held(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    second = audit.assign(session)
    membership = session.scalars(select(Membership).where(Membership.user_id == audit.inspectors[0].id)).one()
    assert membership.role is Role.INSPECTOR
    membership.deactivated_at = datetime.now(UTC) - timedelta(hours=2)
    session.commit()
    before = audit.report(assignment, started_at=datetime.now(UTC) - timedelta(hours=3))
    assert phone.put_visit(new_id(), before).status_code == 201
    assert "had ended" in hold(phone, audit.report(second))
    assert phone.client.get("/api/v1/phone/work").status_code == 403


def test_only_what_is_not_json_or_too_large_is_refused(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    assert phone.put_visit(new_id(), b"").status_code == 400
    assert phone.put_visit(new_id(), b'{"revision": 1').status_code == 400
    assert phone.put_visit(new_id(), b"\xff\xfe").status_code == 400
    assert phone.put_visit(new_id(), b"[" * 100_000).status_code == 400
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], visit_max_bytes=100)
    assert phone.put_visit(new_id(), audit.report(assignment)).status_code == 413
    assert count(session, Visit) == 0


def test_text_that_a_database_refuses_is_sealed_as_it_came_and_flagged(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    report = audit.report(assignment)
    report["answers"][0]["comment"] = "a NUL \0 and a lone \ud83d half"
    visit_id = new_id()
    assert phone.put_visit(visit_id, report).status_code == 201
    session.rollback()
    assert session.get_one(Visit, visit_id).text_replaced
    sealed = session.scalars(select(SealedReport)).one()
    assert json.loads(sealed.body)["answers"][0]["comment"] == report["answers"][0]["comment"]
    comments = session.scalars(select(Answer.comment).where(Answer.comment.is_not(None))).all()
    assert "a NUL � and a lone � half" in comments


def test_a_deleted_visit_stays_deleted(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, report = new_id(), audit.report(assignment)
    phone.put_visit(visit_id, report)
    session.rollback()
    session.get_one(Visit, visit_id).deleted_at = datetime.now(UTC)
    session.commit()
    assert phone.put_visit(visit_id, report).status_code == 410


def test_access_ends_project_by_project(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment
) -> None:
    """What ended in one project neither takes away another, nor is made good by it."""
    anna, timur = audit.inspectors
    other = make_project(session, audit.organization, "tea")
    for person, here, there in ((anna, None, timedelta(hours=2)), (timur, timedelta(hours=2), None)):
        membership = session.scalars(select(Membership).where(Membership.user_id == person.id)).one()
        membership.project_id = audit.project.id
        membership.deactivated_at = here and datetime.now(UTC) - here
        values = {"organization_id": audit.organization.id, "user_id": person.id, "project_id": other.id}
        ended = there and datetime.now(UTC) - there
        session.add(Membership(**values, role=Role.INSPECTOR, deactivated_at=ended))
    timurs = audit.assign(session, inspector=timur)
    session.commit()
    reports = [audit.report(assignment), audit.report(timurs)]
    phones = [FieldClient(app.test_client(), person) for person in (anna, timur)]
    assert [len(phone.client.get("/api/v1/phone/work").json["assignments"]) for phone in phones] == [1, 0]  # type: ignore[index]
    assert phones[0].put_visit(new_id(), reports[0]).status_code == 201
    assert "had ended" in hold(phones[1], reports[1])
    session.refresh(timurs)
    assert timurs.state is AssignmentState.HANDED_OUT, "its place stays open"


def test_what_no_calendar_and_no_column_can_hold_is_sealed_and_held(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    good = with_photos(audit, assignment, FieldPhoto())
    first, photo, position = good["answers"][0], good["photos"][0], good["positions"][0]
    for report in (
        good | {"started_at": "0001-01-01T00:00:00+14:00"},
        good | {"finished_at": "9999-12-31T23:59:59-14:00"},
        good | {"photos": [photo | {"taken_at": "0001-01-01T00:00:00+14:00"}]},
        good | {"photos": [photo | {"size": 3_000_000_000}]},
        good | {"answers": [first | {"repetition": 2**40}, *good["answers"][1:]]},
        good | {"positions": [position | {"at": "yesterday \0 \ud800"}]},
    ):
        assert "agreed" in hold(phone, report), report
    assert count(session, SealedReport) == 6


def test_ids_that_another_organization_uses_are_refused(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    stranger = make_audit(session, "other")
    photo = FieldPhoto(b"somebody else's")
    visit = stranger.visit(session, photos={stranger.criterion("states")["id"]: [photo]})
    session.commit()
    assert phone.put_visit(visit.id, audit.report(assignment)).status_code == 409
    assert phone.put_visit(new_id(), with_photos(audit, assignment, photo)).status_code == 409
    session.refresh(assignment)
    assert assignment.state is AssignmentState.HANDED_OUT


def test_a_report_that_nobody_can_place_is_not_kept_by_the_wrong_agency(
    session: ScopedSession, audit: Audit, phone: FieldClient
) -> None:
    second = make_audit(session, "other")
    add_member(session, audit.inspectors[0], [Role.INSPECTOR], organization_id=second.organization.id)
    session.commit()
    assert phone.put_visit(new_id(), {"neither": "nor"}).status_code == 404
    assert count(session, SealedReport) == 0
