"""Who is asking, and may they. `access.py`: what a view says; `guard.py`: before each view; `logins.py`, `tokens.py`:
how people and programs come in; `codes.py`: and from one device into the next; `passwords.py`, `throttle.py`: what
makes guessing hopeless; `headers.py`: what the browser is told.
"""

from flask import Flask

from inspector.auth import guard, headers, logins
from inspector.auth.access import MANAGERS, OWNERS, READERS, REVIEWERS, Access, access_of, public, roles
from inspector.auth.codes import log_in_by_code, make_code
from inspector.auth.guard import person, sees_unplaced, sender, visitor
from inspector.auth.logins import Person, change_password, log_in, log_out
from inspector.auth.passwords import hash_password

__all__ = [
    "MANAGERS", "OWNERS", "READERS", "REVIEWERS", "Access", "Person", "access_of", "change_password", "hash_password",
    "install", "log_in", "log_in_by_code", "log_out", "make_code", "person", "public", "roles",
    "sees_unplaced", "sender", "visitor",
]  # fmt: skip


def install(app: Flask) -> None:
    logins.install(app)
    guard.install(app)
    headers.install(app)
