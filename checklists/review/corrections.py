"""Corrections: a layer over what the inspector sent. Each keeps who, when, why, the old answer and the new one."""

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from checklists.errors import N_, DerivedAnswer, InvalidInput, NotFound, NothingCorrected, ReasonRequired
from checklists.review.decisions import lock_visit
from checklists.review.tables import Correction
from checklists.scoring import Fault, Form, FormCriterion, FormSection, Given, Kind, Status, answer_fault
from checklists.visits import Answer, Visit, VisitState, form_of, rescore


class Content(TypedDict):
    """What a correction replaces in an answer, as it stands in its row; ids as text."""

    status: str
    states: list[str]
    options: list[str]
    value: float | str | None
    comment: str | None


FAULTS = {
    Fault.UNKNOWN_CRITERION: N_("This criterion does not belong to the checklist."),
    Fault.GIVEN_TWICE: N_("This criterion was answered twice."),
    Fault.REPEATED: N_("The section cannot be repeated as often as that."),
    Fault.UNKNOWN_STATE: N_("A state does not belong to the criterion."),
    Fault.UNKNOWN_OPTION: N_("An option does not belong to the criterion."),
    Fault.MUST_BE_APPLICABLE: N_("This criterion cannot be called not applicable."),
    Fault.WITHOUT_CONTENT: N_("Please give an answer."),
    Fault.NOT_A_NUMBER: N_("Please enter a number."),
    Fault.NOT_A_DATE: N_("Please enter a date."),
    Fault.NOT_A_MOMENT: N_("Please enter a date and a time."),
    Fault.OUT_OF_RANGE: N_("This number cannot be right."),
    Fault.SEVERAL_OPTIONS: N_("Please choose one option only."),
}
"""Why an answer cannot stand, to whoever enters it."""


def correct(
    session: Session,
    visit_id: UUID,
    reviewer_id: UUID,
    criterion_id: UUID,
    repetition: int,
    new: Content,
    reason: str,
    now: datetime,
) -> Correction:
    """Replace one answer of a visit that waits for its review, and score the visit anew; what was sent stays sealed.

    A criterion without an answer may be given one. Raises ReasonRequired, NotFound for a criterion or repetition that
    the visit does not have, DerivedAnswer, NothingCorrected, InvalidInput where the answer cannot stand, and
    ReviewNotPossible.
    """
    if not reason.strip():
        raise ReasonRequired
    visit = lock_visit(session, visit_id, VisitState.RECEIVED)
    form = form_of(session, visit.version_id) if visit.version_id else None
    if form is None:
        raise NotFound
    criterion = _asked(form, visit, criterion_id, repetition)
    _refuse_impossible(criterion, repetition, new)
    # As it is now, not as it was read before the visit was locked: another reviewer may have corrected it in between.
    answer = session.get(Answer, (visit.id, criterion_id, repetition), populate_existing=True)
    old = content_of(answer)
    if old is not None and _same(old, new):
        raise NothingCorrected
    if answer is None:
        answer = _new_answer(visit, criterion, repetition)
        session.add(answer)
    _put(answer, new)
    correction = Correction(
        organization_id=visit.organization_id,
        visit_id=visit.id,
        revision=visit.revision,
        criterion_id=criterion_id,
        repetition=repetition,
        old=dict(old or NOT_ANSWERED),
        new=dict(new),
        reason=reason.strip(),
        by_id=reviewer_id,
        at=now,
    )
    session.add(correction)
    session.flush()
    rescore(session, visit)
    return correction


def _asked(form: Form, visit: Visit, criterion_id: UUID, repetition: int) -> FormCriterion:
    """The criterion as this visit was asked it, in one of the repetitions that there were."""
    for section in form.sections:
        for criterion in section.criteria:
            if criterion.id == criterion_id:
                if criterion.kind is Kind.DURATION:
                    raise DerivedAnswer
                if repetition not in _repetitions(visit, section):
                    raise NotFound
                return criterion
    raise NotFound


def _repetitions(visit: Visit, section: FormSection) -> set[int]:
    if not section.repeats:
        return {0}
    mine = {criterion.id for criterion in section.criteria}
    begun = {int(each["repetition"]) for each in visit.repetitions if each["section_id"] == str(section.id)}
    return begun | {answer.repetition for answer in visit.answers if answer.criterion_id in mine} or {0}


def _refuse_impossible(criterion: FormCriterion, repetition: int, new: Content) -> None:
    try:
        given = Given(
            criterion.id,
            repetition,
            Status(new["status"]),
            frozenset(map(UUID, new["states"])),
            frozenset(map(UUID, new["options"])),
            new["value"],
        )
    except ValueError:
        raise InvalidInput({"answer": N_("Please give an answer.")}) from None
    if fault := answer_fault(criterion, given):
        raise InvalidInput({"answer": FAULTS[fault]})


NOT_ANSWERED: Content = {"status": "not_answered", "states": [], "options": [], "value": None, "comment": None}
"""What stood where a criterion was not answered before."""


def content_of(answer: Answer | None) -> Content | None:
    """The part of an answer that a correction replaces."""
    if answer is None:
        return None
    return {
        "status": answer.status.value,
        "states": list(answer.states),
        "options": list(answer.options),
        "value": answer.value if answer.words is None else answer.words,
        "comment": answer.comment,
    }


def _same(old: Content, new: Content) -> bool:
    return _comparable(old) == _comparable(new)


def _comparable(content: Content) -> tuple[Any, ...]:
    return (
        content["status"],
        frozenset(content["states"]),
        frozenset(content["options"]),
        content["value"],
        content["comment"] or "",
    )


def _new_answer(visit: Visit, criterion: FormCriterion, repetition: int) -> Answer:
    return Answer(
        organization_id=visit.organization_id,
        visit_id=visit.id,
        criterion_id=criterion.id,
        repetition=repetition,
        lineage_id=criterion.lineage_id,
        photo_ids=[],
        points=0.0,
        possible=0.0,
        forbidden_seen=0,
        forbidden_possible=0,
    )


def _put(answer: Answer, new: Content) -> None:
    value = new["value"]
    answer.status = Status(new["status"])
    answer.states, answer.options = sorted(new["states"]), sorted(new["options"])
    answer.value = None if isinstance(value, str) else value
    answer.words = value if isinstance(value, str) else None
    answer.comment = new["comment"] or None


def corrections_of(session: Session, visit_id: UUID, revision: int | None = None) -> list[Correction]:
    """The visit's corrections, oldest first; those of one revision, or of all: an older revision's no longer apply."""
    query = select(Correction).where(Correction.visit_id == visit_id)
    if revision is not None:
        query = query.where(Correction.revision == revision)
    return list(session.scalars(query.order_by(Correction.at, Correction.id).options(selectinload(Correction.by))))


def corrected_answers(session: Session, project_id: UUID) -> dict[UUID, set[tuple[UUID, int]]]:
    """Which answers of the project were corrected in their visits' last revision: (criterion, repetition) by visit."""
    found: dict[UUID, set[tuple[UUID, int]]] = {}
    for visit_id, criterion_id, repetition in session.execute(
        select(Correction.visit_id, Correction.criterion_id, Correction.repetition)
        .join(Visit, (Visit.id == Correction.visit_id) & (Visit.revision == Correction.revision))
        .where(Visit.project_id == project_id)
    ):
        found.setdefault(visit_id, set()).add((criterion_id, repetition))
    return found
