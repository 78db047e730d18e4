"""Guessing passwords is slow: after some failures everybody waits, longer each time, whether the person exists or not.

Counted are the e-mail address and the network address, both as keyed hashes. Somebody who fails under another's name
must not lock that person out, so a device on which the person was logged in before is counted on its own, and apart
from its network. Once somebody had to wait, each attempt is counted before the password is looked at, so that many at
once are no way round; before that as many get through as are worked on at the same moment.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from math import ceil
from secrets import token_hex

from flask import current_app, request, session

from checklists.accounts import count_attempt, failures_of, forget_attempt, wait_until
from checklists.errors import LoginFailed, TooManyAttempts
from checklists.orm import unscoped
from checklists.people import normal_email
from inspector.transactions import reading, writing

FREE_BY_EMAIL = 5
FREE_BY_ADDRESS = 50
FREE_BY_DEVICE = 10
KNOWN_DEVICES_KEPT = 4


def attempt(email: str) -> AbstractContextManager[None]:
    """Around the look at a password: LoginFailed inside counts, anything else does not.

    Raises TooManyAttempts where the person, the network or the device has to wait.
    """
    return _counted(_subjects(email))


def attempt_by_code() -> AbstractContextManager[None]:
    """The same around the look at a code, which only tells whose it is when it is right: the network is counted."""
    return _counted(_network(), has_own=False)


@contextmanager
def _counted(subjects: dict[str, int], *, has_own: bool = True) -> Iterator[None]:
    """`has_own`: the first subject is the person's or device's own."""
    with reading(unscoped("nobody is logged in yet")) as transaction:
        failed = failures_of(transaction, subjects)
    waited = any(failed.get(subject, 0) >= free for subject, free in subjects.items())
    if waited:
        reserve(subjects)
    try:
        yield
    except LoginFailed:
        if not waited:
            _count(subjects)
        raise
    except Exception:
        if waited:
            _give_back(subjects)
        raise
    if failed and (waited or has_own):
        _give_back(subjects if waited else list(subjects)[:1], succeeded=has_own)


def reserve(subjects: dict[str, int]) -> None:
    """Count one attempt for each subject, of which so many are free. Raises TooManyAttempts, and counts nothing, where
    one of them has to wait.
    """
    now = datetime.now(UTC)
    with writing(unscoped("nobody is logged in yet")) as transaction:
        waits = [wait_until(transaction, subject, free, now) for subject, free in subjects.items()]
        until = max((each for each in waits if each is not None), default=now)
        if until <= now:
            for subject in subjects:
                count_attempt(transaction, subject, now)
    if until > now:
        seconds = ceil((until - now).total_seconds())
        raise TooManyAttempts(minutes=ceil(seconds / 60), seconds=seconds)


def _count(subjects: Iterable[str]) -> None:
    with writing(unscoped("nobody is logged in yet")) as transaction:
        for subject in subjects:
            count_attempt(transaction, subject, datetime.now(UTC))


def _give_back(subjects: Iterable[str], *, succeeded: bool = False) -> None:
    """An attempt that succeeded ends the waiting of the person or device, which stands first; the network only gets
    its one back, or somebody with a login of their own could guess on for ever.
    """
    with writing(unscoped("nobody is logged in yet")) as transaction:
        for place, subject in enumerate(subjects):
            forget_attempt(transaction, subject, wholly=succeeded and place == 0)


def _subjects(email: str) -> dict[str, int]:
    """What an attempt counts for, with the number of free ones; the person's own first."""
    person = subject_of("email", normal_email(email))
    device = session.get("devices", {}).get(person)
    if device:
        return {subject_of("device", person + str(device)): FREE_BY_DEVICE}
    return {person: FREE_BY_EMAIL, **_network()}


def _network() -> dict[str, int]:
    return {subject_of("address", request.remote_addr or ""): FREE_BY_ADDRESS}


def know_device(email: str) -> None:
    """Keep in the cookie that this person was logged in here; it stays when the person logs out."""
    known = dict(session.get("devices", {}))
    known.setdefault(subject_of("email", normal_email(email)), token_hex(8))
    session["devices"] = dict(list(known.items())[-KNOWN_DEVICES_KEPT:])


def subject_of(kind: str, value: str) -> str:
    """A hash that only this installation can make, so that the table says nothing about who tried."""
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, f"{kind} {value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
