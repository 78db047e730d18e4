"""How far a wave is filled: for each touchpoint and brand what is required, what has come, and what is under way.

Every visit stands in one column only, so that the columns of a cell add up to the places that the plan counts as taken.
Reads only, in a fixed number of statements.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Subquery, select
from sqlalchemy.orm import Session

from checklists.brands import Brand, Outlet
from checklists.checklist import Section
from checklists.journey import Channel, Journey, Stage, Touchpoint
from checklists.matrix.statements import IN_ORDER, count_of
from checklists.orm import LanguageMap
from checklists.visits import Check, Visit, VisitState
from checklists.waves import Assignment, AssignmentState, RequiredChecks


class Standing(StrEnum):
    """How far a visit has come at a touchpoint, the furthest first."""

    APPROVED = "approved"
    ABSENT = "absent"  # Approved, and the touchpoint does not exist there: no other visit is needed.
    UNCOUNTED = "uncounted"  # Approved, but without a valid check: its place is needed again.
    RECEIVED = "received"
    RETURNED = "returned"
    HELD = "held"
    OVERDUE = "overdue"
    HANDED_OUT = "handed_out"
    PLANNED = "planned"


TAKEN = tuple(each for each in Standing if each not in (Standing.UNCOUNTED, Standing.HELD))
"""What takes a place in the plan by itself; a held visit takes that of its assignment, if that still stands."""


@dataclass(slots=True)
class OutletCoverage:
    """One touchpoint at one outlet; `required` is None where any outlet of the brand will do."""

    outlet_id: UUID
    required: int | None = None
    counts: Counter[Standing] = field(default_factory=Counter)
    held_places: int = 0

    @property
    def taken(self) -> int:
        return sum(self.counts[each] for each in TAKEN) + self.held_places

    @property
    def missing(self) -> int:
        return max(0, (self.required or 0) - self.taken)


@dataclass(slots=True)
class CoverageCell:
    """One touchpoint at one brand, with its outlets by id."""

    touchpoint_id: UUID
    brand_id: UUID
    at_brand: int = 0
    outlets: dict[UUID, OutletCoverage] = field(default_factory=dict)

    def outlet(self, outlet_id: UUID) -> OutletCoverage:
        return self.outlets.setdefault(outlet_id, OutletCoverage(outlet_id))

    @property
    def counts(self) -> Counter[Standing]:
        return sum((each.counts for each in self.outlets.values()), Counter())

    @property
    def required(self) -> int:
        """The brand's number, or what its outlets need together where that is more."""
        return max(self.at_brand, sum(each.required or 0 for each in self.outlets.values()))

    @property
    def taken(self) -> int:
        return sum(each.taken for each in self.outlets.values())

    @property
    def missing(self) -> int:
        """The visits for which nobody is planned yet."""
        return max(self.at_brand - self.taken, sum(each.missing for each in self.outlets.values()), 0)

    @property
    def filled(self) -> int:
        """The approved checks, as far as they are required."""
        return min(self.counts[Standing.APPROVED], self.required)


@dataclass(frozen=True, slots=True)
class CoverageRow:
    touchpoint_id: UUID
    name: LanguageMap
    channel: Channel
    stage_id: UUID
    stage: LanguageMap
    cells: Mapping[UUID, CoverageCell]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rows in the journey's order, brands (name by id) with the own one first; each row has cells for its brands."""

    brands: Mapping[UUID, str]
    rows: Sequence[CoverageRow]

    @property
    def cells(self) -> list[CoverageCell]:
        return [cell for row in self.rows for cell in row.cells.values()]

    @property
    def required(self) -> int:
        return sum(cell.required for cell in self.cells)

    @property
    def filled(self) -> int:
        return sum(cell.filled for cell in self.cells)

    def of_brand(self, brand_id: UUID) -> list[CoverageCell]:
        return [cell for cell in self.cells if cell.brand_id == brand_id]


def coverage_of(session: Session, wave_id: UUID, now: datetime) -> Coverage:
    """The wave's coverage; `now` says what is overdue."""
    brands: dict[UUID, tuple[bool, int, str]] = {}
    rows: dict[UUID, CoverageRow] = {}
    cells: dict[tuple[UUID, UUID], CoverageCell] = {}
    for row in session.execute(_required(wave_id)):
        brands[row.brand_id] = not row.own, row.position, row.brand
        place = row.touchpoint_id, row.brand_id
        cell = cells.setdefault(place, CoverageCell(*place))
        if row.outlet_id is None:
            cell.at_brand = row.required
        else:
            cell.outlet(row.outlet_id).required = row.required
        touchpoint = rows.setdefault(
            row.touchpoint_id,
            CoverageRow(row.touchpoint_id, row.touchpoint, Channel(row.channel), row.stage_id, row.stage, {}),
        )
        assert isinstance(touchpoint.cells, dict)
        touchpoint.cells[row.brand_id] = cell
    for row in session.execute(_arrived(wave_id)):
        _add(cells, row, {standing: getattr(row, standing) for standing in _ARRIVED})
    for row in session.execute(_under_way(wave_id, now)):
        _add(cells, row, {standing: getattr(row, standing) for standing in _UNDER_WAY}, row.held_places)
    in_order = sorted(brands.items(), key=lambda brand: (*brand[1], brand[0]))
    return Coverage({brand_id: name for brand_id, (_, _, name) in in_order}, list(rows.values()))


_ARRIVED = tuple(Standing)[: tuple(Standing).index(Standing.OVERDUE)]
_UNDER_WAY = (Standing.OVERDUE, Standing.HANDED_OUT, Standing.PLANNED)


def _add(
    cells: Mapping[tuple[UUID, UUID], CoverageCell], row: Row[Any], counts: Mapping[Standing, int], held: int = 0
) -> None:
    """What stands at a touchpoint or brand that has no required checks any more is left out, as in the matrix."""
    cell = cells.get((row.touchpoint_id, row.brand_id))
    if cell is not None:
        outlet = cell.outlet(row.outlet_id)
        outlet.counts.update({standing: count for standing, count in counts.items() if count})
        outlet.held_places += held


def _required(wave_id: UUID) -> Any:
    return (
        select(
            RequiredChecks.touchpoint_id,
            RequiredChecks.brand_id,
            RequiredChecks.outlet_id,
            RequiredChecks.required,
            Touchpoint.name.label("touchpoint"),
            Touchpoint.channel,
            Stage.id.label("stage_id"),
            Stage.name.label("stage"),
            Brand.name.label("brand"),
            Brand.own,
            Brand.position,
        )
        .join(Touchpoint, Touchpoint.id == RequiredChecks.touchpoint_id)
        .join(Stage, Stage.id == Touchpoint.stage_id)
        .join(Journey, Journey.id == Stage.journey_id)
        .join(Brand, Brand.id == RequiredChecks.brand_id)
        .where(RequiredChecks.wave_id == wave_id)
        .order_by(*IN_ORDER)
    )


def _arrived(wave_id: UUID) -> Any:
    """Visits by touchpoint and outlet. Until they are approved nobody can say which checks count: all are there."""
    asked = _asked()
    approved = Visit.state == VisitState.APPROVED
    return (
        select(
            asked.c.touchpoint_id,
            Outlet.brand_id,
            Outlet.id.label("outlet_id"),
            count_of(approved & Check.valid & ~Check.absent).label(Standing.APPROVED.value),
            count_of(approved & Check.absent).label(Standing.ABSENT.value),
            count_of(approved & (Check.id.is_(None) | (~Check.valid & ~Check.absent))).label(Standing.UNCOUNTED.value),
            count_of(Visit.state == VisitState.RECEIVED).label(Standing.RECEIVED.value),
            count_of(Visit.state == VisitState.RETURNED).label(Standing.RETURNED.value),
            count_of(Visit.state == VisitState.HELD).label(Standing.HELD.value),
        )
        .select_from(Visit)
        .join(Outlet, Outlet.id == Visit.outlet_id)
        .join(asked, asked.c.version_id == Visit.version_id)
        .outerjoin(Check, (Check.visit_id == Visit.id) & (Check.touchpoint_id == asked.c.touchpoint_id))
        .where(Visit.wave_id == wave_id, Visit.deleted_at.is_(None))
        .group_by(asked.c.touchpoint_id, Outlet.brand_id, Outlet.id)
    )


def _under_way(wave_id: UUID, now: datetime) -> Any:
    """Assignments of which nothing was taken in, or only a revision that is held, by touchpoint and outlet."""
    asked, held = _asked(), held_assignments(wave_id)
    counting = select(Visit.id).where(
        Visit.assignment_id == Assignment.id,
        Visit.state.in_([VisitState.RECEIVED, VisitState.RETURNED, VisitState.APPROVED]),
        Visit.deleted_at.is_(None),
    )
    held_again = (
        (Assignment.state == AssignmentState.DELIVERED) & held.c.assignment_id.is_not(None) & ~counting.exists()
    )
    out = (Assignment.state == AssignmentState.HANDED_OUT) & held.c.assignment_id.is_(None)
    return (
        select(
            asked.c.touchpoint_id,
            Outlet.brand_id,
            Outlet.id.label("outlet_id"),
            count_of(out & (Assignment.due_until < now)).label(Standing.OVERDUE.value),
            count_of(out & (Assignment.due_until >= now)).label(Standing.HANDED_OUT.value),
            count_of((Assignment.state == AssignmentState.PLANNED) & held.c.assignment_id.is_(None)).label(
                Standing.PLANNED.value
            ),
            count_of(held.c.assignment_id.is_not(None)).label("held_places"),
        )
        .select_from(Assignment)
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .join(asked, asked.c.version_id == Assignment.version_id)
        .outerjoin(held, held.c.assignment_id == Assignment.id)
        .where(
            Assignment.wave_id == wave_id,
            Assignment.state.in_([AssignmentState.PLANNED, AssignmentState.HANDED_OUT]) | held_again,
        )
        .group_by(asked.c.touchpoint_id, Outlet.brand_id, Outlet.id)
    )


def held_assignments(wave_id: UUID) -> Subquery:
    """The wave's assignments under which a held visit waits: something has arrived there."""
    return (
        select(Visit.assignment_id)
        .where(
            Visit.wave_id == wave_id,
            Visit.state == VisitState.HELD,
            Visit.assignment_id.is_not(None),
            Visit.deleted_at.is_(None),
        )
        .distinct()
        .subquery("held")
    )


def _asked() -> Subquery:
    """Which touchpoints a version asks about: several sections of one touchpoint make one check."""
    return select(Section.version_id, Section.touchpoint_id).distinct().subquery("asked")
