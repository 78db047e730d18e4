"""Who works in the project: people of the organization, their roles, and whether they still may."""

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from checklists.accounts import LinkPurpose, end_links, make_link, renew_secret
from checklists.errors import DomainError, NotFound
from checklists.organizations import refuse_to_outrank
from checklists.orm import unscoped
from checklists.people import (
    Member,
    MemberOrder,
    Membership,
    Role,
    User,
    add_member,
    change_roles,
    create_person,
    members_found,
    members_of,
    take_back,
    user_by_email,
)
from inspector.auth import MANAGERS, READERS, hash_password, person, roles
from inspector.auth.password_rules import is_guessable
from inspector.doorbell import ring
from inspector.languages import LANGUAGES, current_language
from inspector.mail import address_of, enqueue_link
from inspector.manager.forms import Form, PageAnswer
from inspector.manager.lists import Listing, choice_asked
from inspector.manager.words import ROLES, ROLES_GIVEN
from inspector.settings import Settings
from inspector.trail import reads_personal
from inspector.transactions import reading, writing

blueprint = Blueprint("people", __name__, url_prefix="/o/<organization>/<project>/people")

PEOPLE_ON_A_PAGE = 200
PASSWORD_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # None that are mistaken for one another when read aloud.


class Access(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


ACCESS = {Access.ACTIVE: lazy_gettext("active"), Access.ENDED: lazy_gettext("ended")}


@blueprint.get("/")
@roles(*MANAGERS)
@reads_personal("people")
def index() -> PageAnswer:
    role, access = choice_asked(Role, "role"), choice_asked(Access, "access")
    chips = {"role": str(ROLES[role]) if role else "", "access": str(ACCESS[access]) if access else ""}
    listing = Listing.asked(MemberOrder, "name", chips)
    with reading() as session:
        members = members_found(
            session,
            g.project.id,
            words=listing.words,
            role=role,
            active=access is Access.ACTIVE if access else None,
            order=MemberOrder(listing.order),
            descending=listing.descending,
        )
    return render_template(
        "people/index.html",
        members=listing.cut(members, PEOPLE_ON_A_PAGE),
        total=len(members),
        size=PEOPLE_ON_A_PAGE,
        listing=listing,
        roles=ROLES,
        access=ACCESS,
        me=person().user.id,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@roles(*MANAGERS)
def add() -> PageAnswer:
    if request.method == "GET":
        return _page(Form.showing(roles=[Role.INSPECTOR], language=current_language()))
    form = Form.sent()
    email, chosen = form.text("email", required=True), _chosen_roles(form)
    name = form.text("name", required=True)
    language = form.value("language") if form.value("language") in LANGUAGES else LANGUAGES[0]
    password, now, invitation = new_password(), datetime.now(UTC), ""
    try:
        form.check()
        # Slow on purpose, so it is done before the transaction begins. Who gets a mail chooses the first password.
        password_hash = "" if mail_is_sent() else hash_password(password)
        with writing() as session:
            user = user_by_email(session, email)
            known = user is not None
            if user is not None:
                held = [each.roles for each in members_of(session, g.project.id) if each.user.id == user.id]
                refuse_foreign_login(form, "email", user, set(chosen).difference(*held))
                form.check()
            else:
                user = create_person(session, email, name, password_hash, language, now)
                invitation = invite(session, user, now)
            add_member(session, user, chosen, organization_id=g.organization.id, project_id=g.project.id)
    except DomainError as error:
        form.keep(error)
        return _page(form)
    if known:
        flash(_("%(name)s had a login already and was added to the project.", name=name), "done")
        return redirect(url_for("people.index"))
    return _invited(user, invitation, password)


@blueprint.post("/<uuid:user>/invitation")
@roles(*MANAGERS)
def invite_again(user: UUID) -> PageAnswer:
    """Another link for somebody who has not chosen a password yet; the one before works no longer."""
    now, form = datetime.now(UTC), Form.sent()
    with reading() as session:
        someone = member_asked(session, user).user
    if someone.password_hash:
        flash(_("%(name)s has a password already.", name=someone.name), "refused")
        return redirect(url_for("people.index"))
    # Who made the login may see its link; where mail is sent nobody sees it.
    refuse_foreign_login(form, "email", someone, set() if mail_is_sent() else {Role.MANAGER})
    form.check()
    with writing() as session:
        refuse_to_show_link(session, someone)
        end_links(session, someone.id, now)
        invitation = invite(session, someone, now)
    return _invited(someone, invitation)


def mail_is_sent() -> bool:
    settings: Settings = current_app.config["SETTINGS"]
    return bool(settings.mail_url)


def invite(session: Session, user: User, now: datetime) -> str:
    """Have a link sent with which the person chooses a password; where no mail is sent, the address to pass on."""
    link = make_link(session, user.id, LinkPurpose.INVITATION, now)
    if not mail_is_sent():
        return address_of(current_app.config["SETTINGS"], renew_secret(session, link.id))
    enqueue_link(session, g.organization.id, link, now)
    return ""


def _invited(user: User, invitation: str, password: str = "") -> PageAnswer:
    if not invitation:
        ring()
        flash(_("%(name)s was sent an invitation to %(email)s.", name=user.name, email=user.email), "done")
        return redirect(url_for("people.index"))
    # Shown in this answer only: neither stands anywhere else, and a reload asks before it sends the form again.
    return render_template("people/password.html", user=user, password=password, invitation=invitation)


@blueprint.route("/<uuid:user>", methods=["GET", "POST"])
@roles(*MANAGERS)
@reads_personal("person")
def change(user: UUID) -> PageAnswer:
    with reading() as session:
        member = member_asked(session, user)
    if request.method == "GET":
        return _page(Form.showing(roles=list(member.roles or member.ended)), member)
    form = Form.sent()
    chosen = _chosen_roles(form)
    refuse_foreign_login(form, "roles", member.user, set(chosen) - member.roles)
    if locks_me_out(member, chosen):
        form.refuse("roles", _("You would lock yourself out. Ask another manager to change your roles."))
    try:
        form.check()
        with writing() as session:
            member_asked(session, user)
            change_roles(session, user, chosen, g.project, datetime.now(UTC))
    except DomainError as error:
        form.keep(error)
        return _page(form, member)
    flash(_("The roles of %(name)s were saved.", name=member.user.name), "done")
    return redirect(url_for("people.index"))


@blueprint.post("/<uuid:user>/deactivation")
@roles(*MANAGERS)
def deactivate(user: UUID) -> Response:
    with writing() as session:
        member = member_asked(session, user)
        refused = locks_me_out(member, [])
        if not refused:
            change_roles(session, user, [], g.project, datetime.now(UTC))
    if refused:
        flash(_("You would lock yourself out. Ask another manager to change your roles."), "refused")
    elif member.roles_everywhere:
        flash(
            _(
                "%(name)s keeps access by a role in all projects; only roles in this project ended.",
                name=member.user.name,
            ),
            "done",
        )
    else:
        flash(
            _(
                "%(name)s no longer has access. Visits begun before may still be delivered for 30 days.",
                name=member.user.name,
            ),
            "done",
        )
    return redirect(url_for("people.index"))


@blueprint.post("/<uuid:user>/activation")
@roles(*MANAGERS)
def activate(user: UUID) -> Response:
    with writing() as session:
        member = member_asked(session, user)
        take_back(session, user, g.project)
    flash(_("%(name)s has access again.", name=member.user.name), "done")
    return redirect(url_for("people.index"))


def new_password() -> str:
    """Three groups of four signs, some 59 bits, to be read aloud or copied; one that the person could choose too."""
    groups = ("".join(secrets.choice(PASSWORD_SIGNS) for _sign in range(4)) for _group in range(3))
    password = "-".join(groups)
    return new_password() if is_guessable(password) else password


def _page(form: Form, member: Member | None = None) -> PageAnswer:
    answer = render_template("people/form.html", form=form, member=member, roles_given=ROLES_GIVEN.items(), roles=ROLES)
    return answer, form.status


def _chosen_roles(form: Form) -> list[Role]:
    chosen = [role for role in ROLES_GIVEN if role in form.chosen("roles")]
    if not chosen:
        form.refuse("roles", _("Choose at least one role."))
    return chosen


def refuse_foreign_login(form: Form, field: str, user: User, given: set[Role]) -> None:
    """Whoever made a login has read its password: another organization's would let a stranger into our visits."""
    if given.isdisjoint(READERS):
        return
    with reading(unscoped("which organization made this login?")) as session:
        first = session.scalar(select(Membership).where(Membership.user_id == user.id).order_by(Membership.id).limit(1))
    if first is not None and first.organization_id != g.organization.id:
        form.refuse(
            field,
            _(
                "Another organization made this login and may know its password, so it can only inspect here."
                " For other roles, ask the person for another e-mail address."
            ),
        )


def refuse_to_show_link(session: Session, user: User) -> None:
    """Who sees the link can log in as the person, whose roles may be higher than the own ones. Raises NotAllowed."""
    if not mail_is_sent():
        refuse_to_outrank(session, g.organization.id, user.id, own_memberships())


def own_memberships() -> list[Membership]:
    """All that the person of this request holds now in the organization of the address."""
    return [
        each
        for each in person().memberships
        if each.organization_id == g.organization.id and each.deactivated_at is None
    ]


def member_asked(session: Session, user: UUID) -> Member:
    """The member of the project with this id. Raises NotFound for people of other organizations and projects."""
    for member in members_of(session, g.project.id):
        if member.user.id == user:
            return member
    raise NotFound


def locks_me_out(member: Member, chosen: list[Role]) -> bool:
    me: User = person().user
    keeps = {*chosen, *member.roles_everywhere}
    return member.user.id == me.id and keeps.isdisjoint(MANAGERS)
