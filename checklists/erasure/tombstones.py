"""Reading what was erased."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from checklists.erasure.tables import Erasure
from checklists.people import User


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What was erased, and the name of whoever had it erased; empty where the retention ran out."""

    erasure: Erasure
    by: str


def tombstones_of(
    session: Session, project_id: UUID, *, after_id: UUID | None = None, limit: int = 100
) -> Sequence[Tombstone]:
    """What was erased in the project, and people of the organization, latest first, from the one after `after_id`."""
    query = (
        select(Erasure, User.name)
        .outerjoin(User, User.id == Erasure.by_id)
        .where((Erasure.project_id == project_id) | Erasure.project_id.is_(None))
    )
    last = session.get(Erasure, after_id) if after_id else None
    if last is not None:
        query = query.where(tuple_(Erasure.at, Erasure.id) < (last.at, last.id))
    rows = session.execute(query.order_by(Erasure.at.desc(), Erasure.id.desc()).limit(limit))
    return [Tombstone(erasure, name or "") for erasure, name in rows]
