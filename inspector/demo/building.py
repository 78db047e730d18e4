"""Puts an engagement into the database, by the functions that a manager's pages use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from checklists.brands import Brand, add_brand, add_outlet
from checklists.checklist import (
    Checklist,
    ChecklistVersion,
    Criterion,
    CriterionDesign,
    GuidancePicture,
    Option,
    Section,
    SectionDesign,
    State,
    add_criterion,
    add_section,
    change_criterion,
    create_checklist,
    design_of,
    next_draft,
    publish,
    remove_criterion,
)
from checklists.journey import Barrier, Touchpoint, add_barrier, add_journey, add_stage, add_touchpoint
from checklists.people import Organization, Project, Role, User, add_member, create_person, create_project
from checklists.waves import Wave, set_required_checks, set_up_wave
from inspector.demo.parts import (
    DemoChecklist,
    DemoCondition,
    DemoCriterion,
    DemoEngagement,
    DemoRevision,
    DemoSection,
    DemoWave,
)

LANGUAGES = ["ru", "en"]
MARGIN = 0.10


@dataclass(frozen=True, slots=True)
class Engagement:
    """What was built, by the keys that the demo has for it; brands by name.

    `versions` are the latest published ones. `criteria` and `sections` are the demo's own, by lineage.
    """

    project: Project
    people: Mapping[Role, list[User]]
    touchpoints: Mapping[str, Touchpoint]
    barriers: Mapping[str, Barrier]
    brands: Mapping[str, Brand]
    pictures: Mapping[str, GuidancePicture]
    checklists: dict[str, DemoChecklist] = field(default_factory=dict)
    versions: dict[str, ChecklistVersion] = field(default_factory=dict)
    criteria: dict[UUID, DemoCriterion] = field(default_factory=dict)
    sections: dict[UUID, DemoSection] = field(default_factory=dict)


def build(
    session: Session,
    organization_id: UUID,
    engagement: DemoEngagement,
    pictures: Mapping[str, GuidancePicture],
    password_hash: str,
    now: datetime,
) -> Engagement:
    """The agency, its people and the project with journey, brands and checklists, all published but the last of six.

    `pictures` are the reference pictures by scene, whose bytes the storage has.
    """
    organization = Organization(id=organization_id, slug=engagement.agency_slug, name=engagement.agency, created_at=now)
    session.add(organization)
    session.flush()
    project = create_project(session, organization_id, engagement.slug, engagement.name, LANGUAGES, MARGIN, now)
    project.staff_names = engagement.staff_names
    people = _people(session, project, engagement, password_hash, now)
    touchpoints, barriers = _journey(session, project, engagement)
    brands = _brands(session, project, engagement)
    for picture in pictures.values():
        picture.project_id = project.id
        session.add(picture)
    session.flush()
    built = Engagement(project, people, touchpoints, barriers, brands, pictures)
    for checklist in engagement.checklists:
        version = _draft(session, built, checklist, now)
        if checklist.published:
            _publish(session, built, checklist, version, now)
    return built


def _people(
    session: Session, project: Project, engagement: DemoEngagement, password_hash: str, now: datetime
) -> dict[Role, list[User]]:
    """The people by role: owners and managers for the whole agency, the others for this project."""
    by_role: dict[Role, list[User]] = {}
    for person in engagement.people:
        user = create_person(session, person.email, person.name, password_hash, person.language, now)
        everywhere = person.role in (Role.OWNER, Role.MANAGER)
        add_member(
            session,
            user,
            [person.role],
            organization_id=project.organization_id,
            project_id=None if everywhere else project.id,
        )
        by_role.setdefault(person.role, []).append(user)
    return by_role


def _journey(
    session: Session, project: Project, engagement: DemoEngagement
) -> tuple[dict[str, Touchpoint], dict[str, Barrier]]:
    journey = add_journey(session, project.id, engagement.journey)
    touchpoints, barriers = {}, {}
    for demo_stage in engagement.stages:
        stage = add_stage(session, journey, demo_stage.name)
        for each in demo_stage.touchpoints:
            touchpoints[each.key] = add_touchpoint(session, stage, each.name, each.channel)
            for key, barrier in each.barriers.items():
                barriers[key] = add_barrier(session, touchpoints[each.key], barrier)
    return touchpoints, barriers


def _brands(session: Session, project: Project, engagement: DemoEngagement) -> dict[str, Brand]:
    brands: dict[str, Brand] = {}
    for demo_brand in engagement.brands:
        brand = add_brand(session, project.id, demo_brand.name, own=not brands)
        for outlet in demo_brand.outlets:
            add_outlet(session, brand, outlet)
        brands[brand.name] = brand
    return brands


def _draft(session: Session, built: Engagement, demo: DemoChecklist, now: datetime) -> ChecklistVersion:
    checklist: Checklist = create_checklist(session, built.project.id, demo.name, now)
    checklist.blind, checklist.purpose = demo.blind, demo.purpose
    (version,) = checklist.versions
    version.staff_met = demo.staff_met
    version.grades = [{"name": name, "from": share} for share, name in demo.grades]
    rows: dict[str, Criterion] = {}
    for each in demo.sections:
        section = add_section(session, version, _section_design(built, each))
        built.sections[section.lineage_id] = each
        for criterion in each.criteria:
            rows[criterion.key] = _add(session, built, section, criterion, rows)
    return version


def _section_design(built: Engagement, demo: DemoSection) -> SectionDesign:
    return SectionDesign(
        built.touchpoints[demo.touchpoint],
        demo.title,
        demo.intro,
        demo.required_checks,
        weight=demo.weight,
        repeats=demo.repeat_label is not None,
        repeat_label=demo.repeat_label or {},
        most_repetitions=max(len(demo.labels), 1),
        shown_when=_shown_when(demo.shown_when, {}),
    )


def _add(
    session: Session, built: Engagement, section: Section, demo: DemoCriterion, rows: Mapping[str, Criterion]
) -> Criterion:
    """Add the criterion; `rows` are the version's earlier ones, to which conditions and durations refer."""
    settings = dict(demo.design.settings)
    if demo.stamps:
        first, last = demo.stamps
        settings |= {"from": str(rows[first].lineage_id), "until": str(rows[last].lineage_id)}
    design = replace(
        demo.design,
        settings=settings,
        barrier_id=built.barriers[demo.barrier].id if demo.barrier else None,
        shown_when=_shown_when(demo.shown_when, rows),
        pictures=[str(built.pictures[demo.picture].id)] if demo.picture else (),
    )
    criterion = add_criterion(session, section, design)
    built.criteria[criterion.lineage_id] = demo
    return criterion


def _shown_when(conditions: Sequence[DemoCondition], rows: Mapping[str, Criterion]) -> dict[str, Any] | None:
    if not conditions:
        return None
    found = []
    for each in conditions:
        condition = dict(each.test)
        if each.criterion is not None:
            row = rows[each.criterion]
            condition["criterion"] = str(row.lineage_id)
            if each.part is not None:
                parts: list[State | Option] = [*row.states, *row.options]
                condition["part"] = str(parts[each.part].lineage_id)
        found.append(condition)
    return {"match": "all", "conditions": found}


def _publish(
    session: Session, built: Engagement, demo: DemoChecklist, version: ChecklistVersion, now: datetime
) -> None:
    publish(version, LANGUAGES, now, staff_names=built.project.staff_names)
    session.flush()
    built.checklists[demo.key], built.versions[demo.key] = demo, version


def revise(session: Session, built: Engagement, revision: DemoRevision, now: datetime) -> None:
    """Publish the next version of a checklist. What is only reworded keeps its lineage, and stays comparable."""
    draft = next_draft(session, built.versions[revision.checklist])
    rows = {
        built.criteria[criterion.lineage_id].key: criterion
        for section in draft.sections
        for criterion in section.criteria
    }
    for key, criterion in rows.items():
        design = _rewording(criterion)
        if key in revision.reworded:
            change_criterion(criterion, replace(design, text=revision.reworded[key]))
        if key in revision.red_limits:
            change_criterion(criterion, replace(design, red_limit=revision.red_limits[key]))
    for beside, demo in revision.added.items():
        _add(session, built, rows[beside].section, demo, rows)
    for key in revision.removed:
        remove_criterion(rows[key])
    session.flush()
    _publish(session, built, built.checklists[revision.checklist], draft, now)


def _rewording(criterion: Criterion) -> CriterionDesign:
    """The criterion's design with the ids of its states and options, so that these keep their lineage too."""
    design = design_of(criterion)
    return replace(
        design,
        states=[replace(each, id=row.id) for each, row in zip(design.states, criterion.states, strict=True)],
        options=[replace(each, id=row.id) for each, row in zip(design.options, criterion.options, strict=True)],
    )


def start_wave(session: Session, built: Engagement, demo: DemoWave, first_day: date, now: datetime) -> Wave:
    """A wave of all published checklists and all outlets, with its required checks; nothing is planned yet."""
    wave = Wave(
        organization_id=built.project.organization_id,
        project_id=built.project.id,
        name=demo.name,
        brief=demo.brief,
        starts_on=first_day,
        ends_on=first_day + demo.lasts - timedelta(days=1),
        day_parts=[list(part) for part in demo.day_parts],
        created_at=now,
    )
    outlets = [outlet.id for brand in built.brands.values() for outlet in brand.outlets]
    set_up_wave(session, wave, [version.id for version in built.versions.values()], outlets)
    set_required_checks(
        session,
        wave,
        {
            (built.touchpoints[touchpoint].id, built.brands[brand].id, None): number
            for (touchpoint, brand), number in demo.required.items()
        },
    )
    return wave
