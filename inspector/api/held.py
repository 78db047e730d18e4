"""A held visit, as far as its report can be understood: what was answered, what is wrong with it, and which
assignments it may be of.
"""

from uuid import UUID

from flask import Response, g
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.checklist import Checklist, ChecklistVersion
from checklists.errors import HOLD_REASONS, HoldReason, NotFound
from checklists.review import checklist_of
from checklists.scoring import Form, read_form
from checklists.visits import Report, Visit, visit_with_parts
from inspector.api.etags import tagged
from inspector.api.fields import TOLD, Body, Choice, Flag, Id, Moment, Part, Several, Text, Whole
from inspector.api.operations import Json, Operations
from inspector.api.report_body import read_report
from inspector.api.visit_bodies import ContentSchema
from inspector.auth import MANAGERS, REVIEWERS, roles
from inspector.manager.visits.answers import parts_of_report, unknown_answers
from inspector.manager.visits.held import accepted_body, places_offered
from inspector.manager.visits.page import as_text, is_recorded
from inspector.trail import reads_personal
from inspector.transactions import reading

operations = Operations(
    "held",
    "Held visits",
    "Reports that break a rule are kept and do not count until a manager has put them right (`placing`) or rejected.",
)
ANSWERED = ("repetition", "shown", "content", "reason", "photo_ids", "fault")


class HeldAnswerSchema(Body):
    section_id = Id("section", **TOLD)
    label = Text("Of the section's repetition.", example="", **TOLD)
    criterion_id = Id("criterion", **TOLD)
    repetition = Whole("From 0.", example=0, **TOLD)
    shown = Flag("Whether the other answers let it be asked.", **TOLD)
    content = Part(ContentSchema, "Null where it was not answered.", allow_none=True, **TOLD)
    reason = Text("Why it could not be checked.", allow_none=True, example="The desk was closed.", **TOLD)
    photo_ids = Several(Id("photo"), **TOLD)
    fault = Text("Why it cannot stand, in words; empty where it can.", example="Please enter a number.", **TOLD)


class PlacesSchema(Body):
    assignment_ids = Several(Id("assignment"), "Without a visit, of the same checklist; the inspector's first.", **TOLD)
    likeliest_id = Id("assignment", "One of them.", allow_none=True, **TOLD)
    absurd_times = Flag("Whether the placing has to name other times.", **TOLD)


class HeldReportSchema(Body):
    hold_reason = Choice(HoldReason, "Why the visit was held.", allow_none=True, **TOLD)
    hold_words = Text("The same in words.", allow_none=True, example="The assignment is not known.", **TOLD)
    assignment_id = Id("assignment", "Which the report names, known or not.", allow_none=True, **TOLD)
    version_id = Id("version", "By which it was read.", allow_none=True, **TOLD)
    started_at = Moment("As the report has it.", allow_none=True, **TOLD)
    finished_at = Moment("As the report has it.", allow_none=True, **TOLD)
    answers = Several(Part(HeldAnswerSchema), "All that could be asked, in the order of the checklist.", **TOLD)
    unknown_answers = Whole("How many are to criteria that the version does not have.", example=0, **TOLD)
    text = Text(
        "Where no checklist explains the report: how it came, cut off where it is long.",
        allow_none=True,
        example='{"revision": 1}',
        **TOLD,
    )
    places = Part(
        PlacesSchema, "For managers. Null where the report cannot be put right, only rejected.", allow_none=True, **TOLD
    )


@operations.route("/visits/<uuid:visit_id>/held-report", methods=["GET"])
@operations.answers(200, HeldReportSchema, "What can be made of its report")
@roles(*REVIEWERS, scope=TokenScope.FIELDWORK_READ)
@reads_personal("visit")
def show(visit_id: UUID) -> Response:
    """What a held visit says, and a visit that was rejected while it was held. Of others their answers say it: 404."""
    with reading() as session:
        visit = visit_with_parts(session, visit_id)
        if is_recorded(visit):
            raise NotFound
        body = accepted_body(session, visit)
        report = read_report(body)
        form = _form(session, visit, report)
        content = {
            "hold_reason": visit.hold_reason,
            "hold_words": _(HOLD_REASONS[visit.hold_reason]) if visit.hold_reason else None,
            **{name: getattr(report, name, None) for name in ("assignment_id", "started_at", "finished_at")},
            "version_id": form.version_id if form else None,
            "answers": _answers(visit, report, form) if report and form else [],
            "unknown_answers": unknown_answers(report, form) if report and form else 0,
            "text": None if report and form else as_text(body),
            "places": _places(session, visit, report),
        }
        return tagged(HeldReportSchema, content)


def _form(session: Session, visit: Visit, report: Report | None) -> Form | None:
    """The checklist that the report names, else the one of its assignment."""
    named = session.get(ChecklistVersion, report.version_id) if report else None
    version = named or visit.version
    return read_form(version.document) if version and version.document else None


def _answers(visit: Visit, report: Report, form: Form) -> list[Json]:
    return [
        {
            "section_id": part.section.id,
            "label": part.label,
            "criterion_id": said.criterion.id,
            **{name: getattr(said, name) for name in ANSWERED},
        }
        for part in parts_of_report(report, form, visit.outlet_attributes)
        for said in part.said
    ]


def _places(session: Session, visit: Visit, report: Report | None) -> Json | None:
    if not any(each.role in MANAGERS for each in g.memberships):
        return None
    project_id = visit.project_id or _project_of_checklist(session, report)
    found = places_offered(session, visit, report, project_id) if project_id else None
    if found is None:
        return None
    return {
        "assignment_ids": [each.id for each in found.assignments],
        "likeliest_id": found.chosen,
        "absurd_times": found.absurd_times,
    }


def _project_of_checklist(session: Session, report: Report | None) -> UUID | None:
    """Whose assignments a visit may be of that nobody could place."""
    checklist_id = checklist_of(session, report)
    checklist = session.get(Checklist, checklist_id) if checklist_id else None
    return checklist.project_id if checklist else None
