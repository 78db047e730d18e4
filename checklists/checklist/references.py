"""What criteria refer to, and who refers to it: earlier answers and outlets' attributes in conditions, barriers."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from checklists.brands import Outlet
from checklists.checklist.tables import Checklist, ChecklistVersion, Criterion, Section
from checklists.checklist.versions import checklists_at
from checklists.journey import Barrier, Journey, Stage, Touchpoint


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


class KeptBy(StrEnum):
    """What hangs on a part of the journey, so that it cannot be removed."""

    STAGES = "stages"
    TOUCHPOINTS = "touchpoints"
    CHECKLISTS = "checklists"
    TESTED_BARRIERS = "tested_barriers"
    TESTS = "tests"


def kept_by(session: Session, part: Journey | Stage | Touchpoint | Barrier) -> KeptBy | None:
    """What keeps the part from being removed, if anything does: nobody loses more than the name that they chose."""
    match part:
        case Journey() if part.stages:
            return KeptBy.STAGES
        case Stage() if part.touchpoints:
            return KeptBy.TOUCHPOINTS
        case Touchpoint() if checklists_at(session, part.id):
            return KeptBy.CHECKLISTS
        case Touchpoint() if any(is_tested(session, barrier.id) for barrier in part.barriers):
            return KeptBy.TESTED_BARRIERS
        case Barrier() if is_tested(session, part.id):
            return KeptBy.TESTS
    return None
