"""The way in: login, logout, the language of this browser, and the projects that a person may open."""

from collections.abc import Collection

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from checklists.errors import DomainError
from checklists.people import Role, projects_of
from inspector import auth
from inspector.auth import MANAGERS, OWNERS, READERS, REVIEWERS, person, public, roles
from inspector.languages import LANGUAGES
from inspector.manager.forms import Form, PageAnswer
from inspector.problems import headers_of
from inspector.transactions import reading

blueprint = Blueprint("entrance", __name__)


@blueprint.get("/")
@roles(*Role)
def home() -> PageAnswer:
    """The person's projects; somebody who only inspects works on the phone."""
    if all(each.role is Role.INSPECTOR for each in g.memberships):
        return redirect("/phone/")
    read = [each for each in g.memberships if each.role in READERS]
    with reading() as transaction:
        organizations = projects_of(transaction, read)
    managed = {(each.organization_id, each.project_id) for each in read if each.role in MANAGERS}
    return render_template(
        "entrance/home.html",
        organizations=organizations,
        managed_organizations={organization for organization, _project in managed},
        managed=managed,
        owned={each.organization_id for each in read if each.role in OWNERS},
        inspects=any(each.role is Role.INSPECTOR for each in g.memberships),
    )


@blueprint.route("/login", methods=["GET", "POST"])
@public("nobody is logged in yet")
def log_in() -> PageAnswer:
    if request.method == "GET":
        return render_template("entrance/login.html", form=Form.showing(next=request.args.get("next", "")))
    form = Form.sent()
    try:
        auth.log_in(form.text("email"), form.value("password"))
    except DomainError as error:
        form.keep(error)
        return render_template("entrance/login.html", form=form), form.status, headers_of(error)
    return redirect(_own_address(form.value("next")))


@blueprint.post("/logout")
@public("a login that has run out can be left too")
def log_out() -> Response:
    auth.log_out()
    return redirect(url_for("entrance.log_in"))


@blueprint.post("/language")
@public("the login page is read in one's own language too")
def switch_language() -> Response:
    if request.form.get("language") in LANGUAGES:
        session.permanent = True
        session["language"] = request.form["language"]
    return redirect(_own_address(request.form.get("next", "")))


def _own_address(address: str) -> str:
    """The address if it lies on this site, else the start page: no link sends people elsewhere after the login.

    With exactly one slash at its beginning an address has neither scheme nor host. More of them are no path of ours:
    `redirect` makes the two slashes of another host out of four.
    """
    path = address.replace("\\", "/")
    own = path.startswith("/") and not path.startswith("//") and path.isprintable()
    return address if own else url_for("entrance.home")


@blueprint.app_template_global()
def may_own() -> bool:
    """Whether the reader owns the organization of this address."""
    return _holds(OWNERS)


@blueprint.app_template_global()
def may_manage() -> bool:
    """Whether the reader manages the project, or else the organization, of this address."""
    return _holds(MANAGERS)


@blueprint.app_template_global()
def may_review() -> bool:
    """Whether the reader works on the project; a client only reads what came of it."""
    return _holds(REVIEWERS)


def _holds(roles: Collection[Role]) -> bool:
    if "organization" not in g:
        return False
    project_id = g.project.id if "project" in g else None
    return any(
        each.role in roles
        and each.deactivated_at is None
        and each.organization_id == g.organization.id
        and (each.project_id is None or project_id is None or each.project_id == project_id)
        for each in person().memberships
    )
