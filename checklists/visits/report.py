"""What passes between a phone and the intake: the report as it was read, who sends it, and the receipt."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from checklists.errors import HoldReason
from checklists.scoring import Given
from checklists.visits.tables import VisitState


@dataclass(frozen=True, slots=True)
class AnswerReport:
    given: Given
    reason: str | None
    comment: str | None
    photo_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PhotoPromise:
    id: UUID
    sha256: str
    size: int
    media_type: str
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """A report as the wire has it (rules.md), read and typed; `elapsed_ms` in milliseconds, `utc_offset` in minutes
    east.
    """

    revision: int
    assignment_id: UUID
    version_id: UUID
    started_at: datetime
    finished_at: datetime
    elapsed_ms: int
    utc_offset: int
    app_version: str
    device_id: str
    positions: list[dict[str, Any]]
    answers: tuple[AnswerReport, ...]
    photos: tuple[PhotoPromise, ...]


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """Where somebody inspects: one project, or all of the organization's; and since when no more, where it has
    ended.
    """

    organization_id: UUID
    project_id: UUID | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who delivers, and where they inspect or lately did."""

    user_id: UUID
    accesses: tuple[FieldAccess, ...]


class Arrival(StrEnum):
    NEW = "new"
    SAME = "same"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the phone is told. `missing_photos` are the promised ones whose bytes have not come yet."""

    arrival: Arrival
    id: UUID
    revision: int
    state: VisitState
    hold_reason: HoldReason | None
    received_at: datetime
    missing_photos: tuple[UUID, ...]
