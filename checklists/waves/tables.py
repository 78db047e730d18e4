"""The tables of a wave: what it consists of, its required checks, and its assignments."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.orm import Base, LanguageMap, Owned, key, one_of, reference
from checklists.people import User


class AssignmentState(StrEnum):
    """Planned, handed out and delivered follow one another; revoked and void leave the place in the plan open again."""

    PLANNED = "planned"
    HANDED_OUT = "handed_out"
    DELIVERED = "delivered"
    REVOKED = "revoked"
    VOID = "void"  # Its visit was rejected.


OPEN_PLACES = (AssignmentState.PLANNED, AssignmentState.HANDED_OUT, AssignmentState.DELIVERED)
"""The states in which an assignment holds its place in the plan."""


class Wave(Owned, Base):
    """A fieldwork period. Its edges are whole days in each outlet's own zone, both included."""

    __tablename__ = "waves"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    name: Mapped[LanguageMap]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    brief: Mapped[LanguageMap] = mapped_column(default=dict)
    day_parts: Mapped[list[Any]] = mapped_column(default=list)
    """Pairs of hours in the outlet's zone, such as [9, 13], over which visits are spread."""
    created_at: Mapped[datetime]

    checklists: Mapped[list["WaveChecklist"]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    outlets: Mapped[list["WaveOutlet"]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    required: Mapped[list["RequiredChecks"]] = relationship(cascade="all, delete-orphan", passive_deletes=True)


class WaveChecklist(Owned, Base):
    """The one version of a checklist that this wave uses."""

    __tablename__ = "wave_checklists"
    __table_args__ = (UniqueConstraint("wave_id", "version_id"),)

    id: Mapped[UUID] = key()
    wave_id: Mapped[UUID] = reference("waves.id", cascade=True)
    version_id: Mapped[UUID] = reference("checklist_versions.id")

    version: Mapped[ChecklistVersion] = relationship()


class WaveOutlet(Owned, Base):
    __tablename__ = "wave_outlets"
    __table_args__ = (UniqueConstraint("wave_id", "outlet_id"),)

    id: Mapped[UUID] = key()
    wave_id: Mapped[UUID] = reference("waves.id", cascade=True)
    outlet_id: Mapped[UUID] = reference("outlets.id")

    outlet: Mapped[Outlet] = relationship()


class RequiredChecks(Owned, Base):
    """How many checks a touchpoint needs at a brand in this wave, or at one of its outlets where `outlet_id` is set."""

    __tablename__ = "required_checks"
    __table_args__ = (UniqueConstraint("wave_id", "touchpoint_id", "brand_id", "outlet_id"),)

    id: Mapped[UUID] = key()
    wave_id: Mapped[UUID] = reference("waves.id", cascade=True)
    touchpoint_id: Mapped[UUID] = reference("touchpoints.id")
    brand_id: Mapped[UUID] = reference("brands.id")
    outlet_id: Mapped[UUID | None] = reference("outlets.id", nullable=True)
    required: Mapped[int]


class Assignment(Owned, Base):
    """One planned visit, handed to one inspector. `due_from` and `due_until` bound it, in UTC."""

    __tablename__ = "assignments"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    wave_id: Mapped[UUID] = reference("waves.id")
    version_id: Mapped[UUID] = reference("checklist_versions.id")
    outlet_id: Mapped[UUID] = reference("outlets.id")
    inspector_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[AssignmentState] = mapped_column(one_of(AssignmentState), default=AssignmentState.PLANNED)
    brief: Mapped[LanguageMap] = mapped_column(default=dict)
    due_from: Mapped[datetime]
    due_until: Mapped[datetime]
    hours_from: Mapped[int | None]
    hours_until: Mapped[int | None]
    handed_out_at: Mapped[datetime | None]

    wave: Mapped[Wave] = relationship()
    version: Mapped[ChecklistVersion] = relationship()
    outlet: Mapped[Outlet] = relationship()
    inspector: Mapped[User | None] = relationship()
