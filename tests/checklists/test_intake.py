"""What becomes of a report that arrives: every kind, conditions, repetitions, revisions, best practices."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from checklists.checklist import ChecklistVersion as Version
from checklists.checklist import Criterion, Evidence
from checklists.errors import HoldReason
from checklists.orm import ScopedSession
from checklists.scoring import Kind, Zone
from checklists.visits import Answer, Arrival, BestPractice, Check, SealedReport, Visit, VisitState, rescore
from checklists.waves import Assignment
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto, deliver, make_report
from tests.forms import criteria_of_every_kind, make_checklist, make_criterion, make_section, make_version, next_version


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    return make_audit(session)


def assigned(session: ScopedSession, audit: Audit, *criteria: Criterion, **values: Any) -> tuple[Assignment, Version]:
    """An assignment with a checklist of one section with these criteria; `values` are the section's."""
    version = make_version(session, audit.project, [make_section(audit.touchpoints[0], criteria, **values)])
    return audit.assign(session, version=version), version


def sent(session: ScopedSession, assignment: Assignment, version: Version, **values: Any) -> Visit:
    assert version.document is not None
    receipt = deliver(session, assignment, make_report(assignment, version.document, **values))
    session.expire_all()
    return session.get_one(Visit, receipt.id)


def ids(version: Version, kind: Kind, section: int = 0) -> list[str]:
    assert version.document is not None
    return [each["id"] for each in version.document["sections"][section]["criteria"] if each["kind"] == kind.value]


def test_every_kind_is_taken_in_and_the_duration_is_worked_out(session: ScopedSession, audit: Audit) -> None:
    assignment, version = assigned(session, audit, *criteria_of_every_kind())
    start, end = ids(version, Kind.TIME_STAMP)
    visit = sent(session, assignment, version, answers={end: {"value": "2026-11-22T12:17:30+05:00"}})
    assert (visit.state, visit.hold_reason) == (VisitState.RECEIVED, None)
    answers = {str(answer.criterion_id): answer for answer in visit.answers}
    assert answers[ids(version, Kind.DURATION)[0]].value == 150
    assert answers[start].words == "2026-11-22T10:15:00+03:00"
    assert answers[ids(version, Kind.MONEY)[0]].value == 349.9
    assert answers[ids(version, Kind.RATING)[0]].zone is Zone.GREEN
    assert {answer.zone for answer in answers.values()} == {Zone.GREEN, None}
    assert visit.score == visit.sealed_score == 1


def test_an_end_before_its_start_gives_no_duration(session: ScopedSession, audit: Audit) -> None:
    assignment, version = assigned(session, audit, *criteria_of_every_kind())
    _, end = ids(version, Kind.TIME_STAMP)
    visit = sent(session, assignment, version, answers={end: {"value": "2026-11-22T10:14:59+03:00"}})
    assert ids(version, Kind.DURATION)[0] not in {str(answer.criterion_id) for answer in visit.answers}


def shown_if_dirty(audit: Audit, **values: Any) -> list[Any]:
    """A choice, and a measure that is asked only where the table is dirty."""
    first, second = make_criterion(Kind.CHOICE), make_criterion(Kind.MEASURE, **values)
    first.lineage_id, first.options[2].lineage_id = audit.wave.id, audit.project.id
    condition = {"criterion": str(first.lineage_id), "test": "is", "part": str(first.options[2].lineage_id)}
    second.shown_when = {"match": "all", "conditions": [condition]}
    return [first, second]


def test_an_answer_to_a_hidden_criterion_is_kept_and_not_scored(session: ScopedSession, audit: Audit) -> None:
    assignment, version = assigned(session, audit, *shown_if_dirty(audit))
    (wait,) = ids(version, Kind.MEASURE)
    visit = sent(session, assignment, version, zones={wait: Zone.RED})
    hidden = next(answer for answer in visit.answers if str(answer.criterion_id) == wait)
    assert (hidden.hidden, hidden.value, hidden.zone, hidden.possible) == (True, 180, None, 0)
    assert (visit.score, visit.possible, visit.checks[0].skipped) == (1, 1, 1)


def test_what_was_not_shown_is_not_missed_and_what_was_shown_is(session: ScopedSession, audit: Audit) -> None:
    assignment, version = assigned(session, audit, *shown_if_dirty(audit, required=True))
    (table,), (wait,) = ids(version, Kind.CHOICE), ids(version, Kind.MEASURE)
    assert version.document is not None
    report = make_report(assignment, version.document)
    report["answers"] = [answer for answer in report["answers"] if answer["criterion_id"] != wait]
    assert deliver(session, assignment, report).state is VisitState.RECEIVED
    other = audit.assign(session, version=version)
    report = make_report(other, version.document, zones={table: Zone.RED})
    report["answers"] = [answer for answer in report["answers"] if answer["criterion_id"] != wait]
    assert deliver(session, other, report).hold_reason is HoldReason.INCOMPLETE


def test_a_condition_may_ask_for_an_attribute_of_the_outlet(session: ScopedSession, audit: Audit) -> None:
    criterion = make_criterion(Kind.MEASURE)
    criterion.shown_when = {"match": "all", "conditions": [{"attribute": "Drive-through", "value": "yes"}]}
    assignment, version = assigned(session, audit, make_criterion(Kind.CHOICE), criterion)
    assert sent(session, assignment, version).possible == 1
    audit.outlets[0].attributes = {"drive-through": "YES"}
    visit = sent(session, audit.assign(session, version=version), version)
    assert (visit.possible, visit.outlet_attributes) == (2, {"drive-through": "YES"})
    audit.outlets[0].attributes = {}
    rescore(session, visit)
    assert visit.possible == 2, "a visit is scored by the outlet as it was"


def test_a_touchpoint_of_which_nothing_was_shown_has_no_check(session: ScopedSession, audit: Audit) -> None:
    hidden = {"shown_when": {"match": "any", "conditions": [{"attribute": "terrace", "value": None}]}}
    assignment, version = assigned(session, audit, make_criterion(), **hidden)
    visit = sent(session, assignment, version)
    assert visit.state is VisitState.RECEIVED
    assert (visit.checks, visit.score) == ([], None)
    assert [(answer.hidden, answer.check_id) for answer in visit.answers] == [(True, None)]


def test_repetitions_have_labels_and_their_answers_are_kept_apart(session: ScopedSession, audit: Audit) -> None:
    settings = {"repeats": True, "most_repetitions": 3}
    assignment, version = assigned(session, audit, make_criterion(Kind.CHOICE), **settings)
    assert version.document is not None
    section = version.document["sections"][0]["id"]
    (greeting,) = ids(version, Kind.CHOICE)
    labels = {section: ["Ivan", "Olga"]}
    visit = sent(session, assignment, version, repetitions=labels, zones={f"{greeting}/1": Zone.RED})
    assert [each["label"] for each in visit.repetitions] == ["Ivan", "Olga"]
    assert (visit.score, len(visit.answers), visit.checks[0].possible) == (0.5, 2, 1)
    held = sent(session, audit.assign(session, version=version), version, repetitions={section: ["a", "b", "c", "d"]})
    assert held.hold_reason is HoldReason.IMPOSSIBLE_ANSWER, "the section repeats three times at most"


def test_a_repetition_that_was_begun_must_be_answered(session: ScopedSession, audit: Audit) -> None:
    assignment, version = assigned(session, audit, make_criterion(Kind.CHOICE), repeats=True)
    assert version.document is not None
    section = version.document["sections"][0]["id"]
    report = make_report(assignment, version.document, repetitions={section: ["Ivan", "Olga"]})
    report["answers"].pop()
    assert deliver(session, assignment, report).hold_reason is HoldReason.INCOMPLETE


@pytest.mark.parametrize(("zone", "held"), [(Zone.GREEN, None), (Zone.YELLOW, HoldReason.EVIDENCE_MISSING)])
def test_evidence_when_not_green(session: ScopedSession, audit: Audit, zone: Zone, held: HoldReason | None) -> None:
    criterion = make_criterion(Kind.CHOICE, evidence=Evidence.NOT_GREEN)
    assignment, version = assigned(session, audit, criterion)
    (table,) = ids(version, Kind.CHOICE)
    assert sent(session, assignment, version, zones={table: zone}).hold_reason is held
    backed = sent(
        session,
        audit.assign(session, version=version),
        version,
        zones={table: zone},
        photos={table: [FieldPhoto()]},
    )
    assert backed.hold_reason is None


def test_best_practices_are_kept_with_brand_and_touchpoint(session: ScopedSession, audit: Audit) -> None:
    elsewhere = audit.touchpoints[2]
    rival = audit.outlets_of(audit.brands[1])[0]
    assignment = audit.assign(session, rival)
    practice = {"touchpoint_id": str(elsewhere.id), "kind": "beyond", "text": "Umbrellas to borrow", "photo_ids": []}
    receipt = deliver(session, assignment, audit.report(assignment, best_practices=[practice]))
    (kept,) = session.scalars(select(BestPractice).where(BestPractice.visit_id == receipt.id))
    assert (kept.touchpoint_id, kept.brand_id, kept.text) == (elsewhere.id, rival.brand_id, "Umbrellas to borrow")


def test_a_best_practice_at_an_unknown_touchpoint_holds_the_report(session: ScopedSession, audit: Audit) -> None:
    assignment = audit.assign(session)
    practice = {"touchpoint_id": str(audit.wave.id), "kind": "comfort", "text": "Sockets", "photo_ids": []}
    receipt = deliver(session, assignment, audit.report(assignment, best_practices=[practice]))
    assert receipt.hold_reason is HoldReason.UNKNOWN_TOUCHPOINT


def test_a_visit_of_a_removed_outlet_is_held(session: ScopedSession, audit: Audit) -> None:
    assignment = audit.assign(session)
    audit.outlets[0].deleted_at = datetime.now(UTC)
    assert deliver(session, assignment, audit.report(assignment)).hold_reason is HoldReason.DELETED_OUTLET


def test_an_old_version_from_a_phone_is_accepted_and_scored_by_itself(session: ScopedSession, audit: Audit) -> None:
    newer = next_version(session, audit.version, drop=[0])
    assignment = audit.assign(session, version=newer)
    report = audit.report(assignment, checklist_version_id=str(audit.version.id))
    receipt = deliver(session, assignment, report)
    visit = session.get_one(Visit, receipt.id)
    assert (visit.state, visit.version_id) == (VisitState.RECEIVED, audit.version.id)


def test_a_version_of_another_checklist_holds_the_report(session: ScopedSession, audit: Audit) -> None:
    other = make_checklist(session, audit.project, audit.touchpoints, name="Another one")
    assignment = audit.assign(session)
    receipt = deliver(session, assignment, audit.report(assignment, checklist_version_id=str(other.id)))
    assert receipt.hold_reason is HoldReason.OTHER_VERSION


def returned(session: ScopedSession, audit: Audit, **values: Any) -> tuple[Visit, dict[str, Any]]:
    """A visit that was sent back, and its report."""
    assignment = audit.assign(session)
    report = audit.report(assignment, **values)
    receipt = deliver(session, assignment, report)
    visit = session.get_one(Visit, receipt.id)
    visit.state = VisitState.RETURNED
    session.flush()
    return visit, report


def again(session: ScopedSession, audit: Audit, visit: Visit, report: dict[str, Any]) -> Any:
    assignment = session.get_one(Assignment, visit.assignment_id)
    receipt = deliver(session, assignment, report, visit_id=visit.id)
    session.expire_all()
    return receipt


def test_the_next_revision_takes_the_place_of_the_one_before(session: ScopedSession, audit: Audit) -> None:
    table = audit.criterion("choice")["id"]
    photo = FieldPhoto()
    visit, report = returned(session, audit, zones={table: Zone.RED}, photos={table: [photo]})
    new = FieldPhoto(b"another")
    second = audit.report(session.get_one(Visit, visit.id).assignment, photos={table: [photo, new]}, revision=2)
    receipt = again(session, audit, visit, second)
    assert (receipt.arrival, receipt.revision, receipt.state) == (Arrival.NEW, 2, VisitState.RECEIVED)
    assert set(receipt.missing_photos) == {photo.id, new.id}, "neither had arrived; both are promised once"
    assert (visit.score, len(visit.checks), len(visit.photos)) == (1, 3, 2)
    sealed = session.scalars(select(SealedReport).where(SealedReport.visit_id == visit.id)).all()
    assert sorted((each.revision, each.accepted) for each in sealed) == [(1, True), (2, True)]
    assert again(session, audit, visit, second).arrival is Arrival.SAME
    assert again(session, audit, visit, report).arrival is Arrival.SAME, "the first revision was received as well"
    assert session.scalar(select(func.count()).where(Answer.visit_id == visit.id)) == 9


@pytest.mark.parametrize(
    ("state", "revision"),
    [(VisitState.RECEIVED, 2), (VisitState.APPROVED, 2), (VisitState.RETURNED, 1), (VisitState.RETURNED, 3)],
)
def test_other_content_that_nobody_asked_for_is_a_conflict_and_kept(
    session: ScopedSession, audit: Audit, state: VisitState, revision: int
) -> None:
    visit, report = returned(session, audit)
    visit.state = state
    session.flush()
    receipt = again(session, audit, visit, report | {"revision": revision, "elapsed_ms": 5})
    assert (receipt.arrival, receipt.state, receipt.revision) == (Arrival.CONFLICT, state, 1)
    sealed = session.scalars(select(SealedReport.accepted).where(SealedReport.visit_id == visit.id)).all()
    assert sorted(sealed) == [False, True]


def test_a_revision_that_breaks_a_rule_is_held(session: ScopedSession, audit: Audit) -> None:
    visit, report = returned(session, audit)
    second = report | {"revision": 2, "answers": report["answers"][1:]}
    assert again(session, audit, visit, second).hold_reason is HoldReason.INCOMPLETE
    assert session.scalars(select(Check).where(Check.visit_id == visit.id)).all() == []
