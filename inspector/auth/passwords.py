"""Passwords: hashed slowly on purpose, by few at a time, so that logging in cannot take all threads of a process."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from checklists.errors import TooBusy

LONGEST = 1_000
AT_ONCE = 2
WAITING = 2

_hasher = PasswordHasher()
_hashing = threading.BoundedSemaphore(AT_ONCE)
_room = threading.BoundedSemaphore(AT_ONCE + WAITING)


def matches(password_hash: str, password: str) -> bool:
    """Whether this is the password; as slow where there is none yet (an empty hash) as where it is wrong.

    Raises TooBusy where others are waiting already.
    """
    if not _room.acquire(blocking=False):
        raise TooBusy
    try:
        with _hashing:
            _hasher.verify(password_hash or _nobodys_hash(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    finally:
        _room.release()
    return bool(password_hash)


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def takes(password: str) -> bool:
    """Whether the hash takes this text at all: no lone surrogates, and no book."""
    return len(password) <= LONGEST and not any("\ud800" <= sign <= "\udfff" for sign in password)


@cache
def _nobodys_hash() -> str:
    return hash_password("there is no such person")
