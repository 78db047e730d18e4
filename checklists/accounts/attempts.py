"""Failed attempts to log in, counted by what they have in common, and how long it takes until the next one."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from checklists.accounts.tables import LoginFailures

FORGOTTEN_AFTER = timedelta(days=1)
LONGEST_WAIT = timedelta(minutes=15)


def failures_of(session: Session, subjects: Iterable[str]) -> dict[str, int]:
    """How often each of them failed, without those that never did."""
    found = session.scalars(select(LoginFailures).where(LoginFailures.subject.in_(list(subjects))))
    return {each.subject: each.failures for each in found}


def wait_until(session: Session, subject: str, free: int, now: datetime) -> datetime | None:
    """Until when this subject must not try, or None: after `free` failures 1, 2, 4, 8, then always 15 minutes.

    An attempt refused for this is not counted, so hammering does not make anybody wait longer.
    """
    row = session.scalar(select(LoginFailures).where(LoginFailures.subject == subject).with_for_update())
    if row is None or row.failures < free or row.last_at < now - FORGOTTEN_AFTER:
        return None
    wait = min(timedelta(minutes=2 ** min(row.failures - free, 10)), LONGEST_WAIT)
    return row.last_at + wait


def count_attempt(session: Session, subject: str, now: datetime) -> None:
    row = session.get(LoginFailures, subject, with_for_update=True)
    if row is None:
        try:
            with session.begin_nested():
                session.add(LoginFailures(subject=subject, failures=1, last_at=now))
        except IntegrityError:
            # Another attempt counted the first failure at the same moment.
            row = session.get_one(LoginFailures, subject, with_for_update=True)
            row.failures += 1
    elif row.last_at < now - FORGOTTEN_AFTER:
        row.failures, row.last_at = 1, now
    else:
        row.failures, row.last_at = row.failures + 1, now


def forget_attempt(session: Session, subject: str, *, wholly: bool) -> None:
    """Take back one attempt that was none, or all of them."""
    row = session.get(LoginFailures, subject, with_for_update=True)
    if row is not None and (wholly or row.failures <= 1):
        session.delete(row)
    elif row is not None:
        row.failures -= 1


def forget_old_attempts(session: Session, now: datetime) -> None:
    """What does not count any more need not be kept."""
    session.execute(delete(LoginFailures).where(LoginFailures.last_at < now - FORGOTTEN_AFTER))
