"""Visits that have come in: their list, and one with its answers, checks, photos, corrections and history."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, g
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.brands import Brand, Outlet
from checklists.errors import HOLD_REASONS, HoldReason, NotFound
from checklists.journey import Touchpoint
from checklists.readers import is_for_clients
from checklists.review import Correction, Decision, Happening, corrections_of, history_of
from checklists.scoring import Status, Zone
from checklists.visits import (
    Answer,
    BestPracticeKind,
    Visit,
    VisitState,
    form_of,
    sealed_reports_of,
    visit_with_parts,
    visits_page,
)
from checklists.waves import Wave
from inspector.api.etags import tagged
from inspector.api.fields import (
    TOLD,
    Anything,
    Body,
    Choice,
    Flag,
    Id,
    Moment,
    Number,
    Pairs,
    Part,
    Several,
    Text,
    Whole,
    Words,
)
from inspector.api.operations import Json, Operations, told
from inspector.api.paging import Asked, Paged, Search, cursor_as, page_of, paged
from inspector.api.reach import find
from inspector.auth import READERS, REVIEWERS, roles
from inspector.transactions import reading

operations = Operations(
    "visits",
    "Visits and reviews",
    "What inspectors brought back. Answers are the effective ones, with corrections; `sealed` has what was sent where"
    " it was another. A client gets approved visits, without anybody's name or position.",
)

OBJECT: Json = {"type": "object"}
FILTERS: dict[str, type[Any]] = {"wave_id": Wave, "touchpoint_id": Touchpoint, "brand_id": Brand, "outlet_id": Outlet}
INNER = ("assignment_id", "inspector", "received_at", "sealed_score")
"""What is nobody's business but the agency's."""


class InspectorSchema(Body):
    id = Id("inspector", **TOLD)
    name = Text(example="Anna Petrova", **TOLD)


class VisitBriefSchema(Body):
    id = Id("visit", **TOLD)
    project_id = Id("project", "Null for a held one of which nobody could tell.", allow_none=True, **TOLD)
    wave_id = Id("wave", allow_none=True, **TOLD)
    assignment_id = Id("assignment", allow_none=True, **TOLD)
    version_id = Id("version", allow_none=True, **TOLD)
    outlet_id = Id("outlet", allow_none=True, **TOLD)
    brand_id = Id("brand", allow_none=True, **TOLD)
    inspector = Part(InspectorSchema, "Null for a client.", allow_none=True, **TOLD)
    state = Choice(VisitState, **TOLD)
    hold_reason = Choice(HoldReason, "Why it is held.", allow_none=True, **TOLD)
    hold_words = Text("Why it is held, in words.", allow_none=True, example="The assignment is not known.", **TOLD)
    revision = Whole("From 1; sent back and sent again, it is the next one.", example=1, **TOLD)
    started_at = Moment(allow_none=True, **TOLD)
    finished_at = Moment(allow_none=True, **TOLD)
    received_at = Moment("Null for a client.", allow_none=True, **TOLD)
    score = Number("Of the effective answers, as a share.", allow_none=True, example=0.85, **TOLD)
    sealed_score = Number("Of the answers as they were sent.", allow_none=True, example=0.8, **TOLD)


class CheckSchema(Body):
    id = Id("check", **TOLD)
    touchpoint_id = Id("touchpoint", **TOLD)
    score = Number("A share.", allow_none=True, example=0.9, **TOLD)
    sealed_score = Number(allow_none=True, example=0.9, **TOLD)
    points = Number(example=9, **TOLD)
    possible = Number(example=10, **TOLD)
    zone = Choice(Zone, allow_none=True, **TOLD)
    failed = Flag("Whether a critical criterion was red.", **TOLD)
    capped_at = Number(allow_none=True, example=0.5, **TOLD)
    valid = Flag("Whether it counts.", **TOLD)
    absent = Flag("Whether the touchpoint does not exist there.", **TOLD)
    forbidden_seen = Whole(example=0, **TOLD)
    forbidden_possible = Whole(example=3, **TOLD)


class ContentSchema(Body):
    status = Text("`answered`, `not_applicable`, `could_not_check`; `not_answered` where nothing stood.", **TOLD)
    states = Several(Id("state"), **TOLD)
    options = Several(Id("option"), **TOLD)
    value = Anything({"type": ["number", "string", "null"]}, example=42, **TOLD)
    comment = Text(allow_none=True, example="Two people before me.", **TOLD)


class EffectiveAnswerSchema(Body):
    criterion_id = Id("criterion", **TOLD)
    repetition = Whole("From 0.", example=0, **TOLD)
    status = Choice(Status, **TOLD)
    states = Several(Id("state"), **TOLD)
    options = Several(Id("option"), **TOLD)
    value = Anything({"type": ["number", "string", "null"]}, "A number, or words.", example=42, **TOLD)
    reason = Text("Why it could not be checked.", allow_none=True, example="The desk was closed.", **TOLD)
    comment = Text(allow_none=True, example="Two people before me.", **TOLD)
    photo_ids = Several(Id("photo"), **TOLD)
    zone = Choice(Zone, allow_none=True, **TOLD)
    points = Number(example=1, **TOLD)
    possible = Number(example=1, **TOLD)
    hidden = Flag("Whether the other answers kept it from being asked: kept, and not scored.", **TOLD)
    sealed = Part(ContentSchema, "What was sent, where it was corrected.", allow_none=True, **TOLD)


class VisitPhotoSchema(Body):
    id = Id("photo", **TOLD)
    sha256 = Text(example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", **TOLD)
    size = Whole("In bytes.", example=312_400, **TOLD)
    media_type = Text(example="image/jpeg", **TOLD)
    taken_at = Moment(allow_none=True, **TOLD)
    stored_at = Moment("When its bytes arrived.", allow_none=True, **TOLD)
    readable = Flag("Null until somebody looked.", allow_none=True, **TOLD)
    unreadable_reason = Text(allow_none=True, example="truncated", **TOLD)
    width = Whole(allow_none=True, example=2048, **TOLD)
    height = Whole(allow_none=True, example=1536, **TOLD)


class VisitPracticeSchema(Body):
    id = Id("best_practice", **TOLD)
    touchpoint_id = Id("touchpoint", **TOLD)
    kind = Choice(BestPracticeKind, **TOLD)
    text = Text(example="Chargers at each table", **TOLD)
    photo_ids = Several(Id("photo"), **TOLD)


class CorrectionSchema(Body):
    id = Id("correction", **TOLD)
    revision = Whole(example=1, **TOLD)
    criterion_id = Id("criterion", **TOLD)
    repetition = Whole(example=0, **TOLD)
    old = Part(ContentSchema, **TOLD)
    new = Part(ContentSchema, **TOLD)
    reason = Text(example="The photo shows it.", **TOLD)
    by_id = Id("user", **TOLD)
    at = Moment(**TOLD)


class SealedReportSchema(Body):
    revision = Whole(example=1, **TOLD)
    accepted = Flag("False for what came under an id that was taken.", **TOLD)
    sha256 = Text(example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", **TOLD)
    received_at = Moment(**TOLD)


class VisitSchema(VisitBriefSchema):
    elapsed_ms = Whole("By the phone's steady clock.", allow_none=True, example=720_000, **TOLD)
    utc_offset = Whole("In minutes east.", allow_none=True, example=180, **TOLD)
    app_version = Text(example="0.1.0", **TOLD)
    device_id = Text(example="Pixel 4a", **TOLD)
    positions = Several(Anything(OBJECT), "Where it was: lat, lon, accuracy_m, at.", example=[], **TOLD)
    points = Number(allow_none=True, example=34, **TOLD)
    possible = Number(allow_none=True, example=40, **TOLD)
    grade = Words("The band of the score.", allow_none=True, example={"en": "good"}, **TOLD)
    outlet_attributes = Pairs("string", "As they were at the receipt.", example={"drive-through": "yes"}, **TOLD)
    repetitions = Several(Anything(OBJECT), "Of repeating sections: section_id, repetition, label.", example=[], **TOLD)
    staff_met = Several(Anything(OBJECT), "role, description, name.", example=[], **TOLD)
    text_replaced = Flag("Whether words had signs that cannot be stored; the sealed report has them.", **TOLD)
    checks = Several(Part(CheckSchema), **TOLD)
    answers = Several(Part(EffectiveAnswerSchema), **TOLD)
    photos = Several(Part(VisitPhotoSchema), **TOLD)
    best_practices = Several(Part(VisitPracticeSchema), **TOLD)
    corrections = Several(Part(CorrectionSchema), "Of the last revision.", **TOLD)
    sealed_reports = Several(Part(SealedReportSchema), "All that phones sent under its id.", **TOLD)


class NoteSchema(Body):
    criterion_id = Id("criterion", **TOLD)
    repetition = Whole(example=0, **TOLD)
    text = Text(example="The photo is dark.", **TOLD)


class EventSchema(Body):
    at = Moment(**TOLD)
    kind = Choice(Happening, **TOLD)
    person = Text("Who did it, where it was somebody.", example="Anna Petrova", **TOLD)
    revision = Whole(allow_none=True, example=1, **TOLD)
    decision = Choice(Decision, "Of a review.", allow_none=True, **TOLD)
    reason = Text("Of a review or a correction.", example="", **TOLD)
    notes = Several(Part(NoteSchema), "Of a visit that was sent back.", **TOLD)
    correction_id = Id("correction", allow_none=True, **TOLD)
    photos = Whole("How many had arrived by then.", example=0, **TOLD)


class HistorySchema(Body):
    items = Several(Part(EventSchema), "Oldest first.", **TOLD)


class VisitQuery(Paged):
    q = Search("Words in the outlet's name, city or address, or in the inspector's name.", load_default="")
    wave_id = Id("wave", load_default=None)
    state = Choice(VisitState, load_default=None, example="received")
    touchpoint_id = Id("touchpoint", load_default=None)
    brand_id = Id("brand", load_default=None)
    outlet_id = Id("outlet", load_default=None)
    inspector_id = Id("inspector", load_default=None)
    oldest_first = Asked("In the order of receipt; else the latest comes first.", load_default=False)


@operations.route("/projects/<uuid:project_id>/visits", methods=["GET"])
@operations.query(VisitQuery)
@operations.answers(200, page_of(VisitBriefSchema), "Visits, the latest first")
@roles(*READERS, scope=TokenScope.FIELDWORK_READ)
def list_visits(asked: Json, project_id: UUID) -> Response:
    """The project's visits, or those that fit. Held ones whose project nobody could tell are among them for those who
    see the whole organization.
    """
    cursor = cursor_as(asked["cursor"], datetime, UUID)
    with reading() as session:
        models: dict[str, type[Any]] = {
            "wave_id": Wave,
            "touchpoint_id": Touchpoint,
            "brand_id": Brand,
            "outlet_id": Outlet,
        }
        for name, model in models.items():
            if asked[name]:
                find(session, model, asked[name])
        filters = {name: asked[name] for name in (*FILTERS, "state", "inspector_id", "oldest_first")}
        found = visits_page(
            session,
            project_id,
            words=asked["q"],
            **filters,
            unplaced=sees_unplaced(),
            after=cursor,
            limit=asked["limit"] + 1,
        )
        rows = [(each.received_at, _in_brief(each)) for each in found]
    return paged(VisitBriefSchema, rows, asked["limit"], lambda row: (row[0], row[1]["id"]), lambda row: row[1])


@operations.route("/visits/<uuid:visit_id>", methods=["GET"])
@operations.answers(200, VisitSchema, "The visit")
@roles(*READERS, scope=TokenScope.FIELDWORK_READ)
def show(visit_id: UUID) -> Response:
    """One visit with everything that is known of it."""
    with reading() as session:
        return tagged(VisitSchema, visit_told(session, visit_id))


@operations.route("/visits/<uuid:visit_id>/history", methods=["GET"])
@operations.answers(200, HistorySchema, "What happened to it")
@roles(*REVIEWERS, scope=TokenScope.FIELDWORK_READ)
def show_history(visit_id: UUID) -> Response:
    """All that happened to the visit, from the assignment on."""
    with reading() as session:
        _visit(session, visit_id)
        items = [_event(each) for each in history_of(session, visit_id)]
        return told(HistorySchema().dump({"items": items}))


@operations.route("/visits/<uuid:visit_id>/reports/<sha256>", methods=["GET"])
@operations.answers(200, {"type": "string", "format": "binary"}, "The bytes", "application/octet-stream")
@roles(*REVIEWERS, scope=TokenScope.FIELDWORK_READ)
def show_report(visit_id: UUID, sha256: str) -> Response:
    """One sealed report, byte for byte as the phone sent it."""
    with reading() as session:
        _visit(session, visit_id)
        for report in sealed_reports_of(session, visit_id):
            if report.sha256 == sha256 and report.erased_at is None:
                return Response(report.body, content_type="application/octet-stream")
    raise NotFound


def sees_unplaced() -> bool:
    """Whether the asker is shown held visits whose project nobody could tell: whoever sees the whole organization."""
    return any(each.project_id is None for each in g.memberships)


def visit_told(session: Session, visit_id: UUID) -> Json:
    """A visit as it is told, with all its parts. Raises NotFound."""
    visit = _visit(session, visit_id)
    corrections = corrections_of(session, visit.id, visit.revision)
    form = form_of(session, visit.version_id) if visit.version_id else None
    names = ("elapsed_ms", "utc_offset", "app_version", "device_id", "positions", "points", "possible")
    further = ("outlet_attributes", "repetitions", "staff_met", "text_replaced", "checks", "photos", "best_practices")
    whole = {name: getattr(visit, name) for name in (*names, *further)} | {
        "grade": dict(form.grade(visit.score) or {}) if form and visit.score is not None else None,
        "answers": _answers(visit, corrections),
        "corrections": corrections,
        "sealed_reports": sealed_reports_of(session, visit.id),
    }
    return _in_brief(visit) | whole


def _visit(session: Session, visit_id: UUID) -> Visit:
    """The visit of the address, which reach.py found, as far as it is not deleted."""
    visit = visit_with_parts(session, visit_id)
    if visit is None:
        raise NotFound
    return visit


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
    return [_answer(row) | {"sealed": sent.get((row.criterion_id, row.repetition))} for row in rows]


def _answer(row: Answer) -> Json:
    names = ("criterion_id", "repetition", "status", "states", "options", "reason", "comment", "photo_ids", "zone")
    own = {name: getattr(row, name) for name in (*names, "points", "possible", "hidden")}
    return own | {"value": row.value if row.words is None else row.words}


def _event(event: Any) -> Json:
    review, correction = event.review, event.correction
    return {name: getattr(event, name) for name in ("at", "kind", "person", "revision", "photos")} | {
        "decision": review.decision if review else None,
        "reason": review.reason if review else correction.reason if correction else "",
        "notes": review.notes if review else [],
        "correction_id": correction.id if correction else None,
    }
