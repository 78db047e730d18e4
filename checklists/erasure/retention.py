"""What a project's retention asks to forget: approved visits older than so many months keep their numbers only, and
what never came to count goes as a whole.

A visit's age is counted from its receipt: a phone's clock may be years wrong, the server's is not.
"""

from calendar import monthrange
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.erasure.act import Act
from checklists.erasure.visits import erase_visit, keep_numbers_only
from checklists.people import Project
from checklists.visits import SealedReport, Visit, VisitState
from checklists.visits.tables import ERASED_BODY

VISITS_AT_A_TIME = 50
REASON = "retention"


def erase_outdated(session: Session, project_id: UUID, now: datetime) -> int:
    """Erase some of the project's visits whose retention ran out, the oldest first; answers how many.

    Call it until it answers 0, each time in a transaction of its own. Held reports whose project nobody could tell go
    with those of the organization's project that keeps its visits for the shortest time.
    """
    project = session.get_one(Project, project_id)
    unerased = select(SealedReport.id).where(SealedReport.visit_id == Visit.id, SealedReport.body != ERASED_BODY)
    outdated = session.scalars(
        select(Visit)
        .where(
            (Visit.project_id == project.id) | Visit.project_id.is_(None),
            Visit.received_at < months_before(now, project.retention_months),
            Visit.deleted_at.is_(None),
            unerased.exists(),
        )
        .order_by(Visit.received_at, Visit.id)
        .limit(VISITS_AT_A_TIME)
        .with_for_update(skip_locked=True, of=Visit)
    ).all()
    for visit in outdated:
        erase = keep_numbers_only if visit.state is VisitState.APPROVED else erase_visit
        erase(session, visit, Act(None, REASON, now))
    return len(outdated)


def months_before(moment: datetime, months: int) -> datetime:
    """The same day and time some months ago; the month's last day where it has no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
