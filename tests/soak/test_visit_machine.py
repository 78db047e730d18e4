"""Any order of deliveries, revocations and decisions: a visit counts once, and the matrix is what the answers say.

Hypothesis invents the orders. The rules call the domain as the web does; beside it stands a model so simple that one
sees it is right, and after each step everything that is stored is compared with it.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, select

from checklists.brands import Outlet
from checklists.errors import AssignmentBusy, HoldReason, PhotosMissing, ReviewNotPossible
from checklists.matrix import Cell, touchpoint_matrix
from checklists.orm import ScopedSession, new_id, scoped, unscoped
from checklists.review import approve, reject
from checklists.scoring import Status, Zone
from checklists.visits import Answer, Arrival, Check, Receipt, SealedReport, Visit, VisitState, receive_photo
from checklists.waves import OPEN_PLACES, Assignment, AssignmentState, hand_out, restore, revoke
from tests.factories import make_audit
from tests.field import FieldPhoto, deliver

nine_zones = st.lists(st.sampled_from(Zone), min_size=9, max_size=9)
numbers = itertools.count()


@dataclass
class Expected:
    """What the model knows of one visit."""

    assignment: int
    reports: list[dict[str, Any]]
    state: VisitState
    scored: bool
    missing: list[UUID] = field(default_factory=list)


class VisitMachine(RuleBasedStateMachine):
    """One organization for each run of steps, with two assignments at each of its four outlets."""

    engine: ClassVar[Engine]

    visits = Bundle("visits")

    def __init__(self) -> None:
        super().__init__()
        with ScopedSession(self.engine, unscoped("a test makes its organization")) as session, session.begin():
            self.audit = make_audit(session, f"soak-{next(numbers)}", outlets_per_brand=2)
            self.places = [outlet for outlet in self.audit.outlets for _ in range(2)]
            self.assignments = [self.audit.assign(session, outlet).id for outlet in self.places]
        self.remote = {touchpoint.id: touchpoint.channel.remote for touchpoint in self.audit.touchpoints}
        self.touchpoint_of = {
            UUID(criterion["id"]): UUID(section["touchpoint_id"])
            for section in self.audit.document["sections"]
            for criterion in section["criteria"]
        }
        self.states = [AssignmentState.HANDED_OUT] * len(self.assignments)
        self.model: dict[UUID, Expected] = {}

    @rule(target=visits, place=st.integers(0, 7), zones=nine_zones, photos=st.integers(0, 2))
    def a_report_arrives(self, place: int, zones: list[Zone], photos: int) -> UUID:
        """Under a new id: received where the assignment waits for it, held where it does not."""
        visit_id = new_id()
        with self.session() as session, session.begin():
            assignment = session.get_one(Assignment, self.assignments[place])
            report = self.report(assignment, zones, [FieldPhoto() for _ in range(photos)])
            receipt = deliver(session, assignment, report, visit_id=visit_id)
        before = self.states[place]
        reason = {
            AssignmentState.HANDED_OUT: None,
            AssignmentState.DELIVERED: HoldReason.VISITED_ALREADY,
        }.get(before, HoldReason.REVOKED_ASSIGNMENT)
        assert (receipt.arrival, receipt.hold_reason) == (Arrival.NEW, reason)
        assert len(receipt.missing_photos) == photos
        if reason is None:
            self.states[place] = AssignmentState.DELIVERED
        self.model[visit_id] = Expected(place, [report], receipt.state, reason is None, list(receipt.missing_photos))
        assert receipt.state is (VisitState.HELD if reason else VisitState.RECEIVED)
        return visit_id

    @rule(visit_id=visits)
    def the_same_report_arrives_again(self, visit_id: UUID) -> None:
        expected = self.model[visit_id]
        receipt = self.deliver_again(visit_id, expected.reports[0])
        assert (receipt.arrival, receipt.state) == (Arrival.SAME, expected.state)
        assert set(receipt.missing_photos) == set(expected.missing)

    @rule(visit_id=visits, zones=nine_zones)
    def another_report_arrives_under_the_same_id(self, visit_id: UUID, zones: list[Zone]) -> None:
        """It is kept and refused; sent again it is refused again and not kept twice."""
        expected = self.model[visit_id]
        with self.session() as session:
            assignment = session.get_one(Assignment, self.assignments[expected.assignment])
            other = self.report(assignment, zones, []) | {"device_id": f"another phone {len(expected.reports)}"}
        assert self.deliver_again(visit_id, other).arrival is Arrival.CONFLICT
        expected.reports.append(other)

    @rule(visit_id=visits)
    def its_photos_arrive(self, visit_id: UUID) -> None:
        with self.session() as session, session.begin():
            for photo_id in self.model[visit_id].missing:
                assert receive_photo(session, photo_id, datetime.now(UTC))
                assert not receive_photo(session, photo_id, datetime.now(UTC))
        self.model[visit_id].missing = []

    @rule(visit_id=visits)
    def the_manager_approves(self, visit_id: UUID) -> None:
        expected = self.model[visit_id]
        refusal: type[Exception] | None = None
        if expected.state is not VisitState.RECEIVED:
            refusal = ReviewNotPossible
        elif expected.missing:
            refusal = PhotosMissing
        if self.decide(refusal, lambda s: approve(s, visit_id, self.audit.manager.id, datetime.now(UTC))):
            expected.state = VisitState.APPROVED

    @rule(visit_id=visits)
    def the_manager_rejects(self, visit_id: UUID) -> None:
        expected = self.model[visit_id]
        possible = expected.state in (VisitState.RECEIVED, VisitState.HELD)
        done = self.decide(
            None if possible else ReviewNotPossible,
            lambda s: reject(s, visit_id, self.audit.manager.id, "Another shop.", datetime.now(UTC)),
        )
        if done and expected.state is VisitState.RECEIVED:
            self.states[expected.assignment] = AssignmentState.VOID
        if done:
            expected.state = VisitState.REJECTED

    @rule(place=st.integers(0, 7))
    def the_manager_revokes(self, place: int) -> None:
        busy = self.states[place] in (AssignmentState.DELIVERED, AssignmentState.VOID)
        if self.decide(
            AssignmentBusy if busy else None, lambda s: revoke(s.get_one(Assignment, self.assignments[place]))
        ):
            self.states[place] = AssignmentState.REVOKED

    @precondition(lambda self: AssignmentState.REVOKED in self.states)
    @rule()
    def the_manager_hands_out_again(self) -> None:
        place = self.states.index(AssignmentState.REVOKED)
        with self.session() as session, session.begin():
            assignment = session.get_one(Assignment, self.assignments[place])
            restore(assignment)
            assert hand_out([assignment], datetime.now(UTC)) == 1
        self.states[place] = AssignmentState.HANDED_OUT

    @invariant()
    def a_visit_is_stored_once(self) -> None:
        with self.session() as session:
            stored = dict(session.execute(select(Visit.id, Visit.state)).all())
            sealed = Counter(session.execute(select(SealedReport.visit_id, SealedReport.accepted)).all())
            checks = Counter(session.scalars(select(Check.visit_id)).all())
        assert stored == {visit_id: expected.state for visit_id, expected in self.model.items()}
        for visit_id, expected in self.model.items():
            assert sealed[visit_id, True] == 1
            assert sealed[visit_id, False] == len(expected.reports) - 1
        scored = {visit_id for visit_id, expected in self.model.items() if expected.scored}
        assert checks == Counter(dict.fromkeys(scored, len(self.audit.touchpoints)))

    @invariant()
    def an_assignment_has_one_visit_that_counts(self) -> None:
        with self.session() as session:
            states = dict(session.execute(select(Assignment.id, Assignment.state)).all())
        assert [states[each] for each in self.assignments] == self.states
        counted = Counter(
            each.assignment for each in self.model.values() if each.state in (VisitState.RECEIVED, VisitState.APPROVED)
        )
        delivered = {place for place, state in enumerate(self.states) if state is AssignmentState.DELIVERED}
        assert counted == Counter(delivered)

    @invariant()
    def the_matrix_is_what_the_answers_say(self) -> None:
        with self.session() as session:
            matrix = touchpoint_matrix(session, self.audit.wave.id, 0.1)
            answers = session.execute(
                select(Visit.id, Visit.outlet_id, Outlet.brand_id, Answer)
                .join(Answer, Answer.visit_id == Visit.id)
                .join(Outlet, Outlet.id == Visit.outlet_id)
                .where(Visit.state == VisitState.APPROVED)
            ).all()
        shown = {(row.touchpoint_id, brand): cell for row in matrix.rows for brand, cell in row.cells.items()}
        assert len(shown) == len(self.audit.touchpoints) * len(self.audit.brands)
        for (touchpoint_id, brand_id), cell in shown.items():
            visits: dict[tuple[UUID, UUID], list[Answer]] = defaultdict(list)
            for visit_id, outlet_id, brand, answer in answers:
                if brand == brand_id and self.touchpoint_of[answer.criterion_id] == touchpoint_id:
                    visits[outlet_id, visit_id].append(answer)
            agree(cell, visits, self.remote[touchpoint_id])
            places = [n for n, outlet in enumerate(self.places) if outlet.brand_id == brand_id]
            assert cell.planned == sum(self.states[n] in OPEN_PLACES for n in places)
            received = [v for v in self.model.values() if v.state is VisitState.RECEIVED and v.assignment in places]
            assert cell.received == len(received)

    def session(self) -> ScopedSession:
        return ScopedSession(self.engine, scoped([self.audit.organization.id]))

    def report(self, assignment: Assignment, zones: list[Zone], photos: list[FieldPhoto]) -> dict[str, Any]:
        named = dict(zip(map(str, self.touchpoint_of), zones, strict=True))
        return self.audit.report(assignment, zones=named, photos={next(iter(named)): photos})

    def deliver_again(self, visit_id: UUID, report: dict[str, Any]) -> Receipt:
        with self.session() as session, session.begin():
            assignment = session.get_one(Assignment, self.assignments[self.model[visit_id].assignment])
            return deliver(session, assignment, report, visit_id=visit_id)

    def decide(self, refusal: type[Exception] | None, decision: Callable[[ScopedSession], object]) -> bool:
        """Whether the decision was taken; it must be exactly where no refusal is expected."""
        with self.session() as session, session.begin():
            if refusal is None:
                decision(session)
                return True
            with pytest.raises(refusal):
                decision(session)
            return False


def agree(cell: Cell, visits: Mapping[tuple[UUID, UUID], list[Answer]], remote: bool) -> None:
    """The cell says what rules.md makes of these approved visits' answers, by (outlet, visit)."""
    scores: dict[tuple[UUID, UUID], float] = {}
    for place, answers in visits.items():
        applicable = [answer for answer in answers if answer.status is not Status.NOT_APPLICABLE]
        if applicable:
            scores[place] = sum(each.points for each in applicable) / sum(each.possible for each in applicable)
    assert (cell.approved, cell.absent, cell.invalid) == (len(scores), len(visits) - len(scores), 0)
    assert {zone: count for zone, count in cell.zones.items() if count} == Counter(map(zone_of, scores.values()))
    clusters: dict[UUID, list[float]] = defaultdict(list)
    for (outlet_id, visit_id), score in scores.items():
        clusters[visit_id if remote else outlet_id].append(score)
    means = [fmean(each) for each in clusters.values()]
    if cell.estimate is None:
        assert not means
        return
    assert (cell.estimate.clusters, cell.estimate.checks) == (len(means), len(scores))
    assert cell.estimate.mean == pytest.approx(fmean(means))
    assert cell.zone is zone_of(cell.estimate.mean)


def zone_of(score: float) -> Zone:
    """By the default limits, with room for what binary fractions cannot hold."""
    return Zone.GREEN if score > 0.9 - 1e-9 else Zone.YELLOW if score > 0.7 - 1e-9 else Zone.RED


def test_a_visit_counts_once_in_any_short_order(engine: Engine) -> None:
    """What fails here is shown as it was found: making it smaller takes minutes, which the long run has."""
    run(engine, max_examples=8, stateful_step_count=20, phases=[Phase.reuse, Phase.generate])


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_visit_counts_once_in_any_order(engine: Engine) -> None:
    run(engine, max_examples=60, stateful_step_count=40)


def run(engine: Engine, **values: Any) -> None:
    VisitMachine.engine = engine
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(VisitMachine, settings=settings(deadline=None, suppress_health_check=slow, **values))
