"""Tokens for integrations: made by a manager, for some purposes, in an organization or one project of it."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, lazyload

from checklists.accounts.tables import USE_NOTED_EVERY, Token, TokenScope, sha256_of
from checklists.errors import N_, InvalidInput, NotFound
from checklists.people import Membership, User

BEGINNING = "audit_"
SHOWN_SIGNS = len(BEGINNING) + 6
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its text, which is shown once and kept nowhere."""

    token: Token
    text: str


def create_token(
    session: Session,
    user: User,
    name: str,
    scopes: Collection[TokenScope],
    now: datetime,
    *,
    organization_id: UUID,
    project_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> NewToken:
    """A token that acts for `user` in one project, or in all that the person reaches.

    The caller sees to it that the person manages there. Raises InvalidInput without a name or purpose, and for an end
    that lies behind us.
    """
    name, wrong = name.strip(), {}
    if not name or len(name) > LONGEST_NAME:
        wrong["name"] = N_("Please give a name of at most 100 characters, such as what the token is for.")
    if not scopes:
        wrong["scopes"] = N_("Choose at least one purpose.")
    if expires_at is not None and expires_at <= now:
        wrong["expires_at"] = N_("This day has passed already.")
    if wrong:
        raise InvalidInput(wrong)
    text = BEGINNING + secrets.token_urlsafe(32)
    token = Token(
        organization_id=organization_id,
        user_id=user.id,
        project_id=project_id,
        name=name,
        scopes=sorted(scopes),
        sha256=sha256_of(text),
        beginning=text[:SHOWN_SIGNS],
        created_at=now,
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    return NewToken(token, text)


def person_of_token(session: Session, text: str, now: datetime) -> tuple[Token, list[Membership]] | None:
    """The token with what its maker may do now, narrowed to its organization and project; None where it lets nobody
    in.

    The memberships are copies of a narrower kind and belong to no session.
    """
    rows: Sequence[Any] = session.execute(
        select(Token, Membership)
        .outerjoin(
            Membership,
            (Membership.user_id == Token.user_id)
            & (Membership.organization_id == Token.organization_id)
            & Membership.deactivated_at.is_(None),
        )
        .options(lazyload(Membership.user))
        .where(Token.sha256 == sha256_of(text))
    ).all()
    token: Token | None = rows[0][0] if rows else None
    if token is None or not token.lets_in(now) or token.user.erased_at is not None:
        return None
    held = [membership for _token, membership in rows if membership is not None]
    return token, [
        _narrowed(each, token) for each in held if token.project_id in (None, each.project_id or token.project_id)
    ]


def _narrowed(membership: Membership, token: Token) -> Membership:
    return Membership(
        id=membership.id,
        organization_id=membership.organization_id,
        user_id=membership.user_id,
        project_id=token.project_id or membership.project_id,
        role=membership.role,
        deactivated_at=None,
    )


def note_token_use(session: Session, token_id: UUID, now: datetime) -> None:
    session.execute(
        update(Token)
        .where(Token.id == token_id, Token.last_used_at.is_(None) | (Token.last_used_at <= now - USE_NOTED_EVERY))
        .values(last_used_at=now)
    )


def tokens_of(session: Session, projects: Collection[UUID] | None) -> list[Token]:
    """The tokens of the session's organization that are not revoked, the newest first: of these projects, or all."""
    statement = select(Token).where(Token.revoked_at.is_(None)).order_by(Token.created_at.desc(), Token.id.desc())
    if projects is not None:
        statement = statement.where(Token.project_id.in_(projects))
    return list(session.scalars(statement))


def revoke_token(session: Session, token_id: UUID, projects: Collection[UUID] | None, now: datetime) -> Token:
    """Let the token let nobody in any more. Raises NotFound for one that `tokens_of` would not list."""
    token = session.get(Token, token_id)
    if token is None or token.revoked_at is not None or (projects is not None and token.project_id not in projects):
        raise NotFound
    token.revoked_at = now
    return token
