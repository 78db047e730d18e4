"""A checklist from its first draft to a published version, and what pages list of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session, selectinload

from checklists.checklist.document import compile_document
from checklists.checklist.tables import Checklist, ChecklistVersion, Criterion, Option, Section, State
from checklists.errors import N_, ChecklistIncomplete, DraftExists, InvalidInput, PublishedIsFrozen
from checklists.orm import LanguageMap
from checklists.scoring import Kind, read_form


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


def publish(version: ChecklistVersion, languages: list[str], now: datetime, *, staff_names: bool = False) -> None:
    """Freeze the version and compile its document. Raises ChecklistIncomplete with the first thing that is missing.

    `staff_names` is the project's setting at this moment: whether names of the staff met may be written down.
    """
    refuse_if_published(version)
    for missing in missing_parts(version):
        raise ChecklistIncomplete(missing=missing.message)
    version.published_at = now
    version.document = compile_document(version, languages, staff_names=staff_names)


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
        return
    form = read_form(compile_document(version, [*version.sections[0].title, ""]))
    earlier: dict[str, tuple[Section, Criterion]] = {}
    for section in version.sections:
        if not section.criteria:
            yield Missing(N_("a section has no criterion."), section)
        if not _can_be_asked(section.shown_when, section, earlier):
            yield Missing(NOT_EARLIER, section)
        stamps: set[str] = set()
        for criterion in section.criteria:
            read = form.criteria[criterion.id]
            for message in read.rules.missing(read):
                yield Missing(message, section, criterion)
            if criterion.kind is Kind.MEASURE and criterion.scored and not read.scored:
                yield Missing(N_("a measure has no limit of green or red."), section, criterion)
            if any(criterion.settings.get(end) not in stamps for end in read.rules.references):
                yield Missing(N_("a duration needs two time stamps before it in its own section."), section, criterion)
            if not _can_be_asked(criterion.shown_when, section, earlier):
                yield Missing(NOT_EARLIER, section, criterion)
            earlier[str(criterion.lineage_id)] = section, criterion
            if criterion.kind is Kind.TIME_STAMP:
                stamps.add(str(criterion.lineage_id))


NOT_EARLIER = N_("a condition asks for something that does not come before it, or is asked several times.")


def _can_be_asked(
    shown_when: dict[str, Any] | None, section: Section, earlier: Mapping[str, tuple[Section, Criterion]]
) -> bool:
    """Whether each condition asks for an earlier criterion that is asked once, or once in the same repetition."""
    for condition in (shown_when or {}).get("conditions", ()):
        if "attribute" in condition:
            continue
        place, criterion = earlier.get(condition["criterion"], (None, None))
        if place is None or criterion is None or (place.repeats and place is not section):
            return False
        parts = {str(part.lineage_id) for part in criterion.parts} | {"none"}
        if "part" in condition and condition["part"] not in parts:
            return False
    return True


def next_draft(session: Session, version: ChecklistVersion) -> ChecklistVersion:
    """A draft that begins as a copy of a published version, every part with its lineage. Raises DraftExists."""
    checklist = version.checklist
    if any(each.published_at is None for each in checklist.versions):
        raise DraftExists
    draft = ChecklistVersion(
        organization_id=version.organization_id,
        project_id=version.project_id,
        number=max(each.number for each in checklist.versions) + 1,
        **_same(version, ("green_from", "yellow_from", "grades", "staff_met")),
    )
    draft.sections = [_section_copy(section) for section in version.sections]
    checklist.versions.append(draft)
    session.flush()
    return draft


def _section_copy(section: Section) -> Section:
    copy = _copy(section, leave=("version_id",))
    copy.origin_lineage_id = section.lineage_id
    copy.criteria = []
    for criterion in section.criteria:
        copied = _copy(criterion, leave=("section_id",))
        copied.origin_lineage_id = criterion.lineage_id
        copied.states = [_copy(state, leave=("criterion_id",)) for state in criterion.states]
        copied.options = [_copy(option, leave=("criterion_id",)) for option in criterion.options]
        copy.criteria.append(copied)
    return copy


Part = TypeVar("Part", Section, Criterion, State, Option)


def _copy(part: Part, leave: Sequence[str]) -> Part:
    """A new row with the columns of the old one, without its id and what `leave` names."""
    columns = [column.key for column in inspect(type(part)).columns if column.key not in ("id", *leave)]
    return type(part)(**_same(part, columns))


def _same(part: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(part, name) for name in names}


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
