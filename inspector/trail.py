"""Views that show personal data say so, and the audit trail says who looked. (What is changed: inspector/acts.py.)"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from flask import g, make_response, request

from checklists.trail import READ
from inspector.acts import entry_of, id_in_address
from inspector.transactions import writing

View = TypeVar("View", bound=Callable[..., Any])


def reads_personal(what: str) -> Callable[[View], View]:
    """A view that shows personal data: each time it answered, an entry says who looked. Stands below `roles`."""

    def mark(view: View) -> View:
        @functools.wraps(view)
        def looked_at(*arguments: Any, **named: Any) -> Any:
            answer = make_response(view(*arguments, **named))
            if answer.status_code == 200:
                _note_reading(what)
            return answer

        looked_at.reads_personal = what  # type: ignore[attr-defined]  # A function takes any attribute.
        return looked_at  # type: ignore[return-value]  # It takes what the view takes.

    return mark


def _note_reading(what: str) -> None:
    with writing() as session:
        for organization_id in {each.organization_id for each in g.memberships}:
            session.add(entry_of(organization_id, READ + what, id_in_address(), {"view": request.endpoint}))
