"""What the manifest of a phone's file says that is in it. None of it is believed before the bytes were looked at."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FiledPhoto:
    """A photo; `file` names the entry with its bytes, None where the phone had them no more."""

    id: UUID
    sha256: str
    size: int
    media_type: str
    file: str | None


@dataclass(frozen=True, slots=True)
class FiledVisit:
    """A finished visit; `report` names the entry with the frozen bytes, whose hash is `sha256`."""

    id: UUID
    revision: int
    report: str
    sha256: str
    photos: tuple[FiledPhoto, ...]


@dataclass(frozen=True, slots=True)
class FiledDraft:
    """A begun visit, as the phone would have kept it on the server (checklists.visits.SentCopy)."""

    id: UUID
    device_id: str
    assignment_id: UUID
    revision: int
    changes: int
    begun_at: datetime
    changed_at: datetime
    file: str
    sha256: str
    photos: tuple[FiledPhoto, ...]


@dataclass(frozen=True, slots=True)
class PhoneFile:
    """The work of one person on one phone."""

    made_at: datetime
    app_version: str
    device_id: str
    person_id: UUID
    visits: tuple[FiledVisit, ...]
    drafts: tuple[FiledDraft, ...]
