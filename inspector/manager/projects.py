"""A client's engagement: made in an organization, and its settings."""

import re
from datetime import UTC, datetime

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from checklists.errors import DomainError
from checklists.people import Project, Role, add_member, create_project
from inspector.auth import MANAGERS, READERS, person, roles
from inspector.languages import LANGUAGES
from inspector.manager.entrance import may_manage, may_own, may_review
from inspector.manager.forms import Form, PageAnswer
from inspector.transactions import writing

blueprint = Blueprint("projects", __name__, url_prefix="/o/<organization>")

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RESERVED = frozenset({"new-project", "name", "people", "jobs", "tokens", "trail"})
"""Where pages of the organization stand, so that no project may."""
DEFAULT_MARGIN_POINTS = 10
LONGEST_RETENTION_MONTHS = 240


@blueprint.route("/new-project", methods=["GET", "POST"])
@roles(*MANAGERS)
def add() -> PageAnswer:
    if request.method == "GET":
        return _page(Form.showing(languages=list(LANGUAGES), first=LANGUAGES[0], margin=DEFAULT_MARGIN_POINTS))
    form = Form.sent()
    languages = _languages(form)
    name = form.words("name", dict.fromkeys([*languages, *LANGUAGES]), required=True)
    slug = form.text("slug", required=True, longest=40).casefold()
    if slug and (not SLUG.fullmatch(slug) or slug in RESERVED):
        form.refuse("slug", _("Use small Latin letters, digits and hyphens, such as coffee-2026."))
    margin = _margin(form)
    try:
        form.check()
        with writing() as session:
            now = datetime.now(UTC)
            project = create_project(session, g.organization.id, slug, name, languages, margin, now)
            if all(each.project_id for each in g.memberships):
                add_member(
                    session, person().user, [Role.MANAGER], organization_id=g.organization.id, project_id=project.id
                )
    except DomainError as error:
        form.keep(error)
        return _page(form)
    flash(_("The project was made. Begin with the customer's journey."), "done")
    return redirect(url_for("journey.index", project=project.slug))


@blueprint.route("/<project>/settings", methods=["GET", "POST"])
@roles(*MANAGERS)
def settings() -> PageAnswer:
    project = g.project
    if request.method == "GET":
        return _page(
            Form.showing(
                name=project.name,
                languages=project.languages,
                first=project.languages[0],
                margin=project.margin * 100,
                staff_names=project.staff_names,
                audio=project.audio,
                audio_consent=project.audio_consent,
                retention=project.retention_months,
            )
        )
    form = Form.sent()
    languages = _languages(form)
    name = form.words("name", dict.fromkeys([*languages, *LANGUAGES]), required=True)
    margin = _margin(form)
    audio = form.ticked("audio")
    consent = form.words("audio_consent", dict.fromkeys([*languages, *LANGUAGES]), required=audio)
    retention = project.retention_months
    if may_own():
        retention = form.whole("retention", least=1, most=LONGEST_RETENTION_MONTHS)
    try:
        form.check()
        with writing() as session:
            stored = session.get_one(Project, project.id)
            stored.name, stored.languages, stored.margin = name, languages, margin
            stored.staff_names = form.ticked("staff_names")
            stored.audio, stored.audio_consent = audio, consent
            stored.retention_months = retention
    except DomainError as error:
        form.keep(error)
        return _page(form)
    flash(_("The settings were saved."), "done")
    return redirect(url_for("projects.settings"))


@blueprint.get("/<project>/")
@roles(*READERS)
def show() -> PageAnswer:
    """On to what this person comes for."""
    if may_manage():
        return redirect(url_for("journey.index"))
    return redirect(url_for("visits.index" if may_review() else "results.index"))


def _page(form: Form) -> PageAnswer:
    return render_template("projects/form.html", form=form), form.status


def _languages(form: Form) -> list[str]:
    """The ticked languages, the default one first."""
    ticked = [language for language in LANGUAGES if language in form.chosen("languages")]
    first = form.value("first")
    if not ticked:
        form.refuse("languages", _("A project needs at least one language."))
        return list(LANGUAGES)
    if first not in ticked:
        form.refuse("first", _("Choose one of the project's languages."))
        return ticked
    return [first, *(language for language in ticked if language != first)]


def _margin(form: Form) -> float:
    """The margin as a share between 0 and 1, as verdicts need it; people think of it in points."""
    return (form.number("margin", least=1, most=99, required=True) or 0.0) / 100
