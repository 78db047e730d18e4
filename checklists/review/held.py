"""A held report put right: a manager says which assignment it belongs to, and what its absurd times really were."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.errors import N_, InvalidInput, NotToBePutRight, PlaceTaken, ReasonRequired
from checklists.review.decisions import decide, lock_visit, place_of
from checklists.review.tables import Decision
from checklists.visits import Report, Visit, VisitState, form_of, place_held, times_are_absurd
from checklists.waves import Assignment, AssignmentState

OPEN = (AssignmentState.HANDED_OUT, AssignmentState.PLANNED, AssignmentState.REVOKED)


def put_right(
    session: Session,
    visit_id: UUID,
    reviewer_id: UUID,
    report: Report | None,
    assignment_id: UUID,
    reason: str,
    now: datetime,
    started_at: datetime | None = None,
    finished_at: datetime | None = None,
) -> Visit:
    """Let a held visit wait for its review as the visit of this assignment; `report` is its sealed body, read.

    The assignment is one of `open_places`: a planned or revoked one is taken up, and it becomes the inspector's who
    went. `started_at` and `finished_at` replace the phone's times. Answers that cannot stand are kept and not scored.
    Raises ReasonRequired, NotToBePutRight, PlaceTaken, InvalidInput for times that are absurd still, and
    ReviewNotPossible.
    """
    if not reason.strip():
        raise ReasonRequired
    visit = lock_visit(session, visit_id, VisitState.HELD)
    checklist_id = checklist_of(session, report)
    if report is None or checklist_id is None:
        raise NotToBePutRight
    report = replace(report, started_at=started_at or report.started_at, finished_at=finished_at or report.finished_at)
    if times_are_absurd(report, now):
        raise InvalidInput({"started_at": N_("The times of the visit cannot be right.")})
    assignment = _take(session, assignment_id, visit, checklist_id)
    place_held(session, visit, assignment, report, now)
    return decide(session, visit, Decision.PUT_RIGHT, VisitState.RECEIVED, reviewer_id, now, reason)


def checklist_of(session: Session, report: Report | None) -> UUID | None:
    """The checklist of the version that the report was made with, where there is one."""
    if report is None:
        return None
    form = form_of(session, report.version_id)
    return form.checklist_id if form else None


def _take(session: Session, assignment_id: UUID, visit: Visit, checklist_id: UUID) -> Assignment:
    """The assignment, locked and handed to whoever made the visit; the one that the visit held before is free again."""
    own = place_of(session, visit)
    assignment = session.get(
        Assignment,
        assignment_id,
        with_for_update={"of": Assignment},
        populate_existing=True,
        options=[joinedload(Assignment.outlet), joinedload(Assignment.version)],
    )
    if (
        assignment is None
        or assignment.organization_id != visit.organization_id
        or (assignment.state not in OPEN and assignment is not own)
        or assignment.version.checklist_id != checklist_id
    ):
        raise PlaceTaken
    if own is not None and own is not assignment:
        own.state, own.handed_out_at = AssignmentState.PLANNED, None
    assignment.inspector_id = visit.inspector_id
    return assignment


def open_places(session: Session, project_id: UUID, checklist_id: UUID, visit: Visit) -> list[Assignment]:
    """The assignments of this checklist that the visit could be of, the inspector's own ones first, then by due date.

    They have no visit yet, or this one's earlier revision.
    """
    own = place_of(session, visit)
    found = session.scalars(
        select(Assignment)
        .join(Assignment.version)
        .where(
            Assignment.project_id == project_id,
            ChecklistVersion.checklist_id == checklist_id,
            or_(Assignment.state.in_(OPEN), Assignment.id == (own.id if own else None)),
        )
        .order_by(Assignment.due_from, Assignment.id)
        .options(
            selectinload(Assignment.outlet).joinedload(Outlet.brand),
            selectinload(Assignment.inspector),
            selectinload(Assignment.wave),
        )
    )
    return sorted(found, key=lambda each: each.inspector_id != visit.inspector_id)
