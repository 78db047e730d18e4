"""Who has something erased, when and why; and what each erasure writes down."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from checklists.erasure.tables import Erasure, ErasureKind
from checklists.errors import ReasonRequired
from checklists.jobs import enqueue
from checklists.visits import Visit

SECOND_LOOK = timedelta(hours=1)
"""Bytes that were on their way while the photo was erased have arrived by then, and go as well."""


@dataclass(frozen=True, slots=True)
class Act:
    """`by_id` is nobody where a project's retention ran out. Raises ReasonRequired."""

    by_id: UUID | None
    reason: str
    at: datetime

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ReasonRequired

    def leave_tombstone(
        self,
        session: Session,
        kind: ErasureKind,
        subject_id: UUID,
        *,
        organization_id: UUID,
        project_id: UUID | None,
        sha256: str | None = None,
    ) -> None:
        session.add(
            Erasure(
                organization_id=organization_id,
                kind=kind,
                subject_id=subject_id,
                project_id=project_id,
                sha256=sha256,
                by_id=self.by_id,
                reason=self.reason.strip(),
                at=self.at,
            )
        )

    def have_bytes_deleted(self, session: Session, visit: Visit) -> None:
        """Once the caller has committed, a job deletes what the storage has of the visit's erased photos; it is
        repeated until the storage did it, and done again later.
        """
        for due in (self.at, self.at + SECOND_LOOK):
            job = enqueue(session, visit.organization_id, "delete_erased", self.at, visit_id=str(visit.id))
            job.run_after = due
