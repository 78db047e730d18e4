"""Coverage counts every visit once, says what is still to be planned as the plan does, and how visits are spread."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event

from checklists.brands import Brand
from checklists.matrix import (
    CoverageCell,
    Standing,
    coverage_of,
    fieldwork_of,
    held_by_assignment,
    touchpoint_matrix,
    uncounted_checks,
)
from checklists.orm import ScopedSession
from checklists.people import Role
from checklists.review import send_back
from checklists.visits import VisitState
from checklists.waves import (
    Assignment,
    AssignmentState,
    Place,
    missing_visits,
    revoke,
    set_day_parts,
    set_required_checks,
)
from tests.factories import Audit, make_audit, make_person

NOW = datetime.now(UTC)
PAST = NOW - timedelta(days=1)


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    return make_audit(session, required=10)


def cell_of(session: ScopedSession, audit: Audit, section: int = 0, brand: Brand | None = None) -> CoverageCell:
    found = coverage_of(session, audit.wave.id, NOW)
    row = next(row for row in found.rows if row.touchpoint_id == audit.touchpoints[section].id)
    return row.cells[(brand or audit.brands[0]).id]


def hold(session: ScopedSession, audit: Audit, assignment: Assignment) -> UUID:
    """A report of 1970 arrives under the assignment: its visit is held."""
    visit = audit.visit(session, assignment=assignment, started_at=datetime(1970, 1, 1, tzinfo=UTC))
    assert visit.state is VisitState.HELD
    return visit.id


def section_answers(audit: Audit, section: int, **answer: Any) -> dict[str, dict[str, Any]]:
    return {criterion["id"]: answer for criterion in audit.document["sections"][section]["criteria"]}


def test_every_visit_stands_in_one_column(session: ScopedSession, audit: Audit) -> None:
    outlet = audit.outlets[0]
    audit.visit(session, outlet, state="approved")
    audit.visit(session, outlet, state="approved")
    unsure = section_answers(audit, 0, status="could_not_check", reason="The shop was closed.")
    audit.visit(session, outlet, state="approved", answers=unsure)
    audit.visit(session, outlet, state="approved", answers=section_answers(audit, 0, status="not_applicable"))
    audit.visit(session, outlet)
    returned = audit.visit(session, outlet)
    send_back(session, returned.id, audit.manager.id, "Which shop is it?", [], NOW)
    audit.visit(session, outlet, state="rejected")
    hold(session, audit, audit.assign(session, outlet))
    audit.assign(session, outlet)
    audit.assign(session, outlet, due_until=PAST)
    audit.assign(session, outlet, state=AssignmentState.PLANNED, due_until=PAST)
    revoke(audit.assign(session, outlet))
    session.flush()
    cell = cell_of(session, audit)
    assert cell.counts == Counter(
        {
            Standing.APPROVED: 2,
            Standing.UNCOUNTED: 1,
            Standing.ABSENT: 1,
            Standing.RECEIVED: 1,
            Standing.RETURNED: 1,
            Standing.HELD: 1,
            Standing.HANDED_OUT: 1,
            Standing.OVERDUE: 1,
            Standing.PLANNED: 1,
        }
    )
    assert (cell.required, cell.filled, cell.taken, cell.missing) == (10, 2, 9, 1)
    assert cell_of(session, audit, 1).counts[Standing.APPROVED] == 4, "the other touchpoints were answered"
    assert not cell_of(session, audit, brand=audit.brands[1]).counts


def test_what_is_to_be_planned_is_what_the_plan_says(session: ScopedSession, audit: Audit) -> None:
    audit.visit(
        session,
        audit.outlets[0],
        state="approved",
        answers=section_answers(audit, 1, status="could_not_check", reason="Dark."),
    )
    audit.visit(session, audit.outlets[1], state="approved")
    hold(session, audit, audit.assign(session, audit.outlets[2]))
    audit.assign(session, audit.outlets[0], due_until=PAST)
    for brand in audit.brands:
        place = (audit.touchpoints[2].id, brand.id, audit.outlets_of(brand)[0].id)
        set_required_checks(session, audit.wave, {place: 12})
    found = coverage_of(session, audit.wave.id, NOW)
    plans = missing_visits(session, audit.wave, uncounted_checks(session, audit.wave.id))
    planned = {plan.brand_id: len(plan.outlets) for plan in plans}
    for brand in audit.brands:
        assert planned[brand.id] == max(cell.missing for cell in found.of_brand(brand.id))
    assert cell_of(session, audit, 2).required == 12
    assert cell_of(session, audit, 2).outlets[audit.outlets[0].id].required == 12


def test_it_agrees_with_the_matrix_and_orders_like_it(session: ScopedSession, audit: Audit) -> None:
    for outlet, state in zip(audit.outlets, ["approved", "received", "approved"] * 2, strict=True):
        audit.visit(session, outlet, state=state)
    audit.plan(session)
    found, matrix = coverage_of(session, audit.wave.id, NOW), touchpoint_matrix(session, audit.wave.id, 0.1)
    assert [row.touchpoint_id for row in found.rows] == [row.touchpoint_id for row in matrix.rows]
    assert list(found.brands) == [brand.id for brand in matrix.brands]
    for mine, theirs in zip(found.rows, matrix.rows, strict=True):
        for brand_id, cell in mine.cells.items():
            other = theirs.cells[brand_id]
            counts = cell.counts
            assert (cell.required, counts[Standing.APPROVED], counts[Standing.RECEIVED]) == (
                other.required,
                other.approved,
                other.received,
            )
            assert cell.taken == other.planned
    assert found.filled == sum(cell.filled for cell in found.cells) == 12
    assert found.required == 60


def test_checks_beyond_the_required_ones_fill_no_other_place(session: ScopedSession, audit: Audit) -> None:
    numbers: dict[Place, int | None] = {(each.id, audit.brands[0].id, None): 1 for each in audit.touchpoints}
    set_required_checks(session, audit.wave, numbers)
    for outlet in audit.outlets[:3]:
        audit.visit(session, outlet, state="approved")
    found = coverage_of(session, audit.wave.id, NOW)
    assert [(cell.filled, cell.missing) for cell in found.of_brand(audit.brands[0].id)] == [(1, 0)] * 3


def test_the_spread_is_by_the_outlets_clocks(session: ScopedSession, audit: Audit) -> None:
    far = ZoneInfo("Asia/Vladivostok")
    audit.outlets[0].time_zone = far.key
    monday = datetime.now(far).replace(hour=6, minute=59, second=0, microsecond=0)
    monday -= timedelta(days=monday.weekday() + 7)
    audit.visit(session, audit.outlets[0], started_at=monday)
    audit.visit(session, audit.outlets[3], started_at=monday)
    audit.visit(session, audit.outlets[0], state="rejected", started_at=monday)
    spread, _ = fieldwork_of(session, audit.wave, NOW)
    utro, zerno = (brand.id for brand in audit.brands)
    assert spread.visits == 2
    assert spread.weekdays[0] == {utro: 1}, "06:59 on Monday in Vladivostok"
    assert spread.weekdays[6] == {zerno: 1}, "23:59 on Sunday in Moscow"
    assert (spread.hours[6, 12], spread.hours[18, 24]) == ({utro: 1}, {zerno: 1})
    assert spread.inspectors == {audit.inspectors[0].id: ("Anna Petrova", Counter({utro: 1, zerno: 1}))}
    assert spread.outlets[audit.outlets[0].id] == ("Utro 1", Counter({utro: 1}))
    set_day_parts(audit.wave, [(6, 7), (9, 20)])
    hours = fieldwork_of(session, audit.wave, NOW)[0].hours
    assert hours == {(6, 7): {utro: 1}, (9, 20): {}, None: {zerno: 1}}


def test_what_waits_for_somebody(session: ScopedSession, audit: Audit) -> None:
    timur = audit.inspectors[1]
    audit.visit(session, audit.outlets[0])
    audit.assign(session, audit.outlets[1], due_until=PAST)
    audit.assign(session, audit.outlets[1], state=AssignmentState.PLANNED, due_until=PAST)
    audit.assign(session, audit.outlets[1], state=AssignmentState.PLANNED)
    waiting = audit.assign(session, audit.outlets[1], due_until=PAST)
    visit_id = hold(session, audit, waiting)
    _, found = fieldwork_of(session, audit.wave, NOW)
    assert found.visits == {VisitState.RECEIVED: 1, VisitState.HELD: 1}
    assert (found.overdue, found.unsent, found.unsent_late) == (1, 2, 1), "under the held one something has arrived"
    assert held_by_assignment(session, audit.wave.id) == {waiting.id: visit_id}
    assert [(each.inspector, each.brand_id, each.visits) for each in found.alone] == [
        ("Anna Petrova", audit.brands[0].id, 4)
    ]
    audit.assign(session, audit.outlets[2], inspector=timur)
    audit.assign(session, audit.outlets[4], inspector=timur)
    assert fieldwork_of(session, audit.wave, NOW)[1].alone == [], "one visit alone says nothing"


def test_reading_it_costs_a_fixed_number_of_statements(engine: Engine, session: ScopedSession, audit: Audit) -> None:
    counted: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: counted.append(call[2]))

    def statements() -> int:
        session.flush()
        counted.clear()
        coverage_of(session, audit.wave.id, NOW)
        fieldwork_of(session, audit.wave, NOW)
        return len(counted)

    empty = statements()
    make_person(session, audit.organization, "Vera Sokolova", Role.INSPECTOR)
    for outlet in audit.outlets:
        audit.visit(session, outlet, state="approved")
    audit.plan(session)
    assert statements() == empty == 5
