"""Makes what tests are about: an organization and its people, a journey, a published checklist, a wave, visits.

Each callable has defaults for all that a test does not care about. `make_audit` makes a small world at once; the others
make its parts. What comes from the field goes through the domain's own functions (tests/field.py has the reports), so a
visit made here was scored, sealed and counted like a real one.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.brands import Brand, Outlet
from checklists.checklist import ChecklistVersion
from checklists.journey import Channel, Journey, Stage, Touchpoint
from checklists.people import Organization, Project, Role, User, add_member
from checklists.review import approve, reject
from checklists.visits import Visit, receive_photo
from checklists.waves import (
    Assignment,
    AssignmentState,
    Wave,
    choose_outlets,
    copy_required_checks,
    pin_checklists,
    plan_assignments,
)
from tests.field import deliver, make_report
from tests.forms import LANGUAGES, make_checklist, text

PASSWORD = "a long walk to the shop"


@functools.cache
def password_hash() -> str:
    """The hash of PASSWORD, made with little effort: tests log in often."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


def make_organization(session: Session, slug: str = "sova", name: str = "Сова-Аудит") -> Organization:
    organization = Organization(slug=slug, name=name, created_at=datetime.now(UTC))
    session.add(organization)
    session.flush()
    return organization


def make_project(session: Session, organization: Organization, slug: str = "coffee", **values: Any) -> Project:
    project = Project(
        organization_id=organization.id,
        slug=slug,
        **{
            "name": {"ru": "Кофейни", "en": "Coffee shops"},
            "languages": LANGUAGES,
            "created_at": datetime.now(UTC),
        }
        | values,
    )
    session.add(project)
    session.flush()
    return project


def make_person(
    session: Session,
    organization: Organization,
    name: str,
    *roles: Role,
    project: Project | None = None,
    email: str = "",
    language: str = "en",
) -> User:
    """A person who can log in with PASSWORD, a member of one project or (without it) of the whole organization.

    The address is made of the first name: Marina Orlova is marina@example.org.
    """
    email = email or f"{name.split()[0].casefold()}@example.org"
    person = session.scalar(select(User).where(User.email == email))
    if person is None:
        person = User(
            email=email, name=name, language=language, password_hash=password_hash(), created_at=datetime.now(UTC)
        )
        session.add(person)
        session.flush()
    add_member(session, person, roles, organization_id=organization.id, project_id=project.id if project else None)
    return person


def make_journey(
    session: Session,
    project: Project,
    stages: Mapping[str, Mapping[str, Channel]] | None = None,
    name: str = "Guest of a coffee shop",
) -> Journey:
    """A journey from {stage: {touchpoint: channel}}, all in the given order."""
    stages = stages or {
        "Visiting": {"Reception": Channel.ON_SITE, "Cash desk": Channel.ON_SITE},
        "Coming back": {"Phone call": Channel.PHONE},
    }
    owner = {"organization_id": project.organization_id}
    journey = Journey(project_id=project.id, name=text(name), position=0, **owner)
    for position, (stage_name, touchpoints) in enumerate(stages.items()):
        stage = Stage(name=text(stage_name), position=position, **owner)
        stage.touchpoints = [
            Touchpoint(project_id=project.id, name=text(each), channel=channel, position=number, **owner)
            for number, (each, channel) in enumerate(touchpoints.items())
        ]
        journey.stages.append(stage)
    session.add(journey)
    session.flush()
    return journey


def make_brand(session: Session, project: Project, name: str = "Zerno", *, own: bool = False, **values: Any) -> Brand:
    brand = Brand(
        organization_id=project.organization_id,
        project_id=project.id,
        name=name,
        own=own,
        **{"position": 0} | values,
    )
    session.add(brand)
    session.flush()
    return brand


def make_outlet(session: Session, brand: Brand, name: str = "Zerno on Lenin street", **values: Any) -> Outlet:
    outlet = Outlet(
        organization_id=brand.organization_id,
        project_id=brand.project_id,
        brand_id=brand.id,
        name=name,
        **{"city": "Москва", "address": "улица Ленина, 1", "time_zone": "Europe/Moscow"} | values,
    )
    session.add(outlet)
    session.flush()
    return outlet


def make_wave(
    session: Session,
    project: Project,
    versions: Iterable[ChecklistVersion],
    outlets: Iterable[Outlet],
    *,
    name: str = "November",
    required: int | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Wave:
    """A wave that began a week ago and lasts three more; required checks are the sections' or `required` everywhere."""
    today = datetime.now(UTC).date()
    wave = Wave(
        organization_id=project.organization_id,
        project_id=project.id,
        name=text(name),
        starts_on=starts_on or today - timedelta(days=7),
        ends_on=ends_on or today + timedelta(days=21),
        brief=text("You look for a quiet table with a socket."),
        created_at=datetime.now(UTC),
    )
    session.add(wave)
    session.flush()
    pin_checklists(session, wave, [version.id for version in versions])
    choose_outlets(session, wave, [outlet.id for outlet in outlets])
    copy_required_checks(session, wave)
    if required is not None:
        for row in wave.required:
            row.required = required
        session.flush()
    return wave


def make_assignment(
    session: Session,
    wave: Wave,
    version: ChecklistVersion,
    outlet: Outlet,
    inspector: User,
    *,
    state: AssignmentState = AssignmentState.HANDED_OUT,
    **values: Any,
) -> Assignment:
    """One assignment, handed out, whose window is open for two weeks yet."""
    now = datetime.now(UTC)
    assignment = Assignment(
        organization_id=wave.organization_id,
        project_id=wave.project_id,
        wave_id=wave.id,
        version_id=version.id,
        outlet_id=outlet.id,
        inspector_id=inspector.id,
        state=state,
        **{
            "brief": wave.brief,
            "due_from": now - timedelta(days=7),
            "due_until": now + timedelta(days=14),
            "handed_out_at": now - timedelta(days=8),
        }
        | values,
    )
    session.add(assignment)
    session.flush()
    return assignment


@dataclass
class Audit:
    """A small world: two brands with outlets, a journey of three touchpoints, one checklist, one wave, four people."""

    organization: Organization
    project: Project
    owner: User
    manager: User
    reviewer: User
    inspectors: list[User]
    journey: Journey
    brands: list[Brand]
    outlets: list[Outlet]
    version: ChecklistVersion
    wave: Wave

    @property
    def touchpoints(self) -> list[Touchpoint]:
        return [touchpoint for stage in self.journey.stages for touchpoint in stage.touchpoints]

    @property
    def document(self) -> dict[str, Any]:
        assert self.version.document is not None
        return self.version.document

    @property
    def address(self) -> str:
        """Where the project's pages begin."""
        return f"/o/{self.organization.slug}/{self.project.slug}"

    def outlets_of(self, brand: Brand) -> list[Outlet]:
        return [outlet for outlet in self.outlets if outlet.brand_id == brand.id]

    def criterion(self, kind: str, section: int = 0) -> dict[str, Any]:
        """A criterion of the compiled document by its kind."""
        criteria: list[dict[str, Any]] = self.document["sections"][section]["criteria"]
        return next(each for each in criteria if each["kind"] == kind)

    def assign(self, session: Session, outlet: Outlet | None = None, **values: Any) -> Assignment:
        """An assignment of the wave, handed out; at the first outlet to the first inspector unless said otherwise."""
        values = {"wave": self.wave, "version": self.version, "inspector": self.inspectors[0]} | values
        return make_assignment(session, outlet=outlet or self.outlets[0], **values)

    def report(self, assignment: Assignment, **values: Any) -> dict[str, Any]:
        return make_report(assignment, self.document, **values)

    def visit(self, session: Session, outlet: Outlet | None = None, *, state: str = "received", **values: Any) -> Visit:
        """A visit that has arrived with all its photos and, where `state` says so, was approved or rejected.

        `values` go to `make_report`; the assignment is made for it.
        """
        assignment = values.pop("assignment", None) or self.assign(session, outlet)
        receipt = deliver(session, assignment, self.report(assignment, **values))
        for photo_id in receipt.missing_photos:
            receive_photo(session, photo_id, datetime.now(UTC))
        if state == "approved":
            approve(session, receipt.id, self.manager.id, datetime.now(UTC))
        elif state == "rejected":
            reject(session, receipt.id, self.manager.id, "The photos show another shop.", datetime.now(UTC))
        session.flush()
        return session.get_one(Visit, receipt.id)

    def plan(self, session: Session) -> list[Assignment]:
        return plan_assignments(session, self.wave, self.inspectors, datetime.now(UTC))


def make_audit(
    session: Session,
    slug: str = "sova",
    *,
    outlets_per_brand: int = 3,
    rivals: Sequence[str] = ("Zerno",),
    stages: Mapping[str, Mapping[str, Channel]] | None = None,
    required: int = 4,
) -> Audit:
    """Marina manages, Boris reviews, Anna and Timur inspect: the own brand Utro against its rivals, all published.

    A second audit under another slug is another organization, with the same people's names at addresses of its own.
    """
    organization = make_organization(session, slug, f"Agency {slug}")
    project = make_project(session, organization)
    at = "example.org" if slug == "sova" else f"{slug}.example.org"
    people = {
        name: make_person(session, organization, name, role, email=f"{name.split()[0].casefold()}@{at}")
        for name, role in (
            ("Olga Rybakova", Role.OWNER),
            ("Marina Orlova", Role.MANAGER),
            ("Boris Levin", Role.REVIEWER),
            ("Anna Petrova", Role.INSPECTOR),
            ("Timur Saidov", Role.INSPECTOR),
        )
    }
    journey = make_journey(session, project, stages)
    brands = [make_brand(session, project, "Utro", own=True)]
    brands += [make_brand(session, project, name, position=number) for number, name in enumerate(rivals, start=1)]
    outlets = [
        make_outlet(session, brand, f"{brand.name} {number + 1}", address=f"улица Ленина, {number + 1}")
        for brand in brands
        for number in range(outlets_per_brand)
    ]
    version = make_checklist(
        session, project, [t for stage in journey.stages for t in stage.touchpoints], required_checks=required
    )
    wave = make_wave(session, project, [version], outlets)
    owner, manager, reviewer, *inspectors = people.values()
    return Audit(organization, project, owner, manager, reviewer, inspectors, journey, brands, outlets, version, wave)
