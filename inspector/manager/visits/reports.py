"""Two reports of one visit: what the later one says otherwise, in sentences."""

from collections.abc import Iterator
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext

from checklists.scoring import Form
from checklists.visits import AnswerReport, Report
from inspector.languages import words
from inspector.manager.visits.answers import content_of_report, in_words

MOST_DIFFERENCES = 50


def differences(before: Report, after: Report, form: Form | None) -> list[str]:
    """What changed from one report to another, the answers in the order of the checklist; nothing where all is alike.

    `form` explains the answers; without it they are only counted.
    """
    found = [*_of_the_visit(before, after), *_of_answers(before, after, form), *_of_lists(before, after)]
    more = len(found) - MOST_DIFFERENCES
    if more > 0:
        found[MOST_DIFFERENCES:] = [ngettext("and %(num)s more", "and %(num)s more", more)]
    return list(map(str, found))


def _of_the_visit(before: Report, after: Report) -> Iterator[str]:
    if before.assignment_id != after.assignment_id:
        yield _("It is for another assignment.")
    if before.version_id != after.version_id:
        yield _("It was made with another version of the checklist.")
    if (before.started_at, before.finished_at) != (after.started_at, after.finished_at):
        yield _("The times of the visit are others.")
    if before.device_id != after.device_id:
        yield _("It came from another phone.")
    if before.positions != after.positions:
        yield _("The recorded positions are others.")


def _of_answers(before: Report, after: Report, form: Form | None) -> Iterator[str]:
    old, new = _by_key(before), _by_key(after)
    changed = {key for key in {**old, **new} if old.get(key) != new.get(key)}
    if form is None:
        if changed:
            yield ngettext("%(num)s answer differs.", "%(num)s answers differ.", len(changed))
        return
    for section in form.sections:
        for criterion in section.criteria:
            for key in sorted(key for key in changed if key[0] == criterion.id):
                yield _(
                    "%(section)s, %(criterion)s: %(old)s → %(new)s",
                    section=words(section.title) + (f" {key[1] + 1}" if section.repeats else ""),
                    criterion=words(criterion.text),
                    old=_said(form, old.get(key)),
                    new=_said(form, new.get(key)),
                )
    unknown = sum(key[0] not in form.criteria for key in changed)
    if unknown:
        yield ngettext(
            "%(num)s answer to an unknown criterion differs.", "%(num)s answers to unknown criteria differ.", unknown
        )


def _by_key(report: Report) -> dict[tuple[UUID, int], AnswerReport]:
    return {(answer.given.criterion_id, answer.given.repetition): answer for answer in report.answers}


def _said(form: Form, answer: AnswerReport | None) -> str:
    """The answer with its comment and the number of its photos."""
    if answer is None:
        return str(_("not answered"))
    photos = len(answer.photo_ids)
    criterion = form.criteria[answer.given.criterion_id]
    said = [in_words(criterion, content_of_report(answer), list(map(str, answer.photo_ids)))]
    said += [str(_("“%(text)s”", text=answer.comment))] if answer.comment else []
    said += [ngettext("%(num)s photo", "%(num)s photos", photos)] if photos else []
    return ", ".join(map(str, said))


def _of_lists(before: Report, after: Report) -> Iterator[str]:
    added = len({photo.id for photo in after.photos} - {photo.id for photo in before.photos})
    gone = len({photo.id for photo in before.photos} - {photo.id for photo in after.photos})
    if added:
        yield ngettext("%(num)s photo more.", "%(num)s photos more.", added)
    if gone:
        yield ngettext("%(num)s photo less.", "%(num)s photos less.", gone)
    if before.staff_met != after.staff_met:
        yield _("The list of the staff met is another.")
    if before.best_practices != after.best_practices:
        yield _("The best practices are others.")
