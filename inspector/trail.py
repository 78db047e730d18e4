"""Views that show personal data say so, and the audit trail says who looked. (What is changed: inspector/acts.py.)"""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, g, make_response, request

from checklists.trail import READ, has_entry_like
from inspector.acts import entry_of, id_in_address
from inspector.transactions import reading, writing

ONE_LOOK = timedelta(minutes=10)
"""Whoever looks at the same again within this time, to and fro between pages, has looked once."""

View = TypeVar("View", bound=Callable[..., Any])


def reads_personal(what: str, of: str = "") -> Callable[[View], View]:
    """A view that shows personal data: where it answered, an entry says who looked. A file is taken each time, a page
    looked at once in ten minutes. `of` is the view's argument that names whose data it is, where that is not the last
    id of the address. Stands below `roles`.
    """

    def mark(view: View) -> View:
        @functools.wraps(view)
        def looked_at(*arguments: Any, **named: Any) -> Any:
            answer = make_response(view(*arguments, **named))
            if answer.status_code == 200:
                _note_reading(what, named[of] if of else id_in_address(), answer)
            return answer

        looked_at.reads_personal = what  # type: ignore[attr-defined]  # A function takes any attribute.
        return looked_at  # type: ignore[return-value]  # It takes what the view takes.

    return mark


def _note_reading(what: str, subject: UUID | None, answer: Response) -> None:
    entries = [
        entry_of(organization_id, READ + what, subject, {"view": request.endpoint})
        for organization_id in {each.organization_id for each in g.memberships}
    ]
    if not answer.headers.get("Content-Disposition", "").startswith("attachment"):
        with reading() as session:
            entries = [entry for entry in entries if not has_entry_like(session, entry, entry.at - ONE_LOOK)]
    if entries:
        with writing() as session:
            session.add_all(entries)
