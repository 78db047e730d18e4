"""Drafts are kept here too: a lost phone loses nothing, and nobody sees or overwrites another's."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from checklists.erasure import erase_photos
from checklists.erasure.act import Act
from checklists.orm import ScopedSession, new_id
from checklists.visits import (
    DraftCopy,
    DraftPhoto,
    Photo,
    Visit,
    draft_copies,
)
from checklists.waves import Assignment, AssignmentState
from inspector.photo_images import draw_demo_photo
from tests.copies import DRAFTS, LateLine, a_copy, counts, drafts_of, drop_bytes, keep, keep_photo, stored, told
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto
from tests.phone_client import OWN_SITE, FieldClient, with_photos


def test_a_copy_and_its_photos_are_kept_once_however_often_they_come(
    session: ScopedSession, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), FieldPhoto(b"one")
    first = told(keep(phone, visit_id, a_copy(assignment, photo)))
    assert (first["id"], first["missing_photos"], first["others"]) == (str(visit_id), [str(photo.id)], [])
    assert [keep_photo(phone, visit_id, photo).status_code for _ in range(2)] == [201, 200]
    again = told(keep(phone, visit_id, a_copy(assignment, photo)))
    assert again == first | {"missing_photos": []}
    assert counts(session, DraftCopy, DraftPhoto, Visit, Photo) == [1, 1, 0, 0]


def test_a_later_copy_takes_the_place_of_an_earlier_one_and_never_the_other_way_round(
    assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo, other = new_id(), FieldPhoto(b"one"), FieldPhoto(b"two")
    keep(phone, visit_id, a_copy(assignment, photo, changes=5))
    late = told(keep(phone, visit_id, a_copy(assignment, other, changes=4)))
    assert (late["changes"], late["missing_photos"]) == (5, [str(photo.id)])
    later = told(keep(phone, visit_id, a_copy(assignment, other, changes=6)))
    assert (later["changes"], later["missing_photos"]) == (6, [str(other.id)])
    whole = told(phone.client.get(f"{DRAFTS}/{visit_id}?device_id=first"))
    assert whole["body"] == a_copy(assignment, changes=6)["body"]
    assert whole["progress"] == {"done": 6, "total": 40}


def test_another_phone_of_the_same_person_gets_it_all_back_byte_for_byte(
    app: Flask, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), FieldPhoto(draw_demo_photo(1, "Utro", (800, 600)))
    copy = a_copy(assignment, photo, changes=12)
    keep(phone, visit_id, copy)
    keep_photo(phone, visit_id, photo)
    agent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile"
    contact = {"device_id": "first", "app_version": "v", "system": "Pixel 7", "installed": True, "keeps": True}
    contact |= {"storage_left": 1, "drafts": [], "waiting": []}
    answer = phone.client.put("/api/v1/phone/device", json=contact, headers=OWN_SITE | {"User-Agent": agent})
    assert answer.status_code == 204, answer.text

    second = FieldClient(app.test_client(), audit.inspectors[0])
    (line,) = drafts_of(second)
    assert (line["visit_id"], line["device_id"], line["system"]) == (str(visit_id), "first", "Pixel 7, Chrome 142")
    assert (line["progress"], "body" in line) == ({"done": 12, "total": 40}, False)
    whole = told(second.client.get(f"{DRAFTS}/{visit_id}?device_id=first"))
    assert (whole["body"], whole["photos"], whole["missing_photos"]) == (copy["body"], copy["photos"], [])
    shown = second.client.get(f"{DRAFTS}/{visit_id}/photos/{photo.id}")
    assert (shown.status_code, shown.data) == (200, photo.content)
    assert shown.headers["X-Content-Type-Options"] == "nosniff"


def test_two_phones_have_copies_of_their_own_and_hear_of_each_other(assignment: Assignment, phone: FieldClient) -> None:
    visit_id, photo = new_id(), FieldPhoto(b"only on the first")
    keep(phone, visit_id, a_copy(assignment, photo, changes=9))
    keep_photo(phone, visit_id, photo)
    answer = told(keep(phone, visit_id, a_copy(assignment, changes=3, device="second")))
    assert [(each["device_id"], each["changes"]) for each in answer["others"]] == [("first", 9)]
    assert {each["device_id"] for each in drafts_of(phone)} == {"first", "second"}
    # The second one is discarded: what the first one has stays, with its photo.
    assert phone.client.delete(f"{DRAFTS}/{visit_id}?device_id=second", headers=OWN_SITE).status_code == 204
    assert [each["device_id"] for each in drafts_of(phone)] == ["first"]
    assert phone.client.get(f"{DRAFTS}/{visit_id}/photos/{photo.id}").data == photo.content


def test_nobody_else_reaches_a_draft(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    stranger = make_audit(session, "other")
    session.commit()
    visit_id, photo = new_id(), FieldPhoto(b"a photo")
    keep(phone, visit_id, a_copy(assignment, photo))
    keep_photo(phone, visit_id, photo)
    for someone in (audit.inspectors[1], stranger.inspectors[0]):
        other = FieldClient(app.test_client(), someone)
        assert drafts_of(other) == []
        assert other.client.get(f"{DRAFTS}/{visit_id}").status_code == 404
        assert other.client.get(f"{DRAFTS}/{visit_id}/photos/{photo.id}").status_code == 404
        assert keep(other, visit_id, a_copy(assignment, photo, changes=59)).status_code == 404
        assert keep_photo(other, visit_id, photo).status_code == 404
        assert other.client.delete(f"{DRAFTS}/{visit_id}?device_id=first", headers=OWN_SITE).status_code == 404
    for someone in (audit.manager, audit.reviewer):
        client = FieldClient(app.test_client(), someone).client
        assert client.get(f"{DRAFTS}/{visit_id}").status_code == 403
    assert [each["changes"] for each in drafts_of(phone)] == [1]


def test_only_what_a_visit_is_waited_for_is_kept(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    assert keep(phone, new_id(), a_copy(assignment, revision=2)).status_code == 409
    session.get_one(Assignment, assignment.id).state = AssignmentState.VOID
    session.commit()
    refused = keep(phone, new_id(), a_copy(assignment))
    assert (refused.status_code, told(refused)["type"].rsplit("/", 1)[-1]) == (409, "DraftNotWanted")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"device_id": "a\0b"}, 422),
        ({"changes": -1}, 422),
        ({"changes": 2**31}, 422),
        ({"body": "x" * 200}, 413),
        ({"body": "\ud800"}, 422),
        ({"photos": [{"id": str(new_id()), "sha256": "no", "size": 1, "media_type": "image/jpeg"}]}, 422),
        ({"assignment_id": str(new_id())}, 404),
        ({"begun_at": "yesterday"}, 422),
    ],
)
def test_what_is_no_copy_is_refused(
    app: Flask, assignment: Assignment, phone: FieldClient, change: dict[str, Any], status: int
) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], visit_max_bytes=150)
    assert keep(phone, new_id(), a_copy(assignment, **{"body": "{}"} | change)).status_code == status


def test_photos_are_held_to_the_limits_and_to_their_copy(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo, received = new_id(), FieldPhoto(b"more than ten bytes"), FieldPhoto(b"evidence")
    outlet = audit.outlets[1]
    done = audit.assign(session, outlet)
    session.commit()
    phone.put_visit(new_id(), with_photos(audit, done, received))
    phone.put_photo(received)
    assert keep_photo(phone, visit_id, photo).status_code == 404
    forged = replace(received, content=b"something else")
    keep(phone, visit_id, a_copy(assignment, photo, forged))
    assert keep_photo(phone, visit_id, photo, b"more than ten bytez").status_code == 422
    # What is evidence already is not written over by way of a draft.
    assert keep_photo(phone, visit_id, forged).status_code == 409
    assert phone.client.get(f"/api/v1/photos/{received.id}").data == b"evidence"
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], photo_max_bytes=10)
    assert keep_photo(phone, visit_id, photo).status_code == 413
    assert counts(session, DraftPhoto) == [0]


def test_one_person_has_so_many_copies_and_no_more(
    assignment: Assignment, phone: FieldClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_copies, "MOST_COPIES", 2)
    visits = [new_id() for _ in range(3)]
    assert [keep(phone, each, a_copy(assignment)).status_code for each in visits] == [200, 200, 409]
    assert keep(phone, visits[0], a_copy(assignment, changes=2)).status_code == 200


def test_one_persons_copies_are_so_long_together_and_no_longer(
    assignment: Assignment, phone: FieldClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_copies, "MOST_BYTES", 1000)
    visits = [new_id() for _ in range(2)]
    assert [keep(phone, each, a_copy(assignment, body="x" * 600)).status_code for each in visits] == [200, 409]
    assert keep(phone, visits[0], a_copy(assignment, changes=2, body="x" * 900)).status_code == 200


@pytest.mark.parametrize("erased", [False, True])
def test_bytes_that_a_slow_line_brings_late_never_lie_in_the_place_of_evidence(
    app: Flask,
    session: ScopedSession,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
    erased: bool,
) -> None:
    visit_id, late = new_id(), FieldPhoto(b"what the draft had")
    evidence = late if erased else replace(late, content=b"what the report promised")

    def meanwhile() -> None:
        assert phone.put_visit(visit_id, with_photos(audit, assignment, evidence)).status_code == 201
        assert phone.put_photo(evidence).status_code == 201
        if erased:
            session.rollback()
            erase_photos(
                session, session.get_one(Visit, visit_id), [late.id], Act(None, "asked for", datetime.now(UTC))
            )
            session.commit()
            drop_bytes(app, session)

    keep(phone, visit_id, a_copy(assignment, late))
    answer = phone.client.put(
        f"{DRAFTS}/{visit_id}/photos/{late.id}",
        input_stream=LateLine(late.content, meanwhile),
        content_length=len(late.content),
        headers=OWN_SITE,
    )
    assert answer.status_code == (410 if erased else 409)
    if erased:
        assert stored(app) == set()
    else:
        assert phone.client.get(f"/api/v1/photos/{evidence.id}").data == b"what the report promised"


def test_a_photo_that_was_removed_and_brought_back_keeps_its_bytes(
    app: Flask, session: ScopedSession, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), FieldPhoto(b"a photo")
    keep(phone, visit_id, a_copy(assignment, photo))
    keep_photo(phone, visit_id, photo)
    keep(phone, visit_id, a_copy(assignment, changes=2))
    assert told(keep(phone, visit_id, a_copy(assignment, photo, changes=3)))["missing_photos"] == [str(photo.id)]
    assert keep_photo(phone, visit_id, photo).status_code == 201
    drop_bytes(app, session)
    assert phone.client.get(f"{DRAFTS}/{visit_id}/photos/{photo.id}").data == b"a photo"
