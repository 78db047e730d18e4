"""A photo is erased: its bytes in all sizes and its likeness to others; that it was there, and its SHA-256, stay."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.erasure.act import Act
from checklists.erasure.tables import ErasureKind
from checklists.errors import NotFound
from checklists.visits import Photo, Visit, forget_likeness


def erase_photos(session: Session, visit: Visit, photo_ids: Collection[UUID], act: Act) -> None:
    """Erase these photos of the visit, arrived or not; those erased before stay as they are.

    From now on they cannot be delivered (PhotoErased). Raises NotFound where one is not of this visit.
    """
    photos = session.scalars(select(Photo).where(Photo.visit_id == visit.id, Photo.id.in_(photo_ids))).all()
    if len(photos) != len(set(photo_ids)):
        raise NotFound
    for photo in photos:
        if photo.erased_at is None:
            act.leave_tombstone(
                session,
                ErasureKind.PHOTO,
                photo.id,
                organization_id=visit.organization_id,
                project_id=visit.project_id,
                sha256=photo.sha256,
            )
    forget_photos(session, visit, photos, act)


def forget_photos(session: Session, visit: Visit, photos: Collection[Photo], act: Act) -> None:
    """The same without tombstones of their own, for a visit that has one."""
    fresh = [photo for photo in photos if photo.erased_at is None]
    if not fresh:
        return
    for photo in fresh:
        photo.erased_at = act.at
        photo.waits_on = photo.width = photo.height = photo.taken_at = photo.duration_ms = None
        photo.receipt = {}
        forget_likeness(session, photo.id)
    act.have_bytes_deleted(session, visit)
    session.flush()
