"""What a phone has begun and not finished, kept here too while there is a network, so that a lost phone loses nothing.

A copy is nobody's evidence: only the inspector who began the visit sees it, on whatever phone, and it goes when that
phone's report arrives or it is discarded. Each phone has a copy of its own, so that two of them never overwrite each
other; what others have of a visit that has arrived is shown to nobody, and goes with the old ones.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from checklists.orm import Base, Owned, key, reference
from checklists.visits.given_up import ON_THE_WAY, have_bytes_deleted
from checklists.visits.tables import Visit

KEPT_FOR = timedelta(days=60)
"""How long a copy lies here after its last change."""


class DraftCopy(Owned, Base):
    """One visit's draft as it was on one phone; `body` is that phone's own JSON, of which the server reads no more than
    how far the visit is.
    """

    __tablename__ = "draft_copies"
    __table_args__ = (UniqueConstraint("user_id", "visit_id", "device_id"),)

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = reference("users.id", index=False)
    assignment_id: Mapped[UUID] = reference("assignments.id")
    visit_id: Mapped[UUID] = mapped_column(index=True)
    """The id that the visit will have: no visit is there yet."""
    device_id: Mapped[str]
    revision: Mapped[int]
    changes: Mapped[int]
    """How often the draft had been saved on the phone: of two copies from one phone the larger number is the later."""
    body: Mapped[bytes]
    photos: Mapped[list[Any]]
    """[{id, sha256, size, media_type}]: those that the draft names."""
    begun_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """By the phone's clock."""
    kept_at: Mapped[datetime]
    """By the server's."""


class DraftPhoto(Owned, Base):
    """A photo of a draft whose bytes are here before the report that will promise it; they lie under the key that the
    photo will have, so that they need not come twice.
    """

    __tablename__ = "draft_photos"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(index=True)
    user_id: Mapped[UUID] = reference("users.id")
    sha256: Mapped[str]
    size: Mapped[int]
    media_type: Mapped[str]
    stored_at: Mapped[datetime]
    waits_on: Mapped[str | None]
    """As with a photo: the machine on whose disk the bytes wait for an object store that is away."""


def copies_of(session: Session, user_id: UUID, visit_id: UUID | None = None) -> Sequence[DraftCopy]:
    """The person's copies of drafts that are still waited for, the latest first; of one visit, or of all."""
    arrived = select(Visit.id).where(Visit.id == DraftCopy.visit_id, Visit.revision >= DraftCopy.revision)
    query = select(DraftCopy).where(DraftCopy.user_id == user_id, ~arrived.exists())
    if visit_id is not None:
        query = query.where(DraftCopy.visit_id == visit_id)
    return session.scalars(query.order_by(DraftCopy.changed_at.desc(), DraftCopy.id)).all()


def progress_of(copy: DraftCopy) -> dict[str, int] | None:
    """How far the visit was by the phone's own count, {done, total}; None where the body does not say."""
    try:
        progress = json.loads(copy.body)["progress"]
        done, total = progress["done"], progress["total"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return {"done": done, "total": total} if type(done) is int and type(total) is int else None


def drop_copies(session: Session, *which: ColumnElement[bool]) -> None:
    """Delete the copies that fulfil these criteria; their photos are dropped by the caller."""
    session.execute(delete(DraftCopy).where(*which).execution_options(synchronize_session=False))


def drop_unnamed_photos(session: Session, user_id: UUID, visit_id: UUID, now: datetime) -> None:
    """Forget the photos of a draft that no copy of it names."""
    photos = session.scalars(
        select(DraftPhoto).where(DraftPhoto.visit_id == visit_id, DraftPhoto.user_id == user_id)
    ).all()
    if not photos:
        return
    copies = select(DraftCopy.photos).where(DraftCopy.visit_id == visit_id, DraftCopy.user_id == user_id)
    named = {line["id"] for lines in session.scalars(copies) for line in lines}
    drop_photos(session, [photo for photo in photos if str(photo.id) not in named], now)


def drop_photos(session: Session, photos: Iterable[DraftPhoto], now: datetime, *, at_once: bool = False) -> None:
    """Forget photos of drafts; a job deletes their bytes, after a day unless it is to be `at_once`, as some may be on
    their way.
    """
    dropped = defaultdict(list)
    for photo in photos:
        dropped[photo.organization_id].append(photo.id)
        session.delete(photo)
    for organization_id, photo_ids in dropped.items():
        have_bytes_deleted(session, organization_id, photo_ids, now, at_once=at_once)
    session.flush()


def drop_drafts_of_visit(session: Session, visit_id: UUID, now: datetime) -> None:
    """Forget all that lies here of the drafts of a visit."""
    drop_copies(session, DraftCopy.visit_id == visit_id)
    drop_photos(session, session.scalars(select(DraftPhoto).where(DraftPhoto.visit_id == visit_id)), now, at_once=True)


def drop_drafts_of_person(session: Session, user_id: UUID, now: datetime) -> None:
    """Forget all that lies here of the drafts of a person, in the session's organizations."""
    drop_copies(session, DraftCopy.user_id == user_id)
    drop_photos(session, session.scalars(select(DraftPhoto).where(DraftPhoto.user_id == user_id)), now, at_once=True)


def forget_old_drafts(session: Session, now: datetime) -> None:
    """Forget copies that nobody changed for long, and the photos that no copy stands behind any more."""
    drop_copies(session, DraftCopy.kept_at < now - KEPT_FOR)
    behind = select(DraftCopy.id).where(
        DraftCopy.visit_id == DraftPhoto.visit_id, DraftCopy.user_id == DraftPhoto.user_id
    )
    left = select(DraftPhoto).where(~behind.exists(), DraftPhoto.stored_at < now - ON_THE_WAY)
    drop_photos(session, session.scalars(left), now)
