"""Decisions on a visit: approved, sent back, rejected, reopened, put right; and the queue of those that wait."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.errors import DomainError, NotFound
from checklists.review import Note, approve, put_right, reject, reopen, send_back
from checklists.visits import Visit
from inspector.api.report_body import read_report
from inspector.auth import MANAGERS, REVIEWERS, person, roles
from inspector.manager.forms import Form, PageAnswer
from inspector.manager.lists import identity_asked
from inspector.manager.visits.held import accepted_body, read_put_right
from inspector.manager.visits.page import visit_page
from inspector.manager.visits.place import (
    LONGEST_REASON,
    blueprint,
    carried,
    in_queue,
    queue_asked,
    queue_filters,
    visit_asked,
)
from inspector.transactions import reading, writing


@blueprint.get("/queue")
@roles(*REVIEWERS)
def queue() -> PageAnswer:
    """On to the visit that waits longest, or to the one behind `after`."""
    with reading() as session:
        waiting = queue_asked(session)
        after = identity_asked("after")
        last = visit_asked(session, after) if after else None
        following = waiting.after(last)
    if following is None:
        flash(_("No other visit waits for a review here."), "done")
        return redirect(url_for("visits.index", **queue_filters()))
    decided: dict[str, Any] = {} if last is None or waiting.place(last.id) else {"last": last.id}
    return redirect(url_for("visits.show", visit_id=following, queue=1, **decided, **queue_filters()))


@blueprint.post("/<uuid:visit_id>/approval")
@roles(*REVIEWERS)
def approve_visit(visit_id: UUID) -> PageAnswer:
    def decide(session: Session, visit: Visit, _form: Form) -> None:
        approve(session, visit.id, person().user.id, datetime.now(UTC))

    return _decide(visit_id, decide, _("The visit was approved. It counts in the results now."))


@blueprint.post("/<uuid:visit_id>/return")
@roles(*REVIEWERS)
def return_visit(visit_id: UUID) -> PageAnswer:
    def decide(session: Session, visit: Visit, form: Form) -> None:
        reason = form.text("return_reason", longest=LONGEST_REASON)
        notes = _notes(form)
        form.check()
        send_back(session, visit.id, person().user.id, reason, notes, datetime.now(UTC))

    return _decide(
        visit_id, decide, _("The visit was sent back. The inspector finds it on the phone, with your notes.")
    )


def _notes(form: Form) -> list[Note]:
    """The notes beside the criteria: fields named note.<criterion>.<repetition>."""
    notes = []
    for name in sorted(each for each in form.typed if each.startswith("note.")):
        text = form.text(name, longest=LONGEST_REASON)
        try:
            _note, criterion_id, repetition = name.split(".")
            notes.append(Note(UUID(criterion_id), int(repetition), text))
        except ValueError:
            raise NotFound from None
    return notes


@blueprint.post("/<uuid:visit_id>/rejection")
@roles(*REVIEWERS)
def reject_visit(visit_id: UUID) -> PageAnswer:
    def decide(session: Session, visit: Visit, form: Form) -> None:
        reason = form.text("reason", longest=LONGEST_REASON)
        form.check()
        reject(session, visit.id, person().user.id, reason, datetime.now(UTC))

    return _decide(visit_id, decide, _("The visit was rejected. Its place in the plan is open again."))


@blueprint.post("/<uuid:visit_id>/reopening")
@roles(*REVIEWERS)
def reopen_visit(visit_id: UUID) -> PageAnswer:
    def decide(session: Session, visit: Visit, form: Form) -> None:
        reason = form.text("reopening_reason", longest=LONGEST_REASON)
        form.check()
        reopen(session, visit.id, person().user.id, reason, datetime.now(UTC))

    return _decide(visit_id, decide, _("The visit waits for its review again. Until then it does not count."))


@blueprint.post("/<uuid:visit_id>/placing")
@roles(*MANAGERS)
def put_visit_right(visit_id: UUID) -> PageAnswer:
    def decide(session: Session, visit: Visit, form: Form) -> None:
        right = read_put_right(session, form)
        put_right(
            session,
            visit.id,
            person().user.id,
            read_report(accepted_body(session, visit)),
            right.assignment_id,
            right.reason,
            datetime.now(UTC),
            right.started_at,
            right.finished_at,
        )

    return _decide(visit_id, decide, _("The visit was put right. It waits for its review now."), stay=True)


def _decide(
    visit_id: UUID, decide: Callable[[Session, Visit, Form], None], done: str, *, stay: bool = False
) -> PageAnswer:
    """Do it in one transaction and say so; a refusal shows the page again with all that was typed."""
    form = Form.sent()
    try:
        with writing() as session:
            decide(session, visit_asked(session, visit_id), form)
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        with reading() as session:
            return visit_page(session, visit_id, form)
    flash(done, "done")
    if in_queue() and not stay:
        return redirect(url_for("visits.queue", after=visit_id, **carried()))
    return redirect(url_for("visits.show", visit_id=visit_id, **carried()))
