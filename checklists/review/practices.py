"""The best practices that inspectors brought back, from the own company and from rivals alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from checklists.brands import Brand, Outlet
from checklists.journey import Touchpoint
from checklists.visits import BestPractice, BestPracticeKind, Photo, Visit, VisitState


@dataclass(frozen=True, slots=True)
class Practice:
    """One best practice with where it was seen; `photos` are those that have arrived."""

    practice: BestPractice
    visit: Visit
    outlet: Outlet
    brand: Brand
    touchpoint: Touchpoint
    photos: Sequence[Photo]


def best_practices_of(
    session: Session,
    project_id: UUID,
    *,
    state: VisitState | None = VisitState.APPROVED,
    wave_id: UUID | None = None,
    brand_id: UUID | None = None,
    touchpoint_id: UUID | None = None,
    kind: BestPracticeKind | None = None,
    offset: int = 0,
    after: tuple[datetime, UUID, int] | None = None,
    limit: int = 24,
) -> tuple[list[Practice], int]:
    """Some of the project's best practices, latest visit first, and how many there are in all.

    Only approved visits count, unless `state` names another one; None takes all but the rejected ones. `after` is the
    visit's received_at and id and the position of the last one seen: what comes in meanwhile shifts nothing.
    """
    query = (
        select(BestPractice, Visit, Outlet, Brand, Touchpoint)
        .join(Visit, Visit.id == BestPractice.visit_id)
        .join(Outlet, Outlet.id == BestPractice.outlet_id)
        .join(Brand, Brand.id == BestPractice.brand_id)
        .join(Touchpoint, Touchpoint.id == BestPractice.touchpoint_id)
        .where(BestPractice.project_id == project_id, Visit.deleted_at.is_(None))
        .where(Visit.state == state if state else Visit.state != VisitState.REJECTED)
    )
    for column, wanted in (
        (BestPractice.wave_id, wave_id),
        (BestPractice.brand_id, brand_id),
        (BestPractice.touchpoint_id, touchpoint_id),
        (BestPractice.kind, kind),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    total = session.scalar(select(func.count()).select_from(query.with_only_columns(BestPractice.id).subquery())) or 0
    if after:
        received_at, visit_id, position = after
        query = query.where(
            (Visit.received_at < received_at)
            | ((Visit.received_at == received_at) & (Visit.id > visit_id))
            | ((Visit.id == visit_id) & (BestPractice.position > position))
        )
    rows = session.execute(
        query.order_by(Visit.received_at.desc(), Visit.id, BestPractice.position).offset(offset).limit(limit)
    ).all()
    photos = _photos(session, [practice for practice, *_ in rows])
    return [
        Practice(practice, visit, outlet, brand, touchpoint, photos[practice.id])
        for practice, visit, outlet, brand, touchpoint in rows
    ], total


def _photos(session: Session, practices: Sequence[BestPractice]) -> dict[UUID, list[Photo]]:
    """The stored photos of each practice, in the order in which it names them; those of its own visit only."""
    named = {UUID(photo_id) for practice in practices for photo_id in practice.photo_ids}
    found = (
        session.scalars(
            select(Photo).where(Photo.id.in_(named), Photo.stored_at.is_not(None), Photo.erased_at.is_(None))
        )
        if named
        else ()
    )
    by_id = {str(photo.id): photo for photo in found}
    return {
        practice.id: [
            by_id[photo_id]
            for photo_id in practice.photo_ids
            if photo_id in by_id and by_id[photo_id].visit_id == practice.visit_id
        ]
        for practice in practices
    }


def practices_by_visit(session: Session, project_id: UUID) -> dict[UUID, int]:
    """How many best practices each visit of the project brought; those without any are left out."""
    counted = (
        select(BestPractice.visit_id, func.count())
        .where(BestPractice.project_id == project_id)
        .group_by(BestPractice.visit_id)
    )
    return {visit_id: int(count) for visit_id, count in session.execute(counted)}
