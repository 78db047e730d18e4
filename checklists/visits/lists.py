"""Reading visits: one with everything that its page shows, and the list."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, defer, selectinload

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.visits.tables import Check, Visit, VisitState
from checklists.waves import Assignment


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
            selectinload(Visit.assignment).selectinload(Assignment.wave),
        )
    )


def visits_page(
    session: Session,
    project_id: UUID,
    *,
    wave_id: UUID | None = None,
    state: VisitState | None = None,
    touchpoint_id: UUID | None = None,
    brand_id: UUID | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Visit]:
    """The project's visits, latest first, `limit` at a time; `before` is the received_at and id of the last one seen."""
    query = select(Visit).where(Visit.project_id == project_id, Visit.deleted_at.is_(None))
    if wave_id:
        query = query.where(Visit.wave_id == wave_id)
    if state:
        query = query.where(Visit.state == state)
    if touchpoint_id:
        query = query.where(Visit.id.in_(select(Check.visit_id).where(Check.touchpoint_id == touchpoint_id)))
    if brand_id:
        query = query.join(Visit.outlet).where(Outlet.brand_id == brand_id)
    if before:
        received_at, visit_id = before
        query = query.where(
            (Visit.received_at < received_at) | ((Visit.received_at == received_at) & (Visit.id < visit_id))
        )
    return list(
        session.scalars(
            query.order_by(Visit.received_at.desc(), Visit.id.desc())
            .limit(limit)
            .options(
                selectinload(Visit.outlet).joinedload(Outlet.brand),
                selectinload(Visit.inspector),
                selectinload(Visit.version).options(defer(ChecklistVersion.document)),
            )
        )
    )
