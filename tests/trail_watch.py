"""Holds every request of every test to its word: what a person or token changed left exactly one entry for each
transaction in the audit trail of each organization, and what changed nothing left none.

The database itself says what was changed, so that this knows nothing of how the entries are made.
"""

import re
from collections import Counter
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from sqlalchemy import Connection, event

from checklists.people import Role
from checklists.trail import READ, AuditEntry
from inspector.acts import UNNOTED

_WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', re.IGNORECASE)


def watch_trail(app: Flask) -> None:
    engine = app.extensions["writers"]
    event.listen(engine, "after_cursor_execute", _note_statement)
    event.listen(engine, "commit", _keep)
    event.listen(engine, "rollback", _forget)
    app.after_request(_check)


def _note_statement(connection: Connection, cursor: Any, statement: str, *_more: Any) -> None:
    written = _WRITE.match(statement)
    if has_request_context() and "person" in g and written and cursor.rowcount != 0:
        connection.info.setdefault("written", []).append(written[1])


def _keep(connection: Connection) -> None:
    if has_request_context() and "written" in connection.info:
        g.setdefault("written", []).extend(connection.info.pop("written"))
        g.acts = g.get("acts", 0) + 1


def _forget(connection: Connection) -> None:
    if not connection.invalidated:  # A line that broke took what it knew with it.
        connection.info.pop("written", None)


@event.listens_for(AuditEntry, "after_insert")
def _note_entry(_mapper: Any, _connection: Connection, entry: AuditEntry) -> None:
    if has_request_context() and not entry.action.startswith(READ):
        g.setdefault("entries", []).append(entry)


def _check(response: Response) -> Response:
    if "person" not in g:
        return response
    entries = g.get("entries", []) if "audit_trail" in g.get("written", []) else []
    changed = sorted(set(g.get("written", [])) - UNNOTED)
    for_one = Counter(entry.organization_id for entry in entries)
    assert max(for_one.values(), default=0) <= g.get("acts", 0), f"{request.endpoint}: several entries for one act"
    if _is_delivery():
        assert not entries, f"{request.endpoint}: a delivery is its own trail"
    else:
        assert bool(entries) == bool(changed), f"{request.endpoint}: changed {changed}, entries: {len(entries)}"
    return response


def _is_delivery() -> bool:
    return {each.role for each in g.get("memberships", ())} == {Role.INSPECTOR} and request.endpoint in DELIVERIES


DELIVERIES = {
    *("delivery.deliver", "photos.deliver", "photos.go_on", "phone_contact.note"),
    *("phone_drafts.keep", "phone_drafts.keep_photo", "phone_drafts.go_on", "phone_drafts.discard"),
    *("phone_notices.keep", "phone_notices.forget"),
}
