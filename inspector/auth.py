"""Who is asking, and may they: login, roles, the organization and project of an address, and the cross-site guard.

Every view names who may use it, with `roles(...)` or `public(...)`; a view that names nobody is refused. Before a
view runs, `g.scope` is set to the organizations that the person may touch in one of the view's roles, and nothing
else is ever read or written.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import flask_login
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import Flask, Response, current_app, g, request, session
from sqlalchemy import select

from checklists.errors import CrossSiteRequest, LoginFailed, LoginRequired, NotAllowed, NotFound
from checklists.orm import scoped, unscoped
from checklists.people import LAST_DELIVERIES, Membership, Organization, Project, Role, User, user_by_email
from checklists.visits import FieldAccess, Sender
from inspector.transactions import reading, writing

STAYS_LOGGED_IN = timedelta(days=90)
MANAGERS = (Role.OWNER, Role.MANAGER)
REVIEWERS = (Role.OWNER, Role.MANAGER, Role.REVIEWER)
View = TypeVar("View", bound=Callable[..., Any])

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# What a browser may load and run on our pages; the phone app has a policy of its own.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a view: nobody in particular (`public`, with the reason) or holders of one of the roles."""

    roles: frozenset[Role]
    public: str = ""
    lately: bool = False
    """Whether a membership that ended less than 30 days ago still counts."""


def public(reason: str) -> Callable[[View], View]:
    """A view for everybody, with the reason why it may be."""
    return _marker(Access(frozenset(), public=reason))


def roles(*allowed: Role, lately: bool = False) -> Callable[[View], View]:
    """A view for holders of one of these roles."""
    return _marker(Access(frozenset(allowed), lately=lately))


def _marker(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]  # A function takes any attribute.
        return view

    return mark


class Person(flask_login.UserMixin):  # type: ignore[misc]  # Flask-Login comes without types.
    """The person of this request, with the memberships that count.

    The cookie holds the person's id and a mark of the password, so that a new password ends every older login.
    """

    def __init__(self, user: User, memberships: list[Membership]) -> None:
        self.id = f"{user.id}.{hashlib.sha256(user.password_hash.encode()).hexdigest()[:16]}"
        self.user = user
        self.memberships = memberships


def install(app: Flask) -> None:
    app.config.update(
        PERMANENT_SESSION_LIFETIME=STAYS_LOGGED_IN,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="audit",
    )
    manager = flask_login.LoginManager(app)
    manager.user_loader(_load_logged_in)
    app.url_value_preprocessor(_take_place_of_address)
    app.url_defaults(_put_place_into_address)
    app.before_request(_guard)
    app.after_request(_protect)


def _load_logged_in(cookie: str) -> Person | None:
    someone = _load_person(UUID(cookie.partition(".")[0]))
    return someone if someone is not None and someone.id == cookie else None


def _load_person(user_id: UUID) -> Person | None:
    with reading(unscoped("a person may be a member of several organizations")) as transaction:
        found = transaction.scalars(select(Membership).where(Membership.user_id == user_id)).all()
        user = found[0].user if found else transaction.get(User, user_id)
        if user is None:
            return None
    ends = datetime.now(UTC) - LAST_DELIVERIES
    return Person(user, [each for each in found if each.deactivated_at is None or each.deactivated_at >= ends])


def _take_place_of_address(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Organization and project stand in the address of every page; views find them in `g` instead of their
    arguments.
    """
    g.address = {name: values.pop(name) for name in ("organization", "project") if values and name in values}


def _put_place_into_address(endpoint: str, values: dict[str, Any]) -> None:
    for name, value in g.get("address", {}).items():
        if current_app.url_map.is_endpoint_expecting(endpoint, name):
            values.setdefault(name, value)


def _guard() -> None:
    if request.endpoint is None:
        return
    if request.method not in SAFE_METHODS:
        _refuse_cross_site()
    access: Access | None = getattr(current_app.view_functions[request.endpoint], "access", None)
    if access is None:
        raise NotAllowed
    if access.public:
        return
    if not flask_login.current_user.is_authenticated:
        raise LoginRequired
    memberships = [each for each in person().memberships if access.lately or each.deactivated_at is None]
    if g.address:
        memberships = _at_address(memberships)
    g.memberships = [each for each in memberships if each.role in access.roles]
    if not g.memberships:
        raise NotAllowed
    g.scope = scoped(each.organization_id for each in g.memberships)


def _refuse_cross_site() -> None:
    """A browser says where a request comes from. What says nothing at all is refused too: no browser of today is
    silent on a write.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSiteRequest
        return
    origin = request.headers.get("Origin", "").partition("://")[2]
    own = {request.host, urlsplit(current_app.config["SETTINGS"].base_url).netloc}
    if not origin or origin not in own:
        raise CrossSiteRequest


def _at_address(memberships: list[Membership]) -> list[Membership]:
    """The memberships that reach the address's organization and project, which go into `g`. Others get the same 404
    as for nothing.
    """
    with reading(scoped(each.organization_id for each in memberships)) as transaction:
        organization = transaction.scalar(
            select(Organization).where(
                Organization.slug == g.address["organization"],
                Organization.id.in_([each.organization_id for each in memberships]),
            )
        )
        if organization is None:
            raise NotFound
        reaching = [each for each in memberships if each.organization_id == organization.id]
        if "project" in g.address:
            project = transaction.scalar(
                select(Project).where(Project.slug == g.address["project"], Project.organization_id == organization.id)
            )
            reaching = [each for each in reaching if project and each.project_id in (None, project.id)]
            if project is None or not reaching:
                raise NotFound
            g.project = project
    g.organization = organization
    return reaching


def _protect(response: Response) -> Response:
    for name, value in (
        ("Content-Security-Policy", PAGE_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
    ):
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def person() -> Person:
    """The person who is logged in; only for views that are not public."""
    someone: Person = flask_login.current_user._get_current_object()
    return someone


def sender() -> Sender:
    """The inspector of this request, as the intake wants to know them."""
    accesses = (
        FieldAccess(each.organization_id, each.project_id, each.deactivated_at)
        for each in g.memberships
        if each.role is Role.INSPECTOR
    )
    return Sender(person().user.id, tuple(accesses))


def log_in(email: str, password: str) -> Person:
    """Raises LoginFailed, in the same time whether the address is known or not."""
    if "\0" in email or any("\ud800" <= sign <= "\udfff" for sign in email + password):
        raise LoginFailed  # Neither the database nor the hash takes these.
    with reading(unscoped("nobody is logged in yet")) as transaction:
        user = user_by_email(transaction, email)
    try:
        _hasher.verify(user.password_hash if user else _NOBODYS_HASH, password)
    except (VerifyMismatchError, InvalidHashError):
        user = None
    someone = _load_person(user.id) if user else None
    if someone is None:
        raise LoginFailed
    session.permanent = True
    flask_login.login_user(someone)
    return someone


def log_out() -> None:
    flask_login.logout_user()


def change_password(old: str, new: str) -> None:
    """Give the person of this request another password, and end their logins elsewhere.

    Raises LoginFailed where `old` is not the present one.
    """
    user = person().user
    try:
        _hasher.verify(user.password_hash, old)
    except (VerifyMismatchError, InvalidHashError):
        raise LoginFailed from None
    password_hash = hash_password(new)  # Slow on purpose, so it is done before the transaction begins.
    with writing(unscoped("a person's own password")) as transaction:
        transaction.get_one(User, user.id).password_hash = password_hash
    someone = _load_person(user.id)
    assert someone is not None
    flask_login.login_user(someone)


def hash_password(password: str) -> str:
    return _hasher.hash(password)


_NOBODYS_HASH = hash_password("there is no such person")
