"""The tables of a checklist: versions, sections, criteria, and the states and options of a criterion."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from checklists.journey import Touchpoint
from checklists.orm import Base, JsonValue, LanguageMap, Owned, key, new_id, one_of, reference
from checklists.scoring import Kind

GREEN_FROM = 0.9
YELLOW_FROM = 0.7


class Polarity(StrEnum):
    EXPECTED = "expected"
    FORBIDDEN = "forbidden"


class Purpose(StrEnum):
    """What a checklist is for: a test asks one employee, a self-audit is filled in by the outlet's own people."""

    VISIT = "visit"
    TEST = "test"
    SELF_AUDIT = "self_audit"


class Critical(StrEnum):
    """What red at a critical criterion does to the check's score, beside making the check red."""

    FLAG = "flag"
    CAP = "cap"
    ZERO = "zero"


class OptionZone(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Evidence(StrEnum):
    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"
    NOT_GREEN = "not_green"  # Required where the answer comes out yellow or red.


class Comment(StrEnum):
    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"
    NOT_GREEN = "not_green"


class Unit(StrEnum):
    SECONDS = "seconds"
    MINUTES = "minutes"
    PIECES = "pieces"
    MONEY = "money"
    PERCENT = "percent"


class Direction(StrEnum):
    LOWER_IS_BETTER = "lower_is_better"
    HIGHER_IS_BETTER = "higher_is_better"


class Checklist(Owned, Base):
    __tablename__ = "checklists"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    name: Mapped[LanguageMap]
    blind: Mapped[bool] = mapped_column(default=True)
    purpose: Mapped[Purpose] = mapped_column(one_of(Purpose), default=Purpose.VISIT)
    created_at: Mapped[datetime]

    versions: Mapped[list["ChecklistVersion"]] = relationship(
        order_by="ChecklistVersion.number", back_populates="checklist"
    )


class ChecklistVersion(Owned, Base):
    """One state of a checklist: a draft while `published_at` is empty, frozen afterwards."""

    __tablename__ = "checklist_versions"
    __table_args__ = (UniqueConstraint("checklist_id", "number"),)

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    checklist_id: Mapped[UUID] = reference("checklists.id")
    number: Mapped[int]
    green_from: Mapped[float] = mapped_column(default=GREEN_FROM)
    yellow_from: Mapped[float] = mapped_column(default=YELLOW_FROM)
    grades: Mapped[list[Any]] = mapped_column(default=list)
    """Named bands for reports, as {"name": language map, "from": share}."""
    staff_met: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime | None]
    document: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)

    checklist: Mapped[Checklist] = relationship(back_populates="versions", lazy="joined")
    sections: Mapped[list["Section"]] = relationship(
        order_by="Section.position", cascade="all, delete-orphan", passive_deletes=True, back_populates="version"
    )


Index(
    "uq_checklist_versions_one_draft",
    ChecklistVersion.checklist_id,
    unique=True,
    sqlite_where=ChecklistVersion.published_at.is_(None),
    postgresql_where=ChecklistVersion.published_at.is_(None),
)


class Section(Owned, Base):
    """A part of a version, bound to one touchpoint; `required_checks` is what a wave starts from, per brand."""

    __tablename__ = "sections"

    id: Mapped[UUID] = key()
    lineage_id: Mapped[UUID] = mapped_column(default=new_id, index=True)
    version_id: Mapped[UUID] = reference("checklist_versions.id", cascade=True)
    touchpoint_id: Mapped[UUID] = reference("touchpoints.id")
    title: Mapped[LanguageMap]
    intro: Mapped[LanguageMap] = mapped_column(default=dict)
    required_checks: Mapped[int] = mapped_column(default=10)
    weight: Mapped[float | None]
    repeats: Mapped[bool] = mapped_column(default=False)
    repeat_label: Mapped[LanguageMap] = mapped_column(default=dict)
    most_repetitions: Mapped[int] = mapped_column(default=10)
    shown_when: Mapped[dict[str, Any] | None]
    origin_lineage_id: Mapped[UUID | None]
    position: Mapped[int]

    version: Mapped[ChecklistVersion] = relationship(back_populates="sections")
    touchpoint: Mapped[Touchpoint] = relationship()
    criteria: Mapped[list["Criterion"]] = relationship(
        order_by="Criterion.position", cascade="all, delete-orphan", passive_deletes=True, back_populates="section"
    )


class Criterion(Owned, Base):
    """What is checked. `enough` says how many expected states make it green: "all", "any", or a number."""

    __tablename__ = "criteria"

    id: Mapped[UUID] = key()
    lineage_id: Mapped[UUID] = mapped_column(default=new_id, index=True)
    section_id: Mapped[UUID] = reference("sections.id", cascade=True)
    kind: Mapped[Kind] = mapped_column(one_of(Kind))
    text: Mapped[LanguageMap]
    guidance: Mapped[LanguageMap] = mapped_column(default=dict)
    weight: Mapped[float] = mapped_column(default=1.0)
    required: Mapped[bool] = mapped_column(default=True)
    scored: Mapped[bool] = mapped_column(default=True)
    critical: Mapped[Critical | None] = mapped_column(one_of(Critical))
    critical_cap: Mapped[float | None]
    barrier_id: Mapped[UUID | None] = reference("barriers.id", nullable=True)
    shown_when: Mapped[dict[str, Any] | None]
    may_be_not_applicable: Mapped[bool] = mapped_column(default=False)
    evidence: Mapped[Evidence] = mapped_column(one_of(Evidence), default=Evidence.OPTIONAL)
    evidence_at_least: Mapped[int] = mapped_column(default=1)
    comment: Mapped[Comment] = mapped_column(one_of(Comment), default=Comment.OPTIONAL)
    enough: Mapped[str] = mapped_column(default="all")
    all_or_nothing: Mapped[bool] = mapped_column(default=False)
    unit: Mapped[Unit | None] = mapped_column(one_of(Unit))
    decimals: Mapped[int] = mapped_column(default=0)
    direction: Mapped[Direction | None] = mapped_column(one_of(Direction))
    green_limit: Mapped[float | None]
    red_limit: Mapped[float | None]
    linear: Mapped[bool] = mapped_column(default=False)
    several: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What only this kind of criterion uses (scoring/kinds.py says what), so that a new kind needs no column."""
    pictures: Mapped[list[Any]] = mapped_column(default=list)
    origin_lineage_id: Mapped[UUID | None]
    """The lineage that it had in the version from which this draft was made; None for what is new in it."""
    position: Mapped[int]

    section: Mapped[Section] = relationship(back_populates="criteria")
    states: Mapped[list["State"]] = relationship(
        order_by="State.position", cascade="all, delete-orphan", passive_deletes=True
    )
    options: Mapped[list["Option"]] = relationship(
        order_by="Option.position", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def parts(self) -> list["State | Option"]:
        """What an answer can consist of."""
        return [*self.states, *self.options]


class State(Owned, Base):
    """One short sentence of what one would see: as it should be, or as it should not be."""

    __tablename__ = "states"

    id: Mapped[UUID] = key()
    lineage_id: Mapped[UUID] = mapped_column(default=new_id)
    criterion_id: Mapped[UUID] = reference("criteria.id", cascade=True)
    text: Mapped[LanguageMap]
    polarity: Mapped[Polarity] = mapped_column(one_of(Polarity))
    description: Mapped[LanguageMap] = mapped_column(default=dict)
    weight: Mapped[float] = mapped_column(default=1.0)
    position: Mapped[int]


class Option(Owned, Base):
    """One answer of a choice, with its zone; `points` (0..1) override those of the zone."""

    __tablename__ = "options"

    id: Mapped[UUID] = key()
    lineage_id: Mapped[UUID] = mapped_column(default=new_id)
    criterion_id: Mapped[UUID] = reference("criteria.id", cascade=True)
    text: Mapped[LanguageMap]
    zone: Mapped[OptionZone] = mapped_column(one_of(OptionZone))
    points: Mapped[float | None]
    free_text: Mapped[bool] = mapped_column(default=False)
    description: Mapped[LanguageMap] = mapped_column(default=dict)
    position: Mapped[int]


class GuidancePicture(Owned, Base):
    """A reference picture in a criterion's guidance; its bytes are in the photo storage and are never replaced."""

    __tablename__ = "guidance_pictures"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    sha256: Mapped[str]
    size: Mapped[int]
    media_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    added_at: Mapped[datetime]
