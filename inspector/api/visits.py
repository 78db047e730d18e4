"""A phone delivers a finished visit."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Response, current_app, json, request
from flask_babel import gettext
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.exc import IntegrityError

from checklists.errors import HOLD_REASONS, OtherContent, OtherContentNotKept, TooLarge
from checklists.people import Role
from checklists.visits import (
    Arrival,
    Receipt,
    Report,
    VisitState,
    record_visit,
)
from inspector.api.report_body import ReportSchema, legible_photos, read_report
from inspector.auth import roles, sender
from inspector.transactions import writing

blueprint = Blueprint("delivery", __name__, url_prefix="/api/v1/visits", description="Deliver a visit")


class ReceiptSchema(Schema):
    id = fields.UUID()
    revision = fields.Integer()
    state = fields.Enum(VisitState, by_value=True)
    reason = fields.String(allow_none=True)
    received_at = fields.AwareDateTime()
    missing_photos = fields.List(fields.UUID())


@blueprint.route("/<uuid:visit_id>", methods=["PUT"])
@blueprint.doc(requestBody={"content": {"application/json": {"schema": ReportSchema}}, "required": True})
@blueprint.response(201, ReceiptSchema, description="Received")
@blueprint.alt_response(200, schema=ReceiptSchema, description="The same report again")
@blueprint.alt_response(202, schema=ReceiptSchema, description="Held until a manager has looked at it")
@roles(Role.INSPECTOR, lately=True)
def deliver(visit_id: UUID) -> Response:
    """Take a finished visit in. It may be sent any number of times, and gets the same answer. A different report under
    its id is kept beside it and answered 409, with `missing_photos` as well: its photos are taken in like any others.
    """
    body = _body()
    report = read_report(body)
    receipt = _record(visit_id, body, report)
    if receipt.arrival is Arrival.CONFLICT:
        raise OtherContent(receipt.missing_photos)
    status = 202 if receipt.state is VisitState.HELD else 201 if receipt.arrival is Arrival.NEW else 200
    answer = {
        "id": str(receipt.id),
        "revision": receipt.revision,
        "state": receipt.state.value,
        "reason": gettext(HOLD_REASONS[receipt.hold_reason]) if receipt.hold_reason else None,
        "received_at": receipt.received_at.isoformat(),
        "missing_photos": [str(photo_id) for photo_id in receipt.missing_photos],
    }
    return Response(json.dumps(answer), status, content_type="application/json")


def _body() -> bytes:
    limit = current_app.config["SETTINGS"].visit_max_bytes
    if (request.content_length or 0) > limit:
        raise TooLarge.over(limit)
    body = request.stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge.over(limit)
    return body


def _record(visit_id: UUID, body: bytes, report: Report | None) -> Receipt:
    now = datetime.now(UTC)
    legible = () if report else tuple(legible_photos(body))
    try:
        with writing() as session:
            return record_visit(session, visit_id, sender(), body, report, now, legible)
    except IntegrityError:
        pass
    try:
        # The same visit came in through another process between our look and our write; a second look finds it.
        with writing() as session:
            return record_visit(session, visit_id, sender(), body, report, now, legible)
    except IntegrityError:
        # It does not, so the id of the visit or of a photo is taken where this inspector may not look.
        raise OtherContentNotKept from None
