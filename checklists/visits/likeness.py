"""Photos that look like photos of other visits: the same file twice, or nearly the same picture."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from checklists.orm import Base, Owned, one_of


class Likeness(StrEnum):
    EXACT = "exact"
    NEAR = "near"
    MIRRORED = "mirrored"


class PhotoLikeness(Owned, Base):
    """One photo looks like an earlier one of another visit; `distance` is how many bits of the fingerprints differ."""

    __tablename__ = "photo_likenesses"

    photo_id: Mapped[UUID] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True)
    earlier_id: Mapped[UUID] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True, index=True)
    kind: Mapped[Likeness] = mapped_column(one_of(Likeness))
    distance: Mapped[int]
