"""A phone's file, looked into and taken in: each visit is delivered in its inspector's name to the intake of phones, so
that what a phone may send any number of times may come out of a file as often. Looking does the same and undoes it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO, TypeVar
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from checklists.errors import (
    HOLD_REASONS,
    N_,
    DomainError,
    NotFound,
    NotJson,
    OtherContent,
    PhotoBeingDeleted,
    PhotoErased,
    PhotoNotPromised,
    StorageUnavailable,
    WrongHash,
    WrongSize,
)
from checklists.visits import (
    Arrival,
    AwaitedPhoto,
    PhotoPromise,
    PromisedPhoto,
    Receipt,
    Report,
    Sender,
    SentCopy,
    Visit,
    VisitState,
    assignments_of,
    awaited_draft_photo,
    keep_copy,
    keep_draft_photo,
    missing_draft_photos,
    promised_photo,
    receive_photo,
    record_visit,
    sender_of,
)
from inspector.acts import note_written
from inspector.api.phone_file_manifest import read_manifest
from inspector.api.report_body import legible_photos, read_report
from inspector.phone_files.archive import Archive, Damaged
from inspector.phone_files.contents import FiledDraft, FiledPhoto, FiledVisit
from inspector.phone_files.lines import Kind, Line, Outcome, PhotoCounts, Told
from inspector.photo_storage import PhotoStorage, photo_key
from inspector.settings import Settings
from inspector.transactions import reading, writing

Result = TypeVar("Result")

FOREIGN = N_("It is of another inspector.")
BROKEN = N_("Its content in the file is damaged. Ask the inspector to save and send the file again.")


def look_into(file: BinaryIO, project_id: UUID, settings: Settings) -> Told:
    """What would become of each visit; nothing is changed. Raises InvalidInput by "file"."""
    return _go_through(file, project_id, settings)


def take_in(file: BinaryIO, project_id: UUID, settings: Settings, storage: PhotoStorage, by_id: UUID) -> Told:
    """Deliver each visit, keep each draft; `by_id` is who does that. Fine any number of times. Raises InvalidInput by
    "file".
    """
    return _go_through(file, project_id, settings, storage, by_id)


def _go_through(
    file: BinaryIO,
    project_id: UUID,
    settings: Settings,
    storage: PhotoStorage | None = None,
    by_id: UUID | None = None,
) -> Told:
    archive = Archive(file)
    found = read_manifest(archive)
    with reading() as session:
        known = sender_of(session, found.person_id, project_id, datetime.now(UTC))
    if known is None:
        return Told(found.made_at, None, [], len(found.visits) + len(found.drafts))
    taking = _Taking(archive, project_id, replace(known[1], taken_in_by_id=by_id), settings, storage)
    lines = [*map(taking.visit, found.visits), *map(taking.draft, found.drafts)]
    shown = [line for line in lines if line is not None]
    return Told(found.made_at, found.person_id, shown, len(lines) - len(shown))


@dataclass(frozen=True, slots=True)
class _Taking:
    """Going through one file; without a storage only to look."""

    archive: Archive
    project_id: UUID
    sender: Sender
    settings: Settings
    storage: PhotoStorage | None

    def visit(self, filed: FiledVisit) -> Line | None:
        """What becomes of a finished visit; None where it is not the project's."""
        line = Line(Kind.VISIT, filed.id, Outcome.DAMAGED, BROKEN)
        try:
            body = self._bytes(filed.report, filed.sha256)
            report = read_report(body)
        except (Damaged, NotJson):
            return line
        assignment_id = report.assignment_id if report else _assignment_named(body)
        if not self._is_ours(assignment_id) or self._is_elsewhere(filed.id):
            return None
        line = replace(line, assignment_id=assignment_id)
        if report is not None:
            line = replace(line, at=report.finished_at, answers=len(report.answers))
        try:
            receipt = self._in_one_act(lambda session: self._record(session, filed.id, body, report))
        except DomainError as error:
            return _refused(line, error)
        outcome = Outcome.NEW if receipt.arrival is Arrival.NEW else Outcome.SAME
        why = HOLD_REASONS[receipt.hold_reason] if receipt.hold_reason else ""
        if receipt.arrival is Arrival.CONFLICT:
            outcome, why = Outcome.OTHER_CONTENT, OtherContent.message
        elif receipt.state is VisitState.HELD and outcome is Outcome.NEW:
            outcome = Outcome.HELD
        photos = self._photos(receipt.missing_photos, filed.photos, self._deliver_photo)
        photos.all = len(report.photos) if report else len(filed.photos)
        return replace(line, outcome=outcome, why=why, photos=photos)

    def _is_elsewhere(self, visit_id: UUID) -> bool:
        """Whether a visit of another project has this id: nothing is laid beside it."""
        with reading() as session:
            known = session.get(Visit, visit_id)
            return known is not None and known.project_id not in (None, self.project_id)

    def _record(self, session: Session, visit_id: UUID, body: bytes, report: Report | None) -> Receipt:
        legible = () if report else legible_photos(body)
        receipt = record_visit(session, visit_id, self.sender, body, report, datetime.now(UTC), legible)
        if receipt.arrival is Arrival.NEW:
            note_written(session, self.sender.accesses[0].organization_id, "visits")
        return receipt

    def draft(self, filed: FiledDraft) -> Line | None:
        """What becomes of a begun visit; None where it is not the project's."""
        if not self._is_ours(filed.assignment_id):
            return None
        line = Line(Kind.DRAFT, filed.id, Outcome.DAMAGED, BROKEN, filed.assignment_id, filed.changed_at)
        line.photos.all = len(filed.photos)
        try:
            body = self._bytes(filed.file, filed.sha256)
            body.decode()
        except (Damaged, UnicodeDecodeError):
            return line
        sent = _copy_of(filed, body)
        try:
            is_news, missing = self._in_one_act(lambda session: self._keep(session, filed.id, sent))
        except DomainError as error:
            return _refused(line, error)
        photos = self._photos(missing, filed.photos, lambda filed_photo: self._keep_photo(filed.id, filed_photo))
        photos.all = len(filed.photos)
        return replace(line, outcome=Outcome.KEPT if is_news else Outcome.KEPT_BEFORE, why="", photos=photos)

    def _keep(self, session: Session, visit_id: UUID, sent: SentCopy) -> tuple[bool, list[UUID]]:
        now = datetime.now(UTC)
        # Whose access has ended delivers what was begun before, and begins nothing.
        active = tuple(each for each in self.sender.accesses if each.ended_at is None)
        copy = keep_copy(session, visit_id, replace(self.sender, accesses=active), sent, now)
        return copy.kept_at == now, missing_draft_photos(session, copy)

    def _bytes(self, name: str, sha256: str) -> bytes:
        body = self.archive.read(name, self.settings.visit_max_bytes)
        if hashlib.sha256(body).hexdigest() != sha256:
            raise Damaged
        return body

    def _is_ours(self, assignment_id: UUID | None) -> bool:
        if assignment_id is None:
            return False
        with reading() as session:
            return bool(assignments_of(session, self.project_id, [assignment_id]))

    def _in_one_act(self, act: Callable[[Session], Result]) -> Result:
        """What the act gives, in a transaction of its own; undone where this is only a look.

        Raises OtherContent where an id is taken where this inspector may not look.
        """
        for _attempt in range(2):
            done: list[Result] = []
            try:
                with writing() as session:
                    done.append(act(session))
                    session.flush()
                    if self.storage is None:
                        raise _Undone
            except _Undone:
                return done[0]
            except IntegrityError:
                continue  # The same came in between our look and our write; a second look finds it.
            return done[0]
        raise OtherContent

    def _photos(
        self,
        missing: Iterable[UUID],
        filed: Iterable[FiledPhoto],
        deliver: Callable[[FiledPhoto], None],
    ) -> PhotoCounts:
        """Have the missing photos delivered, or only counted."""
        counts = PhotoCounts()
        here: Mapping[UUID, FiledPhoto] = {
            photo.id: photo for photo in filed if self.archive.size(photo.file) is not None
        }
        for photo_id in missing:
            photo = here.get(photo_id)
            try:
                if photo is None:
                    counts.absent += 1
                    continue
                if self.storage is not None:
                    deliver(photo)
                counts.given += 1
            except (Damaged, WrongSize, WrongHash, OtherContent):
                counts.wrong += 1
            except (PhotoNotPromised, PhotoErased):
                counts.absent += 1
            except (StorageUnavailable, PhotoBeingDeleted):
                counts.failed += 1
        return counts

    def _deliver_photo(self, filed: FiledPhoto) -> None:
        """Store a photo if its bytes are those that the report promised."""
        with reading() as session:
            photo = promised_photo(session, filed.id, self.sender)
        waits_on = self._store(photo, filed)
        with writing() as session:
            receive_photo(session, photo.id, datetime.now(UTC), waits_on)

    def _keep_photo(self, visit_id: UUID, filed: FiledPhoto) -> None:
        """Store a photo of a draft if its bytes are those that the copy names."""
        user_id = self.sender.user_id
        with reading() as session:
            photo = awaited_draft_photo(session, user_id, visit_id, filed.id)
        if photo.is_here:
            return
        waits_on = self._store(photo, filed)
        try:
            with writing() as session:
                kept = keep_draft_photo(session, user_id, visit_id, photo, datetime.now(UTC), waits_on)
        except IntegrityError:
            raise OtherContent from None
        if not kept:
            raise PhotoNotPromised

    def _store(self, photo: PromisedPhoto | AwaitedPhoto, filed: FiledPhoto) -> str | None:
        """No transaction is open meanwhile. Raises Damaged, WrongSize, WrongHash, StorageUnavailable."""
        assert self.storage is not None
        if photo.size > self.settings.photo_max_bytes:
            raise WrongSize(received=photo.size, promised=self.settings.photo_max_bytes)
        with self.archive.stream(filed.file) as entry:
            return self.storage.write(photo_key(photo), entry, size=photo.size, sha256=photo.sha256)


def _refused(line: Line, error: DomainError) -> Line:
    # What a phone is told in these words means something else to a manager.
    why = FOREIGN if isinstance(error, NotFound) else error.message
    return replace(line, outcome=Outcome.REFUSED, why=why, details=error.details)


class _Undone(Exception):
    """Ends a transaction of which nothing shall stay."""


def _assignment_named(body: bytes) -> UUID | None:
    """The assignment of a report that has not the agreed form otherwise."""
    try:
        return UUID(json.loads(body)["assignment_id"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _copy_of(filed: FiledDraft, body: bytes) -> SentCopy:
    photos = tuple(PhotoPromise(each.id, each.sha256, each.size, each.media_type, None) for each in filed.photos)
    return SentCopy(
        filed.device_id,
        filed.assignment_id,
        filed.revision,
        filed.changes,
        filed.begun_at,
        filed.changed_at,
        photos,
        body,
    )
