"""The audit trail: who changed what, and who read personal data. Rows are only ever added."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from checklists.orm import Base, Owned, key


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


Index("ix_audit_trail_list", AuditEntry.organization_id, AuditEntry.at.desc(), AuditEntry.id.desc())
Index("ix_audit_trail_subject", AuditEntry.organization_id, AuditEntry.subject_id)
