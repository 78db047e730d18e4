"""The correction of one answer: a form for any kind of criterion, filled with what stands now."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.errors import DerivedAnswer, DomainError, NotFound, ReviewNotPossible
from checklists.review import Content, correct, corrections_of
from checklists.scoring import FormCriterion, Status, read_form
from checklists.visits import Visit, VisitState
from inspector.auth import REVIEWERS, person, roles
from inspector.languages import words
from inspector.manager.forms import LONGEST_TEXT, Form, PageAnswer
from inspector.manager.kinds import KINDS, Control
from inspector.manager.visits.answers import Part, Said, in_words, limits_in_words, parts_of_visit
from inspector.manager.visits.circumstances import circumstances
from inspector.manager.visits.place import LONGEST_REASON, blueprint, carried, visit_asked
from inspector.manager.words import STATUSES
from inspector.trail import reads_personal
from inspector.transactions import reading, writing

SECONDS = "%Y-%m-%dT%H:%M:%S"


@blueprint.get("/<uuid:visit_id>/answers/<uuid:criterion_id>/<int:repetition>")
@roles(*REVIEWERS)
@reads_personal("visit", of="visit_id")
def show_correction(visit_id: UUID, criterion_id: UUID, repetition: int) -> PageAnswer:
    with reading() as session:
        visit, part, said = _asked(session, visit_id, criterion_id, repetition)
        return _page(visit, part, said, _filled(said, circumstances(visit).zone))


@blueprint.post("/<uuid:visit_id>/answers/<uuid:criterion_id>/<int:repetition>")
@roles(*REVIEWERS)
def correct_answer(visit_id: UUID, criterion_id: UUID, repetition: int) -> PageAnswer:
    form = Form.sent()
    try:
        with writing() as session:
            visit, _part, said = _asked(session, visit_id, criterion_id, repetition)
            content = _content(form, said.criterion, circumstances(visit).zone)
            reason = form.text("reason", longest=LONGEST_REASON)
            form.check()
            reviewer_id, now = person().user.id, datetime.now(UTC)
            correct(session, visit_id, reviewer_id, criterion_id, repetition, content, reason, now)
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        with reading() as session:
            return _page(*_asked(session, visit_id, criterion_id, repetition), form)
    flash(_("The answer was corrected and the visit scored anew. What was sent stays as it came."), "done")
    return redirect(
        url_for("visits.show", visit_id=visit_id, **carried(), _anchor=f"answer-{criterion_id}.{repetition}")
    )


def _asked(session: Session, visit_id: UUID, criterion_id: UUID, repetition: int) -> tuple[Visit, Part, Said]:
    """The answer as the visit's page shows it. Raises NotFound, ReviewNotPossible, DerivedAnswer."""
    visit = visit_asked(session, visit_id)
    if visit.version is None or visit.version.document is None:
        raise NotFound
    if visit.state is not VisitState.RECEIVED:
        raise ReviewNotPossible
    corrections = corrections_of(session, visit.id, visit.revision)
    for part in parts_of_visit(visit, read_form(visit.version.document), corrections):
        for said in part.said:
            if (said.criterion.id, said.repetition) == (criterion_id, repetition):
                if KINDS[said.criterion.kind].control is Control.NOTHING:
                    raise DerivedAnswer
                return visit, part, said
    raise NotFound


def _page(visit: Visit, part: Part, said: Said, form: Form) -> PageAnswer:
    criterion = said.criterion
    statuses = [
        (status.value, STATUSES[status])
        for status in Status
        if status is not Status.NOT_APPLICABLE or criterion.may_be_not_applicable
    ]
    page = render_template(
        "visits/correction.html",
        visit=visit,
        part=part,
        said=said,
        criterion=criterion,
        control=KINDS[criterion.kind].control.value,
        statuses=statuses,
        stands=in_words(criterion, said.content or {"status": "not_answered"}, said.photo_ids),
        zone=circumstances(visit).zone,
        own_words=any(option.free_text for option in criterion.options.values()),
        form=form,
        carried=carried(),
        limits=limits_in_words(criterion),
        scale=_scale(criterion),
    )
    return page, form.status


def _scale(criterion: FormCriterion) -> list[tuple[int, str]]:
    """The steps of a rating, those at its ends with their words."""
    if KINDS[criterion.kind].control is not Control.SCALE:
        return []
    lowest, highest = criterion.settings["lowest"], criterion.settings["highest"]
    ends = {lowest: criterion.settings.get("lowest_words"), highest: criterion.settings.get("highest_words")}
    return [(step, " – ".join(filter(None, (str(step), words(ends.get(step)))))) for step in range(lowest, highest + 1)]


def _filled(said: Said, zone: ZoneInfo) -> Form:
    content = said.content
    values: dict[str, Any] = {"status": Status.ANSWERED}
    if content is not None:
        values = {**content, "status": content["status"], "value": _typed(said.criterion, content["value"], zone)}
    return Form.showing(**values)


def _typed(criterion: FormCriterion, value: float | str | None, zone: ZoneInfo) -> float | str | None:
    """The value as one would type it; a moment by the outlet's clock."""
    if KINDS[criterion.kind].control is not Control.TAP or not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value).astimezone(zone).strftime(SECONDS)
    except ValueError:
        return ""


def _content(form: Form, criterion: FormCriterion, zone: ZoneInfo) -> Content:
    """The answer that was entered; whether it can stand, the domain says."""
    status = form.one_of("status", Status)
    answered = status is Status.ANSWERED
    return {
        "status": status.value,
        "states": form.chosen("states") if answered else [],
        "options": form.chosen("options") if answered else [],
        "value": _value(form, criterion, zone) if answered else None,
        "comment": form.text("comment", longest=LONGEST_TEXT) or None,
    }


def _value(form: Form, criterion: FormCriterion, zone: ZoneInfo) -> float | str | None:
    match KINDS[criterion.kind].control:
        case Control.NUMBER | Control.SCALE:
            return form.number("value")
        case Control.TAP:
            return _moment(form.text("value"), zone)
    return form.text("value", longest=LONGEST_TEXT) or None


def _moment(entered: str, zone: ZoneInfo) -> str | None:
    """A moment of the outlet's clock with its offset; what cannot be read goes on as it is, to be refused."""
    try:
        moment = datetime.fromisoformat(entered)
    except ValueError:
        return entered or None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
