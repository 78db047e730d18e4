"""The photos of a visit: promised by its report, received one by one, looked at by the worker."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from checklists.errors import PhotoBeingDeleted, PhotoErased, PhotoNotPromised
from checklists.jobs import Job, enqueue, enqueue_quickly
from checklists.quick import Inside, Kept, table_of
from checklists.visits.given_up import being_deleted, have_bytes_deleted
from checklists.visits.report import PhotoPromise, Sender
from checklists.visits.tables import Photo, Visit

Stored = Mapping[UUID, tuple[datetime, str | None]]
"""Of photos whose bytes are here before their report: since when, and on which machine's disk they wait, if they do."""


def photos_to_promise(
    session: Session, visit: Visit, photos: Iterable[PhotoPromise], stored: Stored, now: datetime
) -> list[dict[str, Any]]:
    """The rows of the photos that a report names; those of another visit are left to it, those expected already stay.

    What an earlier revision promised, and neither sent nor names any more, is not waited for; should its bytes be on
    their way, a job deletes them later.
    """
    promises = {photo.id: photo for photo in photos}
    if visit.revision > 1:
        named_now = update(Photo).where(Photo.visit_id == visit.id, Photo.beside, Photo.id.in_(list(promises)))
        session.execute(named_now.values(beside=False))
        given_up = (
            Photo.visit_id == visit.id,
            Photo.stored_at.is_(None),
            Photo.erased_at.is_(None),
            Photo.beside.is_(False),
            Photo.id.not_in(list(promises)),
        )
        have_bytes_deleted(session, visit.organization_id, session.scalars(select(Photo.id).where(*given_up)), now)
        session.execute(delete(Photo).where(*given_up).execution_options(synchronize_session="fetch"))
    _mark_again(session, visit, promises, now)
    known = taken_photos(session, promises)
    fresh = [photo for photo in promises.values() if photo.id not in known]
    return promise_rows(session, visit.organization_id, fresh, stored, now)


def photos_to_keep_beside(
    session: Session, visit: Visit, photos: Iterable[PhotoPromise], stored: Stored, now: datetime
) -> list[dict[str, Any]]:
    """The rows of the photos that only a report names that is kept and not accepted; nothing of the others changes."""
    promises = {photo.id: photo for photo in photos}
    known = taken_photos(session, promises)
    fresh = [photo for photo in promises.values() if photo.id not in known]
    return [row | {"beside": True} for row in promise_rows(session, visit.organization_id, fresh, stored, now)]


def _mark_again(session: Session, visit: Visit, promises: Mapping[UUID, PhotoPromise], now: datetime) -> None:
    """A revision may mark photos anew that came before: their derived sizes are not shown until they are made again.
    It may call one a receipt, or none any more.

    Where it does not speak of a photo's marks they stay: a phone that knows nothing of them uncovers no face.
    """
    told = {each.id: each for each in promises.values() if each.marks is not None or each.receipt is not None}
    if not told:
        return
    known = select(Photo).where(Photo.visit_id == visit.id, Photo.id.in_(told), Photo.erased_at.is_(None))
    for photo in session.scalars(known.with_for_update()):
        marks, receipt = told[photo.id].marks, told[photo.id].receipt
        if receipt is not None:
            photo.receipt = dict(receipt)
        if marks is None or photo.marks == list(marks):
            continue
        photo.marks = list(marks)
        if photo.stored_at is not None:
            photo.derived_at = photo.readable = None
            enqueue(session, visit.organization_id, "derive_photo", now, photo_id=str(photo.id))


def promise_rows(
    session: Session, organization_id: UUID, photos: Iterable[PhotoPromise], stored: Stored, now: datetime
) -> list[dict[str, Any]]:
    """Photos that are expected, and those that are here already; without organization and visit."""
    rows = [_promise_row(photo) for photo in photos]
    if stored:
        for row in rows:
            row["stored_at"], row["waits_on"] = stored.get(row["id"], (None, None))
            if row["stored_at"]:
                enqueue(session, organization_id, "derive_photo", now, photo_id=str(row["id"]))
    return rows


def _promise_row(photo: PhotoPromise) -> dict[str, Any]:
    return {
        "id": photo.id,
        "sha256": photo.sha256,
        "size": photo.size,
        "media_type": photo.media_type,
        "taken_at": photo.taken_at,
        "marks": list(photo.marks or ()),
        "duration_ms": photo.duration_ms,
        "receipt": dict(photo.receipt or {}),
        "beside": False,
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


def missing_photos(session: Session, visit_id: UUID, among: Collection[UUID] | None = None) -> tuple[UUID, ...]:
    """The visit's promised photos whose bytes have not arrived; or, `among` those of a report kept beside it, these."""
    which = Photo.beside.is_(False) if among is None else Photo.id.in_(among)
    return tuple(
        session.scalars(
            select(Photo.id)
            .where(Photo.visit_id == visit_id, Photo.stored_at.is_(None), Photo.erased_at.is_(None), which)
            .order_by(Photo.id)
        )
    )


@dataclass(frozen=True, slots=True)
class PromisedPhoto:
    """What a report promised of a photo, and what is known of its bytes by now."""

    id: UUID
    organization_id: UUID
    sha256: str
    size: int
    stored_at: datetime | None
    readable: bool | None
    unreadable_reason: str | None


_OF_A_PROMISE = tuple(each.name for each in fields(PromisedPhoto))


def promised_photo(session: Session, photo_id: UUID, sender: Sender) -> PromisedPhoto:
    """The photo as promised by one of the sender's own visits.

    Raises PhotoNotPromised, PhotoErased, and PhotoBeingDeleted while what came of it before it was given up is deleted.
    """
    values = {"photo_id": photo_id, "id_as_text": str(photo_id), "inspector_id": sender.user_id}
    found = _PROMISED.run(session, **values).first()
    if found is not None and found.erased_at is not None:
        raise PhotoErased
    if found is None or found.deleted_at is not None:
        raise PhotoNotPromised
    if found.stored_at is None and found.being_deleted:
        raise PhotoBeingDeleted
    return PromisedPhoto(*found[: len(_OF_A_PROMISE)])


def _write_promised(inside: Inside) -> Any:
    photos, visits, jobs = table_of(Photo), table_of(Visit), table_of(Job)
    # In one statement: the photo and the job are seen as they are at one moment.
    deletion = select(jobs.c.id).where(being_deleted(jobs, bindparam("id_as_text")), inside(jobs))
    return (
        select(
            *(photos.c[name] for name in _OF_A_PROMISE),
            photos.c.erased_at,
            visits.c.deleted_at,
            deletion.exists().label("being_deleted"),
        )
        .select_from(photos.join(visits, visits.c.id == photos.c.visit_id))
        .where(
            photos.c.id == bindparam("photo_id"),
            visits.c.inspector_id == bindparam("inspector_id"),
            inside(photos, visits),
        )
    )


_PROMISED = Kept(_write_promised)


def receive_photo(session: Session, photo_id: UUID, now: datetime, waits_on: str | None = None) -> bool:
    """Note that the bytes are stored and ask for the derived sizes; False where that had happened before.

    `waits_on` names the machine on whose disk they wait for an object store that is away. The ORM does not hear of it.
    Raises PhotoNotPromised where a revision gave the photo up while its bytes were on their way, and PhotoErased.
    """
    # Of two at once the second waits here, and then finds nothing left to do.
    organization_id = _RECEIVE.run(session, photo_id=photo_id, now=now, machine=waits_on).scalar()
    if organization_id is not None:
        enqueue_quickly(session, organization_id, "derive_photo", now, photo_id=str(photo_id))
        return True
    photo = session.get(Photo, photo_id, populate_existing=True)
    if photo is None:
        raise PhotoNotPromised
    if photo.erased_at is not None:
        raise PhotoErased
    return False


def _write_receive(inside: Inside) -> Any:
    photos = table_of(Photo)
    return (
        update(photos)
        .values(stored_at=bindparam("now"), waits_on=bindparam("machine"))
        .where(
            photos.c.id == bindparam("photo_id"),
            photos.c.stored_at.is_(None),
            photos.c.erased_at.is_(None),
            inside(photos),
        )
        .returning(photos.c.organization_id)
    )


_RECEIVE = Kept(_write_receive)


def record_derived(
    session: Session,
    photo_id: UUID,
    now: datetime,
    *,
    readable: bool,
    reason: str | None,
    width: int | None,
    height: int | None,
    marks: list[Any] | None = None,
) -> bool:
    """Note what the worker found when it made the derived sizes; width and height in pixels, as turned by EXIF.

    `marks` are those that it drew into them: where a revision has changed them meanwhile, nothing is noted, and False.
    """
    photo = session.get_one(Photo, photo_id, with_for_update=True, populate_existing=True)
    if photo.erased_at is not None:
        return True
    if marks is not None and photo.marks != marks:
        return False
    photo.derived_at, photo.readable, photo.unreadable_reason = now, readable, reason
    photo.width, photo.height = width, height
    return True
