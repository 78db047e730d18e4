"""One's own account: name, language, password, and the devices on which one is logged in."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from checklists.accounts import end_login, end_logins, logins_of, refuse_old_cookies
from checklists.errors import DomainError, LoginFailed, NotFound
from checklists.orm import unscoped
from checklists.people import Role, User
from inspector import auth
from inspector.auth import person, roles
from inspector.auth.logins import old_logins
from inspector.auth.password_rules import SHORTEST, fault_of
from inspector.languages import LANGUAGES
from inspector.manager.devices import device_in_words
from inspector.manager.forms import Form, PageAnswer
from inspector.problems import headers_of
from inspector.transactions import reading, writing

blueprint = Blueprint("profile", __name__, url_prefix="/profile")


@blueprint.get("")
@roles(*Role, lately=True)
def show() -> PageAnswer:
    user = person().user
    return _page(Form.showing(name=user.name, language=user.language))


# A refused form is shown again at its own address, which somebody may reload or return to.
blueprint.add_url_rule("/details", "show_after_saving", show)


@blueprint.post("/details")
@roles(*Role, lately=True)
def save() -> PageAnswer:
    form = Form.sent()
    name = form.text("name", required=True)
    if form.value("language") not in LANGUAGES:
        form.refuse("language", _("Please choose one."))
    try:
        form.check()
        with writing(unscoped("a person's own account")) as session:
            user = session.get_one(User, person().user.id)
            user.name, user.language = name, form.value("language")
    except DomainError as error:
        form.keep(error)
        return _page(form)
    flash(_("Your profile was saved."), "done")
    return redirect(url_for("profile.show"))


def _page(form: Form) -> PageAnswer:
    with reading(unscoped("a person's own account")) as session:
        logins = logins_of(session, person().user.id, datetime.now(UTC))
    answer = render_template(
        "profile/show.html",
        form=form,
        logins=logins,
        this=g.login.id,
        email=person().user.email,
        device=device_in_words,
    )
    return answer, form.status


@blueprint.route("/password", methods=["GET", "POST"])
@roles(*Role, lately=True)
def change_password() -> PageAnswer:
    """The first one may have been made, and read, by whoever added the person."""
    if request.method == "GET":
        return _password_page(Form.showing())
    form = Form.sent()
    user, new = person().user, form.value("new")
    refuse_password(form, new, user.name, user.email)
    try:
        form.check()
        _set_password(form, new)
    except DomainError as error:
        form.keep(error)
        return _password_page(form, headers_of(error))
    flash(_("Your password was changed. Everybody else who was logged in as you has been logged out."), "done")
    return redirect(url_for("profile.show"))


def _set_password(form: Form, new: str) -> None:
    """Raises InvalidInput where the present password was typed wrong."""
    try:
        auth.change_password(form.value("old"), new)
    except LoginFailed:
        form.refuse("old", _("This is not your present password."))
        form.check()


def refuse_password(form: Form, new: str, *about: str) -> None:
    """Note what is wrong with a new password and with its repetition."""
    if fault := fault_of(new, about):
        form.refuse("new", fault)
    if form.value("again") != new:
        form.refuse("again", _("This differs from the new password above."))


def _password_page(form: Form, headers: dict[str, str] | None = None) -> PageAnswer:
    return render_template("profile/password.html", form=form, shortest=SHORTEST), form.status, headers or {}


@blueprint.post("/logins/<uuid:login>/end")
@roles(*Role, lately=True)
def end_one(login: UUID) -> Response:
    with writing(unscoped("a person's own account")) as session:
        ended = end_login(session, login, datetime.now(UTC), user_id=person().user.id)
    if not ended:
        raise NotFound
    flash(_("This device was logged out."), "done")
    return redirect(url_for("profile.show"))


@blueprint.post("/logins/end-others")
@roles(*Role, lately=True)
def end_others() -> Response:
    user, now = person().user, datetime.now(UTC)
    with writing(unscoped("a person's own account")) as session:
        end_logins(session, user.id, now, but=g.login.id)
        refuse_old_cookies(session, user.id, old_logins(user), now)
    flash(_("All other devices were logged out."), "done")
    return redirect(url_for("profile.show"))
