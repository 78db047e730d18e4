"""Logging in and out, for the phone: a cookie that lasts 90 days and slides; with a password, or with a code that was
made on another device.
"""

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, ValidationError, fields

from checklists.errors import InvalidInput, UnreadableBody
from checklists.people import Role
from inspector import auth
from inspector.api.bodies import device_id_asked
from inspector.auth import public, roles

blueprint = Blueprint("session", __name__, url_prefix="/api/v1/session", description="Log in, log out")


class LoginSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    email = fields.String(required=True)
    password = fields.String(required=True)


class LoginByCodeSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    code = fields.String(required=True)


class CodeSchema(Schema):
    code = fields.String()
    valid_until = fields.AwareDateTime()


class PersonSchema(Schema):
    id = fields.String()
    name = fields.String()
    email = fields.String()
    language = fields.String()


class SessionSchema(Schema):
    person = fields.Nested(PersonSchema)


class VisitorSchema(Schema):
    person = fields.Nested(PersonSchema, allow_none=True)


@blueprint.route("", methods=["POST"])
@blueprint.doc(
    requestBody={
        "content": {"application/json": {"schema": {"anyOf": [LoginSchema, LoginByCodeSchema]}}},
        "required": True,
    }
)
@blueprint.response(200, SessionSchema)
@public("nobody is logged in yet")
def log_in() -> dict[str, Any]:
    try:
        sent = request.get_json(silent=True) or {}
        by_code = isinstance(sent, dict) and "code" in sent
        login = (LoginByCodeSchema() if by_code else LoginSchema()).load(sent)
    except RecursionError:
        raise UnreadableBody from None
    except ValidationError as error:
        raise InvalidInput({name: str(why[0]) for name, why in error.messages_dict.items()}) from None
    someone = auth.log_in_by_code(login["code"]) if by_code else auth.log_in(login["email"], login["password"])
    return {"person": _person(someone)}


@blueprint.route("/code", methods=["POST"])
@blueprint.response(201, CodeSchema)
@roles(*Role)
def make_code() -> dict[str, Any]:
    code, until = auth.make_code()
    return {"code": code, "valid_until": until}


@blueprint.route("", methods=["GET"])
@blueprint.response(200, SessionSchema)
@roles(*Role, lately=True)
def show() -> dict[str, Any]:
    return {"person": _person(auth.person())}


@blueprint.route("/person", methods=["GET"])
@blueprint.response(200, VisitorSchema)
@public("tells nobody but people themselves who they are")
def show_visitor() -> dict[str, Any]:
    """A browser writes each 401 into its console as an error; that nobody has logged in yet is none."""
    someone = auth.visitor()
    return {"person": _person(someone) if someone else None}


@blueprint.route("", methods=["DELETE"])
@blueprint.doc(parameters=[{"in": "query", "name": "device_id", "schema": {"type": "string"}}])
@blueprint.response(204)
@public("logging out twice does no harm")
def log_out() -> Response:
    """With Expect-Person, that person's login only: on a shared phone the next one may have come before it arrived. No
    more notices go to the phone that `device_id` names.
    """
    someone = auth.visitor()
    if someone is None:
        auth.log_out()
    elif request.headers.get("Expect-Person") in (None, str(someone.user.id)):
        auth.log_out(silent=(someone.user.id, device_id_asked()))
    return Response(status=204)


def _person(someone: auth.Person) -> dict[str, str]:
    user = someone.user
    return {"id": str(user.id), "name": user.name, "email": user.email, "language": user.language}
