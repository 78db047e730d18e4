"""Where a phone's notices go: its browser gives an address at a push service, and the keys that only it reads by."""

from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy.exc import IntegrityError

from checklists.notices import forget_addresses, keep_address
from checklists.people import Role
from checklists.phones import NoticeAddress
from inspector.api.bodies import device_id_asked, read_as, read_json
from inspector.api.operations import Json, nothing_more, told
from inspector.api.phone_drafts import PRINTABLE
from inspector.auth import person, roles
from inspector.notices.encryption import SECRET_BYTES
from inspector.notices.keys import browser_key, from_base64, own_key, point_of, to_base64
from inspector.notices.push_service import parts_of
from inspector.transactions import writing

blueprint = Blueprint("phone_notices", __name__, url_prefix="/api/v1/phone/notices", description="Notices on the phone")

LONGEST_KEY = 200
EXAMPLE = {
    "device_id": "7f3c0a52-phone",
    "endpoint": "https://push.example.org/send/7a31",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}


def _check_public_key(words: str) -> None:
    try:
        browser_key(words)
    except ValueError:
        raise ValidationError("no public key of a browser") from None


def _check_secret(words: str) -> None:
    try:
        if len(from_base64(words)) == SECRET_BYTES:
            return
    except ValueError:
        pass
    raise ValidationError("no secret of a browser")


def _check_endpoint(address: str) -> None:
    try:
        parts_of(address, current_app.config["SETTINGS"].push_services_inside)
    except ValueError:
        raise ValidationError("no public https address of a push service") from None


class BrowserKeysSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    p256dh = fields.String(required=True, validate=[validate.Length(max=LONGEST_KEY), _check_public_key])
    auth = fields.String(required=True, validate=[validate.Length(max=LONGEST_KEY), _check_secret])


class NoticeAddressSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    device_id = fields.String(required=True, validate=validate.Regexp(PRINTABLE))
    endpoint = fields.String(required=True, validate=_check_endpoint)
    keys = fields.Nested(BrowserKeysSchema, required=True)


class OwnKeySchema(Schema):
    public_key = fields.String(metadata={"description": "What the browser's `subscribe` wants as its server's key."})


@blueprint.route("", methods=["GET"])
@blueprint.response(200, OwnKeySchema, description="The key")
@roles(Role.INSPECTOR)
def key() -> Response:
    """The public key by which push services know this server."""
    return told({"public_key": to_base64(point_of(own_key(current_app.config["SETTINGS"])))})


@blueprint.route("", methods=["PUT"])
@blueprint.doc(
    requestBody={"content": {"application/json": {"schema": NoticeAddressSchema, "example": EXAMPLE}}, "required": True}
)
@blueprint.response(204, description="Notices go there")
@roles(Role.INSPECTOR)
def keep() -> Response:
    """Send this person's notices to this phone from now on, and nobody else's."""
    wish = read_as(NoticeAddressSchema(), read_json())
    try:
        _keep(wish)
    except IntegrityError:
        # The same phone's other tab was quicker; a second look finds its address.
        _keep(wish)
    return nothing_more()


def _keep(wish: Json) -> None:
    keys: dict[str, Any] = {"public_key": wish["keys"]["p256dh"], "secret": wish["keys"]["auth"]}
    place = {"device_id": wish["device_id"], "endpoint": wish["endpoint"]}
    with writing() as session:
        keep_address(session, NoticeAddress(user_id=person().user.id, **place, **keys, created_at=datetime.now(UTC)))


@blueprint.route("", methods=["DELETE"])
@blueprint.doc(parameters=[{"in": "query", "name": "device_id", "required": True, "schema": {"type": "string"}}])
@blueprint.response(204, description="None go there")
@roles(Role.INSPECTOR)
def forget() -> Response:
    """Send no more notices to this phone."""
    with writing() as session:
        forget_addresses(session, person().user.id, device_id_asked())
    return nothing_more()
