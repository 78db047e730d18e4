"""A phone says of itself what its inspector's managers should know: what waits on it, and whether it is safe there."""

from datetime import UTC, datetime
from typing import Any

from flask import Response, g, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, post_load, validate
from sqlalchemy.exc import IntegrityError

from checklists.people import Role
from checklists.phones import Contact, WaitingVisit, note_contact
from inspector.api.bodies import read_as, read_json
from inspector.api.operations import nothing_more
from inspector.api.phone_drafts import PRINTABLE
from inspector.api.report_body import Moment, Several
from inspector.auth import person, roles
from inspector.manager.devices import browser_of, system_of
from inspector.transactions import writing

blueprint = Blueprint("phone_contact", __name__, url_prefix="/api/v1/phone/device", description="What a phone says")

MOST_VISITS = 1_000
HIGHEST_SIZE = 2**53
SHORT = r"[^\x00-\x1f\ud800-\udfff]{0,100}\Z"


class WaitingSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    assignment_id = fields.UUID(required=True)
    since = Moment(required=True)
    parked = fields.Boolean(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> WaitingVisit:
        return WaitingVisit(**data)


class ContactSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    device_id = fields.String(required=True, validate=validate.Regexp(PRINTABLE))
    app_version = fields.String(required=True, validate=validate.Regexp(SHORT))
    system = fields.String(load_default="", validate=validate.Regexp(SHORT))
    installed = fields.Boolean(required=True)
    keeps = fields.Boolean(required=True, allow_none=True)
    storage_left = fields.Integer(required=True, allow_none=True, strict=True, validate=validate.Range(0, HIGHEST_SIZE))
    drafts = Several(fields.UUID(), MOST_VISITS, required=True)
    waiting = Several(fields.Nested(WaitingSchema), MOST_VISITS, required=True)


_contact_schema = ContactSchema()


@blueprint.route("", methods=["PUT"])
@blueprint.doc(requestBody={"content": {"application/json": {"schema": ContactSchema}}, "required": True})
@blueprint.response(204, description="Noted")
@roles(Role.INSPECTOR)
def note() -> Response:
    """Note what the phone says; each organization is told of its own assignments only."""
    said = read_as(_contact_schema, read_json())
    agent = request.headers.get("User-Agent", "")
    # A model that the browser tells says more than what stands in every browser's name for itself.
    said["system"] = ", ".join(filter(None, [said["system"] or system_of(agent), browser_of(agent)]))
    contact = Contact(**said | {name: tuple(said[name]) for name in ("drafts", "waiting")})
    try:
        _note(contact)
    except IntegrityError:
        _note(contact)
    return nothing_more()


def _note(contact: Contact) -> None:
    with writing() as session:
        organizations = {each.organization_id for each in g.memberships}
        note_contact(session, person().user.id, organizations, contact, datetime.now(UTC))
