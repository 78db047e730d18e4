"""A phone's file is taken in: what an inspector saved to it because the phone could not send it."""

import io
from datetime import UTC, datetime
from uuid import UUID

from flask import Response, current_app, request
from flask_babel import gettext as _

from checklists.accounts import TokenScope
from checklists.errors import TooLarge
from checklists.imports import PHONE_FILE, finish_phone_file, keep_upload
from inspector.api.fields import TOLD, Body, Choice, Id, Moment, Part, Several, Text, Whole
from inspector.api.operations import Json, Operations, told
from inspector.auth import MANAGERS, person, roles
from inspector.doorbell import ring
from inspector.manager.phone_files import MOST_BYTES, why_words
from inspector.phone_files.lines import Kind, Line, Outcome
from inspector.phone_files.taking import take_in
from inspector.trail import reads_personal
from inspector.transactions import writing

operations = Operations(
    "phone_files",
    "Phones' files",
    "Unsent work that an inspector's phone saved to a file, because it could not send it.",
)

FILE: Json = {
    "required": True,
    "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
}


class FiledPhotosSchema(Body):
    all = Whole("How many the visit has.", example=9, **TOLD)
    given = Whole("Came with the file.", example=9, **TOLD)
    absent = Whole("Are neither here nor in the file.", example=0, **TOLD)
    wrong = Whole("Were not the promised ones.", example=0, **TOLD)
    failed = Whole("Could not be stored at the moment: send the file again later.", example=0, **TOLD)


class FiledSchema(Body):
    kind = Choice(Kind, "Finished, or begun.", **TOLD)
    id = Id("visit", **TOLD)
    assignment_id = Id("assignment", allow_none=True, **TOLD)
    outcome = Choice(Outcome, **TOLD)
    why = Text("In words; empty where nothing is wrong.", example="", **TOLD)
    finished_at = Moment("Of one that was begun: when it was changed last.", allow_none=True, **TOLD)
    photos = Part(FiledPhotosSchema, **TOLD)


class TakenSchema(Body):
    inspector_id = Id("user", "Null for somebody who does not inspect in this project.", allow_none=True, **TOLD)
    made_at = Moment("By the phone's clock.", **TOLD)
    visits = Several(Part(FiledSchema), **TOLD)
    elsewhere = Whole("Visits that do not belong to this project, and were not taken in.", example=0, **TOLD)


@operations.route("/projects/<uuid:project_id>/phone-files", methods=["POST"])
@operations.doc(requestBody=FILE)
@operations.answers(200, TakenSchema, "What became of each visit")
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_WRITE)
@reads_personal("phone_file", of="project_id")
def take(project_id: UUID) -> Response:
    """Take in what a phone's file holds, in its inspector's name. It may be sent any number of times."""
    body = request.stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise TooLarge.over(MOST_BYTES)
    settings, storage = current_app.config["SETTINGS"], current_app.extensions["photos"]
    taken = take_in(io.BytesIO(body), project_id, settings, storage, person().user.id)
    ring()
    now = datetime.now(UTC)
    with writing() as session:
        kept = keep_upload(session, project_id, PHONE_FILE, _("by a program"), b"", person().user.id, now)
        finish_phone_file(kept, taken.kept(), now)
    lines = [_told(line) for line in taken.lines]
    content = {"inspector_id": taken.inspector, "made_at": taken.made_at, "elsewhere": taken.elsewhere}
    return told(TakenSchema().dump(content | {"visits": lines}))


def _told(line: Line) -> Json:
    names = ("kind", "id", "assignment_id", "outcome", "photos")
    own = {name: getattr(line, name) for name in names}
    return own | {"why": why_words(line), "finished_at": line.at}
