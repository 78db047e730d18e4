"""Logins begin, are used, and end. They are a person's and no organization's: sessions for them are unscoped."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LABEL_STYLE_TABLENAME_PLUS_COL, bindparam, delete, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from checklists.accounts.tables import LONGEST_LOGIN, STAYS_LOGGED_IN, USE_NOTED_EVERY, Login, LoginCode
from checklists.orm import new_id
from checklists.people import Membership, User
from checklists.quick import Inside, Kept, row_of, table_of


def _write_look_up(inside: Inside) -> Any:
    logins, users, memberships = table_of(Login), table_of(User), table_of(Membership)
    own = (memberships.c.user_id == logins.c.user_id) & inside(memberships)
    return (
        select(logins, users, memberships)
        .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
        .select_from(logins.join(users, users.c.id == logins.c.user_id).outerjoin(memberships, own))
        .where(logins.c.id == bindparam("login_id"))
    )


# A login is looked for at each request: one statement, by the primary key and an index.
_LOOK_UP = Kept(_write_look_up)


def login_with_memberships(session: Session, login_id: UUID, now: datetime) -> tuple[Login, list[Membership]] | None:
    """The login with all memberships of its person, or None where it ended, ran out or was never. They are read past
    the session, which does not know them.
    """
    rows = _LOOK_UP.run(session, login_id=login_id).all()
    if not rows:
        return None
    login, user = row_of(Login, rows[0]), row_of(User, rows[0])
    set_committed_value(login, "user", user)
    if login.ended_at is not None or user.erased_at is not None or not login.lasts(now):
        return None
    memberships = [row_of(Membership, row) for row in rows if row.memberships_id is not None]
    for membership in memberships:
        set_committed_value(membership, "user", user)
    return login, memberships


def begin_login(
    session: Session, user: User, device: str, address: str, now: datetime, login_id: UUID | None = None
) -> Login:
    """`device` is the browser's own words, `address` where it is in the network."""
    login = Login(
        id=login_id or new_id(), user_id=user.id, created_at=now, last_seen_at=now, device=device, address=address
    )
    session.add(login)
    session.flush()
    return login


def take_over_login(
    session: Session, user: User, login_id: UUID, refused: UUID, device: str, address: str, now: datetime
) -> bool:
    """Let the cookie of an earlier release go on as the login `login_id`; repeated, it stays the same one.

    False where that login has ended, or where the person ended all such cookies (`refuse_old_cookies`).
    """
    # Held, so that two requests with one cookie do not both make the login.
    session.execute(select(User.id).where(User.id == user.id).with_for_update())
    if session.get(Login, refused) is not None:
        return False
    there = session.get(Login, login_id)
    if there is None:
        begin_login(session, user, device, address, now, login_id)
        return True
    return there.ended_at is None and there.user_id == user.id


def refuse_old_cookies(session: Session, user_id: UUID, refused: UUID, now: datetime) -> None:
    """Keep that all cookies of the earlier release were ended for this person: those that nobody has shown since the
    upgrade have no login that could end.
    """
    if session.get(Login, refused) is None:
        session.add(Login(id=refused, user_id=user_id, created_at=now, last_seen_at=now, ended_at=now))


def note_login_use(session: Session, login_id: UUID, device: str, address: str, now: datetime) -> None:
    session.execute(
        update(Login)
        .where(Login.id == login_id, Login.last_seen_at <= now - USE_NOTED_EVERY)
        .values(last_seen_at=now, device=device, address=address)
    )


def logins_of(session: Session, user_id: UUID, now: datetime) -> list[Login]:
    """The logins that let the person in, the one used last first."""
    return list(
        session.scalars(
            select(Login)
            .where(
                Login.user_id == user_id,
                Login.ended_at.is_(None),
                Login.last_seen_at >= now - STAYS_LOGGED_IN,
                Login.created_at >= now - LONGEST_LOGIN,
            )
            .order_by(Login.last_seen_at.desc(), Login.id)
        )
    )


def end_login(session: Session, login_id: UUID, now: datetime, *, user_id: UUID | None = None) -> bool:
    """End one login, of this person where one is named; False where there is none that could end."""
    login = session.get(Login, login_id)
    if login is None or login.ended_at is not None or user_id not in (None, login.user_id):
        return False
    login.ended_at = now
    return True


def end_logins(session: Session, user_id: UUID, now: datetime, *, but: UUID | None = None) -> int:
    """End all logins of a person, except one, and the code that would begin another; says how many logins."""
    code = delete(LoginCode).where(LoginCode.user_id == user_id)
    session.execute(code.execution_options(synchronize_session=False))
    ended = [each for each in logins_of(session, user_id, now) if each.id != but]
    for login in ended:
        login.ended_at = now
    return len(ended)
