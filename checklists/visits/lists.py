"""Reading visits: one with everything that its page shows, the list, and all of them one after the other."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.orm import alphabetical, found_in
from checklists.people import Membership, User
from checklists.visits.likeness import visits_with_likenesses
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
    query = select(Visit).where(Visit.deleted_at.is_(None))
    if wave_id:
        query = query.where(Visit.wave_id == wave_id)
    if state:
        query = query.where(Visit.state == state)
    if touchpoint_id:
        query = query.where(Visit.id.in_(select(Check.visit_id).where(Check.touchpoint_id == touchpoint_id)))
    if outlet_id:
        query = query.where(Visit.outlet_id == outlet_id)
    if inspector_id:
        query = query.where(Visit.inspector_id == inspector_id)
    if used_twice:
        query = query.where(Visit.id.in_(visits_with_likenesses()))
    if brand_id:
        query = query.where(Visit.outlet_id.in_(_few(session, select(Outlet.id).where(Outlet.brand_id == brand_id))))
    for word in words.split():
        query = query.where(_finds(session, project_id, word))
    place = tuple_(Visit.received_at, Visit.id)
    if after:
        query = query.where(place > after if oldest_first else place < after)
    query = query.order_by(*(each if oldest_first else each.desc() for each in (Visit.received_at, Visit.id)))
    query = query.limit(limit).options(*_SHOWN_IN_A_LIST)
    if touchpoint_id:
        query = query.options(selectinload(Visit.checks))
    found = list(session.scalars(query.where(Visit.project_id == project_id)))
    if unplaced:
        # Two statements, each in the order of its index: no index has the order of both together.
        nowhere = query.where(Visit.project_id.is_(None), Visit.state == VisitState.HELD)
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


def _finds(session: Session, project_id: UUID, word: str) -> ColumnElement[bool]:
    """Whether the word stands in the outlet's name, city or address, or in the inspector's name.

    Outlets and people are looked through first: they are few, and a look into each of very many visits is not needed.
    """
    outlets = select(Outlet.id).where(
        Outlet.project_id == project_id, found_in(word, Outlet.name, Outlet.city, Outlet.address)
    )
    people = select(User.id).where(User.id.in_(select(Membership.user_id)), found_in(word, User.name))
    return Visit.outlet_id.in_(_few(session, outlets)) | Visit.inspector_id.in_(_few(session, people))


def _few(session: Session, ids: Select[UUID]) -> Select[UUID] | list[UUID]:
    """The ids themselves where they are few: then the database may go by them."""
    found = list(session.scalars(ids.limit(FEW + 1)))
    return ids if len(found) > FEW else found


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
            selectinload(Visit.photos).load_only(Photo.id, Photo.stored_at),
            selectinload(Visit.outlet).joinedload(Outlet.brand),
            selectinload(Visit.inspector),
            selectinload(Visit.wave),
            selectinload(Visit.assignment).load_only(Assignment.due_from, Assignment.due_until),
        ),
        execution_options={"yield_per": VISITS_AT_A_TIME},
    )
