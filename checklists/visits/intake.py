"""How a report and its photos are taken in.

A report may arrive any number of times, from two tabs or twenty processes at once: the phone names the visit and its
photos, the sha256 of the body says whether it is the same report, and what was once received keeps its answer.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session, joinedload

from checklists.checklist import ChecklistVersion
from checklists.errors import HoldReason, NotFound, PhotoNotPromised, VisitDeleted
from checklists.jobs import enqueue
from checklists.orm import new_id
from checklists.scoring import (
    CheckResult,
    Form,
    FormCriterion,
    Outcome,
    Status,
    answer_fault,
    read_form,
    score_visit,
)
from checklists.visits.report import AnswerReport, Arrival, Receipt, Report, Sender
from checklists.visits.tables import Answer, Check, Photo, SealedReport, Visit, VisitState
from checklists.waves import Assignment, AssignmentState

OLDEST_VISIT = timedelta(days=366)
FASTEST_CLOCK = timedelta(days=2)
"""How far a phone's clock may be ahead before the visit's times are called absurd."""
_REFUSED = re.compile("[\x00\ud800-\udfff]")


def record_visit(
    session: Session, visit_id: UUID, sender: Sender, body: bytes, report: Report | None, now: datetime
) -> Receipt:
    """Take a report in: new, the same again, or other content under a known id. `report` is None where the body has
    not the agreed form.

    Call it in a transaction of its own, and once more where that fails on a unique constraint: then the same report
    came in between, and the second call finds it. Raises VisitDeleted for a deleted visit; NotFound for another
    inspector's visit, and for a report without a known assignment from somebody who inspects for several
    organizations: it must not be kept by the wrong one, and the phone still has it.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    visit = session.get(Visit, visit_id)
    if visit is not None:
        return _repeat(session, visit, sender, body, sha256, report, now)
    assignment, hold_reason = _place(session, sender, report)
    form = None
    if report is not None and assignment is not None:
        form = _form(session, report.version_id)
        hold_reason = hold_reason or _fault(session, form, report, now)
    organization_id = assignment.organization_id if assignment else _only_organization(sender)
    visit = _visit(visit_id, organization_id, sender, assignment, hold_reason, report, now)
    session.add(visit)
    if hold_reason is None and assignment is not None and not _take_place(session, assignment):
        visit.state, visit.hold_reason = VisitState.HELD, HoldReason.VISITED_ALREADY
    session.flush()
    _seal(session, visit, visit.revision, body, sha256, now, accepted=True)
    promised = _promise_photos(session, visit, report)
    if visit.state is VisitState.RECEIVED and report and assignment and form:
        _score(session, visit, assignment, form, report)
    session.flush()
    return Receipt(Arrival.NEW, visit.id, visit.revision, visit.state, visit.hold_reason, now, promised)


def _repeat(
    session: Session, visit: Visit, sender: Sender, body: bytes, sha256: str, report: Report | None, now: datetime
) -> Receipt:
    if visit.inspector_id != sender.user_id:
        raise NotFound
    if visit.deleted_at is not None:
        raise VisitDeleted
    known = session.scalar(
        select(SealedReport.accepted).where(SealedReport.visit_id == visit.id, SealedReport.sha256 == sha256)
    )
    if known is None:
        _seal(session, visit, report.revision if report else visit.revision, body, sha256, now, accepted=False)
    return Receipt(
        Arrival.SAME if known else Arrival.CONFLICT,
        visit.id,
        visit.revision,
        visit.state,
        visit.hold_reason,
        visit.received_at,
        missing_photos(session, visit.id),
    )


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
    if assignment.version_id != report.version_id:
        return assignment, HoldReason.OTHER_VERSION
    if not _had_access(sender, assignment, report.started_at):
        return assignment, HoldReason.DEACTIVATED
    return assignment, None


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


# Published documents never change, so a process may keep what it has read of them.
_FORMS: dict[UUID, Form] = {}
_MOST_FORMS = 200


def _form(session: Session, version_id: UUID) -> Form | None:
    form = _FORMS.get(version_id)
    if form is None:
        document = session.scalar(select(ChecklistVersion.document).where(ChecklistVersion.id == version_id))
        if document is None:
            return None
        form = read_form(document)
        if len(_FORMS) >= _MOST_FORMS:
            _FORMS.clear()
        _FORMS[version_id] = form
    return form


def _fault(session: Session, form: Form | None, report: Report, now: datetime) -> HoldReason | None:
    """The first rule that the report breaks, or None."""
    if form is None:
        return HoldReason.OTHER_VERSION
    if not (now - OLDEST_VISIT < report.started_at <= report.finished_at < now + FASTEST_CLOCK):
        return HoldReason.ABSURD_DATES
    answered: dict[UUID, AnswerReport] = {}
    for answer in report.answers:
        criterion = form.criteria.get(answer.given.criterion_id)
        if criterion is None:
            return HoldReason.UNKNOWN_CRITERION
        if criterion.id in answered or answer_fault(criterion, answer.given):
            return HoldReason.IMPOSSIBLE_ANSWER
        answered[criterion.id] = answer
    promised = {photo.id for photo in report.photos}
    for criterion in form.criteria.values():
        reason = _gap(criterion, answered.get(criterion.id), promised)
        if reason:
            return reason
    if len(promised) < len(report.photos) or _taken(session, promised):
        return HoldReason.FOREIGN_PHOTO
    return None


def _gap(criterion: FormCriterion, answer: AnswerReport | None, promised: set[UUID]) -> HoldReason | None:
    if answer is None:
        return HoldReason.INCOMPLETE if criterion.required else None
    if not promised.issuperset(answer.photo_ids):
        return HoldReason.FOREIGN_PHOTO
    if answer.given.status is not Status.ANSWERED:
        return None
    if criterion.evidence == "required" and len(set(answer.photo_ids)) < criterion.evidence_at_least:
        return HoldReason.EVIDENCE_MISSING
    if criterion.comment == "required" and not (answer.comment or "").strip():
        return HoldReason.EVIDENCE_MISSING
    return None


def _taken(session: Session, photo_ids: Iterable[UUID]) -> set[UUID]:
    ids = list(photo_ids)
    return set(session.scalars(select(Photo.id).where(Photo.id.in_(ids)))) if ids else set()


def _visit(
    visit_id: UUID,
    organization_id: UUID,
    sender: Sender,
    assignment: Assignment | None,
    hold_reason: HoldReason | None,
    report: Report | None,
    now: datetime,
) -> Visit:
    visit = Visit(
        id=visit_id,
        organization_id=organization_id,
        inspector_id=sender.user_id,
        state=VisitState.HELD if hold_reason else VisitState.RECEIVED,
        hold_reason=hold_reason,
        revision=report.revision if report else 1,
        received_at=now,
    )
    if assignment is not None:
        visit.project_id, visit.wave_id = assignment.project_id, assignment.wave_id
        visit.assignment_id, visit.outlet_id = assignment.id, assignment.outlet_id
        visit.version_id = assignment.version_id
    if report is not None:
        visit.started_at, visit.finished_at = report.started_at, report.finished_at
        visit.elapsed_ms, visit.utc_offset = report.elapsed_ms, report.utc_offset
        visit.app_version = _plain(visit, report.app_version) or ""
        visit.device_id = _plain(visit, report.device_id) or ""
        visit.positions = report.positions
    return visit


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


def _promise_photos(session: Session, visit: Visit, report: Report | None) -> tuple[UUID, ...]:
    """Expect the photos that the report names; those of another visit are left to it."""
    promises = {photo.id: photo for photo in report.photos} if report else {}
    for taken in _taken(session, promises) if visit.hold_reason is not None else ():
        del promises[taken]
    if promises:
        session.execute(
            insert(Photo),
            [
                {
                    "id": photo.id,
                    "organization_id": visit.organization_id,
                    "visit_id": visit.id,
                    "sha256": photo.sha256,
                    "size": photo.size,
                    "media_type": photo.media_type,
                    "taken_at": photo.taken_at,
                }
                for photo in promises.values()
            ],
        )
    return tuple(promises)


def _score(session: Session, visit: Visit, assignment: Assignment, form: Form, report: Report) -> None:
    """Write the checks and answers of a received report."""
    outcomes, results = score_visit(form, (answer.given for answer in report.answers))
    check_ids = {result.touchpoint_id: new_id() for result in results}
    session.execute(
        insert(Check), [_check_row(check_ids[result.touchpoint_id], visit, assignment, result) for result in results]
    )
    rows = []
    for answer in report.answers:
        criterion = form.criteria[answer.given.criterion_id]
        outcome = outcomes[criterion.id, answer.given.repetition]
        rows.append(_answer_row(visit, check_ids[criterion.touchpoint_id], criterion, answer, outcome))
    if rows:
        session.execute(insert(Answer), rows)
    visit.points = sum(result.points for result in results)
    visit.possible = sum(result.possible for result in results)
    visit.score = visit.points / visit.possible if visit.possible else None


def _check_row(check_id: UUID, visit: Visit, assignment: Assignment, result: CheckResult) -> dict[str, Any]:
    return {
        "id": check_id,
        "organization_id": visit.organization_id,
        "visit_id": visit.id,
        "wave_id": assignment.wave_id,
        "touchpoint_id": result.touchpoint_id,
        "brand_id": assignment.outlet.brand_id,
        "outlet_id": assignment.outlet_id,
        "version_id": assignment.version_id,
        "score": result.score,
        "points": result.points,
        "possible": result.possible,
        "zone": result.zone,
        "valid": result.valid,
        "absent": result.absent,
        "forbidden_seen": result.forbidden_seen,
        "forbidden_possible": result.forbidden_possible,
        "skipped": result.skipped,
    }


def _answer_row(
    visit: Visit, check_id: UUID, criterion: FormCriterion, answer: AnswerReport, outcome: Outcome
) -> dict[str, Any]:
    given = answer.given
    return {
        "organization_id": visit.organization_id,
        "visit_id": visit.id,
        "criterion_id": criterion.id,
        "repetition": given.repetition,
        "check_id": check_id,
        "lineage_id": criterion.lineage_id,
        "status": given.status,
        "states": sorted(map(str, given.states)),
        "options": sorted(map(str, given.options)),
        "value": None if isinstance(given.value, str) else given.value,
        "words": _plain(visit, given.value) if isinstance(given.value, str) else None,
        "reason": _plain(visit, answer.reason),
        "comment": _plain(visit, answer.comment),
        "photo_ids": [str(photo_id) for photo_id in answer.photo_ids],
        "zone": outcome.zone,
        "points": outcome.points,
        "possible": outcome.possible,
        "forbidden_seen": outcome.forbidden_seen,
        "forbidden_possible": outcome.forbidden_possible,
    }


def _plain(visit: Visit, words: str | None) -> str | None:
    """The words as a database takes them. What it refuses (NUL, lone surrogates) stays in the sealed body; here it
    is replaced and flagged.
    """
    if words is None or not _REFUSED.search(words):
        return words
    visit.text_replaced = True
    return _REFUSED.sub("\N{REPLACEMENT CHARACTER}", words)


def missing_photos(session: Session, visit_id: UUID) -> tuple[UUID, ...]:
    """The visit's promised photos whose bytes have not arrived."""
    return tuple(
        session.scalars(
            select(Photo.id).where(Photo.visit_id == visit_id, Photo.stored_at.is_(None)).order_by(Photo.id)
        )
    )


def promised_photo(session: Session, photo_id: UUID, sender: Sender) -> Photo:
    """The photo as promised by one of the sender's own visits. Raises PhotoNotPromised."""
    photo = session.scalar(
        select(Photo).join(Photo.visit).where(Photo.id == photo_id, Visit.inspector_id == sender.user_id)
    )
    if photo is None:
        raise PhotoNotPromised
    return photo


def receive_photo(session: Session, photo_id: UUID, now: datetime) -> bool:
    """Note that the bytes are stored and ask for the derived sizes; False where that had happened before."""
    photo = session.get_one(Photo, photo_id, with_for_update=True, populate_existing=True)
    if photo.stored_at is not None:
        return False
    photo.stored_at = now
    enqueue(session, photo.organization_id, "derive_photo", now, photo_id=str(photo.id))
    return True


def record_derived(
    session: Session,
    photo_id: UUID,
    now: datetime,
    *,
    readable: bool,
    reason: str | None,
    width: int | None,
    height: int | None,
) -> None:
    """Note what the worker found when it made the derived sizes; width and height in pixels, as turned by EXIF."""
    photo = session.get_one(Photo, photo_id)
    photo.derived_at, photo.readable, photo.unreadable_reason = now, readable, reason
    photo.width, photo.height = width, height
