"""The audit trail is kept here: what a request changed.

`writing()` opens each transaction of a request with `watch` and ends it with `add_entries`; between them the session
tells which rows of which tables it touched. What stood in them is never kept, only which rows and fields it was. The
entry is a part of the transaction: what is undone leaves none.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import current_app, g, has_request_context, request
from sqlalchemy import Connection, CursorResult, Result, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, object_session

from checklists.orm import Base, Owned, ScopedSession, Tenant
from checklists.people import Role
from checklists.trail import AuditEntry

UNNOTED = frozenset(
    {
        "answers",
        "audit_trail",
        "best_practices",
        "changed_outlets",
        "checks",
        "devices",
        "draft_copies",
        "draft_photos",
        "login_failures",
        "notice_addresses",
        "notices",
        "outlet_tallies",
        "photo_bands",
        "photo_likenesses",
        "photos",
        "sealed_reports",
    }
)
"""What comes in by the thousand, with the sealed report as its own trail; what is worked out from other rows; and what
is no act of anybody's.
"""


@dataclass(slots=True)
class Acts:
    """What one transaction did to the tables of one organization, or (None) to those of people."""

    rows: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    fields: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    first: Any = None
    project_id: UUID | None = None

    def note(self, table: str, verb: str, count: int = 1, fields: Iterable[str] = ()) -> None:
        self.rows[table][verb] += count
        self.fields[table].update(fields)

    def details(self) -> dict[str, Any]:
        """By table: how many rows were added, changed, removed, and which fields were changed."""
        return {
            table: {**counts, **({"fields": sorted(self.fields[table])} if self.fields[table] else {})}
            for table, counts in sorted(self.rows.items())
        }


def watch(session: Session) -> None:
    """Begin to note what the session changes, where a person or token asks and it is no delivery."""
    if has_request_context() and "person" in g and not _is_delivery():
        session.info["acts"] = {}


def _is_delivery() -> bool:
    """What only inspectors may do is to deliver: the sealed report is the trail of that."""
    access = getattr(current_app.view_functions.get(request.endpoint or ""), "access", None)
    return access is not None and access.roles == {Role.INSPECTOR}


@event.listens_for(Base, "after_insert", propagate=True)
def _note_added(_mapper: object, _connection: Connection, row: Base) -> None:
    _note_row(row, "added")


@event.listens_for(Base, "after_update", propagate=True)
def _note_changed(_mapper: object, _connection: Connection, row: Base) -> None:
    if _is_watched(row) and (changed := _changed_fields(row)):
        _note_row(row, "changed", changed)


@event.listens_for(Base, "after_delete", propagate=True)
def _note_removed(_mapper: object, _connection: Connection, row: Base) -> None:
    _note_row(row, "removed")


def _note_row(row: Any, verb: str, fields: Iterable[str] = ()) -> None:
    session = object_session(row)
    if session is None or not _is_watched(row):
        return
    acts = _acts_of(session, _organization_of(row))
    acts.note(row.__tablename__, verb, fields=fields)
    acts.first = acts.first or row
    acts.project_id = acts.project_id or getattr(row, "project_id", None)


def _is_watched(row: Any) -> bool:
    session = object_session(row)
    return session is not None and "acts" in session.info and row.__tablename__ not in UNNOTED


def _changed_fields(row: Any) -> list[str]:
    state = inspect(row)
    columns = state.mapper.column_attrs.keys()
    return [name for name in columns if state.attrs[name].history.has_changes()]


@event.listens_for(ScopedSession, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> Result[Any] | None:
    """Rows written by statements have no objects; how many they were the database tells."""
    if not (state.is_insert or state.is_update or state.is_delete) or "acts" not in state.session.info:
        return None
    mapper = state.bind_mapper
    table = mapper.local_table.name if mapper is not None else ""  # type: ignore[attr-defined]  # A mapped table.
    if not table or table in UNNOTED:
        return None
    result = state.invoke_statement()
    given = state.parameters
    count = len(given) if isinstance(given, list) else result.rowcount if isinstance(result, CursorResult) else 1
    if count:
        verb = "added" if state.is_insert else "changed" if state.is_update else "removed"
        owned = mapper is not None and issubclass(mapper.class_, Owned)
        _acts_of(state.session, _organization_in_force(state.session) if owned else None).note(table, verb, count)
    return result


def note_written(session: Session, organization_id: UUID, table: str) -> None:
    """Note one row that was added past the ORM, by its table's name."""
    if "acts" in session.info:
        _acts_of(session, organization_id).note(table, "added")


def _organization_of(row: Base) -> UUID | None:
    if isinstance(row, Tenant):
        return row.id
    return row.organization_id if isinstance(row, Owned) else None


def _organization_in_force(session: Session) -> UUID | None:
    if "organization" in g and g.organization is not None:
        identity: UUID = g.organization.id
        return identity
    assert isinstance(session, ScopedSession)
    organizations = session.scope.organizations or ()
    return next(iter(organizations)) if len(organizations) == 1 else None


def _acts_of(session: Session, organization_id: UUID | None) -> Acts:
    acts: dict[UUID | None, Acts] = session.info["acts"]
    return acts.setdefault(organization_id, Acts())


def add_entries(session: Session) -> None:
    """One entry for each organization in which the transaction changed something. What has no organization, such as
    one's own password, is kept in that of the address, else in all of the person's.
    """
    if "acts" not in session.info:
        return
    session.flush()
    noted: dict[UUID | None, Acts] = session.info.pop("acts")
    own = noted.pop(None, None)
    if own is not None:
        for organization_id in set(noted) or _organizations_of_person(session):
            acts = noted.setdefault(organization_id, Acts(first=own.first))
            acts.rows.update(own.rows)
            acts.fields.update(own.fields)
    for organization_id, acts in noted.items():
        assert organization_id is not None
        subject = id_in_address() or getattr(acts.first, "id", None)
        entry = entry_of(organization_id, request.endpoint or "", subject, acts.details())
        entry.project_id = entry.project_id or acts.project_id
        session.add(entry)


def _organizations_of_person(session: Session) -> set[UUID]:
    in_force = _organization_in_force(session)
    return {in_force} if in_force else {each.organization_id for each in g.person.memberships}


def id_in_address() -> UUID | None:
    """The thing that the address of this request names last."""
    return next((each for each in reversed((request.view_args or {}).values()) if isinstance(each, UUID)), None)


def entry_of(organization_id: UUID, action: str, subject: UUID | None, details: dict[str, Any]) -> AuditEntry:
    """An entry for who asks in this request, in the project of its address."""
    project = g.get("project")
    token = g.get("token")
    return AuditEntry(
        organization_id=organization_id,
        at=datetime.now(UTC),
        project_id=project.id if project else None,
        user_id=g.person.user.id,
        token_id=token.id if token else None,
        action=action,
        subject_id=subject,
        details=details,
        address=request.remote_addr or "",
    )
