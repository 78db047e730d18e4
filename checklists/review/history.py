"""All that happened to one visit, from the assignment on, as one timeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.errors import NotFound
from checklists.people import User
from checklists.review.corrections import corrections_of
from checklists.review.decisions import reviews_of
from checklists.review.tables import Correction, Review
from checklists.visits import SealedReport, Visit, sealed_reports_of


class Happening(StrEnum):
    """In the order in which they follow one another where the clocks say the same."""

    HANDED_OUT = "handed_out"
    BEGUN = "begun"
    FINISHED = "finished"
    RECEIVED = "received"
    CONFLICT = "conflict"
    PHOTOS = "photos"
    CORRECTED = "corrected"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `person` is who did it, where it was somebody, and of a report `by_file` who took it in
    out of its phone's file; `photos` how many had arrived by then.
    """

    at: datetime
    kind: Happening
    person: str = ""
    revision: int | None = None
    report: SealedReport | None = None
    review: Review | None = None
    correction: Correction | None = None
    photos: int = 0
    by_file: bool = False


def history_of(session: Session, visit_id: UUID) -> list[Event]:
    """The visit's events, oldest first. Begun and finished are the phone's times, of the last revision, and stand
    before its receipt even where the phone's clock was ahead. Raises NotFound.
    """
    visit = session.get(Visit, visit_id)
    if visit is None:
        raise NotFound
    order = list(Happening)
    return sorted(
        [*_in_the_field(visit), *_arrivals(session, visit), *_in_the_office(session, visit)],
        key=lambda event: (
            min(event.at, visit.received_at) if event.kind in (Happening.BEGUN, Happening.FINISHED) else event.at,
            order.index(event.kind),
        ),
    )


def _in_the_field(visit: Visit) -> Iterator[Event]:
    assignment = visit.assignment
    if assignment is not None and assignment.handed_out_at is not None:
        yield Event(assignment.handed_out_at, Happening.HANDED_OUT, (assignment.inspector or visit.inspector).name)
    if visit.started_at is not None:
        yield Event(visit.started_at, Happening.BEGUN, visit.inspector.name, visit.revision)
    if visit.finished_at is not None:
        yield Event(visit.finished_at, Happening.FINISHED, visit.inspector.name, visit.revision)


def _arrivals(session: Session, visit: Visit) -> Iterator[Event]:
    reports = sealed_reports_of(session, visit.id)
    taken_in_by = {each.taken_in_by_id for each in reports if each.taken_in_by_id}
    names = {each.id: each.name for each in session.scalars(select(User).where(User.id.in_(taken_in_by)))}
    for report in reports:
        kind = Happening.RECEIVED if report.accepted else Happening.CONFLICT
        by_file = report.taken_in_by_id is not None
        person = names.get(report.taken_in_by_id, "") if report.taken_in_by_id else ""
        yield Event(report.received_at, kind, person, report.revision, report, by_file=by_file)
    stored = [photo.stored_at for photo in visit.photos if photo.stored_at is not None]
    if stored:
        yield Event(max(stored), Happening.PHOTOS, photos=len(stored))


def _in_the_office(session: Session, visit: Visit) -> Iterator[Event]:
    for review in reviews_of(session, visit.id):
        yield Event(review.at, Happening.DECIDED, review.reviewer.name, review.revision, review=review)
    for correction in corrections_of(session, visit.id):
        yield Event(correction.at, Happening.CORRECTED, correction.by.name, correction.revision, correction=correction)
