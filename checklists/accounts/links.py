"""Links sent by mail, with which a person sets a password: used once, not for long, and kept only as a hash."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.accounts.logins import end_logins
from checklists.accounts.tables import LinkPurpose, OneTimeLink, sha256_of
from checklists.errors import LinkUsed
from checklists.people import User

LINKS_LAST = {LinkPurpose.INVITATION: timedelta(days=7), LinkPurpose.RESET: timedelta(hours=1)}


def make_link(session: Session, user_id: UUID, purpose: LinkPurpose, now: datetime) -> OneTimeLink:
    """A link that nobody knows the secret of yet: `renew_secret` gives it one when it is shown or sent."""
    link = OneTimeLink(
        user_id=user_id,
        purpose=purpose,
        sha256=sha256_of(secrets.token_urlsafe()),
        created_at=now,
        expires_at=now + LINKS_LAST[purpose],
    )
    session.add(link)
    session.flush()
    return link


def renew_secret(session: Session, link_id: UUID) -> str:
    """The link's new secret, which only who gets this answer knows; the one before opens nothing any more."""
    secret = secrets.token_urlsafe(32)
    session.get_one(OneTimeLink, link_id).sha256 = sha256_of(secret)
    return secret


def link_behind(session: Session, secret: str, now: datetime, *, held: bool = False) -> OneTimeLink:
    """Raises LinkUsed for one that was used, ran out or was never made, all in the same words. `held`: nobody else
    uses it before this transaction ends.
    """
    statement = select(OneTimeLink).where(OneTimeLink.sha256 == sha256_of(secret))
    link = session.scalar(statement.with_for_update(of=OneTimeLink) if held else statement)
    if link is None or link.used_at is not None or link.expires_at <= now or link.user.erased_at is not None:
        raise LinkUsed
    return link


def use_link(session: Session, secret: str, password_hash: str, now: datetime) -> User:
    """Set the password, end all logins and all other links of the person. Raises LinkUsed."""
    user = link_behind(session, secret, now, held=True).user
    user.password_hash = password_hash
    end_links(session, user.id, now)
    end_logins(session, user.id, now)
    return user


def end_links(session: Session, user_id: UUID, now: datetime) -> None:
    """Let none of the person's links be used any more."""
    for link in session.scalars(
        select(OneTimeLink).where(OneTimeLink.user_id == user_id, OneTimeLink.used_at.is_(None))
    ):
        link.used_at = now
