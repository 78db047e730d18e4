"""What the law asks to forget goes from tables, sealed reports, pages and the photo storage; a tombstone stays."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from checklists.accounts import Login
from checklists.erasure import Erasure, ErasureKind, erase_photos
from checklists.erasure.act import Act
from checklists.erasure.retention import months_before
from checklists.errors import ReasonRequired, StorageUnavailable
from checklists.jobs import Job, JobState
from checklists.matrix import touchpoint_matrix
from checklists.orm import new_id
from checklists.people import Membership, Project, Role, User
from checklists.visits import Answer, BestPractice, Check, Likeness, Photo, PhotoLikeness, SealedReport, Visit
from checklists.waves import Assignment, AssignmentState
from inspector.erasing import ask_for_retention
from inspector.photo_storage import FolderStorage
from tests.databases import Sessions
from tests.factories import make_audit, make_person
from tests.field import FieldPhoto
from tests.pages import Window
from tests.phone_client import FieldClient, with_photos
from tests.told import SECRET_WORDS, Told, everywhere


@pytest.fixture
def told(app: Flask, sessions: Sessions) -> Told:
    return Told(app, sessions)


def test_a_photo_goes_in_all_its_sizes_and_a_tombstone_stays(told: Told) -> None:
    gone, kept = told.photos
    assert len([file for file in told.files() if str(gone.id) in str(file)]) == 3
    score = told.row().score
    owner = {"organization_id": told.audit.organization.id}
    with told.sessions() as session, session.begin():
        session.execute(delete(PhotoLikeness))
        session.add(PhotoLikeness(photo_id=gone.id, earlier_id=kept.id, kind=Likeness.NEAR, distance=2, **owner))
    told.erase("photos", [str(gone.id)])
    assert told.window.status == 200
    assert "was erased" in told.window.text
    told.work()
    assert [file for file in told.files() if str(gone.id) in str(file)] == []
    assert len([file for file in told.files() if str(kept.id) in str(file)]) == 3
    with told.sessions() as session:
        photo = session.get_one(Photo, gone.id)
        assert (photo.sha256, photo.fingerprint) == (gone.sha256, None)
        assert photo.erased_at is not None
        assert session.scalars(select(PhotoLikeness)).all() == []
        stone = session.scalars(select(Erasure)).one()
        assert (stone.kind, stone.subject_id, stone.sha256) == (ErasureKind.PHOTO, gone.id, gone.sha256)
        assert (stone.by_id, stone.reason) == (told.audit.manager.id, "asked by letter 7")
    assert told.row().score == score
    for address in (f"/api/v1/photos/{gone.id}", f"/api/v1/photos/{gone.id}?size=thumbnail"):
        assert told.window.open(address).status == 410
    listed = told.window.open(f"{told.audit.address}/erasures/").text
    assert "asked by letter 7" in listed
    assert str(gone.id) in listed


def test_an_erased_photo_is_not_taken_in_again(told: Told) -> None:
    gone = told.photos[0]
    told.erase("photos", [str(gone.id)])
    told.work()
    answer = told.phone.put_photo(gone)
    assert (answer.status_code, answer.json["title"]) == (410, "PhotoErased")
    assert [file for file in told.files() if str(gone.id) in str(file)] == []
    same = told.phone.put_visit(told.id, told.report)
    assert (same.status_code, same.json["missing_photos"]) == (200, [])


def test_a_photo_that_never_came_is_waited_for_no_more(app: Flask, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        audit = make_audit(session)
        assignment = audit.assign(session)
    photo, visit_id = FieldPhoto(), new_id()
    phone = FieldClient(app.test_client(), audit.inspectors[0])
    receipt = phone.put_visit(visit_id, with_photos(audit, assignment, photo))
    missing = receipt.json["missing_photos"]
    window = Window(app, audit.manager.email)
    window.open(f"{audit.address}/visits/{visit_id}").follow("Erase…")
    window.submit("Erase", {"photos": missing}, what="photos", reason="asked", sure="on")
    assert "not arrived" not in window.text
    assert phone.put_photo(photo).status_code == 410
    window.open(f"{audit.address}/visits/{visit_id}").submit("Approve")
    with sessions() as session:
        assert session.get_one(Visit, visit_id).state == "approved"


def test_bytes_that_come_while_the_photo_is_erased_go_an_hour_later(told: Told) -> None:
    """The delivery had passed its checks; the storage gets its bytes after the first job has deleted them."""
    gone = told.photos[0]
    storage = told.app.extensions["photos"]
    key = next(str(file.relative_to(storage.root)) for file in told.files() if f"{gone.id}/original" in str(file))
    told.erase("photos", [str(gone.id)])
    told.work()
    storage.write(key, io.BytesIO(gone.content), size=len(gone.content), sha256=gone.sha256)
    told.work()
    assert storage.exists(key), "nothing is due yet"
    told.work(later=timedelta(hours=1))
    assert not storage.exists(key)


def test_bytes_are_deleted_once_the_storage_is_back(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """The erasure itself does not wait for it; its job does, however often it has to try."""
    gone = told.photos[0]
    storage = told.app.extensions["photos"]

    def away(*_: Any) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(FolderStorage, "delete", away)
        told.erase("photos", [str(gone.id)])
        for _ in range(12):
            told.work(later=timedelta(hours=1))
    assert [file for file in told.files() if str(gone.id) in str(file)] != []
    with told.sessions() as session:
        states = session.scalars(select(Job.state).where(Job.kind == "delete_erased")).all()
        assert JobState.FAILED not in states
    told.work(later=timedelta(hours=1))
    assert [file for file in told.files() if str(gone.id) in str(file)] == []
    assert storage.sweep() >= 0


def test_names_of_staff_go_from_the_visit_and_from_what_was_sealed(told: Told) -> None:
    names = ("Ольга Кассирова", "Оля с косой")
    for name in names:
        assert everywhere(told.sessions, name) == ["sealed_reports", "visits"]
    with told.sessions() as session:
        before = session.scalars(select(SealedReport)).one()
        answers = session.scalar(select(func.count()).select_from(Answer))
    told.erase("staff")
    assert [everywhere(told.sessions, name) for name in names] == [[], []]
    with told.sessions() as session:
        sealed = session.scalars(select(SealedReport)).one()
        assert sealed.sha256 == before.sha256
        assert sealed.erased_at is not None
        assert json.loads(sealed.body)["answers"] == json.loads(before.body)["answers"]
        visit = session.get_one(Visit, told.id)
        assert visit.staff_met == [{"role": "cashier", "description": "", "name": None}]
        assert visit.repetitions == [told.report["repetitions"][0] | {"label": ""}]
        assert session.scalar(select(func.count()).select_from(Answer)) == answers
        assert session.scalars(select(Erasure.kind)).all() == [ErasureKind.STAFF]
    assert told.phone.put_visit(told.id, told.report).status_code == 200, "the same report is known by its SHA-256"
    assert [everywhere(told.sessions, name) for name in names] == [[], []]


def test_a_whole_visit_goes_and_does_not_count_any_more(told: Told) -> None:
    assert _approved(told) > 0
    told.erase("visit")
    told.work()
    for words in SECRET_WORDS:
        assert everywhere(told.sessions, words) == [], words
    assert told.files() == []
    assert _approved(told) == 0
    with told.sessions() as session:
        for table in (Answer, Check, BestPractice):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table
        assert session.get_one(Assignment, told.assignment.id).state is AssignmentState.VOID
        stone = session.scalars(select(Erasure)).one()
        assert stone.sha256 == session.scalars(select(SealedReport.sha256)).one()
    assert told.window.open(told.address).status == 404
    answer = told.phone.put_visit(told.id, told.report)
    assert (answer.status_code, answer.json["title"]) == (410, "VisitDeleted")
    assert told.phone.put_photo(told.photos[0]).status_code == 410
    assert everywhere(told.sessions, "rude to me") == []


def _approved(told: Told) -> int:
    with told.sessions() as session:
        matrix = touchpoint_matrix(session, told.audit.wave.id, 0.1)
        return sum(cell.approved for row in matrix.rows for cell in row.cells.values())


@pytest.mark.parametrize("what", ["photos", "staff", "visit", "retention"])
def test_every_page_and_export_bears_what_was_erased(told: Told, what: str) -> None:
    if what == "retention":
        _grow_old(told)
        _keep_retention(told)
    else:
        told.erase(what, [str(photo.id) for photo in told.photos])
    told.work(later=timedelta(hours=1))
    wave, touchpoint, brand = told.audit.wave.id, told.audit.touchpoints[0].id, told.audit.brands[0].id
    for path in (
        "visits/", "visits/queue", f"results/waves/{wave}", "results/exports", "best-practices/", "people/",
        f"results/waves/{wave}/touchpoints/{touchpoint}/brands/{brand}", f"waves/{wave}", f"waves/{wave}/coverage",
        "exports/visits.csv", "exports/answers.csv", "erasures/",
    ):  # fmt: skip
        assert told.window.open(f"{told.audit.address}/{path}").status in (200, 404), path
    assert told.window.open(told.address).status == (404 if what == "visit" else 200)
    assert told.phone.client.get("/api/v1/phone/work").status_code == 200


def test_an_erased_person_leaves_visits_and_decisions_behind(told: Told) -> None:
    inspector = told.audit.inspectors[0]
    with told.sessions() as session, session.begin():
        session.add(Login(user_id=inspector.id, created_at=datetime.now(UTC), last_seen_at=datetime.now(UTC)))
    told.window.open(f"{told.audit.address}/erasures/people/{inspector.id}")
    told.window.submit("Erase", reason="left, and asked", sure="on")
    assert told.window.status == 200
    assert "Anna Petrova" not in told.window.text
    told.work()
    for words in ("Anna Petrova", "anna@example.org", "a phone of the tests", "55.7512"):
        assert everywhere(told.sessions, words) == [], words
    with told.sessions() as session:
        gone = session.get_one(User, inspector.id)
        assert (gone.name, gone.password_hash) == ("erased person", "")
        assert gone.erased_at is not None
        assert session.scalars(select(Membership).where(Membership.user_id == inspector.id)).all() == []
        assert session.scalars(select(Login).where(Login.user_id == inspector.id)).all() == []
        assert session.get_one(Visit, told.id).score is not None
    assert "erased person" in told.window.open(told.address).text
    assert told.phone.client.get("/api/v1/phone/work").status_code in (401, 403)
    login = {"email": f"{inspector.id}@erased.invalid", "password": ""}
    answer = told.app.test_client().post("/api/v1/session", json=login, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code in (401, 422)


def test_a_login_that_another_organization_uses_too_stays_theirs(told: Told) -> None:
    with told.sessions() as session, session.begin():
        other = make_audit(session, "lisa")
        ours = told.audit
        someone = make_person(session, ours.organization, "Vera Shared", Role.INSPECTOR, project=ours.project)
        make_person(session, other.organization, "Vera Shared", Role.INSPECTOR, email=someone.email)
    told.window.open(f"{told.audit.address}/erasures/people/{someone.id}")
    told.window.submit("Erase", reason="asked", sure="on")
    with told.sessions() as session:
        assert session.get_one(User, someone.id).name == "Vera Shared"
        memberships = session.scalars(select(Membership).where(Membership.user_id == someone.id))
        assert [each.organization_id for each in memberships] == [other.organization.id]


def test_nobody_erases_oneself_nor_a_manager_an_owner(told: Told) -> None:
    for someone in (told.audit.manager, told.audit.owner):
        told.window.open(f"{told.audit.address}/erasures/people/{someone.id}")
        told.window.submit("Erase", reason="by mistake", sure="on")
        assert told.window.status == 403
        with told.sessions() as session:
            assert session.get_one(User, someone.id).erased_at is None


def test_an_erasure_needs_a_reason_and_a_tick(told: Told) -> None:
    chosen = [str(told.photos[0].id)]
    for lacking in ({"reason": ""}, {"sure": ""}):
        told.erase("photos", chosen, **lacking)
        assert told.window.status == 422
    told.erase("photos", [])
    assert told.window.status == 422
    with told.sessions() as session:
        assert session.scalars(select(Erasure)).all() == []
    with pytest.raises(ReasonRequired):
        Act(None, "  ", datetime.now(UTC))


def test_a_photo_of_another_visit_is_not_erased_by_mistake(told: Told, sessions: Sessions) -> None:
    from checklists.errors import NotFound

    with sessions() as session, session.begin():
        other = told.audit.visit(session, told.audit.outlets[1])
        act = Act(told.audit.manager.id, "asked", datetime.now(UTC))
        with pytest.raises(NotFound):
            erase_photos(session, other, [told.photos[0].id], act)


def test_reviewers_and_inspectors_erase_nothing(app: Flask, told: Told) -> None:
    window = Window(app, told.audit.reviewer.email)
    assert "Erase…" not in window.open(told.address).text
    for path in ("erasures/", f"erasures/visits/{told.id}", f"erasures/people/{told.audit.inspectors[0].id}"):
        assert window.open(f"{told.audit.address}/{path}").status == 403


def test_retention_keeps_the_numbers_of_a_visit_and_nothing_else(told: Told, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        fresh = told.audit.visit(session, told.audit.outlets[1], state="approved")
    assert told.phone.put_visit(told.id, told.report | {"elapsed_ms": 2}).status_code == 409  # Both are kept, and go.
    before, score = _approved(told), told.row().score
    _grow_old(told)
    _keep_retention(told)
    told.work(later=timedelta(hours=1))
    for words in SECRET_WORDS:
        of_the_fresh_one = ["sealed_reports", "visits"] if words in ("a phone of the tests", "55.7512") else []
        assert everywhere(told.sessions, words) == of_the_fresh_one, words
    assert [file for file in told.files() if any(str(photo.id) in str(file) for photo in told.photos)] == []
    assert (_approved(told), told.row().score) == (before, score)
    with sessions() as session:
        stone = session.scalars(select(Erasure)).one()
        assert (stone.subject_id, stone.by_id, stone.reason) == (told.id, None, "retention")
        kept = session.get_one(Visit, fresh.id)
        assert kept.positions
        assert kept.device_id
        assert session.scalars(select(Answer.zone).where(Answer.visit_id == told.id, Answer.zone.is_not(None))).all()
    assert told.window.open(told.address).status == 200
    assert "retention ran out" in told.window.open(f"{told.audit.address}/erasures/").text
    assert told.phone.put_visit(told.id, told.report).status_code == 200
    assert told.phone.put_visit(told.id, told.report | {"elapsed_ms": 1}).status_code == 410
    _keep_retention(told)
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Erasure)) == 1, "what was erased is not erased again"


def test_retention_leaves_nothing_of_a_visit_that_was_never_approved(app: Flask, sessions: Sessions) -> None:
    told = Told(app, sessions, state="received")
    _grow_old(told)
    _keep_retention(told)
    told.work(later=timedelta(hours=1))
    for words in SECRET_WORDS:
        assert everywhere(told.sessions, words) == [], words
    assert told.row().deleted_at is not None
    assert told.files() == []


def _grow_old(told: Told) -> None:
    with told.sessions() as session, session.begin():
        months = session.get_one(Project, told.audit.project.id).retention_months
        long_ago = months_before(datetime.now(UTC), months) - timedelta(minutes=1)
        session.execute(update(Visit).where(Visit.id == told.id).values(received_at=long_ago))


def _keep_retention(told: Told) -> None:
    with told.app.app_context():
        ask_for_retention()
        ask_for_retention()  # Two workers sweep on the same day.
    with told.sessions() as session:
        assert session.scalar(select(func.count()).where(Job.kind == "keep_retention", Job.state == "waiting")) == 1
    told.work()


@pytest.mark.parametrize(
    ("moment", "months", "expected"),
    [
        ("2026-11-22", 24, "2024-11-22"),
        ("2026-01-31", 1, "2025-12-31"),
        ("2026-03-31", 1, "2026-02-28"),
        ("2024-03-31", 1, "2024-02-29"),
        ("2026-12-15", 12, "2025-12-15"),
        ("2026-01-15", 1, "2025-12-15"),
    ],
)
def test_months_are_those_of_the_calendar(moment: str, months: int, expected: str) -> None:
    assert months_before(datetime.fromisoformat(moment), months) == datetime.fromisoformat(expected)
