"""Corrections are a layer: the effective visit is scored anew, what was sent keeps its score and its bytes."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from checklists.checklist import Criterion, Direction, Unit, publish
from checklists.errors import DerivedAnswer, InvalidInput, NotFound, NothingCorrected, ReasonRequired, ReviewNotPossible
from checklists.orm import ScopedSession, new_id
from checklists.review import (
    Content,
    Happening,
    approve,
    content_of,
    correct,
    corrections_of,
    history_of,
    reopen,
    send_back,
)
from checklists.scoring import Kind, Zone
from checklists.visits import Answer, Check, Receipt, SealedReport, Visit, VisitState
from tests.factories import Audit, make_audit, make_wave
from tests.field import answer_in_zone, deliver, make_report
from tests.forms import LANGUAGES, make_checklist, make_criterion, text

NOW = datetime.now(UTC)


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    return make_audit(session)


def content(**values: Any) -> Content:
    given: Content = {"status": "answered", "states": [], "options": [], "value": None, "comment": None}
    given.update(values)  # type: ignore[typeddict-item]
    return given


def corrected(
    session: ScopedSession, audit: Audit, visit: Visit, criterion: dict[str, Any], repetition: int = 0, **values: Any
) -> Visit:
    """The visit after one correction by the reviewer."""
    asked = UUID(criterion["id"])
    correct(
        session,
        visit.id,
        audit.reviewer.id,
        asked,
        repetition,
        content(**values),
        "The photo shows it.",
        datetime.now(UTC),
    )
    session.refresh(visit)
    return visit


def answer_to(session: ScopedSession, visit: Visit, criterion: dict[str, Any], repetition: int = 0) -> Answer:
    return session.get_one(Answer, (visit.id, UUID(criterion["id"]), repetition))


def test_a_correction_changes_the_effective_visit_and_leaves_what_was_sent(
    session: ScopedSession, audit: Audit
) -> None:
    measure = audit.criterion("measure")
    visit = audit.visit(session, zones={measure["id"]: "red"})
    sent, body = visit.score, session.scalars(select(SealedReport.body).where(SealedReport.visit_id == visit.id)).one()
    assert sent == visit.sealed_score
    assert sent is not None
    assert sent < 1.0
    corrected(session, audit, visit, measure, value=30.0, comment="The film says half a minute.")
    assert (visit.score, visit.sealed_score) == (1.0, sent)
    check = next(each for each in visit.checks if each.touchpoint_id == audit.touchpoints[0].id)
    assert check.score == 1.0
    assert check.sealed_score is not None
    assert check.sealed_score < 1.0
    answer = answer_to(session, visit, measure)
    assert (answer.value, answer.zone, answer.comment) == (30.0, Zone.GREEN, "The film says half a minute.")
    (correction,) = corrections_of(session, visit.id, visit.revision)
    assert (correction.by.name, correction.reason, correction.revision) == ("Boris Levin", "The photo shows it.", 1)
    assert correction.old == content(value=180.0)
    assert correction.new == content_of(answer)
    assert session.scalars(select(SealedReport.body).where(SealedReport.visit_id == visit.id)).one() == body


def test_corrections_follow_one_another(session: ScopedSession, audit: Audit) -> None:
    choice = audit.criterion("choice")
    clean, crumbs, dirty = (option["id"] for option in choice["options"])
    visit = audit.visit(session)
    before = visit.score
    corrected(session, audit, visit, choice, options=[dirty])
    assert visit.score != before
    corrected(session, audit, visit, choice, options=[crumbs])
    corrected(session, audit, visit, choice, options=[clean])
    assert visit.score == visit.sealed_score == before, "back where it was"
    assert [each.new["options"] for each in corrections_of(session, visit.id)] == [[dirty], [crumbs], [clean]]


def test_what_cannot_stand_is_refused_and_changes_nothing(session: ScopedSession, audit: Audit) -> None:
    states, measure, choice = (audit.criterion(kind) for kind in ("states", "measure", "choice"))
    visit = audit.visit(session)
    option, other = (each["id"] for each in choice["options"][:2])
    for criterion, wrong in (
        (measure, {"value": None}),
        (measure, {"value": "soon"}),
        (measure, {"value": float("nan")}),
        (measure, {"value": -1.0}),
        (states, {"states": [option]}),
        (states, {"states": ["a state"]}),
        (choice, {"options": []}),
        (choice, {"options": [option, other]}),
        (choice, {"status": "perhaps"}),
    ):
        with pytest.raises(InvalidInput) as refusal:
            corrected(session, audit, visit, criterion, **wrong)
        assert set(refusal.value.fields) == {"answer"}, wrong
    with pytest.raises(NothingCorrected):
        corrected(session, audit, visit, measure, value=60.0)
    with pytest.raises(ReasonRequired):
        correct(session, visit.id, audit.reviewer.id, UUID(measure["id"]), 0, content(value=1.0), "  ", NOW)
    for criterion_id, repetition in ((new_id(), 0), (UUID(measure["id"]), 1), (UUID(measure["id"]), -1)):
        with pytest.raises(NotFound):
            correct(session, visit.id, audit.reviewer.id, criterion_id, repetition, content(value=1.0), "Why.", NOW)
    assert corrections_of(session, visit.id) == []
    assert (visit.score, visit.sealed_score) == (1.0, 1.0)


def test_only_a_visit_that_waits_is_corrected_and_a_reopened_one_waits(session: ScopedSession, audit: Audit) -> None:
    measure = audit.criterion("measure")
    visit = audit.visit(session, state="approved")
    with pytest.raises(ReviewNotPossible):
        corrected(session, audit, visit, measure, value=180.0)
    reopen(session, visit.id, audit.manager.id, "The film came.", NOW)
    corrected(session, audit, visit, measure, value=180.0)
    approve(session, visit.id, audit.manager.id, NOW)
    assert visit.score is not None
    assert visit.sealed_score is not None
    assert visit.score < visit.sealed_score


def test_an_answer_that_was_left_out_can_be_given(session: ScopedSession, audit: Audit) -> None:
    """A criterion that is not required was skipped on the phone; the photo answers it."""
    optional = make_criterion(Kind.MEASURE, required=False, weight=0.25)
    asked = {audit.touchpoints[0].id: [make_criterion(Kind.STATES), optional]}
    version = make_checklist(session, audit.project, audit.touchpoints[:1], criteria=asked)
    wave = make_wave(session, audit.project, [version], audit.outlets)
    assignment = audit.assign(session, wave=wave, version=version)
    assert version.document is not None
    criterion = version.document["sections"][0]["criteria"][1]
    report = audit.report(assignment) | {"answers": [answer_in_zone(version.document["sections"][0]["criteria"][0])]}
    visit = session.get_one(Visit, deliver(session, assignment, report).id)
    assert visit.state is VisitState.RECEIVED
    corrected(session, audit, visit, criterion, value=200.0)
    answer = answer_to(session, visit, criterion)
    assert (answer.zone, answer.possible, answer.hidden) == (Zone.RED, 0.25, False)
    assert answer.check_id is not None
    assert (visit.score, visit.sealed_score) == (0.8, 1.0)
    assert corrections_of(session, visit.id)[0].old["status"] == "not_answered"


def test_an_answer_becomes_not_applicable_only_where_that_is_allowed(session: ScopedSession, audit: Audit) -> None:
    strict = {audit.touchpoints[0].id: [make_criterion(Kind.MEASURE), make_criterion(Kind.STATES)]}
    version = make_checklist(session, audit.project, audit.touchpoints[:1], criteria=strict)
    wave = make_wave(session, audit.project, [version], audit.outlets)
    assert version.document is not None
    measure = version.document["sections"][0]["criteria"][0]
    visit = deliver_all(session, audit, audit.assign(session, wave=wave, version=version), version.document)
    with pytest.raises(InvalidInput):
        corrected(session, audit, visit, measure, status="not_applicable")
    corrected(session, audit, visit, measure, status="could_not_check")
    assert answer_to(session, visit, measure).possible == 0.0
    ours = audit.visit(session)
    corrected(session, audit, ours, audit.criterion("measure"), status="not_applicable")
    assert answer_to(session, ours, audit.criterion("measure")).zone is Zone.NOT_APPLICABLE


def deliver_all(session: ScopedSession, audit: Audit, assignment: Any, document: dict[str, Any], **more: Any) -> Visit:
    receipt: Receipt = deliver(session, assignment, make_report(assignment, document, **more))
    assert receipt.state is VisitState.RECEIVED, receipt.hold_reason
    return session.get_one(Visit, receipt.id)


def test_a_duration_follows_its_time_stamps_and_is_not_corrected_itself(session: ScopedSession, audit: Audit) -> None:
    entered, served = (
        Criterion(kind=Kind.TIME_STAMP, text=text(name), lineage_id=new_id(), position=0) for name in ("In", "Served")
    )
    wait = Criterion(
        kind=Kind.DURATION,
        text=text("The wait"),
        unit=Unit.SECONDS,
        direction=Direction.LOWER_IS_BETTER,
        green_limit=60.0,
        red_limit=180.0,
        settings={"from": str(entered.lineage_id), "until": str(served.lineage_id)},
    )
    asked = {audit.touchpoints[0].id: [entered, served, wait]}
    version = make_checklist(session, audit.project, audit.touchpoints[:1], criteria=asked)
    wave = make_wave(session, audit.project, [version], audit.outlets)
    assert version.document is not None
    first, second, third = version.document["sections"][0]["criteria"]
    times = {first["id"]: "2026-11-22T10:00:00+03:00", second["id"]: "2026-11-22T10:04:00+03:00"}
    assignment = audit.assign(session, wave=wave, version=version)
    answers = [wire(criterion_id, value=moment) for criterion_id, moment in times.items()]
    receipt = deliver(session, assignment, audit.report(assignment) | {"answers": answers})
    visit = session.get_one(Visit, receipt.id)
    assert (answer_to(session, visit, third).value, visit.score) == (240.0, 0.0)
    with pytest.raises(DerivedAnswer):
        corrected(session, audit, visit, third, value=30.0)
    corrected(session, audit, visit, second, value="2026-11-22T10:00:30+03:00")
    assert (answer_to(session, visit, third).value, visit.score, visit.sealed_score) == (30.0, 1.0, 0.0)
    with pytest.raises(InvalidInput):
        corrected(session, audit, visit, second, value="later")


def wire(criterion_id: str, repetition: int = 0, **values: Any) -> dict[str, Any]:
    empty = {"states": [], "options": [], "value": None, "reason": None, "comment": None, "photo_ids": []}
    return {"criterion_id": criterion_id, "repetition": repetition, "status": "answered", **empty, **values}


def test_one_repetition_is_corrected_and_the_others_are_left(session: ScopedSession, audit: Audit) -> None:
    version = make_checklist(session, audit.project, audit.touchpoints[:1], published=False)
    (section,) = version.sections
    section.repeats, section.criteria = True, section.criteria[1:2]
    session.flush()
    publish(version, LANGUAGES, NOW)
    session.flush()
    wave = make_wave(session, audit.project, [version], audit.outlets)
    assert version.document is not None
    (measure,) = version.document["sections"][0]["criteria"]
    assignment = audit.assign(session, wave=wave, version=version)
    report = audit.report(assignment) | {
        "answers": [wire(measure["id"], number, value=60.0) for number in (0, 1)],
        "repetitions": [
            {"section_id": str(section.id), "repetition": number, "label": name} for number, name in enumerate("AB")
        ],
    }
    visit = session.get_one(Visit, deliver(session, assignment, report).id)
    corrected(session, audit, visit, measure, 1, value=180.0)
    assert [answer_to(session, visit, measure, number).value for number in (0, 1)] == [60.0, 180.0]
    assert (visit.score, visit.sealed_score) == (0.5, 1.0)
    with pytest.raises(NotFound):
        corrected(session, audit, visit, measure, 2, value=180.0)


def test_a_corrected_answer_shows_and_hides_what_depends_on_it(session: ScopedSession, audit: Audit) -> None:
    choice, follow_up = make_criterion(Kind.CHOICE), make_criterion(Kind.MEASURE, weight=3.0)
    choice.lineage_id = new_id()
    choice.options[0].lineage_id = new_id()
    condition = {"criterion": str(choice.lineage_id), "test": "is", "part": str(choice.options[0].lineage_id)}
    follow_up.shown_when = {"match": "all", "conditions": [condition]}
    version = make_checklist(
        session, audit.project, audit.touchpoints[:1], criteria={audit.touchpoints[0].id: [choice, follow_up]}
    )
    wave = make_wave(session, audit.project, [version], audit.outlets)
    assert version.document is not None
    first, second = version.document["sections"][0]["criteria"]
    clean, _crumbs, dirty = (option["id"] for option in first["options"])
    visit = deliver_all(session, audit, audit.assign(session, wave=wave, version=version), version.document)
    assert not answer_to(session, visit, second).hidden
    corrected(session, audit, visit, first, options=[dirty])
    hidden = answer_to(session, visit, second)
    assert (hidden.hidden, hidden.possible, hidden.value) == (True, 0.0, 60.0), "kept, and not scored"
    assert visit.score == 0.0
    corrected(session, audit, visit, first, options=[clean])
    assert not answer_to(session, visit, second).hidden
    assert visit.score == 1.0


def test_the_next_revision_leaves_older_corrections_to_the_history(session: ScopedSession, audit: Audit) -> None:
    measure = audit.criterion("measure")
    assignment = audit.assign(session)
    visit_id = deliver(session, assignment, audit.report(assignment)).id
    visit = session.get_one(Visit, visit_id)
    corrected(session, audit, visit, measure, value=180.0)
    send_back(session, visit_id, audit.reviewer.id, "Are you sure?", [], datetime.now(UTC))
    deliver(session, assignment, audit.report(assignment, revision=2), visit_id=visit_id)
    session.refresh(visit)
    assert (visit.score, visit.sealed_score) == (1.0, 1.0)
    assert answer_to(session, visit, measure).value == 60.0
    assert corrections_of(session, visit_id, visit.revision) == []
    assert [event.revision for event in history_of(session, visit_id) if event.kind is Happening.CORRECTED] == [1]
    checks = session.scalars(select(Check).where(Check.visit_id == visit_id)).all()
    assert {check.sealed_score for check in checks} == {1.0}
