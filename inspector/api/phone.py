"""All that an inspector's phone needs for working without a network.

Every part is read for all assignments at once: the number of statements does not grow with them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, json, request
from flask_smorest import Blueprint
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, selectinload

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion, phone_document
from checklists.journey import Journey, Stage, Touchpoint
from checklists.matrix import approved_counts
from checklists.notices import forget_notices, news_for
from checklists.orm import LanguageMap
from checklists.people import Membership, Organization, Project, Role
from checklists.visits import Visit, VisitState
from checklists.waves import Assignment, AssignmentState, RequiredChecks
from inspector.api.own_visits import own_visits, own_visits_as_json
from inspector.auth import person, roles
from inspector.packing import set_content
from inspector.transactions import reading, writing

blueprint = Blueprint("phone", __name__, url_prefix="/api/v1/phone", description="What a phone needs off-line")

KEPT_AFTER_DUE = timedelta(days=30)
PHOTO_LONG_EDGE_PX = 2048
PHOTOS_PER_VISIT = 200

Json = dict[str, Any]


@blueprint.route("/work", methods=["GET"])
@blueprint.response(
    200, description="Assignments with briefs, blind checklist versions, returned visits, limits; with an ETag"
)
@blueprint.alt_response(304, description="Nothing changed")
@roles(Role.INSPECTOR)
def work() -> Response:
    """Everything that this inspector's phone needs, over all memberships."""
    now = datetime.now(UTC)
    with reading() as session:
        _news, latest = news_for(session, person().user.id)
        assignments = _assignments(session, now)
        visits = own_visits(session, person().user.id, [each.id for each in assignments])
        projects = _projects(session, assignments)
        projects_told = _projects_as_json(session, projects)
        names = {UUID(place["id"]): place["name"] for each in projects_told for place in each["touchpoints"]}
        content = {
            "person": {name: str(getattr(person().user, name)) for name in ("id", "name", "email", "language")},
            "limits": {
                "photo_long_edge_px": PHOTO_LONG_EDGE_PX,
                "photo_max_bytes": current_app.config["SETTINGS"].photo_max_bytes,
                "visit_max_bytes": current_app.config["SETTINGS"].visit_max_bytes,
                "photos_per_visit": PHOTOS_PER_VISIT,
            },
            "projects": projects_told,
            "assignments": _assignments_as_json(
                session, assignments, projects, names, own_visits_as_json(session, visits.values())
            ),
            "checklist_versions": _versions_as_json(session, assignments, visits.values()),
        }
    if latest is not None:
        with writing() as session:
            forget_notices(session, person().user.id, latest)
    tag = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
    response = Response(content_type="application/json")
    told = json.dumps({"server_time": now.isoformat(), **content}, ensure_ascii=False, separators=(",", ":"))
    set_content(response, told.encode(), tag, request)
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _assignments(session: Session, now: datetime) -> list[Assignment]:
    """The inspector's assignments, the long overdue left out; but not one whose visit was sent back."""
    own = person().user.id
    sent_back = select(Visit.assignment_id).where(
        Visit.inspector_id == own, Visit.state == VisitState.RETURNED, Visit.deleted_at.is_(None)
    )
    return list(
        session.scalars(
            select(Assignment)
            .where(
                Assignment.inspector_id == own,
                or_(*map(_within, g.memberships)),
                Assignment.state.in_([AssignmentState.HANDED_OUT, AssignmentState.DELIVERED, AssignmentState.VOID]),
                or_(Assignment.due_until > now - KEPT_AFTER_DUE, Assignment.id.in_(sent_back)),
            )
            .order_by(Assignment.due_until, Assignment.id)
            .options(
                selectinload(Assignment.wave),
                selectinload(Assignment.version),
                selectinload(Assignment.outlet).joinedload(Outlet.brand),
            )
        )
    )


def _within(membership: Membership) -> ColumnElement[bool]:
    """Whether an assignment lies in the project of this membership, or in any of the organization."""
    organization = Assignment.organization_id == membership.organization_id
    return (
        organization
        if membership.project_id is None
        else organization & (Assignment.project_id == membership.project_id)
    )


def _projects(session: Session, assignments: Iterable[Assignment]) -> dict[UUID, Project]:
    wanted = {each.project_id for each in assignments}
    return {each.id: each for each in session.scalars(select(Project).where(Project.id.in_(wanted)))}


def _projects_as_json(session: Session, projects: Mapping[UUID, Project]) -> list[Json]:
    """The projects with their touchpoints in the order of the journey: a best practice may be found at any of them."""
    touchpoints: dict[UUID, list[Json]] = {each: [] for each in projects}
    for touchpoint, stage in session.execute(
        select(Touchpoint, Stage)
        .join(Stage, Touchpoint.stage_id == Stage.id)
        .join(Journey, Stage.journey_id == Journey.id)
        .where(Touchpoint.project_id.in_(projects))
        .order_by(Journey.position, Journey.id, Stage.position, Touchpoint.position)
    ):
        touchpoints[touchpoint.project_id].append(
            {
                "id": str(touchpoint.id),
                "name": touchpoint.name,
                "stage": stage.name,
                "channel": touchpoint.channel.value,
            }
        )
    return [
        {
            "id": str(each.id),
            "name": each.name,
            "default_language": each.default_language,
            "staff_names": each.staff_names,
            "audio": each.audio,
            "audio_consent": each.audio_consent if each.audio else {},
            "touchpoints": touchpoints[each.id],
        }
        for each in sorted(projects.values(), key=lambda project: project.id)
    ]


def _versions_as_json(session: Session, assignments: Iterable[Assignment], visits: Iterable[Visit]) -> list[Json]:
    """The checklists of the assignments, and the older ones that visits sent back were made with."""
    versions = {each.version_id: each.version for each in assignments}
    older = {each.version_id for each in visits if each.state is VisitState.RETURNED and each.version_id}
    found = session.scalars(
        select(ChecklistVersion).where(ChecklistVersion.id.in_(older - set(versions))).order_by(ChecklistVersion.id)
    )
    return [phone_document(each.document or {}) for each in [*versions.values(), *found]]


def _assignments_as_json(
    session: Session,
    assignments: list[Assignment],
    projects: Mapping[UUID, Project],
    names: Mapping[UUID, LanguageMap],
    visits: Mapping[UUID, Json],
) -> list[Json]:
    waves = {each.wave_id for each in assignments}
    approved = approved_counts(session, list(waves))
    required = {
        (row.wave_id, row.touchpoint_id, row.brand_id): row.required
        for row in session.scalars(
            select(RequiredChecks).where(RequiredChecks.wave_id.in_(waves), RequiredChecks.outlet_id.is_(None))
        )
    }
    organizations = {
        each.id: each
        for each in session.scalars(
            select(Organization).where(Organization.id.in_({each.organization_id for each in projects.values()}))
        )
    }
    answer = []
    for each in assignments:
        project, outlet = projects[each.project_id], each.outlet
        document = each.version.document or {}
        touchpoints = dict.fromkeys(UUID(section["touchpoint_id"]) for section in document["sections"])
        places = [(each.wave_id, touchpoint, outlet.brand_id) for touchpoint in touchpoints]
        answer.append(
            {
                "id": str(each.id),
                "organization": {
                    "id": str(project.organization_id),
                    "name": organizations[project.organization_id].name,
                },
                "project": {"id": str(project.id), "name": project.name, "default_language": project.default_language},
                "wave": {"id": str(each.wave_id), "name": each.wave.name},
                "checklist_version_id": str(each.version_id),
                "purpose": document.get("purpose", "visit"),
                "outlet": _outlet_as_json(outlet),
                "brief": each.brief,
                "due_from": each.due_from.isoformat(),
                "due_until": each.due_until.isoformat(),
                "hours": None if each.hours_from is None else [each.hours_from, each.hours_until],
                "progress": [
                    {
                        "touchpoint": names[place[1]],
                        "approved": approved.get(place, 0),
                        "required": required.get(place, 0),
                    }
                    for place in places
                ],
                "visit": visits.get(each.id),
            }
        )
    return answer


def _outlet_as_json(outlet: Outlet) -> Json:
    return {
        "id": str(outlet.id),
        "brand": outlet.brand.name,
        **{name: getattr(outlet, name) or None for name in ("name", "city", "address", "phone", "url")},
        "time_zone": outlet.time_zone,
        "latitude": outlet.latitude,
        "longitude": outlet.longitude,
        "attributes": outlet.attributes,
    }
