"""Answers as CSV: one row for each answer, with the visit that it belongs to."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from flask import Blueprint, Response, g
from flask_babel import gettext as _

from checklists.checklist import Unit
from checklists.journey import touchpoint_names
from checklists.review import corrected_answers
from checklists.scoring import Form, FormCriterion, FormSection
from checklists.visits import Answer, Visit, every_visit, form_of
from inspector.auth import READERS, roles
from inspector.exports.about_visit import about_visit, titles_about_visit
from inspector.exports.chosen import Chosen, chosen
from inspector.exports.csv_stream import Cell, csv_response
from inspector.languages import words
from inspector.manager.entrance import may_review
from inspector.trail import reads_personal
from inspector.transactions import reading

blueprint = Blueprint("export_answers", __name__, url_prefix="/o/<organization>/<project>/exports")


@blueprint.get("/answers.csv")
@roles(*READERS)
@reads_personal("answers")
def download() -> Response:
    selection = chosen()
    return csv_response(selection.file_name("answers"), _header(), _rows(selection), without=_inner_columns())


def _inner_columns() -> Sequence[str]:
    """What is nobody's business but the agency's."""
    if may_review():
        return ()
    return (
        _("State"),
        _("Inspector"),
        _("Received (UTC)"),
        _("Corrected (1 = yes)"),
        _("Score of the visit as sent (0..1)"),
    )


def _header() -> Sequence[str]:
    return (
        _("Visit"),
        _("State"),
        *titles_about_visit(),
        _("Received (UTC)"),
        _("Checklist"),
        _("Version"),
        _("Touchpoint"),
        _("Section"),
        _("Criterion"),
        _("Criterion id"),
        _("Kind"),
        _("Status"),
        _("Expected states seen"),
        _("Forbidden states seen"),
        _("Options chosen"),
        _("Value"),
        _("Unit"),
        _("Zone"),
        _("Points"),
        _("Points possible"),
        _("Reason"),
        _("Comment"),
        _("Photos"),
        _("Photo ids"),
        _("Repetition"),
        _("Label of the repetition"),
        _("Not shown (1 = kept, not scored)"),
        _("Corrected (1 = yes)"),
        _("Check failed (1 = a critical criterion is red)"),
        _("Score of the visit (0..1)"),
        _("Score of the visit as sent (0..1)"),
        _("Grade"),
    )


def _rows(selection: Chosen) -> Iterator[Sequence[Cell]]:
    with reading() as session:
        touchpoints = {each: words(name) for each, name in touchpoint_names(session, g.project.id).items()}
        corrected = corrected_answers(session, g.project.id)
        for visit in every_visit(session, g.project.id, wave_id=selection.wave_id, state=selection.state):
            form = form_of(session, visit.version_id) if visit.version_id else None
            if visit.answers and form is not None:
                yield from _rows_of_visit(visit, form, touchpoints, corrected.get(visit.id, frozenset()))


def _rows_of_visit(
    visit: Visit, form: Form, touchpoints: Mapping[UUID, str], corrected: Collection[tuple[UUID, int]]
) -> Iterator[Sequence[Cell]]:
    """The visit's answers in the order of the checklist, repetition after repetition."""
    labels = {(each["section_id"], each["repetition"]): each["label"] for each in visit.repetitions}
    failed = {check.id: check.failed for check in visit.checks}
    grade = form.grade(visit.score) if visit.score is not None else None
    of_score: list[Cell] = [visit.score, visit.sealed_score, words(grade)]
    of_visit: list[Cell] = [
        visit.id,
        visit.state,
        *about_visit(visit),
        visit.received_at,
        words(form.title),
        form.number,
    ]
    seen = {str(photo.id) for photo in visit.photos}  # A client does not see them all.
    given: dict[UUID, list[Answer]] = {}
    for answer in visit.answers:
        given.setdefault(answer.criterion_id, []).append(answer)
    for section in form.sections:
        for criterion in section.criteria:
            for answer in sorted(given.get(criterion.id, ()), key=lambda each: each.repetition):
                yield [
                    *of_visit,
                    *_answer(section, criterion, answer, touchpoints, seen),
                    answer.repetition + 1 if section.repeats else None,
                    labels.get((str(section.id), answer.repetition)),
                    answer.hidden,
                    (criterion.id, answer.repetition) in corrected,
                    failed.get(answer.check_id) if answer.check_id else None,
                    *of_score,
                ]


def _answer(
    section: FormSection,
    criterion: FormCriterion,
    answer: Answer,
    touchpoints: Mapping[UUID, str],
    seen_photos: Collection[str],
) -> Sequence[Cell]:
    photo_ids = [photo_id for photo_id in answer.photo_ids if photo_id in seen_photos]
    seen = [state for state in criterion.states.values() if str(state.id) in answer.states]
    chosen_options = [option for option in criterion.options.values() if str(option.id) in answer.options]
    return [
        touchpoints.get(section.touchpoint_id),
        words(section.title),
        words(criterion.text),
        criterion.id,
        criterion.kind,
        answer.status,
        _joined(words(state.text) for state in seen if not state.forbidden),
        _joined(words(state.text) for state in seen if state.forbidden),
        _joined(words(option.text) for option in chosen_options),
        answer.value if answer.words is None else answer.words,
        Unit(criterion.unit) if criterion.unit else None,
        answer.zone,
        answer.points,
        answer.possible,
        answer.reason,
        answer.comment,
        len(photo_ids),
        " ".join(photo_ids),
    ]


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(texts)
