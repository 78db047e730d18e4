"""Assignments: single ones, lists of them, and what is done to several at once."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import Response, g
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.brands import Brand, Outlet
from checklists.errors import InvalidInput, NotFound
from checklists.people import inspectors_of
from checklists.waves import (
    Assignment,
    AssignmentState,
    Wave,
    assignments_behind,
    assignments_of,
    change_assignment,
    day_parts_of,
    extend_by,
    extend_to,
    give_to,
    hand_out,
    hand_out_newer,
    put_back,
    restore,
    revoke,
    take_back,
    wave_with_contents,
)
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Body, Choice, Day, Id, Moment, Part, Several, Text, Whole, Words
from inspector.api.operations import Json, Operations, told
from inspector.api.paging import Asked, Paged, Search, cursor_as, page_of, paged
from inspector.api.reach import find
from inspector.api.waves import DayPartSchema
from inspector.auth import MANAGERS, roles
from inspector.manager.waves.assignments import MOST_DAYS
from inspector.transactions import reading, writing

operations = Operations(
    "assignments",
    "Assignments",
    "One planned visit, handed to one inspector. Once a visit has arrived it can no longer be changed.",
)

MOST_AT_ONCE = 10_000


class AssignmentSchema(Body):
    id = Id("assignment", **TOLD)
    project_id = Id("project", **TOLD)
    wave_id = Id("wave", **TOLD)
    version_id = Id("version", "The version of the checklist that is on the phone.", **TOLD)
    outlet_id = Id("outlet", **TOLD)
    state = Choice(AssignmentState, **TOLD)
    inspector_id = Id("inspector", allow_none=True)
    inspector_name = Text(allow_none=True, example="Anna Petrova", **TOLD)
    brief = Words("The part to play and what to do.", example={"en": "You look for a quiet table."})
    due_from = Moment("Its window.")
    due_until = Moment(example="2026-11-24T21:00:00+00:00")
    hours = Part(DayPartSchema, "The part of the day in which it should begin: one of the wave's.", allow_none=True)
    handed_out_at = Moment(allow_none=True, **TOLD)


class AssignmentQuery(Paged):
    q = Search("Words in the outlet's name, city or address, or in the inspector's name.", load_default="")
    wave_id = Id("wave", load_default=None)
    state = Choice(AssignmentState, load_default=None, example="handed_out")
    brand_id = Id("brand", load_default=None)
    outlet_id = Id("outlet", load_default=None)
    inspector_id = Id("inspector", load_default=None)
    late = Asked("Only those whose window is over, and nothing was taken in.", load_default=False)
    older_version = Asked("Only those that keep an older version than the wave has now.", load_default=False)


class Do(StrEnum):
    HAND_OUT = "hand_out"
    GIVE = "give"
    EXTEND = "extend"
    EXTEND_TO = "extend_to"
    REVOKE = "revoke"
    RESTORE = "restore"
    RENEW = "renew"


class ChangesSchema(Body):
    do = Choice(
        Do,
        "`give` needs `inspector_id`, `extend` needs `days`, `extend_to` needs `until`; `renew` hands out again with"
        " the version that the wave has now.",
        required=True,
    )
    assignment_ids = Several(
        Id("assignment"), "Null is all of the wave.", most=MOST_AT_ONCE, allow_none=True, load_default=None
    )
    inspector_id = Id("inspector", allow_none=True, load_default=None)
    days = Whole("By how many days.", least=1, most=MOST_DAYS, allow_none=True, load_default=None, example=7)
    until = Day("The last day.", allow_none=True, load_default=None, example="2026-12-31")


class ChangedSchema(Body):
    changed = Whole("How many were changed.", example=3, **TOLD)
    left = Whole("How many stayed as they were, for it cannot be done to them.", example=0, **TOLD)


@operations.route("/projects/<uuid:project_id>/assignments", methods=["GET"])
@operations.query(AssignmentQuery)
@operations.answers(200, page_of(AssignmentSchema), "Assignments in the order in which they were planned")
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_READ)
def list_assignments(asked: Json, project_id: UUID) -> Response:
    """The project's assignments, or those that fit."""
    cursor = cursor_as(asked["cursor"], UUID)
    with reading() as session:
        for model, name in ((Wave, "wave_id"), (Brand, "brand_id"), (Outlet, "outlet_id")):
            if asked[name]:
                find(session, model, asked[name])
        found = assignments_behind(
            session,
            project_id,
            words=asked["q"],
            **{name: asked[name] for name in ("wave_id", "state", "brand_id", "outlet_id", "inspector_id")},
            late_at=datetime.now(UTC) if asked["late"] else None,
            older_version=asked["older_version"],
            after=cursor and cursor[0],
            limit=asked["limit"] + 1,
        )
        rows = [_told(each) for each in found]
    return paged(AssignmentSchema, rows, asked["limit"], lambda row: (row["id"],))


@operations.route("/assignments/<uuid:assignment_id>", methods=["GET"])
@operations.answers(200, AssignmentSchema, "The assignment")
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_READ)
def show(assignment_id: UUID) -> Response:
    """One assignment."""
    with reading() as session:
        return tagged(AssignmentSchema, _told(find(session, Assignment, assignment_id)))


@operations.route("/assignments/<uuid:assignment_id>", methods=["PATCH"])
@operations.body(AssignmentSchema, partial=True, example={"due_until": "2027-11-24T21:00:00+00:00", "hours": None})
@operations.answers(200, AssignmentSchema, "The assignment as it is now")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_WRITE)
def change(changes: Json, assignment_id: UUID) -> Response:
    """Give an assignment another inspector, window, part of the day or brief."""
    with writing() as session:
        found = _locked(session, assignment_id)
        hours = _hours(found)
        if "hours" in changes:
            given = changes["hours"]
            hours = (given["begins"], given["ends"]) if given else None
        design = {name: getattr(found, name) for name in ("inspector_id", "due_from", "due_until", "brief")}
        design |= {name: value for name, value in changes.items() if name != "hours"}
        wrong = {}
        if design["due_until"] <= design["due_from"]:
            wrong["due_until"] = _("The window must end after it begins.")
        if design["inspector_id"] not in [*_inspector_ids(session), found.inspector_id]:
            wrong["inspector_id"] = _("Please choose one.")
        if hours not in [None, *day_parts_of(found.wave), _hours(found)]:
            wrong["hours"] = _("Please choose one.")
        if wrong:
            raise InvalidInput(wrong)
        change_assignment(found, **design, hours=hours)
        session.flush()
        session.refresh(found, ["inspector"])
        return tagged(AssignmentSchema, _told(found))


@operations.route("/assignments/<uuid:assignment_id>/revocation", methods=["PUT"])
@operations.answers(200, AssignmentSchema, "The assignment was taken back")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_WRITE)
def revoke_one(assignment_id: UUID) -> Response:
    """Take an assignment back: its place in the plan is open again."""
    return _done(assignment_id, revoke)


@operations.route("/assignments/<uuid:assignment_id>/restoration", methods=["PUT"])
@operations.answers(200, AssignmentSchema, "The assignment is planned again")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_WRITE)
def restore_one(assignment_id: UUID) -> Response:
    """Put a revoked assignment back into the plan, to be handed out again; others stay as they are."""
    return _done(assignment_id, restore)


def _done(assignment_id: UUID, act: Callable[[Assignment], None]) -> Response:
    with writing() as session:
        found = _locked(session, assignment_id)
        act(found)
        return tagged(AssignmentSchema, _told(found))


@operations.route("/waves/<uuid:wave_id>/assignment-changes", methods=["POST"])
@operations.body(ChangesSchema, example={"do": "hand_out", "assignment_ids": None})
@operations.answers(200, ChangedSchema, "How many were changed")
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_WRITE)
def change_several(wish: Json, wave_id: UUID) -> Response:
    """Hand several assignments out, give them to somebody else, extend them, take them back. Those to which it cannot
    be done stay as they are.
    """
    with writing() as session:
        find(session, Wave, wave_id)
        wanted = wish["assignment_ids"]
        # Locked, so that no visit arrives meanwhile.
        chosen = assignments_of(session, wave_id, only=wanted, lock=True)
        if wanted is not None and len(chosen) < len(set(wanted)):
            raise NotFound
        changed = _do(session, wave_id, wish, chosen)
    return told({"changed": changed, "left": len(chosen) - changed})


def _do(session: Session, wave_id: UUID, wish: Json, chosen: Sequence[Assignment]) -> int:
    now = datetime.now(UTC)
    match wish["do"]:
        case Do.HAND_OUT:
            return hand_out(chosen, now)
        case Do.GIVE:
            if wish["inspector_id"] not in _inspector_ids(session):
                raise InvalidInput({"inspector_id": _("Please choose one.")})
            return give_to(chosen, wish["inspector_id"], now)
        case Do.EXTEND:
            return extend_by(chosen, _needed(wish, "days"), now)
        case Do.EXTEND_TO:
            return extend_to(chosen, _needed(wish, "until"), now)
        case Do.REVOKE:
            return take_back(chosen)
        case Do.RESTORE:
            return put_back(chosen)
    wave = wave_with_contents(session, wave_id)
    assert wave is not None
    return hand_out_newer(session, wave, chosen, now)


def _needed(wish: Json, name: str) -> Any:
    if wish[name] is None:
        raise InvalidInput({name: _("Please fill this in.")})
    return wish[name]


def _inspector_ids(session: Session) -> list[UUID]:
    return [each.id for each in inspectors_of(session, g.project.id)]


def _locked(session: Session, assignment_id: UUID) -> Assignment:
    """The assignment, locked so that no visit arrives meanwhile. Raises NotFound, TagRequired, ChangedMeanwhile."""
    found = find(session, Assignment, assignment_id, lock=True)
    refuse_if_changed(AssignmentSchema, _told(found))
    return found


def _told(row: Assignment) -> Json:
    names = ("id", "project_id", "wave_id", "version_id", "outlet_id", "state", "inspector_id", "brief")
    hours = _hours(row)
    return {name: getattr(row, name) for name in (*names, "due_from", "due_until", "handed_out_at")} | {
        "inspector_name": row.inspector.name if row.inspector else None,
        "hours": {"begins": hours[0], "ends": hours[1]} if hours else None,
    }


def _hours(row: Assignment) -> tuple[int, int] | None:
    return None if row.hours_from is None or row.hours_until is None else (row.hours_from, row.hours_until)
