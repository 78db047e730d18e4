"""The criteria of a draft: one form for all kinds, made from what kinds.py and rules.py declare."""

from typing import Any
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.checklist import (
    Criterion,
    CriterionDesign,
    GuidancePicture,
    Option,
    Section,
    State,
    add_criterion,
    change_criterion,
    criteria_before,
    outlet_attributes,
    refuse_if_published,
    remove_criterion,
    set_comparable,
)
from checklists.errors import DomainError, NotFound
from checklists.journey import Barrier, touchpoints_of
from checklists.scoring import Kind
from inspector.auth import MANAGERS, roles
from inspector.languages import words
from inspector.manager.checklists import conditions
from inspector.manager.checklists.conditions import Offers
from inspector.manager.checklists.pictures import LARGEST_FORM, MEDIA_TYPES, leave_out, take_picture
from inspector.manager.checklists.place import blueprint, find_version, page, place_of
from inspector.manager.checklists.rules import BARRIER, further, needs, scoring, shared_fields, start_of
from inspector.manager.fields import Type
from inspector.manager.forms import Form, PageAnswer, of_project
from inspector.manager.kinds import KINDS
from inspector.manager.words import COMPARISONS
from inspector.transactions import reading, writing

KIND = f"<any({', '.join(Kind)}):kind>"


@blueprint.route(f"/sections/<uuid:section>/criteria/new/{KIND}", methods=["GET", "POST"])
@roles(*MANAGERS)
def add_a_criterion(section: UUID, kind: str) -> PageAnswer:
    request.max_content_length = LARGEST_FORM
    asked = Kind(kind)
    with reading() as session:
        stored = of_project(session, Section, section)
        refuse_if_published(stored.version)
        offered = _offered(session, stored, None)
    if request.method == "GET":
        return _page(Form.showing(**start_of(asked), **conditions.filled(None)), stored, asked, offered)
    form = Form.sent()
    try:
        if _only_more(form, asked):
            return _page(form, stored, asked, offered)
        design = _design(form, asked, offered)
        with writing() as session:
            _refuse_foreign(session, design)
            criterion = add_criterion(session, of_project(session, Section, section), design)
            _take_lineages(criterion, form)
    except DomainError as error:
        form.keep(error)
        return _page(form, stored, asked, offered)
    flash(_("“%(name)s” was added.", name=words(criterion.text)), "done")
    if form.ticked("another"):
        return redirect(url_for("checklists.add_a_criterion", section=section, kind=kind))
    return redirect(place_of(criterion))


@blueprint.route("/criteria/<uuid:criterion>", methods=["GET", "POST"])
@roles(*MANAGERS)
def edit_criterion(criterion: UUID) -> PageAnswer:
    request.max_content_length = LARGEST_FORM
    with reading() as session:
        stored = of_project(session, Criterion, criterion)
        section = stored.section
        refuse_if_published(section.version)
        filled, offered = _filled(stored, spare=1), _offered(session, section, stored)
    if request.method == "GET":
        return _page(filled, section, stored.kind, offered, stored)
    form = Form.sent()
    try:
        if _only_more(form, stored.kind):
            return _page(form, section, stored.kind, offered, stored)
        design = _design(form, stored.kind, offered)
        with writing() as session:
            _refuse_foreign(session, design)
            changed = of_project(session, Criterion, criterion)
            change_criterion(changed, design)
            set_comparable(changed, form.value("comparable") != "no")
    except DomainError as error:
        form.keep(error)
        return _page(form, section, stored.kind, offered, stored)
    flash(_("“%(name)s” was saved.", name=words(changed.text)), "done")
    return redirect(place_of(changed))


@blueprint.post("/criteria/<uuid:criterion>/removal")
@roles(*MANAGERS)
def discard_criterion(criterion: UUID) -> PageAnswer:
    """Remove the criterion; the answer is the form that puts it back, filled with all that it said."""
    with writing() as session:
        stored = of_project(session, Criterion, criterion)
        section, form = stored.section, _filled(stored)
        lineages = [("lineage", str(part.lineage_id)) for part in _with_parts(stored)]
        origin = [("origin", str(stored.origin_lineage_id))] if stored.origin_lineage_id else []
        remove_criterion(stored)
    fields = [*form.typed.items(multi=True), *lineages, *origin]
    return render_template("checklists/removed.html", criterion=stored, section=section, fields=fields)


def _take_lineages(criterion: Criterion, form: Form) -> None:
    """Give a criterion that is put back the lineages that it had, unless it was put back already."""
    try:
        lineages = [UUID(each) for each in form.chosen("lineage")]
        origin = UUID(form.value("origin")) if form.value("origin") else None
    except ValueError:
        raise NotFound from None
    parts = _with_parts(criterion)
    taken = {each.lineage_id for section in criterion.section.version.sections for each in section.criteria}
    if len(lineages) == len(parts) and lineages[0] not in taken:
        criterion.origin_lineage_id = origin
        for part, lineage in zip(parts, lineages, strict=True):
            part.lineage_id = lineage


def _with_parts(criterion: Criterion) -> list[Criterion | State | Option]:
    """The criterion, then its states and options in the order of the form."""
    parts: list[Criterion | State | Option] = [criterion]
    for rows in KINDS[criterion.kind].rows:
        parts += [part for part in getattr(criterion, rows.part) if rows.belongs(part)]
    return parts


def _page(
    form: Form, section: Section, kind: Kind, offered: dict[str, Offers], criterion: Criterion | None = None
) -> PageAnswer:
    return page(
        "criterion",
        form,
        section=section,
        kind=kind,
        pages=KINDS[kind],
        criterion=criterion,
        needs=needs(kind),
        scoring=scoring(kind),
        barrier=BARRIER,
        offered=offered,
        further=further(form, kind),
        opened=_is_open(form, kind),
        comparisons=COMPARISONS.items(),
        matches=conditions.MATCHES.items(),
        most_conditions=conditions.MOST_CONDITIONS,
        media_types=MEDIA_TYPES,
    )


def _is_open(form: Form, kind: Kind) -> bool:
    """Whether the folded rules are shown at once: something is wrong there, or a button there was pressed."""
    group = scoring(kind)
    folded = {BARRIER.name, "conditions", "picture", *(each.name for each in (group.fields if group else ()))}
    wrong = {name.split(".")[0] for name in form.wrong}
    return bool(folded & wrong) or form.value("more") in folded or bool(form.value("without"))


def _offered(session: Session, section: Section, criterion: Criterion | None) -> dict[str, Offers]:
    """What the lists of the form offer, by the name of the field."""
    find_version(session, section.version_id)  # In a few statements, instead of two for each criterion.
    stored = criterion.shown_when if criterion else None
    attributes = outlet_attributes(session, g.project.id)
    offered = {
        BARRIER.name: _barriers(session, section),
        "conditions": conditions.offers(criteria_before(section, criterion), attributes, stored),
    }
    for pages in KINDS.values():
        for field in pages.fields:
            if field.type is Type.OFFERED:
                fitting = [each for each in section.criteria if each.kind is field.of_kind]
                offered[field.name] = [("", [(str(each.lineage_id), words(each.text)) for each in fitting])]
    return offered


def _barriers(session: Session, section: Section) -> Offers:
    """By touchpoint, the section's own first."""
    touchpoints = [touchpoint for touchpoint in touchpoints_of(session, g.project.id) if touchpoint.barriers]
    touchpoints.sort(key=lambda each: each.id != section.touchpoint_id)
    return [
        (words(touchpoint.name), [(str(barrier.id), words(barrier.text)) for barrier in touchpoint.barriers])
        for touchpoint in touchpoints
    ]


def _filled(criterion: Criterion, spare: int = 0) -> Form:
    """The form as the criterion stands, with `spare` empty rows more in each list."""
    pages = KINDS[criterion.kind]
    values: dict[str, Any] = {"text": criterion.text, "guidance": criterion.guidance, "pictures": criterion.pictures}
    for field in (*shared_fields(criterion.kind), *pages.fields):
        stored = criterion.settings.get(field.name) if field.setting else getattr(criterion, field.name)
        values[field.name] = field.typed(stored)
    for rows in pages.rows:
        parts = [rows.filled(part) for part in getattr(criterion, rows.part) if rows.belongs(part)]
        values[rows.name] = [*parts, *[rows.blank()] * spare]
    same = criterion.origin_lineage_id is None or criterion.lineage_id == criterion.origin_lineage_id
    builder = conditions.filled(criterion.shown_when, spare=spare)
    return Form.showing(**values, **builder, comparable="yes" if same else "no")


def _only_more(form: Form, kind: Kind) -> bool:
    """Whether a button was pressed that changes the form and saves nothing: more rows, a picture added or left out.

    A picture that came along is kept in any case. Raises InvalidInput for what is no picture.
    """
    take_picture(form)
    left_out = form.value("without")
    if left_out:
        leave_out(form, left_out)
    wanted = form.value("more")
    if wanted == "conditions":
        form.add_row("conditions", conditions.BLANK_ROW)
    for rows in KINDS[kind].rows:
        if rows.name == wanted:
            form.add_row(wanted, rows.blank())
    return bool(wanted or left_out)


def _design(form: Form, kind: Kind, offered: dict[str, Offers]) -> CriterionDesign:
    """What the form says. Raises InvalidInput with all that is wrong with single fields."""
    languages = g.project.languages
    pages = KINDS[kind]
    values: dict[str, Any] = {field.name: field.read(form) for field in shared_fields(kind)}
    values["barrier_id"] = values["barrier_id"] and UUID(values["barrier_id"])
    settings: dict[str, Any] = {}
    for field in pages.fields:
        (settings if field.setting else values)[field.name] = field.read(form)
    for rows in pages.rows:
        values[rows.part] = [*values.get(rows.part, ()), *rows.read(form)]
    design = CriterionDesign(
        kind=kind,
        text=form.words("text", languages, required=True),
        guidance=form.words("guidance", languages),
        pictures=form.chosen("pictures"),
        shown_when=conditions.read(form, offered["conditions"]),
        settings=settings,
        **(values | dict(pages.fixed)),
    )
    form.check()
    return design


def _refuse_foreign(session: Session, design: CriterionDesign) -> None:
    """Raises NotFound for a barrier or picture of another project: no page of ours sends such a thing."""
    if design.barrier_id:
        of_project(session, Barrier, design.barrier_id)
    for picture in design.pictures:
        try:
            of_project(session, GuidancePicture, UUID(picture))
        except ValueError:
            raise NotFound from None
