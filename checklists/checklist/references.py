"""What criteria refer to, and who refers to it: earlier answers and outlets' attributes in conditions, barriers."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from checklists.brands import Outlet
from checklists.checklist.tables import Checklist, ChecklistVersion, Criterion, Section


def earlier_criteria(version: ChecklistVersion, section: Section | None) -> list[Criterion]:
    """The criteria that the condition of a section may name; None is a new section at the version's end.

    A section that repeats has as many answers as repetitions, so none of its criteria can be named from outside.
    """
    sections = version.sections[: version.sections.index(section)] if section else version.sections
    return [criterion for each in sections if not each.repeats for criterion in each.criteria]


def criteria_before(section: Section, criterion: Criterion | None) -> list[Criterion]:
    """The criteria that the condition of a criterion may name; None is a new criterion at the section's end."""
    own = section.criteria[: section.criteria.index(criterion)] if criterion else section.criteria
    return [*earlier_criteria(section.version, section), *own]


def outlet_attributes(session: Session, project_id: UUID) -> list[str]:
    """The names of the attributes that the project's outlets have, each in the spelling that is met first."""
    names: dict[str, str] = {}
    query = select(Outlet.attributes).where(Outlet.project_id == project_id, Outlet.deleted_at.is_(None))
    for attributes in session.scalars(query):
        for name in attributes or {}:
            names.setdefault(name.casefold(), name)
    return [names[folded] for folded in sorted(names)]


def criteria_testing(session: Session, project_id: UUID) -> dict[UUID, list[Criterion]]:
    """By barrier: the criteria that test it, each with section, version and checklist.

    Of a checklist the newest published version counts, and its draft.
    """
    query = (
        select(Criterion)
        .join(Criterion.section)
        .join(Section.version)
        .join(ChecklistVersion.checklist)
        .where(Criterion.barrier_id.is_not(None), ChecklistVersion.project_id == project_id)
        .order_by(Checklist.created_at, Checklist.id, ChecklistVersion.number, Section.position, Criterion.position)
        .options(
            contains_eager(Criterion.section)
            .contains_eager(Section.version)
            .options(contains_eager(ChecklistVersion.checklist))
            .defer(ChecklistVersion.document)
        )
    )
    newest = _newest_published(session, project_id)
    testing: dict[UUID, list[Criterion]] = {}
    for criterion in session.scalars(query):
        version = criterion.section.version
        if criterion.barrier_id and (version.published_at is None or version.number == newest[version.checklist_id]):
            testing.setdefault(criterion.barrier_id, []).append(criterion)
    return testing


def _newest_published(session: Session, project_id: UUID) -> dict[UUID, int]:
    query = select(ChecklistVersion.checklist_id, ChecklistVersion.number).where(
        ChecklistVersion.project_id == project_id, ChecklistVersion.published_at.is_not(None)
    )
    newest: dict[UUID, int] = {}
    for checklist_id, number in session.execute(query):
        newest[checklist_id] = max(number, newest.get(checklist_id, 0))
    return newest


def is_tested(session: Session, barrier_id: UUID) -> bool:
    """Whether any version ever tested the barrier, which therefore cannot be removed."""
    return session.scalar(select(Criterion.id).where(Criterion.barrier_id == barrier_id).limit(1)) is not None
