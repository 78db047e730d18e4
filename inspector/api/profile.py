"""One's own account, for people who are logged in: name and language, password, and the devices of one's logins."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, g
from flask_babel import gettext as _
from marshmallow import fields
from sqlalchemy.orm import Session

from checklists.accounts import Login, end_login, end_logins, logins_of, refuse_old_cookies
from checklists.errors import N_, InvalidInput, LoginFailed, NotFound
from checklists.orm import unscoped
from checklists.people import Role, User
from inspector import auth
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Body, Flag, Id, Moment, Own, Refusals, Text
from inspector.api.operations import Json, Operations, nothing_more
from inspector.api.paging import Paged, behind, page_of, paged
from inspector.auth import person, roles
from inspector.auth.logins import old_logins
from inspector.auth.password_rules import fault_of
from inspector.languages import LANGUAGES
from inspector.manager.devices import device_in_words
from inspector.transactions import reading, writing

operations = Operations(
    "profile", "One's own account", "For people who are logged in: a token opens none of this. A login is one device."
)
ENDED_BY = ("id",)
"""By what a login is known that somebody ends: that it was used meanwhile changes nothing."""


class ProfileSchema(Body):
    id = Id("user", **TOLD)
    name = Text(required=True, example="Marina Orlova")
    email = Text(example="marina@example.org", **TOLD)
    language = Text("Of mails and pages: “ru” or “en”.", longest=2, example="en")


class Password(Own, fields.String):
    """Words of which nothing is cut off."""

    default_error_messages: Refusals = {"invalid": N_("Please enter a text.")}  # noqa: RUF012


class PasswordSchema(Body):
    old = Password("The present password.", required=True, example="a long walk to the shop")
    new = Password(required=True, example="seven otters under one umbrella")


class OwnLoginSchema(Body):
    id = Id("login", **TOLD)
    device = Text("The browser and the system, as people know them.", example="Chrome, Android", **TOLD)
    user_agent = Text("The browser's own words.", example="Mozilla/5.0 (Linux; Android 14)", **TOLD)
    address = Text("Where it was used last, in the network.", example="192.0.2.7", **TOLD)
    created_at = Moment(**TOLD)
    last_seen_at = Moment("To ten minutes.", **TOLD)
    this = Flag("Whether it is the one that asks.", **TOLD)


@operations.route("/profile", methods=["GET"])
@operations.answers(200, ProfileSchema, "The account")
@roles(*Role, lately=True)
def show() -> Response:
    """Who is logged in."""
    return tagged(ProfileSchema, person().user)


@operations.route("/profile", methods=["PATCH"])
@operations.body(ProfileSchema, partial=True, example={"name": "Marina Orlova", "language": "en"})
@operations.answers(200, ProfileSchema, "The account as it is now")
@operations.needs_tag
@roles(*Role, lately=True)
def save(changes: Json) -> Response:
    """Change the own name, or the language of mails and pages."""
    if changes.get("language", LANGUAGES[0]) not in LANGUAGES:
        raise InvalidInput({"language": _("Please choose one.")})
    with _own_writing() as session:
        user = session.get_one(User, person().user.id, with_for_update=True)
        refuse_if_changed(ProfileSchema, user)
        for name, value in changes.items():
            setattr(user, name, value)
        return tagged(ProfileSchema, user)


@operations.route("/profile/password", methods=["PUT"])
@operations.body(PasswordSchema)
@operations.answers(204, None, "It was changed, and all other devices were logged out")
@roles(*Role, lately=True)
def change_password(wish: Json) -> Response:
    """Choose another password. All other devices are logged out."""
    user = person().user
    if fault := fault_of(wish["new"], (user.name, user.email)):
        raise InvalidInput({"new": fault})
    try:
        auth.change_password(wish["old"], wish["new"])
    except LoginFailed:
        raise InvalidInput({"old": _("This is not your present password.")}) from None
    return nothing_more()


@operations.route("/profile/logins", methods=["GET"])
@operations.query(Paged)
@operations.answers(200, page_of(OwnLoginSchema), "The devices on which one is logged in")
@roles(*Role, lately=True)
def list_logins(asked: Json) -> Response:
    """The devices on which one is logged in, in the order in which that began."""
    with reading(unscoped("a person's own account")) as session:
        found = sorted(_own(session), key=_place)
    return paged(OwnLoginSchema, behind(found, asked["cursor"], asked["limit"], _place), asked["limit"], _place, _told)


@operations.route("/profile/logins", methods=["DELETE"])
@operations.answers(204, None, "Only this device is logged in")
@roles(*Role, lately=True)
def end_others() -> Response:
    """Log out all other devices."""
    user, now = person().user, datetime.now(UTC)
    with _own_writing() as session:
        end_logins(session, user.id, now, but=g.login.id)
        refuse_old_cookies(session, user.id, old_logins(user), now)
    return nothing_more()


@operations.route("/profile/logins/<uuid:login_id>", methods=["GET"])
@operations.answers(200, OwnLoginSchema, "The login")
@roles(*Role, lately=True)
def show_login(login_id: UUID) -> Response:
    """One device on which one is logged in."""
    with reading(unscoped("a person's own account")) as session:
        return tagged(OwnLoginSchema, _told(_own_login(session, login_id)), meant=ENDED_BY)


@operations.route("/profile/logins/<uuid:login_id>", methods=["DELETE"])
@operations.answers(204, None, "The device was logged out")
@operations.needs_tag
@roles(*Role, lately=True)
def end_one(login_id: UUID) -> Response:
    """Log out one device."""
    with _own_writing() as session:
        refuse_if_changed(OwnLoginSchema, _told(_own_login(session, login_id)), ENDED_BY)
        end_login(session, login_id, datetime.now(UTC), user_id=person().user.id)
    return nothing_more()


def _own_writing() -> Any:
    return writing(unscoped("a person's own account"))


def _own(session: Session) -> list[Login]:
    return logins_of(session, person().user.id, datetime.now(UTC))


def _own_login(session: Session, login_id: UUID) -> Login:
    for login in _own(session):
        if login.id == login_id:
            return login
    raise NotFound


def _place(login: Login) -> tuple[UUID]:
    return (login.id,)


def _told(login: Login) -> Json:
    own = {name: getattr(login, name) for name in ("id", "address", "created_at", "last_seen_at")}
    words = {"device": device_in_words(login.device), "user_agent": login.device}
    return own | words | {"this": login.id == g.login.id}
