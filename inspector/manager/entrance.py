"""The way in: login, logout, one's own password, the language of this browser, and the projects that a person may
open.
"""

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from checklists.errors import DomainError, LoginFailed
from checklists.people import Role, projects_of
from inspector import auth
from inspector.auth import MANAGERS, REVIEWERS, person, public, roles
from inspector.languages import LANGUAGES
from inspector.manager.forms import Form, PageAnswer
from inspector.transactions import reading

blueprint = Blueprint("entrance", __name__)

SHORTEST_PASSWORD = 10


@blueprint.get("/")
@roles(*Role)
def home() -> PageAnswer:
    """The person's projects; somebody who only inspects works on the phone."""
    if all(each.role is Role.INSPECTOR for each in g.memberships):
        return redirect("/phone/")
    reviewing = [each for each in g.memberships if each.role in REVIEWERS]
    with reading() as transaction:
        organizations = projects_of(transaction, reviewing)
    managed = {(each.organization_id, each.project_id) for each in reviewing if each.role in MANAGERS}
    return render_template(
        "entrance/home.html",
        organizations=organizations,
        managed_organizations={organization for organization, _project in managed},
        managed=managed,
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
        return render_template("entrance/login.html", form=form), form.status
    return redirect(_own_address(form.value("next")))


@blueprint.post("/logout")
@public("a login that has run out can be left too")
def log_out() -> Response:
    auth.log_out()
    return redirect(url_for("entrance.log_in"))


@blueprint.route("/password", methods=["GET", "POST"])
@roles(*Role, lately=True)
def change_password() -> PageAnswer:
    """One's own password: the first one was made, and read, by whoever added the person."""
    if request.method == "GET":
        return render_template("entrance/password.html", form=Form.showing(), shortest=SHORTEST_PASSWORD)
    form = Form.sent()
    new = form.value("new")
    if len(new) < SHORTEST_PASSWORD:
        form.refuse("new", _("A password has at least %(count)s characters.", count=SHORTEST_PASSWORD))
    if form.value("again") != new:
        form.refuse("again", _("This differs from the new password above."))
    try:
        form.check()
        _change_password(form, new)
    except DomainError as error:
        form.keep(error)
        return render_template("entrance/password.html", form=form, shortest=SHORTEST_PASSWORD), form.status
    flash(_("Your password was changed."), "done")
    return redirect(url_for("entrance.change_password"))


def _change_password(form: Form, new: str) -> None:
    """Raises InvalidInput where the present password was typed wrong."""
    try:
        auth.change_password(form.value("old"), new)
    except LoginFailed:
        form.refuse("old", _("This is not your present password."))
        form.check()


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
def may_manage() -> bool:
    """Whether the reader manages the project, or else the organization, of this address."""
    if "organization" not in g:
        return False
    project_id = g.project.id if "project" in g else None
    return any(
        each.role in MANAGERS
        and each.deactivated_at is None
        and each.organization_id == g.organization.id
        and (each.project_id is None or project_id is None or each.project_id == project_id)
        for each in person().memberships
    )
