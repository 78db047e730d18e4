"""What taking in a phone's file asks of people and assignments."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from checklists.people import LAST_DELIVERIES, Membership, Role, User
from checklists.visits.report import FieldAccess, Sender
from checklists.waves import Assignment


def sender_of(session: Session, user_id: UUID, project_id: UUID, now: datetime) -> tuple[User, Sender] | None:
    """The person as the intake wants to know who delivers; None for who does not inspect in this project, and has not
    lately either.
    """
    held = session.scalars(
        select(Membership).where(
            Membership.user_id == user_id,
            Membership.role == Role.INSPECTOR,
            Membership.deactivated_at.is_(None) | (Membership.deactivated_at >= now - LAST_DELIVERIES),
        )
    ).all()
    if not any(each.project_id in (None, project_id) for each in held):
        return None
    accesses = (FieldAccess(each.organization_id, each.project_id, each.deactivated_at) for each in held)
    return held[0].user, Sender(user_id, tuple(accesses))


def assignments_of(session: Session, project_id: UUID, ids: Iterable[UUID]) -> dict[UUID, Assignment]:
    """Those of the assignments that belong to the project, with outlet and wave."""
    query = (
        select(Assignment)
        .where(Assignment.project_id == project_id, Assignment.id.in_(list(ids)))
        .options(joinedload(Assignment.outlet), joinedload(Assignment.wave))
    )
    return {each.id: each for each in session.scalars(query)}
