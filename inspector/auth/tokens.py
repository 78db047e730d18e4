"""Bearer tokens: a program asks in the name of the person who made its token, and reaches no further than both."""

from datetime import UTC, datetime
from uuid import UUID

from flask import g, request

from checklists.accounts import TokenScope, note_token_use, person_of_token
from checklists.errors import NoTokensHere, ScopeMissing, TokenRefused
from checklists.orm import unscoped
from inspector.auth.logins import Person
from inspector.transactions import reading, writing

BEARER = "bearer "


def sent() -> str | None:
    """The token of this request, or None where it sends none."""
    header = request.headers.get("Authorization", "")
    return header[len(BEARER) :].strip() if header[: len(BEARER)].casefold() == BEARER else None


def person_behind(token_text: str, scope: TokenScope | None) -> Person:
    """Who made the token, with the memberships that it reaches; the token goes into `g`.

    Raises TokenRefused for one that is unknown, revoked or expired, ScopeMissing where it was made for something else,
    NoTokensHere where `scope` is None.
    """
    now = datetime.now(UTC)
    with reading(unscoped("a token is known before its organization")) as transaction:
        found = person_of_token(transaction, token_text, now)
    if found is None:
        raise TokenRefused
    token, memberships = found
    if scope is None:
        raise NoTokensHere
    if scope not in token.scopes:
        raise ScopeMissing(scope=scope.value)
    if token.use_is_news(now):
        _note_use(token.id, now)
    g.token = token
    return Person(token.user, memberships)


def _note_use(token_id: UUID, now: datetime) -> None:
    with writing(unscoped("a token is known before its organization")) as transaction:
        note_token_use(transaction, token_id, now)
