"""Sections and criteria alike: moved up and down, and duplicated."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from checklists.checklist import (
    Criterion,
    Section,
    duplicate_criterion,
    duplicate_section,
    move_criterion,
    move_section,
)
from checklists.journey import Step
from inspector.auth import MANAGERS, roles
from inspector.languages import words
from inspector.manager.checklists.place import blueprint, place_of
from inspector.manager.forms import of_project
from inspector.transactions import writing

PARTS: dict[str, tuple[type[Section] | type[Criterion], Callable[..., None], Callable[..., Any]]] = {
    "sections": (Section, move_section, duplicate_section),
    "criteria": (Criterion, move_criterion, duplicate_criterion),
}
PART = f"/<any({', '.join(PARTS)}):kind>/<uuid:part>"


@blueprint.post(f"{PART}/move")
@roles(*MANAGERS)
def move_part(kind: str, part: UUID) -> Response:
    model, move, _duplicate = PARTS[kind]
    with writing() as session:
        stored = of_project(session, model, part)
        move(stored, Step.UP if request.form.get("step") == Step.UP else Step.DOWN)
    return redirect(place_of(stored))


@blueprint.post(f"{PART}/copy")
@roles(*MANAGERS)
def copy_part(kind: str, part: UUID) -> Response:
    model, _move, duplicate = PARTS[kind]
    with writing() as session:
        copy = duplicate(session, of_project(session, model, part))
        name = words(copy.title if isinstance(copy, Section) else copy.text)
    flash(_("“%(name)s” was duplicated: this is the copy.", name=name), "done")
    return redirect(place_of(copy))
