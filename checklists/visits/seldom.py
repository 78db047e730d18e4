"""The first visits of a list of which few fit, found without walking past all the others.

The index of a list has its order, so a filter without an index of its own is asked of one visit after the other until
the page is full. Where what fits lies far behind, a brand that nobody visited this year, that is each visit there is:
seconds of half a million. So only the nearest are looked through; then it is asked of each group that may hold some,
an outlet, an inspector or a wave, by whose index the first visits of the group are found at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, true, tuple_, union
from sqlalchemy.orm import Session

from checklists.brands import Outlet
from checklists.people import User
from checklists.visits.tables import Check, Visit
from checklists.waves import Wave

NEAREST = 2_000
"""Visits that are looked through first: some milliseconds."""
MOST_GROUPS = 200
SELDOM = 20_000
"""Checks of a touchpoint below which the database goes by these."""
_COLUMNS = {Outlet: Visit.outlet_id, User: Visit.inspector_id, Wave: Visit.wave_id}


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one table, to which visits belong."""

    table: type[Outlet] | type[User] | type[Wave]
    ids: Sequence[UUID]


Groups = Callable[[], Sequence[Group]]
"""Asked for when they are needed; none where it is better to go without."""


def waves_of_touchpoint(session: Session, project_id: UUID, touchpoint_id: UUID) -> list[Group]:
    """The waves in which there are checks of the touchpoint; none where its checks are few."""
    checks = select(Check.id).where(Check.touchpoint_id == touchpoint_id)
    few = session.scalar(select(func.count()).select_from(checks.limit(SELDOM).subquery()))
    if (few or 0) < SELDOM:
        return []
    here = checks.where(Check.wave_id == Wave.id).exists()
    return [Group(Wave, session.scalars(select(Wave.id).where(Wave.project_id == project_id, here)).all())]


def first_that_fit(
    session: Session, listed: Select[Any], fitting: Select[Any], groups: Groups, limit: int, *, forwards: bool
) -> list[UUID] | None:
    """The first `limit` visits of `fitting` in the list's order; None where the database may as well look itself.

    `listed` is the list without the filters that no index has; each visit that fits belongs to one of the `groups`.
    """
    # SQLite, which knows no lateral join, is for installations with fewer visits than this is about.
    if session.get_bind().dialect.name != "postgresql":
        return None
    edge = session.execute(_in_order(listed, forwards).offset(NEAREST).limit(1)).first()
    if edge is None:
        return None
    place = tuple_(Visit.received_at, Visit.id)
    within = place < tuple(edge) if forwards else place > tuple(edge)
    found = session.execute(_in_order(fitting.where(within), forwards).limit(limit)).all()
    if len(found) < limit:
        several = [group for group in groups() if group.ids]
        if not 0 < sum(len(group.ids) for group in several) <= MOST_GROUPS:
            return None
        first = union(*(_first_of_each(fitting, group, limit, forwards) for group in several)).subquery()
        columns = (each if forwards else each.desc() for each in (first.c.received_at, first.c.id))
        found = session.execute(select(first.c.received_at, first.c.id).order_by(*columns).limit(limit)).all()
    return [visit_id for _received_at, visit_id in found]


def _first_of_each(fitting: Select[Any], group: Group, limit: int, forwards: bool) -> Any:
    own = fitting.where(_COLUMNS[group.table] == group.table.id)
    first = _in_order(own, forwards).limit(limit).lateral()
    rows = select(first.c.received_at, first.c.id).select_from(group.table).join(first, true())
    return rows.where(group.table.id.in_(group.ids))


def _in_order(query: Select[Any], forwards: bool) -> Any:
    order = (each if forwards else each.desc() for each in (Visit.received_at, Visit.id))
    return query.with_only_columns(Visit.received_at, Visit.id).order_by(*order)
