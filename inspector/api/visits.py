"""A phone delivers a finished visit."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, current_app, json, request
from flask_babel import gettext
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate
from sqlalchemy.exc import IntegrityError

from checklists.errors import HOLD_REASONS, NotJson, OtherContent, TooLarge
from checklists.people import Role
from checklists.scoring import Given, Status
from checklists.visits import AnswerReport, Arrival, PhotoPromise, Receipt, Report, VisitState, record_visit
from inspector.auth import roles, sender
from inspector.transactions import writing

blueprint = Blueprint("delivery", __name__, url_prefix="/api/v1/visits", description="Deliver a visit")

MOST_ANSWERS = 10_000


class Moment(fields.AwareDateTime):
    """A time with its offset, within the years that both databases can keep in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> datetime:
        try:
            return super()._deserialize(value, attr, data, **more).astimezone(UTC)
        except OverflowError:
            raise ValidationError("outside the calendar", attr or "") from None


class PositionSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lon = fields.Float(required=True, validate=validate.Range(-180, 180))
    accuracy_m = fields.Float(allow_none=True, load_default=None)
    at = Moment(allow_none=True, load_default=None)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        return data | {"at": data["at"] and data["at"].isoformat()}


class AnswerSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    criterion_id = fields.UUID(required=True)
    repetition = fields.Integer(load_default=0, strict=True, validate=validate.Equal(0))
    status = fields.Enum(Status, by_value=True, required=True)
    states = fields.List(fields.UUID(), load_default=list)
    options = fields.List(fields.UUID(), load_default=list)
    value = fields.Raw(allow_none=True, load_default=None)
    reason = fields.String(allow_none=True, load_default=None)
    comment = fields.String(allow_none=True, load_default=None)
    photo_ids = fields.List(fields.UUID(), load_default=list)

    @post_load
    def build(self, data: Mapping[str, Any], **_: object) -> AnswerReport:
        value = data["value"]
        if not (value is None or isinstance(value, (str, int, float))) or isinstance(value, bool):
            raise ValidationError("not a number or words", "value")
        given = Given(
            data["criterion_id"],
            data["repetition"],
            data["status"],
            frozenset(data["states"]),
            frozenset(data["options"]),
            value,
        )
        return AnswerReport(given, data["reason"], data["comment"], tuple(data["photo_ids"]))


class PhotoSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.UUID(required=True)
    sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    size = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**31 - 1))
    media_type = fields.String(required=True, validate=validate.Regexp(r"[\w.+-]+/[\w.+-]+\Z"))
    taken_at = Moment(allow_none=True, load_default=None)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> PhotoPromise:
        return PhotoPromise(**data)


class ReportSchema(Schema):
    """rules.md, "Waves, visits, checks": the report on the wire. What a newer app adds is ignored, and kept in the
    sealed body.
    """

    class Meta:
        unknown = EXCLUDE

    revision = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1000))
    assignment_id = fields.UUID(required=True)
    version_id = fields.UUID(required=True, data_key="checklist_version_id")
    started_at = Moment(required=True)
    finished_at = Moment(required=True)
    elapsed_ms = fields.Integer(required=True, validate=validate.Range(0, 2**31 - 1))
    utc_offset = fields.Integer(required=True, validate=validate.Range(-1440, 1440))
    app_version = fields.String(required=True, validate=validate.Length(max=200))
    device_id = fields.String(required=True, validate=validate.Length(max=200))
    positions = fields.List(fields.Nested(PositionSchema), load_default=list)
    answers = fields.List(fields.Nested(AnswerSchema), required=True, validate=validate.Length(max=MOST_ANSWERS))
    best_practices = fields.List(fields.Dict(), load_default=list)
    photos = fields.List(fields.Nested(PhotoSchema), load_default=list)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Report:
        del data["best_practices"]
        return Report(**data | {"answers": tuple(data["answers"]), "photos": tuple(data["photos"])})


class ReceiptSchema(Schema):
    id = fields.UUID()
    revision = fields.Integer()
    state = fields.Enum(VisitState, by_value=True)
    reason = fields.String(allow_none=True)
    received_at = fields.AwareDateTime()
    missing_photos = fields.List(fields.UUID())


_report_schema = ReportSchema()


@blueprint.route("/<uuid:visit_id>", methods=["PUT"])
@blueprint.doc(requestBody={"content": {"application/json": {"schema": ReportSchema}}, "required": True})
@blueprint.response(201, ReceiptSchema, description="Received")
@blueprint.alt_response(200, schema=ReceiptSchema, description="The same report again")
@blueprint.alt_response(202, schema=ReceiptSchema, description="Held until a manager has looked at it")
@roles(Role.INSPECTOR, lately=True)
def deliver(visit_id: UUID) -> Response:
    """Take a finished visit in. It may be sent any number of times, and gets the same answer."""
    body = _body()
    report = _report(body)
    receipt = _record(visit_id, body, report)
    if receipt.arrival is Arrival.CONFLICT:
        raise OtherContent
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
        raise TooLarge(limit=limit)
    body = request.stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(limit=limit)
    return body


def _report(body: bytes) -> Report | None:
    """The report, or None where it is JSON but not of the agreed form. Raises NotJson."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise NotJson from None
    try:
        report: Report = _report_schema.load(data)
    except (ValidationError, RecursionError, OverflowError):
        return None
    return report


def _record(visit_id: UUID, body: bytes, report: Report | None) -> Receipt:
    now = datetime.now(UTC)
    try:
        with writing() as session:
            return record_visit(session, visit_id, sender(), body, report, now)
    except IntegrityError:
        pass
    try:
        # The same visit came in through another process between our look and our write; a second look finds it.
        with writing() as session:
            return record_visit(session, visit_id, sender(), body, report, now)
    except IntegrityError:
        # It does not, so the id of the visit or of a photo is taken where this inspector may not look.
        raise OtherContent from None
