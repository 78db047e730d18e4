"""A person is erased: whoever can log in. Visits and decisions stay, as those of an erased person."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from checklists.accounts import Login, LoginCode, OneTimeLink, Token
from checklists.erasure.act import Act
from checklists.erasure.sealed import cut_bodies, without_device
from checklists.erasure.tables import ErasureKind
from checklists.notices import forget_addresses, forget_notices
from checklists.people import Membership, User
from checklists.phones import forget_phones_of
from checklists.trail import AuditEntry
from checklists.visits import Visit, drop_drafts_of_person

VISITS_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class Traces:
    """What an erasure of a person touches: so many roles, tokens that let in, visits with traces of a phone."""

    memberships: int
    tokens: int
    visits: int


def traces_of(session: Session, user_id: UUID) -> Traces:
    """Of what the session's one organization has of the person."""
    counted = (
        select(func.count()).select_from(Membership).where(Membership.user_id == user_id),
        select(func.count()).select_from(Token).where(Token.user_id == user_id, Token.revoked_at.is_(None)),
        select(func.count()).select_from(Visit).where(Visit.inspector_id == user_id, Visit.device_id != ""),
    )
    return Traces(*(session.scalar(each) or 0 for each in counted))


def erase_person(session: Session, user_id: UUID, organization_id: UUID, act: Act) -> None:
    """Erase what the session's one organization has of a person: memberships, tokens, the addresses in the audit trail,
    phones, notices, drafts that are kept here.

    The login itself may be another organization's too: `erase_login` erases it where it is not. The traces of the
    person's phone in visits go with `erase_device_traces`, which takes its time.
    """
    ended = delete(Membership).where(Membership.user_id == user_id, Membership.organization_id == organization_id)
    session.execute(ended.execution_options(synchronize_session=False))
    now_revoked = update(Token).where(Token.user_id == user_id, Token.revoked_at.is_(None)).values(revoked_at=act.at)
    session.execute(now_revoked.execution_options(synchronize_session=False))
    nowhere = update(AuditEntry).where(AuditEntry.user_id == user_id).values(address="")
    session.execute(nowhere.execution_options(synchronize_session=False))
    forget_phones_of(session, user_id)
    forget_notices(session, user_id)
    drop_drafts_of_person(session, user_id, act.at)
    act.leave_tombstone(session, ErasureKind.PERSON, user_id, organization_id=organization_id, project_id=None)
    session.flush()


def erase_login(session: Session, user_id: UUID, act: Act, name: str) -> None:
    """Erase name, address and password of a person, with all logins, links and addresses for notices; `name` is shown
    in their place.
    """
    user = session.get_one(User, user_id, with_for_update=True)
    user.name, user.email = name, f"{user.id}@erased.invalid"
    user.password_hash, user.erased_at = "", act.at
    forget_addresses(session, user_id)
    for table in (Login, OneTimeLink, LoginCode):
        session.execute(delete(table).where(table.user_id == user_id).execution_options(synchronize_session=False))
    session.flush()


def erase_device_traces(session: Session, user_id: UUID, act: Act, after: UUID | None = None) -> UUID | None:
    """Erase positions and the phone's name from some of the person's visits, here and in the reports as they were sent.

    Answers the last visit's id, to go on after it in another transaction; None when all were done.
    """
    query = select(Visit).where(Visit.inspector_id == user_id).order_by(Visit.id).limit(VISITS_AT_A_TIME)
    visits = session.scalars(query.where(Visit.id > after) if after else query).all()
    for visit in visits:
        visit.positions, visit.device_id = [], ""
        cut_bodies(session, visit.id, without_device, act.at)
    session.flush()
    return visits[-1].id if visits else None
