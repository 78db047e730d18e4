"""The photos of a visit: promised by its report, received one by one, looked at by the worker."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from checklists.errors import PhotoErased, PhotoNotPromised
from checklists.jobs import enqueue
from checklists.visits.report import PhotoPromise, Report, Sender
from checklists.visits.tables import Photo, Visit

ON_THE_WAY = timedelta(days=1)
"""Bytes that were on their way while their photo was given up have arrived by then."""


def photos_to_promise(session: Session, visit: Visit, report: Report, now: datetime) -> list[dict[str, Any]]:
    """The rows of the photos that the report names; those of another visit are left to it, those expected already stay.

    What an earlier revision promised, and neither sent nor names any more, is not waited for; should its bytes be on
    their way, a job deletes them later.
    """
    promises = {photo.id: photo for photo in report.photos}
    if visit.revision > 1:
        given_up = (
            Photo.visit_id == visit.id,
            Photo.stored_at.is_(None),
            Photo.erased_at.is_(None),
            Photo.id.not_in(list(promises)),
        )
        for photo_id in session.scalars(select(Photo.id).where(*given_up)).all():
            job = enqueue(session, visit.organization_id, "delete_given_up", now, photo_id=str(photo_id))
            job.run_after = now + ON_THE_WAY
        session.execute(delete(Photo).where(*given_up).execution_options(synchronize_session="fetch"))
    known = taken_photos(session, promises)
    return [promise_row(photo) for photo in promises.values() if photo.id not in known]


def promise_row(photo: PhotoPromise) -> dict[str, Any]:
    """A photo that is expected, without organization and visit."""
    return {
        "id": photo.id,
        "sha256": photo.sha256,
        "size": photo.size,
        "media_type": photo.media_type,
        "taken_at": photo.taken_at,
    }


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
            select(Photo.id)
            .where(Photo.visit_id == visit_id, Photo.stored_at.is_(None), Photo.erased_at.is_(None))
            .order_by(Photo.id)
        )
    )


def promised_photo(session: Session, photo_id: UUID, sender: Sender) -> Photo:
    """The photo as promised by one of the sender's own visits. Raises PhotoNotPromised and PhotoErased."""
    photo = session.scalar(
        select(Photo).join(Photo.visit).where(Photo.id == photo_id, Visit.inspector_id == sender.user_id)
    )
    if photo is not None and photo.erased_at is not None:
        raise PhotoErased
    if photo is None or photo.visit.deleted_at is not None:
        raise PhotoNotPromised
    return photo


def receive_photo(session: Session, photo_id: UUID, now: datetime, waits_on: str | None = None) -> bool:
    """Note that the bytes are stored and ask for the derived sizes; False where that had happened before.

    `waits_on` names the machine on whose disk they wait for an object store that is away.
    Raises PhotoNotPromised where a revision gave the photo up while its bytes were on their way, and PhotoErased.
    """
    photo = session.get(Photo, photo_id, with_for_update=True, populate_existing=True)
    if photo is None:
        raise PhotoNotPromised
    if photo.erased_at is not None:
        raise PhotoErased
    if photo.stored_at is not None:
        return False
    photo.stored_at, photo.waits_on = now, waits_on
    enqueue(session, photo.organization_id, "derive_photo", now, photo_id=str(photo.id))
    return True


def photo_moved(session: Session, photo_id: UUID) -> bool:
    """Note that a photo that waited lies in the object store; False where it is not wanted there any more."""
    photo = session.get(Photo, photo_id, with_for_update=True, populate_existing=True)
    if photo is None or photo.erased_at is not None:
        return False
    photo.waits_on = None
    return True


def photos_waiting(session: Session, *, first_on: str, most: int = 200) -> Sequence[Photo]:
    """Photos that wait for the object store, those on the machine `first_on` before the others, the oldest first."""
    waiting = select(Photo).where(Photo.waits_on.is_not(None))
    return session.scalars(waiting.order_by(Photo.waits_on != first_on, Photo.stored_at).limit(most)).all()


@dataclass(frozen=True, slots=True)
class WaitingPhotos:
    """How many photos wait for an object store that is away, and when the oldest of them arrived."""

    number: int
    oldest: datetime | None


def waiting_photos(session: Session) -> WaitingPhotos:
    """The photos of the session's scope that wait on some machine's disk."""
    return WaitingPhotos(
        *session.execute(select(func.count(), func.min(Photo.stored_at)).where(Photo.waits_on.is_not(None))).one()
    )


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
    photo = session.get_one(Photo, photo_id, with_for_update=True, populate_existing=True)
    if photo.erased_at is not None:
        return
    photo.derived_at, photo.readable, photo.unreadable_reason = now, readable, reason
    photo.width, photo.height = width, height
