"""How the visits of a wave are spread over days, hours, inspectors and outlets so far, and what waits for somebody.

Reads only, in a fixed number of statements.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from checklists.brands import Outlet
from checklists.matrix.coverage import held_assignments
from checklists.matrix.statements import count_of
from checklists.people import User
from checklists.visits import Visit, VisitState
from checklists.waves import Assignment, AssignmentState, DayPart, Wave, day_parts_of

USUAL_DAY_PARTS: tuple[DayPart, ...] = ((0, 6), (6, 12), (12, 18), (18, 24))
ARRIVED = (VisitState.RECEIVED, VisitState.RETURNED, VisitState.APPROVED)

ByBrand = Counter[UUID]
"""A number of visits by the brand's id."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The visits that have arrived and were not rejected, each by when it began on the outlet's clocks.

    `weekdays` has 0 for Monday; `hours` has None for what falls into no part of the day.
    """

    visits: int
    weekdays: Mapping[int, ByBrand]
    hours: Mapping[DayPart | None, ByBrand]
    inspectors: Mapping[UUID, tuple[str, ByBrand]]
    outlets: Mapping[UUID, tuple[str, ByBrand]]


@dataclass(frozen=True, slots=True)
class Alone:
    """Somebody who has all of a brand's visits, those to come included."""

    inspector_id: UUID
    inspector: str
    brand_id: UUID
    visits: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for somebody: visits by state, and assignments of which nothing has arrived.

    `unsent` are planned assignments; `unsent_late` are those among them whose window is over.
    """

    visits: Mapping[VisitState, int]
    overdue: int
    unsent: int
    unsent_late: int
    alone: Sequence[Alone]


def fieldwork_of(session: Session, wave: Wave, now: datetime) -> tuple[Spread, Waiting]:
    visits = session.execute(_visits(wave.id)).all()
    under_way = session.execute(_under_way(wave.id, now)).all()
    return _spread(wave, visits), _waiting(visits, under_way)


def _visits(wave_id: UUID) -> Any:
    return (
        select(
            Visit.state,
            Visit.started_at,
            Visit.inspector_id,
            User.name.label("inspector"),
            Visit.outlet_id,
            Outlet.name.label("outlet"),
            Outlet.brand_id,
            Outlet.time_zone,
        )
        .join(User, User.id == Visit.inspector_id)
        .outerjoin(Outlet, Outlet.id == Visit.outlet_id)
        .where(Visit.wave_id == wave_id, Visit.deleted_at.is_(None))
        .order_by(User.name, User.id, Outlet.name, Outlet.id)
    )


def _under_way(wave_id: UUID, now: datetime) -> Any:
    """Assignments of which nothing has arrived, by inspector and brand."""
    held = held_assignments(wave_id)
    planned, late = Assignment.state == AssignmentState.PLANNED, Assignment.due_until < now
    return (
        select(
            Assignment.inspector_id,
            User.name.label("inspector"),
            Outlet.brand_id,
            func.count().label("all"),
            count_of(planned).label("unsent"),
            count_of(planned & late).label("unsent_late"),
            count_of(~planned & late).label("overdue"),
        )
        .select_from(Assignment)
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .outerjoin(User, User.id == Assignment.inspector_id)
        .outerjoin(held, held.c.assignment_id == Assignment.id)
        .where(
            Assignment.wave_id == wave_id,
            Assignment.state.in_([AssignmentState.PLANNED, AssignmentState.HANDED_OUT]),
            held.c.assignment_id.is_(None),
        )
        .group_by(Assignment.inspector_id, User.name, Outlet.brand_id)
    )


def _spread(wave: Wave, visits: Sequence[Row[Any]]) -> Spread:
    parts = day_parts_of(wave) or USUAL_DAY_PARTS
    weekdays: dict[int, ByBrand] = {day: ByBrand() for day in range(7)}
    hours: dict[DayPart | None, ByBrand] = {part: ByBrand() for part in parts}
    inspectors: dict[UUID, tuple[str, ByBrand]] = {}
    outlets: dict[UUID, tuple[str, ByBrand]] = {}
    arrived = [visit for visit in visits if visit.state in ARRIVED]
    for visit in arrived:
        began = visit.started_at.astimezone(ZoneInfo(visit.time_zone))
        weekdays[began.weekday()][visit.brand_id] += 1
        part = next((part for part in parts if part[0] <= began.hour < part[1]), None)
        hours.setdefault(part, ByBrand())[visit.brand_id] += 1
        inspectors.setdefault(visit.inspector_id, (visit.inspector, ByBrand()))[1][visit.brand_id] += 1
        outlets.setdefault(visit.outlet_id, (visit.outlet, ByBrand()))[1][visit.brand_id] += 1
    return Spread(len(arrived), weekdays, hours, inspectors, outlets)


def _waiting(visits: Sequence[Row[Any]], under_way: Sequence[Row[Any]]) -> Waiting:
    people: dict[UUID, Counter[tuple[UUID, str]]] = defaultdict(Counter)
    for visit in visits:
        if visit.state in ARRIVED:
            people[visit.brand_id][visit.inspector_id, visit.inspector] += 1
    for row in under_way:
        if row.inspector_id is not None:
            people[row.brand_id][row.inspector_id, row.inspector] += row.all
    alone = [
        Alone(inspector_id, name, brand_id, count)
        for brand_id, counts in people.items()
        for (inspector_id, name), count in counts.items()
        if len(counts) == 1 and count > 1
    ]
    return Waiting(
        visits=Counter(visit.state for visit in visits),
        overdue=sum(row.overdue for row in under_way),
        unsent=sum(row.unsent for row in under_way),
        unsent_late=sum(row.unsent_late for row in under_way),
        alone=alone,
    )


def held_by_assignment(session: Session, wave_id: UUID) -> dict[UUID, UUID]:
    """The wave's held visits by the assignment under which they came; of several any one."""
    rows = session.execute(
        select(Visit.assignment_id, Visit.id).where(
            Visit.wave_id == wave_id,
            Visit.state == VisitState.HELD,
            Visit.assignment_id.is_not(None),
            Visit.deleted_at.is_(None),
        )
    )
    return {assignment_id: visit_id for assignment_id, visit_id in rows if assignment_id is not None}
