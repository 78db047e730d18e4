"""What becomes of the drafts that are kept here: their visit arrives, or nobody goes on with them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from checklists.erasure import erase_person, erase_visit
from checklists.erasure.act import Act
from checklists.erasure.visits import keep_numbers_only
from checklists.orm import ScopedSession, new_id, scoped
from checklists.review import send_back
from checklists.visits import (
    DraftCopy,
    DraftPhoto,
    Photo,
    SealedReport,
    Visit,
    forget_old_drafts,
    waiting_photos,
)
from checklists.visits.drafts import KEPT_FOR
from checklists.waves import Assignment
from inspector.photo_images import draw_demo_photo
from inspector.photo_storage import photo_key
from tests.copies import DRAFTS, a_copy, counts, drafts_of, drop_bytes, keep, keep_photo, stored, told
from tests.databases import Sessions
from tests.factories import Audit
from tests.field import FieldPhoto
from tests.phone_client import FieldClient, with_photos

LATER = timedelta(days=2)


def test_a_visit_that_arrives_takes_its_photos_over_and_its_phones_copy_goes(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photos = new_id(), [FieldPhoto(draw_demo_photo(number, "Utro", (800, 600))) for number in range(3)]
    given_up = FieldPhoto(b"removed again")
    keep(phone, visit_id, a_copy(assignment, *photos, given_up, changes=7))
    keep(phone, visit_id, a_copy(assignment, *photos, changes=2, device="second"))
    for photo in (photos[0], photos[1], given_up):
        assert keep_photo(phone, visit_id, photo).status_code == 201

    report = with_photos(audit, assignment, *photos) | {"device_id": "first"}
    receipt = told(phone.put_visit(visit_id, report))
    assert receipt["missing_photos"] == [str(photos[2].id)]
    assert phone.put_visit(visit_id, report).status_code == 200
    assert counts(session, DraftCopy, DraftPhoto, Photo) == [1, 0, 3]
    assert drafts_of(phone) == [], "the other phone's is kept, and offered to nobody"
    assert phone.client.get(f"{DRAFTS}/{visit_id}").status_code == 404
    for photo in photos[:2]:
        assert phone.client.get(f"/api/v1/photos/{photo.id}").data == photo.content
    # What comes late of the draft is not taken in any more; what the report still waits for is.
    assert keep(phone, visit_id, a_copy(assignment, *photos, changes=8)).status_code == 409
    assert keep_photo(phone, visit_id, given_up).status_code == 404
    assert phone.put_photo(photos[2]).status_code == 201

    drop_bytes(app, session)
    assert stored(app) == {str(photo.id) for photo in photos}
    session.rollback()
    assert all(photo.readable for photo in session.scalars(select(Photo)))


def test_other_bytes_than_the_draft_had_are_waited_for(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), FieldPhoto(b"as it was")
    keep(phone, visit_id, a_copy(assignment, photo))
    keep_photo(phone, visit_id, photo)
    changed = replace(photo, content=b"as it is now")
    assert told(phone.put_visit(visit_id, with_photos(audit, assignment, changed)))["missing_photos"] == [str(photo.id)]
    assert phone.put_photo(changed).status_code == 201
    assert phone.client.get(f"/api/v1/photos/{photo.id}").data == changed.content


def test_when_both_phones_finish_the_first_is_received_and_the_others_bytes_are_kept(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id = new_id()
    for device in ("first", "second"):
        keep(phone, visit_id, a_copy(assignment, device=device))
    assert phone.put_visit(visit_id, audit.report(assignment, device_id="first")).status_code == 201
    late = phone.put_visit(visit_id, audit.report(assignment, device_id="second"))
    assert (late.status_code, "already received" in told(late)["detail"]) == (409, True)
    session.rollback()
    sealed = session.scalars(select(SealedReport.body).order_by(SealedReport.accepted.desc()))
    assert [json.loads(body)["device_id"] for body in sealed] == ["first", "second"]
    assert session.get_one(Visit, visit_id).device_id == "first"


def test_a_held_report_takes_the_drafts_photos_over_too(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), FieldPhoto(b"a photo")
    keep(phone, visit_id, a_copy(assignment, photo))
    keep_photo(phone, visit_id, photo)
    report = with_photos(audit, assignment, photo) | {"started_at": "1999-01-01T00:00:00+00:00"}
    held = phone.put_visit(visit_id, report)
    assert (held.status_code, told(held)["missing_photos"]) == (202, [])
    assert phone.client.get(f"/api/v1/photos/{photo.id}").data == photo.content


def test_the_next_revision_of_a_visit_that_was_sent_back_is_kept_and_taken_over(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, old, new = new_id(), FieldPhoto(b"old"), FieldPhoto(b"new")
    assert phone.put_visit(visit_id, with_photos(audit, assignment, old)).status_code == 201
    phone.put_photo(old)
    copy = a_copy(assignment, new, revision=2)
    assert keep(phone, visit_id, copy).status_code == 409
    session.rollback()
    send_back(session, visit_id, audit.reviewer.id, "Too dark.", [], datetime.now(UTC))
    session.commit()
    assert keep(phone, visit_id, copy | {"revision": 3}).status_code == 409
    assert keep(phone, visit_id, copy).status_code == 200
    assert keep_photo(phone, visit_id, new).status_code == 201
    report = with_photos(audit, assignment, old, new) | {"revision": 2, "device_id": "first"}
    receipt = phone.put_visit(visit_id, report)
    assert (receipt.status_code, told(receipt)["missing_photos"]) == (201, [])
    assert counts(session, DraftPhoto) == [0]
    assert phone.client.get(f"/api/v1/photos/{new.id}").data == b"new"


def test_a_revision_is_kept_in_place_of_what_was_left_of_the_one_before_and_its_photos_come_back(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, late, now = new_id(), FieldPhoto(b"came late"), datetime.now(UTC)
    assert phone.put_visit(visit_id, with_photos(audit, assignment, late)).status_code == 201
    # A copy that was on its way while the report came in.
    left = DraftCopy(organization_id=assignment.organization_id, assignment_id=assignment.id, visit_id=visit_id)
    left.user_id, left.device_id, left.revision, left.changes = audit.inspectors[0].id, "first", 1, 40
    left.body, left.photos, left.begun_at, left.changed_at, left.kept_at = b"{}", [], now, now, now
    session.add(left)
    send_back(session, visit_id, audit.reviewer.id, "Too dark.", [], now)
    session.commit()
    kept = told(keep(phone, visit_id, a_copy(assignment, late, revision=2, changes=1)))
    assert (kept["changes"], kept["missing_photos"]) == (1, [str(late.id)])
    assert phone.client.get(f"{DRAFTS}/{visit_id}/photos/{late.id}").status_code == 404
    phone.put_photo(late)
    shown = phone.client.get(f"{DRAFTS}/{visit_id}/photos/{late.id}")
    assert (shown.status_code, shown.data) == (200, late.content)


def test_what_nobody_goes_on_with_is_forgotten_with_its_bytes(
    app: Flask, session: ScopedSession, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), FieldPhoto(b"a photo")
    keep(phone, visit_id, a_copy(assignment, photo))
    keep_photo(phone, visit_id, photo)
    session.rollback()
    forget_old_drafts(session, datetime.now(UTC) + KEPT_FOR - LATER)
    assert counts(session, DraftCopy) == [1]
    forget_old_drafts(session, datetime.now(UTC) + KEPT_FOR + LATER)
    session.commit()
    assert counts(session, DraftCopy, DraftPhoto) == [0, 0]
    drop_bytes(app, session)
    assert stored(app) == set()


def test_the_drafts_of_an_erased_person_and_of_an_erased_visit_go(
    app: Flask, session: ScopedSession, sessions: Sessions, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo, second = new_id(), FieldPhoto(b"a photo"), FieldPhoto(b"of the next revision")
    returned = audit.visit(session, audit.outlets[1])
    send_back(session, returned.id, audit.reviewer.id, "Too dark.", [], datetime.now(UTC))
    place_of_it = returned.assignment
    session.commit()
    assert place_of_it is not None
    for visit, place, each, revision in ((visit_id, assignment, photo, 1), (returned.id, place_of_it, second, 2)):
        assert keep(phone, visit, a_copy(place, each, revision=revision)).status_code == 200
        keep_photo(phone, visit, each)
    act = Act(audit.manager.id, "asked for", datetime.now(UTC))
    with sessions(scoped([audit.organization.id])) as acting:
        erase_visit(acting, acting.get_one(Visit, returned.id), act)
        acting.commit()
    assert counts(session, DraftCopy, DraftPhoto) == [1, 1]
    with sessions(scoped([audit.organization.id])) as acting:
        erase_person(acting, audit.inspectors[0].id, audit.organization.id, act)
        acting.commit()
    assert counts(session, DraftCopy, DraftPhoto) == [0, 0]
    drop_bytes(app, session)
    assert stored(app).isdisjoint({str(photo.id), str(second.id)})


def test_nothing_comes_back_by_a_draft_of_a_visit_of_which_only_numbers_are_kept(
    session: ScopedSession, audit: Audit, phone: FieldClient
) -> None:
    returned = audit.visit(session, audit.outlets[1])
    send_back(session, returned.id, audit.reviewer.id, "Too dark.", [], datetime.now(UTC))
    visit_id, place = returned.id, returned.assignment
    assert place is not None
    keep_numbers_only(session, session.get_one(Visit, returned.id), Act(None, "retention", datetime.now(UTC)))
    session.commit()
    assert keep(phone, visit_id, a_copy(place, revision=2)).status_code == 409
    assert counts(session, DraftCopy) == [0]


def test_a_photo_that_waits_on_a_disk_waits_on_when_its_visit_arrives(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), FieldPhoto(b"a photo")
    keep(phone, visit_id, a_copy(assignment, photo))
    keep_photo(phone, visit_id, photo)
    session.get_one(DraftPhoto, photo.id).waits_on = "that machine"
    session.commit()
    assert waiting_photos(session).number == 1
    session.commit()
    assert phone.put_visit(visit_id, with_photos(audit, assignment, photo)).status_code == 201
    assert waiting_photos(session).number == 1
    arrived = session.get_one(Photo, photo.id)
    assert (arrived.waits_on, photo_key(arrived).split("/")[2]) == ("that machine", str(photo.id))
