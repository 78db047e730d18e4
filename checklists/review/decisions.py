"""A reviewer's decision on a visit: approved, sent back, rejected for good, or reopened. Each one stays as a row."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from checklists.errors import HoldReason, NotesRequired, NotFound, PhotosMissing, ReasonRequired, ReviewNotPossible
from checklists.review.tables import Decision, Review
from checklists.visits import Visit, VisitState, missing_photos
from checklists.waves import Assignment, AssignmentState


@dataclass(frozen=True, slots=True)
class Note:
    """What the inspector should look at again, beside one criterion."""

    criterion_id: UUID
    repetition: int
    text: str


def approve(session: Session, visit_id: UUID, reviewer_id: UUID, now: datetime) -> Visit:
    """Let the visit count. Raises PhotosMissing while promised photos are on their way, and ReviewNotPossible."""
    visit = lock_visit(session, visit_id, VisitState.RECEIVED)
    missing = missing_photos(session, visit.id)
    if missing:
        raise PhotosMissing(count=len(missing))
    return decide(session, visit, Decision.APPROVED, VisitState.APPROVED, reviewer_id, now)


def send_back(
    session: Session, visit_id: UUID, reviewer_id: UUID, reason: str, notes: Iterable[Note], now: datetime
) -> Visit:
    """Ask the inspector for another revision; until it comes, nothing of the visit counts.

    Raises NotesRequired where neither a note nor a reason says what is wanted, NotFound for a note beside a criterion
    that the visit's version does not have, and ReviewNotPossible.
    """
    written = [Note(note.criterion_id, note.repetition, note.text.strip()) for note in notes if note.text.strip()]
    if not written and not reason.strip():
        raise NotesRequired
    visit = lock_visit(session, visit_id, VisitState.RECEIVED)
    if {note.criterion_id for note in written} - _criteria(visit):
        raise NotFound
    sent = [asdict(note) | {"criterion_id": str(note.criterion_id)} for note in written]
    return decide(session, visit, Decision.RETURNED, VisitState.RETURNED, reviewer_id, now, reason, sent)


def reject(session: Session, visit_id: UUID, reviewer_id: UUID, reason: str, now: datetime) -> Visit:
    """Refuse the visit for good and open its place in the plan again. Raises ReasonRequired and ReviewNotPossible.

    A returned one may be rejected too: an inspector who never sends it again would hold the place for ever.
    """
    if not reason.strip():
        raise ReasonRequired
    visit = lock_visit(session, visit_id, VisitState.RECEIVED, VisitState.HELD, VisitState.RETURNED)
    place = place_of(session, visit) or _place_meant(session, visit)
    if place is not None:
        place.state = AssignmentState.VOID
    return decide(session, visit, Decision.REJECTED, VisitState.REJECTED, reviewer_id, now, reason)


def reopen(session: Session, visit_id: UUID, reviewer_id: UUID, reason: str, now: datetime) -> Visit:
    """Take an approval back: the visit waits for its review again. Raises ReasonRequired and ReviewNotPossible."""
    if not reason.strip():
        raise ReasonRequired
    visit = lock_visit(session, visit_id, VisitState.APPROVED)
    return decide(session, visit, Decision.REOPENED, VisitState.RECEIVED, reviewer_id, now, reason)


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


def lock_visit(session: Session, visit_id: UUID, *states: VisitState) -> Visit:
    """The visit, locked: of two reviewers who decide at once, the second is told with ReviewNotPossible."""
    visit = session.get_one(Visit, visit_id, with_for_update=True, populate_existing=True)
    if visit.state not in states:
        raise ReviewNotPossible
    return visit


def place_of(session: Session, visit: Visit) -> Assignment | None:
    """The assignment whose place this visit holds; None for a held one that never had it.

    Only a visit that was received can have been sent back: a held revision of it holds the place still. What merely
    came under an assignment that another visit has taken holds nothing.
    """
    if visit.assignment_id is None:
        return None
    sent_back = select(Review.id).where(Review.visit_id == visit.id, Review.decision == Decision.RETURNED).limit(1)
    if visit.state is VisitState.HELD and session.scalar(sent_back) is None:
        return None
    assignment = session.get_one(Assignment, visit.assignment_id)
    return assignment if assignment.state is AssignmentState.DELIVERED else None


NOT_ITS_PLACE = (
    HoldReason.NOT_UNDERSTOOD,
    HoldReason.UNKNOWN_ASSIGNMENT,
    HoldReason.FOREIGN_ASSIGNMENT,
    HoldReason.REVOKED_ASSIGNMENT,
    HoldReason.VISITED_ALREADY,
)
"""Why a held report has nothing to do with the place that it names."""


def _place_meant(session: Session, visit: Visit) -> Assignment | None:
    """The assignment that a held report was rightly for, and which waits for a visit still.

    The phone does not begin an assignment again whose visit was rejected, so the place must be planned anew.
    """
    if visit.state is not VisitState.HELD or visit.assignment_id is None or visit.hold_reason in NOT_ITS_PLACE:
        return None
    assignment = session.get_one(Assignment, visit.assignment_id)
    own = assignment.inspector_id == visit.inspector_id
    return assignment if own and assignment.state is AssignmentState.HANDED_OUT else None


def _criteria(visit: Visit) -> set[UUID]:
    document = (visit.version and visit.version.document) or {"sections": []}
    return {UUID(criterion["id"]) for section in document["sections"] for criterion in section["criteria"]}


def decide(
    session: Session,
    visit: Visit,
    decision: Decision,
    state: VisitState,
    reviewer_id: UUID,
    now: datetime,
    reason: str = "",
    notes: Iterable[dict[str, Any]] = (),
) -> Visit:
    """Give a locked visit its new state, with a row that says who did it and why."""
    visit.state = state
    session.add(
        Review(
            organization_id=visit.organization_id,
            visit_id=visit.id,
            revision=visit.revision,
            decision=decision,
            reason=reason.strip(),
            notes=list(notes),
            reviewer_id=reviewer_id,
            at=now,
        )
    )
    session.flush()
    return visit
