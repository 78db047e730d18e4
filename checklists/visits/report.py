"""What passes between a phone and the intake: the report as it was read, who sends it, and the receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from checklists.errors import HoldReason
from checklists.scoring import Given
from checklists.visits.tables import BestPracticeKind, VisitState, is_recording
from checklists.waves import AssignmentState


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
    marks: tuple[Mapping[str, Any], ...] | None = None
    """The layer over the picture, as photos.marks keeps it; None where the report does not speak of it."""
    duration_ms: int | None = None
    receipt: Mapping[str, str | None] | None = None
    """As photos.receipt keeps it; None where the report does not speak of it."""


@dataclass(frozen=True, slots=True)
class BestPracticeReport:
    touchpoint_id: UUID
    kind: BestPracticeKind
    text: str
    photo_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class RepetitionReport:
    """One repetition of a repeating section, with the label that the inspector gave it."""

    section_id: UUID
    repetition: int
    label: str


@dataclass(frozen=True, slots=True)
class StaffReport:
    role: str
    description: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Consent:
    """What the inspector confirmed: `what` it is about ("audio"), in which words, and when by the phone's clock."""

    what: str
    words: str
    at: datetime


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
    best_practices: tuple[BestPracticeReport, ...] = ()
    repetitions: tuple[RepetitionReport, ...] = ()
    staff_met: tuple[StaffReport, ...] = ()
    consents: tuple[Consent, ...] | None = None
    """None where the report does not speak of them: then those of the revision before stand."""

    @property
    def recordings(self) -> frozenset[UUID]:
        """The ids of those among the photos that are heard and not seen."""
        return frozenset(photo.id for photo in self.photos if is_recording(photo.media_type))

    @property
    def begun(self) -> list[tuple[UUID, int]]:
        """Section and number of each repetition that was begun."""
        return [(each.section_id, each.repetition) for each in self.repetitions]


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
    taken_in_by_id: UUID | None = None
    """Who hands it over in the sender's name, out of the file that the phone saved."""


@dataclass(frozen=True, slots=True)
class AssignedPlace:
    """What the intake asks of an assignment and its outlet."""

    assignment_id: UUID
    organization_id: UUID
    project_id: UUID
    wave_id: UUID
    version_id: UUID
    outlet_id: UUID
    inspector_id: UUID | None
    state: AssignmentState
    brand_id: UUID
    attributes: Mapping[str, str]
    """The outlet's, as conditions ask for them."""
    outlet_deleted: bool
    drafts_kept: bool
    """Whether something of the visit's draft lies here, its photos perhaps."""


class Arrival(StrEnum):
    NEW = "new"
    SAME = "same"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the phone is told. `missing_photos` are the promised ones whose bytes have not come yet: those of the visit,
    and of a CONFLICT those of the report that is kept beside it.
    """

    arrival: Arrival
    id: UUID
    revision: int
    state: VisitState
    hold_reason: HoldReason | None
    received_at: datetime
    missing_photos: tuple[UUID, ...]
