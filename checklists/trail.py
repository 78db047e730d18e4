"""The audit trail: who changed what, and who read personal data. Rows are only ever added."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from checklists.accounts import Token
from checklists.orm import Base, Owned, key
from checklists.people import User

READ = "read "
"""How the action begins of somebody who read personal data."""


class AuditEntry(Owned, Base):
    """One act of one person or program. `details` name rows and fields, never what stood in them."""

    __tablename__ = "audit_trail"

    id: Mapped[UUID] = key()
    at: Mapped[datetime]
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("projects.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Nobody, where a command or the worker did it."""
    token_id: Mapped[UUID | None] = mapped_column(ForeignKey("tokens.id"))
    action: Mapped[str]
    subject_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    address: Mapped[str] = mapped_column(default="")

    user: Mapped[User | None] = relationship(lazy="joined")
    token: Mapped[Token | None] = relationship(lazy="joined")


Index("ix_audit_trail_list", AuditEntry.organization_id, AuditEntry.at.desc(), AuditEntry.id.desc())
Index("ix_audit_trail_subject", AuditEntry.organization_id, AuditEntry.subject_id)


def has_entry_like(session: Session, entry: AuditEntry, since: datetime) -> bool:
    """Whether the same person or program did the same to the same before, though not before `since`."""
    same = ("organization_id", "project_id", "user_id", "token_id", "action", "subject_id")
    alike = [getattr(AuditEntry, name) == getattr(entry, name) for name in same]
    return session.scalar(select(AuditEntry.id).where(AuditEntry.at >= since, *alike).limit(1)) is not None


class EntryKind(StrEnum):
    CHANGES = "changes"
    READS = "reads"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for: of these projects (None: of the organization, in which all projects are), of one
    person, of one kind, from one moment until before another.
    """

    projects: Collection[UUID] | None = None
    user_id: UUID | None = None
    kind: EntryKind | None = None
    since: datetime | None = None
    until: datetime | None = None


def entries_found(session: Session, wanted: Wanted, size: int, before: UUID | None = None) -> list[AuditEntry]:
    """At most `size` entries of the session's organization, the latest first, only those older than entry `before`."""
    statement = _narrowed(wanted)
    older_than = session.get(AuditEntry, before) if before else None
    if older_than is not None:
        statement = statement.where(
            (AuditEntry.at < older_than.at) | (AuditEntry.at == older_than.at) & (AuditEntry.id < older_than.id)
        )
    return list(session.scalars(statement.limit(size)))


def every_entry(session: Session, wanted: Wanted) -> Iterator[AuditEntry]:
    """All entries that are asked for, the latest first, some at a time."""
    before, size = None, 1_000
    while entries := entries_found(session, wanted, size, before):
        yield from entries
        before = entries[-1].id
        session.expunge_all()


def _narrowed(wanted: Wanted) -> Select[AuditEntry]:
    statement = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    if wanted.projects is not None:
        statement = statement.where(AuditEntry.project_id.in_(wanted.projects))
    if wanted.user_id is not None:
        statement = statement.where(AuditEntry.user_id == wanted.user_id)
    if wanted.kind is not None:
        reads = AuditEntry.action.startswith(READ)
        statement = statement.where(reads if wanted.kind is EntryKind.READS else ~reads)
    if wanted.since is not None:
        statement = statement.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditEntry.at < wanted.until)
    return statement
