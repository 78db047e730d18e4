"""Reading visits: one with everything that its page shows, the list, and all of them one after the other."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.orm import alphabetical, found_in
from checklists.people import User
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
    unplaced: bool = False,
    oldest_first: bool = False,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Visit]:
    """The project's visits, latest first unless asked otherwise, `limit` at a time.

    `words` are looked for in the outlet's name, city and address and in the inspector's name. `after` is the
    received_at and id of the last one seen. `unplaced` adds held ones whose project nobody could tell.
    """
    query = select(Visit).where(_of_project(project_id, unplaced), Visit.deleted_at.is_(None))
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
    if brand_id or words:
        query = query.outerjoin(Visit.outlet)
    if brand_id:
        query = query.where(Outlet.brand_id == brand_id)
    if words:
        found = found_in(words, Outlet.name, Outlet.city, Outlet.address, User.name)
        query = query.join(Visit.inspector).where(found)
    place = tuple_(Visit.received_at, Visit.id)
    if after:
        query = query.where(place > after if oldest_first else place < after)
    return list(
        session.scalars(
            query.order_by(*(each if oldest_first else each.desc() for each in (Visit.received_at, Visit.id)))
            .limit(limit)
            .options(
                selectinload(Visit.outlet).joinedload(Outlet.brand),
                selectinload(Visit.inspector),
                selectinload(Visit.version).options(
                    defer(ChecklistVersion.document), joinedload(ChecklistVersion.checklist)
                ),
                selectinload(Visit.wave),
                selectinload(Visit.photos),
                selectinload(Visit.checks),
            )
        )
    )


def _of_project(project_id: UUID, unplaced: bool) -> ColumnElement[bool]:
    here = Visit.project_id == project_id
    return here | (Visit.project_id.is_(None) & (Visit.state == VisitState.HELD)) if unplaced else here


def inspectors_seen(session: Session, project_id: UUID) -> list[User]:
    """Everybody who sent a visit of the project, in order of name."""
    senders = select(Visit.inspector_id).where(Visit.project_id == project_id, Visit.deleted_at.is_(None))
    return list(session.scalars(select(User).where(User.id.in_(senders)).order_by(alphabetical(User.name), User.id)))


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
