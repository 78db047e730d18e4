"""Puts an engagement into the database, by the functions that a manager's pages use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from checklists.brands import Brand, add_brand, add_outlet
from checklists.checklist import (
    ChecklistVersion,
    SectionDesign,
    add_criterion,
    add_section,
    create_checklist,
    publish,
)
from checklists.journey import Touchpoint, add_barrier, add_journey, add_stage, add_touchpoint
from checklists.people import Organization, Project, Role, User, add_member, create_person, create_project
from checklists.waves import Wave, set_up_wave
from inspector.demo.parts import DemoChecklist, DemoEngagement

LANGUAGES = ["ru", "en"]
MARGIN = 0.10


@dataclass(frozen=True, slots=True)
class Engagement:
    """What was built; touchpoints and versions by the keys that the demo has for them, brands by name."""

    wave: Wave
    touchpoints: Mapping[str, Touchpoint]
    brands: Mapping[str, Brand]
    versions: Mapping[str, ChecklistVersion]
    people: Mapping[Role, list[User]]


def build(
    session: Session,
    organization_id: UUID,
    engagement: DemoEngagement,
    days: tuple[date, date],
    password_hash: str,
    now: datetime,
) -> Engagement:
    """The agency, its people and the project with journey, brands, published checklists and a wave; nothing is planned.

    `days` are the wave's first and last one.
    """
    organization = Organization(id=organization_id, slug=engagement.agency_slug, name=engagement.agency, created_at=now)
    session.add(organization)
    session.flush()
    project = create_project(session, organization_id, engagement.slug, engagement.name, LANGUAGES, MARGIN, now)
    people = _people(session, project, engagement, password_hash, now)
    touchpoints = _touchpoints(session, project, engagement)
    brands = _brands(session, project, engagement)
    versions = {
        checklist.key: _published(session, project, checklist, touchpoints, now) for checklist in engagement.checklists
    }
    wave = Wave(
        organization_id=organization_id,
        project_id=project.id,
        name=engagement.wave,
        brief=engagement.brief,
        starts_on=days[0],
        ends_on=days[1],
        created_at=now + timedelta(minutes=1),
    )
    version_ids = [version.id for version in versions.values()]
    set_up_wave(session, wave, version_ids, [outlet.id for brand in brands.values() for outlet in brand.outlets])
    return Engagement(wave, touchpoints, brands, versions, people)


def _people(
    session: Session, project: Project, engagement: DemoEngagement, password_hash: str, now: datetime
) -> dict[Role, list[User]]:
    """The people by role: managers for the whole agency, the others for this project."""
    by_role: dict[Role, list[User]] = {}
    for person in engagement.people:
        user = create_person(session, person.email, person.name, password_hash, person.language, now)
        everywhere = person.role is Role.MANAGER
        add_member(
            session,
            user,
            [person.role],
            organization_id=project.organization_id,
            project_id=None if everywhere else project.id,
        )
        by_role.setdefault(person.role, []).append(user)
    return by_role


def _touchpoints(session: Session, project: Project, engagement: DemoEngagement) -> dict[str, Touchpoint]:
    journey = add_journey(session, project.id, engagement.journey)
    touchpoints = {}
    for demo_stage in engagement.stages:
        stage = add_stage(session, journey, demo_stage.name)
        for each in demo_stage.touchpoints:
            touchpoints[each.key] = add_touchpoint(session, stage, each.name, each.channel)
            for barrier in each.barriers:
                add_barrier(session, touchpoints[each.key], barrier)
    return touchpoints


def _brands(session: Session, project: Project, engagement: DemoEngagement) -> dict[str, Brand]:
    brands: dict[str, Brand] = {}
    for demo_brand in engagement.brands:
        brand = add_brand(session, project.id, demo_brand.name, own=not brands)
        for outlet in demo_brand.outlets:
            add_outlet(session, brand, outlet)
        brands[brand.name] = brand
    return brands


def _published(
    session: Session,
    project: Project,
    checklist: DemoChecklist,
    touchpoints: Mapping[str, Touchpoint],
    now: datetime,
) -> ChecklistVersion:
    (version,) = create_checklist(session, project.id, checklist.name, now).versions
    for each in checklist.sections:
        design = SectionDesign(touchpoints[each.touchpoint], each.title, each.intro, each.required_checks)
        section = add_section(session, version, design)
        for criterion in each.criteria:
            add_criterion(session, section, criterion)
    publish(version, LANGUAGES, now)
    session.flush()
    return version
