"""The audit trail, for those who run the organization: who changed what, and who looked at personal data."""

from uuid import UUID

from flask import Response, g
from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.errors import N_, InvalidInput, NotFound
from checklists.people import Membership
from checklists.trail import AuditEntry, EntryKind, Wanted, entries_found
from inspector.api.fields import TOLD, Anything, Body, Choice, Id, Moment, Part, Text
from inspector.api.operations import Json, Operations
from inspector.api.paging import Paged, cursor_as, page_of, paged
from inspector.auth import MANAGERS, roles
from inspector.manager.tokens import reached_projects
from inspector.manager.trail_words import said
from inspector.trail import reads_personal
from inspector.transactions import reading

operations = Operations(
    "trail",
    "Audit trail",
    "Who changed what, and who looked at personal data: which rows and fields, never what stood in them. To read it is"
    " noted in it, too. Who manages single projects gets the entries of these.",
)


class ActorSchema(Body):
    id = Id("user", **TOLD)
    name = Text(example="Marina Orlova", **TOLD)
    email = Text(example="marina@example.org", **TOLD)


class ActingTokenSchema(Body):
    id = Id("token", **TOLD)
    name = Text(example="Nightly export", **TOLD)


class EntrySchema(Body):
    id = Id("entry", **TOLD)
    at = Moment(**TOLD)
    project_id = Id("project", "Null is the organization.", allow_none=True, **TOLD)
    person = Part(ActorSchema, "Null where a command did it.", allow_none=True, **TOLD)
    token = Part(ActingTokenSchema, "The program that asked in the person's name.", allow_none=True, **TOLD)
    said = Text("What was done, in words.", example="approved a visit", **TOLD)
    action = Text("The page or call; of who only looked, `read` and what.", example="visits.approve_visit", **TOLD)
    subject_id = Id("visit", "What it was done to.", allow_none=True, **TOLD)
    details = Anything(
        {"type": "object"},
        "By table: how many rows were added, changed, removed, and which fields.",
        example={"visits": {"changed": 1, "fields": ["state"]}},
        **TOLD,
    )
    address = Text("In the network.", example="192.0.2.7", **TOLD)


class TrailQuery(Paged):
    user_id = Id("user", "Only what this person did.", load_default=None)
    kind = Choice(EntryKind, load_default=None, example="changes")
    since = Moment("From this moment on.", load_default=None)
    until = Moment("Before this moment.", load_default=None)


@operations.route("/organizations/<uuid:organization_id>/trail", methods=["GET"])
@operations.query(TrailQuery)
@operations.answers(200, page_of(EntrySchema), "Entries, the latest first")
@roles(*MANAGERS, scope=TokenScope.PEOPLE_READ)
@reads_personal("trail")
def list_entries(asked: Json, organization_id: UUID) -> Response:
    """What people and programs did in the organization, the latest first."""
    cursor = cursor_as(asked["cursor"], UUID)
    with reading() as session:
        if asked["user_id"]:
            _refuse_stranger(session, asked["user_id"])
        if cursor and session.get(AuditEntry, cursor[0]) is None:
            raise InvalidInput({"cursor": N_("This cursor is not one of this list.")})
        wanted = Wanted(reached_projects(), **{name: asked[name] for name in ("user_id", "kind", "since", "until")})
        found = entries_found(session, wanted, asked["limit"] + 1, cursor and cursor[0])
        return paged(EntrySchema, found, asked["limit"], lambda entry: (entry.id,), _told)


def _refuse_stranger(session: Session, user_id: UUID) -> None:
    """Raises NotFound for somebody who never worked in the organization."""
    here = select(Membership.id).where(Membership.user_id == user_id, Membership.organization_id == g.organization.id)
    if session.scalar(here.limit(1)) is None:
        raise NotFound


def _told(entry: AuditEntry) -> Json:
    names = ("id", "at", "project_id", "token", "action", "subject_id", "details", "address")
    return {name: getattr(entry, name) for name in names} | {"person": entry.user, "said": said(entry)}
