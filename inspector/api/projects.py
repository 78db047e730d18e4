"""Organizations and projects, as far as the asker reaches them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, g
from flask_babel import gettext as _

from checklists.accounts import TokenScope
from checklists.errors import InvalidInput, NotAllowed
from checklists.people import Organization, Project, Role, add_member, create_project, projects_of
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Body, Choice, Flag, Id, Moment, Number, Several, Text, Whole, Words
from inspector.api.operations import Json, Operations
from inspector.api.paging import Paged, behind, page_of, paged
from inspector.api.reach import refuse_narrow
from inspector.auth import MANAGERS, OWNERS, READERS, person, roles
from inspector.languages import LANGUAGES
from inspector.manager.projects import LONGEST_RETENTION_MONTHS, RESERVED, SLUG
from inspector.transactions import reading, writing

operations = Operations(
    "projects",
    "Organizations and projects",
    "An organization is an agency or a company; a project is one client's engagement in it.",
)

CHANGED = ("name", "languages", "margin", "staff_names", "audio", "audio_consent", "retention_months")
"""What may be changed of a project."""


class OrganizationSchema(Body):
    id = Id("organization", **TOLD)
    slug = Text("The name in addresses of pages.", example="sova", **TOLD)
    name = Text(required=True, example="Sova Audit")
    roles = Several(Choice(Role), "What the asker is here.", **TOLD)


class ProjectSchema(Body):
    id = Id("project", **TOLD)
    organization_id = Id("organization", **TOLD)
    slug = Text("The name in addresses of pages: small Latin letters, digits and hyphens.", example="tea", longest=40)
    name = Words(example={"en": "Tea houses", "ru": "Чайные"}, required=True, first=False)
    languages = Several(
        Text(longest=10, example="en"),
        "Those in which its texts are written, of “ru” and “en”; the first one is the fallback.",
        least=1,
        most=len(LANGUAGES),
        required=True,
        example=["en", "ru"],
    )
    margin = Number(
        "Within which two brands are on a par, as a share.", least=0.01, most=0.99, load_default=0.1, example=0.1
    )
    staff_names = Flag("Whether inspectors may write down names of the staff they met.", load_default=False)
    audio = Flag("Whether calls may be recorded as evidence.", load_default=False)
    audio_consent = Words(
        "What an inspector must confirm before the first recording of a visit. Needed where calls may be recorded.",
        example={"en": "The company called agrees to being recorded.", "ru": "Компания согласна на запись звонка."},
        load_default=dict,
        first=False,
    )
    retention_months = Whole(
        "How long visits are kept. Owners change it.", least=1, most=LONGEST_RETENTION_MONTHS, example=24
    )
    created_at = Moment(**TOLD)


class NewProjectSchema(ProjectSchema):
    slug = Text(
        "The name in addresses of pages: small Latin letters, digits and hyphens.",
        example="tea",
        longest=40,
        required=True,
    )
    retention_months = Whole("How long visits are kept.", example=24, **TOLD)


class ProjectQuery(Paged):
    organization_id = Id("organization", "Only those of this organization.", load_default=None)


@operations.route("/organizations", methods=["GET"])
@operations.query(Paged)
@operations.answers(200, page_of(OrganizationSchema), "The organizations that the asker works for")
@roles(*READERS, scope=TokenScope.SETUP_READ)
def list_organizations(asked: Json) -> Response:
    """The organizations that the asker works for."""
    with reading() as session:
        found = sorted(projects_of(session, g.memberships), key=lambda each: each.id)
    shown = behind(found, asked["cursor"], asked["limit"], _place)
    return paged(OrganizationSchema, [_told(each) for each in shown], asked["limit"], lambda each: (each["id"],))


@operations.route("/organizations/<uuid:organization_id>", methods=["GET"])
@operations.answers(200, OrganizationSchema, "The organization")
@roles(*READERS, scope=TokenScope.SETUP_READ)
def show_organization(organization_id: UUID) -> Response:
    """One organization, with what the asker is in it."""
    return tagged(OrganizationSchema, _told(g.organization))


@operations.route("/organizations/<uuid:organization_id>", methods=["PATCH"])
@operations.body(OrganizationSchema, partial=True, example={"name": "Sova Service Audit"})
@operations.answers(200, OrganizationSchema, "The organization as it is now")
@operations.needs_tag
@roles(*OWNERS, scope=TokenScope.SETUP_WRITE)
def rename_organization(changes: Json, organization_id: UUID) -> Response:
    """Change the organization's name. Its slug stays."""
    refuse_narrow()
    with writing() as session:
        organization = session.get_one(Organization, organization_id, with_for_update=True)
        refuse_if_changed(OrganizationSchema, _told(organization))
        organization.name = changes.get("name", organization.name)
        return tagged(OrganizationSchema, _told(organization))


def _told(organization: Organization) -> Json:
    held = {each.role for each in g.memberships if each.organization_id == organization.id}
    own = {name: getattr(organization, name) for name in ("id", "slug", "name")}
    return own | {"roles": [role for role in Role if role in held]}


@operations.route("/projects", methods=["GET"])
@operations.query(ProjectQuery)
@operations.answers(200, page_of(ProjectSchema), "The projects that the asker reaches")
@roles(*READERS, scope=TokenScope.SETUP_READ)
def list_projects(asked: Json) -> Response:
    """All projects that the asker reaches, in all organizations."""
    with reading() as session:
        reached = projects_of(session, g.memberships)
    wanted = asked["organization_id"]
    found = [each for projects in reached.values() for each in projects if wanted in (None, each.organization_id)]
    found.sort(key=lambda each: each.id)
    return paged(ProjectSchema, behind(found, asked["cursor"], asked["limit"], _place), asked["limit"], _place)


def _place(row: Any) -> tuple[UUID]:
    return (row.id,)


@operations.route("/organizations/<uuid:organization_id>/projects", methods=["POST"])
@operations.body(NewProjectSchema)
@operations.answers(201, ProjectSchema, "The project was made")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def add_project(design: Json, organization_id: UUID) -> Response:
    """A new project. Who manages single projects only becomes its manager."""
    if "token" in g and g.token.project_id:
        raise NotAllowed  # The token is for one project, and this would be another.
    slug = design["slug"].casefold()
    if not SLUG.fullmatch(slug) or slug in RESERVED:
        raise InvalidInput({"slug": _("Use small Latin letters, digits and hyphens, such as coffee-2026.")})
    _check(design)
    with writing() as session:
        project = create_project(
            session,
            organization_id,
            slug,
            design["name"],
            design["languages"],
            design["margin"],
            datetime.now(UTC),
        )
        for name in ("staff_names", "audio", "audio_consent"):
            setattr(project, name, design[name])
        session.flush()
        if all(each.project_id for each in g.memberships):
            add_member(session, person().user, [Role.MANAGER], organization_id=organization_id, project_id=project.id)
        return tagged(ProjectSchema, project, 201, location=f"/api/v1/projects/{project.id}")


@operations.route("/projects/<uuid:project_id>", methods=["GET"])
@operations.answers(200, ProjectSchema, "The project")
@roles(*READERS, scope=TokenScope.SETUP_READ)
def show_project(project_id: UUID) -> Response:
    """One project with its settings."""
    return tagged(ProjectSchema, g.project)


@operations.route("/projects/<uuid:project_id>", methods=["PATCH"])
@operations.body(ProjectSchema, partial=True, example={"margin": 0.08, "staff_names": True, "retention_months": 36})
@operations.answers(200, ProjectSchema, "The project as it is now")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def change_project(changes: Json, project_id: UUID) -> Response:
    """Change a project's name, languages, margin, rule about names or recordings; as an owner, how long it keeps its
    visits. Its slug stays.
    """
    with writing() as session:
        project = session.get_one(Project, project_id, with_for_update=True, populate_existing=True)
        refuse_if_changed(ProjectSchema, project)
        stands = {name: getattr(project, name) for name in CHANGED}
        design = stands | {name: value for name, value in changes.items() if name in CHANGED}
        _check(design)
        if design["retention_months"] != stands["retention_months"] and not _owns():
            raise NotAllowed
        for name, value in design.items():
            setattr(project, name, value)
        return tagged(ProjectSchema, project)


def _owns() -> bool:
    return any(each.role in OWNERS for each in g.memberships)


def _check(design: Json) -> None:
    """Raises InvalidInput where languages are unknown or named twice, or the name lacks the first one, the fallback of
    all others.
    """
    wrong = dict(_faults(design))
    if wrong:
        raise InvalidInput(wrong)


def _faults(design: Json) -> Iterator[tuple[str, str]]:
    chosen = design["languages"]
    if len(set(chosen)) < len(chosen) or not set(chosen) <= set(LANGUAGES):
        yield "languages", _("Choose one of the project's languages.")
    elif not design["name"].get(chosen[0]):
        yield f"name/{chosen[0]}", _("Please fill this in.")
    elif design["audio"] and not design["audio_consent"].get(chosen[0]):
        yield f"audio_consent/{chosen[0]}", _("Please fill this in.")
