"""Reading visits: one with everything that its page shows, the list, and all of them one after the other."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.orm import alphabetical, found_in
from checklists.people import Membership, User
from checklists.visits.likeness import visits_with_likenesses
from checklists.visits.seldom import Group, first_that_fit, waves_of_touchpoint
from checklists.visits.tables import Check, Photo, SealedReport, Visit, VisitState
from checklists.waves import Assignment

VISITS_AT_A_TIME = 100


def visit_with_parts(session: Session, visit_id: UUID) -> Visit | None:
    """A visit with everything that its page shows, in a fixed number of statements."""
    return session.scalar(
        select(Visit)
        .where(Visit.id == visit_id, Visit.deleted_at.is_(None))
        .options(
            selectinload(Visit.checks),
            selectinload(Visit.answers),
            selectinload(Visit.photos),
            selectinload(Visit.outlet).joinedload(Outlet.brand),
            selectinload(Visit.inspector),
            selectinload(Visit.version),
            selectinload(Visit.assignment),
            selectinload(Visit.wave),
        )
    )


def visits_page(
    session: Session,
    project_id: UUID,
    *,
    words: str = "",
    wave_id: UUID | None = None,
    state: VisitState | None = None,
    touchpoint_id: UUID | None = None,
    brand_id: UUID | None = None,
    outlet_id: UUID | None = None,
    inspector_id: UUID | None = None,
    used_twice: bool = False,
    unplaced: bool = False,
    oldest_first: bool = False,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Visit]:
    """The project's visits, latest first unless asked otherwise, `limit` at a time.

    `words` are looked for in the outlet's name, city and address and in the inspector's name. `used_twice`: of which a
    photo looks like one of another visit. `after` is the received_at and id of the last one seen. `unplaced` adds held
    ones whose project nobody could tell. Checks are loaded where a touchpoint is asked for.
    """
    listed = select(Visit).where(Visit.deleted_at.is_(None))
    for column, value in (
        (Visit.wave_id, wave_id),
        (Visit.state, state),
        (Visit.outlet_id, outlet_id),
        (Visit.inspector_id, inspector_id),
    ):
        if value:
            listed = listed.where(column == value)
    place = tuple_(Visit.received_at, Visit.id)
    if after:
        listed = listed.where(place > after if oldest_first else place < after)
    query, groups = listed, list[Sequence[Group]]()
    if touchpoint_id:
        query = query.where(Visit.id.in_(select(Check.visit_id).where(Check.touchpoint_id == touchpoint_id)))
    if used_twice:
        query = query.where(Visit.id.in_(visits_with_likenesses()))
    if brand_id:
        outlets = _few(session, select(Outlet.id).where(Outlet.brand_id == brand_id))
        query = query.where(Visit.outlet_id.in_(outlets))
        groups.append(_groups((Outlet, outlets)))
    for word in words.split():
        outlets, people = _found(session, project_id, word)
        if outlets == people == []:
            return []
        query = query.where(Visit.outlet_id.in_(outlets) | Visit.inspector_id.in_(people))
        groups.append(_groups((Outlet, outlets), (User, people)))

    def fewest() -> Sequence[Group]:
        if touchpoint_id and not groups:
            return waves_of_touchpoint(session, project_id, touchpoint_id)
        return min(filter(None, groups), key=lambda each: sum(len(group.ids) for group in each), default=())

    shown = _SHOWN_IN_A_LIST + ((selectinload(Visit.checks),) if touchpoint_id else ())
    forwards = oldest_first
    whole = query.order_by(*(each if forwards else each.desc() for each in (Visit.received_at, Visit.id)))
    whole, here = whole.limit(limit).options(*shown), Visit.project_id == project_id
    known = None
    filtered = touchpoint_id or brand_id or words.split()
    if filtered and not (wave_id or outlet_id or inspector_id) and state in (None, VisitState.APPROVED):
        # Else an index leads to few enough already.
        known = first_that_fit(session, listed.where(here), query.where(here), fewest, limit, forwards=forwards)
    found = list(session.scalars(whole.where(here if known is None else Visit.id.in_(known))))
    if unplaced:
        # Two statements, each in the order of its index: no index has the order of both together.
        nowhere = whole.where(Visit.project_id.is_(None), Visit.state == VisitState.HELD)
        found = sorted([*found, *session.scalars(nowhere)], key=lambda visit: (visit.received_at, visit.id))
        found = found[:limit] if oldest_first else found[: -limit - 1 : -1]
    return found


_SHOWN_IN_A_LIST = (
    selectinload(Visit.outlet).joinedload(Outlet.brand),
    selectinload(Visit.inspector),
    selectinload(Visit.version).options(defer(ChecklistVersion.document), joinedload(ChecklistVersion.checklist)),
    selectinload(Visit.wave),
    selectinload(Visit.photos),
)
FEW = 500


Ids = Select[UUID] | list[UUID]


def _found(session: Session, project_id: UUID, word: str) -> tuple[Ids, Ids]:
    """The outlets in whose name, city or address the word stands, and the people in whose name.

    Outlets and people are looked through first: they are few, and a look into each of very many visits is not needed.
    """
    outlets = select(Outlet.id).where(
        Outlet.project_id == project_id, found_in(word, Outlet.name, Outlet.city, Outlet.address)
    )
    people = select(User.id).where(User.id.in_(select(Membership.user_id)), found_in(word, User.name))
    return _few(session, outlets), _few(session, people)


def _few(session: Session, ids: Select[UUID]) -> Ids:
    """The ids themselves where they are few: then the database may go by them."""
    found = list(session.scalars(ids.limit(FEW + 1)))
    return ids if len(found) > FEW else found


def _groups(*several: tuple[type[Outlet] | type[User], Ids]) -> list[Group]:
    """The groups of which visits are; nothing where they are many."""
    groups = [Group(table, ids) for table, ids in several if isinstance(ids, list)]
    return groups if len(groups) == len(several) else []


def inspectors_seen(session: Session, project_id: UUID) -> list[User]:
    """Everybody who sent a visit of the project, in order of name."""
    # Asked for each person: to look for those who stand in the visits, all of these would have to be read.
    sent = select(Visit.id).where(
        Visit.project_id == project_id, Visit.inspector_id == User.id, Visit.deleted_at.is_(None)
    )
    return list(
        session.scalars(
            select(User)
            .where(User.id.in_(select(Membership.user_id)), sent.limit(1).scalar_subquery().is_not(None))
            .order_by(alphabetical(User.name), User.id)
        )
    )


def sealed_reports_of(session: Session, visit_id: UUID) -> list[SealedReport]:
    """All that phones sent under the visit's id, oldest first, without the bodies."""
    return list(
        session.scalars(
            select(SealedReport)
            .where(SealedReport.visit_id == visit_id)
            .order_by(SealedReport.received_at, SealedReport.id)
            .options(defer(SealedReport.body))
        )
    )


def every_visit(
    session: Session, project_id: UUID, *, wave_id: UUID | None = None, state: VisitState | None = None
) -> Iterator[Visit]:
    """All visits of the project or wave with their checks and answers, in the order of receipt.

    They come from a cursor, some at a time, so that any number of them fits into memory: keep none of them.
    """
    query = select(Visit).where(Visit.project_id == project_id, Visit.deleted_at.is_(None))
    if wave_id:
        query = query.where(Visit.wave_id == wave_id)
    if state:
        query = query.where(Visit.state == state)
    yield from session.scalars(
        query.order_by(Visit.received_at, Visit.id).options(
            selectinload(Visit.checks),
            selectinload(Visit.answers),
            selectinload(Visit.photos).load_only(Photo.id, Photo.stored_at, Photo.receipt),
            selectinload(Visit.outlet).joinedload(Outlet.brand),
            selectinload(Visit.inspector),
            selectinload(Visit.wave),
            selectinload(Visit.assignment).load_only(Assignment.due_from, Assignment.due_until),
        ),
        execution_options={"yield_per": VISITS_AT_A_TIME},
    )
