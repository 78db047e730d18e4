"""The photos of a visit: promised by its report, received one by one, looked at by the worker."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from checklists.errors import PhotoNotPromised
from checklists.jobs import enqueue
from checklists.visits.report import Report, Sender
from checklists.visits.tables import Photo, Visit


def promise_photos(session: Session, visit: Visit, report: Report) -> None:
    """Expect the photos that the report names; those of another visit are left to it, those expected already stay.

    What an earlier revision promised, and neither sent nor names any more, is not waited for.
    """
    promises = {photo.id: photo for photo in report.photos}
    if visit.revision > 1:
        given_up = delete(Photo).where(
            Photo.visit_id == visit.id, Photo.stored_at.is_(None), Photo.id.not_in(list(promises))
        )
        session.execute(given_up.execution_options(synchronize_session="fetch"))
    for known in taken_photos(session, promises):
        del promises[known]
    if promises:
        session.execute(
            insert(Photo),
            [
                {
                    "id": photo.id,
                    "organization_id": visit.organization_id,
                    "visit_id": visit.id,
                    "sha256": photo.sha256,
                    "size": photo.size,
                    "media_type": photo.media_type,
                    "taken_at": photo.taken_at,
                }
                for photo in promises.values()
            ],
        )


def taken_photos(session: Session, photo_ids: Iterable[UUID], *, other_than: UUID | None = None) -> set[UUID]:
    """Those of the ids that some visit has promised already; or some visit other than this one."""
    ids = list(photo_ids)
    if not ids:
        return set()
    query = select(Photo.id).where(Photo.id.in_(ids))
    if other_than is not None:
        query = query.where(Photo.visit_id != other_than)
    return set(session.scalars(query))


def missing_photos(session: Session, visit_id: UUID) -> tuple[UUID, ...]:
    """The visit's promised photos whose bytes have not arrived."""
    return tuple(
        session.scalars(
            select(Photo.id).where(Photo.visit_id == visit_id, Photo.stored_at.is_(None)).order_by(Photo.id)
        )
    )


def promised_photo(session: Session, photo_id: UUID, sender: Sender) -> Photo:
    """The photo as promised by one of the sender's own visits. Raises PhotoNotPromised."""
    photo = session.scalar(
        select(Photo)
        .join(Photo.visit)
        .where(Photo.id == photo_id, Visit.inspector_id == sender.user_id, Visit.deleted_at.is_(None))
    )
    if photo is None:
        raise PhotoNotPromised
    return photo


def receive_photo(session: Session, photo_id: UUID, now: datetime) -> bool:
    """Note that the bytes are stored and ask for the derived sizes; False where that had happened before.

    Raises PhotoNotPromised where a revision gave the photo up while its bytes were on their way.
    """
    photo = session.get(Photo, photo_id, with_for_update=True, populate_existing=True)
    if photo is None:
        raise PhotoNotPromised
    if photo.stored_at is not None:
        return False
    photo.stored_at = now
    enqueue(session, photo.organization_id, "derive_photo", now, photo_id=str(photo.id))
    return True


def record_derived(
    session: Session,
    photo_id: UUID,
    now: datetime,
    *,
    readable: bool,
    reason: str | None,
    width: int | None,
    height: int | None,
) -> None:
    """Note what the worker found when it made the derived sizes; width and height in pixels, as turned by EXIF."""
    photo = session.get_one(Photo, photo_id)
    photo.derived_at, photo.readable, photo.unreadable_reason = now, readable, reason
    photo.width, photo.height = width, height
