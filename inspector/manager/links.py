"""Links that come by mail: “Forgot your password?”, and the page on which an invitation or such a link sets one."""

from datetime import UTC, datetime

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from checklists.accounts import LinkPurpose, link_behind, make_link, use_link
from checklists.errors import DomainError
from checklists.orm import unscoped
from checklists.people import Membership, User, normal_email, user_by_email
from inspector.auth import hash_password, public, throttle
from inspector.auth.logins import welcome
from inspector.auth.password_rules import SHORTEST
from inspector.doorbell import ring
from inspector.mail import enqueue_link
from inspector.manager.forms import Form, PageAnswer
from inspector.manager.profile import refuse_password
from inspector.problems import headers_of
from inspector.transactions import reading, writing

blueprint = Blueprint("links", __name__)

FREE_MAILS_TO_ONE = 3
FREE_MAILS_FROM_ONE = 20


@blueprint.route("/forgot", methods=["GET", "POST"])
@public("nobody is logged in yet")
def forgot() -> PageAnswer:
    """The answer is the same whether anybody has the address or not."""
    if request.method == "GET":
        return render_template("links/forgot.html", form=Form.showing(), sent=False)
    form = Form.sent()
    email = normal_email(form.text("email", required=True))
    try:
        form.check()
        throttle.reserve(
            {
                throttle.subject_of("mail to", email): FREE_MAILS_TO_ONE,
                throttle.subject_of("mail from", request.remote_addr or ""): FREE_MAILS_FROM_ONE,
            }
        )
        _send_reset(email)
    except DomainError as error:
        form.keep(error)
        return render_template("links/forgot.html", form=form, sent=False), form.status, headers_of(error)
    return render_template("links/forgot.html", form=form, sent=True)


def _send_reset(email: str) -> None:
    now = datetime.now(UTC)
    with writing(unscoped("nobody is logged in yet")) as session:
        user = user_by_email(session, email)
        if user is None or user.erased_at is not None:
            return
        # Any organization of the person's: it only says whose job this is.
        member = session.scalar(
            select(Membership).where(Membership.user_id == user.id).order_by(Membership.id).limit(1)
        )
        if member is not None:
            enqueue_link(session, member.organization_id, make_link(session, user.id, LinkPurpose.RESET, now), now)
    ring()


@blueprint.route("/link/<secret>", methods=["GET", "POST"])
@public("whoever has the link has the person's mail")
def use(secret: str) -> PageAnswer:
    """Looking at the page uses nothing up, for programs that look through mail follow links too."""
    with reading(unscoped("nobody is logged in yet")) as session:
        link = link_behind(session, secret, datetime.now(UTC))
    if request.method == "GET":
        return _page(Form.showing(name=link.user.name), link.purpose, link.user)
    form = Form.sent()
    invited = link.purpose is LinkPurpose.INVITATION
    name = form.text("name", required=True) if invited else link.user.name
    refuse_password(form, form.value("new"), name, link.user.email)
    try:
        form.check()
        password_hash = hash_password(form.value("new"))  # Slow on purpose, so done before the transaction begins.
        with writing(unscoped("nobody is logged in yet")) as session:
            user = use_link(session, secret, password_hash, datetime.now(UTC))
            user.name = name
    except DomainError as error:
        form.keep(error)
        return _page(form, link.purpose, link.user)
    welcome(user)
    flash(_("Your password is set, and you are logged in."), "done")
    return _telling_nobody(make_response(redirect(url_for("entrance.home"))))


def _page(form: Form, purpose: LinkPurpose, user: User) -> PageAnswer:
    page = render_template(
        "links/password.html", form=form, invited=purpose is LinkPurpose.INVITATION, email=user.email, shortest=SHORTEST
    )
    return _telling_nobody(make_response(page, form.status))


def _telling_nobody(response: Response) -> Response:
    """No other address learns this one, for the address is the key."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
