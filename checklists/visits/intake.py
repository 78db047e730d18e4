"""How a report is taken in: new, the same again, other content, or the next revision of a visit that was sent back.

A report may arrive any number of times, from two tabs or twenty processes at once: the phone names the visit and its
photos, the sha256 of the body says whether it is the same report, and what was once received keeps its answer.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from checklists.brands import Outlet
from checklists.errors import HoldReason, NotFound, OtherContentNotKept, VisitDeleted
from checklists.orm import Base, new_id
from checklists.quick import Inside, Kept, insert_rows, table_of
from checklists.scoring import Form, Scored, score_visit
from checklists.visits.draft_photos import take_over
from checklists.visits.drafts import DraftCopy
from checklists.visits.faults import first_fault
from checklists.visits.photos import (
    Stored,
    missing_photos,
    photos_to_keep_beside,
    photos_to_promise,
    promise_rows,
)
from checklists.visits.report import Arrival, AssignedPlace, PhotoPromise, Receipt, Report, Sender
from checklists.visits.results import clear_results, form_of, plain, results_of
from checklists.visits.tables import ERASED_BODY, Photo, SealedReport, Visit, VisitState
from checklists.waves import Assignment, AssignmentState

MOST_REFUSED = 20
"""Bodies with other content than the accepted one that are kept of one visit."""


def record_visit(
    session: Session,
    visit_id: UUID,
    sender: Sender,
    body: bytes,
    report: Report | None,
    now: datetime,
    legible: Iterable[PhotoPromise] = (),
) -> Receipt:
    """Take a report in. `report` is None where the body has not the agreed form; then `legible` are those of its photos
    that could be read: they are evidence, and the phone keeps them until they have arrived.

    Call it in a transaction of its own, and once more where that fails on a unique constraint: then the same report
    came in between, and the second call finds it. Raises VisitDeleted for a deleted visit;
    OtherContentNotKept for one more than are kept of other content under its id; NotFound for another
    inspector's visit, and for a report without a known assignment from somebody who inspects for several
    organizations: it must not be kept by the wrong one, and the phone still has it.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    place, known = _look_up(session, visit_id, report.assignment_id) if report is not None else (None, False)
    if place is None or known:
        visit = session.get(Visit, visit_id)
        if visit is not None:
            return _known(session, visit, sender, body, sha256, report, now, legible)
    hold_reason = _objection(sender, report, place)
    form = scored = None
    if report is not None and place is not None:
        form = form_of(session, report.version_id)
        if hold_reason is None:
            scored = _scored(form, place, report)
            hold_reason = _fault(session, visit_id, sender, form, scored, place, report, now)
        # Before the visit is written: whoever puts a held visit right locks the place first, too.
        if hold_reason is None and not _take_place(session, place):
            hold_reason = HoldReason.VISITED_ALREADY
    visit = Visit(
        id=visit_id,
        organization_id=place.organization_id if place else _only_organization(sender),
        inspector_id=sender.user_id,
        received_at=now,
        **_EMPTY,
    )
    _fill(visit, place, report, form, hold_reason)
    rows: Rows = {}
    kept = _kept_photos(session, visit, place, report, now)
    if hold_reason is None and report and place and form and scored:
        # A sound report promises no photo that is known already.
        rows[Photo] = promise_rows(session, visit.organization_id, report.photos, kept, now)
        rows |= results_of(visit, form, report, scored, place.brand_id)
    else:
        rows[Photo] = photos_to_promise(session, visit, report.photos if report else legible, kept, now)
    rows = {
        Visit: [{name: getattr(visit, name) for name in _COLUMNS}],
        SealedReport: [_sealed(sender, sha256, visit.revision, now, accepted=True)],
    } | rows
    insert_rows(session, rows, organization_id=visit.organization_id, visit_id=visit.id, body=body)
    missing = tuple(sorted(row["id"] for row in rows.get(Photo, ()) if not row.get("stored_at")))
    return Receipt(Arrival.NEW, visit_id, visit.revision, visit.state, hold_reason, now, missing)


Rows = dict[type[Base], list[dict[str, Any]]]
_COLUMNS = tuple(column.key for column in Visit.__mapper__.column_attrs)
_EMPTY: Mapping[str, Any] = {
    "app_version": "",
    "device_id": "",
    "positions": [],
    "outlet_attributes": {},
    "repetitions": [],
    "staff_met": [],
    "consents": [],
}


def _write_look_up(inside: Inside) -> Any:
    assignments, outlets, visits = table_of(Assignment), table_of(Outlet), table_of(Visit)
    copies = table_of(DraftCopy)
    own = ("organization_id", "project_id", "wave_id", "version_id", "outlet_id", "inspector_id", "state")
    return (
        select(
            assignments.c.id.label("assignment_id"),
            *(assignments.c[name] for name in own),
            outlets.c.brand_id,
            outlets.c.attributes,
            outlets.c.deleted_at.is_not(None).label("outlet_deleted"),
            select(visits.c.id).where(visits.c.id == bindparam("visit_id"), inside(visits)).exists().label("known"),
            select(copies.c.id)
            .where(copies.c.visit_id == bindparam("visit_id"), inside(copies))
            .exists()
            .label("drafts_kept"),
        )
        .select_from(assignments.join(outlets, outlets.c.id == assignments.c.outlet_id))
        .where(assignments.c.id == bindparam("assignment_id"), inside(assignments, outlets))
    )


_LOOK_UP = Kept(_write_look_up)


def _look_up(session: Session, visit_id: UUID, assignment_id: UUID | None) -> tuple[AssignedPlace | None, bool]:
    """The place that the report is for, if there is one, and whether the visit is known then."""
    found = _LOOK_UP.run(session, visit_id=visit_id, assignment_id=assignment_id).first()
    if found is None:
        return None, False
    values = found._asdict()
    known = values.pop("known")
    values["attributes"] = {str(name): str(value) for name, value in values["attributes"].items()}
    return AssignedPlace(**values), known


def _known(
    session: Session,
    visit: Visit,
    sender: Sender,
    body: bytes,
    sha256: str,
    report: Report | None,
    now: datetime,
    legible: Iterable[PhotoPromise],
) -> Receipt:
    """The visit is there already: the same report again, the next revision, or something else under its id."""
    if visit.inspector_id != sender.user_id:
        raise NotFound
    if visit.deleted_at is not None:
        raise VisitDeleted
    known = session.scalar(
        select(SealedReport.accepted).where(SealedReport.visit_id == visit.id, SealedReport.sha256 == sha256)
    )
    if known is None and is_erased(session, visit):
        raise VisitDeleted
    if known is None and report is not None and _is_next_revision(visit, report):
        # Of two different revisions at once the second waits here, and then finds that it comes too late.
        session.refresh(visit, with_for_update={"of": Visit})
        if _is_next_revision(visit, report):
            return _revise(session, visit, sender, body, sha256, report, now)
    if known:
        return _receipt(session, visit, Arrival.SAME)
    if known is None and not _keeps_another(session, visit.id):
        raise OtherContentNotKept
    photos = list(report.photos if report else legible)
    rows: Rows = {}
    if known is None:
        revision = report.revision if report else visit.revision
        rows[SealedReport] = [_sealed(sender, sha256, revision, now, accepted=False)]
    if not is_erased(session, visit):
        stored = take_over(session, visit, report, now) if report else {}
        rows[Photo] = photos_to_keep_beside(session, visit, photos, stored, now)
    insert_rows(session, rows, organization_id=visit.organization_id, visit_id=visit.id, body=body)
    return _receipt(session, visit, Arrival.CONFLICT, among=[photo.id for photo in photos])


def _keeps_another(session: Session, visit_id: UUID) -> bool:
    """Whether a body with other content is still kept: what a broken phone sends without end lies on that phone too."""
    refused = (SealedReport.visit_id == visit_id, SealedReport.accepted.is_(False))
    return (session.scalar(select(func.count()).select_from(SealedReport).where(*refused)) or 0) < MOST_REFUSED


def is_erased(session: Session, visit: Visit) -> bool:
    """Whether the project's retention had the visit's reports erased: then another one must not come in their place."""
    erased = select(SealedReport.id).where(
        SealedReport.visit_id == visit.id, SealedReport.erased_at.is_not(None), SealedReport.body == ERASED_BODY
    )
    return session.scalar(erased.limit(1)) is not None


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
    place, _ = _look_up(session, visit.id, visit.assignment_id)
    assert place is not None
    form = form_of(session, report.version_id)
    scored = _scored(form, place, report)
    clear_results(session, visit)
    hold_reason = _fault(session, visit.id, sender, form, scored, place, report, now)
    _fill(visit, place, report, form, hold_reason)
    visit.received_at = now
    rows: Rows = {
        SealedReport: [_sealed(sender, sha256, visit.revision, now, accepted=True)],
        Photo: photos_to_promise(session, visit, report.photos, _kept_photos(session, visit, place, report, now), now),
    }
    if hold_reason is None and form and scored:
        rows |= results_of(visit, form, report, scored, place.brand_id)
    insert_rows(session, rows, organization_id=visit.organization_id, visit_id=visit.id, body=body)
    return _receipt(session, visit, Arrival.NEW)


def _kept_photos(
    session: Session, visit: Visit, place: AssignedPlace | None, report: Report | None, now: datetime
) -> Stored:
    """The report's photos that came with the draft already: it has arrived as a visit now, so its copy goes."""
    if report is None or place is None or not place.drafts_kept:
        return {}
    return take_over(session, visit, report, now)


def _scored(form: Form | None, place: AssignedPlace, report: Report) -> Scored | None:
    if form is None:
        return None
    return score_visit(form, [answer.given for answer in report.answers], place.attributes, report.begun)


def _receipt(session: Session, visit: Visit, arrival: Arrival, among: Collection[UUID] | None = None) -> Receipt:
    missing = missing_photos(session, visit.id, among)
    return Receipt(arrival, visit.id, visit.revision, visit.state, visit.hold_reason, visit.received_at, missing)


def _objection(sender: Sender, report: Report | None, place: AssignedPlace | None) -> HoldReason | None:
    """What speaks against the place that a first report is for."""
    if report is None:
        return HoldReason.NOT_UNDERSTOOD
    if place is None:
        return HoldReason.UNKNOWN_ASSIGNMENT
    if place.inspector_id != sender.user_id:
        return HoldReason.FOREIGN_ASSIGNMENT
    if place.state is AssignmentState.DELIVERED:
        return HoldReason.VISITED_ALREADY
    if place.state is not AssignmentState.HANDED_OUT:
        return HoldReason.REVOKED_ASSIGNMENT
    return HoldReason.DELETED_OUTLET if place.outlet_deleted else None


def _fault(
    session: Session,
    visit_id: UUID,
    sender: Sender,
    form: Form | None,
    scored: Scored | None,
    place: AssignedPlace,
    report: Report,
    now: datetime,
) -> HoldReason | None:
    """What speaks against a report or a revision at its own place. Any version ever published of the assignment's
    checklist will do.
    """
    assigned = form_of(session, place.version_id)
    if form is None or scored is None or assigned is None or form.checklist_id != assigned.checklist_id:
        return HoldReason.OTHER_VERSION
    if not _had_access(sender, place, report.started_at):
        return HoldReason.DEACTIVATED
    return first_fault(session, visit_id, form, scored, place, report, now)


def _had_access(sender: Sender, place: AssignedPlace, moment: datetime) -> bool:
    """Whether the sender could inspect in the assignment's project at that moment."""
    return any(
        access.organization_id == place.organization_id
        and access.project_id in (None, place.project_id)
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
    place: AssignedPlace | None,
    report: Report | None,
    form: Form | None,
    hold_reason: HoldReason | None,
) -> None:
    visit.state = VisitState.HELD if hold_reason else VisitState.RECEIVED
    visit.hold_reason = hold_reason
    visit.revision = report.revision if report else 1
    visit.text_replaced = False
    if place is not None:
        visit.project_id, visit.wave_id = place.project_id, place.wave_id
        visit.assignment_id, visit.outlet_id = place.assignment_id, place.outlet_id
        visit.version_id = place.version_id
        visit.outlet_attributes = dict(place.attributes)
    if report is not None:
        _fill_from(visit, report, staff_names=form is not None and form.staff_names)


def _fill_from(visit: Visit, report: Report, *, staff_names: bool) -> None:
    visit.started_at, visit.finished_at = report.started_at, report.finished_at
    visit.elapsed_ms, visit.utc_offset = report.elapsed_ms, report.utc_offset
    visit.app_version = plain(visit, report.app_version) or ""
    visit.device_id = plain(visit, report.device_id) or ""
    visit.positions = report.positions
    if report.consents is not None:
        visit.consents = [
            {"what": plain(visit, each.what), "words": plain(visit, each.words), "at": each.at.isoformat()}
            for each in report.consents
        ]
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


def _take_place(session: Session, place: AssignedPlace) -> bool:
    """Mark the assignment as delivered; False where a parallel visit of it was quicker."""
    return bool(_TAKE_PLACE.run(session, assignment_id=place.assignment_id).rowcount)


_TAKE_PLACE = Kept(
    lambda inside: (
        update(table_of(Assignment))
        .where(
            table_of(Assignment).c.id == bindparam("assignment_id"),
            table_of(Assignment).c.state == AssignmentState.HANDED_OUT,
            inside(table_of(Assignment)),
        )
        .values(state=AssignmentState.DELIVERED)
    )
)


def _sealed(sender: Sender, sha256: str, revision: int, now: datetime, *, accepted: bool) -> dict[str, Any]:
    """The row that keeps a body, without the body, organization and visit."""
    row = {"id": new_id(), "revision": revision, "accepted": accepted, "sha256": sha256, "received_at": now}
    return row | {"taken_in_by_id": sender.taken_in_by_id}


def place_held(session: Session, visit: Visit, assignment: Assignment, report: Report, now: datetime) -> None:
    """Let a held visit be that of an assignment after all, and score what of it can be scored.

    The caller has locked both, seen to it that the assignment's place is free and the version one of its checklist, and
    decides on the visit's state.
    """
    form = form_of(session, report.version_id)
    place, _ = _look_up(session, visit.id, assignment.id)
    if form is None or place is None:
        raise NotFound
    clear_results(session, visit)
    _fill(visit, place, report, form, None)
    assignment.state = AssignmentState.DELIVERED
    assignment.handed_out_at = assignment.handed_out_at or now
    scored = score_visit(form, [answer.given for answer in report.answers], place.attributes, report.begun)
    kept = _kept_photos(session, visit, place, report, now)
    rows: Rows = {Photo: photos_to_promise(session, visit, report.photos, kept, now)}
    rows |= results_of(visit, form, report, scored, place.brand_id)
    insert_rows(session, rows, organization_id=visit.organization_id, visit_id=visit.id)
