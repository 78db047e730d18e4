"""The demo: believable, complete, in both languages, and the same each time."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Mapped

from checklists.brands import Brand, Outlet
from checklists.checklist import Checklist, ChecklistVersion, Comment, Critical, Evidence, GuidancePicture, Purpose
from checklists.confidence import Kind as Verdict
from checklists.jobs import Job, JobState
from checklists.journey import Barrier, Stage, Touchpoint
from checklists.orm import Base, LanguageMap
from checklists.people import Membership, Project, Role, User
from checklists.review import Correction, Decision, Review
from checklists.scoring import Kind, Status, Zone
from checklists.visits import Answer, BestPractice, BestPracticeKind, Check, Photo, SealedReport, Visit, VisitState
from checklists.waves import Assignment, AssignmentState
from inspector.background import Worker
from inspector.demo.coffee_chain import ENGAGEMENT
from inspector.demo.scenes import SCENES
from inspector.demo.stories import CORRECTIONS
from inspector.photo_storage import PhotoSize, photo_key, picture_key
from tests.databases import KINDS, Databases
from tests.demo import Demo, documents, make_one, waves

SHORTLY_AFTER_MIDNIGHT_IN_MOSCOW = datetime(2027, 2, 28, 21, 5, tzinfo=UTC)
MOST_STATEMENTS = 12_000


@pytest.fixture(scope="module")
def make(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Demo]]:
    urls = []

    def make(kind: str, now: datetime | None = None) -> Demo:
        urls.append(databases.fresh(kind))
        return make_one(urls[-1], tmp_path_factory.mktemp("demo"), now)

    yield make
    for url in urls:
        databases.drop(url)


@pytest.fixture(scope="module", params=KINDS)
def demo(request: pytest.FixtureRequest, make: Callable[..., Demo]) -> Demo:
    return make(request.param)


@pytest.fixture(scope="module")
def another_day(make: Callable[..., Demo]) -> Demo:
    return make("sqlite", SHORTLY_AFTER_MIDNIGHT_IN_MOSCOW)


def test_a_coffee_chain_and_two_competitors_on_a_journey_with_barriers(demo: Demo) -> None:
    with demo.session("north-audit") as session:
        assert [brand.own for brand in session.scalars(select(Brand).order_by(Brand.position))] == [True, False, False]
        assert session.scalar(select(func.count()).select_from(Stage)) == 6
        touchpoints = session.scalars(select(Touchpoint)).all()
        assert len(touchpoints) == 14
        assert len({touchpoint.channel for touchpoint in touchpoints}) == 5
        assert {barrier.touchpoint_id for barrier in session.scalars(select(Barrier))} == {
            each.id for each in touchpoints
        }
        outlets = session.scalars(select(Outlet)).all()
        assert len(outlets) == 24
        assert len({outlet.time_zone for outlet in outlets}) == 2
        assert {"yes", None} == {outlet.attributes.get("drive_through") for outlet in outlets}
        inspectors = select(func.count()).select_from(Membership).where(Membership.role == Role.INSPECTOR)
        assert session.scalar(inspectors) == 12
        assert len(waves(session)) == 2
        assert session.scalar(select(func.count()).select_from(Visit)) == 300


def test_five_checklists_use_every_kind_of_criterion_and_every_rule(demo: Demo) -> None:
    with demo.session("north-audit") as session:
        published = documents(session)
        drafts = session.scalars(select(ChecklistVersion).where(ChecklistVersion.published_at.is_(None))).all()
        purposes = {checklist.purpose for checklist in session.scalars(select(Checklist))}
        touchpoints = {str(touchpoint.id) for touchpoint in session.scalars(select(Touchpoint))}
    sections = [section for document in published for section in document["sections"]]
    criteria = [criterion for section in sections for criterion in section["criteria"]]
    assert len({document["checklist_id"] for document in published}) == 5
    assert {section["touchpoint_id"] for section in sections} == touchpoints
    assert len(drafts) == 1
    assert purposes == set(Purpose)
    assert {criterion["kind"] for criterion in criteria} == set(Kind)
    for rule, values in {
        "comment": set(Comment),
        "evidence": set(Evidence),
        "critical": {*Critical, None},
        "scored": {True, False},
        "required": {True, False},
        "several": {True, False},
        "linear": {True, False},
        "all_or_nothing": {True, False},
        "may_be_not_applicable": {True, False},
        "enough": {"all", "any", 2},
        "direction": {"lower_is_better", "higher_is_better", None},
        "unit": {"seconds", "minutes", "pieces", "percent", None},
        "evidence_at_least": {1, 2},
    }.items():
        assert {criterion[rule] for criterion in criteria} == values, rule
    assert {document["blind"] for document in published} == {True, False}
    assert {document["staff_met"] for document in published} == {True, False}
    assert any(document["grades"] for document in published)
    assert any(section["weight"] not in (None, 1.0) for section in sections)
    assert any(section["repeats"] and section["repeat_label"] for section in sections)
    conditions = [
        each for part in (*sections, *criteria) if part["shown_when"] for each in part["shown_when"]["conditions"]
    ]
    assert any("attribute" in condition for condition in conditions)
    assert any("part" in condition for condition in conditions)
    assert any("number" in condition for condition in conditions)
    assert any(criterion["barrier_id"] for criterion in criteria)
    assert any(criterion["pictures"] for criterion in criteria)
    assert any(state["weight"] != 1 for criterion in criteria for state in criterion["states"])
    assert any(state["description"] for criterion in criteria for state in criterion["states"])
    options = [option for criterion in criteria for option in criterion["options"]]
    assert any(option["description"] for option in options)
    assert any(option["points"] is not None for option in options)
    assert any(option["free_text"] for option in options)


def test_the_second_version_of_a_checklist_keeps_its_lineages(demo: Demo) -> None:
    with demo.session("north-audit") as session:
        versions = Counter(document["checklist_id"] for document in documents(session))
        ((checklist_id, _),) = [(each, count) for each, count in versions.items() if count > 1]
        first, second = (
            {
                criterion["lineage_id"]: criterion
                for section in document["sections"]
                for criterion in section["criteria"]
            }
            for document in documents(session)
            if document["checklist_id"] == checklist_id
        )
        used = [
            set(session.scalars(select(Visit.version_id).where(Visit.wave_id == wave.id))) for wave in waves(session)
        ]
    common = first.keys() & second.keys()
    assert first.keys() - common
    assert second.keys() - common
    assert any(first[lineage]["text"] != second[lineage]["text"] for lineage in common)
    assert any(first[lineage]["red_limit"] != second[lineage]["red_limit"] for lineage in common)
    assert used[0] - used[1]
    assert used[1] - used[0]


def test_the_answers_show_what_the_rules_do(demo: Demo) -> None:
    with demo.session("north-audit") as session:
        answers = session.scalars(select(Answer)).all()
        kinds = {c["id"]: c["kind"] for d in documents(session) for s in d["sections"] for c in s["criteria"]}
        checks = session.scalars(select(Check)).all()
        visits = session.scalars(select(Visit)).all()
    assert {kinds[str(answer.criterion_id)] for answer in answers if answer.status is Status.ANSWERED} == set(Kind)
    assert {answer.status for answer in answers} == set(Status)
    assert {answer.zone for answer in answers} >= {Zone.GREEN, Zone.YELLOW, Zone.RED, Zone.NOT_APPLICABLE}
    assert max(answer.repetition for answer in answers) >= 2
    assert any(answer.words and kinds[str(answer.criterion_id)] == Kind.CHOICE for answer in answers)
    assert any(check.absent for check in checks)
    assert any(check.failed and check.capped_at is None for check in checks)
    assert any(check.capped_at for check in checks)
    assert any(check.capped_at == 0 for check in checks)
    assert any(not check.valid and not check.absent for check in checks)
    assert any(visit.staff_met for visit in visits)
    assert any(each["name"] for visit in visits for each in visit.staff_met)
    assert any(each["label"] for visit in visits for each in visit.repetitions)


def test_the_first_wave_has_every_kind_of_verdict(demo: Demo) -> None:
    figures = demo.figures(0)
    assert {cell["verdict"] for cell in figures.values()} == {None, *Verdict}
    assert figures["Order at the counter", "Зёрна и пар"]["verdict"] is Verdict.DISADVANTAGE
    assert figures["Advice on the phone", "Mokka House"]["verdict"] is Verdict.ADVANTAGE
    assert figures["Site and menu", "Зёрна и пар"]["verdict"] is Verdict.ON_A_PAR
    assert figures["Toilet", "Полдень"]["absent"] > 0
    assert any(0 < cell["approved"] < cell["required"] for cell in figures.values())
    assert any(cell["approved"] >= cell["required"] > 0 for cell in figures.values())
    assert all(cell["planned"] >= cell["required"] - 1 for cell in figures.values())


def test_the_second_wave_shows_whether_it_helped(demo: Demo) -> None:
    first, second = demo.figures(0), demo.figures(1)
    trained = ("Order at the counter", "Полдень")
    assert second[trained]["mean"] > first[trained]["mean"] + 0.1
    assert any(cell["received"] for cell in second.values())
    assert any(0 < cell["approved"] < cell["required"] for cell in second.values())


def test_another_day_has_the_same_figures(demo: Demo, another_day: Demo) -> None:
    assert [another_day.figures(wave) for wave in (0, 1)] == [demo.figures(wave) for wave in (0, 1)]


def test_reviews_have_every_outcome(demo: Demo) -> None:
    with demo.session("north-audit") as session:
        visits = {visit.id: visit for visit in session.scalars(select(Visit))}
        reviews = session.scalars(select(Review)).all()
        corrections = session.scalars(select(Correction)).all()
        revisions = {(report.visit_id, report.revision) for report in session.scalars(select(SealedReport))}
    states = Counter(visit.state for visit in visits.values())
    assert states[VisitState.APPROVED] >= 260
    assert (states[VisitState.HELD], states[VisitState.RETURNED], states[VisitState.REJECTED]) == (4, 4, 3)
    assert {review.decision for review in reviews} == set(Decision)
    assert all(review.reason for review in reviews if review.decision != Decision.APPROVED)
    assert all(review.notes for review in reviews if review.decision == Decision.RETURNED)
    assert len({visit.hold_reason for visit in visits.values() if visit.state is VisitState.HELD}) == 4
    assert len(corrections) == 2 * len(CORRECTIONS)
    corrected = [visits[each.visit_id] for each in corrections]
    assert any(visit.score != visit.sealed_score for visit in corrected)
    assert {visit.revision for visit in visits.values()} == {1, 2}
    assert {(visit.id, number) for visit in visits.values() for number in range(1, visit.revision + 1)} == revisions
    now = datetime.now(UTC)
    assert all(visits[review.visit_id].project_id and review.at <= now for review in reviews)


def test_every_visit_was_made_within_its_window_and_is_sealed(demo: Demo) -> None:
    with demo.session() as session:
        visits = session.scalars(select(Visit)).all()
        sealed = session.scalars(select(SealedReport)).all()
        for visit in visits:
            assignment = visit.assignment
            assert assignment is not None
            assert visit.started_at is not None
            assert visit.finished_at is not None
            assert visit.finished_at < visit.received_at <= datetime.now(UTC)
            if visit.started_at.year > 1970:
                assert assignment.due_from <= visit.started_at < visit.finished_at
                assert visit.started_at < assignment.due_until
    assert all(hashlib.sha256(report.body).hexdigest() == report.sha256 for report in sealed)


def test_some_assignments_are_overdue_and_some_places_are_open_again(demo: Demo) -> None:
    with demo.session("north-audit") as session:
        assignments = session.scalars(select(Assignment)).all()
    states = Counter(assignment.state for assignment in assignments)
    assert states[AssignmentState.VOID] == 3
    assert states[AssignmentState.REVOKED] == 1
    now = datetime.now(UTC)
    open_ones = [each for each in assignments if each.state is AssignmentState.HANDED_OUT]
    # In the evening those whose part of the day is over come on top.
    assert 5 <= len([each for each in open_ones if each.due_until <= now]) <= 25


def test_best_practices_come_from_the_own_company_and_from_rivals(demo: Demo) -> None:
    with demo.session("north-audit") as session:
        practices = session.scalars(select(BestPractice)).all()
        own = {brand.id: brand.own for brand in session.scalars(select(Brand))}
        photos = {str(photo_id) for photo_id in session.scalars(select(Photo.id))}
    assert {(practice.kind, own[practice.brand_id]) for practice in practices} == {
        (kind, whose) for kind in BestPracticeKind for whose in (True, False)
    }
    assert len(practices) == 12
    assert sum(bool(practice.photo_ids) for practice in practices) >= 10
    assert photos.issuperset(each for practice in practices for each in practice.photo_ids)


def test_every_promised_photo_is_stored_and_waits_for_its_thumbnail(demo: Demo) -> None:
    storage = demo.app.extensions["photos"]
    with demo.session() as session:
        photos = session.scalars(select(Photo)).all()
        pictures = session.scalars(select(GuidancePicture)).all()
        waiting = select(func.count()).select_from(Job).where(Job.state == JobState.WAITING)
        assert session.scalar(waiting) == len(photos) > 300
    for photo in photos:
        with storage.open(photo_key(photo)) as stored:
            content = stored.read()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (photo.size, photo.sha256)
    assert len({photo.sha256 for photo in photos}) > 40
    for picture in pictures:
        with storage.open(picture_key(picture)) as stored:
            assert hashlib.sha256(stored.read()).hexdigest() == picture.sha256

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
                        _is_in_both_languages(text)
                        found += 1
        for document in documents(session):
            for grade in document["grades"]:
                _is_in_both_languages(grade["name"])
            for words in (c["settings"] for s in document["sections"] for c in s["criteria"] if c["kind"] == "rating"):
                _is_in_both_languages(words["lowest_words"])
                _is_in_both_languages(words["highest_words"])
    assert found > 400


def _is_in_both_languages(text: LanguageMap) -> None:
    assert set(text) == {"ru", "en"}, text
    assert _is_cyrillic(text["ru"]), text
    assert text["en"], text
    assert not _is_cyrillic(text["en"]), text


def _is_cyrillic(text: str) -> bool:
    return any("а" <= letter <= "я" or letter == "ё" for letter in text.lower())


def test_inspectors_write_in_their_language(demo: Demo) -> None:
    with demo.session("north-audit") as session:
        comments = select(Answer.comment, User.language).join(Visit, Visit.id == Answer.visit_id)
        comments = comments.join(User, User.id == Visit.inspector_id).where(Answer.comment.is_not(None))
        rows = session.execute(comments).all()
    assert {language for _, language in rows} == {"ru", "en"}
    assert len({comment for comment, _ in rows}) > 60
    strangers = 2  # Two visits were sent by a colleague, who may speak the other language.
    wrong = {comment for comment, language in rows if _is_cyrillic(comment) != (language == "ru")}
    assert len(wrong) <= 8 * strangers


def test_the_demos_criteria_have_words_where_they_may_need_them() -> None:
    criteria = [each for checklist in ENGAGEMENT.checklists for part in checklist.sections for each in part.criteria]
    for criterion in criteria:
        wants_a_word = criterion.design.comment in (Comment.REQUIRED, Comment.NOT_GREEN)
        assert not wants_a_word or criterion.remarks or criterion.words, criterion.key
        wants_a_photo = criterion.design.evidence in (Evidence.REQUIRED, Evidence.NOT_GREEN)
        assert not wants_a_photo or criterion.scene in SCENES, criterion.key


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


def test_anna_finds_something_of_everything(demo: Demo) -> None:
    now = datetime.now(UTC)
    with demo.session("north-audit") as session:
        anna = session.scalars(select(User).where(User.email == "anna@example.com")).one()
        mine = session.scalars(select(Assignment).where(Assignment.inspector_id == anna.id)).all()
        to_do = [each for each in mine if each.state is AssignmentState.HANDED_OUT]
        due = [each for each in to_do if each.due_from <= now < each.due_until]
        assert len({each.version.checklist_id for each in due}) == 5
        visits = session.scalars(select(Visit).where(Visit.inspector_id == anna.id)).all()
        returned = [visit.id for visit in visits if visit.state is VisitState.RETURNED]
        notes = session.scalars(select(Review.notes).where(Review.visit_id.in_(returned))).all()
    assert min(each.due_until for each in due) - now <= timedelta(days=1)
    assert any(each.due_until <= now for each in to_do)
    assert all(notes)
    assert len(returned) == 1
    assert any(visit.state is VisitState.APPROVED for visit in visits)


def test_the_second_agency_sees_nothing_of_the_first(demo: Demo) -> None:
    with demo.session("south-audit") as session:
        assert [project.slug for project in session.scalars(select(Project))] == ["chamomile"]
        assert session.scalars(select(Visit)).all() == []


def test_it_is_made_in_a_bounded_number_of_statements(demo: Demo) -> None:
    assert demo.statements < MOST_STATEMENTS
