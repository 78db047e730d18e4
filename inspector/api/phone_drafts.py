"""A phone's drafts, kept here too: copies come in with their photos, and go out to another phone of the same person."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, current_app, json, request, send_file
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, post_load, validate
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from checklists.errors import (
    InvalidInput,
    NotFound,
    OtherContent,
    PhotoErased,
    PhotoNotPromised,
    PhotoWaits,
    TooLarge,
    UnreadableBody,
)
from checklists.people import Role
from checklists.phones import systems_of
from checklists.visits import (
    AwaitedPhoto,
    DraftCopy,
    PhotoPromise,
    SentCopy,
    awaited_draft_photo,
    copies_of,
    discard_copy,
    draft_photo,
    keep_copy,
    keep_draft_photo,
    missing_draft_photos,
    progress_of,
    refuse_other_bytes,
)
from inspector.api.bodies import device_id_asked, read_as
from inspector.api.operations import Json, nothing_more, told
from inspector.api.phone import PHOTOS_PER_VISIT
from inspector.api.photos import LENGTH, OFFSET, PIECE, how_far, offset_of_piece
from inspector.api.report_body import MediaType, Moment, Several
from inspector.auth import person, roles, sender
from inspector.background import ring
from inspector.photo_storage import PhotoStorage, Readable, photo_key
from inspector.transactions import reading, writing

blueprint = Blueprint("phone_drafts", __name__, url_prefix="/api/v1/phone/drafts", description="Drafts kept here too")

PRINTABLE = r"[\x20-\x7e]{1,200}\Z"
"""What a phone calls itself."""
WRAPPED = 2
"""How much longer a text becomes, at most, when a phone puts it into JSON."""
HEAD_BYTES = 1 << 18
"""What may stand beside the text of the draft."""


class NamedPhotoSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.UUID(required=True)
    sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    size = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**31 - 1))
    media_type = MediaType(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> PhotoPromise:
        return PhotoPromise(**data, taken_at=None)


class CopySchema(Schema):
    class Meta:
        unknown = EXCLUDE

    device_id = fields.String(required=True, validate=validate.Regexp(PRINTABLE))
    assignment_id = fields.UUID(required=True)
    revision = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1000))
    changes = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**31 - 1))
    begun_at = Moment(required=True)
    changed_at = Moment(required=True)
    photos = Several(fields.Nested(NamedPhotoSchema), PHOTOS_PER_VISIT, required=True)
    body = fields.String(required=True, metadata={"description": "The phone's own JSON, as a text."})


class OtherPhoneSchema(Schema):
    """One phone's copy of a visit."""

    device_id = fields.String()
    system = fields.String()
    changes = fields.Integer()
    changed_at = fields.AwareDateTime()
    kept_at = fields.AwareDateTime()


class KeptSchema(Schema):
    id = fields.UUID(metadata={"description": "The visit's."})
    changes = fields.Integer()
    kept_at = fields.AwareDateTime()
    missing_photos = fields.List(fields.UUID())
    others = fields.List(fields.Nested(OtherPhoneSchema))


class LinesSchema(Schema):
    """A copy without its body."""

    visit_id = fields.UUID()
    assignment_id = fields.UUID()
    device_id = fields.String()
    system = fields.String()
    revision = fields.Integer()
    changes = fields.Integer()
    begun_at = fields.AwareDateTime()
    changed_at = fields.AwareDateTime()
    kept_at = fields.AwareDateTime()
    photos = fields.List(fields.Dict())
    progress = fields.Dict(allow_none=True)


class DraftsSchema(Schema):
    drafts = fields.List(fields.Nested(LinesSchema))


class WholeSchema(LinesSchema):
    body = fields.String()
    missing_photos = fields.List(fields.UUID())


_copy_schema = CopySchema()
EXAMPLE = {
    "device_id": "0197c5a4-1b2e-7c3d-9f10-6a5b4c3d2e1f",
    "assignment_id": "0197c5a4-0000-7c3d-9f10-6a5b4c3d2e1f",
    "revision": 1,
    "changes": 12,
    "begun_at": "2026-11-22T13:40:00+03:00",
    "changed_at": "2026-11-22T14:02:00+03:00",
    "photos": [],
    "body": '{"progress": {"done": 12, "total": 40}}',
}


@blueprint.route("", methods=["GET"])
@blueprint.response(200, DraftsSchema, description="The person's copies of what no visit has arrived of")
@roles(Role.INSPECTOR)
def index() -> Response:
    """What of this person's begun visits lies here, from whichever phone."""
    with reading() as session:
        copies = copies_of(session, person().user.id)
        systems = systems_of(session, person().user.id) if copies else {}
        return told({"drafts": [_line(copy, systems) for copy in copies]})


@blueprint.route("/<uuid:visit_id>", methods=["PUT"])
@blueprint.doc(
    requestBody={"content": {"application/json": {"schema": CopySchema, "example": EXAMPLE}}, "required": True}
)
@blueprint.response(200, KeptSchema, description="Kept, or a later one is")
@roles(Role.INSPECTOR)
def keep(visit_id: UUID) -> Response:
    """Keep this phone's draft of a visit. It may be sent any number of times; an older one changes nothing."""
    sent = _sent()
    try:
        return told(_keep(visit_id, sent))
    except IntegrityError:
        pass
    try:
        # The same phone's other tab was quicker; a second look finds its copy.
        return told(_keep(visit_id, sent))
    except IntegrityError:
        raise NotFound from None


def _sent() -> SentCopy:
    """The request's body. Raises TooLarge, UnreadableBody, InvalidInput."""
    limit = current_app.config["SETTINGS"].visit_max_bytes
    most = WRAPPED * limit + HEAD_BYTES
    if (request.content_length or 0) > most:
        raise TooLarge.over(limit)
    body = request.stream.read(most + 1)
    if len(body) > most:
        raise TooLarge.over(limit)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableBody from None
    wish = read_as(_copy_schema, data)
    try:
        text = wish.pop("body").encode()
    except UnicodeEncodeError:
        raise InvalidInput({"body": "not a text"}) from None
    if len(text) > limit:
        raise TooLarge.over(limit)
    return SentCopy(**wish | {"photos": tuple(wish["photos"]), "body": text})


def _keep(visit_id: UUID, sent: SentCopy) -> Json:
    user_id = person().user.id
    with writing() as session:
        copy = keep_copy(session, visit_id, sender(), sent, datetime.now(UTC))
        missing = missing_draft_photos(session, copy)
        others = [each for each in copies_of(session, user_id, visit_id) if each.device_id != sent.device_id]
        systems = systems_of(session, user_id) if others else {}
    return {
        "id": str(visit_id),
        "changes": copy.changes,
        "kept_at": copy.kept_at.isoformat(),
        "missing_photos": [str(each) for each in missing],
        "others": [_phone(each, systems) for each in others],
    }


@blueprint.route("/<uuid:visit_id>", methods=["GET"])
@blueprint.doc(parameters=[{"in": "query", "name": "device_id", "schema": {"type": "string"}}])
@blueprint.response(200, WholeSchema, description="The copy of that phone, or else the latest one")
@roles(Role.INSPECTOR)
def show(visit_id: UUID) -> Response:
    """A copy with its body, to go on with it on this phone."""
    with reading() as session:
        copy = _asked(session, visit_id)
        line = _line(copy, systems_of(session, person().user.id))
        missing = [str(each) for each in missing_draft_photos(session, copy)]
    return told(line | {"body": copy.body.decode(), "missing_photos": missing})


def _asked(session: Session, visit_id: UUID) -> DraftCopy:
    device_id = request.args.get("device_id")
    for copy in copies_of(session, person().user.id, visit_id):
        if device_id in (None, copy.device_id):
            return copy
    raise NotFound


def _line(copy: DraftCopy, systems: dict[str, str]) -> Json:
    return {
        "visit_id": str(copy.visit_id),
        "assignment_id": str(copy.assignment_id),
        "revision": copy.revision,
        "begun_at": copy.begun_at.isoformat(),
        "photos": copy.photos,
        "progress": progress_of(copy),
        **_phone(copy, systems),
    }


def _phone(copy: DraftCopy, systems: dict[str, str]) -> Json:
    return {
        "device_id": copy.device_id,
        "system": systems.get(copy.device_id, ""),
        "changes": copy.changes,
        "changed_at": copy.changed_at.isoformat(),
        "kept_at": copy.kept_at.isoformat(),
    }


@blueprint.route("/<uuid:visit_id>", methods=["DELETE"])
@blueprint.doc(parameters=[{"in": "query", "name": "device_id", "required": True, "schema": {"type": "string"}}])
@blueprint.response(204, description="Forgotten")
@roles(Role.INSPECTOR)
def discard(visit_id: UUID) -> Response:
    """Forget one phone's copy: its draft was discarded there."""
    with writing() as session:
        discard_copy(session, person().user.id, visit_id, device_id_asked(), datetime.now(UTC))
    return nothing_more()


@blueprint.route("/<uuid:visit_id>/photos/<uuid:photo_id>", methods=["PUT"])
@blueprint.doc(
    requestBody={
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/*", "audio/*")}
    }
)
@blueprint.response(201, description="Stored")
@blueprint.alt_response(200, description="Stored before")
@roles(Role.INSPECTOR)
def keep_photo(visit_id: UUID, photo_id: UUID) -> Response:
    """Store a photo of a draft if the bytes are those that its copy names. It may be sent any number of times."""
    photo = _awaited(visit_id, photo_id)
    if photo.is_here:
        return _stored(photo, new=False)
    # No transaction is open while the storage works: it may be slow, or away.
    stream = _Watched(request.stream, visit_id, photo)
    waits_on = _storage().write(photo_key(photo), stream, size=photo.size, sha256=photo.sha256, part_of=photo.id)
    _storage().parts.drop(photo.id)
    return _kept(visit_id, photo, waits_on)


# Before GET, of which HEAD would be a part otherwise.
@blueprint.route("/<uuid:visit_id>/photos/<uuid:photo_id>", methods=["HEAD"])
@blueprint.response(200, description="How far it is", headers={"Upload-Offset": OFFSET, "Upload-Length": LENGTH})
@roles(Role.INSPECTOR)
def look_how_far(visit_id: UUID, photo_id: UUID) -> Response:
    """How many bytes of a draft's photo are here: from there it goes on after the line broke, and from there too when
    its visit has arrived meanwhile and promises it.
    """
    photo = _awaited(visit_id, photo_id)
    return how_far(photo.size, photo.size if photo.is_here else _storage().parts.offset(photo.id))


@blueprint.route("/<uuid:visit_id>/photos/<uuid:photo_id>", methods=["PATCH"])
@blueprint.doc(**PIECE)
@blueprint.response(201, description="Stored")
@blueprint.alt_response(200, description="Stored before")
@blueprint.alt_response(204, description="More is awaited", headers={"Upload-Offset": OFFSET})
@roles(Role.INSPECTOR)
def go_on(visit_id: UUID, photo_id: UUID) -> Response:
    """Add bytes behind those that are here, as many as the line carries; with the last ones the photo is stored, if
    they are those that its copy names.
    """
    photo = _awaited(visit_id, photo_id)
    if photo.is_here:
        return _stored(photo, new=False)
    parts, offset = _storage().parts, offset_of_piece(photo.size)
    reached = parts.append(photo.id, offset, request.stream, photo.size)
    if reached < photo.size:
        return Response(status=204, headers={"Upload-Offset": str(reached)})
    with parts.whole(photo.id, size=photo.size, sha256=photo.sha256) as file:
        try:
            with reading() as session:
                refuse_other_bytes(session, visit_id, photo)
        except (OtherContent, PhotoErased):
            parts.drop(photo.id)
            raise
        waits_on = _storage().take(photo_key(photo), file, photo.sha256)
    return _kept(visit_id, photo, waits_on)


def _awaited(visit_id: UUID, photo_id: UUID) -> AwaitedPhoto:
    with reading() as session:
        photo = awaited_draft_photo(session, person().user.id, visit_id, photo_id)
    limit = current_app.config["SETTINGS"].photo_max_bytes
    if photo.size > limit or (request.content_length or 0) > limit:
        raise TooLarge.over(limit)
    return photo


def _kept(visit_id: UUID, photo: AwaitedPhoto, waits_on: str | None) -> Response:
    user_id = person().user.id
    try:
        with writing() as session:
            kept = keep_draft_photo(session, user_id, visit_id, photo, datetime.now(UTC), waits_on)
    except IntegrityError:
        # Another tab was quicker, or the id is taken where this inspector may not look.
        with reading() as session:
            kept = awaited_draft_photo(session, user_id, visit_id, photo.id).is_here
        if not kept:
            raise OtherContent from None
    ring()
    if not kept:
        raise PhotoNotPromised
    return _stored(photo, new=True)


def _stored(photo: AwaitedPhoto, *, new: bool) -> Response:
    answer = {"id": str(photo.id), "sha256": photo.sha256, "size": photo.size}
    return Response(json.dumps(answer), 201 if new else 200, content_type="application/json")


@dataclass(frozen=True, slots=True)
class _Watched:
    """A request's body, at whose end it is looked anew whether its bytes may lie under their id."""

    stream: Readable
    visit_id: UUID
    photo: AwaitedPhoto

    def read(self, size: int, /) -> bytes:
        chunk = self.stream.read(size)
        if not chunk:
            with reading() as session:
                refuse_other_bytes(session, self.visit_id, self.photo)
        return chunk


@blueprint.route("/<uuid:visit_id>/photos/<uuid:photo_id>", methods=["GET"])
@blueprint.response(200, description="The bytes, as they came")
@roles(Role.INSPECTOR)
def show_photo(visit_id: UUID, photo_id: UUID) -> Any:
    """A photo of a draft, to go on with the draft on another phone."""
    with reading() as session:
        photo = draft_photo(session, person().user.id, visit_id, photo_id)
    try:
        bytes_of_it = _storage().open(photo_key(photo))
    except FileNotFoundError:
        raise (PhotoWaits if photo.waits_on else NotFound) from None
    answer: Response = send_file(
        bytes_of_it, "application/octet-stream", as_attachment=True, download_name=f"{photo.id}", max_age=0
    )
    return answer


def _storage() -> PhotoStorage:
    storage: PhotoStorage = current_app.extensions["photos"]
    return storage
