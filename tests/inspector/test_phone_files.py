"""Work that only a phone had comes in by its file: as if the phone had sent it, and no hostile file does harm."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.accounts import TokenScope, create_token
from checklists.errors import StorageUnavailable
from checklists.imports import Import
from checklists.orm import ScopedSession, new_id
from checklists.people import Membership, Role
from checklists.trail import READ, AuditEntry
from checklists.visits import DraftCopy, DraftPhoto, Photo, SealedReport, Visit, VisitState
from checklists.waves import Assignment, AssignmentState
from inspector.manager.phone_files import MOST_BYTES
from inspector.photo_storage import PhotoStorage, photo_key
from tests.api.world import ApiClient
from tests.copies import a_copy, counts, drafts_of, keep
from tests.factories import Audit, make_audit, make_person, make_project
from tests.field import FieldPhoto
from tests.pages import Window
from tests.phone_client import FieldClient, with_photos
from tests.phone_files import Filed, a_draft, a_visit, entries_of, take_in, upload, zipped


def test_a_visit_comes_in_as_if_the_phone_had_sent_it(
    app: Flask, window: Window, audit: Audit, assignment: Assignment, session: ScopedSession, phone: FieldClient
) -> None:
    photos = [FieldPhoto(b"one"), FieldPhoto(b"two")]
    visit = a_visit(with_photos(audit, assignment, *photos), *photos)
    file = zipped(entries_of(audit.inspectors[0], [visit]))
    window.open(f"{audit.address}/people/").follow("Work from a phone's file")
    upload(window, audit, file, "../<b>unsent.zip")
    assert "&lt;b&gt;unsent.zip" in window.answer.text
    for words in (audit.inspectors[0].name, audit.outlets[0].name, "will be taken in", "2 photos; 2 will come with"):
        assert words in window.text
    assert counts(session, Visit, SealedReport, Photo) == [0, 0, 0], "looking changes nothing"

    window.submit("Take in")
    assert "2 came with the file" in window.text
    (sealed,) = session.scalars(select(SealedReport)).all()
    assert (sealed.body, sealed.accepted) == (visit.body, True)
    arrived = session.get_one(Visit, visit.id)
    assert (arrived.state, arrived.inspector_id) == (VisitState.RECEIVED, audit.inspectors[0].id)
    storage: PhotoStorage = app.extensions["photos"]
    stored = {storage.open(photo_key(photo)).read() for photo in session.scalars(select(Photo))}
    assert stored == {b"one", b"two"}
    session.commit()

    # The phone hears that it is there, and the file is nothing new.
    assert visit.id is not None
    answer = phone.put_visit(visit.id, visit.body)
    assert (answer.status_code, answer.json and answer.json["missing_photos"]) == (200, [])
    upload(window, audit, file)
    assert "received already" in window.text
    assert "There is nothing to take in" in window.text
    assert counts(session, Visit, SealedReport, Photo) == [1, 1, 2]


def test_the_trail_says_who_looked_and_who_took_it_in(
    window: Window, audit: Audit, assignment: Assignment, session: ScopedSession
) -> None:
    take_in(window, audit, zipped(entries_of(audit.inspectors[0], [a_visit(audit.report(assignment))])))
    kept = session.scalars(select(Import)).one()
    assert (kept.body, kept.finished_at is not None) == (b"", True)
    entries = {(entry.action, entry.subject_id) for entry in session.scalars(select(AuditEntry))}
    assert {("phone_files.take", kept.id), (READ + "phone_file", kept.id)} <= entries
    assert {entry.user_id for entry in session.scalars(select(AuditEntry))} == {audit.manager.id}
    session.commit()
    window.client.post(f"{audit.address}/phone-files/{kept.id}/taking-in", headers={"Sec-Fetch-Site": "same-origin"})
    window.open(f"{audit.address}/phone-files/{kept.id}")
    assert "taken in already" in window.text
    assert counts(session, Visit) == [1]


def test_the_visits_history_says_who_took_it_in(
    app: Flask, window: Window, audit: Audit, session: ScopedSession, phone: FieldClient
) -> None:
    by_file, sent = audit.assign(session), audit.assign(session, audit.outlets[1])
    session.commit()
    visit, sent_id = a_visit(audit.report(by_file)), new_id()
    take_in(window, audit, zipped(entries_of(audit.inspectors[0], [visit])))
    phone.put_visit(sent_id, audit.report(sent))
    client = ApiClient.of(app, audit.manager)
    for visit_id, expected in ((visit.id, (True, audit.manager.name)), (sent_id, (False, ""))):
        items = client.get(f"/visits/{visit_id}/history").json["items"]
        (received,) = [each for each in items if each["kind"] == "received"]
        assert (received["by_file"], received["person"]) == expected
        window.open(f"{audit.address}/visits/{visit_id}")
        assert (f"by the phone's file, which {audit.manager.name} took in" in window.text) is expected[0]
    session.rollback()
    kept = {each.visit_id: each.taken_in_by_id for each in session.scalars(select(SealedReport))}
    assert kept == {visit.id: audit.manager.id, sent_id: None}


def test_what_a_phone_would_be_told_the_manager_reads_for_each_visit(
    window: Window, audit: Audit, session: ScopedSession, phone: FieldClient
) -> None:
    received, revoked, others, clear = (audit.assign(session, outlet) for outlet in audit.outlets[:4])
    foreign = audit.assign(session, audit.outlets[4], inspector=audit.inspectors[1])
    revoked.state = AssignmentState.REVOKED
    session.commit()
    first = a_visit(audit.report(received))
    assert first.id is not None
    phone.put_visit(first.id, first.body)
    other = a_visit(audit.report(others))
    assert other.id is not None
    phone.put_visit(other.id, json.dumps(audit.report(others, app_version="0.2")).encode())
    broken = Filed(json.dumps({"assignment_id": str(clear.id)}).encode(), (), new_id(), {"revision": 1})
    visits = [first, a_visit(audit.report(revoked)), other, a_visit(audit.report(foreign)), broken]
    file = zipped(entries_of(audit.inspectors[0], visits))
    upload(window, audit, file)
    expected = [
        "received already",
        "will be held for you to look at The assignment was revoked",
        "differs from what was received; will be kept beside it",
        "will be held for you to look at The assignment belongs to another inspector.",
        "will be held for you to look at The report does not have the form that was agreed.",
    ]
    places = [window.text.find(words) for words in expected]
    assert places == sorted(places)
    assert -1 not in places
    window.submit("Take in")
    assert "taken in and held for you to look at The assignment was revoked" in window.text
    assert counts(session, Visit, SealedReport) == [5, 6]
    held = session.scalars(select(Visit.state).where(Visit.state == VisitState.HELD)).all()
    assert len(held) == 3


def test_photos_that_are_missing_or_not_the_promised_ones_are_counted_and_can_come_later(
    window: Window, audit: Audit, assignment: Assignment, session: ScopedSession
) -> None:
    good, lost, wrong = FieldPhoto(b"good"), FieldPhoto(b"lost"), FieldPhoto(b"right bytes")
    report = with_photos(audit, assignment, good, lost, wrong)
    visit = a_visit(report, good, FieldPhoto(b"wrong bytes", id=wrong.id))
    again = zipped(entries_of(audit.inspectors[0], [a_visit(report, lost, wrong, visit_id=visit.id)]))
    take_in(window, audit, zipped(entries_of(audit.inspectors[0], [visit])))
    assert "3 photos; 1 came with the file; 1 is not in this file; 1 is damaged" in window.text
    stored = {photo.id for photo in session.scalars(select(Photo)) if photo.stored_at}
    assert stored == {good.id}
    session.commit()
    take_in(window, audit, again)
    assert "received already" in window.text
    assert "2 came with the file" in window.text
    assert all(photo.stored_at for photo in session.scalars(select(Photo)))


def test_a_store_that_is_away_leaves_the_file_to_be_taken_in_again(
    app: Flask,
    window: Window,
    audit: Audit,
    assignment: Assignment,
    session: ScopedSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = FieldPhoto(b"one")
    file = zipped(entries_of(audit.inspectors[0], [a_visit(with_photos(audit, assignment, photo), photo)]))

    def away(*_arguments: object, **_more: object) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(type(app.extensions["photos"]), "write", away)
        take_in(window, audit, file)
    assert "Some photos could not be stored at the moment" in window.text
    window.submit("Take in")
    assert "1 came with the file" in window.text
    assert all(each.stored_at for each in session.scalars(select(Photo)))


def test_a_begun_visit_is_kept_for_its_inspector_to_go_on_with(
    app: Flask, window: Window, audit: Audit, assignment: Assignment, session: ScopedSession
) -> None:
    photo = FieldPhoto(b"one")
    copy = a_copy(assignment, photo, changes=7)
    draft = a_draft(copy, photo)
    file = zipped(entries_of(audit.inspectors[0], drafts=[draft]))
    upload(window, audit, file)
    assert "can go on with it on another phone" in window.text
    assert counts(session, DraftCopy, DraftPhoto) == [0, 0]
    window.submit("Take in")
    assert counts(session, DraftCopy, DraftPhoto) == [1, 1]
    other_phone = FieldClient(app.test_client(), audit.inspectors[0])
    (line,) = drafts_of(other_phone)
    assert (line["visit_id"], line["changes"]) == (str(draft.id), 7)
    whole = other_phone.client.get(f"/api/v1/phone/drafts/{draft.id}").json
    assert whole is not None
    assert (whole["body"], whole["missing_photos"]) == (copy["body"], [])
    bytes_of_it = other_phone.client.get(f"/api/v1/phone/drafts/{draft.id}/photos/{photo.id}")
    assert bytes_of_it.data == b"one"
    upload(window, audit, file)
    assert "this or a later state is kept already" in window.text
    assert "There is nothing to take in" in window.text


def test_an_older_draft_and_one_that_nobody_waits_for_change_nothing(
    window: Window, audit: Audit, assignment: Assignment, session: ScopedSession, phone: FieldClient
) -> None:
    done = audit.assign(session, audit.outlets[1], state=AssignmentState.DELIVERED)
    session.commit()
    visit_id = new_id()
    keep(phone, visit_id, a_copy(assignment, changes=9))
    drafts = [a_draft(a_copy(assignment, changes=3), visit_id=visit_id), a_draft(a_copy(done))]
    upload(window, audit, zipped(entries_of(audit.inspectors[0], drafts=drafts)))
    assert "this or a later state is kept already" in window.text
    assert "No visit is waited for here any more" in window.text
    assert "There is nothing to take in" in window.text
    assert session.scalars(select(DraftCopy.changes)).all() == [9]


def test_nothing_of_other_projects_and_organizations_is_shown_or_taken_in(
    window: Window, audit: Audit, assignment: Assignment, session: ScopedSession
) -> None:
    project = make_project(session, audit.organization, "other")
    elsewhere = audit.assign(session, audit.outlets[1])
    elsewhere.project_id = project.id
    stranger = make_audit(session, "stranger")
    make_person(session, stranger.organization, audit.inspectors[0].name, Role.INSPECTOR)
    far = stranger.assign(session, inspector=audit.inspectors[0])
    session.commit()
    reports = [audit.report(assignment), audit.report(elsewhere), stranger.report(far)]
    visits = [a_visit(report) for report in reports]
    drafts = [a_draft(a_copy(elsewhere)), a_draft(a_copy(far))]
    take_in(window, audit, zipped(entries_of(audit.inspectors[0], visits, drafts)))
    assert "4 more visits in this file do not belong to this project" in window.text
    assert audit.outlets[1].name not in window.text
    assert stranger.outlets[0].name not in window.text.replace(audit.outlets[0].name, "")
    assert session.scalars(select(Visit.id)).all() == [visits[0].id]
    assert counts(session, DraftCopy) == [0]


def test_a_file_lays_nothing_beside_a_visit_of_another_project(
    window: Window, audit: Audit, assignment: Assignment, session: ScopedSession
) -> None:
    received = audit.visit(session, audit.outlets[1])
    received.project_id = make_project(session, audit.organization, "other").id
    session.commit()
    visits = [a_visit(audit.report(assignment), visit_id=each) for each in (received.id, None)]
    take_in(window, audit, zipped(entries_of(audit.inspectors[0], visits)))
    assert "1 more visit in this file does not belong to this project" in window.text
    assert sorted(session.scalars(select(SealedReport.visit_id))) == sorted([received.id, visits[1].id])


@pytest.mark.parametrize("who", ["another organization's", "a manager", "ended long ago", "nobody"])
def test_a_file_of_somebody_who_does_not_inspect_here_is_not_opened(
    who: str, window: Window, audit: Audit, assignment: Assignment, session: ScopedSession
) -> None:
    person = audit.inspectors[0]
    if who == "another organization's":
        person = make_audit(session, "stranger").inspectors[0]
    elif who == "a manager":
        person = audit.manager
    elif who == "nobody":
        person = type(person)(id=new_id(), name="Nobody")
    else:
        membership = session.scalars(select(Membership).where(Membership.user_id == person.id)).one()
        membership.deactivated_at = datetime.now(UTC) - timedelta(days=40)
    session.commit()
    upload(window, audit, zipped(entries_of(person, [a_visit(audit.report(assignment))])))
    assert "somebody who does not inspect in this project. The 1 visit in it is not shown" in window.text
    assert audit.outlets[0].name not in window.text
    assert "Take in" not in [words for form in window.page.forms for words, *_ in form.buttons]


def test_a_file_is_reached_in_its_project_only_and_is_no_table(
    app: Flask, window: Window, audit: Audit, assignment: Assignment, session: ScopedSession
) -> None:
    stranger = make_audit(session, "stranger")
    session.commit()
    upload(window, audit, zipped(entries_of(audit.inspectors[0], [a_visit(audit.report(assignment))])))
    import_id = window.address.rsplit("/", 1)[1]
    assert window.open(f"{audit.address}/imports/{import_id}").status == 404
    assert window.client.get(f"/api/v1/imports/{import_id}").status_code == 404
    other = Window(app, stranger.manager.email)
    assert other.open(f"{stranger.address}/phone-files/{import_id}").status == 404
    other.post(f"{stranger.address}/phone-files/{import_id}/taking-in")
    assert other.status == 404
    assert counts(session, Visit) == [0]


def test_the_api_takes_a_file_in_and_says_what_became_of_each_visit(
    app: Flask, audit: Audit, assignment: Assignment, session: ScopedSession
) -> None:
    made = create_token(
        *(session, audit.manager, "import", [TokenScope.FIELDWORK_WRITE], datetime.now(UTC)),
        organization_id=audit.organization.id,
    )
    session.commit()
    photo = FieldPhoto(b"one")
    visit = a_visit(with_photos(audit, assignment, photo), photo)
    file = zipped(entries_of(audit.inspectors[0], [visit]))

    def send(body: bytes) -> Any:
        return app.test_client().post(
            f"/api/v1/projects/{audit.project.id}/phone-files",
            data=body,
            headers={"Authorization": f"Bearer {made.text}"},
            content_type="application/zip",
        )

    for outcome, given in (("new", 1), ("same", 0)):
        answer = send(file)
        assert answer.status_code == 200, answer.text
        (line,) = answer.json["visits"]
        assert (line["id"], line["outcome"], line["photos"]["given"]) == (str(visit.id), outcome, given)
    refused = send(b"hello")
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/file")
    large = send(b"P" * (MOST_BYTES + 1))
    assert (large.status_code, large.json["title"]) == (413, "TooLarge")
    assert counts(session, Visit, SealedReport) == [1, 1]
