"""Two phones finish one visit: the second report is kept beside the first, with its photos, and none of it counts."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.erasure import erase_photos, erase_visit
from checklists.erasure.act import Act
from checklists.erasure.visits import keep_numbers_only
from checklists.orm import ScopedSession, new_id, scoped
from checklists.people import Role
from checklists.review import approve, send_back
from checklists.visits import DraftCopy, DraftPhoto, Photo, SealedReport, Visit, forget_old_drafts
from checklists.visits.drafts import KEPT_FOR
from checklists.waves import Assignment
from inspector.photo_images import draw_demo_photo
from tests.api.world import ApiClient
from tests.copies import DRAFTS, a_copy, counts, drafts_of, drop_bytes, keep, keep_photo, stored, told
from tests.databases import Sessions
from tests.factories import Audit, make_person
from tests.field import FieldPhoto
from tests.pages import Window
from tests.phone_client import OWN_SITE, FieldClient, with_photos
from tests.phone_files import a_visit, entries_of, take_in, zipped


def report_of(device: str, audit: Audit, assignment: Assignment, *photos: FieldPhoto, **more: Any) -> dict[str, Any]:
    return with_photos(audit, assignment, *photos) | {"device_id": device} | more


def picture(number: int) -> FieldPhoto:
    return FieldPhoto(draw_demo_photo(number, "Utro", (800, 600)))


@pytest.fixture
def both(audit: Audit, assignment: Assignment, phone: FieldClient) -> tuple[UUID, FieldPhoto, FieldPhoto]:
    """The visit, with the photo of each phone: that of the second one has not come."""
    visit_id, one, two = new_id(), picture(1), picture(2)
    phone.put_visit(visit_id, report_of("first", audit, assignment, one))
    assert phone.put_photo(one).status_code == 201
    assert phone.put_visit(visit_id, report_of("second", audit, assignment, two)).status_code == 409
    return visit_id, one, two


def test_the_report_that_comes_first_takes_nothing_from_the_other_phone(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, shared, own, others, late = new_id(), *(picture(number) for number in range(4))
    keep(phone, visit_id, a_copy(assignment, shared, own, device="first"))
    keep(phone, visit_id, a_copy(assignment, shared, others, late, device="second"))
    for photo in (shared, own, others):
        assert keep_photo(phone, visit_id, photo).status_code == 201
    first = report_of("first", audit, assignment, shared, own)
    assert told(phone.put_visit(visit_id, first))["missing_photos"] == []
    assert counts(session, DraftCopy, DraftPhoto, Photo) == [1, 1, 2]
    assert drafts_of(phone) == [], "nobody is to go on with it"
    assert phone.client.get(f"{DRAFTS}/{visit_id}").status_code == 404
    drop_bytes(app, session)
    assert stored(app) == {str(each.id) for each in (shared, own, others)}

    second = report_of("second", audit, assignment, shared, others, late)
    for _ in range(2):
        answer = phone.put_visit(visit_id, second)
        assert (answer.status_code, told(answer)["missing_photos"]) == (409, [str(late.id)])
    assert told(phone.put_visit(visit_id, first))["missing_photos"] == [], "the first phone is not asked for it"
    assert phone.put_photo(late).status_code == 201
    assert told(phone.put_visit(visit_id, second))["missing_photos"] == []
    assert counts(session, DraftCopy, DraftPhoto, Photo, SealedReport) == [0, 0, 4, 2]
    drop_bytes(app, session)
    for photo in (shared, own, others, late):
        assert phone.client.get(f"/api/v1/photos/{photo.id}").data == photo.content


def test_what_another_phone_has_of_a_visit_that_arrived_goes_with_the_old_copies(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), picture(1)
    keep(phone, visit_id, a_copy(assignment, photo, device="second"))
    keep_photo(phone, visit_id, photo)
    phone.put_visit(visit_id, report_of("first", audit, assignment))
    assert counts(session, DraftCopy, DraftPhoto) == [1, 1]
    forget_old_drafts(session, datetime.now(UTC) + 2 * KEPT_FOR)
    assert counts(session, DraftCopy, DraftPhoto) == [0, 0]
    drop_bytes(app, session)
    assert stored(app) == set()


def test_a_photo_kept_beside_comes_in_pieces_too_and_from_its_inspector_only(
    app: Flask, audit: Audit, both: tuple[UUID, FieldPhoto, FieldPhoto], phone: FieldClient
) -> None:
    _, _, photo = both
    assert FieldClient(app.test_client(), audit.inspectors[1]).put_photo(photo).status_code == 404
    for start, end, status in ((0, 100, 204), (100, len(photo.content), 201)):
        headers = {**OWN_SITE, "Upload-Offset": str(start)}
        answer = phone.client.patch(f"/api/v1/photos/{photo.id}", data=photo.content[start:end], headers=headers)
        assert answer.status_code == status
    assert phone.client.get(f"/api/v1/photos/{photo.id}").data == photo.content


def test_a_report_that_nobody_can_read_is_kept_beside_with_the_photos_that_can_be_made_out(
    audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), picture(1)
    phone.put_visit(visit_id, report_of("first", audit, assignment))
    answer = phone.put_visit(visit_id, report_of("second", audit, assignment, photo, answers="?"))
    assert (answer.status_code, told(answer)["missing_photos"]) == (409, [str(photo.id)])
    assert phone.put_photo(photo).status_code == 201


def test_a_photo_kept_beside_is_no_part_of_the_visit(
    app: Flask,
    session: ScopedSession,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
    window: Window,
    both: tuple[UUID, FieldPhoto, FieldPhoto],
) -> None:
    visit_id, one, two = both
    approve(session, visit_id, audit.manager.id, datetime.now(UTC))
    session.commit()
    assert phone.put_photo(two).status_code == 201, "late, and all the same"
    drop_bytes(app, session)
    program = ApiClient.of(app, audit.manager)
    assert [each["id"] for each in program.get(f"/visits/{visit_id}").json["photos"]] == [str(one.id)]
    reader = make_person(session, audit.organization, "Vera Client", Role.CLIENT, project=audit.project)
    session.commit()
    client = ApiClient.of(app, reader)
    for photo, status in ((one, 200), (two, 404)):
        assert client.get(f"/photos/{photo.id}?size=screen").status_code == status
    page = window.open(f"{audit.address}/visits/{visit_id}").answer.text
    before, _, sent = page.partition("What the phone sent")
    assert (str(one.id) in before, str(two.id) in before, str(two.id) in sent) == (True, False, True)
    assert program.get(f"/photos/{two.id}").data == two.content


def test_the_next_revision_leaves_what_is_kept_beside_and_may_take_it_up(
    session: ScopedSession,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
    both: tuple[UUID, FieldPhoto, FieldPhoto],
) -> None:
    visit_id, one, two = both
    for number, photos in ((2, [one]), (3, [one, two])):
        session.rollback()
        send_back(session, visit_id, audit.reviewer.id, "Too dark.", [], datetime.now(UTC))
        session.commit()
        receipt = phone.put_visit(visit_id, report_of("first", audit, assignment, *photos, revision=number))
        assert told(receipt)["missing_photos"] == [str(photo.id) for photo in photos[1:]]
    assert phone.put_photo(two).status_code == 201
    session.rollback()
    assert {photo.id for photo in session.get_one(Visit, visit_id).photos} == {one.id, two.id}


@pytest.mark.parametrize("how", ["photo", "visit", "numbers only"])
def test_what_is_kept_beside_is_erased_as_the_rest(
    app: Flask,
    session: ScopedSession,
    sessions: Sessions,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
    both: tuple[UUID, FieldPhoto, FieldPhoto],
    how: str,
) -> None:
    visit_id, one, two = both
    assert phone.put_photo(two).status_code == 201
    act = Act(audit.manager.id, "asked for", datetime.now(UTC))
    with sessions(scoped([audit.organization.id])) as acting:
        visit = acting.get_one(Visit, visit_id)
        if how == "photo":
            erase_photos(acting, visit, [two.id], act)
        else:
            (erase_visit if how == "visit" else keep_numbers_only)(acting, visit, act)
        acting.commit()
    drop_bytes(app, session)
    assert stored(app) == ({str(one.id)} if how == "photo" else set())
    assert phone.put_photo(two).status_code == 410
    again = phone.put_visit(visit_id, report_of("second", audit, assignment, two, picture(3)))
    assert (again.status_code, told(again).get("missing_photos")) != (409, [str(two.id)])
    session.rollback()
    assert session.get_one(Photo, two.id).erased_at is not None


def test_it_comes_out_of_a_phones_file_too(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, window: Window
) -> None:
    visit_id, photo = new_id(), picture(1)
    phone.put_visit(visit_id, report_of("first", audit, assignment))
    other = a_visit(report_of("second", audit, assignment, photo), photo, visit_id=visit_id)
    take_in(window, audit, zipped(entries_of(audit.inspectors[0], [other])))
    assert "1 came with the file" in window.text
    assert phone.client.get(f"/api/v1/photos/{photo.id}").data == photo.content
    kept = session.scalars(select(SealedReport.body).where(SealedReport.accepted.is_(False))).one()
    assert json.loads(kept)["device_id"] == "second"
