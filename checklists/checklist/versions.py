"""A checklist from its first draft to a published version, and what pages list of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from checklists.checklist.document import compile_document
from checklists.checklist.tables import Checklist, ChecklistVersion, Criterion, Section
from checklists.errors import N_, ChecklistIncomplete, InvalidInput, PublishedIsFrozen
from checklists.orm import LanguageMap
from checklists.scoring import Kind


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


def set_limits(version: ChecklistVersion, *, green_from: float, yellow_from: float) -> None:
    """Where a check's green and yellow begin, as shares of the points. Raises InvalidInput, PublishedIsFrozen."""
    refuse_if_published(version)
    if not 0 <= yellow_from <= green_from <= 1:
        raise InvalidInput({"yellow_from": N_("Yellow cannot begin above green.")})
    version.green_from, version.yellow_from = green_from, yellow_from


def publish(version: ChecklistVersion, languages: list[str], now: datetime) -> None:
    """Freeze the version and compile its document. Raises ChecklistIncomplete with the first thing that is missing."""
    refuse_if_published(version)
    for missing in missing_parts(version):
        raise ChecklistIncomplete(missing=missing.message)
    version.published_at = now
    version.document = compile_document(version, languages)


@dataclass(frozen=True, slots=True)
class Missing:
    """What keeps a version from being published, as a catalogue key, and where."""

    message: str
    section: Section | None = None
    criterion: Criterion | None = None


def missing_parts(version: ChecklistVersion) -> Iterator[Missing]:
    """All that keeps the version from being published."""
    if not version.sections:
        yield Missing(N_("it has no section."))
    for section in version.sections:
        if not section.criteria:
            yield Missing(N_("a section has no criterion."), section)
        for criterion in section.criteria:
            if criterion.kind is Kind.STATES and not criterion.states:
                yield Missing(N_("a criterion has no states."), section, criterion)
            if criterion.kind is Kind.MEASURE and criterion.green_limit is None and criterion.red_limit is None:
                yield Missing(N_("a measure has no limit of green or red."), section, criterion)
            if criterion.kind is Kind.CHOICE and len(criterion.options) < 2:
                yield Missing(N_("a choice has fewer than two options."), section, criterion)


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
    return dict(rows.all())


def checklists_at(session: Session, touchpoint_id: UUID) -> list[Checklist]:
    """The checklists with a section at this touchpoint, which therefore cannot be removed."""
    return list(
        session.scalars(
            select(Checklist)
            .where(
                Checklist.id.in_(
                    select(ChecklistVersion.checklist_id)
                    .join(Section, Section.version_id == ChecklistVersion.id)
                    .where(Section.touchpoint_id == touchpoint_id)
                )
            )
            .order_by(Checklist.created_at, Checklist.id)
        )
    )
