"""In any order of deliveries, decisions, revisions and corrections, the matrix is what sealed reports and layers say.

Hypothesis invents the orders. After each step the whole matrix is computed a second time, from nothing but the sealed
bodies, the corrections over them and the states that a simple model expects, and must come out the same.
"""

import itertools
import json
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, select

from checklists.checklist import ChecklistVersion, Critical
from checklists.errors import NothingCorrected, ReviewNotPossible
from checklists.matrix import touchpoint_matrix
from checklists.orm import ScopedSession, new_id, scoped, unscoped
from checklists.review import Correction, approve, correct, reject, reopen, send_back
from checklists.scoring import CheckResult, Given, Kind, Scored, Status, Zone, read_form, score_visit
from checklists.visits import Arrival, SealedReport, Visit, VisitState
from checklists.waves import Assignment
from tests.factories import Audit, make_audit, make_wave
from tests.field import answer_in_zone, deliver, make_report, read_report
from tests.forms import make_criterion, make_section, make_version

REASON = "Looked at again."
zones = st.lists(st.sampled_from(Zone), min_size=8, max_size=8)
numbers = itertools.count()


def everything(session: ScopedSession, audit: Audit) -> ChecklistVersion:
    """A version with a critical criterion that caps, a conditional one, linear points, and two weighted sections at one
    touchpoint, of which the second repeats.
    """
    optional: dict[str, Any] = {"may_be_not_applicable": True}
    table = make_criterion(Kind.CHOICE, critical=Critical.CAP, critical_cap=0.4, **optional)
    table.lineage_id, table.options[0].lineage_id = new_id(), new_id()
    condition = {"criterion": str(table.lineage_id), "test": "is", "part": str(table.options[0].lineage_id)}
    greeting = make_criterion(Kind.STATES, shown_when={"match": "all", "conditions": [condition]}, **optional)
    wait = make_criterion(Kind.MEASURE, linear=True, **optional)
    rating, words = make_criterion(Kind.RATING, **optional), make_criterion(Kind.TEXT, required=False)
    first, _, call = audit.touchpoints
    sections = [
        make_section(first, [table, wait, greeting], weight=3.0),
        make_section(first, [rating, words], repeats=True),
        make_section(call, [make_criterion(Kind.STATES, **optional)]),
    ]
    return make_version(session, audit.project, sections, name="Everything")


class MatrixMachine(RuleBasedStateMachine):
    """One organization for each run of steps."""

    engine: ClassVar[Engine]
    visits = Bundle("visits")

    def __init__(self) -> None:
        super().__init__()
        with ScopedSession(self.engine, unscoped("a test makes its organization")) as session, session.begin():
            self.audit = make_audit(session, f"recomputed-{next(numbers)}", outlets_per_brand=2)
            self.version = everything(session, self.audit)
            self.wave = make_wave(session, self.audit.project, [self.version], self.audit.outlets, name="All of it")
        assert self.version.document is not None
        self.document = self.version.document
        self.form = read_form(self.document)
        self.model: dict[UUID, VisitState] = {}
        self.remote = {touchpoint.id: touchpoint.channel.remote for touchpoint in self.audit.touchpoints}
        # Each step has a moment of its own, so that the layers have an order.
        self.moments = (datetime.now(UTC) + timedelta(seconds=number) for number in itertools.count())

    @rule(target=visits, outlet=st.integers(0, 3), zones=zones, repetitions=st.integers(1, 2))
    def a_report_arrives(self, outlet: int, zones: list[Zone], repetitions: int) -> UUID:
        visit_id = new_id()
        with self.session() as session, session.begin():
            chosen = self.audit.outlets[outlet]
            assignment = self.audit.assign(session, chosen, wave=self.wave, version=self.version)
            receipt = deliver(session, assignment, self.report(assignment, zones, repetitions), visit_id=visit_id)
            assert receipt.state is VisitState.RECEIVED, receipt.hold_reason
        self.model[visit_id] = VisitState.RECEIVED
        return visit_id

    def report(self, assignment: Assignment, zones: list[Zone], repetitions: int, **values: Any) -> dict[str, Any]:
        """All criteria in the zones, one after the other; states in yellow and the like as answer_in_zone has them."""
        wished, given = {}, iter(zones)
        for criterion in self.form.criteria.values():
            for repetition in range(repetitions if self.repeats(criterion.section_id) else 1):
                wished[f"{criterion.id}/{repetition}"] = self.possible(criterion.id, next(given, Zone.GREEN))
        labels = {
            section["id"]: [f"Employee {number}" for number in range(repetitions)]
            for section in self.document["sections"]
        }
        return make_report(assignment, self.document, zones=wished, repetitions=labels, **values)

    def repeats(self, section_id: UUID) -> bool:
        return next(section.repeats for section in self.form.sections if section.id == section_id)

    def possible(self, criterion_id: UUID, zone: Zone) -> Zone:
        """The zone, or green where the criterion must be answered."""
        criterion = self.form.criteria[criterion_id]
        return zone if zone is not Zone.NOT_APPLICABLE or criterion.may_be_not_applicable else Zone.GREEN

    @rule(visit_id=visits)
    def it_is_approved(self, visit_id: UUID) -> None:
        self.decide(visit_id, VisitState.APPROVED, {VisitState.RECEIVED}, approve)

    @rule(visit_id=visits)
    def it_is_sent_back(self, visit_id: UUID) -> None:
        self.decide(visit_id, VisitState.RETURNED, {VisitState.RECEIVED}, send_back, REASON, ())

    @rule(visit_id=visits)
    def it_is_reopened(self, visit_id: UUID) -> None:
        self.decide(visit_id, VisitState.RECEIVED, {VisitState.APPROVED}, reopen, REASON)

    @rule(visit_id=visits)
    def it_is_rejected(self, visit_id: UUID) -> None:
        self.decide(visit_id, VisitState.REJECTED, {VisitState.RECEIVED, VisitState.RETURNED}, reject, REASON)

    def decide(self, visit_id: UUID, state: VisitState, possible: set[VisitState], act: Any, *more: Any) -> None:
        """Carry the decision out where the model says it can be, and see it refused where not."""
        with self.session() as session, session.begin():
            if self.model[visit_id] in possible:
                act(session, visit_id, self.audit.manager.id, *more, next(self.moments))
                self.model[visit_id] = state
            else:
                with pytest.raises(ReviewNotPossible):
                    act(session, visit_id, self.audit.manager.id, *more, next(self.moments))

    @rule(visit_id=visits, zones=zones, repetitions=st.integers(1, 2))
    def the_next_revision_arrives(self, visit_id: UUID, zones: list[Zone], repetitions: int) -> None:
        """Taken where the visit was sent back; anywhere else it is kept as other content, and changes nothing."""
        with self.session() as session, session.begin():
            visit = session.get_one(Visit, visit_id)
            assignment = session.get_one(Assignment, visit.assignment_id)
            moment = next(self.moments).isoformat()
            report = self.report(assignment, zones, repetitions, revision=visit.revision + 1, device_id=moment)
            receipt = deliver(session, assignment, report, visit_id=visit_id)
        if self.model[visit_id] is VisitState.RETURNED:
            assert (receipt.arrival, receipt.state) == (Arrival.NEW, VisitState.RECEIVED)
            self.model[visit_id] = VisitState.RECEIVED
        else:
            assert (receipt.arrival, receipt.state) == (Arrival.CONFLICT, self.model[visit_id])

    @rule(visit_id=visits, number=st.integers(0, 5), repetition=st.integers(0, 1), zone=st.sampled_from(Zone))
    def an_answer_is_corrected(self, visit_id: UUID, number: int, repetition: int, zone: Zone) -> None:
        criteria = [criterion for section in self.document["sections"] for criterion in section["criteria"]]
        criterion = criteria[number % len(criteria)]
        answer = answer_in_zone(criterion, self.possible(UUID(criterion["id"]), zone))
        new = {name: answer[name] for name in ("status", "states", "options", "value", "comment")}
        with self.session() as session, session.begin():
            visit = session.get_one(Visit, visit_id)
            begun = {each["repetition"] for each in visit.repetitions}
            repeats = self.repeats(self.form.criteria[UUID(criterion["id"])].section_id)
            place = (UUID(criterion["id"]), repetition if repeats and repetition in begun else 0)
            arguments = (session, visit_id, self.audit.manager.id, *place, new, REASON, next(self.moments))
            if self.model[visit_id] is VisitState.RECEIVED:
                with suppress(NothingCorrected):
                    correct(*arguments)
            else:
                with pytest.raises(ReviewNotPossible):
                    correct(*arguments)

    @invariant()
    def the_matrix_is_what_reports_and_layers_say(self) -> None:
        with self.session() as session:
            matrix = touchpoint_matrix(session, self.wave.id, margin=0.1)
            visits = session.scalars(select(Visit).where(Visit.wave_id == self.wave.id)).all()
            recomputed = {visit.id: self.recompute(session, visit) for visit in visits}
        assert {visit.id: visit.state for visit in visits} == self.model
        for visit in visits:
            assert visit.score == pytest.approx(recomputed[visit.id][1]), "the visit's own score"
            assert visit.sealed_score == pytest.approx(recomputed[visit.id][2]), "what the inspector's answers came to"
        for row in matrix.rows:
            for brand_id, cell in row.cells.items():
                here = [
                    (visit, check)
                    for visit in visits
                    for check in recomputed[visit.id][0]
                    if check.touchpoint_id == row.touchpoint_id and self.brand_of(visit) == brand_id
                ]
                counted = [
                    (visit, check)
                    for visit, check in here
                    if self.model[visit.id] is VisitState.APPROVED and check.counts
                ]
                waiting = sum(self.model[visit.id] is VisitState.RECEIVED for visit, _ in here)
                assert (cell.approved, cell.received) == (len(counted), waiting)
                assert cell.failed == sum(check.failed for _, check in counted)
                assert cell.zones == {
                    zone: sum(check.zone is zone for _, check in counted)
                    for zone in (Zone.GREEN, Zone.YELLOW, Zone.RED)
                }
                assert (cell.estimate and cell.estimate.mean) == (
                    pytest.approx(self.mean(counted)) if counted else None
                )

    def mean(self, counted: list[tuple[Visit, CheckResult]]) -> float:
        """Outlets weigh equally; on a remote channel each visit does."""
        clusters = defaultdict(list)
        for visit, check in counted:
            clusters[visit.id if self.remote[check.touchpoint_id] else visit.outlet_id].append(check.score)
        return fmean(fmean(scores) for scores in clusters.values())

    def recompute(self, session: ScopedSession, visit: Visit) -> tuple[list[CheckResult], float | None, float | None]:
        """Checks and score of the effective visit, and the score of the sealed one."""
        scored, as_sent = self.scored(session, visit)
        return list(scored.checks), scored.score, as_sent.score

    def scored(self, session: ScopedSession, visit: Visit) -> tuple[Scored, Scored]:
        """The effective visit, and the sealed one."""
        sealed = session.scalars(
            select(SealedReport).where(SealedReport.visit_id == visit.id, SealedReport.accepted)
        ).all()
        latest = max(sealed, key=lambda each: each.revision)
        report = read_report(json.loads(latest.body))
        layer = session.scalars(
            select(Correction).where(Correction.visit_id == visit.id, Correction.revision == latest.revision)
        ).all()
        sent = {(each.given.criterion_id, each.given.repetition): each.given for each in report.answers}
        effective = dict(sent)
        for correction in sorted(layer, key=lambda each: each.at):
            key, new = (correction.criterion_id, correction.repetition), correction.new
            before = effective.get(key, Given(*key, Status.ANSWERED))
            effective[key] = replace(
                before,
                status=Status(new["status"]),
                states=frozenset(map(UUID, new["states"])),
                options=frozenset(map(UUID, new["options"])),
                value=new["value"],
            )
        of_both = [score_visit(self.form, answers.values(), {}, report.begun) for answers in (effective, sent)]
        return of_both[0], of_both[1]

    def brand_of(self, visit: Visit) -> UUID:
        return next(outlet.brand_id for outlet in self.audit.outlets if outlet.id == visit.outlet_id)

    def session(self) -> ScopedSession:
        return ScopedSession(self.engine, scoped([self.audit.organization.id]))


@pytest.mark.parametrize("steps", [12])
def test_the_matrix_equals_a_recomputation(engine: Engine, steps: int) -> None:
    MatrixMachine.engine = engine
    run_state_machine_as_test(
        MatrixMachine,
        settings=settings(
            max_examples=12,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
