"""How a report is taken in: new, the same again, other content, or the next revision of a visit that was sent back.

A report may arrive any number of times, from two tabs or twenty processes at once: the phone names the visit and its
photos, the sha256 of the body says whether it is the same report, and what was once received keeps its answer.
"""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from checklists.errors import HoldReason, NotFound, VisitDeleted
from checklists.scoring import Form
from checklists.visits.faults import first_fault
from checklists.visits.photos import missing_photos, promise_photos
from checklists.visits.report import Arrival, Receipt, Report, Sender
from checklists.visits.results import attributes_at, clear_results, form_of, plain, write_results
from checklists.visits.tables import SealedReport, Visit, VisitState
from checklists.waves import Assignment, AssignmentState


def record_visit(
    session: Session, visit_id: UUID, sender: Sender, body: bytes, report: Report | None, now: datetime
) -> Receipt:
    """Take a report in. `report` is None where the body has not the agreed form.

    Call it in a transaction of its own, and once more where that fails on a unique constraint: then the same report
    came in between, and the second call finds it. Raises VisitDeleted for a deleted visit; NotFound for another
    inspector's visit, and for a report without a known assignment from somebody who inspects for several
    organizations: it must not be kept by the wrong one, and the phone still has it.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    visit = session.get(Visit, visit_id)
    if visit is not None:
        return _known(session, visit, sender, body, sha256, report, now)
    assignment, hold_reason = _place(session, sender, report)
    form = form_of(session, report.version_id) if report is not None and assignment is not None else None
    if report is not None and assignment is not None and hold_reason is None:
        hold_reason = _fault(session, visit_id, sender, form, assignment, report, now)
        # Before the visit is written: whoever puts a held visit right locks the place first, too.
        if hold_reason is None and not _take_place(session, assignment):
            hold_reason = HoldReason.VISITED_ALREADY
    organization_id = assignment.organization_id if assignment else _only_organization(sender)
    visit = Visit(id=visit_id, organization_id=organization_id, inspector_id=sender.user_id, received_at=now)
    _fill(visit, assignment, report, form, hold_reason)
    session.add(visit)
    session.flush()
    _seal(session, visit, visit.revision, body, sha256, now, accepted=True)
    return _receive(session, visit, form, report, now)


def _known(
    session: Session, visit: Visit, sender: Sender, body: bytes, sha256: str, report: Report | None, now: datetime
) -> Receipt:
    """The visit is there already: the same report again, the next revision, or something else under its id."""
    if visit.inspector_id != sender.user_id:
        raise NotFound
    if visit.deleted_at is not None:
        raise VisitDeleted
    known = session.scalar(
        select(SealedReport.accepted).where(SealedReport.visit_id == visit.id, SealedReport.sha256 == sha256)
    )
    if known is None and report is not None and _is_next_revision(visit, report):
        # Of two different revisions at once the second waits here, and then finds that it comes too late.
        session.refresh(visit, with_for_update={"of": Visit})
        if _is_next_revision(visit, report):
            return _revise(session, visit, sender, body, sha256, report, now)
    if known is None:
        _seal(session, visit, report.revision if report else visit.revision, body, sha256, now, accepted=False)
    return _receipt(session, visit, Arrival.SAME if known else Arrival.CONFLICT)


def _is_next_revision(visit: Visit, report: Report) -> bool:
    return (
        visit.state is VisitState.RETURNED
        and report.revision == visit.revision + 1
        and report.assignment_id == visit.assignment_id
    )


def _revise(
    session: Session, visit: Visit, sender: Sender, body: bytes, sha256: str, report: Report, now: datetime
) -> Receipt:
    """The next revision of a visit that was sent back takes the place of the one before; both stay sealed."""
    assignment = session.get_one(Assignment, visit.assignment_id, options=[joinedload(Assignment.outlet)])
    form = form_of(session, report.version_id)
    clear_results(session, visit)
    _fill(visit, assignment, report, form, _fault(session, visit.id, sender, form, assignment, report, now))
    visit.received_at = now
    session.flush()
    _seal(session, visit, visit.revision, body, sha256, now, accepted=True)
    return _receive(session, visit, form, report, now)


def _receive(session: Session, visit: Visit, form: Form | None, report: Report | None, now: datetime) -> Receipt:
    """What is the same for a first report and a revision, once it is placed and sealed."""
    if report is not None:
        promise_photos(session, visit, report)
        if visit.state is VisitState.RECEIVED and form is not None:
            write_results(session, visit, form, report)
    session.flush()
    return _receipt(session, visit, Arrival.NEW)


def _receipt(session: Session, visit: Visit, arrival: Arrival) -> Receipt:
    missing = missing_photos(session, visit.id)
    return Receipt(arrival, visit.id, visit.revision, visit.state, visit.hold_reason, visit.received_at, missing)


def _place(session: Session, sender: Sender, report: Report | None) -> tuple[Assignment | None, HoldReason | None]:
    """The assignment that the report is for, and what speaks against it."""
    if report is None:
        return None, HoldReason.NOT_UNDERSTOOD
    assignment = session.scalar(
        select(Assignment).where(Assignment.id == report.assignment_id).options(joinedload(Assignment.outlet))
    )
    if assignment is None:
        return None, HoldReason.UNKNOWN_ASSIGNMENT
    if assignment.inspector_id != sender.user_id:
        return assignment, HoldReason.FOREIGN_ASSIGNMENT
    if assignment.state is AssignmentState.DELIVERED:
        return assignment, HoldReason.VISITED_ALREADY
    if assignment.state is not AssignmentState.HANDED_OUT:
        return assignment, HoldReason.REVOKED_ASSIGNMENT
    if assignment.outlet.deleted_at is not None:
        return assignment, HoldReason.DELETED_OUTLET
    return assignment, None


def _fault(
    session: Session,
    visit_id: UUID,
    sender: Sender,
    form: Form | None,
    assignment: Assignment,
    report: Report,
    now: datetime,
) -> HoldReason | None:
    """What speaks against a report or a revision at its own place. Any version ever published of the assignment's
    checklist will do.
    """
    assigned = form_of(session, assignment.version_id)
    if form is None or assigned is None or form.checklist_id != assigned.checklist_id:
        return HoldReason.OTHER_VERSION
    if not _had_access(sender, assignment, report.started_at):
        return HoldReason.DEACTIVATED
    return first_fault(session, visit_id, form, assignment, report, now)


def _had_access(sender: Sender, assignment: Assignment, moment: datetime) -> bool:
    """Whether the sender could inspect in the assignment's project at that moment."""
    return any(
        access.organization_id == assignment.organization_id
        and access.project_id in (None, assignment.project_id)
        and (access.ended_at is None or moment < access.ended_at)
        for access in sender.accesses
    )


def _only_organization(sender: Sender) -> UUID:
    organizations = {access.organization_id for access in sender.accesses}
    if len(organizations) > 1:
        raise NotFound
    return organizations.pop()


def _fill(
    visit: Visit,
    assignment: Assignment | None,
    report: Report | None,
    form: Form | None,
    hold_reason: HoldReason | None,
) -> None:
    visit.state = VisitState.HELD if hold_reason else VisitState.RECEIVED
    visit.hold_reason = hold_reason
    visit.revision = report.revision if report else 1
    visit.text_replaced = False
    if assignment is not None:
        visit.project_id, visit.wave_id = assignment.project_id, assignment.wave_id
        visit.assignment_id, visit.outlet_id = assignment.id, assignment.outlet_id
        visit.version_id = assignment.version_id
        visit.outlet_attributes = attributes_at(assignment.outlet)
    if report is not None:
        _fill_from(visit, report, staff_names=form is not None and form.staff_names)


def _fill_from(visit: Visit, report: Report, *, staff_names: bool) -> None:
    visit.started_at, visit.finished_at = report.started_at, report.finished_at
    visit.elapsed_ms, visit.utc_offset = report.elapsed_ms, report.utc_offset
    visit.app_version = plain(visit, report.app_version) or ""
    visit.device_id = plain(visit, report.device_id) or ""
    visit.positions = report.positions
    visit.repetitions = [
        {
            "section_id": str(each.section_id),
            "repetition": each.repetition,
            "label": plain(visit, each.label),
        }
        for each in report.repetitions
    ]
    visit.staff_met = [
        {
            "role": plain(visit, each.role),
            "description": plain(visit, each.description),
            "name": plain(visit, each.name) if staff_names else None,
        }
        for each in report.staff_met
    ]


def _take_place(session: Session, assignment: Assignment) -> bool:
    """Mark the assignment as delivered; False where a parallel visit of it was quicker."""
    taken = session.execute(
        update(Assignment)
        .where(Assignment.id == assignment.id, Assignment.state == AssignmentState.HANDED_OUT)
        .values(state=AssignmentState.DELIVERED)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]  # An UPDATE gives a CursorResult.


def _seal(
    session: Session, visit: Visit, revision: int, body: bytes, sha256: str, now: datetime, *, accepted: bool
) -> None:
    session.add(
        SealedReport(
            organization_id=visit.organization_id,
            visit_id=visit.id,
            revision=revision,
            accepted=accepted,
            sha256=sha256,
            body=body,
            received_at=now,
        )
    )


def place_held(session: Session, visit: Visit, assignment: Assignment, report: Report, now: datetime) -> None:
    """Let a held visit be that of an assignment after all, and score what of it can be scored.

    The caller has locked both, seen to it that the assignment's place is free and the version one of its checklist, and
    decides on the visit's state. `assignment` needs its outlet.
    """
    form = form_of(session, report.version_id)
    if form is None:
        raise NotFound
    clear_results(session, visit)
    _fill(visit, assignment, report, form, None)
    assignment.state = AssignmentState.DELIVERED
    assignment.handed_out_at = assignment.handed_out_at or now
    session.flush()
    promise_photos(session, visit, report)
    write_results(session, visit, form, report)
    session.flush()
