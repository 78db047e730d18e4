"""Tokens with which other programs work here: made for some purposes, shown once, revoked with one press."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from checklists.accounts import TokenScope, create_token, revoke_token, tokens_of
from checklists.errors import DomainError
from checklists.people import Project, projects_of
from inspector.auth import MANAGERS, person, roles
from inspector.manager.forms import Form, PageAnswer
from inspector.transactions import reading, writing

blueprint = Blueprint("tokens", __name__, url_prefix="/o/<organization>/tokens")

SCOPES = {
    TokenScope.SETUP_READ: lazy_gettext("Read journeys, brands, outlets, checklists and waves"),
    TokenScope.SETUP_WRITE: lazy_gettext("Change journeys, brands, outlets, checklists and waves"),
    TokenScope.FIELDWORK_READ: lazy_gettext("Read assignments, visits and photos"),
    TokenScope.FIELDWORK_WRITE: lazy_gettext("Hand out assignments, review visits"),
    TokenScope.RESULTS_READ: lazy_gettext("Read results and exports"),
    TokenScope.PEOPLE_READ: lazy_gettext("Read who works here, the audit trail, and what was erased"),
    TokenScope.PEOPLE_WRITE: lazy_gettext("Add people, change their roles"),
    TokenScope.ERASURES_WRITE: lazy_gettext("Erase personal data for good: photos, names, visits, people"),
}
LASTING_DAYS = (30, 90, 365)
FOR_EVER = "0"


@blueprint.get("")
@roles(*MANAGERS)
def index() -> PageAnswer:
    reached = reached_projects()
    with reading() as session:
        tokens = tokens_of(session, reached)
    projects = {each.id: each for each in _projects()}
    return render_template("tokens/index.html", tokens=tokens, projects=projects, now=datetime.now(UTC))


@blueprint.route("/new", methods=["GET", "POST"])
@roles(*MANAGERS)
def add() -> PageAnswer:
    if request.method == "GET":
        return _page(Form.showing(lasts=LASTING_DAYS[1]))
    form = Form.sent()
    name = form.text("name", required=True, longest=100)
    scopes = [scope for scope in TokenScope if scope in form.chosen("scopes")]
    project_id, now = _project_chosen(form), datetime.now(UTC)
    lasts = form.value("lasts")
    if lasts not in (FOR_EVER, *map(str, LASTING_DAYS)):
        form.refuse("lasts", _("Please choose one."))
    try:
        form.check()
        with writing() as session:
            made = create_token(
                session,
                person().user,
                name,
                scopes,
                now,
                organization_id=g.organization.id,
                project_id=project_id,
                expires_at=None if lasts == FOR_EVER else now + timedelta(days=int(lasts)),
            )
    except DomainError as error:
        form.keep(error)
        return _page(form)
    # Shown in this answer only: the token stands nowhere else, and a reload asks before it sends the form again.
    return render_template("tokens/made.html", token=made.token, text=made.text)


@blueprint.post("/<uuid:token>/revocation")
@roles(*MANAGERS)
def revoke(token: UUID) -> Response:
    with writing() as session:
        name = revoke_token(session, token, reached_projects(), datetime.now(UTC)).name
    flash(_("The token “%(name)s” was revoked.", name=name), "done")
    return redirect(url_for("tokens.index"))


def reached_projects() -> set[UUID] | None:
    """The projects that the reader manages; None where it is the whole organization."""
    projects = {each.project_id for each in g.memberships}
    return None if None in projects else {each for each in projects if each}


def _project_chosen(form: Form) -> UUID | None:
    """The chosen project, or None for all of them where the reader reaches all."""
    chosen = form.value("project")
    if not chosen and reached_projects() is None:
        return None
    if chosen not in {str(each.id) for each in _projects()}:
        form.refuse("project", _("Please choose one."))
        return None
    return UUID(chosen)


def _projects() -> list[Project]:
    with reading() as session:
        return [each for projects in projects_of(session, g.memberships).values() for each in projects]


def _page(form: Form) -> PageAnswer:
    page = render_template(
        "tokens/form.html",
        form=form,
        scopes=SCOPES.items(),
        projects=_projects(),
        reaches_all=reached_projects() is None,
        lasting=LASTING_DAYS,
    )
    return page, form.status
