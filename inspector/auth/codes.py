"""Codes to log in with: made where one is logged in, typed where one is not, such as in the app on an iPhone's Home
Screen, which has nothing of what was done in its browser.
"""

import secrets
from datetime import UTC, datetime, timedelta

from flask import g

from checklists.accounts import keep_code, use_code
from checklists.errors import CodeRefused
from checklists.orm import unscoped
from inspector.auth import throttle
from inspector.auth.logins import Person, welcome
from inspector.transactions import writing

LASTS = timedelta(minutes=5)
LENGTH = 8
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""None that is taken for another: no 0 and O, no 1, I and L."""
_ALIKE = str.maketrans("АВЕКМНРСТУХ", "ABEKMHPCTYX")
"""Who types on a Russian keyboard means the Latin letter that looks the same."""


def make_code() -> tuple[str, datetime]:
    """A code for the person of this request, and until when it lets them in; the one before ends."""
    code, until = "".join(secrets.choice(SIGNS) for _ in range(LENGTH)), datetime.now(UTC) + LASTS
    with writing(unscoped("a person's own login")) as transaction:
        keep_code(transaction, g.person.user.id, _mark_of(code), until)
    return code, until


def log_in_by_code(typed: str) -> Person:
    """Log in whom the code was made for.

    Raises CodeRefused, in the same words for one that is wrong, used or too old, and TooManyAttempts after many.
    """
    with throttle.attempt_by_code():
        with writing(unscoped("nobody is logged in yet")) as transaction:
            user = use_code(transaction, _mark_of(as_made(typed)), datetime.now(UTC))
        if user is None:
            raise CodeRefused
    return welcome(user)


def as_made(typed: str) -> str:
    """The code without what people add to it: spaces, dashes, small letters."""
    return "".join(filter(str.isalnum, typed)).upper().translate(_ALIKE)


def _mark_of(code: str) -> str:
    return throttle.subject_of("code", code)
