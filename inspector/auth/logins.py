"""Logging in and out. The cookie carries the id of a Login: one person on one device, which can be ended from afar."""

import hashlib
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from uuid import UUID, uuid5

import flask_login
from flask import Flask, g, request, session
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from checklists.accounts import (
    Login,
    begin_login,
    end_login,
    end_logins,
    login_with_memberships,
    note_login_use,
    take_over_login,
)
from checklists.errors import LoginFailed
from checklists.notices import forget_addresses
from checklists.orm import unscoped
from checklists.people import LAST_DELIVERIES, Membership, User, user_by_email
from inspector.auth import cookie, passwords, throttle
from inspector.transactions import reading, writing

LONGEST_DEVICE = 300
# Made once, so that a cookie of the previous release always leads to the same login.
_OLD_COOKIES = UUID("0199e3a8-5a0e-7c43-9b7e-6f1f2d9a8c11")


class Person(flask_login.UserMixin):  # type: ignore[misc]  # Flask-Login comes without types.
    """The person of this request, with the memberships that count; `login` is None where a token asks."""

    def __init__(self, user: User, memberships: list[Membership], login: Login | None = None) -> None:
        self.id = str(login.id) if login else ""
        self.user = user
        self.memberships = memberships
        self.login = login


def install(app: Flask) -> None:
    cookie.install(app)
    flask_login.LoginManager(app).user_loader(_load_logged_in)


def _load_logged_in(kept: str) -> Person | None:
    """The person of the login that the cookie names. Its use is noted at most every ten minutes."""
    user_id, dot, mark = kept.partition(".")
    now = datetime.now(UTC)
    login_id = _go_on(UUID(user_id), mark, now) if dot else UUID(kept)
    someone = _load_person(login_id, now) if login_id else None
    if someone is not None and someone.login is not None and someone.login.use_is_news(now):
        # Not worth failing for: the next request notes it.
        with suppress(OperationalError), _own_writing() as transaction:
            note_login_use(transaction, someone.login.id, _device(), _address(), now)
    return someone


def _load_person(login_id: UUID, now: datetime) -> Person | None:
    with reading(unscoped("a person may be a member of several organizations")) as transaction:
        found = login_with_memberships(transaction, login_id, now)
    if found is None:
        return None
    login, memberships = found
    ends = now - LAST_DELIVERIES
    counting = [each for each in memberships if each.deactivated_at is None or each.deactivated_at >= ends]
    return Person(login.user, counting, login)


def _go_on(user_id: UUID, mark: str, now: datetime) -> UUID | None:
    """The id of a new login in place of a cookie of the previous release, which the answer sends instead: phones in the
    field stay logged in over the upgrade.
    """
    with _own_writing() as transaction:
        login_id = _taken_over(transaction, user_id, mark, now)
    if login_id is not None:
        session["_user_id"] = str(login_id)
    return login_id


def _taken_over(transaction: Session, user_id: UUID, mark: str, now: datetime) -> UUID | None:
    """The login that stands for a cookie of the previous release (`<user id>.<mark of the password>`), or None where it
    lets nobody in. Two requests with the same cookie at once get the same one.
    """
    user = transaction.get(User, user_id)
    if user is None or mark != hashlib.sha256(user.password_hash.encode()).hexdigest()[:16]:
        return None
    login_id = uuid5(_OLD_COOKIES, cookie.as_sent())
    taken = take_over_login(transaction, user, login_id, old_logins(user), _device(), _address(), now)
    return login_id if taken else None


def old_logins(user: User) -> UUID:
    """The id under which it is kept that all cookies of the previous release were ended for this person."""
    return uuid5(_OLD_COOKIES, f"{user.id}.{user.password_hash}")


def log_in(email: str, password: str) -> Person:
    """Raises LoginFailed, in the same time whether the address is known or not, and TooManyAttempts after several."""
    if "\0" in email or any("\ud800" <= sign <= "\udfff" for sign in email):
        raise LoginFailed  # The database does not take these.
    with throttle.attempt(email):
        with reading(unscoped("nobody is logged in yet")) as transaction:
            user = user_by_email(transaction, email)
        password_hash = user.password_hash if user and user.erased_at is None else ""
        right = passwords.takes(password) and passwords.matches(password_hash, password)
        if user is None or not right:
            raise LoginFailed
    return welcome(user)


def welcome(user: User) -> Person:
    """Log the person in on this device; a login that was there before ends."""
    now = datetime.now(UTC)
    with _own_writing() as transaction:
        _end_present(transaction, now)
        login_id = begin_login(transaction, user, _device(), _address(), now).id
    someone = _load_person(login_id, now)
    assert someone is not None
    session.permanent = True
    flask_login.login_user(someone)
    throttle.know_device(user.email)
    g.login = someone.login
    return someone


def log_out(silent: tuple[UUID, str] | None = None) -> None:
    """End the login of this request, and with it the notices to `silent`: somebody's id and their phone's."""
    with _own_writing() as transaction:
        _end_present(transaction, datetime.now(UTC))
        if silent is not None:
            forget_addresses(transaction, *silent)
    flask_login.logout_user()


def _end_present(transaction: Session, now: datetime) -> None:
    """End the login of this request's cookie. One of the previous release that nobody showed yet gets its login first:
    ended, it keeps copies of the cookie out.
    """
    user_id, dot, mark = session.get("_user_id", "").partition(".")
    with suppress(ValueError):
        login_id = _taken_over(transaction, UUID(user_id), mark, now) if dot else UUID(user_id)
        if login_id is not None:
            end_login(transaction, login_id, now)


def change_password(old: str, new: str) -> None:
    """Give the person of this request another password, and end their logins elsewhere.

    Raises LoginFailed where `old` is not the present one.
    """
    user = g.person.user
    with throttle.attempt(user.email):
        if not passwords.takes(old) or not passwords.matches(user.password_hash, old):
            raise LoginFailed
    password_hash = passwords.hash_password(new)  # Slow on purpose, so it is done before the transaction begins.
    with _own_writing() as transaction:
        transaction.get_one(User, user.id).password_hash = password_hash
        end_logins(transaction, user.id, datetime.now(UTC), but=g.login.id)


def _own_writing() -> AbstractContextManager[Session]:
    return writing(unscoped("a person's own login"))


def _device() -> str:
    return request.headers.get("User-Agent", "")[:LONGEST_DEVICE]


def _address() -> str:
    return request.remote_addr or ""
