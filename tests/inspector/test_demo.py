"""The demo: believable, complete, in both languages, and the same each time."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Mapped

from checklists.checklist import Checklist
from checklists.confidence import Kind
from checklists.jobs import Job, JobState
from checklists.matrix import touchpoint_matrix
from checklists.orm import Base, LanguageMap, ScopedSession, scoped, unscoped
from checklists.people import Membership, Organization, Project, User
from checklists.review import Review
from checklists.visits import Photo, SealedReport, Visit, VisitState
from checklists.waves import Wave, assignments_of
from inspector import create_app
from inspector.background import Worker
from inspector.demo import DemoLogin, make_demo
from inspector.demo.coffee_checklists import CALL, REMARKS, VISIT
from inspector.photo_storage import PhotoSize, photo_key
from inspector.settings import Settings
from tests.databases import KINDS, Databases
from tests.servers import server_environment

SHORTLY_AFTER_MIDNIGHT_IN_MOSCOW = datetime(2027, 2, 28, 21, 5, tzinfo=UTC)
MOST_STATEMENTS = 2_500


@dataclass
class Demo:
    app: Flask
    logins: list[DemoLogin]
    statements: int

    def session(self, organization: str | None = None) -> ScopedSession:
        """Everything, or what one organization may see."""
        session = ScopedSession(self.app.extensions["readers"], unscoped("a test looks at everything"))
        if organization is None:
            return session
        with session:
            found = session.scalars(select(Organization.id).where(Organization.slug == organization)).one()
        return ScopedSession(self.app.extensions["readers"], scoped([found]))

    @property
    def figures(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What the agency's matrix shows, by touchpoint and brand."""
        with self.session("north-audit") as session:
            project, wave = session.scalars(select(Project)).one(), session.scalars(select(Wave)).one()
            matrix = touchpoint_matrix(session, wave.id, project.margin)
        return {
            (row.name["en"], brand.name): {
                "approved": cell.approved,
                "received": cell.received,
                "required": cell.required,
                "planned": cell.planned,
                "zones": dict(cell.zones),
                "mean": cell.estimate and round(cell.estimate.mean, 9),
                "verdict": cell.verdict and cell.verdict.kind,
            }
            for row in matrix.rows
            for brand in matrix.brands
            for cell in [row.cells[brand.id]]
        }


@pytest.fixture(scope="module")
def make(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Demo]]:
    urls = []

    def make(kind: str, now: datetime | None = None) -> Demo:
        urls.append(databases.fresh(kind))
        return _make(urls[-1], tmp_path_factory.mktemp("demo"), now)

    yield make
    for url in urls:
        databases.drop(url)


def _make(url: str, folder: Path, now: datetime | None) -> Demo:
    app = create_app(Settings.from_environment(server_environment(url, folder)))
    statements = Counter[str]()
    event.listen(app.extensions["writers"], "before_cursor_execute", lambda *_: statements.update(["all"]))
    with app.app_context():
        logins = make_demo(app, now)
    return Demo(app, logins, statements["all"])


@pytest.fixture(scope="module", params=KINDS)
def demo(request: pytest.FixtureRequest, make: Callable[..., Demo]) -> Demo:
    return make(request.param)


def test_the_matrix_shows_every_kind_of_verdict(demo: Demo) -> None:
    cells = demo.figures.values()
    assert {cell["verdict"] for cell in cells} == {None, *Kind}
    assert any(0 < cell["approved"] < cell["required"] for cell in cells)
    assert any(cell["approved"] >= cell["required"] > 0 for cell in cells)
    assert all(cell["planned"] >= cell["required"] for cell in cells)


def test_another_day_has_the_same_figures(demo: Demo, make: Callable[..., Demo]) -> None:
    assert make("sqlite", SHORTLY_AFTER_MIDNIGHT_IN_MOSCOW).figures == demo.figures


def test_there_is_something_to_review(demo: Demo) -> None:
    with demo.session() as session:
        visits = session.scalars(select(Visit)).all()
        states = Counter(visit.state for visit in visits)
        reviews = session.scalars(select(Review)).all()
    assert states[VisitState.APPROVED] >= 0.8 * len(visits)
    assert (states[VisitState.RECEIVED], states[VisitState.HELD], states[VisitState.REJECTED]) == (6, 1, 1)
    assert [review.reason for review in reviews if review.decision == "rejected"] != [""]
    received = {visit.id: visit.received_at for visit in visits}
    assert all(received[review.visit_id] <= review.at <= datetime.now(UTC) for review in reviews)


def test_every_visit_was_made_within_its_window_and_is_sealed(demo: Demo) -> None:
    with demo.session() as session:
        visits = session.scalars(select(Visit)).all()
        sealed = {report.visit_id: report for report in session.scalars(select(SealedReport))}
        for visit in visits:
            assignment, report = visit.assignment, sealed[visit.id]
            assert assignment is not None
            assert visit.started_at is not None
            assert visit.finished_at is not None
            assert assignment.due_from <= visit.started_at < visit.finished_at < visit.received_at
            assert visit.started_at < assignment.due_until
            assert hashlib.sha256(report.body).hexdigest() == report.sha256
    assert len(visits) == len(sealed) > 60


def test_every_promised_photo_is_stored_and_waits_for_its_thumbnail(demo: Demo) -> None:
    storage = demo.app.extensions["photos"]
    with demo.session() as session:
        photos = session.scalars(select(Photo)).all()
        waiting = select(func.count()).select_from(Job).where(Job.state == JobState.WAITING)
        assert session.scalar(waiting) == len(photos) == 60
    for photo in photos:
        with storage.open(photo_key(photo)) as stored:
            content = stored.read()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (photo.size, photo.sha256)
    assert len({photo.sha256 for photo in photos}) == 60

    assert Worker(demo.app).run_one()
    with demo.session() as session:
        derived = session.scalars(select(Photo).where(Photo.derived_at.is_not(None))).one()
    assert derived.readable
    assert storage.exists(photo_key(derived, PhotoSize.THUMBNAIL))


def test_every_text_is_there_in_russian_and_in_english(demo: Demo) -> None:
    found = 0
    with demo.session() as session:
        for mapper in Base.registry.mappers:
            columns = [name for name, kind in mapper.class_.__annotations__.items() if kind == Mapped[LanguageMap]]
            for row in session.scalars(select(mapper.class_)) if columns else ():
                for text in (getattr(row, column) for column in columns):
                    if text:
                        assert set(text) == {"ru", "en"}, text
                        assert _is_cyrillic(text["ru"]), text
                        assert text["en"], text
                        assert not _is_cyrillic(text["en"]), text
                        found += 1
    assert found > 200


def _is_cyrillic(text: str) -> bool:
    return any("а" <= letter <= "я" or letter == "ё" for letter in text.lower())


def test_remarks_belong_to_criteria() -> None:
    texts = {each.text["en"] for checklist in (VISIT, CALL) for part in checklist.sections for each in part.criteria}
    assert set(REMARKS) <= texts


def test_everybody_can_log_in(demo: Demo) -> None:
    for login in demo.logins:
        answer = demo.app.test_client().post(
            "/api/v1/session",
            json={"email": login.email, "password": login.password},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert answer.json["person"]["name"] == login.name
    with demo.session() as session:
        roles = session.execute(select(User.email, Membership.role).join(Membership, Membership.user_id == User.id))
        assert sorted(map(tuple, roles)) == sorted((login.email, login.role) for login in demo.logins)


def test_the_first_inspector_finds_visits_and_calls_to_make_now(demo: Demo) -> None:
    (first, *_) = [login for login in demo.logins if login.role == "inspector"]
    now = datetime.now(UTC)
    with demo.session("north-audit") as session:
        wave = session.scalars(select(Wave)).one()
        due = [
            assignment
            for assignment in assignments_of(session, wave.id)
            if assignment.state == "handed_out" and assignment.due_from <= now < assignment.due_until
        ]
        inspectors = {user.id: user.email for user in session.scalars(select(User))}
        checklists = {each.id: each.name["en"] for each in session.scalars(select(Checklist))}
        mine = [each for each in due if inspectors[each.inspector_id] == first.email]
        assert len(mine) >= 4
        assert {checklists[each.version.checklist_id] for each in mine} == set(checklists.values())
        assert all(each.due_until - now > timedelta(days=1) for each in mine)


def test_the_second_agency_sees_nothing_of_the_first(demo: Demo) -> None:
    with demo.session("south-audit") as session:
        assert [project.slug for project in session.scalars(select(Project))] == ["chamomile"]
        assert session.scalars(select(Visit)).all() == []


def test_it_is_made_in_a_bounded_number_of_statements(demo: Demo) -> None:
    assert demo.statements < MOST_STATEMENTS
