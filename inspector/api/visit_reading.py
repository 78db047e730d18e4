"""Visits that have come in: their list, and one with its answers, checks, photos, corrections and history."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, g
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.brands import Brand, Outlet
from checklists.errors import HOLD_REASONS, N_, InvalidInput, NotAllowed, NotFound
from checklists.journey import Touchpoint
from checklists.orm import scoped
from checklists.readers import is_for_clients
from checklists.review import Correction, corrections_of, history_of, reviews_of
from checklists.visits import (
    Answer,
    Photo,
    Visit,
    VisitState,
    form_of,
    sealed_reports_of,
    visit_with_parts,
    visits_page,
)
from checklists.waves import Wave
from inspector.api.alike import alike_told
from inspector.api.etags import tagged
from inspector.api.fields import Body, Choice, Id
from inspector.api.operations import Json, Operations, told
from inspector.api.paging import Asked, Paged, Search, cursor_as, page_of, paged
from inspector.api.reach import find
from inspector.api.visit_bodies import (
    CheckSchema,
    HistorySchema,
    VisitBriefSchema,
    VisitPhotoSchema,
    VisitPracticeSchema,
    VisitSchema,
)
from inspector.auth import READERS, REVIEWERS, roles, sees_unplaced
from inspector.trail import reads_personal
from inspector.transactions import reading

operations = Operations(
    "visits",
    "Visits and reviews",
    "What inspectors brought back. Answers are the effective ones, with corrections; `sealed` has what was sent where"
    " it was another. A client gets approved visits, without anybody's name or position.",
)

FILTERS: dict[str, type[Any]] = {"wave_id": Wave, "touchpoint_id": Touchpoint, "brand_id": Brand, "outlet_id": Outlet}
INNER = ("assignment_id", "inspector", "received_at", "sealed_score")
"""What is nobody's business but the agency's."""
MEANT = (
    *("state", "hold_reason", "revision", "assignment_id", "version_id", "started_at", "finished_at", "staff_met"),
    *("answers", "best_practices", "corrections", "reviews"),
)
"""What people change in a visit. The rest changes by itself: photos arrive and are looked at, likenesses are found."""


class VisitQuery(Paged):
    q = Search("Words in the outlet's name, city or address, or in the inspector's name.", load_default="")
    wave_id = Id("wave", load_default=None)
    state = Choice(VisitState, load_default=None, example="received")
    touchpoint_id = Id("touchpoint", load_default=None)
    brand_id = Id("brand", load_default=None)
    outlet_id = Id("outlet", load_default=None)
    inspector_id = Id("inspector", load_default=None)
    used_twice = Asked(
        "Only those of which a photo looks like one of another visit. Not for clients.", load_default=False
    )
    oldest_first = Asked("In the order of receipt; else the latest comes first.", load_default=False)


@operations.route("/projects/<uuid:project_id>/visits", methods=["GET"])
@operations.query(VisitQuery)
@operations.answers(200, page_of(VisitBriefSchema), "Visits, the latest first")
@roles(*READERS, scope=TokenScope.FIELDWORK_READ)
@reads_personal("visit_list")
def list_visits(asked: Json, project_id: UUID) -> Response:
    """The project's visits, or those that fit. Held ones whose project nobody could tell are among them for those who
    see the whole organization.
    """
    after = behind_visit(asked["cursor"] and cursor_as(asked["cursor"], UUID)[0])
    if asked["used_twice"] and is_for_clients(g.scope):
        raise NotAllowed
    with reading() as session:
        for name, model in FILTERS.items():
            if asked[name]:
                find(session, model, asked[name])
        filters = {name: asked[name] for name in (*FILTERS, "state", "inspector_id", "used_twice", "oldest_first")}
        found = visits_page(
            session,
            project_id,
            words=asked["q"],
            **filters,
            unplaced=sees_unplaced(),
            after=after,
            limit=asked["limit"] + 1,
        )
        rows = [_in_brief(each) for each in found]
    return paged(VisitBriefSchema, rows, asked["limit"], lambda row: (row["id"],))


def behind_visit(visit_id: UUID | None) -> tuple[datetime, UUID] | None:
    """Where a list of visits in the order of their receipt goes on: behind this one of the project, whether or not the
    asker still sees it. A cursor names the visit alone, for a client must not read from it when that was received.

    Raises InvalidInput where there is no such visit.
    """
    if visit_id is None:
        return None
    with reading(scoped([g.organization.id])) as session:
        visit = session.get(Visit, visit_id)
    if visit is None or visit.project_id not in (None, g.project.id):
        raise InvalidInput({"cursor": N_("This cursor is not one of this list.")})
    return visit.received_at, visit.id


@operations.route("/visits/<uuid:visit_id>", methods=["GET"])
@operations.answers(200, VisitSchema, "The visit")
@roles(*READERS, scope=TokenScope.FIELDWORK_READ)
@reads_personal("visit")
def show(visit_id: UUID) -> Response:
    """One visit with everything that is known of it."""
    with reading() as session:
        return tagged(VisitSchema, visit_told(session, visit_id), meant=MEANT)


@operations.route("/visits/<uuid:visit_id>/history", methods=["GET"])
@operations.answers(200, HistorySchema, "What happened to it")
@roles(*REVIEWERS, scope=TokenScope.FIELDWORK_READ)
@reads_personal("visit")
def show_history(visit_id: UUID) -> Response:
    """All that happened to the visit, from the assignment on."""
    with reading() as session:
        visit_with_parts(session, visit_id)
        items = [_event(each) for each in history_of(session, visit_id)]
        return told(HistorySchema().dump({"items": items}))


@operations.route("/visits/<uuid:visit_id>/reports/<sha256>", methods=["GET"])
@operations.answers(200, {"type": "string", "format": "binary"}, "The bytes", "application/octet-stream")
@roles(*REVIEWERS, scope=TokenScope.FIELDWORK_READ)
@reads_personal("report")
def show_report(visit_id: UUID, sha256: str) -> Response:
    """One sealed report, byte for byte as the phone sent it."""
    with reading() as session:
        visit_with_parts(session, visit_id)
        for report in sealed_reports_of(session, visit_id):
            if report.sha256 == sha256 and report.erased_at is None:
                return Response(report.body, content_type="application/octet-stream")
    raise NotFound


def visit_told(session: Session, visit_id: UUID) -> Json:
    """A visit as it is told, with all its parts. Raises NotFound."""
    visit = visit_with_parts(session, visit_id)
    corrections = corrections_of(session, visit.id, visit.revision)
    form = form_of(session, visit.version_id) if visit.version_id else None
    names = ("elapsed_ms", "utc_offset", "app_version", "device_id", "positions", "points", "possible")
    further = ("outlet_attributes", "repetitions", "staff_met", "consents", "text_replaced")
    whole = {name: getattr(visit, name) for name in (*names, *further)} | {
        "grade": dict(form.grade(visit.score) or {}) if form and visit.score is not None else None,
        "checks": _without_ids(CheckSchema, visit.checks),
        "answers": _answers(visit, corrections),
        "photos": _photos(session, visit.photos),
        "best_practices": _without_ids(VisitPracticeSchema, visit.best_practices),
        "corrections": corrections,
        "reviews": reviews_of(session, visit.id),
        "sealed_reports": sealed_reports_of(session, visit.id),
    }
    return _in_brief(visit) | whole


def _in_brief(visit: Visit) -> Json:
    names = ("id", "project_id", "wave_id", "assignment_id", "version_id", "outlet_id", "state", "hold_reason")
    further = ("revision", "started_at", "finished_at", "received_at", "score", "sealed_score")
    brief = {name: getattr(visit, name) for name in (*names, *further)} | {
        "brand_id": visit.outlet.brand_id if visit.outlet else None,
        "inspector": visit.inspector,
        "hold_words": _(HOLD_REASONS[visit.hold_reason]) if visit.hold_reason else None,
    }
    return brief | dict.fromkeys(INNER) if is_for_clients(g.scope) else brief


def _answers(visit: Visit, corrections: Iterable[Correction]) -> list[Json]:
    """The effective answers in a fixed order, each with what was sent where the first correction replaced it."""
    sent: dict[tuple[UUID, int], Any] = {}
    for correction in corrections:
        sent.setdefault((correction.criterion_id, correction.repetition), correction.old)
    rows = sorted(visit.answers, key=lambda each: (each.criterion_id, each.repetition))
    seen = {str(photo.id) for photo in visit.photos}  # A client does not see them all.
    return [_answer(row, seen) | {"sealed": sent.get((row.criterion_id, row.repetition))} for row in rows]


def _answer(row: Answer, seen: Collection[str]) -> Json:
    names = ("criterion_id", "repetition", "status", "states", "options", "reason", "comment", "zone")
    own = {name: getattr(row, name) for name in (*names, "points", "possible", "hidden")}
    return own | {
        "value": row.value if row.words is None else row.words,
        "photo_ids": [photo_id for photo_id in row.photo_ids if photo_id in seen],
    }


def _without_ids(schema: type[Body], rows: Iterable[Any]) -> list[Any]:
    """The rows; for a client without their ids, which the server made when it received the visit."""
    if not is_for_clients(g.scope):
        return list(rows)
    return [{name: getattr(row, name) for name in schema().fields} | {"id": None} for row in rows]


def _photos(session: Session, photos: Iterable[Photo]) -> list[Json]:
    alike, names = alike_told(session, photos), set(VisitPhotoSchema().fields) - {"alike"}
    hidden = dict.fromkeys(("stored_at", "erased_at")) if is_for_clients(g.scope) else {}
    return [
        {name: getattr(photo, name) for name in names}
        | hidden
        | {"receipt": photo.receipt or None, "alike": alike.get(photo.id, [])}
        for photo in photos
    ]


def _event(event: Any) -> Json:
    review, correction = event.review, event.correction
    return {name: getattr(event, name) for name in ("at", "kind", "person", "by_file", "revision", "photos")} | {
        "decision": review.decision if review else None,
        "reason": review.reason if review else correction.reason if correction else "",
        "notes": review.notes if review else [],
        "correction_id": correction.id if correction else None,
    }
