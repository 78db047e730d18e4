"""The customer's journey: stages in order, touchpoints in stages, barriers at touchpoints."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import Schema
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.checklist import KeptBy, kept_by
from checklists.errors import N_, StillUsed
from checklists.journey import (
    Barrier,
    Channel,
    Journey,
    Stage,
    Touchpoint,
    add_barrier,
    add_journey,
    add_stage,
    add_touchpoint,
    journeys_of,
    move_to,
)
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Body, Choice, Id, Part, Several, Whole, Words
from inspector.api.operations import Json, Operations, nothing_more
from inspector.api.paging import Paged, behind, page_of, paged
from inspector.api.reach import find
from inspector.auth import MANAGERS, REVIEWERS, roles
from inspector.transactions import reading, writing

operations = Operations(
    "journeys",
    "Journeys",
    "The map of one customer segment: stages in order, touchpoints in stages, barriers at touchpoints."
    " Each part is changed on its own; `position` moves it within its row.",
)

WHY_KEPT = {
    KeptBy.STAGES: N_("it still has stages. Remove them first."),
    KeptBy.TOUCHPOINTS: N_("it still has touchpoints. Remove them first."),
    KeptBy.CHECKLISTS: N_("a checklist uses it."),
    KeptBy.TESTED_BARRIERS: N_("a criterion tests one of its barriers."),
    KeptBy.TESTS: N_("a criterion tests it."),
}


class BarrierSchema(Body):
    id = Id("barrier", **TOLD)
    text = Words("How the customer could be lost here.", required=True, example={"en": "Nobody answers the phone"})
    position = Whole("Its place among its like, from 0.", least=0, most=10_000, example=0)


class TouchpointSchema(Body):
    id = Id("touchpoint", **TOLD)
    name = Words(required=True, example={"en": "Phone call", "ru": "Звонок"})
    channel = Choice(Channel, required=True, example="phone")
    position = Whole("Its place among its like, from 0.", least=0, most=10_000, example=0)
    barriers = Several(Part(BarrierSchema), **TOLD)


class StageSchema(Body):
    id = Id("stage", **TOLD)
    name = Words(required=True, example={"en": "Contacting", "ru": "Обращение"})
    position = Whole("Its place among its like, from 0.", least=0, most=10_000, example=0)
    touchpoints = Several(Part(TouchpointSchema), **TOLD)


class JourneySchema(Body):
    id = Id("journey", **TOLD)
    project_id = Id("project", **TOLD)
    name = Words("The customer segment.", required=True, example={"en": "Families", "ru": "Семьи"})
    position = Whole("Its place among its like, from 0.", least=0, most=10_000, example=0)
    stages = Several(Part(StageSchema), **TOLD)


AnyPart = Journey | Stage | Touchpoint | Barrier


@operations.route("/projects/<uuid:project_id>/journeys", methods=["GET"])
@operations.query(Paged)
@operations.answers(200, page_of(JourneySchema), "The project's journeys with all their parts")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def list_journeys(asked: Json, project_id: UUID) -> Response:
    """The project's journeys with all their parts."""
    with reading() as session:
        found = behind(journeys_of(session, project_id), asked["cursor"], asked["limit"], _place)
        return paged(JourneySchema, found, asked["limit"], _place)


def _place(journey: Journey) -> tuple[int, UUID]:
    return journey.position, journey.id


@operations.route("/projects/<uuid:project_id>/journeys", methods=["POST"])
@operations.body(JourneySchema, example={"name": {"en": "Families", "ru": "Семьи"}})
@operations.answers(201, JourneySchema, "The journey was added")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def add_a_journey(design: Json, project_id: UUID) -> Response:
    """Another journey, behind the project's others or at `position`."""
    with writing() as session:
        journey = add_journey(session, project_id, design["name"])
        return _added(JourneySchema, journey, design, journeys_of(session, project_id), "journeys")


@operations.route("/journeys/<uuid:journey_id>/stages", methods=["POST"])
@operations.body(StageSchema, example={"name": {"en": "Contacting", "ru": "Обращение"}, "position": 0})
@operations.answers(201, StageSchema, "The stage was added")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def add_a_stage(design: Json, journey_id: UUID) -> Response:
    """Another stage of the journey, at its end or at `position`."""
    with writing() as session:
        journey = find(session, Journey, journey_id, lock=True)
        stage = add_stage(session, journey, design["name"])
        return _added(StageSchema, stage, design, journey.stages, "stages")


@operations.route("/stages/<uuid:stage_id>/touchpoints", methods=["POST"])
@operations.body(TouchpointSchema, example={"name": {"en": "Chat", "ru": "Чат"}, "channel": "chat"})
@operations.answers(201, TouchpointSchema, "The touchpoint was added")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def add_a_touchpoint(design: Json, stage_id: UUID) -> Response:
    """Another touchpoint of the stage, at its end or at `position`."""
    with writing() as session:
        stage = find(session, Stage, stage_id, lock=True)
        touchpoint = add_touchpoint(session, stage, design["name"], design["channel"])
        return _added(TouchpointSchema, touchpoint, design, stage.touchpoints, "touchpoints")


@operations.route("/touchpoints/<uuid:touchpoint_id>/barriers", methods=["POST"])
@operations.body(BarrierSchema, example={"text": {"en": "The answer takes a day", "ru": "Отвечают через день"}})
@operations.answers(201, BarrierSchema, "The barrier was added")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def add_a_barrier(design: Json, touchpoint_id: UUID) -> Response:
    """Another barrier at the touchpoint, at its end or at `position`."""
    with writing() as session:
        touchpoint = find(session, Touchpoint, touchpoint_id, lock=True)
        barrier = add_barrier(session, touchpoint, design["text"])
        return _added(BarrierSchema, barrier, design, touchpoint.barriers, "barriers")


def _added(schema: type[Schema], part: Any, design: Json, row: list[Any], noun: str) -> Response:
    if "position" in design:
        move_to(row, part, design["position"])
    return tagged(schema, part, 201, location=f"/api/v1/{noun}/{part.id}")


def _row_of(session: Session, part: AnyPart) -> list[Any]:
    """The row in which the part stands, in order."""
    match part:
        case Journey():
            row: list[Any] = journeys_of(session, g.project.id)
        case Stage():
            row = part.journey.stages
        case Touchpoint():
            row = part.stage.touchpoints
        case Barrier():
            row = part.touchpoint.barriers
    return row


def _with_single_parts(
    noun: str, argument: str, model: type[Any], schema: type[Schema], example: Json
) -> dict[str, Callable[..., Response]]:
    """The three operations that each kind of part has: it is shown, changed and removed."""

    @operations.route(f"/{noun}s/<uuid:{argument}>", methods=["GET"], endpoint=f"show_{noun}")
    @operations.answers(200, schema, f"The {noun}")
    @operations.doc(summary=f"One {noun} with its parts.")
    @roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
    def show(**ids: UUID) -> Response:
        with reading() as session:
            return tagged(schema, find(session, model, ids[argument]))

    @operations.route(f"/{noun}s/<uuid:{argument}>", methods=["PATCH"], endpoint=f"change_{noun}")
    @operations.body(schema, partial=True, example=example)
    @operations.answers(200, schema, f"The {noun} as it is now")
    @operations.needs_tag
    @operations.doc(summary=f"Change a {noun}, or move it within its row.")
    @roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
    def change(changes: Json, **ids: UUID) -> Response:
        with writing() as session:
            part = find(session, model, ids[argument], lock=True)
            refuse_if_changed(schema, part)
            for name, value in changes.items():
                if name != "position":
                    setattr(part, name, value)
            if "position" in changes:
                move_to(_row_of(session, part), part, changes["position"])
            return tagged(schema, part)

    @operations.route(f"/{noun}s/<uuid:{argument}>", methods=["DELETE"], endpoint=f"remove_{noun}")
    @operations.answers(204, None, f"The {noun} was removed")
    @operations.needs_tag
    @operations.doc(summary=f"Remove a {noun} on which nothing hangs.")
    @roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
    def remove(**ids: UUID) -> Response:
        with writing() as session:
            part = find(session, model, ids[argument], lock=True)
            refuse_if_changed(schema, part)
            kept = kept_by(session, part)
            if kept:
                raise StillUsed(why=WHY_KEPT[kept])
            session.delete(part)
        return nothing_more()

    return {"show": show, "change": change, "remove": remove}


_with_single_parts("journey", "journey_id", Journey, JourneySchema, {"name": {"en": "Students", "ru": "Студенты"}})
_with_single_parts("stage", "stage_id", Stage, StageSchema, {"name": {"en": "Buying", "ru": "Покупка"}, "position": 0})
_with_single_parts("touchpoint", "touchpoint_id", Touchpoint, TouchpointSchema, {"channel": "web"})
_with_single_parts("barrier", "barrier_id", Barrier, BarrierSchema, {"text": {"en": "A queue", "ru": "Очередь"}})
