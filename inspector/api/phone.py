"""All that an inspector's phone needs for working without a network."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, json, request
from flask_babel import gettext
from flask_smorest import Blueprint
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, selectinload

from checklists.brands import Outlet
from checklists.checklist import phone_document
from checklists.errors import HOLD_REASONS
from checklists.matrix import approved_counts
from checklists.people import Membership, Organization, Project, Role
from checklists.review import Review
from checklists.visits import Visit, VisitState
from checklists.waves import Assignment, AssignmentState, RequiredChecks
from inspector.auth import person, roles
from inspector.transactions import reading

blueprint = Blueprint("phone", __name__, url_prefix="/api/v1/phone", description="What a phone needs off-line")

KEPT_AFTER_DUE = timedelta(days=30)
PHOTO_LONG_EDGE_PX = 2048
PHOTOS_PER_VISIT = 200


@blueprint.route("/work", methods=["GET"])
@blueprint.response(200, description="Assignments with briefs, blind checklist versions, limits; with an ETag")
@blueprint.alt_response(304, description="Nothing changed")
@roles(Role.INSPECTOR)
def work() -> Response:
    """Everything that this inspector's phone needs, over all memberships."""
    now = datetime.now(UTC)
    with reading() as session:
        assignments = _assignments(session, now)
        visits = _visits(session, assignments)
        content = {
            "person": {
                "id": str(person().user.id),
                "name": person().user.name,
                "email": person().user.email,
                "language": person().user.language,
            },
            "limits": {
                "photo_long_edge_px": PHOTO_LONG_EDGE_PX,
                "photo_max_bytes": current_app.config["SETTINGS"].photo_max_bytes,
                "visit_max_bytes": current_app.config["SETTINGS"].visit_max_bytes,
                "photos_per_visit": PHOTOS_PER_VISIT,
            },
            "assignments": _assignments_as_json(session, assignments, visits),
            "checklist_versions": [
                phone_document(each.version.document or {})
                for each in {one.version_id: one for one in assignments}.values()
            ],
        }
    tag = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
    response = Response(json.dumps({"server_time": now.isoformat(), **content}), content_type="application/json")
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _assignments(session: Session, now: datetime) -> list[Assignment]:
    return list(
        session.scalars(
            select(Assignment)
            .where(
                Assignment.inspector_id == person().user.id,
                or_(*map(_within, g.memberships)),
                Assignment.state.in_([AssignmentState.HANDED_OUT, AssignmentState.DELIVERED, AssignmentState.VOID]),
                Assignment.due_until > now - KEPT_AFTER_DUE,
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


def _visits(session: Session, assignments: Iterable[Assignment]) -> dict[UUID, tuple[Visit, str | None]]:
    """The inspector's visit of each assignment with the words that go with its state; one that counts wins over a
    held one.
    """
    found: dict[UUID, tuple[Visit, str | None]] = {}
    visits = session.scalars(
        select(Visit)
        .where(
            Visit.assignment_id.in_([each.id for each in assignments]),
            Visit.inspector_id == person().user.id,
            Visit.deleted_at.is_(None),
        )
        .order_by(Visit.hold_reason.is_(None), Visit.received_at)
    ).all()
    rejections: dict[UUID, str] = dict(
        session.execute(
            select(Review.visit_id, Review.reason).where(
                Review.visit_id.in_([each.id for each in visits if each.state is VisitState.REJECTED])
            )
        ).all()
    )
    for visit in visits:
        assert visit.assignment_id is not None
        held = visit.hold_reason if visit.state is VisitState.HELD else None
        found[visit.assignment_id] = visit, gettext(HOLD_REASONS[held]) if held else rejections.get(visit.id)
    return found


def _assignments_as_json(
    session: Session, assignments: list[Assignment], visits: Mapping[UUID, tuple[Visit, str | None]]
) -> list[dict[str, Any]]:
    waves = {each.wave_id for each in assignments}
    approved = approved_counts(session, list(waves))
    required = {
        (row.wave_id, row.touchpoint_id, row.brand_id): row.required
        for row in session.scalars(
            select(RequiredChecks).where(RequiredChecks.wave_id.in_(waves), RequiredChecks.outlet_id.is_(None))
        )
    }
    projects = {each.id: each for each in session.scalars(select(Project))}
    organizations = {
        each.id: each
        for each in session.scalars(
            select(Organization).where(Organization.id.in_({p.organization_id for p in projects.values()}))
        )
    }
    answer = []
    for each in assignments:
        project, outlet = projects[each.project_id], each.outlet
        document = each.version.document or {}
        touchpoints = {UUID(section["touchpoint_id"]): section["title"] for section in document["sections"]}
        places = [(each.wave_id, touchpoint, outlet.brand_id) for touchpoint in touchpoints]
        visit, reason = visits.get(each.id, (None, None))
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
                "outlet": {
                    "id": str(outlet.id),
                    "brand": outlet.brand.name,
                    **{name: getattr(outlet, name) or None for name in ("name", "city", "address", "phone", "url")},
                    "time_zone": outlet.time_zone,
                    "latitude": outlet.latitude,
                    "longitude": outlet.longitude,
                },
                "brief": each.brief,
                "due_from": each.due_from.isoformat(),
                "due_until": each.due_until.isoformat(),
                "progress": [
                    {
                        "touchpoint": touchpoints[place[1]],
                        "approved": approved.get(place, 0),
                        "required": required.get(place, 0),
                    }
                    for place in places
                ],
                "visit": visit
                and {
                    "id": str(visit.id),
                    "revision": visit.revision,
                    "state": visit.state.value,
                    "received_at": visit.received_at.isoformat(),
                    "reason": reason,
                },
            }
        )
    return answer
