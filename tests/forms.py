"""Makes checklists: criteria of each kind, published versions, and the next version of one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from checklists.checklist import (
    Checklist,
    ChecklistVersion,
    Comment,
    Criterion,
    Direction,
    Evidence,
    Option,
    OptionZone,
    Polarity,
    Section,
    State,
    Unit,
    publish,
)
from checklists.journey import Touchpoint
from checklists.orm import LanguageMap, new_id
from checklists.people import Project
from checklists.scoring import Kind

LANGUAGES = ["ru", "en"]
RUSSIAN = {
    "Guest of a coffee shop": "Гость кофейни",
    "Visiting": "Посещение",
    "Coming back": "Возвращение",
    "Reception": "Вход и приветствие",
    "Cash desk": "Касса",
    "Phone call": "Звонок",
}


QUESTIONS = {
    Kind.STATES: "The greeting",
    Kind.MEASURE: "The wait",
    Kind.CHOICE: "The table",
    Kind.RATING: "The mood",
    Kind.TEXT: "What was said",
    Kind.DATE: "The date on the poster",
    Kind.TIME_STAMP: "The moment",
    Kind.DURATION: "How long it took",
    Kind.MONEY: "The price",
    Kind.PHOTO: "The front",
}


def text(english: str) -> LanguageMap:
    """A text in both languages; what has no Russian here is the English one marked as Russian."""
    return {"ru": RUSSIAN.get(english, f"{english} (по-русски)"), "en": english}


def make_criterion(kind: Kind = Kind.STATES, english: str = "", **values: Any) -> Criterion:
    """One criterion: two expected states and a forbidden one, a wait in seconds (60, 180), three options, a rating from
    1 to 5 (4, 2), or a fact. A duration needs `settings` that name its time stamps.
    """
    criterion = Criterion(kind=kind, text=text(english or QUESTIONS.get(kind, kind.value)), position=0, **values)
    if kind is Kind.STATES:
        criterion.states = [
            State(text=text("The guest is greeted"), polarity=Polarity.EXPECTED, position=0),
            State(text=text("The employee looks up"), polarity=Polarity.EXPECTED, position=1),
            State(text=text("The employee is on the phone"), polarity=Polarity.FORBIDDEN, position=2),
        ]
    elif kind is Kind.MEASURE:
        criterion.unit, criterion.direction = criterion.unit or Unit.SECONDS, Direction.LOWER_IS_BETTER
        criterion.green_limit, criterion.red_limit = 60.0, 180.0
    elif kind is Kind.RATING:
        criterion.settings = criterion.settings or {"lowest": 1, "highest": 5}
        criterion.green_limit, criterion.red_limit = 4.0, 2.0
    elif kind is Kind.MONEY:
        criterion.settings, criterion.decimals = {"currency": "RUB"}, 2
    elif kind is Kind.CHOICE:
        criterion.options = [
            Option(text=text("Clean"), zone=OptionZone.GREEN, position=0),
            Option(text=text("Crumbs"), zone=OptionZone.YELLOW, position=1),
            Option(text=text("Dirty"), zone=OptionZone.RED, position=2),
        ]
    return criterion


def make_checklist(
    session: Session,
    project: Project,
    touchpoints: Iterable[Touchpoint],
    *,
    criteria: Mapping[UUID, Sequence[Criterion]] | None = None,
    required_checks: int = 4,
    name: str = "The visit",
    published: bool = True,
) -> ChecklistVersion:
    """A version with one section for each touchpoint, of one criterion of each kind unless `criteria` says others."""
    sections = [
        make_section(
            touchpoint,
            (criteria or {}).get(touchpoint.id) or default_criteria(),
            title=touchpoint.name,
            required_checks=required_checks,
        )
        for touchpoint in touchpoints
    ]
    return make_version(session, project, sections, name=name, published=published)


def make_section(touchpoint: Touchpoint, criteria: Sequence[Criterion], **values: Any) -> Section:
    for number, criterion in enumerate(criteria):
        criterion.position = number
    values = {"title": text("A section")} | values
    return Section(touchpoint_id=touchpoint.id, criteria=list(criteria), position=0, **values)


def make_version(
    session: Session,
    project: Project,
    sections: Sequence[Section],
    *,
    name: str = "The visit",
    published: bool = True,
    **values: Any,
) -> ChecklistVersion:
    """The first version of a checklist of its own, of these sections; `values` are the version's."""
    now = datetime.now(UTC)
    version = ChecklistVersion(project_id=project.id, number=1, **values)
    version.checklist = Checklist(project_id=project.id, name=text(name), created_at=now)
    for position, section in enumerate(sections):
        section.position = position
    version.sections = list(sections)
    _belong(version, project.organization_id)
    session.add(version)
    session.flush()
    if published:
        publish(version, LANGUAGES, now)
        session.flush()
    return version


def criteria_of_every_kind() -> list[Criterion]:
    """One of each kind, the duration lying between two time stamps."""
    start, end = (make_criterion(Kind.TIME_STAMP, english, lineage_id=new_id()) for english in ("Queued", "Served"))
    settings = {"from": str(start.lineage_id), "until": str(end.lineage_id)}
    others = [make_criterion(kind) for kind in Kind if kind not in (Kind.TIME_STAMP, Kind.DURATION)]
    return [start, end, make_criterion(Kind.DURATION, settings=settings), *others]


def default_criteria() -> list[Criterion]:
    return [
        make_criterion(Kind.STATES, evidence=Evidence.OPTIONAL, may_be_not_applicable=True),
        make_criterion(Kind.MEASURE, may_be_not_applicable=True),
        make_criterion(Kind.CHOICE, may_be_not_applicable=True, comment=Comment.OPTIONAL),
    ]


def next_version(session: Session, version: ChecklistVersion, drop: Sequence[int] = ()) -> ChecklistVersion:
    """Publish a further version of the same lineages, without the criteria at the positions `drop` of each section."""
    new = ChecklistVersion(project_id=version.project_id, checklist_id=version.checklist_id, number=version.number + 1)
    new.checklist = session.get_one(Checklist, version.checklist_id)
    for section in version.sections:
        copy = Section(
            lineage_id=section.lineage_id,
            touchpoint_id=section.touchpoint_id,
            title=section.title,
            required_checks=section.required_checks,
            position=section.position,
        )
        for criterion in section.criteria:
            if criterion.position not in drop:
                same = make_criterion(criterion.kind, may_be_not_applicable=criterion.may_be_not_applicable)
                same.lineage_id, same.text, same.position = criterion.lineage_id, criterion.text, criterion.position
                copy.criteria.append(same)
        new.sections.append(copy)
    session.add(new)
    _belong(new, version.organization_id)
    session.flush()
    publish(new, LANGUAGES, datetime.now(UTC))
    session.flush()
    return new


def _belong(version: ChecklistVersion, organization_id: UUID) -> None:
    """Sessions that see all organizations do not fill this in by themselves."""
    version.organization_id = version.checklist.organization_id = organization_id
    for section in version.sections:
        section.organization_id = organization_id
        for criterion in section.criteria:
            criterion.organization_id = organization_id
            for part in (*criterion.states, *criterion.options):
                part.organization_id = organization_id
