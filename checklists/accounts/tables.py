"""Login, OneTimeLink, LoginCode, LoginFailures, Token.

A secret itself is never kept, only its SHA-256: who reads the database cannot log in with what stands there.
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from checklists.orm import Base, Owned, key, one_of, reference
from checklists.people import User

STAYS_LOGGED_IN = timedelta(days=90)
"""Since it was used last."""
LONGEST_LOGIN = timedelta(days=365)
"""Since it began, however often it is used."""
USE_NOTED_EVERY = timedelta(minutes=10)
"""How exactly it is known when a login or token was used last: so seldom is it written."""


class Login(Base):
    """One person logged in on one device. The cookie carries its id; ended, it lets nobody in any more."""

    __tablename__ = "logins"

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = reference("users.id", cascade=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(default="")
    """The browser's own words about itself, shortened."""
    address: Mapped[str] = mapped_column(default="")
    """Where it was used last, as the network tells it."""
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")

    def use_is_news(self, now: datetime) -> bool:
        return now - self.last_seen_at >= USE_NOTED_EVERY

    def lasts(self, now: datetime) -> bool:
        return now - self.last_seen_at <= STAYS_LOGGED_IN and now - self.created_at <= LONGEST_LOGIN


class LinkPurpose(StrEnum):
    INVITATION = "invitation"
    RESET = "reset"


class OneTimeLink(Base):
    """A link sent by mail, with which a person sets a password, once and not for long."""

    __tablename__ = "one_time_links"

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = reference("users.id", cascade=True)
    purpose: Mapped[LinkPurpose] = mapped_column(one_of(LinkPurpose))
    sha256: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")


class LoginCode(Base):
    """What a person reads off one device and types into another to log in there, once and within minutes. Each has one
    at most, and none that was used.
    """

    __tablename__ = "login_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    mark: Mapped[str] = mapped_column(unique=True)
    """A keyed hash: few enough signs to be typed are soon found from a plain one."""
    expires_at: Mapped[datetime]


class LoginFailures(Base):
    """How often one address or one origin failed to log in lately. `subject` is a SHA-256, so that no address of an
    unknown person is kept.
    """

    __tablename__ = "login_failures"

    subject: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]


class TokenScope(StrEnum):
    """What a token may be used for. It never reaches further than the person who made it."""

    SETUP_READ = "setup:read"
    SETUP_WRITE = "setup:write"
    FIELDWORK_READ = "fieldwork:read"
    FIELDWORK_WRITE = "fieldwork:write"
    RESULTS_READ = "results:read"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    ERASURES_WRITE = "erasures:write"


class Token(Owned, Base):
    """A program's way in, in the name of the person who made it: one organization, one project or all, some scopes."""

    __tablename__ = "tokens"

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = reference("users.id")
    project_id: Mapped[UUID | None] = reference("projects.id", nullable=True)
    name: Mapped[str]
    scopes: Mapped[list[Any]]
    sha256: Mapped[str] = mapped_column(unique=True)
    beginning: Mapped[str]
    """The first signs of the token, by which people recognize it."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")

    def use_is_news(self, now: datetime) -> bool:
        return self.last_used_at is None or now - self.last_used_at >= USE_NOTED_EVERY

    def lets_in(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


def sha256_of(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so a quick hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()
