"""A draft's photo that broke off goes on at the last byte that arrived, also as its visit's if that came meanwhile."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from checklists.erasure import erase_photos
from checklists.erasure.act import Act
from checklists.orm import ScopedSession, new_id
from checklists.visits import DraftPhoto, Photo, Visit
from checklists.waves import Assignment
from inspector.photo_storage import PhotoStorage
from inspector.photo_storage.parts import Parts
from tests.copies import DRAFTS, LateLine, a_copy, counts, drop_bytes, keep, keep_photo, stored
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto
from tests.phone_client import OWN_SITE, FieldClient, with_photos

CONTENT = bytes(range(256)) * 80
SIZE = len(CONTENT)


@pytest.fixture
def visit_id() -> UUID:
    return new_id()


@pytest.fixture
def photo(phone: FieldClient, assignment: Assignment, visit_id: UUID) -> FieldPhoto:
    """One that the copy of a begun visit names."""
    named = FieldPhoto(CONTENT)
    assert keep(phone, visit_id, a_copy(assignment, named)).status_code == 200
    return named


def patch(client: FlaskClient, visit_id: UUID, photo: FieldPhoto, offset: int | str, body: bytes) -> TestResponse:
    headers = {**OWN_SITE, "Upload-Offset": str(offset)}
    return client.patch(f"{DRAFTS}/{visit_id}/photos/{photo.id}", data=body, headers=headers)


def patch_late(
    phone: FieldClient, visit_id: UUID, photo: FieldPhoto, offset: int, meanwhile: Callable[[], None]
) -> TestResponse:
    """The rest of a photo, on a line so slow that something happens before it comes."""
    rest = LateLine(CONTENT[offset:], meanwhile)
    headers = {**OWN_SITE, "Upload-Offset": str(offset)}
    path = f"{DRAFTS}/{visit_id}/photos/{photo.id}"
    return phone.client.patch(path, input_stream=rest, content_length=SIZE - offset, headers=headers)


def here(client: FlaskClient, path: str) -> str | None:
    answer = client.head(path, headers=OWN_SITE)
    assert (answer.status_code, answer.data, answer.headers["Upload-Length"]) == (200, b"", str(SIZE))
    return answer.headers.get("Upload-Offset")


def offset(phone: FieldClient, visit_id: UUID, photo: FieldPhoto) -> str | None:
    return here(phone.client, f"{DRAFTS}/{visit_id}/photos/{photo.id}")


def parts_of(app: Flask) -> Parts:
    storage: PhotoStorage = app.extensions["photos"]
    return storage.parts


def test_a_drafts_photo_comes_in_pieces_and_is_kept_once(
    app: Flask, session: ScopedSession, phone: FieldClient, visit_id: UUID, photo: FieldPhoto
) -> None:
    assert offset(phone, visit_id, photo) == "0"
    first = patch(phone.client, visit_id, photo, 0, CONTENT[:9000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "9000")
    assert offset(phone, visit_id, photo) == "9000"
    elsewhere = patch(phone.client, visit_id, photo, 10_000, CONTENT[10_000:])
    assert (elsewhere.status_code, elsewhere.headers["Upload-Offset"]) == (409, "9000")
    last = patch(phone.client, visit_id, photo, 9000, CONTENT[9000:])
    assert (last.status_code, last.json) == (201, {"id": str(photo.id), "sha256": photo.sha256, "size": SIZE})
    assert offset(phone, visit_id, photo) == str(SIZE)
    assert patch(phone.client, visit_id, photo, SIZE, b"").status_code == 200
    assert counts(session, DraftPhoto) == [1]
    assert phone.client.get(f"{DRAFTS}/{visit_id}/photos/{photo.id}").data == CONTENT
    assert parts_of(app).offset(photo.id) == 0


def test_what_came_of_a_whole_request_that_broke_off_need_not_come_again(
    app: Flask, phone: FieldClient, visit_id: UUID, photo: FieldPhoto
) -> None:
    path = f"{DRAFTS}/{visit_id}/photos/{photo.id}"
    began = io.BytesIO(CONTENT[:5000])
    assert phone.client.put(path, input_stream=began, content_length=SIZE, headers=OWN_SITE).status_code == 422
    assert offset(phone, visit_id, photo) == "5000"
    assert patch(phone.client, visit_id, photo, 5000, CONTENT[5000:]).status_code == 201
    assert stored(app) == {str(photo.id)}


def test_one_that_is_sent_whole_in_between_leaves_no_part(
    app: Flask, phone: FieldClient, visit_id: UUID, photo: FieldPhoto
) -> None:
    patch(phone.client, visit_id, photo, 0, CONTENT[:9000])
    assert keep_photo(phone, visit_id, photo).status_code == 201
    assert parts_of(app).offset(photo.id) == 0
    assert patch(phone.client, visit_id, photo, 9000, CONTENT[9000:]).status_code == 200


def test_what_was_half_sent_of_a_draft_goes_on_as_the_photo_of_its_report(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, visit_id: UUID, photo: FieldPhoto
) -> None:
    patch(phone.client, visit_id, photo, 0, CONTENT[:9000])
    report = with_photos(audit, assignment, photo) | {"device_id": "first"}
    assert phone.put_visit(visit_id, report).json["missing_photos"] == [str(photo.id)]
    assert patch(phone.client, visit_id, photo, 9000, CONTENT[9000:]).status_code == 404, "its copy is gone"
    assert here(phone.client, f"/api/v1/photos/{photo.id}") == "9000"
    headers = {**OWN_SITE, "Upload-Offset": "9000"}
    answer = phone.client.patch(f"/api/v1/photos/{photo.id}", data=CONTENT[9000:], headers=headers)
    assert answer.status_code == 201
    assert phone.client.get(f"/api/v1/photos/{photo.id}").data == CONTENT
    assert counts(session, Photo, DraftPhoto) == [1, 0]


def test_the_last_piece_of_a_draft_is_its_visits_if_that_came_meanwhile(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, visit_id: UUID, photo: FieldPhoto
) -> None:
    def meanwhile() -> None:
        assert phone.put_visit(visit_id, with_photos(audit, assignment, photo)).status_code == 201

    patch(phone.client, visit_id, photo, 0, CONTENT[:9000])
    assert patch_late(phone, visit_id, photo, 9000, meanwhile).status_code == 201
    assert phone.client.get(f"/api/v1/photos/{photo.id}").data == CONTENT
    assert counts(session, Photo, DraftPhoto) == [1, 0]


@pytest.mark.parametrize("erased", [False, True])
def test_pieces_that_come_late_never_lie_in_the_place_of_evidence(
    app: Flask,
    session: ScopedSession,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
    visit_id: UUID,
    photo: FieldPhoto,
    erased: bool,
) -> None:
    evidence = photo if erased else replace(photo, content=b"what the report promised")

    def meanwhile() -> None:
        assert phone.put_visit(visit_id, with_photos(audit, assignment, evidence)).status_code == 201
        if erased:
            session.rollback()
            act = Act(None, "asked for", datetime.now(UTC))
            erase_photos(session, session.get_one(Visit, visit_id), [photo.id], act)
            session.commit()
            drop_bytes(app, session)

    patch(phone.client, visit_id, photo, 0, CONTENT[:9000])
    answer = patch_late(phone, visit_id, photo, 9000, meanwhile)
    assert answer.status_code == (410 if erased else 409)
    assert stored(app) == set()
    if not erased:
        assert phone.put_photo(evidence).status_code == 201
        assert phone.client.get(f"/api/v1/photos/{photo.id}").data == b"what the report promised"
    assert parts_of(app).offset(photo.id) == 0


def test_pieces_are_held_to_the_limits_to_the_copy_and_to_its_person(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient, visit_id: UUID, photo: FieldPhoto
) -> None:
    stranger = make_audit(session, "other")
    session.commit()
    path = f"{DRAFTS}/{visit_id}/photos/{photo.id}"
    patch(phone.client, visit_id, photo, 0, CONTENT[:9000])
    assert patch(phone.client, visit_id, photo, 9000, CONTENT[9000:] + b"!").status_code == 422
    assert patch(phone.client, visit_id, photo, "ten", b"x").status_code == 422
    refused = {audit.inspectors[1]: 404, stranger.inspectors[0]: 404, audit.manager: 403, stranger.manager: 403}
    for someone, status in refused.items():
        client = FieldClient(app.test_client(), someone).client
        assert client.head(path).status_code == status
        assert patch(client, visit_id, photo, 9000, CONTENT[9000:]).status_code == status
    for unknown in (f"{DRAFTS}/{visit_id}/photos/{new_id()}", f"{DRAFTS}/{new_id()}/photos/{photo.id}"):
        assert phone.client.head(unknown).status_code == 404
    another = {**OWN_SITE, "Expect-Person": str(audit.inspectors[1].id), "Upload-Offset": "9000"}
    assert phone.client.patch(path, data=CONTENT[9000:], headers=another).status_code == 401
    assert phone.client.head(path, headers=another).status_code == 401
    assert offset(phone, visit_id, photo) == "9000"
    assert patch(phone.client, visit_id, photo, 9000, bytes(SIZE - 9000)).status_code == 422
    assert offset(phone, visit_id, photo) == "0"
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], photo_max_bytes=SIZE - 1)
    assert patch(phone.client, visit_id, photo, 0, b"x").status_code == 413
    assert counts(session, DraftPhoto) == [0]
