"""Which rule a report breaks, if any: then it is held until a manager has looked at it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.errors import HoldReason
from checklists.journey import Touchpoint
from checklists.people import Project
from checklists.scoring import Fault, Form, FormCriterion, Kind, Outcome, Scored, Status, Zone, visit_faults
from checklists.visits.photos import taken_photos
from checklists.visits.report import AnswerReport, AssignedPlace, Report
from checklists.visits.tables import AUDIO, Visit

OLDEST_VISIT = timedelta(days=366)
FASTEST_CLOCK = timedelta(days=2)
"""How far a phone's clock may be ahead before the visit's times are called absurd."""


def first_fault(
    session: Session, visit_id: UUID, form: Form, scored: Scored, place: AssignedPlace, report: Report, now: datetime
) -> HoldReason | None:
    """The first rule that the report breaks, or None; `scored` is what its answers come to at the place."""
    if times_are_absurd(report, now):
        return HoldReason.ABSURD_DATES
    faults = visit_faults(form, (answer.given for answer in report.answers)).values()
    if faults:
        return HoldReason.UNKNOWN_CRITERION if Fault.UNKNOWN_CRITERION in faults else HoldReason.IMPOSSIBLE_ANSWER
    if not {each.section_id for each in report.repetitions} <= {section.id for section in form.sections}:
        return HoldReason.UNKNOWN_CRITERION
    promised = {photo.id for photo in report.photos}
    reason = _gap(scored, report, promised)
    if reason:
        return reason
    if not _touchpoints_known(session, place, report):
        return HoldReason.UNKNOWN_TOUCHPOINT
    if len(promised) < len(report.photos) or taken_photos(session, promised, other_than=visit_id):
        return HoldReason.FOREIGN_PHOTO
    if report.recordings and not _may_be_heard(session, visit_id, place, report):
        return HoldReason.UNWANTED_RECORDING
    return None


def times_are_absurd(report: Report, now: datetime) -> bool:
    """Whether the visit cannot have been made when its report says."""
    return not (now - OLDEST_VISIT < report.started_at <= report.finished_at < now + FASTEST_CLOCK)


def _gap(scored: Scored, report: Report, promised: set[UUID]) -> HoldReason | None:
    """What is missing among the criteria that were shown to the inspector."""
    if any(not promised.issuperset(practice.photo_ids) for practice in report.best_practices):
        return HoldReason.FOREIGN_PHOTO
    answers = {(answer.given.criterion_id, answer.given.repetition): answer for answer in report.answers}
    if any(not promised.issuperset(answer.photo_ids) for answer in answers.values()):
        return HoldReason.FOREIGN_PHOTO
    for key, criterion in scored.asked.items():
        reason = _gap_of(criterion, answers.get(key), scored.outcomes.get(key), report.recordings)
        if reason:
            return reason
    return None


def _gap_of(
    criterion: FormCriterion, answer: AnswerReport | None, outcome: Outcome | None, recordings: frozenset[UUID]
) -> HoldReason | None:
    if criterion.kind is Kind.DURATION:
        return None  # Its two time stamps are asked for; the rest is arithmetic.
    if answer is None:
        return HoldReason.INCOMPLETE if criterion.required else None
    if answer.given.status is Status.COULD_NOT_CHECK and not (answer.reason or "").strip():
        return HoldReason.INCOMPLETE
    if answer.given.status is not Status.ANSWERED:
        return None
    not_green = outcome is not None and outcome.zone in (Zone.YELLOW, Zone.RED)
    wants_photos = _is_needed(criterion.evidence, not_green) or criterion.kind is Kind.PHOTO
    if wants_photos and len(set(answer.photo_ids) - recordings) < criterion.evidence_at_least:
        return HoldReason.EVIDENCE_MISSING
    if _is_needed(criterion.comment, not_green) and not (answer.comment or "").strip():
        return HoldReason.EVIDENCE_MISSING
    return None


def _is_needed(rule: str, not_green: bool) -> bool:
    return rule == "required" or (rule == "not_green" and not_green)


def _may_be_heard(session: Session, visit_id: UUID, place: AssignedPlace, report: Report) -> bool:
    """Whether the project allows recordings, and its inspector has confirmed the consent that it demands."""
    if not session.scalar(select(Project.audio).where(Project.id == place.project_id)):
        return False
    if report.consents is not None:
        return any(consent.what == AUDIO for consent in report.consents)
    before = session.scalar(select(Visit.consents).where(Visit.id == visit_id))
    return any(consent["what"] == AUDIO for consent in before or ())


def _touchpoints_known(session: Session, place: AssignedPlace, report: Report) -> bool:
    named = {practice.touchpoint_id for practice in report.best_practices}
    if not named:
        return True
    known = select(Touchpoint.id).where(Touchpoint.id.in_(named), Touchpoint.project_id == place.project_id)
    return len(session.scalars(known).all()) == len(named)
