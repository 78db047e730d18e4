"""The phones of the field: what each last told about itself, and where its notices go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from checklists.orm import Base, Owned, key, reference
from checklists.people import User, members_of
from checklists.waves import Assignment


class Device(Owned, Base):
    """One phone of one inspector as one organization sees it: only the drafts and visits for its own assignments are
    counted. `device_id` is a random word that the app gave itself; it tells nothing of the person.
    """

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("organization_id", "user_id", "device_id"),)

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = reference("users.id")
    device_id: Mapped[str]
    app_version: Mapped[str]
    system: Mapped[str]
    """In short, as the browser tells it: "Android 14, Chrome 142"."""
    installed: Mapped[bool]
    """On the home screen, where the browser keeps the storage for good."""
    keeps: Mapped[bool | None]
    """Whether the browser has promised not to delete the storage by itself; None where it cannot say."""
    storage_left: Mapped[int | None] = mapped_column(BigInteger)
    """In bytes, as the browser guesses it."""
    drafts: Mapped[int]
    waiting: Mapped[int]
    """Visits that are finished and have not arrived whole."""
    waiting_since: Mapped[datetime | None]
    parked: Mapped[int]
    """Of the waiting ones, those that do not go on without a person."""
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]

    user: Mapped[User] = relationship()


class Trouble(StrEnum):
    """What somebody should do something about, the worst first."""

    PARKED = "parked"
    """Something finished does not go on by itself."""
    WAITS = "waits"
    """Something finished has been only there for long."""
    SILENT = "silent"
    """Something begun or finished is there, and the phone has not been heard of for long."""
    FULL = "full"
    """There is hardly room for another visit's photos."""
    FLEETING = "fleeting"
    """Something is there that the browser may delete by itself."""


WAITS_LONG = timedelta(days=1)
SILENT_LONG = timedelta(days=3)
MOST_PHONES = 50
"""Of one person in one organization: each new installation of the app is another one."""
LITTLE_ROOM = 200_000_000
"""In bytes: some two visits with a hundred photos each."""


def trouble_of(device: Device, now: datetime) -> Trouble | None:
    """The worst that is to be said of a phone at this moment, or None."""
    has_something = bool(device.drafts or device.waiting)
    if device.parked:
        return Trouble.PARKED
    if device.waiting_since is not None and now - device.waiting_since > WAITS_LONG:
        return Trouble.WAITS
    if has_something and now - device.last_seen_at > SILENT_LONG:
        return Trouble.SILENT
    if device.storage_left is not None and device.storage_left < LITTLE_ROOM:
        return Trouble.FULL
    if has_something and device.keeps is False:
        return Trouble.FLEETING
    return None


class NoticeAddress(Base):
    """Where a push service takes notices for one browser of one person (RFC 8030), with the keys that only that browser
    can read by (RFC 8291).
    """

    __tablename__ = "notice_addresses"

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = reference("users.id", cascade=True)
    device_id: Mapped[str]
    endpoint: Mapped[str] = mapped_column(unique=True)
    public_key: Mapped[str]
    secret: Mapped[str]
    created_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class WaitingVisit:
    """A finished visit that has not arrived whole: since when it waits, by the phone's clock."""

    assignment_id: UUID
    since: datetime
    parked: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """What a phone says of itself."""

    device_id: str
    app_version: str
    system: str
    installed: bool
    keeps: bool | None
    storage_left: int | None
    drafts: tuple[UUID, ...]
    """The assignments whose visits are begun."""
    waiting: tuple[WaitingVisit, ...]


def note_contact(
    session: Session, user_id: UUID, organizations: Iterable[UUID], contact: Contact, now: datetime
) -> None:
    """Write down what the phone says, in each of these organizations what concerns its own assignments.

    Call it once more where it fails on a unique constraint: then the phone's first word came in between.
    """
    named = {*contact.drafts, *(each.assignment_id for each in contact.waiting)}
    own = select(Assignment.id, Assignment.organization_id).where(
        Assignment.id.in_(named), Assignment.inspector_id == user_id
    )
    places = {each.id: each.organization_id for each in session.execute(own)} if named else {}
    devices = select(Device).where(Device.user_id == user_id, Device.device_id == contact.device_id)
    known = {each.organization_id: each for each in session.scalars(devices)}
    for organization_id in organizations:
        device = known.get(organization_id)
        if device is None:
            device = Device(
                organization_id=organization_id, user_id=user_id, device_id=contact.device_id, first_seen_at=now
            )
            session.add(device)
            _forget_beyond(session, organization_id, user_id)
        waiting = [each for each in contact.waiting if places.get(each.assignment_id) == organization_id]
        for name in ("app_version", "system", "installed", "keeps", "storage_left"):
            setattr(device, name, getattr(contact, name))
        device.drafts = sum(places.get(each) == organization_id for each in contact.drafts)
        device.waiting = len(waiting)
        # A phone's clock may be ahead: nothing waits since tomorrow.
        device.waiting_since = min((min(each.since, now) for each in waiting), default=None)
        device.parked = sum(each.parked for each in waiting)
        device.last_seen_at = now
    session.flush()


def _forget_beyond(session: Session, organization_id: UUID, user_id: UUID) -> None:
    """Make room for one more phone of the person: those not heard of for longest are forgotten."""
    own = select(Device).where(Device.organization_id == organization_id, Device.user_id == user_id)
    with session.no_autoflush:
        oldest = session.scalars(own.order_by(Device.last_seen_at.desc()).offset(MOST_PHONES - 1)).all()
    for device in oldest:
        session.delete(device)


def systems_of(session: Session, user_id: UUID) -> dict[str, str]:
    """What the person's phones are, by their ids."""
    devices = select(Device).where(Device.user_id == user_id).order_by(Device.last_seen_at)
    return {each.device_id: each.system for each in session.scalars(devices)}


def phones_of(session: Session, project_id: UUID) -> Sequence[Device]:
    """The phones of everybody who works in the project or did, the last seen first."""
    people = [member.user.id for member in members_of(session, project_id)]
    devices = select(Device).where(Device.user_id.in_(people)).options(joinedload(Device.user))
    return session.scalars(devices.order_by(Device.last_seen_at.desc(), Device.id)).all()


def phones_in(session: Session, wave_id: UUID) -> Sequence[Device]:
    """The phones of everybody who has an assignment of the wave or had one, the last seen first."""
    people = select(Assignment.inspector_id).where(Assignment.wave_id == wave_id, Assignment.inspector_id.is_not(None))
    devices = select(Device).where(Device.user_id.in_(people)).options(joinedload(Device.user))
    return session.scalars(devices.order_by(Device.last_seen_at.desc(), Device.id)).all()


def forget_phones_of(session: Session, user_id: UUID) -> None:
    """Erase what the session's organizations know of a person's phones."""
    gone = delete(Device).where(Device.user_id == user_id)
    session.execute(gone.execution_options(synchronize_session=False))
