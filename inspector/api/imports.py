"""Outlets and inspectors from a CSV: sent, looked at, confirmed."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Response, g, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.errors import N_, InvalidInput, ScopeMissing, TooLarge
from checklists.imports import (
    MOST_BYTES,
    Effect,
    Import,
    ImportKind,
    ImportLine,
    inspector_lines,
    keep_upload,
    outlet_lines,
    preview_of,
    table_kind,
)
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Body, Choice, Flag, Id, Moment, Pairs, Part, Several, Text, Whole
from inspector.api.operations import Json, Operations, told
from inspector.api.reach import find
from inspector.auth import MANAGERS, person, roles
from inspector.manager.imports import TABLES, carry_out
from inspector.manager.people import mail_is_sent
from inspector.trail import reads_personal
from inspector.transactions import reading, writing

operations = Operations(
    "imports", "Imports", "Outlets and inspectors from a CSV: send it, look at what it would do, confirm."
)


class ImportQuery(Body):
    kind = Choice(ImportKind, required=True, example="outlets")
    file_name = Text("Shown to people.", load_default="table.csv", example="outlets.csv")


class LineSchema(Body):
    number = Whole(example=2, **TOLD)
    effect = Choice(Effect, **TOLD)
    wrong = Text("What is wrong with it.", example="", **TOLD)
    cells = Pairs("string", "By the column's meaning.", example={"name": "Zerno 99"}, **TOLD)


class ImportSchema(Body):
    id = Id("import", **TOLD)
    project_id = Id("project", **TOLD)
    kind = Choice(ImportKind, **TOLD)
    file_name = Text(example="outlets.csv", **TOLD)
    uploaded_at = Moment(**TOLD)
    finished_at = Moment("When it was carried out.", allow_none=True, **TOLD)
    counts = Pairs("integer", "Lines by what they do, or did.", example={"new": 1, "wrong": 0}, **TOLD)
    lines = Several(Part(LineSchema), "The first ones, and wrong ones; none once it was carried out.", **TOLD)


class FirstPasswordSchema(Body):
    email = Text(example="vera@example.org", **TOLD)
    name = Text(example="Vera Kim", **TOLD)
    password = Text(example="abcd-efgh-jkmn", **TOLD)


class ImportedSchema(ImportSchema):
    logins = Several(Part(FirstPasswordSchema), "First passwords, told this once; none where mail is sent.", **TOLD)


class ConfirmationSchema(Body):
    leave_out_wrong = Flag("Carry out the rest where some lines are wrong.", load_default=False, example=True)


CSV: Json = {
    "required": True,
    "content": {"text/csv": {"schema": {"type": "string"}, "example": "Brand,Name\r\nZerno,Zerno 9\r\n"}},
}


@operations.route("/projects/<uuid:project_id>/imports", methods=["POST"])
@operations.query(ImportQuery)
@operations.doc(requestBody=CSV)
@operations.answers(201, ImportSchema, "What it would do; nothing is done yet")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def upload(asked: Json, project_id: UUID) -> Response:
    """Send a table. What nobody confirms for a day is removed. For inspectors a token needs `people:write` as well."""
    _refuse_people(asked["kind"], TokenScope.PEOPLE_WRITE)
    body = request.stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise TooLarge.over(MOST_BYTES)
    table = TABLES[asked["kind"]](body)
    if next(iter(table), None) is None:
        raise InvalidInput({"file": N_("The file has no lines below its head.")})
    for _line in table:
        pass  # Too many lines are refused here, before the file is kept.
    with writing() as session:
        now, by = datetime.now(UTC), person().user.id
        kept = keep_upload(session, project_id, asked["kind"], asked["file_name"], body, by, now)
        session.flush()
        content = _told(session, kept)
    return tagged(ImportSchema, content, 201, location=f"/api/v1/imports/{content['id']}")


@operations.route("/imports/<uuid:import_id>", methods=["GET"])
@operations.answers(200, ImportSchema, "The import")
@roles(*MANAGERS, scope=TokenScope.SETUP_READ)
@reads_personal("import")
def show(import_id: UUID) -> Response:
    """What a table would do, or what it did."""
    with reading() as session:
        kept = find(session, Import, import_id)
        _refuse_people(table_kind(kept), TokenScope.PEOPLE_READ)
        return tagged(ImportSchema, _told(session, kept))


@operations.route("/imports/<uuid:import_id>/confirmation", methods=["PUT"])
@operations.body(ConfirmationSchema)
@operations.answers(200, ImportedSchema, "It was carried out")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def confirm(wish: Json, import_id: UUID) -> Response:
    """Carry the table out. New inspectors are invited by mail; where none is sent, the answer has first passwords."""
    with reading() as session:
        kept = find(session, Import, import_id)
        _refuse_people(table_kind(kept), TokenScope.PEOPLE_WRITE)
        refuse_if_changed(ImportSchema, _told(session, kept))
        kind = table_kind(kept)
    _counts, logins = carry_out(import_id, kind, wish["leave_out_wrong"])
    shown = [] if mail_is_sent() else [dict(zip(("email", "name", "password"), each, strict=True)) for each in logins]
    with reading() as session:
        content = _told(session, find(session, Import, import_id))
    return told(ImportedSchema().dump(content | {"logins": shown}))


def _refuse_people(kind: str, scope: TokenScope) -> None:
    """A table of people is for tokens that were made for people, too. Raises ScopeMissing."""
    if kind == ImportKind.INSPECTORS and "token" in g and scope not in g.token.scopes:
        raise ScopeMissing(scope=scope.value)


def _told(session: Session, kept: Import) -> Json:
    names = ("id", "project_id", "kind", "file_name", "uploaded_at", "finished_at")
    own = {name: getattr(kept, name) for name in names}
    if kept.finished_at is not None:
        return own | {"counts": kept.counts, "lines": []}
    table = TABLES[ImportKind(kept.kind)](kept.body)
    preview = preview_of(
        outlet_lines(session, kept.project_id, table)
        if kept.kind == ImportKind.OUTLETS
        else inspector_lines(session, g.project, table)
    )
    counts = {effect.value: count for effect, count in preview.counts.items()}
    return own | {"counts": counts, "lines": [_line(each) for each in preview.shown]}


def _line(line: ImportLine) -> Json:
    wrong = _(line.wrong) % line.details if line.details else _(line.wrong) if line.wrong else ""
    return {"number": line.number, "effect": line.effect, "wrong": wrong, "cells": dict(line.cells)}
