"""Visits as CSV: one row for each visit, with its score and that of each of its checks."""

from collections.abc import Iterator, Mapping, Sequence

from flask import Blueprint, Response, g
from flask_babel import gettext as _

from checklists.journey import Touchpoint, touchpoints_of
from checklists.review import corrected_answers, practices_by_visit
from checklists.visits import Visit, every_visit, form_of
from inspector.auth import READERS, roles
from inspector.exports.about_visit import about_visit, titles_about_visit
from inspector.exports.chosen import Chosen, chosen
from inspector.exports.csv_stream import Cell, csv_response
from inspector.languages import words
from inspector.manager.entrance import may_review
from inspector.trail import reads_personal
from inspector.transactions import reading

blueprint = Blueprint("export_visits", __name__, url_prefix="/o/<organization>/<project>/exports")


@blueprint.get("/visits.csv")
@roles(*READERS)
@reads_personal("visits")
def download() -> Response:
    selection = chosen()
    with reading() as session:
        touchpoints = touchpoints_of(session, g.project.id)
    rows = _rows(selection, touchpoints)
    return csv_response(selection.file_name("visits"), _header(touchpoints), rows, without=_inner_columns())


def _inner_columns() -> Sequence[str]:
    """What is nobody's business but the agency's."""
    if may_review():
        return ()
    return (
        _("State"),
        _("Why it is held"),
        _("Inspector"),
        _("Received (UTC)"),
        _("Begun after its window (1 = yes)"),
        _("Revision"),
        _("Score as sent (0..1)"),
        _("Corrected answers"),
    )


def _header(touchpoints: Sequence[Touchpoint]) -> Sequence[str]:
    return (
        _("Visit"),
        _("State"),
        _("Why it is held"),
        *titles_about_visit(),
        _("Seconds taken"),
        _("Received (UTC)"),
        _("Begun after its window (1 = yes)"),
        _("Score (0..1)"),
        _("Points"),
        _("Points possible"),
        _("Checks"),
        _("Checks that count"),
        _("Absent here"),
        _("Forbidden states seen"),
        _("Photos promised"),
        _("Photos received"),
        *(
            title
            for touchpoint in touchpoints
            for title in (
                _("%(touchpoint)s: score (0..1)", touchpoint=words(touchpoint.name)),
                _("%(touchpoint)s: zone", touchpoint=words(touchpoint.name)),
            )
        ),
        _("Revision"),
        _("Score as sent (0..1)"),
        _("Corrected answers"),
        _("Grade"),
        _("Failed checks"),
        _("Answers not shown"),
        _("Repetitions"),
        _("Staff met"),
        _("Best practices"),
        _("Receipts"),
    )


def _rows(selection: Chosen, touchpoints: Sequence[Touchpoint]) -> Iterator[Sequence[Cell]]:
    with reading() as session:
        corrected = corrected_answers(session, g.project.id)
        practices = practices_by_visit(session, g.project.id)
        for visit in every_visit(session, g.project.id, wave_id=selection.wave_id, state=selection.state):
            form = form_of(session, visit.version_id) if visit.version_id else None
            yield [
                *_row(visit, touchpoints),
                visit.revision,
                visit.sealed_score,
                len(corrected.get(visit.id, ())),
                words(form.grade(visit.score)) if form and visit.score is not None else None,
                sum(check.failed for check in visit.checks),
                sum(answer.hidden for answer in visit.answers),
                len(visit.repetitions),
                len(visit.staff_met),
                practices.get(visit.id, 0),
                "; ".join(_receipt(photo.receipt) for photo in visit.photos if photo.receipt),
            ]


def _receipt(receipt: Mapping[str, str | None]) -> str:
    """What was paid, such as "350.00 RUB"; a dash where the receipt alone says it."""
    return " ".join(filter(None, (receipt.get("amount"), receipt.get("currency")))) or "–"


def _row(visit: Visit, touchpoints: Sequence[Touchpoint]) -> Sequence[Cell]:
    due = visit.assignment
    checks = {check.touchpoint_id: check for check in visit.checks}
    by_touchpoint: list[Cell] = []
    for touchpoint in touchpoints:
        check = checks.get(touchpoint.id)
        by_touchpoint += [check.score, check.zone] if check and check.valid else [None, None]
    return [
        visit.id,
        visit.state,
        visit.hold_reason,
        *about_visit(visit),
        None if visit.elapsed_ms is None else visit.elapsed_ms / 1000,
        visit.received_at,
        visit.started_at > due.due_until if visit.started_at and due else None,
        visit.score,
        visit.points,
        visit.possible,
        len(checks),
        sum(check.valid for check in checks.values()),
        sum(check.absent for check in checks.values()),
        sum(check.forbidden_seen for check in checks.values()),
        len(visit.photos),
        sum(photo.stored_at is not None for photo in visit.photos),
        *by_touchpoint,
    ]
