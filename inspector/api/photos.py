"""The bytes of a promised photo come in, and go out to those who may see them."""

from datetime import UTC, datetime
from re import fullmatch
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, json, request, send_file
from flask_smorest import Blueprint
from sqlalchemy import select

from checklists.accounts import TokenScope
from checklists.errors import (
    N_,
    InvalidInput,
    NotAllowed,
    NotFound,
    PhotoErased,
    PhotoUnreachable,
    PhotoWaits,
    StorageUnavailable,
    TooLarge,
    WrongSize,
)
from checklists.people import Role
from checklists.visits import Photo, PromisedPhoto, Visit, VisitState, promised_photo, receive_photo
from inspector.auth import READERS, REVIEWERS, person, roles, sender
from inspector.background import ring
from inspector.photo_storage import PhotoStorage, photo_key
from inspector.recordings import HEARD
from inspector.transactions import reading, writing

blueprint = Blueprint("photos", __name__, url_prefix="/api/v1/photos", description="Photos of a visit")

OFFSET = {"description": "How many bytes are here.", "schema": {"type": "integer", "minimum": 0}}
LENGTH = {
    "description": "How many the report, or the copy of its draft, promised.",
    "schema": {"type": "integer", "minimum": 0},
}
PIECE: dict[str, Any] = {
    "parameters": [{"in": "header", "name": "Upload-Offset", "required": True, "schema": OFFSET["schema"]}],
    "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
}
SHOWN_AS_PICTURES = ("image/jpeg", "image/png", "image/webp")


@blueprint.route("/<uuid:photo_id>", methods=["PUT"])
@blueprint.doc(
    requestBody={
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/*", "audio/*")}
    }
)
@blueprint.response(201, description="Stored")
@blueprint.alt_response(200, description="Stored before")
@roles(Role.INSPECTOR, lately=True)
def deliver(photo_id: UUID) -> Response:
    """Store the bytes if they are those that the report promised. It may be sent any number of times."""
    photo = _promised(photo_id)
    if photo.stored_at is not None:
        return _stored(photo, new=False)
    # No transaction is open while the storage works: it may be slow, or away.
    waits_on = _storage().write(
        photo_key(photo), request.stream, size=photo.size, sha256=photo.sha256, part_of=photo.id
    )
    _storage().parts.drop(photo.id)
    return _received(photo, waits_on)


# Before GET, of which HEAD would be a part otherwise.
@blueprint.route("/<uuid:photo_id>", methods=["HEAD"])
@blueprint.response(200, description="How far it is", headers={"Upload-Offset": OFFSET, "Upload-Length": LENGTH})
@roles(Role.INSPECTOR, lately=True)
def look_how_far(photo_id: UUID) -> Response:
    """How many bytes of a promised photo are here: from there it goes on after the line broke."""
    photo = _promised(photo_id)
    return how_far(photo.size, photo.size if photo.stored_at else _storage().parts.offset(photo.id))


def how_far(size: int, offset: int) -> Response:
    """The answer that so many of a photo's bytes are here."""
    headers = {"Upload-Offset": str(min(offset, size)), "Upload-Length": str(size), "Cache-Control": "no-store"}
    return Response(headers=headers)


@blueprint.route("/<uuid:photo_id>", methods=["PATCH"])
@blueprint.doc(**PIECE)
@blueprint.response(201, description="Stored")
@blueprint.alt_response(200, description="Stored before")
@blueprint.alt_response(204, description="More is awaited", headers={"Upload-Offset": OFFSET})
@roles(Role.INSPECTOR, lately=True)
def go_on(photo_id: UUID) -> Response:
    """Add bytes behind those that are here, as many as the line carries; with the last ones the photo is stored, if
    they are those that the report promised.
    """
    photo = _promised(photo_id)
    if photo.stored_at is not None:
        return _stored(photo, new=False)
    parts, offset = _storage().parts, offset_of_piece(photo.size)
    reached = parts.append(photo.id, offset, request.stream, photo.size)
    if reached < photo.size:
        return Response(status=204, headers={"Upload-Offset": str(reached)})
    with parts.whole(photo.id, size=photo.size, sha256=photo.sha256) as file:
        waits_on = _storage().take(photo_key(photo), file, photo.sha256)
    return _received(photo, waits_on)


def offset_of_piece(size: int) -> int:
    """Where the request's piece of a photo of so many bytes begins. Raises InvalidInput, WrongSize."""
    offset = request.headers.get("Upload-Offset", "")
    if not fullmatch(r"[0-9]{1,15}", offset):
        raise InvalidInput({"Upload-Offset": N_("A number of bytes is needed here.")})
    promised_end = int(offset) + (request.content_length or 0)
    if promised_end > size:
        raise WrongSize(received=promised_end, promised=size)
    return int(offset)


def _promised(photo_id: UUID) -> PromisedPhoto:
    with reading() as session:
        photo = promised_photo(session, photo_id, sender())
    limit = current_app.config["SETTINGS"].photo_max_bytes
    if photo.size > limit or (request.content_length or 0) > limit:
        raise TooLarge.over(limit)
    return photo


def _received(photo: PromisedPhoto, waits_on: str | None) -> Response:
    with writing() as session:
        new = receive_photo(session, photo.id, datetime.now(UTC), waits_on)
    ring()
    return _stored(photo, new=new)


def _stored(photo: PromisedPhoto, *, new: bool) -> Response:
    answer = {
        "id": str(photo.id),
        "sha256": photo.sha256,
        "size": photo.size,
        "readable": photo.readable,
        "reason": photo.unreadable_reason,
    }
    return Response(json.dumps(answer), 201 if new else 200, content_type="application/json")


@blueprint.route("/<uuid:photo_id>", methods=["GET"])
@blueprint.doc(parameters=[{"in": "query", "name": "size", "schema": {"enum": ["thumbnail", "screen", "original"]}}])
@blueprint.response(200, description="The picture, or the recording")
@blueprint.alt_response(206, description="The part of a recording that was asked for with Range")
@roles(*READERS, Role.INSPECTOR, scope=TokenScope.FIELDWORK_READ)
def show(photo_id: UUID) -> Any:
    """A picture in one of its sizes; the original where the smaller ones are not made yet. Unreadable ones are
    downloads. A client gets the smaller ones only, which carry no metadata, and no recording, which has none.
    """
    size = request.args.get("size", "original")
    derived_wanted = size in ("thumbnail", "screen")
    with reading() as session:
        photo = session.scalar(select(Photo).where(Photo.id == photo_id, Photo.stored_at.is_not(None)))
        originals = photo is not None and _may_see(photo)
        if photo is None or not (originals or _is_the_clients(photo)):
            raise NotFound
    if photo.erased_at is not None:
        raise PhotoErased
    if not originals:
        if not derived_wanted:
            raise NotAllowed
        if not photo.readable:
            raise NotFound
    try:
        if derived_wanted and photo.readable and not photo.is_recording:
            derived: Response = send_file(_storage().open(photo_key(photo, size)), "image/jpeg", max_age=86400)
            # Evidence is nobody's to keep on the way, and the answer may carry the login's cookie.
            derived.cache_control.public, derived.cache_control.private = False, True
            return derived
        original = _storage().open(photo_key(photo))
    except FileNotFoundError:
        raise (PhotoWaits if photo.waits_on else NotFound) from None
    except StorageUnavailable as fault:
        raise (PhotoWaits if photo.waits_on else PhotoUnreachable) from fault
    shown = photo.media_type in (*SHOWN_AS_PICTURES, *HEARD) and photo.readable is not False
    media_type = photo.media_type if shown else "application/octet-stream"
    answer = send_file(
        original,
        media_type,
        as_attachment=not shown,
        download_name=f"{photo.id}",
        conditional=not photo.is_recording,
        max_age=0,
    )
    if photo.is_recording:
        # Who listens goes to and fro in it; send_file alone knows of ranges in some kinds of streams only.
        answer.content_length = photo.size
        answer.set_etag(photo.sha256)
        answer.make_conditional(request, accept_ranges=True, complete_length=photo.size)
    return answer


def _may_see(photo: Photo) -> bool:
    """Managers and reviewers see the photos of their projects, an inspector those of the own visits there; of a deleted
    visit nobody sees any.
    """
    visit: Visit | None = photo.visit  # None where a client's scope hides it.
    if visit is None or visit.deleted_at is not None:
        return False
    own = visit.inspector_id == person().user.id
    return any(
        (each.role in REVIEWERS or (own and each.role is Role.INSPECTOR))
        and each.organization_id == visit.organization_id
        and each.project_id in (None, visit.project_id)
        for each in g.memberships
    )


def _is_the_clients(photo: Photo) -> bool:
    """Whether the reader is a client of the photo's project, and its visit was approved."""
    visit: Visit | None = photo.visit
    if visit is None or visit.deleted_at is not None or visit.state is not VisitState.APPROVED or photo.beside:
        return False
    return any(
        each.role is Role.CLIENT
        and each.organization_id == visit.organization_id
        and each.project_id in (None, visit.project_id)
        for each in g.memberships
    )


def _storage() -> PhotoStorage:
    storage: PhotoStorage = current_app.extensions["photos"]
    return storage
