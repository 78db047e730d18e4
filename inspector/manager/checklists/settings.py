"""What a draft says of the whole: name, purpose, blindness, limits, grade bands, the staff met."""

from typing import Any
from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from checklists.checklist import ChecklistVersion, Purpose, refuse_if_published, set_limits
from checklists.errors import DomainError
from inspector.auth import MANAGERS, roles
from inspector.languages import words
from inspector.manager.checklists.place import blueprint, find_version, page
from inspector.manager.fields import Field, Type
from inspector.manager.forms import Form, PageAnswer
from inspector.manager.words import PURPOSES
from inspector.transactions import reading, writing

MOST_GRADES = 6

PURPOSE = Field("purpose", lazy_gettext("What is it for?"), Type.CHOICE, choices=PURPOSES, start=Purpose.VISIT)
SETTINGS = (
    PURPOSE,
    Field(
        "blind",
        lazy_gettext("Blind: the inspector does not learn what is good and what is bad"),
        Type.TICK,
        short=lazy_gettext("Blind"),
        start=True,
        hint=lazy_gettext("States and options come in a neutral order, without weights and zones."),
    ),
    Field(
        "staff_met",
        lazy_gettext("The inspector writes down the staff met: role and description"),
        Type.TICK,
        short=lazy_gettext("List of the staff met"),
        start=False,
        hint=lazy_gettext("Names are asked for only where the settings of the project allow it."),
    ),
    Field(
        "green_from",
        lazy_gettext("Green from, per cent"),
        Type.PERCENT,
        short=lazy_gettext("Green from"),
        least=0,
        most=100,
        required=True,
        hint=lazy_gettext("A check of at least this score is green."),
    ),
    Field(
        "yellow_from",
        lazy_gettext("Yellow from, per cent"),
        Type.PERCENT,
        short=lazy_gettext("Yellow from"),
        least=0,
        most=100,
        required=True,
        hint=lazy_gettext("A check below this score is red."),
    ),
)


@blueprint.route("/versions/<uuid:version>/settings", methods=["GET", "POST"])
@roles(*MANAGERS)
def change(version: UUID) -> PageAnswer:
    with reading() as session:
        stored = find_version(session, version)
        refuse_if_published(stored)
    if request.method == "GET":
        return _page(_filled(stored), stored)
    form = Form.sent()
    name = form.words("name", g.project.languages, required=True)
    said = {field.name: field.read(form) for field in SETTINGS}
    grades = _grades(form)
    try:
        form.check()
        with writing() as session:
            changed = find_version(session, version)
            set_limits(changed, green_from=said["green_from"], yellow_from=said["yellow_from"])
            changed.grades, changed.staff_met = grades, said["staff_met"]
            checklist = changed.checklist
            checklist.name, checklist.blind, checklist.purpose = name, said["blind"], said["purpose"]
    except DomainError as error:
        form.keep(error)
        return _page(form, stored)
    flash(_("“%(name)s” was saved.", name=words(name)), "done")
    return redirect(url_for("checklists.show", version=version))


def _page(form: Form, version: ChecklistVersion) -> PageAnswer:
    return page("settings", form, version=version, fields={field.name: field for field in SETTINGS})


def _filled(version: ChecklistVersion) -> Form:
    stored = {name: getattr(version, name) for name in ("green_from", "yellow_from", "staff_met")}
    stored |= {name: getattr(version.checklist, name) for name in ("blind", "purpose")}
    bands = [{"name": band["name"], "from": band["from"] * 100} for band in version.grades]
    return Form.showing(
        name=version.checklist.name,
        **{field.name: field.typed(stored[field.name]) for field in SETTINGS},
        grades=[*bands, *[{"name": {}, "from": None, "row": "on"}] * (MOST_GRADES - len(bands))],
    )


def _grades(form: Form) -> list[dict[str, Any]]:
    """The bands that have a name, the best first."""
    bands = []
    for row in form.rows("grades"):
        name = form.words(f"{row}.name", g.project.languages)
        if name:
            form.words(f"{row}.name", g.project.languages, required=True)
            share = form.number(f"{row}.from", least=0, most=100, required=True)
            bands.append({"name": name, "from": (share or 0) / 100})
    return sorted(bands, key=lambda band: band["from"], reverse=True)
