"""What a visit comes to: its answers and checks as rows, written at the intake and anew after a correction."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.orm import Base, new_id
from checklists.quick import id_text, insert_rows
from checklists.scoring import (
    CheckResult,
    Form,
    FormCriterion,
    Given,
    Key,
    Kind,
    Outcome,
    Scored,
    is_number,
    read_form,
    score_visit,
)
from checklists.visits.report import AnswerReport, BestPracticeReport, Report
from checklists.visits.tables import Answer, BestPractice, Check, Visit

_REFUSED = re.compile("[\x00\ud800-\udfff]")

# Published documents never change, so a process may keep what it has read of them.
_FORMS: dict[UUID, Form] = {}
_MOST_FORMS = 200


def form_of(session: Session, version_id: UUID) -> Form | None:
    """A published version, ready for scoring; None for a draft, or where there is no such version."""
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


def results_of(
    visit: Visit, form: Form, report: Report, scored: Scored, brand_id: UUID
) -> dict[type[Base], list[dict[str, Any]]]:
    """The rows of checks, answers and best practices that a report comes to; organization and visit are left out.

    What the visit itself has of them is noted there. It needs its assignment's places; it may not be written yet.
    """
    visit.version_id = form.version_id
    visit.points, visit.possible, visit.score = scored.points, scored.possible, scored.score
    visit.sealed_score = scored.score
    check_ids = {result.touchpoint_id: new_id() for result in scored.checks}
    return {
        Check: [
            {
                "id": check_ids[result.touchpoint_id],
                "brand_id": brand_id,
                "sealed_score": result.score,
                **_check_row(visit, result),
            }
            for result in scored.checks
        ],
        Answer: _rows_of_answers(visit, form, report.answers, scored, check_ids),
        BestPractice: [
            _best_practice_row(visit, brand_id, position, each) for position, each in enumerate(report.best_practices)
        ],
    }


def _check_row(visit: Visit, result: CheckResult) -> dict[str, Any]:
    """What a check has of its visit and its result; id, brand and sealed score are the caller's."""
    return {
        "wave_id": visit.wave_id,
        "touchpoint_id": result.touchpoint_id,
        "outlet_id": visit.outlet_id,
        "version_id": visit.version_id,
        "score": result.score,
        "points": result.points,
        "possible": result.possible,
        "zone": result.zone,
        "failed": result.failed,
        "capped_at": result.capped_at,
        "valid": result.valid,
        "absent": result.absent,
        "forbidden_seen": result.forbidden_seen,
        "forbidden_possible": result.forbidden_possible,
        "skipped": result.skipped,
    }


def _rows_of_answers(
    visit: Visit, form: Form, answers: Iterable[AnswerReport], scored: Scored, check_ids: Mapping[UUID, UUID]
) -> list[dict[str, Any]]:
    """A row for each answer to one of the form's criteria, and each derived duration. Of two answers to one question
    neither counts, so that both stay in the sealed body alone.
    """
    rows: dict[Key, dict[str, Any]] = {}
    given_as = [((each.given.criterion_id, each.given.repetition), each) for each in answers]
    times = Counter(key for key, _ in given_as)
    for key, answer in given_as:
        criterion = form.criteria.get(key[0])
        if criterion is not None and criterion.kind is not Kind.DURATION and times[key] == 1:
            rows[key] = _answer_row(visit, criterion, answer, scored.outcomes[key], check_ids)
    for key, given in scored.derived.items():
        answer = AnswerReport(given, None, None, ())
        rows[key] = _answer_row(visit, form.criteria[key[0]], answer, scored.outcomes[key], check_ids)
    return list(rows.values())


def _answer_row(
    visit: Visit, criterion: FormCriterion, answer: AnswerReport, outcome: Outcome, check_ids: Mapping[UUID, UUID]
) -> dict[str, Any]:
    given = answer.given
    return {
        "criterion_id": criterion.id,
        "repetition": given.repetition,
        "check_id": check_ids.get(criterion.touchpoint_id),
        "lineage_id": criterion.lineage_id,
        "status": given.status,
        "states": sorted(map(id_text, given.states)),
        "options": sorted(map(id_text, given.options)),
        "value": float(given.value) if given.value is not None and is_number(given.value) else None,
        "words": plain(visit, given.value) if isinstance(given.value, str) else None,
        "reason": plain(visit, answer.reason),
        "comment": plain(visit, answer.comment),
        "photo_ids": [str(photo_id) for photo_id in answer.photo_ids],
        **_outcome_row(outcome),
    }


def _outcome_row(outcome: Outcome) -> dict[str, Any]:
    return {
        "zone": outcome.zone,
        "points": outcome.points,
        "possible": outcome.possible,
        "forbidden_seen": outcome.forbidden_seen,
        "forbidden_possible": outcome.forbidden_possible,
        "hidden": outcome.hidden,
    }


def _best_practice_row(visit: Visit, brand_id: UUID, position: int, practice: BestPracticeReport) -> dict[str, Any]:
    return {
        "id": new_id(),
        "project_id": visit.project_id,
        "wave_id": visit.wave_id,
        "touchpoint_id": practice.touchpoint_id,
        "brand_id": brand_id,
        "outlet_id": visit.outlet_id,
        "position": position,
        "kind": practice.kind,
        "text": plain(visit, practice.text),
        "photo_ids": [str(photo_id) for photo_id in practice.photo_ids],
    }


def plain(visit: Visit, words: str | None) -> str | None:
    """The words as a database takes them. What it refuses (NUL, lone surrogates) stays in the sealed body; here it
    is replaced and flagged.
    """
    if words is None or not _REFUSED.search(words):
        return words
    visit.text_replaced = True
    return _REFUSED.sub("\N{REPLACEMENT CHARACTER}", words)


def clear_results(session: Session, visit: Visit) -> None:
    """Take the answers, checks and best practices of an earlier revision away; its report stays sealed."""
    for table in (Answer, Check, BestPractice):
        session.execute(delete(table).where(table.visit_id == visit.id).execution_options(synchronize_session="fetch"))
    visit.points = visit.possible = visit.score = visit.sealed_score = None


def rescore(session: Session, visit: Visit) -> None:
    """Score the visit's answers as the database has them now, hidden ones too, and bring its checks up to date.

    What was sent keeps its score in `sealed_score`. Raises nothing for answers with a fault: they count as not given.
    """
    assert visit.version_id is not None
    form = form_of(session, visit.version_id)
    assert form is not None
    answers = {
        (answer.criterion_id, answer.repetition): answer
        for answer in session.scalars(
            select(Answer).where(Answer.visit_id == visit.id), execution_options={"populate_existing": True}
        )
    }
    begun = [(UUID(each["section_id"]), each["repetition"]) for each in visit.repetitions]
    # A derived duration is no answer that was given: scoring takes the time stamps and derives it anew.
    scored = score_visit(form, map(given_of, answers.values()), visit.outlet_attributes, begun)
    check_ids = _bring_checks_up_to_date(session, visit, scored)
    for key, answer in answers.items():
        criterion = form.criteria[key[0]]
        if criterion.kind is Kind.DURATION and key not in scored.derived:
            session.delete(answer)
            continue
        answer.check_id = check_ids.get(criterion.touchpoint_id)
        if key in scored.derived:
            answer.value = float(scored.derived[key].value or 0)
        for name, value in _outcome_row(scored.outcomes[key]).items():
            setattr(answer, name, value)
    rows = [
        _answer_row(visit, form.criteria[key[0]], AnswerReport(given, None, None, ()), scored.outcomes[key], check_ids)
        for key, given in scored.derived.items()
        if key not in answers
    ]
    insert_rows(session, {Answer: rows}, organization_id=visit.organization_id, visit_id=visit.id)
    visit.points, visit.possible, visit.score = scored.points, scored.possible, scored.score
    session.flush()
    _drop_checks(session, visit, check_ids.values())


def given_of(answer: Answer) -> Given:
    """An answer's row as scoring takes it."""
    return Given(
        answer.criterion_id,
        answer.repetition,
        answer.status,
        frozenset(map(UUID, answer.states)),
        frozenset(map(UUID, answer.options)),
        answer.value if answer.words is None else answer.words,
    )


def _bring_checks_up_to_date(session: Session, visit: Visit, scored: Scored) -> dict[UUID, UUID]:
    """The visit's checks by touchpoint, changed or made; those that are no more are dropped at the end."""
    found = session.scalars(
        select(Check).where(Check.visit_id == visit.id), execution_options={"populate_existing": True}
    )
    checks = {check.touchpoint_id: check for check in found}
    check_ids = {}
    for result in scored.checks:
        check = checks.get(result.touchpoint_id)
        if check is None:
            check = Check(
                id=new_id(),
                organization_id=visit.organization_id,
                visit_id=visit.id,
                brand_id=session.get_one(Outlet, visit.outlet_id).brand_id,
            )
            session.add(check)
        for name, value in _check_row(visit, result).items():
            setattr(check, name, value)
        check_ids[result.touchpoint_id] = check.id
    session.flush()
    return check_ids


def _drop_checks(session: Session, visit: Visit, keep: Iterable[UUID]) -> None:
    gone = delete(Check).where(Check.visit_id == visit.id, Check.id.not_in(list(keep)))
    session.execute(gone.execution_options(synchronize_session="fetch"))
    session.expire(visit, ["checks", "answers"])
