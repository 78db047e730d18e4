"""The table of tombstones."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from checklists.orm import Base, Owned, key, one_of


class ErasureKind(StrEnum):
    PHOTO = "photo"
    PERSON = "person"
    STAFF = "staff"
    VISIT = "visit"


class Erasure(Owned, Base):
    """The tombstone of what was erased: what it was, its SHA-256 where it had bytes, who asked for it, when and why."""

    __tablename__ = "erasures"

    id: Mapped[UUID] = key()
    kind: Mapped[ErasureKind] = mapped_column(one_of(ErasureKind))
    subject_id: Mapped[UUID]
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("projects.id"))
    sha256: Mapped[str | None]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Nobody, where the project's retention ran out."""
    reason: Mapped[str]
    at: Mapped[datetime]


Index("ix_erasures_subject", Erasure.organization_id, Erasure.subject_id)
