"""The tables of a review: each decision on a visit, and the layer of corrections over what the inspector sent."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from checklists.orm import Base, Owned, key, one_of, reference
from checklists.people import User


class Decision(StrEnum):
    """What a reviewer did with a visit."""

    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    REOPENED = "reopened"
    PUT_RIGHT = "put_right"


class Review(Owned, Base):
    """One decision on one revision; `notes` are {"criterion_id", "repetition", "text"} of what was sent back."""

    __tablename__ = "reviews"

    id: Mapped[UUID] = key()
    visit_id: Mapped[UUID] = reference("visits.id")
    revision: Mapped[int]
    decision: Mapped[Decision] = mapped_column(one_of(Decision))
    reason: Mapped[str] = mapped_column(default="")
    notes: Mapped[list[Any]] = mapped_column(default=list)
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]

    reviewer: Mapped[User] = relationship()


class Correction(Owned, Base):
    """One answer as it was and as it counts now, each as {"status", "states", "options", "value", "comment"}."""

    __tablename__ = "corrections"

    id: Mapped[UUID] = key()
    visit_id: Mapped[UUID] = reference("visits.id")
    revision: Mapped[int]
    criterion_id: Mapped[UUID] = mapped_column(ForeignKey("criteria.id"))
    repetition: Mapped[int]
    old: Mapped[dict[str, Any]]
    new: Mapped[dict[str, Any]]
    reason: Mapped[str]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]

    by: Mapped[User] = relationship()
