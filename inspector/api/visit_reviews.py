"""What a reviewer decides on a visit, each decision a noun: approval, return, rejection, reopening, placing; and the
corrections of single answers.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.errors import NotFound
from checklists.review import Content, Note, approve, correct, put_right, reject, reopen, send_back
from checklists.scoring import Status
from checklists.visits import Visit, visit_with_parts
from checklists.waves import Assignment
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import (
    EXAMPLE_IDS,
    Anything,
    Body,
    Choice,
    Id,
    Moment,
    Part,
    Several,
    Text,
    Whole,
    refuse_unstorable,
)
from inspector.api.operations import Json, told
from inspector.api.reach import find, project_of
from inspector.api.report_body import read_report
from inspector.api.visit_bodies import CorrectionSchema, VisitSchema
from inspector.api.visit_reading import MEANT, operations, visit_told
from inspector.auth import MANAGERS, REVIEWERS, person, roles, sees_unplaced
from inspector.manager.visits.held import accepted_body
from inspector.manager.visits.place import LONGEST_REASON
from inspector.transactions import writing

LONGEST_WORDS = 5_000
HIGHEST_NUMBER = 1e12


class ReasonSchema(Body):
    reason = Text(longest=LONGEST_REASON, required=True, example="The photos show another shop.")


class ReturnNoteSchema(Body):
    criterion_id = Id("criterion", required=True)
    repetition = Whole("From 0.", least=0, most=99, load_default=0, example=0)
    text = Text(longest=LONGEST_REASON, required=True, example="The photo is dark. Please take another one.")


class ReturnSchema(Body):
    reason = Text("To the visit as a whole.", longest=LONGEST_REASON, load_default="", example="Please look again.")
    notes = Several(Part(ReturnNoteSchema), "Beside single criteria.", most=1_000, load_default=list)


class PlacingSchema(Body):
    assignment_id = Id("assignment", "Which it is of: one without a visit, of the same checklist.", required=True)
    reason = Text(longest=LONGEST_REASON, required=True, example="The inspector swapped with a colleague.")
    started_at = Moment("In place of the phone's time.", allow_none=True, load_default=None)
    finished_at = Moment("In place of the phone's time.", allow_none=True, load_default=None)


class Value(Anything):
    """A number, words, or nothing."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        match value:
            case bool():
                pass
            case str() if len(value) <= LONGEST_WORDS:
                refuse_unstorable(value)
                return value
            case int() | float() if abs(value) <= HIGHEST_NUMBER:
                return value
        raise ValidationError(_("This cannot be used here."))


class NewCorrectionSchema(Body):
    criterion_id = Id("criterion", required=True)
    repetition = Whole("From 0.", least=0, most=99, load_default=0, example=0)
    status = Choice(Status, required=True)
    states = Several(Id("state"), most=1_000, load_default=list)
    options = Several(Id("option"), most=1_000, load_default=list)
    value = Value(
        {"type": ["number", "string", "null"]}, "A number, or words.", allow_none=True, load_default=None, example=60
    )
    comment = Text(longest=LONGEST_WORDS, allow_none=True, load_default=None, example="Seen on the photo.")
    reason = Text("Why it is corrected.", longest=LONGEST_REASON, required=True, example="The photo shows it.")


@operations.route("/visits/<uuid:visit_id>/approval", methods=["PUT"])
@operations.answers(200, VisitSchema, "The visit counts")
@operations.needs_tag
@roles(*REVIEWERS, scope=TokenScope.FIELDWORK_WRITE)
def approve_visit(visit_id: UUID) -> Response:
    """Let the visit count."""
    with writing() as session:
        _refuse_if_changed(session, visit_id)
        approve(session, visit_id, person().user.id, datetime.now(UTC))
        return tagged(VisitSchema, _afresh(session, visit_id), meant=MEANT)


@operations.route("/visits/<uuid:visit_id>/return", methods=["PUT"])
@operations.body(ReturnSchema, example={"reason": "Please look again at what was wrong with the photos.", "notes": []})
@operations.answers(200, VisitSchema, "The visit was sent back")
@operations.needs_tag
@roles(*REVIEWERS, scope=TokenScope.FIELDWORK_WRITE)
def return_visit(wish: Json, visit_id: UUID) -> Response:
    """Ask the inspector for another revision, with a reason, notes beside criteria, or both."""
    with writing() as session:
        _refuse_if_changed(session, visit_id)
        notes = [Note(each["criterion_id"], each["repetition"], each["text"]) for each in wish["notes"]]
        send_back(session, visit_id, person().user.id, wish["reason"], notes, datetime.now(UTC))
        return tagged(VisitSchema, _afresh(session, visit_id), meant=MEANT)


@operations.route("/visits/<uuid:visit_id>/rejection", methods=["PUT"])
@operations.body(ReasonSchema)
@operations.answers(200, VisitSchema, "The visit was rejected")
@operations.needs_tag
@roles(*REVIEWERS, scope=TokenScope.FIELDWORK_WRITE)
def reject_visit(wish: Json, visit_id: UUID) -> Response:
    """Refuse the visit for good. Its place in the plan is open again."""
    with writing() as session:
        _refuse_if_changed(session, visit_id)
        reject(session, visit_id, person().user.id, wish["reason"], datetime.now(UTC))
        return tagged(VisitSchema, _afresh(session, visit_id), meant=MEANT)


@operations.route("/visits/<uuid:visit_id>/reopening", methods=["PUT"])
@operations.body(ReasonSchema, example={"reason": "A second look is needed."})
@operations.answers(200, VisitSchema, "The visit waits for its review again")
@operations.needs_tag
@roles(*REVIEWERS, scope=TokenScope.FIELDWORK_WRITE)
def reopen_visit(wish: Json, visit_id: UUID) -> Response:
    """Take an approval back."""
    with writing() as session:
        _refuse_if_changed(session, visit_id)
        reopen(session, visit_id, person().user.id, wish["reason"], datetime.now(UTC))
        return tagged(VisitSchema, _afresh(session, visit_id), meant=MEANT)


@operations.route("/visits/<uuid:visit_id>/placing", methods=["PUT"])
@operations.body(
    PlacingSchema,
    example={"assignment_id": EXAMPLE_IDS["assignment"], "reason": "The inspector swapped with a colleague."},
)
@operations.answers(200, VisitSchema, "The visit waits for its review")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_WRITE)
def place_visit(wish: Json, visit_id: UUID) -> Response:
    """Put a held visit right: say which assignment it is of, and where they are absurd, its times."""
    with writing() as session:
        visit = _refuse_if_changed(session, visit_id)
        assignment = _assignment(session, visit, wish["assignment_id"])
        report = read_report(accepted_body(session, visit))
        now, by = datetime.now(UTC), person().user.id
        times = wish["started_at"], wish["finished_at"]
        put_right(session, visit_id, by, report, assignment.id, wish["reason"], now, *times)
        return tagged(VisitSchema, _afresh(session, visit_id), meant=MEANT)


def _assignment(session: Session, visit: Visit, assignment_id: UUID) -> Assignment:
    """The assignment, of the visit's project; of any that the asker reaches where the visit has none yet."""
    if project_of(visit) is not None:
        return find(session, Assignment, assignment_id)
    assignment = session.get(Assignment, assignment_id)
    if assignment is None or not sees_unplaced():
        raise NotFound
    return assignment


@operations.route("/visits/<uuid:visit_id>/corrections", methods=["POST"])
@operations.body(
    NewCorrectionSchema,
    example={
        "criterion_id": EXAMPLE_IDS["criterion"],
        "status": "answered",
        "states": [EXAMPLE_IDS["state"]],
        "reason": "The photo shows it.",
    },
)
@operations.answers(201, CorrectionSchema, "The answer was corrected and the visit scored anew")
@roles(*REVIEWERS, scope=TokenScope.FIELDWORK_WRITE)
def add_correction(wish: Json, visit_id: UUID) -> Response:
    """Correct one answer of a visit that waits for its review. What was sent stays sealed."""
    answered = wish["status"] is Status.ANSWERED
    content: Content = {
        "status": wish["status"].value,
        "states": [str(each) for each in wish["states"]] if answered else [],
        "options": [str(each) for each in wish["options"]] if answered else [],
        "value": wish["value"] if answered else None,
        "comment": wish["comment"] or None,
    }
    with writing() as session:
        visit_with_parts(session, visit_id)
        by, now = person().user.id, datetime.now(UTC)
        made = correct(session, visit_id, by, wish["criterion_id"], wish["repetition"], content, wish["reason"], now)
        return told(CorrectionSchema().dump(made), 201)


def _refuse_if_changed(session: Session, visit_id: UUID) -> Visit:
    """The visit, locked. Raises NotFound, TagRequired, ChangedMeanwhile."""
    session.get(Visit, visit_id, with_for_update=True)
    visit = visit_with_parts(session, visit_id)
    refuse_if_changed(VisitSchema, visit_told(session, visit_id), MEANT)
    return visit


def _afresh(session: Session, visit_id: UUID) -> Json:
    """The visit after the decision, read anew: its parts may be others."""
    session.flush()
    session.expire_all()
    return visit_told(session, visit_id)
