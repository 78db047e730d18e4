"""The sections of a draft: each belongs to a touchpoint, may weigh, repeat, and be shown under a condition."""

from typing import Any
from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from checklists.checklist import (
    ChecklistVersion,
    Section,
    SectionDesign,
    add_section,
    change_section,
    earlier_criteria,
    outlet_attributes,
    refuse_if_published,
    remove_section,
)
from checklists.errors import DomainError
from checklists.journey import Touchpoint, journeys_of
from inspector.auth import MANAGERS, roles
from inspector.languages import words
from inspector.manager.checklists import conditions
from inspector.manager.checklists.conditions import Offers
from inspector.manager.checklists.place import blueprint, find_version, page, place_of
from inspector.manager.fields import Field, Type
from inspector.manager.forms import Form, PageAnswer, of_project
from inspector.manager.words import COMPARISONS
from inspector.transactions import reading, writing

MOST_REQUIRED_CHECKS = 10_000
MOST_REPETITIONS = 99

REQUIRED_CHECKS = Field(
    "required_checks",
    lazy_gettext("Required checks per brand"),
    Type.WHOLE,
    least=0,
    most=MOST_REQUIRED_CHECKS,
    required=True,
    start=10,
    hint=lazy_gettext("A wave begins with this number and may change it."),
)
FURTHER = (
    Field(
        "weight",
        lazy_gettext("Weight of the section"),
        Type.NUMBER,
        least=0,
        most=1_000,
        hint=lazy_gettext(
            "What it counts where several sections make a check, and in the visit. Empty everywhere: points are added."
        ),
    ),
    Field(
        "repeats",
        lazy_gettext("Repeats: filled in for each employee met, each product asked for"),
        Type.TICK,
        short=lazy_gettext("Repeats"),
        start=False,
    ),
    Field(
        "repeat_label",
        lazy_gettext("What is repeated"),
        Type.WORDS,
        start={},
        hint=lazy_gettext("For instance “Employee”: the phone then says “Employee 2”."),
        only_with=("repeats", ("on",)),
    ),
    Field(
        "most_repetitions",
        lazy_gettext("At most how many times"),
        Type.WHOLE,
        least=1,
        most=MOST_REPETITIONS,
        start=10,
        only_with=("repeats", ("on",)),
    ),
)


@blueprint.route("/versions/<uuid:version>/sections/new", methods=["GET", "POST"])
@roles(*MANAGERS)
def add_a_section(version: UUID) -> PageAnswer:
    with reading() as session:
        stored = find_version(session, version)
        refuse_if_published(stored)
        offered = _offered(session, stored, None)
    if request.method == "GET":
        start = {field.name: field.start for field in (REQUIRED_CHECKS, *FURTHER)}
        return _page(Form.showing(**start, **conditions.filled(None)), stored, offered)
    form = Form.sent()
    if _wants_row(form):
        return _page(form, stored, offered)
    try:
        with writing() as session:
            section = add_section(session, find_version(session, version), _design(session, form, offered))
    except DomainError as error:
        form.keep(error)
        return _page(form, stored, offered)
    flash(_("“%(name)s” was added. Now add its criteria.", name=words(section.title)), "done")
    return redirect(place_of(section))


@blueprint.route("/sections/<uuid:section>", methods=["GET", "POST"])
@roles(*MANAGERS)
def edit_section(section: UUID) -> PageAnswer:
    with reading() as session:
        stored = of_project(session, Section, section)
        version = find_version(session, stored.version_id)
        refuse_if_published(version)
        filled, offered = _filled(stored), _offered(session, version, stored)
    if request.method == "GET":
        return _page(filled, version, offered, stored)
    form = Form.sent()
    if _wants_row(form):
        return _page(form, version, offered, stored)
    try:
        with writing() as session:
            changed = of_project(session, Section, section)
            change_section(changed, _design(session, form, offered))
    except DomainError as error:
        form.keep(error)
        return _page(form, version, offered, stored)
    flash(_("“%(name)s” was saved.", name=words(changed.title)), "done")
    return redirect(place_of(changed))


@blueprint.post("/sections/<uuid:section>/removal")
@roles(*MANAGERS)
def discard_section(section: UUID) -> Response:
    """Only an empty section goes, so that no criterion is lost by one click."""
    with writing() as session:
        stored = of_project(session, Section, section)
        version, name, empty = stored.version_id, words(stored.title), not stored.criteria
        if empty:
            remove_section(stored)
    if not empty:
        flash(_("“%(name)s” still has criteria. Remove them first.", name=name), "refused")
        return redirect(place_of(stored))
    flash(_("“%(name)s” was removed.", name=name), "done")
    return redirect(url_for("checklists.show", version=version))


def _page(
    form: Form, version: ChecklistVersion, offered: dict[str, Offers], section: Section | None = None
) -> PageAnswer:
    return page(
        "section",
        form,
        version=version,
        section=section,
        offered=offered,
        required_checks=REQUIRED_CHECKS,
        fields=FURTHER,
        further=_further(form),
        opened=form.value("more") == "conditions"
        or any(name.split(".")[0] in ("conditions", *(each.name for each in FURTHER)) for name in form.wrong),
        comparisons=COMPARISONS.items(),
        matches=conditions.MATCHES.items(),
        most_conditions=conditions.MOST_CONDITIONS,
    )


def _further(form: Form) -> list[str]:
    """In words, what is set of that which the form folds up."""
    said = []
    if form.value("weight"):
        said.append(_("weight %(weight)s", weight=form.value("weight")))
    if form.ticked("repeats"):
        said.append(_("repeats"))
    return [*said, *conditions.counted(form)]


def _offered(session: Session, version: ChecklistVersion, section: Section | None) -> dict[str, Offers]:
    touchpoints: Offers = []
    journeys = journeys_of(session, g.project.id)
    for journey in journeys:
        for stage in (each for each in journey.stages if each.touchpoints):
            label = f"{words(journey.name)}: {words(stage.name)}" if len(journeys) > 1 else words(stage.name)
            touchpoints.append((label, [(str(each.id), words(each.name)) for each in stage.touchpoints]))
    attributes = outlet_attributes(session, g.project.id)
    stored = section.shown_when if section else None
    own = next((each for each in version.sections if section and each.id == section.id), None)
    earlier = earlier_criteria(version, own)
    return {"touchpoint_id": touchpoints, "conditions": conditions.offers(earlier, attributes, stored)}


def _filled(section: Section) -> Form:
    values: dict[str, Any] = {name: getattr(section, name) for name in ("touchpoint_id", "title", "intro")}
    for field in (REQUIRED_CHECKS, *FURTHER):
        values[field.name] = field.typed(getattr(section, field.name))
    return Form.showing(**values, **conditions.filled(section.shown_when, spare=1))


def _wants_row(form: Form) -> bool:
    if form.value("more") != "conditions":
        return False
    form.add_row("conditions", conditions.BLANK_ROW)
    return True


def _design(session: Session, form: Form, offered: dict[str, Offers]) -> SectionDesign:
    """What the form says about a section; without a title of its own it is called after its touchpoint."""
    chosen = form.identity("touchpoint_id")
    touchpoint = of_project(session, Touchpoint, chosen) if chosen else None
    title = form.words("title", g.project.languages)
    intro = form.words("intro", g.project.languages)
    required_checks = REQUIRED_CHECKS.read(form)
    further = {field.name: field.read(form) for field in FURTHER}
    shown_when = conditions.read(form, offered["conditions"])
    form.check()
    assert touchpoint is not None
    return SectionDesign(touchpoint, title or touchpoint.name, intro, required_checks, shown_when=shown_when, **further)
