"""Codes with which a person who is logged in here logs in elsewhere: one at a time, used once, and not for long.

What is kept of a code is its mark, a keyed hash that the caller makes.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from checklists.accounts.tables import LoginCode
from checklists.people import Membership, User


def keep_code(session: Session, user_id: UUID, mark: str, expires_at: datetime) -> None:
    """Let the code with this mark log the person in until then; the one before lets nobody in any more."""
    # Held, so that two codes asked for at once do not both stay.
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    before = delete(LoginCode).where(LoginCode.user_id == user_id)
    session.execute(before.execution_options(synchronize_session=False))
    session.add(LoginCode(user_id=user_id, mark=mark, expires_at=expires_at))


def use_code(session: Session, mark: str, now: datetime) -> User | None:
    """Whom the code logs in, who still has access somewhere; it is used up with that. None where it lets nobody in."""
    # One statement finds it and uses it up, so that of two devices at once one gets it.
    used = delete(LoginCode).where(LoginCode.mark == mark, LoginCode.expires_at > now).returning(LoginCode.user_id)
    user_id = session.scalar(used.execution_options(synchronize_session=False))
    has_access = (
        select(Membership.id).where(Membership.user_id == User.id, Membership.deactivated_at.is_(None)).exists()
    )
    return session.scalar(select(User).where(User.id == user_id, User.erased_at.is_(None), has_access))


def forget_old_codes(session: Session, now: datetime) -> None:
    """What lets nobody in any more need not be kept."""
    session.execute(delete(LoginCode).where(LoginCode.expires_at <= now))
