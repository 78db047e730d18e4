"""Brands that have only some criteria in common are compared on these, whatever happened to the visits in between.

Hypothesis invents the orders, as it does for the matrix, and now and then the worker settles. After each step every
comparison is computed a second time from the sealed reports and the layers over them, check by check in Python.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import fmean
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, event, select, update

from checklists.confidence import Estimate, difference, estimate_of_checks, estimate_of_clusters
from checklists.matrix import settle, touchpoint_matrix
from checklists.matrix.tallies import OutletTally
from checklists.orm import ScopedSession, unscoped
from checklists.review import reopen
from checklists.scoring import Scored, Zone
from checklists.visits import Check, Visit, VisitState
from tests.checklists.test_matrix_recomputed import REASON, MatrixMachine, zones
from tests.factories import Audit, make_audit

MARGIN = 0.1


class ComparisonMachine(MatrixMachine):
    """The steps of the matrix, and a worker that settles in between, with both brands in the field from the start."""

    @initialize(without=st.lists(st.integers(0, 5), max_size=2))
    def both_brands_were_visited(self, without: list[int]) -> None:
        for outlet in range(4):
            wished = [Zone.GREEN, Zone.YELLOW, Zone.GREEN, Zone.RED, Zone.GREEN, Zone.YELLOW, Zone.GREEN, Zone.GREEN]
            for number in without if outlet < 2 else ():
                wished[number] = Zone.NOT_APPLICABLE
            self.it_is_approved(self.a_report_arrives(outlet, wished, 1))

    @rule()
    def the_worker_settles(self) -> None:
        with ScopedSession(self.engine, unscoped("a worker serves every organization")) as session, session.begin():
            settle(session, later())

    @rule(number=st.integers(0, 20), zones=zones)
    def an_approved_visit_is_looked_at_again(self, number: int, zones: list[Zone]) -> None:
        """Reopened, corrected in two places and approved once more, perhaps with criteria that do not apply now."""
        approved = [visit_id for visit_id, state in self.model.items() if state is VisitState.APPROVED]
        if approved:
            visit_id = approved[number % len(approved)]
            self.decide(visit_id, VisitState.RECEIVED, {VisitState.APPROVED}, reopen, REASON)
            for place in (0, 1):
                self.an_answer_is_corrected(visit_id, number + place, 0, zones[place])
            self.it_is_approved(visit_id)

    @rule(number=st.integers(0, 20), outlet=st.integers(0, 3))
    def a_visit_moves(self, number: int, outlet: int) -> None:
        """To another outlet, perhaps of the other brand."""
        chosen, visit_id = self.audit.outlets[outlet], list(self.model)[number % len(self.model)]
        there = {"outlet_id": chosen.id}
        with self.session() as session, session.begin():
            for statement in (
                update(Visit).where(Visit.id == visit_id).values(there),
                update(Check).where(Check.visit_id == visit_id).values(there | {"brand_id": chosen.brand_id}),
            ):
                session.execute(statement.execution_options(synchronize_session=False))

    @invariant()
    def brands_are_compared_on_what_both_answered(self) -> None:
        with self.session() as session:
            matrix = touchpoint_matrix(session, self.wave.id, MARGIN)
            visits = session.scalars(select(Visit).where(Visit.wave_id == self.wave.id)).all()
            scored = [
                (visit, self.scored(session, visit)[0])
                for visit in visits
                if self.model[visit.id] is VisitState.APPROVED
            ]
        own, rival = (brand.id for brand in self.audit.brands)
        for row in matrix.rows:
            here = {
                brand_id: [(visit, of_visit) for visit, of_visit in scored if self.brand_of(visit) == brand_id]
                for brand_id in (own, rival)
            }
            pair = self.on_common_criteria(row.touchpoint_id, here[own], here[rival])
            verdict = row.cells[rival].verdict
            if pair is None:
                assert verdict is None
            else:
                assert verdict is not None
                mean_difference, shown = difference(*pair)
                assert (verdict.difference, *verdict.interval) == pytest.approx((mean_difference, *shown))

    def on_common_criteria(
        self, touchpoint_id: UUID, *several: list[tuple[Visit, Scored]]
    ) -> tuple[Estimate, Estimate] | None:
        counted = [[each for each in visits if self.counts(touchpoint_id, each[1])] for visits in several]
        answered = [
            {self.lineage(key) for _, one in visits for key in self.keys(touchpoint_id, one)} for visits in counted
        ]
        common = answered[0] & answered[1]
        if not common:
            return None
        estimates = []
        for visits in counted:
            clusters = defaultdict(list)
            for visit, one in visits:
                score = self.score_on(common, touchpoint_id, one)
                if score is not None:
                    clusters[visit.outlet_id].append(score)
            scores = [score for each in clusters.values() for score in each]
            if not scores:
                return None
            if self.remote[touchpoint_id]:
                estimates.append(estimate_of_checks(len(scores), sum(scores), sum(score**2 for score in scores)))
            else:
                estimates.append(estimate_of_clusters((len(each), sum(each)) for each in clusters.values()))
        return estimates[0], estimates[1]

    def counts(self, touchpoint_id: UUID, scored: Scored) -> bool:
        return any(
            check.touchpoint_id == touchpoint_id and check.counts and check.score is not None for check in scored.checks
        )

    def keys(self, touchpoint_id: UUID, scored: Scored) -> list[tuple[UUID, int]]:
        """The answers at the touchpoint that count, by criterion and repetition."""
        return [
            key
            for key, outcome in scored.outcomes.items()
            if self.form.criteria[key[0]].touchpoint_id == touchpoint_id and outcome.possible > 0
        ]

    def lineage(self, key: tuple[UUID, int]) -> UUID:
        return self.form.criteria[key[0]].lineage_id

    def score_on(self, common: set[UUID], touchpoint_id: UUID, scored: Scored) -> float | None:
        """rules.md, "Checklists", on these criteria alone: the check keeps the cap that all of them gave it."""
        sections: dict[UUID, dict[int, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
        for key in self.keys(touchpoint_id, scored):
            if self.lineage(key) in common:
                repetition = sections[self.form.criteria[key[0]].section_id][key[1]]
                repetition[0] += scored.outcomes[key].points
                repetition[1] += scored.outcomes[key].possible
        if not sections:
            return None
        weights = {section.id: section.weight for section in self.form.sections if section.id in sections}
        weighted = any(weight is not None for weight in weights.values())
        total = weight_of_all = 0.0
        for section_id, repetitions in sections.items():
            weight = fmean(possible for _, possible in repetitions.values())
            if weighted:
                given = weights[section_id]
                weight = 1.0 if given is None else given
            total += weight * fmean(points / possible for points, possible in repetitions.values())
            weight_of_all += weight
        capped_at = next(check.capped_at for check in scored.checks if check.touchpoint_id == touchpoint_id)
        score = total / weight_of_all
        return score if capped_at is None else min(score, capped_at)


@pytest.mark.parametrize("steps", [10])
def test_comparisons_equal_a_recomputation(engine: Engine, steps: int) -> None:
    ComparisonMachine.engine = engine
    run_state_machine_as_test(
        ComparisonMachine,
        settings=settings(
            max_examples=10,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )


def later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=5)


def test_what_is_settled_is_compared_without_reading_answers(sessions: Callable[..., ScopedSession]) -> None:
    """Also after the release before this one has made a tally anew, which knows nothing of comparisons."""
    with sessions() as session:
        with session.begin():
            audit = visits_of_unlike_brands(session)
        fresh = verdict_of(session, audit)
        assert reads_answers(session, audit)
        with session.begin():
            settle(session, later())
        assert not reads_answers(session, audit)
        assert verdict_of(session, audit) == fresh
        session.rollback()
        with session.begin():
            older = update(OutletTally).where(OutletTally.outlet_id == audit.outlets[0].id)
            session.execute(older.values(answered=None, narrowed=None).execution_options(synchronize_session=False))
        assert reads_answers(session, audit)
        assert verdict_of(session, audit) == fresh


def visits_of_unlike_brands(session: ScopedSession) -> Audit:
    """The rival has no queue to wait in."""
    audit = make_audit(session, outlets_per_brand=2)
    wait = audit.criterion("measure", section=0)["id"]
    for outlet in audit.outlets_of(audit.brands[0]):
        audit.visit(session, outlet, state="approved", zones={wait: "red"})
    for outlet in audit.outlets_of(audit.brands[1]):
        audit.visit(session, outlet, state="approved", answers={wait: {"status": "not_applicable", "value": None}})
    return audit


def verdict_of(session: ScopedSession, audit: Audit) -> object:
    row = touchpoint_matrix(session, audit.wave.id, MARGIN).rows[0]
    verdict = row.cells[audit.brands[1].id].verdict
    assert verdict is not None
    assert verdict.difference == pytest.approx(0)
    return verdict


def reads_answers(session: ScopedSession, audit: Audit) -> bool:
    statements: list[str] = []
    connection = session.connection()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    touchpoint_matrix(session, audit.wave.id, MARGIN)
    event.remove(connection, "before_cursor_execute", note)
    assert statements
    session.rollback()
    return any("JOIN answers" in statement for statement in statements)
