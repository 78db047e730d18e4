"""Copies of drafts come in from phones: one of each phone, the latest it sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from checklists.errors import DraftNotWanted, NotFound, TooManyDrafts
from checklists.visits.drafts import DraftCopy, DraftPhoto, drop_copies, drop_unnamed_photos
from checklists.visits.intake import is_erased
from checklists.visits.report import PhotoPromise, Sender
from checklists.visits.tables import Photo, Visit, VisitState
from checklists.waves import Assignment, AssignmentState

MOST_COPIES = 200
"""How many copies one person may have here."""
MOST_BYTES = 64 * 1024 * 1024
"""How long all of them together may be: a list of them reads them all. One of a hundred answers has some 50 KB."""


@dataclass(frozen=True, slots=True)
class SentCopy:
    """A copy as a phone sends it."""

    device_id: str
    assignment_id: UUID
    revision: int
    changes: int
    begun_at: datetime
    changed_at: datetime
    photos: tuple[PhotoPromise, ...]
    body: bytes


def keep_copy(session: Session, visit_id: UUID, sender: Sender, sent: SentCopy, now: datetime) -> DraftCopy:
    """Keep what a phone has of a draft in place of what that phone sent before; an older one changes nothing.

    Call it once more where it fails on a unique constraint: then the first copy came in between. Raises NotFound for
    an assignment or a visit of somebody else, DraftNotWanted where no visit is waited for, TooManyDrafts.
    """
    _refuse_unwanted(session, visit_id, sender, sent)
    own = (DraftCopy.user_id == sender.user_id, DraftCopy.visit_id == visit_id)
    copy = session.scalar(select(DraftCopy).where(*own, DraftCopy.device_id == sent.device_id).with_for_update())
    if copy is not None and (copy.revision, copy.changes) >= (sent.revision, sent.changes):
        return copy
    number, length = _others(session, sender.user_id, copy)
    if number >= MOST_COPIES or length + len(sent.body) > MOST_BYTES:
        raise TooManyDrafts(most=number)
    if copy is None:
        copy = DraftCopy(visit_id=visit_id, user_id=sender.user_id, device_id=sent.device_id)
    assignment = session.get_one(Assignment, sent.assignment_id)
    copy.organization_id, copy.assignment_id = assignment.organization_id, assignment.id
    for name in ("revision", "changes", "body", "begun_at", "changed_at"):
        setattr(copy, name, getattr(sent, name))
    copy.photos = [
        {"id": str(each.id), "sha256": each.sha256, "size": each.size, "media_type": each.media_type}
        for each in sent.photos
    ]
    copy.kept_at = now
    session.add(copy)
    session.flush()
    drop_unnamed_photos(session, sender.user_id, visit_id, now)
    return copy


def _others(session: Session, user_id: UUID, copy: DraftCopy | None) -> tuple[int, int]:
    """How many copies the person has beside this one, and how many bytes they are together."""
    length = func.coalesce(func.sum(func.length(DraftCopy.body)), 0)
    others = select(func.count(), length).where(DraftCopy.user_id == user_id)
    if copy is not None:
        others = others.where(DraftCopy.id != copy.id)
    number, bytes_of_them = session.execute(others).one()
    return int(number), int(bytes_of_them)


def _refuse_unwanted(session: Session, visit_id: UUID, sender: Sender, sent: SentCopy) -> None:
    """The assignment is locked until the copy is written: whoever takes the visit in waits, and then finds the copy."""
    assignment = session.get(Assignment, sent.assignment_id, with_for_update={"read": True}, populate_existing=True)
    if assignment is None or assignment.inspector_id != sender.user_id or not _may_inspect(sender, assignment):
        raise NotFound
    visit = session.get(Visit, visit_id)
    if visit is None:
        wanted = assignment.state is AssignmentState.HANDED_OUT and sent.revision == 1
    else:
        if visit.inspector_id != sender.user_id or visit.assignment_id != assignment.id:
            raise NotFound
        is_next = sent.revision == visit.revision + 1
        # Of an erased visit nothing comes back; its next revision would be refused, too.
        is_there = visit.deleted_at is None and not is_erased(session, visit)
        wanted = visit.state is VisitState.RETURNED and is_there and is_next
    if not wanted:
        raise DraftNotWanted


def _may_inspect(sender: Sender, assignment: Assignment) -> bool:
    return any(
        access.organization_id == assignment.organization_id and access.project_id in (None, assignment.project_id)
        for access in sender.accesses
    )


def missing_draft_photos(session: Session, copy: DraftCopy) -> list[UUID]:
    """The photos that the copy names and whose bytes are not here."""
    named = [UUID(each["id"]) for each in copy.photos]
    if not named:
        return []
    here = set(session.scalars(select(DraftPhoto.id).where(DraftPhoto.id.in_(named))))
    here.update(
        session.scalars(
            select(Photo.id).where(Photo.id.in_(named), Photo.stored_at.is_not(None) | Photo.erased_at.is_not(None))
        )
    )
    return [photo_id for photo_id in named if photo_id not in here]


def discard_copy(session: Session, user_id: UUID, visit_id: UUID, device_id: str, now: datetime) -> None:
    """Forget one phone's copy. Raises NotFound where there is none."""
    own = (DraftCopy.user_id == user_id, DraftCopy.visit_id == visit_id, DraftCopy.device_id == device_id)
    if session.scalar(select(DraftCopy.id).where(*own)) is None:
        raise NotFound
    drop_copies(session, *own)
    drop_unnamed_photos(session, user_id, visit_id, now)
