"""The criteria of a draft: what is asked, its states, limits or options, and what backs the answer."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from checklists.checklist import (
    Comment,
    Criterion,
    CriterionDesign,
    Direction,
    Evidence,
    OptionDesign,
    OptionZone,
    Polarity,
    Section,
    StateDesign,
    Unit,
    add_criterion,
    change_criterion,
    duplicate_criterion,
    move_criterion,
    refuse_if_published,
    remove_criterion,
)
from checklists.errors import DomainError
from checklists.journey import Step
from checklists.orm import LanguageMap
from checklists.scoring import Kind
from inspector.auth import MANAGERS, roles
from inspector.languages import words
from inspector.manager.forms import Form, PageAnswer, of_project
from inspector.manager.words import COMMENTS, DIRECTIONS, EVIDENCE, UNITS, ZONES
from inspector.transactions import reading, writing

blueprint = Blueprint("criteria", __name__, url_prefix="/o/<organization>/<project>/checklists")

MOST_PHOTOS = 20
MOST_DECIMALS = 3
MOST_WEIGHT = 1_000

# How many empty rows a form begins with, and what stands in each.
NEW_ROWS: dict[Kind, dict[str, tuple[int, dict[str, Any]]]] = {
    Kind.STATES: {"expected": (3, {"id": "", "weight": 1}), "forbidden": (2, {"id": ""})},
    Kind.MEASURE: {},
    Kind.CHOICE: {"options": (4, {"id": "", "zone": OptionZone.GREEN})},
}


@blueprint.route("/sections/<uuid:section>/criteria/new/<any(states, measure, choice):kind>", methods=["GET", "POST"])
@roles(*MANAGERS)
def add(section: UUID, kind: str) -> PageAnswer:
    with reading() as session:
        stored = of_project(session, Section, section)
        refuse_if_published(stored.version)
    asked = Kind(kind)
    if request.method == "GET":
        return _page(_blank(asked), stored, asked)
    form = Form.sent()
    if _wants_rows(form, asked):
        return _page(form, stored, asked)
    try:
        design = _design(form, asked)
        with writing() as session:
            criterion = add_criterion(session, of_project(session, Section, section), design)
    except DomainError as error:
        form.keep(error)
        return _page(form, stored, asked)
    flash(_("“%(name)s” was added.", name=words(criterion.text)), "done")
    if form.ticked("another"):
        return redirect(url_for("criteria.add", section=section, kind=kind))
    return redirect(_address_of(criterion))


@blueprint.route("/criteria/<uuid:criterion>", methods=["GET", "POST"])
@roles(*MANAGERS)
def change(criterion: UUID) -> PageAnswer:
    with reading() as session:
        stored = of_project(session, Criterion, criterion)
        refuse_if_published(stored.section.version)
        filled = _filled(stored)
        section = stored.section
    if request.method == "GET":
        return _page(filled, section, stored.kind, stored)
    form = Form.sent()
    if _wants_rows(form, stored.kind):
        return _page(form, section, stored.kind, stored)
    try:
        design = _design(form, stored.kind)
        with writing() as session:
            changed = of_project(session, Criterion, criterion)
            change_criterion(changed, design)
    except DomainError as error:
        form.keep(error)
        return _page(form, section, stored.kind, stored)
    flash(_("“%(name)s” was saved.", name=words(changed.text)), "done")
    return redirect(_address_of(changed))


@blueprint.post("/criteria/<uuid:criterion>/move")
@roles(*MANAGERS)
def move_one(criterion: UUID) -> Response:
    with writing() as session:
        stored = of_project(session, Criterion, criterion)
        move_criterion(stored, Step.UP if request.form.get("step") == Step.UP else Step.DOWN)
    return redirect(_address_of(stored))


@blueprint.post("/criteria/<uuid:criterion>/copy")
@roles(*MANAGERS)
def duplicate_one(criterion: UUID) -> Response:
    with writing() as session:
        copy = duplicate_criterion(session, of_project(session, Criterion, criterion))
    flash(_("“%(name)s” was duplicated: this is the copy.", name=words(copy.text)), "done")
    return redirect(_address_of(copy))


@blueprint.post("/criteria/<uuid:criterion>/removal")
@roles(*MANAGERS)
def remove_one(criterion: UUID) -> PageAnswer:
    """Remove the criterion; the answer is the form that puts it back, filled with all that it said."""
    with writing() as session:
        stored = of_project(session, Criterion, criterion)
        section, form = stored.section, _filled(stored)
        remove_criterion(stored)
    return render_template(
        "checklists/removed.html", criterion=stored, section=section, fields=form.typed.items(multi=True)
    )


def _page(form: Form, section: Section, kind: Kind, criterion: Criterion | None = None) -> PageAnswer:
    answer = render_template(
        "checklists/criterion.html",
        form=form,
        section=section,
        kind=kind,
        criterion=criterion,
        units=UNITS.items(),
        directions=DIRECTIONS.items(),
        zones=ZONES.items(),
        evidence=EVIDENCE.items(),
        comments=COMMENTS.items(),
    )
    return answer, form.status


def _blank(kind: Kind) -> Form:
    rows = {name: [dict(row)] * count for name, (count, row) in NEW_ROWS[kind].items()}
    return Form.showing(
        required=True,
        weight=1,
        evidence=Evidence.OPTIONAL,
        evidence_at_least=1,
        comment=Comment.OPTIONAL,
        enough="all",
        enough_count=1,
        unit=Unit.SECONDS,
        decimals=0,
        direction=Direction.LOWER_IS_BETTER,
        **rows,
    )


def _filled(criterion: Criterion) -> Form:
    """The form as the criterion stands, with one more row for each list."""
    names = (
        *("text", "guidance", "weight", "required", "may_be_not_applicable", "evidence", "evidence_at_least"),
        *("comment", "all_or_nothing", "unit", "decimals", "direction", "green_limit", "red_limit"),
    )
    counted = criterion.enough.isdecimal()
    rows: dict[str, list[Mapping[str, Any]]] = {
        polarity: [
            {"id": state.id, "text": state.text, "weight": state.weight}
            for state in criterion.states
            if state.polarity is polarity
        ]
        for polarity in Polarity
    }
    rows["options"] = [
        {"id": option.id, "text": option.text, "zone": option.zone, "free_text": option.free_text}
        for option in criterion.options
    ]
    for name, (_count, row) in NEW_ROWS[criterion.kind].items():
        rows[name].append(row)
    return Form.showing(
        **{name: getattr(criterion, name) for name in names},
        enough="some" if counted else criterion.enough,
        enough_count=criterion.enough if counted else 1,
        **rows,
    )


def _wants_rows(form: Form, kind: Kind) -> bool:
    """Whether the button for more rows was pressed, which sends the form without saving it."""
    wanted = form.value("more")
    if wanted not in NEW_ROWS[kind]:
        return False
    _count, row = NEW_ROWS[kind][wanted]
    form.add_row(wanted, row)
    return True


def _design(form: Form, kind: Kind) -> CriterionDesign:
    """What the form says. Raises InvalidInput with all that is wrong with single fields."""
    languages = g.project.languages
    evidence = form.one_of("evidence", Evidence)
    design = CriterionDesign(
        kind=kind,
        text=form.words("text", languages, required=True),
        guidance=form.words("guidance", languages),
        weight=form.number("weight", least=0, most=MOST_WEIGHT, required=True) or 0.0,
        required=form.ticked("required"),
        may_be_not_applicable=form.ticked("may_be_not_applicable"),
        evidence=evidence,
        evidence_at_least=(
            form.whole("evidence_at_least", least=1, most=MOST_PHOTOS) if evidence is Evidence.REQUIRED else 1
        ),
        comment=form.one_of("comment", Comment),
        **{Kind.STATES: _states, Kind.MEASURE: _measure, Kind.CHOICE: _options}[kind](form),
    )
    form.check()
    return design


def _states(form: Form) -> dict[str, Any]:
    states = [
        StateDesign(_id(form, row), text, Polarity.EXPECTED, _weight(form, row))
        for row, text in _rows(form, "expected")
    ] + [StateDesign(_id(form, row), text, Polarity.FORBIDDEN) for row, text in _rows(form, "forbidden")]
    enough = form.value("enough")
    if enough == "some":
        enough = str(form.whole("enough_count", least=1, most=1_000))
    return {
        "states": states,
        "enough": enough if enough in ("all", "any") or enough.isdecimal() else "all",
        "all_or_nothing": form.ticked("all_or_nothing"),
    }


def _measure(form: Form) -> dict[str, Any]:
    return {
        "unit": form.one_of("unit", Unit),
        "decimals": form.whole("decimals", least=0, most=MOST_DECIMALS),
        "direction": form.one_of("direction", Direction),
        "green_limit": form.number("green_limit"),
        "red_limit": form.number("red_limit"),
    }


def _options(form: Form) -> dict[str, Any]:
    return {
        "options": [
            OptionDesign(
                _id(form, row), text, form.one_of(f"{row}.zone", OptionZone), free_text=form.ticked(f"{row}.free_text")
            )
            for row, text in _rows(form, "options")
        ]
    }


def _rows(form: Form, name: str) -> list[tuple[str, LanguageMap]]:
    """The rows that say something, with their texts; an empty row is no row."""
    rows = []
    for row in form.rows(name):
        text = form.words(f"{row}.text", g.project.languages)
        if text:
            form.words(f"{row}.text", g.project.languages, required=True)
            rows.append((row, text))
    return rows


def _id(form: Form, row: str) -> UUID | None:
    return form.identity(f"{row}.id") if form.value(f"{row}.id") else None


def _weight(form: Form, row: str) -> float:
    return form.number(f"{row}.weight", least=0, most=MOST_WEIGHT, required=True) or 0.0


def _address_of(criterion: Criterion) -> str:
    return url_for("checklists.show", version=criterion.section.version_id, _anchor=f"criterion-{criterion.id}")
