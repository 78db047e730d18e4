"""Corners where two rules of the core meet: a held revision and its place, what is hidden and what is compared, two
reviewers at once, answers that cannot stand.
"""

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from checklists.checklist import ChecklistVersion, Criterion, Critical, missing_parts
from checklists.errors import HoldReason, PhotoNotPromised
from checklists.jobs import Job
from checklists.matrix import coverage_of, touchpoint_matrix, uncounted_checks
from checklists.matrix.common import estimate_of_sums
from checklists.matrix.narrowed import sums_on
from checklists.orm import ScopedSession, new_id
from checklists.people import User
from checklists.review import Content, Correction, approve, correct, put_right, reject, send_back
from checklists.scoring import Kind, Zone
from checklists.visits import Answer, Visit, VisitState, receive_photo, visit_with_parts
from checklists.visits.given_up import ON_THE_WAY
from checklists.waves import Assignment, AssignmentState, missing_visits
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_wave
from tests.field import FieldPhoto, deliver, make_report, read_report
from tests.forms import criteria_of_every_kind, make_checklist, make_criterion, make_section, make_version

NOW = datetime.now(UTC)


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    return make_audit(session)


def held_again(session: ScopedSession, audit: Audit) -> tuple[Visit, Assignment, dict[str, Any]]:
    """A visit that was sent back and whose next revision is held, as it lacks an answer."""
    visit = audit.visit(session)
    assignment = session.get_one(Assignment, visit.assignment_id)
    send_back(session, visit.id, audit.reviewer.id, "Once more, please.", [], NOW)
    report = audit.report(assignment, revision=2)
    report["answers"].pop()
    assert deliver(session, assignment, report, visit_id=visit.id).hold_reason is HoldReason.INCOMPLETE
    return visit, assignment, report


def test_a_revision_under_another_checklist_is_held(session: ScopedSession, audit: Audit) -> None:
    other = make_checklist(session, audit.project, audit.touchpoints[:1], name="Another one")
    visit = audit.visit(session)
    assignment = session.get_one(Assignment, visit.assignment_id)
    send_back(session, visit.id, audit.reviewer.id, "Once more, please.", [], NOW)
    assert other.document is not None
    report = make_report(assignment, other.document, revision=2, checklist_version_id=str(other.id))
    assert deliver(session, assignment, report, visit_id=visit.id).hold_reason is HoldReason.OTHER_VERSION


def test_a_second_visit_that_is_held_never_had_the_place_of_a_held_revision(
    session: ScopedSession, audit: Audit
) -> None:
    visit, assignment, report = held_again(session, audit)
    second = deliver(session, assignment, audit.report(assignment))
    assert second.hold_reason is HoldReason.VISITED_ALREADY
    reject(session, second.id, audit.manager.id, "There is a visit already.", NOW)
    assert session.get_one(Assignment, assignment.id).state is AssignmentState.DELIVERED
    put_right(session, visit.id, audit.manager.id, read_report(report), assignment.id, "Enough for us.", NOW)
    assert visit.state is VisitState.RECEIVED


def test_a_held_revision_that_is_put_right_elsewhere_leaves_its_place(session: ScopedSession, audit: Audit) -> None:
    visit, assignment, report = held_again(session, audit)
    elsewhere = audit.assign(session, audit.outlets[1])
    put_right(session, visit.id, audit.manager.id, read_report(report), elsewhere.id, "It was this shop.", NOW)
    assert visit.assignment_id == elsewhere.id
    assert (assignment.state, assignment.handed_out_at) == (AssignmentState.PLANNED, None)
    approve(session, visit.id, audit.manager.id, NOW)


def test_a_held_revision_takes_its_place_in_the_coverage_as_in_the_plan(session: ScopedSession, audit: Audit) -> None:
    _visit, assignment, _report = held_again(session, audit)
    assert deliver(session, assignment, audit.report(assignment)).hold_reason is HoldReason.VISITED_ALREADY
    found = coverage_of(session, audit.wave.id, NOW)
    plans = missing_visits(session, audit.wave, uncounted_checks(session, audit.wave.id))
    planned = {plan.brand_id: len(plan.outlets) for plan in plans}
    for brand in audit.brands:
        assert {cell.missing for cell in found.of_brand(brand.id)} == {planned[brand.id]}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_reviewers_who_correct_at_once_neither_undoes_the_other(sessions: Sessions) -> None:
    """The second one had looked at the visit before the first one corrected it."""
    with sessions() as session, session.begin():
        audit = make_audit(session)
        visit_id = audit.visit(session).id
    measure, choice = audit.criterion("measure"), audit.criterion("choice")
    dirty = content(options=[choice["options"][2]["id"]])
    with sessions() as slow, slow.begin():
        looked_at = visit_with_parts(slow, visit_id)
        answers_then = looked_at.answers
        with sessions() as quick, quick.begin():
            corrected(quick, visit_id, audit.reviewer, measure, content(value=180.0))
        corrected(slow, visit_id, audit.manager, choice, dirty)
        last = corrected(slow, visit_id, audit.manager, measure, content(value=120.0))
        assert (len(answers_then), last.old["value"]) == (9, 180.0)
    with sessions() as session:
        visit = session.get_one(Visit, visit_id)
        assert visit.points == sum(answer.points for answer in visit.answers) == 9 - 1 - 0.5


def content(**values: Any) -> Content:
    given: Content = {"status": "answered", "states": [], "options": [], "value": None, "comment": None}
    given.update(values)  # type: ignore[typeddict-item]
    return given


def corrected(
    session: ScopedSession, visit_id: UUID, reviewer: User, criterion: dict[str, Any], new: Content
) -> Correction:
    return correct(session, visit_id, reviewer.id, UUID(criterion["id"]), 0, new, "The film shows it.", NOW)


def test_what_was_hidden_at_one_brand_is_not_compared(session: ScopedSession, audit: Audit) -> None:
    terrace = make_criterion(Kind.MEASURE)
    terrace.shown_when = {"match": "all", "conditions": [{"attribute": "terrace", "value": None}]}
    section = make_section(audit.touchpoints[0], [make_criterion(Kind.CHOICE), terrace])
    version = make_version(session, audit.project, [section])
    wave = make_wave(session, audit.project, [version], audit.outlets)
    own, rival = audit.brands
    for outlet in audit.outlets:
        outlet.attributes = {"terrace": "yes"} if outlet.brand_id == own.id else {}
        assignment = audit.assign(session, outlet, wave=wave, version=version)
        assert version.document is not None
        report = make_report(assignment, version.document, zones={str(terrace.id): Zone.RED})
        approve(session, deliver(session, assignment, report).id, audit.manager.id, NOW)
    (row,) = touchpoint_matrix(session, wave.id, 0.1).rows
    assert row.cells[own.id].estimate.mean == 0.5  # type: ignore[union-attr]
    verdict = row.cells[rival.id].verdict
    assert verdict is not None
    assert verdict.difference == 0


def stamps_and_duration(**values: Any) -> list[Criterion]:
    start, end, wait = criteria_of_every_kind()[:3]
    wait.green_limit, wait.red_limit = 60.0, 180.0
    for stamp in (start, end):
        for name, value in values.items():
            setattr(stamp, name, value)
    return [start, end, wait]


def test_where_there_was_no_queue_its_duration_does_not_apply_either(session: ScopedSession, audit: Audit) -> None:
    section = make_section(audit.touchpoints[0], stamps_and_duration(may_be_not_applicable=True))
    version = make_version(session, audit.project, [section])
    assert version.document is not None
    assignment = audit.assign(session, version=version)
    none = {str(stamp.id): Zone.NOT_APPLICABLE for stamp in section.criteria[:2]}
    visit = session.get_one(
        Visit, deliver(session, assignment, make_report(assignment, version.document, zones=none)).id
    )
    assert [(check.absent, check.valid) for check in visit.checks] == [(True, False)]


def test_a_duration_is_hidden_with_its_time_stamps(session: ScopedSession, audit: Audit) -> None:
    never = {"match": "all", "conditions": [{"attribute": "queue", "value": None}]}
    section = make_section(audit.touchpoints[0], [make_criterion(), *stamps_and_duration(shown_when=never)])
    version = make_version(session, audit.project, [section])
    assert version.document is not None
    assignment = audit.assign(session, version=version)
    visit = session.get_one(Visit, deliver(session, assignment, make_report(assignment, version.document)).id)
    assert [(check.valid, check.score) for check in visit.checks] == [(True, 1.0)]


def test_a_duration_stands_behind_its_time_stamps(session: ScopedSession, audit: Audit) -> None:
    start, end, wait = stamps_and_duration()
    section = make_section(audit.touchpoints[0], [start, wait, end])
    version = make_version(session, audit.project, [section], published=False)
    assert [missing.criterion for missing in missing_parts(version)] == [wait]


def test_a_repetition_that_the_section_cannot_have_hides_nothing(session: ScopedSession, audit: Audit) -> None:
    section = make_section(audit.touchpoints[0], [make_criterion()], repeats=True, most_repetitions=3)
    version = make_version(session, audit.project, [section])
    assert version.document is not None
    assignment = audit.assign(session, version=version)
    begun = [{"section_id": str(section.id), "repetition": 50, "label": ""}]
    report = make_report(assignment, version.document) | {"answers": [], "repetitions": begun}
    assert deliver(session, assignment, report).hold_reason is HoldReason.INCOMPLETE


def test_answers_that_no_database_holds_or_that_were_given_twice_never_count(
    session: ScopedSession, audit: Audit
) -> None:
    """Nor do they begin to count when something else is corrected."""
    measure, choice, states = (audit.criterion(kind) for kind in ("measure", "choice", "states"))
    assignment = audit.assign(session)
    report = audit.report(assignment, answers={measure["id"]: {"value": 10**400}}, zones={choice["id"]: Zone.RED})
    report["answers"] += [each for each in report["answers"] if each["criterion_id"] == choice["id"]]
    receipt = deliver(session, assignment, report)
    visit = put_right(session, receipt.id, audit.manager.id, read_report(report), assignment.id, "Good enough.", NOW)
    assert session.get_one(Answer, (visit.id, UUID(measure["id"]), 0)).value is None
    assert session.get(Answer, (visit.id, UUID(choice["id"]), 0)) is None
    seen = [each["id"] for each in states["states"] if each["polarity"] == "expected"]
    score = visit.score
    corrected(session, visit.id, audit.reviewer, states, content(states=seen, comment="Seen."))
    assert visit.score == visit.sealed_score == score


@pytest.mark.parametrize(("allowed", "name"), [(True, "Ivan"), (False, None)])
def test_names_of_the_staff_are_kept_only_where_they_may_be(
    session: ScopedSession, audit: Audit, allowed: bool, name: str | None
) -> None:
    version = make_version(session, audit.project, [make_section(audit.touchpoints[0], [make_criterion()])])
    assert version.document is not None
    version.document = version.document | {"staff_met": True, "staff_names": allowed}
    assignment = audit.assign(session, version=version)
    met = [{"role": "cashier", "description": "tall", "name": "Ivan"}]
    report = make_report(assignment, version.document, staff_met=met)
    visit = session.get_one(Visit, deliver(session, assignment, report).id)
    assert visit.staff_met == [{"role": "cashier", "description": "tall", "name": name}]


def test_a_clean_revision_has_nothing_replaced(session: ScopedSession, audit: Audit) -> None:
    table = audit.criterion("choice")["id"]
    visit = audit.visit(session, answers={table: {"comment": "a\0b"}})
    assert visit.text_replaced
    assignment = session.get_one(Assignment, visit.assignment_id)
    send_back(session, visit.id, audit.reviewer.id, "What is this sign?", [], NOW)
    deliver(session, assignment, audit.report(assignment, revision=2), visit_id=visit.id)
    assert not visit.text_replaced


def test_a_photo_that_was_given_up_while_it_was_on_its_way(session: ScopedSession, audit: Audit) -> None:
    photo, assignment = FieldPhoto(), audit.assign(session)
    report = audit.report(assignment, photos={audit.criterion("choice")["id"]: [photo]})
    receipt = deliver(session, assignment, report)
    send_back(session, receipt.id, audit.reviewer.id, "Without this photo, please.", [], NOW)
    deliver(session, assignment, audit.report(assignment, revision=2), visit_id=receipt.id)
    for photo_id in (photo.id, new_id()):
        with pytest.raises(PhotoNotPromised):
            receive_photo(session, photo_id, NOW)
    (job,) = session.scalars(select(Job).where(Job.kind == "delete_given_up")).all()
    assert job.arguments == {"photo_ids": [str(photo.id)]}
    assert job.run_after == session.get_one(Visit, receipt.id).received_at + ON_THE_WAY


def test_brands_that_have_all_criteria_in_common_are_compared_on_their_scores(
    session: ScopedSession, audit: Audit
) -> None:
    """The database adds the common criteria up as the scoring does all of them: repetitions, weights and caps."""
    table = make_criterion(Kind.CHOICE, critical=Critical.CAP, critical_cap=0.3)
    wait, mood = make_criterion(Kind.MEASURE, linear=True, weight=2.5), make_criterion(Kind.RATING, weight=0.7)
    sections = [
        make_section(audit.touchpoints[0], [table, wait, make_criterion(Kind.TEXT, required=False)], weight=3.0),
        make_section(audit.touchpoints[0], [mood, make_criterion(may_be_not_applicable=True)], repeats=True),
        make_section(audit.touchpoints[1], [make_criterion(), make_criterion(Kind.MEASURE, weight=3.0)]),
    ]
    version = make_version(session, audit.project, sections)
    wave = make_wave(session, audit.project, [version], audit.outlets)
    assert version.document is not None
    chance = random.Random(7)
    for number, outlet in enumerate(audit.outlets * 2):
        labels = {str(sections[1].id): ["Ivan", "Olga"][: 1 + number % 2]}
        zones = {} if number < len(audit.outlets) else chosen_zones(chance, version)
        assignment = audit.assign(session, outlet, wave=wave, version=version)
        report = make_report(assignment, version.document, zones=zones, repetitions=labels)
        approve(session, deliver(session, assignment, report).id, audit.manager.id, NOW)
    own, rival = (brand.id for brand in audit.brands)
    lineages = {criterion.lineage_id for section in version.sections for criterion in section.criteria}
    for row in touchpoint_matrix(session, wave.id, 0.1).rows:
        for brand_id in (own, rival):
            outlets = [outlet.id for outlet in audit.outlets if outlet.brand_id == brand_id]
            sums = sums_on(session, wave.id, row.touchpoint_id, brand_id, outlets, lineages)
            estimate = estimate_of_sums(sums, remote=row.channel.remote)
            shown = row.cells[brand_id].estimate
            assert estimate is not None
            assert shown is not None
            assert 0 < shown.mean < 1
            assert (estimate.mean, estimate.standard_error) == pytest.approx((shown.mean, shown.standard_error))


def chosen_zones(chance: random.Random, version: ChecklistVersion) -> dict[str, Zone]:
    """A zone for each answer of two repetitions; not applicable only where that is allowed."""
    zones = {}
    for section in version.sections:
        for criterion in section.criteria:
            for repetition in (0, 1):
                zone = chance.choice(list(Zone))
                allowed = zone is not Zone.NOT_APPLICABLE or criterion.may_be_not_applicable
                zones[f"{criterion.id}/{repetition}"] = zone if allowed else Zone.RED
    return zones
