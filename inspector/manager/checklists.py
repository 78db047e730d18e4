"""Checklists and their versions: the list, the draft with its sections, what is missing, publishing, the preview."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from checklists.checklist import (
    ChecklistVersion,
    Section,
    SectionDesign,
    add_section,
    change_section,
    checklists_of,
    compile_document,
    counts_of_criteria,
    create_checklist,
    duplicate_section,
    missing_parts,
    move_section,
    phone_document,
    publish,
    refuse_if_published,
    remove_section,
    set_limits,
    version_with_parts,
)
from checklists.errors import ChecklistIncomplete, DomainError, PublishedIsFrozen
from checklists.journey import Step, Touchpoint, journeys_of
from inspector.auth import MANAGERS, roles
from inspector.languages import words
from inspector.manager.forms import Form, PageAnswer, of_project
from inspector.manager.words import CHANNELS, COMMENTS, DIRECTIONS, EVIDENCE, KINDS, UNITS
from inspector.problems import in_words
from inspector.transactions import reading, writing

blueprint = Blueprint("checklists", __name__, url_prefix="/o/<organization>/<project>/checklists")

MOST_REQUIRED_CHECKS = 10_000


@blueprint.get("/")
@roles(*MANAGERS)
def index() -> PageAnswer:
    with reading() as session:
        checklists = checklists_of(session, g.project.id)
        counts = counts_of_criteria(session, [version.id for each in checklists for version in each.versions])
    return render_template("checklists/index.html", checklists=checklists, counts=counts)


@blueprint.route("/new", methods=["GET", "POST"])
@roles(*MANAGERS)
def add() -> PageAnswer:
    if request.method == "GET":
        return _page("new", Form.showing())
    form = Form.sent()
    name = form.words("name", g.project.languages, required=True)
    try:
        form.check()
        with writing() as session:
            checklist = create_checklist(session, g.project.id, name, datetime.now(UTC))
    except DomainError as error:
        form.keep(error)
        return _page("new", form)
    flash(_("The checklist was made. Now add its first section."), "done")
    return redirect(url_for("checklists.show", version=checklist.versions[0].id))


@blueprint.get("/versions/<uuid:version>")
@roles(*MANAGERS)
def show(version: UUID) -> PageAnswer:
    """The version with its parts: to be edited while it is a draft, to be read afterwards."""
    with reading() as session:
        stored = _version(session, version)
        missing = [] if stored.published_at else list(missing_parts(stored))
    return render_template(
        "checklists/version.html",
        version=stored,
        missing=missing,
        channels=CHANNELS,
        kinds=KINDS,
        units=UNITS,
        directions=DIRECTIONS,
        evidence=EVIDENCE,
        comments=COMMENTS,
    )


@blueprint.route("/versions/<uuid:version>/settings", methods=["GET", "POST"])
@roles(*MANAGERS)
def change(version: UUID) -> PageAnswer:
    """Name, blindness, and where green and yellow begin."""
    with reading() as session:
        stored = _version(session, version)
        refuse_if_published(stored)
    if request.method == "GET":
        form = Form.showing(
            name=stored.checklist.name,
            blind=stored.checklist.blind,
            green_from=stored.green_from * 100,
            yellow_from=stored.yellow_from * 100,
        )
        return _page("settings", form, version=stored)
    form = Form.sent()
    name = form.words("name", g.project.languages, required=True)
    green = form.number("green_from", least=0, most=100, required=True) or 0.0
    yellow = form.number("yellow_from", least=0, most=100, required=True) or 0.0
    try:
        form.check()
        with writing() as session:
            changed = _version(session, version)
            set_limits(changed, green_from=green / 100, yellow_from=yellow / 100)
            changed.checklist.name, changed.checklist.blind = name, form.ticked("blind")
    except DomainError as error:
        form.keep(error)
        return _page("settings", form, version=stored)
    flash(_("“%(name)s” was saved.", name=words(name)), "done")
    return redirect(url_for("checklists.show", version=version))


@blueprint.route("/versions/<uuid:version>/sections/new", methods=["GET", "POST"])
@roles(*MANAGERS)
def add_one(version: UUID) -> PageAnswer:
    """Another section."""
    with reading() as session:
        stored = _version(session, version)
        refuse_if_published(stored)
        journeys = journeys_of(session, g.project.id)
    if request.method == "GET":
        return _page("section", Form.showing(required_checks=10), version=stored, journeys=journeys)
    form = Form.sent()
    try:
        with writing() as session:
            section = add_section(session, _version(session, version), _design(session, form))
    except DomainError as error:
        form.keep(error)
        return _page("section", form, version=stored, journeys=journeys)
    flash(_("“%(name)s” was added. Now add its criteria.", name=words(section.title)), "done")
    return redirect(address_of(section))


@blueprint.route("/sections/<uuid:section>", methods=["GET", "POST"])
@roles(*MANAGERS)
def change_one(section: UUID) -> PageAnswer:
    with reading() as session:
        stored = of_project(session, Section, section)
        refuse_if_published(stored.version)
        journeys = journeys_of(session, g.project.id)
    if request.method == "GET":
        names = ("touchpoint_id", "title", "intro", "required_checks")
        form = Form.showing(**{name: getattr(stored, name) for name in names})
        return _page("section", form, version=stored.version, section=stored, journeys=journeys)
    form = Form.sent()
    try:
        with writing() as session:
            changed = of_project(session, Section, section)
            change_section(changed, _design(session, form))
    except DomainError as error:
        form.keep(error)
        return _page("section", form, version=stored.version, section=stored, journeys=journeys)
    flash(_("“%(name)s” was saved.", name=words(changed.title)), "done")
    return redirect(address_of(changed))


@blueprint.post("/sections/<uuid:section>/move")
@roles(*MANAGERS)
def move_one(section: UUID) -> Response:
    with writing() as session:
        stored = of_project(session, Section, section)
        move_section(stored, Step.UP if request.form.get("step") == Step.UP else Step.DOWN)
    return redirect(address_of(stored))


@blueprint.post("/sections/<uuid:section>/copy")
@roles(*MANAGERS)
def duplicate_one(section: UUID) -> Response:
    with writing() as session:
        copy = duplicate_section(session, of_project(session, Section, section))
    flash(_("“%(name)s” was duplicated: this is the copy.", name=words(copy.title)), "done")
    return redirect(address_of(copy))


@blueprint.post("/sections/<uuid:section>/removal")
@roles(*MANAGERS)
def remove_one(section: UUID) -> Response:
    """Only an empty section goes, so that no criterion is lost by one click."""
    with writing() as session:
        stored = of_project(session, Section, section)
        version, name, empty = stored.version_id, words(stored.title), not stored.criteria
        if empty:
            remove_section(stored)
    if not empty:
        flash(_("“%(name)s” still has criteria. Remove them first.", name=name), "refused")
        return redirect(address_of(stored))
    flash(_("“%(name)s” was removed.", name=name), "done")
    return redirect(url_for("checklists.show", version=version))


@blueprint.post("/versions/<uuid:version>/publication")
@roles(*MANAGERS)
def publish_version(version: UUID) -> Response:
    try:
        with writing() as session:
            stored = _version(session, version)
            publish(stored, g.project.languages, datetime.now(UTC))
    except (ChecklistIncomplete, PublishedIsFrozen) as error:
        flash(in_words(error), "refused")
    else:
        flash(
            _("Version %(number)s is published and frozen. It can be used in waves now.", number=stored.number), "done"
        )
    return redirect(url_for("checklists.show", version=version))


@blueprint.get("/versions/<uuid:version>/preview")
@roles(*MANAGERS)
def preview(version: UUID) -> PageAnswer:
    """The version as the inspector's phone shows it."""
    with reading() as session:
        stored = _version(session, version)
        document = phone_document(stored.document or compile_document(stored, g.project.languages))
    return render_template("checklists/preview.html", version=stored, document=document)


def _page(name: str, form: Form, **values: object) -> PageAnswer:
    return render_template(f"checklists/{name}.html", form=form, **values), form.status


def _version(session: Session, version: UUID) -> ChecklistVersion:
    """The version with all its parts. Raises NotFound for one of another project."""
    of_project(session, ChecklistVersion, version)
    found = version_with_parts(session, version)
    assert found is not None
    return found


def _design(session: Session, form: Form) -> SectionDesign:
    """What the form says about a section; without a title of its own it is called after its touchpoint."""
    chosen = form.identity("touchpoint_id")
    touchpoint = of_project(session, Touchpoint, chosen) if chosen else None
    title = form.words("title", g.project.languages)
    intro = form.words("intro", g.project.languages)
    required_checks = form.whole("required_checks", least=0, most=MOST_REQUIRED_CHECKS)
    form.check()
    assert touchpoint is not None
    return SectionDesign(touchpoint, title or touchpoint.name, intro, required_checks)


def address_of(section: Section) -> str:
    """The place of the section in its version's page."""
    return url_for("checklists.show", version=section.version_id, _anchor=f"section-{section.id}")
