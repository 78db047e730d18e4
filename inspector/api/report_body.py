"""A finished visit as phones send it, and how it is read."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from re import fullmatch
from types import NoneType
from typing import Any
from uuid import UUID

from flask import json
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from checklists.errors import NotJson
from checklists.scoring import Given, Status
from checklists.visits import (
    AnswerReport,
    BestPracticeKind,
    BestPracticeReport,
    Consent,
    PhotoPromise,
    RepetitionReport,
    Report,
    StaffReport,
)

MOST_ANSWERS = 10_000
MOST_REPETITIONS = 99
MOST_BEST_PRACTICES = 100
MOST_PARTS = 1_000
"""How many positions, photos, states of one answer and the like a report may have."""
MARKS = ("arrow", "box", "blur")
MOST_MARKS = 50
"""On one photo."""
MOST_CONSENTS = 20
MEDIA_TYPE = r"[A-Za-z0-9.+_-]{1,100}/[A-Za-z0-9.+_-]{1,100}"


class Moment(fields.AwareDateTime):
    """A time with its offset, within the years that both databases can keep in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> datetime:
        try:
            return super()._deserialize(value, attr, data, **more).astimezone(UTC)
        except OverflowError:
            raise ValidationError("outside the calendar", attr or "") from None


class MediaType(fields.String):
    """What a phone takes a photo for. A photo is looked at by its bytes: what is no type at all holds nothing up."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        told = super()._deserialize(value, attr, data, **more)
        return told if fullmatch(MEDIA_TYPE, told) else "application/octet-stream"


class Several(fields.List[Any]):
    """A list whose length is looked at first, and whose first bad element ends the reading: six megabytes of bad ones
    would otherwise make gigabytes of messages that nobody reads.

    `read` reads an element as `inner` does, and quicker.
    """

    def __init__(
        self, inner: fields.Field[Any], most: int, read: Callable[[Any], Any] | None = None, **more: Any
    ) -> None:
        super().__init__(inner, **more)
        self.most = most
        self.read = read

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > self.most:
            raise self.make_error("invalid")
        if self.read is not None:
            return [self.read(each) for each in value]
        return [self.inner.deserialize(each, **more) for each in value]


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
    repetition = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, MOST_REPETITIONS - 1))
    status = fields.Enum(Status, by_value=True, required=True)
    states = Several(fields.UUID(), MOST_PARTS, load_default=list)
    options = Several(fields.UUID(), MOST_PARTS, load_default=list)
    value = fields.Raw(allow_none=True, load_default=None)
    reason = fields.String(allow_none=True, load_default=None)
    comment = fields.String(allow_none=True, load_default=None)
    photo_ids = Several(fields.UUID(), MOST_PARTS, load_default=list)

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


_answer_schema = AnswerSchema()
_STATUSES: Mapping[Any, Status] = {status.value: status for status in Status}
# Criteria, states and options come again with every visit of a checklist; ids of photos do not.
_identity = functools.lru_cache(maxsize=16_384)(UUID)


def read_answer(wire: Any) -> AnswerReport:
    """What AnswerSchema makes of an answer, in a tenth of the time where it is written as phones write it."""
    try:
        repetition, value = wire.get("repetition", 0), wire.get("value")
        reason, comment = wire.get("reason"), wire.get("comment")
        lists = states, options, photo_ids = wire.get("states", []), wire.get("options", []), wire.get("photo_ids", [])
        if (
            type(wire) is dict
            and type(repetition) is int
            and 0 <= repetition < MOST_REPETITIONS
            and type(value) in (NoneType, str, int, float)
            and type(reason) in (NoneType, str)
            and type(comment) in (NoneType, str)
            and all(type(each) is list and len(each) <= MOST_PARTS for each in lists)
        ):
            given = Given(
                _identity(wire["criterion_id"]),
                repetition,
                _STATUSES[wire["status"]],
                frozenset(map(_identity, states)),
                frozenset(map(_identity, options)),
                value,
            )
            return AnswerReport(given, reason, comment, tuple(map(UUID, photo_ids)))
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    answer: AnswerReport = _answer_schema.load(wire)
    return answer


class Share(fields.Float):
    """A number from 0 to 1, and not the words for one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> float:
        if type(value) not in (int, float) or not 0 <= value <= 1:
            raise self.make_error("invalid")
        return float(value)


class MarkSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    what = fields.String(required=True, validate=validate.OneOf(MARKS))
    at = Several(
        Share(validate=validate.Range(0, 1)),
        4,
        required=True,
        validate=validate.Length(equal=4),
        metadata={"example": [0.25, 0.1, 0.5, 0.4]},
    )


class ShownReceiptSchema(Schema):
    """That a photo shows a receipt; what was paid, where the inspector says it."""

    class Meta:
        unknown = EXCLUDE

    amount = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Regexp(r"[0-9]{1,12}(\.[0-9]{1,4})?\Z"),
        metadata={"example": "350.00"},
    )
    currency = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Regexp(r"[A-Z]{3}\Z"),
        metadata={"example": "RUB", "description": "By ISO 4217."},
    )


class PhotoSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.UUID(required=True)
    sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    size = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**31 - 1))
    media_type = MediaType(required=True)
    taken_at = Moment(allow_none=True, load_default=None)
    marks = Several(fields.Nested(MarkSchema), MOST_MARKS)
    duration_ms = fields.Integer(allow_none=True, load_default=None, strict=True, validate=validate.Range(0, 2**31 - 1))
    receipt = fields.Nested(ShownReceiptSchema, allow_none=True)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> PhotoPromise:
        marks, receipt = data.get("marks"), data.get("receipt") or {}
        return PhotoPromise(
            **data
            | {"marks": None if marks is None else tuple(marks), "receipt": receipt if "receipt" in data else None}
        )


class BestPracticeSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    touchpoint_id = fields.UUID(required=True)
    kind = fields.Enum(BestPracticeKind, by_value=True, required=True)
    text = fields.String(required=True)
    photo_ids = Several(fields.UUID(), MOST_PARTS, load_default=list)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> BestPracticeReport:
        return BestPracticeReport(**data | {"photo_ids": tuple(data["photo_ids"])})


class RepetitionSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    section_id = fields.UUID(required=True)
    repetition = fields.Integer(required=True, strict=True, validate=validate.Range(0, MOST_REPETITIONS - 1))
    label = fields.String(load_default="")

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> RepetitionReport:
        return RepetitionReport(**data)


class StaffSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    role = fields.String(load_default="")
    description = fields.String(load_default="")
    name = fields.String(allow_none=True, load_default=None)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> StaffReport:
        return StaffReport(**data)


class ConsentSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    what = fields.String(required=True, validate=validate.Length(max=20), metadata={"example": "audio"})
    words = fields.String(required=True, metadata={"description": "Those that the inspector confirmed."})
    at = Moment(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Consent:
        return Consent(**data)


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
    positions = Several(fields.Nested(PositionSchema), MOST_PARTS, load_default=list)
    answers = Several(fields.Nested(AnswerSchema), MOST_ANSWERS, read_answer, required=True)
    repetitions = Several(fields.Nested(RepetitionSchema), MOST_PARTS, load_default=list)
    staff_met = Several(fields.Nested(StaffSchema), MOST_PARTS, load_default=list)
    best_practices = Several(fields.Nested(BestPracticeSchema), MOST_BEST_PRACTICES, load_default=list)
    photos = Several(fields.Nested(PhotoSchema), MOST_PARTS, load_default=list)
    consents = Several(fields.Nested(ConsentSchema), MOST_CONSENTS)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Report:
        lists = ("answers", "photos", "best_practices", "repetitions", "staff_met", "consents")
        return Report(**data | {name: tuple(data[name]) for name in lists if name in data})


_report_schema = ReportSchema()
_photo_schema = PhotoSchema()


def read_report(body: bytes) -> Report | None:
    """The body as a report, or None where it is JSON but not of the agreed form. Raises NotJson."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise NotJson from None
    try:
        report: Report = _report_schema.load(data)
    except (ValidationError, RecursionError, OverflowError):
        return None
    return report


def legible_photos(body: bytes) -> Iterator[PhotoPromise]:
    """The photos of a body that is JSON but not of the agreed form, as far as each can be read by itself."""
    data = json.loads(body)
    named = data.get("photos") if isinstance(data, dict) else None
    for each in named[:MOST_PARTS] if isinstance(named, list) else ():
        with suppress(ValidationError, OverflowError):
            yield _photo_schema.load(each)
