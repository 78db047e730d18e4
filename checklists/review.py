"""A manager's decision on a visit: approved, or rejected for good. Each decision stays as a row."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from checklists.errors import PhotosMissing, ReasonRequired, ReviewNotPossible
from checklists.orm import Base, Owned, key, one_of, reference
from checklists.people import User
from checklists.visits import Visit, VisitState, missing_photos
from checklists.waves import Assignment, AssignmentState


class Decision(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class Review(Owned, Base):
    __tablename__ = "reviews"

    id: Mapped[UUID] = key()
    visit_id: Mapped[UUID] = reference("visits.id")
    revision: Mapped[int]
    decision: Mapped[Decision] = mapped_column(one_of(Decision))
    reason: Mapped[str] = mapped_column(default="")
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]

    reviewer: Mapped[User] = relationship()


def approve(session: Session, visit_id: UUID, reviewer_id: UUID, now: datetime) -> Visit:
    """Let the visit count. Raises PhotosMissing while promised photos are on their way, and ReviewNotPossible."""
    visit = _waiting(session, visit_id, VisitState.RECEIVED)
    missing = missing_photos(session, visit.id)
    if missing:
        raise PhotosMissing(count=len(missing))
    return _decide(session, visit, Decision.APPROVED, VisitState.APPROVED, "", reviewer_id, now)


def reject(session: Session, visit_id: UUID, reviewer_id: UUID, reason: str, now: datetime) -> Visit:
    """Refuse the visit for good and open its place in the plan again. Raises ReasonRequired and ReviewNotPossible."""
    if not reason.strip():
        raise ReasonRequired
    visit = _waiting(session, visit_id, VisitState.RECEIVED, VisitState.HELD)
    if visit.state is VisitState.RECEIVED and visit.assignment_id is not None:
        session.get_one(Assignment, visit.assignment_id).state = AssignmentState.VOID
    return _decide(session, visit, Decision.REJECTED, VisitState.REJECTED, reason.strip(), reviewer_id, now)


def reviews_of(session: Session, visit_id: UUID) -> list[Review]:
    """The visit's decisions, oldest first."""
    return list(
        session.scalars(
            select(Review)
            .where(Review.visit_id == visit_id)
            .order_by(Review.at, Review.id)
            .options(selectinload(Review.reviewer))
        )
    )


def _waiting(session: Session, visit_id: UUID, *states: VisitState) -> Visit:
    """The visit, locked: of two reviewers who decide at once, the second is told."""
    visit = session.get_one(Visit, visit_id, with_for_update=True, populate_existing=True)
    if visit.state not in states:
        raise ReviewNotPossible
    return visit


def _decide(
    session: Session,
    visit: Visit,
    decision: Decision,
    state: VisitState,
    reason: str,
    reviewer_id: UUID,
    now: datetime,
) -> Visit:
    visit.state = state
    session.add(
        Review(
            organization_id=visit.organization_id,
            visit_id=visit.id,
            revision=visit.revision,
            decision=decision,
            reason=reason,
            reviewer_id=reviewer_id,
            at=now,
        )
    )
    session.flush()
    return visit
