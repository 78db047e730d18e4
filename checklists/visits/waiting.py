"""Photos that wait on a machine's disk for an object store that is away: those of visits, and those of drafts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from checklists.visits.drafts import DraftPhoto
from checklists.visits.tables import Photo


def photo_moved(session: Session, photo_id: UUID) -> bool:
    """Note that a photo that waited lies in the object store; False where it is not wanted there any more."""
    # The draft's first: where its visit is arriving, that is waited for, and its photo is a visit's then.
    draft = session.get(DraftPhoto, photo_id, with_for_update=True, populate_existing=True)
    photo = draft or session.get(Photo, photo_id, with_for_update=True, populate_existing=True)
    if photo is None or (isinstance(photo, Photo) and photo.erased_at is not None):
        return False
    photo.waits_on = None
    return True


def photos_waiting(session: Session, *, first_on: str, most: int = 200) -> Sequence[Photo | DraftPhoto]:
    """Photos that wait for the object store, those on the machine `first_on` before the others, the oldest first;
    after those of visits those of drafts.
    """
    waiting: list[Photo | DraftPhoto] = []
    for table in (Photo, DraftPhoto):
        query = select(table).where(table.waits_on.is_not(None))
        waiting += session.scalars(query.order_by(table.waits_on != first_on, table.stored_at).limit(most))
    return waiting


@dataclass(frozen=True, slots=True)
class WaitingPhotos:
    """How many photos wait for an object store that is away, and when the oldest of them arrived."""

    number: int
    oldest: datetime | None


def waiting_photos(session: Session) -> WaitingPhotos:
    """The photos of the session's scope that wait on some machine's disk."""
    tables = (Photo, DraftPhoto)
    counts = [
        session.execute(select(func.count(), func.min(table.stored_at)).where(table.waits_on.is_not(None))).one()
        for table in tables
    ]
    return WaitingPhotos(
        sum(number for number, _ in counts), min((oldest for _, oldest in counts if oldest), default=None)
    )
