"""Tokens for integrations, made and revoked by people who are logged in: a token opens none of this."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Response, g
from flask_babel import gettext as _

from checklists.accounts import Token, TokenScope, create_token, revoke_token, tokens_of
from checklists.errors import InvalidInput, NotFound
from checklists.people import projects_of
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Body, Choice, Id, Moment, Several, Text
from inspector.api.operations import Json, Operations, nothing_more, told
from inspector.api.paging import Paged, behind, page_of, paged
from inspector.api.reach import find
from inspector.auth import MANAGERS, person, roles
from inspector.manager.tokens import reached_projects
from inspector.transactions import reading, writing

operations = Operations(
    "tokens",
    "Tokens",
    "A token lets a program in, in the name of the person who made it, for some purposes, in one project or in all.",
)


MEANT = ("id", "name", "scopes", "expires_at")
"""What stays while a token is used."""


class TokenSchema(Body):
    id = Id("token", **TOLD)
    organization_id = Id("organization", **TOLD)
    project_id = Id("project", "Null is all projects of the organization.", allow_none=True, load_default=None)
    name = Text("What it is for.", required=True, longest=100, example="Nightly export")
    scopes = Several(
        Choice(TokenScope, example="results:read"), "For what it may be used.", required=True, least=1, most=20
    )
    beginning = Text("The first signs of the token.", example="audit_Zk3bQ1", **TOLD)
    made_by_id = Id("user", "In whose name it acts.", **TOLD)
    made_by_name = Text(example="Marina Orlova", **TOLD)
    created_at = Moment(**TOLD)
    expires_at = Moment("Null is never.", allow_none=True, load_default=None, example="2027-06-01T00:00:00+00:00")
    last_used_at = Moment(allow_none=True, **TOLD)


class NewTokenSchema(TokenSchema):
    token = Text("The token itself: told this once, and kept nowhere.", example="audit_Zk3bQ1…", **TOLD)


@operations.route("/organizations/<uuid:organization_id>/tokens", methods=["GET"])
@operations.query(Paged)
@operations.answers(200, page_of(TokenSchema), "The tokens that are not revoked")
@roles(*MANAGERS)
def list_tokens(asked: Json, organization_id: UUID) -> Response:
    """The tokens of what the asker manages in the organization."""
    with reading() as session:
        found = sorted(tokens_of(session, reached_projects()), key=_place)
    return paged(TokenSchema, behind(found, asked["cursor"], asked["limit"], _place), asked["limit"], _place, _told)


def _place(token: Token) -> tuple[UUID]:
    return (token.id,)


@operations.route("/organizations/<uuid:organization_id>/tokens", methods=["POST"])
@operations.body(TokenSchema)
@operations.answers(201, NewTokenSchema, "The token, with its text")
@roles(*MANAGERS)
def add(wish: Json, organization_id: UUID) -> Response:
    """A new token. It acts as the person who makes it."""
    project_id = wish["project_id"]
    with writing() as session:
        reached = {each.id for projects in projects_of(session, g.memberships).values() for each in projects}
        if project_id is None and reached_projects() is not None:
            raise InvalidInput({"project_id": _("Please choose one.")})
        if project_id is not None and project_id not in reached:
            raise NotFound
        made = create_token(
            session,
            person().user,
            wish["name"],
            wish["scopes"],
            datetime.now(UTC),
            organization_id=organization_id,
            project_id=project_id,
            expires_at=wish["expires_at"],
        )
        return told(NewTokenSchema().dump(_told(made.token) | {"token": made.text}), 201)


def _told(token: Token) -> Json:
    names = ("id", "organization_id", "project_id", "name", "scopes", "beginning")
    times = ("created_at", "expires_at", "last_used_at")
    own = {name: getattr(token, name) for name in (*names, *times)}
    return own | {"made_by_id": token.user_id, "made_by_name": token.user.name}


@operations.route("/tokens/<uuid:token_id>", methods=["GET"])
@operations.answers(200, TokenSchema, "The token, without its text")
@roles(*MANAGERS)
def show(token_id: UUID) -> Response:
    """One token."""
    with reading() as session:
        return tagged(TokenSchema, _told(find(session, Token, token_id)), meant=MEANT)


@operations.route("/tokens/<uuid:token_id>", methods=["DELETE"])
@operations.answers(204, None, "The token lets nobody in any more")
@operations.needs_tag
@roles(*MANAGERS)
def revoke(token_id: UUID) -> Response:
    """Revoke a token."""
    with writing() as session:
        refuse_if_changed(TokenSchema, _told(find(session, Token, token_id, lock=True)), MEANT)
        revoke_token(session, token_id, reached_projects(), datetime.now(UTC))
    return nothing_more()
