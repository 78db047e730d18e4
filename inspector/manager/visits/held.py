"""A held visit put right: the assignments that it may belong to, and what the form about it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.errors import PlaceTaken
from checklists.review import checklist_of, open_places
from checklists.visits import Report, Visit, VisitState, sealed_reports_of, times_are_absurd
from checklists.waves import Assignment
from inspector.manager.forms import Form, of_project
from inspector.manager.visits.place import LONGEST_REASON


@dataclass(frozen=True, slots=True)
class Places:
    """`chosen` is the likeliest assignment; `absurd_times` asks for others."""

    assignments: Sequence[Assignment]
    chosen: UUID | None
    absurd_times: bool


def places_offered(session: Session, visit: Visit, report: Report | None, project_id: UUID) -> Places | None:
    """The project's assignments that a held visit may belong to; None where it cannot be put right at all."""
    checklist_id = checklist_of(session, report)
    if visit.state is not VisitState.HELD or report is None or checklist_id is None:
        return None
    assignments = open_places(session, project_id, checklist_id, visit)
    named = [each.id for each in assignments if each.id == report.assignment_id]
    nearest = [each.id for each in assignments if each.outlet_id == visit.outlet_id]
    return Places(assignments, next(iter(named + nearest), None), times_are_absurd(report, datetime.now(UTC)))


def accepted_body(session: Session, visit: Visit) -> bytes:
    """The body that the visit was made of: the last one that was not refused as a conflict."""
    return [each for each in sealed_reports_of(session, visit.id) if each.accepted][-1].body


@dataclass(frozen=True, slots=True)
class PutRight:
    assignment_id: UUID
    reason: str
    started_at: datetime | None
    finished_at: datetime | None


def read_put_right(session: Session, form: Form) -> PutRight:
    """The form as the manager sent it; times are those of the assignment's outlet. Raises InvalidInput, PlaceTaken."""
    assignment_id = form.identity("assignment")
    reason = form.text("placing_reason", longest=LONGEST_REASON)
    form.check()
    if assignment_id is None:
        raise PlaceTaken
    zone = of_project(session, Assignment, assignment_id).outlet.zone
    started_at, finished_at = _moment(form, "started_at", zone), _moment(form, "finished_at", zone)
    form.check()
    return PutRight(assignment_id, reason, started_at, finished_at)


def _moment(form: Form, name: str, zone: ZoneInfo) -> datetime | None:
    entered = form.text(name)
    if not entered:
        return None
    try:
        return datetime.fromisoformat(entered).replace(tzinfo=zone)
    except ValueError:
        form.refuse(name, _("Please enter a date and a time."))
        return None
