"""The checklist that an audit manager designs, and its versions.

A draft is edited row by row. Publishing compiles it into one JSON document, which is frozen with the version: scoring, the phone and the
pages read that document, so what an inspector saw can be shown and scored in the same way for ever.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from checklists.errors import N_, ChecklistIncomplete, PublishedIsFrozen
from checklists.journey import Touchpoint
from checklists.orm import Base, JsonValue, LanguageMap, Owned, key, new_id, one_of, reference
from checklists.scoring import Kind

GREEN_FROM = 0.9
YELLOW_FROM = 0.7


class Polarity(StrEnum):
    EXPECTED = "expected"
    FORBIDDEN = "forbidden"


class OptionZone(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Evidence(StrEnum):
    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Comment(StrEnum):
    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


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
    several: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]

    section: Mapped[Section] = relationship(back_populates="criteria")
    states: Mapped[list["State"]] = relationship(
        order_by="State.position", cascade="all, delete-orphan", passive_deletes=True
    )
    options: Mapped[list["Option"]] = relationship(
        order_by="Option.position", cascade="all, delete-orphan", passive_deletes=True
    )


class State(Owned, Base):
    """One short sentence of what one would see: as it should be, or as it should not be."""

    __tablename__ = "states"

    id: Mapped[UUID] = key()
    lineage_id: Mapped[UUID] = mapped_column(default=new_id)
    criterion_id: Mapped[UUID] = reference("criteria.id", cascade=True)
    text: Mapped[LanguageMap]
    polarity: Mapped[Polarity] = mapped_column(one_of(Polarity))
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
    position: Mapped[int]


def create_checklist(session: Session, project_id: UUID, name: LanguageMap, now: datetime) -> Checklist:
    """A checklist with its first, empty draft."""
    checklist = Checklist(project_id=project_id, name=name, created_at=now)
    checklist.versions.append(ChecklistVersion(project_id=project_id, number=1))
    session.add(checklist)
    session.flush()
    return checklist


def version_with_parts(session: Session, version_id: UUID) -> ChecklistVersion | None:
    """A version with sections, criteria, states and options, in a fixed number of statements."""
    criteria = selectinload(ChecklistVersion.sections).selectinload(Section.criteria)
    return session.scalar(
        select(ChecklistVersion)
        .where(ChecklistVersion.id == version_id)
        .options(
            criteria.selectinload(Criterion.states),
            criteria.selectinload(Criterion.options),
            selectinload(ChecklistVersion.sections).joinedload(Section.touchpoint),
        )
    )


def refuse_if_published(version: ChecklistVersion) -> None:
    """Raises PublishedIsFrozen: called before every change to a version or its parts."""
    if version.published_at is not None:
        raise PublishedIsFrozen


def publish(version: ChecklistVersion, languages: list[str], now: datetime) -> None:
    """Freeze the version and compile its document. Raises ChecklistIncomplete with the first thing that is missing."""
    refuse_if_published(version)
    for missing in missing_parts(version):
        raise ChecklistIncomplete(missing=missing)
    version.published_at = now
    version.document = compile_document(version, languages)


def missing_parts(version: ChecklistVersion) -> Iterator[str]:
    """What keeps the version from being published, each as a catalogue key."""
    if not version.sections:
        yield N_("it has no section.")
    for section in version.sections:
        if not section.criteria:
            yield N_("a section has no criterion.")
        for criterion in section.criteria:
            if criterion.kind is Kind.STATES and not criterion.states:
                yield N_("a criterion has no states.")
            if criterion.kind is Kind.MEASURE and criterion.green_limit is None and criterion.red_limit is None:
                yield N_("a measure has no limit of green or red.")
            if criterion.kind is Kind.CHOICE and len(criterion.options) < 2:
                yield N_("a choice has fewer than two options.")


def compile_document(version: ChecklistVersion, languages: list[str]) -> dict[str, Any]:
    """The version as one JSON document, ids as strings: everything that scoring, pages and the phone need of it."""
    return {
        "version_id": str(version.id),
        "checklist_id": str(version.checklist_id),
        "number": version.number,
        "title": version.checklist.name,
        "languages": languages,
        "default_language": languages[0],
        "blind": version.checklist.blind,
        "green_from": version.green_from,
        "yellow_from": version.yellow_from,
        "sections": [_compile_section(section) for section in version.sections],
    }


def _compile_section(section: Section) -> dict[str, Any]:
    return {
        "id": str(section.id),
        "lineage_id": str(section.lineage_id),
        "touchpoint_id": str(section.touchpoint_id),
        "title": section.title,
        "intro": section.intro,
        "required_checks": section.required_checks,
        "weight": None,
        "criteria": [_compile_criterion(criterion) for criterion in section.criteria],
    }


def _compile_criterion(criterion: Criterion) -> dict[str, Any]:
    return {
        "id": str(criterion.id),
        "lineage_id": str(criterion.lineage_id),
        "kind": criterion.kind.value,
        "text": criterion.text,
        "guidance": criterion.guidance,
        "weight": criterion.weight,
        "required": criterion.required,
        "scored": True,
        "critical": None,
        "may_be_not_applicable": criterion.may_be_not_applicable,
        "evidence": criterion.evidence.value,
        "evidence_at_least": criterion.evidence_at_least,
        "comment": criterion.comment.value,
        "enough": int(criterion.enough) if criterion.enough.isdigit() else criterion.enough,
        "all_or_nothing": criterion.all_or_nothing,
        "states": [
            {
                "id": str(state.id),
                "lineage_id": str(state.lineage_id),
                "text": state.text,
                "polarity": state.polarity.value,
                "weight": state.weight,
            }
            for state in criterion.states
        ],
        "unit": criterion.unit and criterion.unit.value,
        "decimals": criterion.decimals,
        "direction": criterion.direction and criterion.direction.value,
        "green_limit": criterion.green_limit,
        "red_limit": criterion.red_limit,
        "several": criterion.several,
        "options": [
            {
                "id": str(option.id),
                "lineage_id": str(option.lineage_id),
                "text": option.text,
                "zone": option.zone.value,
                "points": option.points,
                "free_text": option.free_text,
            }
            for option in criterion.options
        ],
    }


# What the phone may know of a criterion. Everything that is not listed stays here: blindness is an allow-list.
_PHONE_CRITERION = (
    "id",
    "kind",
    "text",
    "guidance",
    "required",
    "may_be_not_applicable",
    "evidence",
    "evidence_at_least",
    "comment",
    "unit",
    "decimals",
    "several",
)


def phone_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """The blind form of a compiled document: no polarity, weights, zones, points or limits, states and options in neutral order."""
    return {
        "id": document["version_id"],
        "number": document["number"],
        "title": document["title"],
        "languages": document["languages"],
        "default_language": document["default_language"],
        "sections": [
            {
                **{name: section[name] for name in ("id", "title", "intro", "touchpoint_id")},
                "criteria": [
                    {
                        **{name: criterion[name] for name in _PHONE_CRITERION},
                        "states": [
                            {"id": state["id"], "text": state["text"]}
                            for state in sorted(criterion["states"], key=_neutral_order)
                        ],
                        "options": [
                            {"id": option["id"], "text": option["text"], "free_text": option["free_text"]}
                            for option in sorted(criterion["options"], key=_neutral_order)
                        ],
                    }
                    for criterion in section["criteria"]
                ],
            }
            for section in document["sections"]
        ],
    }


def _neutral_order(part: Mapping[str, Any]) -> tuple[bool, str]:
    # Ids grow with time, and managers write the expected state first, so neither the position nor the id may decide.
    return bool(part.get("free_text")), hashlib.sha256(part["id"].encode()).hexdigest()


def checklists_of(session: Session, project_id: UUID) -> list[Checklist]:
    """The project's checklists with their versions, without the versions' parts."""
    return list(
        session.scalars(
            select(Checklist)
            .where(Checklist.project_id == project_id)
            .order_by(Checklist.created_at, Checklist.id)
            .options(selectinload(Checklist.versions).defer(ChecklistVersion.document))
        )
    )


def counts_of_criteria(session: Session, version_ids: list[UUID]) -> dict[UUID, int]:
    rows = session.execute(
        select(Section.version_id, func.count(Criterion.id))
        .join(Criterion, Criterion.section_id == Section.id)
        .where(Section.version_id.in_(version_ids))
        .group_by(Section.version_id)
    )
    return {version_id: count for version_id, count in rows}
