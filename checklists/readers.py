"""Who reads, and what they get to see: a client gets approved visits and the results of these, and nobody's name.

The narrowing lies in the session's scope, so that it meets every statement: a page, an export or a call that forgets
who is asking still cannot show a client what is not theirs to see.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import event, false
from sqlalchemy.orm import with_loader_criteria
from sqlalchemy.orm.attributes import set_committed_value

from checklists.accounts import Token
from checklists.erasure import Erasure
from checklists.imports import Import
from checklists.orm import Scope, ScopedSession
from checklists.people import Membership, Role, User
from checklists.review import Correction, Review
from checklists.trail import AuditEntry
from checklists.visits import Photo, PhotoLikeness, SealedReport, Visit, VisitState
from checklists.waves import Assignment, Wave

_NOT_FOR_CLIENTS: tuple[type, ...] = (
    *(User, Membership, Token, AuditEntry, Import, Erasure, Assignment),
    *(SealedReport, PhotoLikeness, Review, Correction),
)
"""Of these a client finds no row at all."""
_FOR_CLIENTS = (
    with_loader_criteria(
        Visit, (Visit.state == VisitState.APPROVED) & Visit.deleted_at.is_(None), include_aliases=True
    ),
    # Pictures come without metadata; a voice cannot be told without itself. What was kept beside a visit is none of it.
    with_loader_criteria(Photo, Photo.media_type.not_like("audio/%") & ~Photo.beside, include_aliases=True),
    *(with_loader_criteria(table, false(), include_aliases=True) for table in _NOT_FOR_CLIENTS),
)
_BLANK_FOR_CLIENTS: Mapping[type, Mapping[str, Any]] = {
    Visit: {"positions": [], "device_id": "", "app_version": "", "text_replaced": False, "consents": []},
    Wave: {"brief": {}},
}
"""Columns of rows that a client does see, with what they hold for a client."""


def scope_of(memberships: Iterable[Membership]) -> Scope:
    """The scope of somebody who reads or writes by these memberships; a client's where all of them are a client's."""
    held = list(memberships)
    clients = bool(held) and all(each.role is Role.CLIENT for each in held)
    return Scope(frozenset(each.organization_id for each in held), narrowing=_FOR_CLIENTS if clients else ())


def is_for_clients(scope: Scope) -> bool:
    return scope.narrowing is _FOR_CLIENTS


def _blank(row: Any, session: Any) -> None:
    if isinstance(session, ScopedSession) and is_for_clients(session.scope):
        for column, nothing in _BLANK_FOR_CLIENTS[type(row)].items():
            set_committed_value(row, column, nothing)


for _table in _BLANK_FOR_CLIENTS:
    event.listen(_table, "load", lambda row, context: _blank(row, context.session))
    event.listen(_table, "refresh", lambda row, context, _columns: _blank(row, context.session))
