"""The visits that wait for a review, in the order of their receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.brands import Outlet
from checklists.visits import Check, Visit, VisitState, visits_with_likenesses


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, by moment of receipt and id, the longest waiting first."""

    waiting: Sequence[tuple[datetime, UUID]]

    def place(self, visit_id: UUID) -> int | None:
        """The visit's place from 1, or None where it does not wait."""
        ids = [identity for _received_at, identity in self.waiting]
        return ids.index(visit_id) + 1 if visit_id in ids else None

    def after(self, visit: Visit | None) -> UUID | None:
        """The next one that waits: the first, or the one behind `visit`, and behind the last the first again."""
        others = [each for each in self.waiting if visit is None or each[1] != visit.id]
        behind = [each for each in others if visit is None or each > (visit.received_at, visit.id)]
        return next((identity for _received_at, identity in [*behind, *others]), None)


def review_queue(
    session: Session,
    project_id: UUID,
    *,
    wave_id: UUID | None = None,
    brand_id: UUID | None = None,
    outlet_id: UUID | None = None,
    touchpoint_id: UUID | None = None,
    inspector_id: UUID | None = None,
    used_twice: bool = False,
) -> Queue:
    """All visits of the project that wait for a review, or those that fit; with `used_twice`, those of which a photo
    looks like one of another visit.
    """
    query = select(Visit.received_at, Visit.id).where(
        Visit.project_id == project_id, Visit.state == VisitState.RECEIVED, Visit.deleted_at.is_(None)
    )
    if wave_id:
        query = query.where(Visit.wave_id == wave_id)
    if brand_id:
        query = query.join(Visit.outlet).where(Outlet.brand_id == brand_id)
    if outlet_id:
        query = query.where(Visit.outlet_id == outlet_id)
    if touchpoint_id:
        query = query.where(Visit.id.in_(select(Check.visit_id).where(Check.touchpoint_id == touchpoint_id)))
    if inspector_id:
        query = query.where(Visit.inspector_id == inspector_id)
    if used_twice:
        query = query.where(Visit.id.in_(visits_with_likenesses()))
    rows = session.execute(query.order_by(Visit.received_at, Visit.id))
    return Queue([(received_at, identity) for received_at, identity in rows])
