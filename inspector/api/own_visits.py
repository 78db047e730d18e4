"""An inspector's own visits as the phone gets them back: how each stands, and of one that was sent back all that is
needed to work on it again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import json
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.errors import HOLD_REASONS
from checklists.review import Decision, Review
from checklists.visits import Photo, SealedReport, Visit, VisitState

Json = dict[str, Any]


def own_visits(session: Session, inspector_id: UUID, assignment_ids: Sequence[UUID]) -> dict[UUID, Visit]:
    """The inspector's visit of each assignment; one that counts wins over a held one."""
    visits = session.scalars(
        select(Visit)
        .where(
            Visit.assignment_id.in_(assignment_ids),
            Visit.inspector_id == inspector_id,
            Visit.deleted_at.is_(None),
        )
        .order_by(Visit.hold_reason.is_(None), Visit.received_at)
    )
    return {visit.assignment_id: visit for visit in visits if visit.assignment_id}


def own_visits_as_json(session: Session, visits: Iterable[Visit]) -> dict[UUID, Json]:
    """How each visit stands, by its assignment; with notes, last report and photos where it was sent back."""
    known = list(visits)
    decided = _decisions(session, [each.id for each in known])
    sent_back = [each.id for each in known if each.state is VisitState.RETURNED]
    reports, photos = _reports(session, sent_back), _photos(session, sent_back)
    answer: dict[UUID, Json] = {}
    for visit in known:
        assert visit.assignment_id is not None
        review = decided.get(visit.id)
        state = {
            "id": str(visit.id),
            "revision": visit.revision,
            "state": visit.state.value,
            "received_at": visit.received_at.isoformat(),
            "reason": _reason(visit, review),
        }
        if visit.state is VisitState.RETURNED:
            state |= {
                "notes": review.notes if review else [],
                "checklist_version_id": str(visit.version_id),
                "report": _with_times_put_right(visit, _read(reports.get((visit.id, visit.revision)))),
                "photos": photos[visit.id],
            }
        answer[visit.assignment_id] = state
    return answer


def _decisions(session: Session, visit_ids: list[UUID]) -> dict[UUID, Review]:
    """The last decision that an inspector gets to read the reason of, by visit."""
    reviews = session.scalars(
        select(Review)
        .where(Review.visit_id.in_(visit_ids), Review.decision.in_([Decision.REJECTED, Decision.RETURNED]))
        .order_by(Review.at, Review.id)
    )
    return {review.visit_id: review for review in reviews}


def _reports(session: Session, visit_ids: list[UUID]) -> dict[tuple[UUID, int], bytes]:
    """The bodies that were accepted, by visit and revision."""
    rows = session.execute(
        select(SealedReport.visit_id, SealedReport.revision, SealedReport.body)
        .where(SealedReport.visit_id.in_(visit_ids), SealedReport.accepted)
        .order_by(SealedReport.received_at, SealedReport.id)
    )
    return {(visit_id, revision): body for visit_id, revision, body in rows}


def _photos(session: Session, visit_ids: list[UUID]) -> defaultdict[UUID, list[Json]]:
    photos: defaultdict[UUID, list[Json]] = defaultdict(list)
    own = select(Photo).where(Photo.visit_id.in_(visit_ids), Photo.beside.is_(False))
    for photo in session.scalars(own.order_by(Photo.taken_at, Photo.id)):
        photos[photo.visit_id].append(
            {
                "id": str(photo.id),
                "sha256": photo.sha256,
                "size": photo.size,
                "media_type": photo.media_type,
                "taken_at": photo.taken_at and photo.taken_at.isoformat(),
                "received": photo.stored_at is not None or photo.erased_at is not None,
            }
        )
    return photos


def _reason(visit: Visit, review: Review | None) -> str | None:
    if visit.state is VisitState.HELD and visit.hold_reason:
        words: str = gettext(HOLD_REASONS[visit.hold_reason])
        return words
    return review.reason if review and visit.state in (VisitState.REJECTED, VisitState.RETURNED) else None


def _with_times_put_right(visit: Visit, report: Json | None) -> Json | None:
    """The report with the times that a manager gave a held visit, or the next revision would be held for them again."""
    if report is None or visit.started_at is None or visit.finished_at is None:
        return report
    try:
        same = datetime.fromisoformat(report["started_at"]) == visit.started_at
    except (KeyError, TypeError, ValueError):
        same = False
    if same:
        return report
    return report | {"started_at": visit.started_at.isoformat(), "finished_at": visit.finished_at.isoformat()}


def _read(body: bytes | None) -> Json | None:
    """A sealed report, or None for one that a manager had to read for us: it has no form that a phone could fill in.

    What Python calls JSON and a browser does not (NaN) becomes null.
    """
    try:
        report = json.loads(body or b"null", parse_constant=lambda _: None)
        json.dumps(report)
    except (ValueError, RecursionError):
        return None
    return report if isinstance(report, dict) else None
