"""The photos of drafts: kept here before any report promises them, restored on another phone, and taken over when the
visit arrives.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from checklists.errors import NotFound, OtherContent, PhotoErased, PhotoNotPromised
from checklists.visits.drafts import DraftCopy, DraftPhoto, drop_copies, drop_photos, drop_unnamed_photos
from checklists.visits.given_up import have_bytes_deleted, refuse_while_deleted
from checklists.visits.photos import Stored, receive_photo
from checklists.visits.report import Report
from checklists.visits.tables import Photo, Visit


@dataclass(frozen=True, slots=True)
class AwaitedPhoto:
    """A photo that a copy names; `is_here` where its bytes need not come any more."""

    id: UUID
    organization_id: UUID
    sha256: str
    size: int
    media_type: str
    is_here: bool


def awaited_draft_photo(session: Session, user_id: UUID, visit_id: UUID, photo_id: UUID) -> AwaitedPhoto:
    """The photo as one of the person's copies of this visit names it.

    Raises PhotoNotPromised; OtherContent where other bytes are known under its id: evidence is never written over;
    PhotoErased; PhotoBeingDeleted while what came of it before it was given up is deleted.
    """
    copies = select(DraftCopy).where(DraftCopy.user_id == user_id, DraftCopy.visit_id == visit_id)
    named = [(copy, line) for copy in session.scalars(copies) for line in copy.photos if line["id"] == str(photo_id)]
    if not named:
        raise PhotoNotPromised
    copy, line = named[0]
    photo, draft = _known_bytes(session, visit_id, photo_id, line["sha256"], line["size"])
    is_here = draft is not None or (photo is not None and photo.stored_at is not None)
    if not is_here:
        refuse_while_deleted(session, photo_id)
    return AwaitedPhoto(photo_id, copy.organization_id, line["sha256"], line["size"], line["media_type"], is_here)


def _known_bytes(
    session: Session, visit_id: UUID, photo_id: UUID, sha256: str, size: int
) -> tuple[Photo | None, DraftPhoto | None]:
    photo, draft = session.get(Photo, photo_id), session.get(DraftPhoto, photo_id)
    if photo is not None and photo.erased_at is not None:
        raise PhotoErased
    for known in (photo, draft):
        if known is not None and (known.visit_id, known.sha256, known.size) != (visit_id, sha256, size):
            raise OtherContent
    return photo, draft


def refuse_other_bytes(session: Session, visit_id: UUID, photo: AwaitedPhoto) -> None:
    """To be asked once the bytes have come, before they are put in their place: a slow line may have carried them while
    a report came that promises others under their id, or while the photo was erased.

    Raises OtherContent and PhotoErased.
    """
    _known_bytes(session, visit_id, photo.id, photo.sha256, photo.size)


def keep_draft_photo(
    session: Session, user_id: UUID, visit_id: UUID, photo: AwaitedPhoto, now: datetime, waits_on: str | None
) -> bool:
    """Note that the bytes are stored; False where nobody waits for them any more: then a job deletes them again.

    Where the report came meanwhile, they are those of its photo.
    """
    named = select(DraftCopy.id).where(DraftCopy.user_id == user_id, DraftCopy.visit_id == visit_id)
    is_waited_for = session.scalars(named.with_for_update(read=True)).all()
    promised = session.get(Photo, photo.id, with_for_update=True, populate_existing=True)
    if promised is not None and promised.visit_id == visit_id and promised.sha256 == photo.sha256:
        receive_photo(session, photo.id, now, waits_on)
        return True
    if not is_waited_for or promised is not None:
        if promised is None:
            have_bytes_deleted(session, photo.organization_id, [photo.id], now, at_once=True)
        return False
    if session.get(DraftPhoto, photo.id, populate_existing=True) is None:
        session.add(
            DraftPhoto(
                id=photo.id,
                organization_id=photo.organization_id,
                visit_id=visit_id,
                user_id=user_id,
                sha256=photo.sha256,
                size=photo.size,
                media_type=photo.media_type,
                stored_at=now,
                waits_on=waits_on,
            )
        )
        session.flush()
    return True


def draft_photo(session: Session, user_id: UUID, visit_id: UUID, photo_id: UUID) -> DraftPhoto | Photo:
    """A photo to be restored on another phone; one that the revision before has brought meanwhile is that one's. Raises
    NotFound.
    """
    draft = session.get(DraftPhoto, photo_id)
    if draft is not None and draft.user_id == user_id and draft.visit_id == visit_id:
        return draft
    visit, photo = session.get(Visit, visit_id), session.get(Photo, photo_id)
    if visit is None or visit.inspector_id != user_id or visit.deleted_at is not None:
        raise NotFound
    if photo is None or photo.visit_id != visit_id or photo.stored_at is None or photo.erased_at is not None:
        raise NotFound
    return photo


def is_wanted(session: Session, photo_id: UUID) -> bool:
    """Whether a draft or a report names the photo, and no law had it erased."""
    # In the order in which a photo goes from a copy to a visit: looked for the other way, one on its way is missed.
    named = cast(DraftCopy.photos, String).contains(str(photo_id))
    copy = session.scalar(select(DraftCopy.id).where(named).limit(1))
    draft = session.get(DraftPhoto, photo_id)
    photo = session.get(Photo, photo_id)
    return photo.erased_at is None if photo else bool(copy or draft)


def take_over(session: Session, visit: Visit, report: Report, now: datetime) -> Stored:
    """A report arrives: the copy of the phone that made it goes. Answers those photos of the draft whose bytes are the
    promised ones; the bytes of those that no copy names any more are deleted by a job.

    What another phone has of the visit stays: that one may be finished, too, and is kept beside this one then.
    """
    of_visit = (DraftCopy.visit_id == visit.id, DraftCopy.user_id == visit.inspector_id)
    # First the copies: whoever is about to keep a photo of one holds them, and is waited for here.
    copies = session.execute(select(DraftCopy.id, DraftCopy.device_id).where(*of_visit).with_for_update()).all()
    # Compared here, as a report may name its phone in signs that no database takes.
    drop_copies(session, DraftCopy.id.in_([copy_id for copy_id, device_id in copies if device_id == report.device_id]))
    promised = {each.id: (each.sha256, each.size) for each in report.photos}
    # Locked, as the mover may be about to write down that their bytes have reached the object store.
    named = (DraftPhoto.visit_id == visit.id, DraftPhoto.user_id == visit.inspector_id, DraftPhoto.id.in_(promised))
    kept, others = {}, []
    for photo in session.scalars(select(DraftPhoto).where(*named).with_for_update()):
        if (photo.sha256, photo.size) == promised[photo.id] and photo.organization_id == visit.organization_id:
            kept[photo.id] = (photo.stored_at, photo.waits_on)
            session.delete(photo)
        else:
            others.append(photo)
    drop_photos(session, others, now)
    drop_unnamed_photos(session, visit.inspector_id, visit.id, now)
    return kept
