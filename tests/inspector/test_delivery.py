"""A phone delivers a visit and its photos: whatever the network, a second tab or a stranger does, it is stored once."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from checklists.jobs import Job
from checklists.orm import ScopedSession, new_id
from checklists.people import Membership, Role, User, add_member
from checklists.visits import Answer, Check, Photo, SealedReport, Visit, VisitState
from checklists.waves import Assignment, AssignmentState
from inspector.background import Worker
from inspector.photo_images import draw_demo_photo
from tests.factories import PASSWORD, Audit, make_audit, make_project
from tests.field import FieldPhoto

Sessions = Callable[..., ScopedSession]
OWN_SITE = {"Sec-Fetch-Site": "same-origin"}


class FieldClient:
    """What the phone app does over HTTP, without the phone."""

    def __init__(self, client: FlaskClient, person: User) -> None:
        self.client = client
        answer = client.post("/api/v1/session", json={"email": person.email, "password": PASSWORD}, headers=OWN_SITE)
        assert answer.status_code == 200, answer.text

    def put_visit(self, visit_id: UUID, report: dict[str, Any] | bytes) -> TestResponse:
        body = report if isinstance(report, bytes) else json.dumps(report).encode()
        return self.client.put(
            f"/api/v1/visits/{visit_id}", data=body, headers=OWN_SITE, content_type="application/json"
        )

    def put_photo(self, photo: FieldPhoto, content: bytes | None = None) -> TestResponse:
        return self.client.put(
            f"/api/v1/photos/{photo.id}",
            data=photo.content if content is None else content,
            headers=OWN_SITE,
            content_type=photo.media_type,
        )


@pytest.fixture
def session(sessions: Sessions) -> Iterator[ScopedSession]:
    with sessions() as opened:
        yield opened


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    made = make_audit(session)
    session.commit()
    return made


@pytest.fixture
def assignment(session: ScopedSession, audit: Audit) -> Assignment:
    made = audit.assign(session)
    session.commit()
    return made


@pytest.fixture
def phone(app: Flask, audit: Audit) -> FieldClient:
    return FieldClient(app.test_client(), audit.inspectors[0])


def with_photos(audit: Audit, assignment: Assignment, *photos: FieldPhoto) -> dict[str, Any]:
    return audit.report(assignment, photos={audit.criterion("states")["id"]: photos})


def count(session: ScopedSession, table: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_visit_and_its_photos_are_stored_once_however_often_they_come(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    photos = [FieldPhoto(b"one"), FieldPhoto(b"two")]
    visit_id, report = new_id(), with_photos(audit, assignment, *photos)

    first = phone.put_visit(visit_id, report)
    assert first.status_code == 201
    assert first.json is not None
    assert first.json["state"] == "received"
    assert first.json["missing_photos"] == [str(photo.id) for photo in photos]
    # The answer was lost, so the phone sends it all again, after the first photo had gone through.
    assert phone.put_photo(photos[0]).status_code == 201
    again = phone.put_visit(visit_id, report)
    assert again.status_code == 200
    assert again.json == first.json | {"missing_photos": [str(photos[1].id)]}
    assert phone.put_photo(photos[0]).status_code == 200
    assert phone.put_photo(photos[1]).status_code == 201
    last = phone.put_visit(visit_id, report)
    assert (last.status_code, last.json) == (200, first.json | {"missing_photos": []})

    assert [count(session, table) for table in (Visit, SealedReport, Photo, Job)] == [1, 1, 2, 2]
    assert count(session, Check) == len({section["touchpoint_id"] for section in audit.document["sections"]})
    assert count(session, Answer) == len(report["answers"])
    assert session.get_one(Assignment, assignment.id).state is AssignmentState.DELIVERED


def test_other_content_under_the_same_id_is_refused_and_kept(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, report = new_id(), audit.report(assignment)
    phone.put_visit(visit_id, report)
    other = report | {"elapsed_ms": 1}
    for _ in range(2):
        answer = phone.put_visit(visit_id, other)
        assert answer.status_code == 409
        assert answer.content_type == "application/problem+json"
    assert phone.put_visit(visit_id, report).status_code == 200
    session.rollback()
    kept = session.scalars(select(SealedReport).order_by(SealedReport.accepted.desc())).all()
    assert [json.loads(each.body)["elapsed_ms"] for each in kept] == [report["elapsed_ms"], 1]
    assert session.get_one(Visit, visit_id).elapsed_ms == report["elapsed_ms"]


@pytest.mark.parametrize(
    ("content", "status", "word"),
    [(b"the whole ph", 422, "12 of 15"), (b"the whole phot0", 422, "changed"), (b"the whole photo, and more", 422, "")],
    ids=["cut off", "wrong hash", "too long"],
)
def test_a_photo_that_is_not_what_was_promised_is_not_stored(
    session: ScopedSession,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
    content: bytes,
    status: int,
    word: str,
) -> None:
    photo = FieldPhoto(b"the whole photo")
    visit_id = new_id()
    phone.put_visit(visit_id, with_photos(audit, assignment, photo))
    answer = phone.put_photo(photo, content)
    assert answer.status_code == status
    assert answer.json is not None
    assert word in answer.json["detail"]
    session.rollback()
    assert session.get_one(Photo, photo.id).stored_at is None
    session.rollback()
    assert phone.put_photo(photo).status_code == 201
    shown = phone.client.get(f"/api/v1/photos/{photo.id}")
    assert shown.data == photo.content


def test_a_photo_that_no_report_promised_is_not_taken(audit: Audit, phone: FieldClient) -> None:
    assert phone.put_photo(FieldPhoto()).status_code == 404


def test_a_photo_over_the_limit_is_refused_before_it_is_read(
    app: Flask, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], photo_max_bytes=10)
    photo = FieldPhoto(b"more than ten bytes")
    phone.put_visit(new_id(), with_photos(audit, assignment, photo))
    assert phone.put_photo(photo).status_code == 413


def test_a_photo_is_seen_by_its_inspector_and_by_reviewers_only(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    stranger = make_audit(session, "other")
    session.commit()
    photo = FieldPhoto(b"a photo")
    phone.put_visit(new_id(), with_photos(audit, assignment, photo))
    phone.put_photo(photo)
    seen = {}
    for person in (*audit.inspectors, audit.manager, audit.reviewer, stranger.manager, stranger.inspectors[0]):
        client = FieldClient(app.test_client(), person).client
        seen[person.email] = client.get(f"/api/v1/photos/{photo.id}").status_code
    anna, timur = audit.inspectors
    assert [seen[person.email] for person in (anna, audit.manager, audit.reviewer)] == [200, 200, 200]
    assert [seen[person.email] for person in (timur, stranger.manager, stranger.inspectors[0])] == [404, 404, 404]
    assert app.test_client().get(f"/api/v1/photos/{photo.id}").status_code == 401


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


def test_only_inspectors_deliver_and_never_from_another_site(
    app: Flask, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    address, body = f"/api/v1/visits/{new_id()}", json.dumps(audit.report(assignment))
    manager = FieldClient(app.test_client(), audit.manager)
    assert manager.put_visit(new_id(), audit.report(assignment)).status_code == 403
    assert app.test_client().put(address, data=body, headers=OWN_SITE).status_code == 401
    for headers in (
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        answer = phone.client.put(address, data=body, headers=headers)
        assert (answer.status_code, answer.content_type) == (403, "application/problem+json"), headers
    assert phone.client.put(address, data=body, headers={"Origin": "http://localhost"}).status_code == 201


def test_the_phone_gets_its_work_blind_and_only_when_it_changed(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    answer = phone.client.get("/api/v1/phone/work")
    assert answer.status_code == 200
    assert answer.json is not None
    work = answer.json
    assert [each["id"] for each in work["assignments"]] == [str(assignment.id)]
    assert work["assignments"][0]["progress"][0]["required"] == 4
    assert [version["id"] for version in work["checklist_versions"]] == [str(audit.version.id)]
    for secret in ("polarity", "weight", 'zone"', "points", 'limit"', "enough", "forbidden", "expected", "lineage"):
        assert secret not in json.dumps(work["checklist_versions"]), secret
    tag = answer.headers["ETag"]
    assert phone.client.get("/api/v1/phone/work", headers={"If-None-Match": tag}).status_code == 304
    phone.put_visit(new_id(), audit.report(assignment))
    changed = phone.client.get("/api/v1/phone/work", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json is not None
    assert changed.json["assignments"][0]["visit"]["state"] == "received"
    timur = FieldClient(app.test_client(), audit.inspectors[1])
    other = timur.client.get("/api/v1/phone/work").json
    assert other is not None
    assert other["assignments"] == []


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
    session.rollback()
    assert session.get_one(Assignment, timurs.id).state is AssignmentState.HANDED_OUT, "its place stays open"


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
    session.rollback()
    assert session.get_one(Assignment, assignment.id).state is AssignmentState.HANDED_OUT


def test_a_report_that_nobody_can_place_is_not_kept_by_the_wrong_agency(
    session: ScopedSession, audit: Audit, phone: FieldClient
) -> None:
    second = make_audit(session, "other")
    add_member(session, audit.inspectors[0], [Role.INSPECTOR], organization_id=second.organization.id)
    session.commit()
    assert phone.put_visit(new_id(), {"neither": "nor"}).status_code == 404
    assert count(session, SealedReport) == 0


def test_a_picture_is_nobodys_to_keep_on_the_way(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    photo = FieldPhoto(draw_demo_photo(1, "Utro"))
    phone.put_visit(new_id(), with_photos(audit, assignment, photo))
    phone.put_photo(photo)
    while Worker(app).run_one():
        pass
    for size in ("original", "screen", "thumbnail"):
        shown = phone.client.get(f"/api/v1/photos/{photo.id}?size={size}")
        assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
        assert "public" not in shown.headers["Cache-Control"], size
    assert len(shown.data) < len(photo.content)


def test_a_login_with_characters_that_no_address_has_fails_in_words(app: Flask) -> None:
    for email in ("anna\0@example.org", "\ud800@example.org"):
        login = {"email": email, "password": "x"}
        answer = app.test_client().post("/api/v1/session", json=login, headers=OWN_SITE)
        assert answer.status_code == 401
