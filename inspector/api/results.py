"""Results: the matrix of a wave, one of its cells, the coverage, best practices, and exports as files."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, g
from flask.typing import ResponseReturnValue

from checklists.accounts import TokenScope
from checklists.brands import Brand
from checklists.checklist import Unit
from checklists.confidence import Kind as VerdictKind
from checklists.errors import NotFound
from checklists.journey import Channel, Touchpoint
from checklists.matrix import Cell, Standing, cell_criteria, coverage_of, touchpoint_matrix
from checklists.readers import is_for_clients
from checklists.review import Practice, best_practices_of
from checklists.scoring import Kind, Zone
from checklists.visits import BestPracticeKind, VisitState
from checklists.waves import Wave
from inspector.api.etags import tagged
from inspector.api.fields import TOLD, Body, Choice, Flag, Id, Number, Pairs, Part, Several, Text, Whole, Words
from inspector.api.operations import Json, Operations
from inspector.api.paging import Paged, cursor_as, page_of, paged
from inspector.api.reach import find
from inspector.api.visit_reading import behind_visit
from inspector.auth import READERS, roles
from inspector.exports import answers, visits
from inspector.transactions import reading

operations = Operations(
    "results",
    "Results",
    "What the approved checks of a wave say, how sure it is, and what is still missing. A score is a share of the"
    " points; an interval holds the true one in 95 of 100 cases.",
)


class IntervalSchema(Body):
    low = Number(example=0.71, **TOLD)
    high = Number(example=0.93, **TOLD)


class EstimateSchema(Body):
    mean = Number("Of the outlets' means; on remote channels of the visits'.", example=0.84, **TOLD)
    clusters = Whole("Outlets; on remote channels visits.", example=8, **TOLD)
    checks = Whole(example=10, **TOLD)
    standard_error = Number(example=0.05, **TOLD)


class VerdictSchema(Body):
    kind = Choice(VerdictKind, "Of our own brand against this one, corrected over the whole matrix by Holm.", **TOLD)
    difference = Number("Ours less theirs, as a share.", example=0.12, **TOLD)
    interval = Part(IntervalSchema, **TOLD)
    p = Number(allow_none=True, example=0.01, **TOLD)
    checks_needed = Whole("Of each brand, for a verdict.", allow_none=True, example=24, **TOLD)


class CellSchema(Body):
    touchpoint_id = Id("touchpoint", **TOLD)
    brand_id = Id("brand", **TOLD)
    required = Whole(example=10, **TOLD)
    planned = Whole(example=10, **TOLD)
    received = Whole(example=1, **TOLD)
    returned = Whole(example=0, **TOLD)
    approved = Whole(example=10, **TOLD)
    absent = Whole("Approved, and the touchpoint does not exist there.", example=0, **TOLD)
    invalid = Whole("Approved, without a check that counts.", example=0, **TOLD)
    mixed_versions = Flag(**TOLD)
    zones = Pairs("integer", "Approved checks by zone.", example={"green": 7, "yellow": 2, "red": 1}, **TOLD)
    zone = Choice(Zone, "Of the mean; judge by it only where `enough`.", allow_none=True, **TOLD)
    enough = Flag("Whether the required checks are there.", **TOLD)
    estimate = Part(EstimateSchema, allow_none=True, **TOLD)
    interval = Part(IntervalSchema, allow_none=True, **TOLD)
    forbidden_rate = Number("Of forbidden states seen.", allow_none=True, example=0.05, **TOLD)
    failed_share = Number("Of checks that a critical criterion failed.", allow_none=True, example=0.1, **TOLD)
    verdict = Part(VerdictSchema, allow_none=True, **TOLD)


class RowSchema(Body):
    touchpoint_id = Id("touchpoint", **TOLD)
    name = Words(example={"en": "Cash desk"}, **TOLD)
    channel = Choice(Channel, **TOLD)
    stage_id = Id("stage", **TOLD)
    stage = Words(example={"en": "Visiting"}, **TOLD)
    journey_id = Id("journey", **TOLD)
    journey = Words(example={"en": "Guest of a coffee shop"}, **TOLD)
    cells = Several(Part(CellSchema), "One for each brand.", **TOLD)


class MatrixBrandSchema(Body):
    id = Id("brand", **TOLD)
    name = Text(example="Utro", **TOLD)
    own = Flag(**TOLD)


class MatrixSchema(Body):
    margin = Number("Within which two brands are on a par, as a share.", example=0.1, **TOLD)
    brands = Several(Part(MatrixBrandSchema), "The own ones first.", **TOLD)
    rows = Several(Part(RowSchema), "In the order of the journey.", **TOLD)


class CriterionFiguresSchema(Body):
    criterion_id = Id("criterion", **TOLD)
    text = Words(example={"en": "The guest is greeted"}, **TOLD)
    kind = Choice(Kind, **TOLD)
    section = Words(example={"en": "Cash desk"}, **TOLD)
    critical = Flag(**TOLD)
    barrier = Words("That it tests.", allow_none=True, example={"en": "A queue"}, **TOLD)
    unit = Choice(Unit, allow_none=True, **TOLD)
    answered = Whole(example=10, **TOLD)
    mean = Number("Of the numbers entered.", allow_none=True, example=42, **TOLD)
    lowest = Number(allow_none=True, example=12, **TOLD)
    highest = Number(allow_none=True, example=95, **TOLD)
    zones = Pairs("integer", example={"green": 7, "yellow": 2, "red": 1}, **TOLD)
    share = Number("Points of those possible.", allow_none=True, example=0.8, **TOLD)
    not_applicable = Whole(example=0, **TOLD)
    could_not_check = Whole(example=0, **TOLD)
    forbidden_seen = Whole(example=1, **TOLD)
    forbidden_possible = Whole(example=30, **TOLD)


class WholeCellSchema(CellSchema):
    criteria = Several(Part(CriterionFiguresSchema), "In the order of the checklist.", **TOLD)


class OutletCoverageSchema(Body):
    outlet_id = Id("outlet", **TOLD)
    required = Whole("Null where any outlet of the brand will do.", allow_none=True, example=2, **TOLD)
    counts = Pairs("integer", example={"approved": 1, "handed_out": 1}, **TOLD)


class CoverageCellSchema(Body):
    brand_id = Id("brand", **TOLD)
    required = Whole(example=10, **TOLD)
    filled = Whole("Approved checks, as far as they are required.", example=6, **TOLD)
    missing = Whole("Visits that nobody is planned for; null for a client.", allow_none=True, example=1, **TOLD)
    counts = Pairs("integer", "Visits by how far they have come.", example={"approved": 6, "planned": 3}, **TOLD)
    outlets = Several(Part(OutletCoverageSchema), **TOLD)


class CoverageRowSchema(Body):
    touchpoint_id = Id("touchpoint", **TOLD)
    name = Words(example={"en": "Cash desk"}, **TOLD)
    channel = Choice(Channel, **TOLD)
    stage_id = Id("stage", **TOLD)
    stage = Words(example={"en": "Visiting"}, **TOLD)
    cells = Several(Part(CoverageCellSchema), **TOLD)


class CoverageSchema(Body):
    required = Whole(example=40, **TOLD)
    filled = Whole(example=22, **TOLD)
    rows = Several(Part(CoverageRowSchema), **TOLD)


class PracticeSchema(Body):
    id = Id("best_practice", "Null for a client: it has the time of receipt in it.", allow_none=True, **TOLD)
    visit_id = Id("visit", **TOLD)
    wave_id = Id("wave", **TOLD)
    touchpoint_id = Id("touchpoint", **TOLD)
    brand_id = Id("brand", **TOLD)
    outlet_id = Id("outlet", **TOLD)
    kind = Choice(BestPracticeKind, **TOLD)
    text = Text(example="Chargers at each table", **TOLD)
    photo_ids = Several(Id("photo"), "Those that have arrived.", **TOLD)


class PracticeQuery(Paged):
    wave_id = Id("wave", load_default=None)
    brand_id = Id("brand", load_default=None)
    touchpoint_id = Id("touchpoint", load_default=None)
    kind = Choice(BestPracticeKind, load_default=None)
    state = Choice(VisitState, "Of the visits; only approved ones count.", load_default=None, example="approved")


@operations.route("/waves/<uuid:wave_id>/matrix", methods=["GET"])
@operations.answers(200, MatrixSchema, "Touchpoint x brand")
@roles(*READERS, scope=TokenScope.RESULTS_READ)
def show_matrix(wave_id: UUID) -> Response:
    """Touchpoint x brand: scores with intervals, and the own brand's verdicts on its rivals."""
    with reading() as session:
        found = touchpoint_matrix(session, wave_id, g.project.margin)
    rows = [
        {name: getattr(row, name) for name in RowSchema().fields if name != "cells"}
        | {"cells": [_cell(cell) for cell in row.cells.values()]}
        for row in found.rows
    ]
    return tagged(MatrixSchema, {"margin": found.margin, "brands": found.brands, "rows": rows})


@operations.route("/waves/<uuid:wave_id>/touchpoints/<uuid:touchpoint_id>/brands/<uuid:brand_id>", methods=["GET"])
@operations.answers(200, WholeCellSchema, "The cell")
@roles(*READERS, scope=TokenScope.RESULTS_READ)
def show_cell(wave_id: UUID, touchpoint_id: UUID, brand_id: UUID) -> Response:
    """One cell of the matrix with the criteria behind it."""
    with reading() as session:
        found = touchpoint_matrix(session, wave_id, g.project.margin)
        row = next((each for each in found.rows if each.touchpoint_id == touchpoint_id), None)
        if row is None or brand_id not in row.cells:
            raise NotFound
        criteria = cell_criteria(session, wave_id, touchpoint_id, brand_id)
    return tagged(WholeCellSchema, _cell(row.cells[brand_id]) | {"criteria": criteria})


def _cell(cell: Cell) -> Json:
    return {name: getattr(cell, name) for name in CellSchema().fields} | {
        "interval": cell.interval and {"low": cell.interval.low, "high": cell.interval.high},
        "zones": {zone.value: count for zone, count in cell.zones.items()},
    }


@operations.route("/waves/<uuid:wave_id>/coverage", methods=["GET"])
@operations.answers(200, CoverageSchema, "The coverage")
@roles(*READERS, scope=TokenScope.RESULTS_READ)
def show_coverage(wave_id: UUID) -> Response:
    """How far the wave is filled, by touchpoint, brand and outlet."""
    with reading() as session:
        found = coverage_of(session, wave_id, datetime.now(UTC))
    rows = [
        {name: getattr(row, name) for name in CoverageRowSchema().fields if name != "cells"}
        | {"cells": [_coverage(cell) for cell in row.cells.values()]}
        for row in found.rows
    ]
    return tagged(CoverageSchema, {"required": found.required, "filled": found.filled, "rows": rows})


def _coverage(cell: Any) -> Json:
    return {
        "brand_id": cell.brand_id,
        "required": cell.required,
        "filled": cell.filled,
        "missing": None if is_for_clients(g.scope) else cell.missing,
        "counts": _counts(cell.counts),
        "outlets": [
            {"outlet_id": each.outlet_id, "required": each.required, "counts": _counts(each.counts)}
            for each in sorted(cell.outlets.values(), key=lambda each: each.outlet_id)
        ],
    }


def _counts(counts: Any) -> dict[str, int]:
    return {standing.value: counts[standing] for standing in Standing if counts[standing]}


@operations.route("/projects/<uuid:project_id>/best-practices", methods=["GET"])
@operations.query(PracticeQuery)
@operations.answers(200, page_of(PracticeSchema), "Best practices, the latest visit first")
@roles(*READERS, scope=TokenScope.RESULTS_READ)
def list_practices(asked: Json, project_id: UUID) -> Response:
    """What inspectors found worth copying, at home and at rivals."""
    cursor = cursor_as(asked["cursor"], UUID, int)
    visit = behind_visit(cursor and cursor[0])
    with reading() as session:
        for model, name in ((Wave, "wave_id"), (Brand, "brand_id"), (Touchpoint, "touchpoint_id")):
            if asked[name]:
                find(session, model, asked[name])
        found, _total = best_practices_of(
            session,
            project_id,
            state=asked["state"] or VisitState.APPROVED,
            **{name: asked[name] for name in ("wave_id", "brand_id", "touchpoint_id", "kind")},
            after=visit and (*visit, cursor[1]),
            limit=asked["limit"] + 1,
        )
        return paged(PracticeSchema, found, asked["limit"], _practice_place, _practice)


def _practice_place(found: Practice) -> tuple[UUID, int]:
    return found.visit.id, found.practice.position


def _practice(found: Practice) -> Json:
    names = ("id", "visit_id", "wave_id", "touchpoint_id", "brand_id", "outlet_id", "kind", "text")
    own = {name: getattr(found.practice, name) for name in names}
    hidden = {"id": None} if is_for_clients(g.scope) else {}
    return own | hidden | {"photo_ids": [photo.id for photo in found.photos]}


class ExportQuery(Body):
    wave = Id("wave", "Only this wave's visits.", load_default=None)
    state = Text("A visit's state, or `all`; only approved ones count.", load_default="approved", example="approved")
    codes = Text("`1` writes codes and points as programs want them.", load_default="", longest=1, example="1")


TABLE: Json = {"type": "string"}


@operations.route("/projects/<uuid:project_id>/exports/visits", methods=["GET"])
@operations.query(ExportQuery)
@operations.answers(200, TABLE, "CSV, UTF-8 with a byte order mark", "text/csv")
@roles(*READERS, scope=TokenScope.RESULTS_READ)
def export_visits(_asked: Json, project_id: UUID) -> ResponseReturnValue:
    """All visits that fit as CSV: one row for each, with its score and that of each of its checks."""
    return visits.download()


@operations.route("/projects/<uuid:project_id>/exports/answers", methods=["GET"])
@operations.query(ExportQuery)
@operations.answers(200, TABLE, "CSV, UTF-8 with a byte order mark", "text/csv")
@roles(*READERS, scope=TokenScope.RESULTS_READ)
def export_answers(_asked: Json, project_id: UUID) -> ResponseReturnValue:
    """All answers that fit as CSV: one row for each, with the visit that it belongs to."""
    return answers.download()
