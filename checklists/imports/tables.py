"""What a manager uploads to be imported: the bytes as they came, kept from the preview to the confirmation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from checklists.errors import N_, NotFound
from checklists.imports.csv_table import refused
from checklists.orm import Base, Owned, key, reference

KEPT_UNCONFIRMED = timedelta(days=1)
LONGEST_FILE_NAME = 200
LINES_SHOWN = 100
WRONG_LINES_SHOWN = 500


class ImportKind(StrEnum):
    OUTLETS = "outlets"
    INSPECTORS = "inspectors"


PHONE_FILE = "phone_file"
"""The kind of an import that is no table: unsent work that an inspector's phone saved to a file."""


class Effect(StrEnum):
    """What a line of the table comes to."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


class Import(Owned, Base):
    """One uploaded table of outlets or inspectors, or one phone's file; `counts` say what it came to once it was
    confirmed.
    """

    __tablename__ = "imports"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    kind: Mapped[str]
    file_name: Mapped[str]
    body: Mapped[bytes]
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    uploaded_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)


@dataclass(frozen=True, slots=True)
class ImportLine:
    """What one line of the table would do. `wrong` is a catalogue key, filled from `details`; `before` has the old
    values of the columns that change.
    """

    number: int
    effect: Effect
    cells: Mapping[str, str]
    wrong: str = ""
    details: Mapping[str, str | int] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """How many lines have which effect, with the first lines and the first wrong ones, in the file's order."""

    counts: dict[Effect, int]
    shown: list[ImportLine]


def preview_of(lines: Iterable[ImportLine]) -> Preview:
    """Goes through all lines, keeping the first 100 of them and of the others the first 500 wrong ones."""
    preview = Preview(dict.fromkeys(Effect, 0), [])
    for seen, line in enumerate(lines):
        preview.counts[line.effect] += 1
        few_wrong = preview.counts[Effect.WRONG] <= WRONG_LINES_SHOWN
        if seen < LINES_SHOWN or (line.effect is Effect.WRONG and few_wrong):
            preview.shown.append(line)
    return preview


def keep_upload(
    session: Session, project_id: UUID, kind: str, file_name: str, body: bytes, user_id: UUID, now: datetime
) -> Import:
    """Keep the bytes until they are confirmed; what nobody confirmed for a day is removed (`forget_unconfirmed`).

    `file_name` is shown only: nothing is ever opened by it.
    """
    forget_unconfirmed(session, now)
    kept = Import(
        project_id=project_id, kind=kind, file_name=_shown(file_name), body=body, uploaded_by=user_id, uploaded_at=now
    )
    session.add(kept)
    session.flush()
    return kept


def forget_unconfirmed(session: Session, now: datetime) -> None:
    """A table that nobody confirmed for a day goes, with the names and addresses in it."""
    session.execute(delete(Import).where(Import.finished_at.is_(None), Import.uploaded_at < now - KEPT_UNCONFIRMED))


def _shown(file_name: str) -> str:
    """The last part of a path, without signs that cannot be seen or that turn the direction of writing."""
    last = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable())[-LONGEST_FILE_NAME:]


def table_kind(upload: Import) -> ImportKind:
    """Which table it is. Raises NotFound for what is none."""
    if upload.kind == PHONE_FILE:
        raise NotFound
    return ImportKind(upload.kind)


def phone_file(session: Session, import_id: UUID, project_id: UUID, *, lock: bool = False) -> Import:
    """A phone's file that was uploaded in this project. Raises NotFound."""
    found = session.get(Import, import_id, with_for_update=lock, populate_existing=lock)
    if found is None or found.project_id != project_id or found.kind != PHONE_FILE:
        raise NotFound
    return found


def finish_phone_file(upload: Import, result: Mapping[str, Any], now: datetime) -> None:
    """What was in the file was taken in. Its bytes are not kept any longer."""
    upload.counts, upload.body, upload.finished_at = dict(result), b"", now


def take_up(session: Session, import_id: UUID, project_id: UUID) -> Import:
    """The import for its confirmation, which nobody else can do at the same time.

    Raises NotFound for another project's, InvalidInput by "file" for one that was confirmed already.
    """
    found = session.get(Import, import_id, with_for_update=True)
    if found is None or found.project_id != project_id or found.kind == PHONE_FILE:
        raise NotFound
    if found.finished_at is not None:
        raise refused(N_("This file was imported already."))
    return found


def refuse_wrong(counts: Mapping[Effect, int], leave_out_wrong: bool) -> None:
    """Raises InvalidInput by "file" where lines are wrong and are not to be left out."""
    if counts[Effect.WRONG] and not leave_out_wrong:
        raise refused(N_("Some lines are wrong, so nothing was imported. Mend the file, or have the rest imported."))


def finish(upload: Import, counts: Mapping[Effect, int], now: datetime) -> None:
    """The import is done. Its bytes are not kept any longer."""
    upload.counts = {effect.value: count for effect, count in counts.items()}
    upload.body = b""
    upload.finished_at = now
