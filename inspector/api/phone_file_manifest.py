"""The manifest of a phone's file, as inspector/phone/unsent.js writes it."""

from typing import Any
from uuid import UUID

from flask import json
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from inspector.api.phone_drafts import PRINTABLE
from inspector.api.report_body import MOST_PARTS, MediaType, Moment, Several
from inspector.phone_files.archive import NEWER, NOT_OURS, Archive, Damaged, refused
from inspector.phone_files.contents import FiledDraft, FiledPhoto, FiledVisit, PhoneFile

NAME = "manifest.json"
FORMAT = "service-audit-unsent/"
VERSION = "1"
MOST_BYTES = 4 * 1024 * 1024
MOST_VISITS = 500
SHA256 = r"[0-9a-f]{64}\Z"
ENTRY = validate.Length(1, 300)


class FiledPhotoSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.UUID(required=True)
    sha256 = fields.String(required=True, validate=validate.Regexp(SHA256))
    size = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**31 - 1))
    media_type = MediaType(required=True)
    file = fields.String(load_default=None, allow_none=True, validate=ENTRY)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> FiledPhoto:
        return FiledPhoto(**data)


class FiledVisitSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.UUID(required=True)
    revision = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1000))
    report = fields.String(required=True, validate=ENTRY)
    sha256 = fields.String(required=True, validate=validate.Regexp(SHA256))
    photos = Several(fields.Nested(FiledPhotoSchema), MOST_PARTS, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> FiledVisit:
        return FiledVisit(**data | {"photos": tuple(data["photos"])})


class FiledDraftSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.UUID(required=True)
    device_id = fields.String(required=True, validate=validate.Regexp(PRINTABLE))
    assignment_id = fields.UUID(required=True)
    revision = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1000))
    changes = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**31 - 1))
    begun_at = Moment(required=True)
    changed_at = Moment(required=True)
    file = fields.String(required=True, validate=ENTRY)
    sha256 = fields.String(required=True, validate=validate.Regexp(SHA256))
    photos = Several(fields.Nested(FiledPhotoSchema), MOST_PARTS, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> FiledDraft:
        return FiledDraft(**data | {"photos": tuple(data["photos"])})


class FiledPersonSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.UUID(required=True)


class ManifestSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    made_at = Moment(required=True)
    app_version = fields.String(required=True, validate=validate.Length(max=200))
    device_id = fields.String(required=True, validate=validate.Regexp(PRINTABLE))
    person = fields.Nested(FiledPersonSchema, required=True)
    visits = Several(fields.Nested(FiledVisitSchema), MOST_VISITS, required=True)
    drafts = Several(fields.Nested(FiledDraftSchema), MOST_VISITS, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> PhoneFile:
        return PhoneFile(
            person_id=data["person"]["id"],
            visits=tuple(data["visits"]),
            drafts=tuple(data["drafts"]),
            **{name: data[name] for name in ("made_at", "app_version", "device_id")},
        )


_schema = ManifestSchema()


def read_manifest(archive: Archive) -> PhoneFile:
    """What the file says that is in it. Raises InvalidInput by "file"."""
    try:
        data = json.loads(archive.read(NAME, MOST_BYTES))
        name = data["format"]
        if isinstance(name, str) and name.startswith(FORMAT) and name != FORMAT + VERSION:
            raise refused(NEWER)
        if name != FORMAT + VERSION:
            raise refused(NOT_OURS)
        found: PhoneFile = _schema.load(data)
    except (Damaged, ValidationError, ValueError, KeyError, TypeError, RecursionError, OverflowError):
        raise refused(NOT_OURS) from None
    _refuse_shared_entries(found)
    return found


def _refuse_shared_entries(found: PhoneFile) -> None:
    """What one entry unpacks to is bounded, so no second line may have it read again. No phone names one for two."""
    of: dict[str, tuple[int, UUID | None]] = {}
    lines: tuple[FiledVisit | FiledDraft, ...] = (*found.visits, *found.drafts)
    for number, line in enumerate(lines):
        body = line.report if isinstance(line, FiledVisit) else line.file
        for name, photo_id in ((body, None), *((photo.file, photo.id) for photo in line.photos)):
            if name and of.setdefault(name, (number, photo_id)) != (number, photo_id):
                raise refused(NOT_OURS)
