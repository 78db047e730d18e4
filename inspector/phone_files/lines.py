"""What is said of each visit in a phone's file: before it is taken in, and afterwards."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Kind(StrEnum):
    """Finished, or begun."""

    VISIT = "visit"
    DRAFT = "draft"


class Outcome(StrEnum):
    """What becomes of a visit, or of a draft from the fifth on."""

    NEW = "new"
    SAME = "same"
    HELD = "held"
    OTHER_CONTENT = "other_content"
    REFUSED = "refused"
    DAMAGED = "damaged"
    KEPT = "kept"
    KEPT_BEFORE = "kept_before"


@dataclass(slots=True)
class PhotoCounts:
    """The photos of one visit: how many it has; of those that the server lacks, `given` can come out of the file (or
    have come), `absent` are not in it, `wrong` are not the promised ones; `failed` could not be stored for now.
    """

    all: int = 0
    given: int = 0
    absent: int = 0
    wrong: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One visit. `why` is a catalogue key, filled from `details`; `answers` how many a report has."""

    kind: Kind
    id: UUID
    outcome: Outcome
    why: str = ""
    assignment_id: UUID | None = None
    at: datetime | None = None
    """When it was finished; of a draft, when it was changed last."""
    answers: int | None = None
    photos: PhotoCounts = field(default_factory=PhotoCounts)
    details: Mapping[str, str | int | float] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """The line as JSON keeps it."""
        return asdict(self) | {
            "id": str(self.id),
            "assignment_id": str(self.assignment_id) if self.assignment_id else None,
            "at": self.at.isoformat() if self.at else None,
        }

    @classmethod
    def read(cls, kept: dict[str, Any]) -> "Line":
        """The line as `kept` made it."""
        return cls(
            Kind(kept["kind"]),
            UUID(kept["id"]),
            Outcome(kept["outcome"]),
            kept["why"],
            UUID(kept["assignment_id"]) if kept["assignment_id"] else None,
            datetime.fromisoformat(kept["at"]) if kept["at"] else None,
            kept["answers"],
            PhotoCounts(**kept["photos"]),
            kept["details"],
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What is in a file for one project. `elsewhere` counts the visits that are not this project's: of them no more is
    said. `inspector` is whose work it is, None where nothing of it is this project's to know.
    """

    made_at: datetime
    inspector: UUID | None
    lines: list[Line]
    elsewhere: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing has to be tried again."""
        return not any(line.photos.failed for line in self.lines)

    def kept(self) -> dict[str, Any]:
        return {
            "made_at": self.made_at.isoformat(),
            "inspector": str(self.inspector) if self.inspector else None,
            "lines": [line.kept() for line in self.lines],
            "elsewhere": self.elsewhere,
        }

    @classmethod
    def read(cls, kept: dict[str, Any]) -> "Told":
        return cls(
            datetime.fromisoformat(kept["made_at"]),
            UUID(kept["inspector"]) if kept["inspector"] else None,
            [Line.read(line) for line in kept["lines"]],
            kept["elsewhere"],
        )
