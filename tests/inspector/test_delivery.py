"""A phone delivers a visit and its photos: whatever the network, a second tab or a stranger does, it is stored once."""

import json
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.jobs import Job
from checklists.orm import ScopedSession, new_id
from checklists.visits import Answer, Check, Photo, SealedReport, Visit
from checklists.visits.intake import MOST_REFUSED
from checklists.waves import Assignment, AssignmentState
from inspector.photo_images import draw_demo_photo
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto
from tests.inspector.jobs import work_off
from tests.phone_client import OWN_SITE, FieldClient, count, with_photos


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


def test_other_content_without_end_does_not_fill_the_database(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, report = new_id(), audit.report(assignment)
    phone.put_visit(visit_id, report)
    for elapsed_ms in range(1, MOST_REFUSED + 3):
        answer = phone.put_visit(visit_id, report | {"elapsed_ms": elapsed_ms})
        # The phone may forget what is kept here, and only that.
        kept = "OtherContent" if elapsed_ms <= MOST_REFUSED else "OtherContentNotKept"
        assert (answer.status_code, answer.json["type"]) == (409, f"/problems/{kept}")
    assert phone.put_visit(visit_id, report).status_code == 200
    assert count(session, SealedReport) == 1 + MOST_REFUSED


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


def test_a_picture_is_nobodys_to_keep_on_the_way(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    photo = FieldPhoto(draw_demo_photo(1, "Utro"))
    phone.put_visit(new_id(), with_photos(audit, assignment, photo))
    phone.put_photo(photo)
    work_off(app)
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
