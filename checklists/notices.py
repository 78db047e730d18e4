"""What an inspector should hear of before the next look at the phone: assignments that came, changed or went, and
visits that were sent back.

Whichever way an assignment is changed, the session itself notes it here at its flush, and only for people who have an
address for notices. What is noted goes as soon as a phone of the person has asked for its work.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint, delete, event, func, insert, inspect, select, update
from sqlalchemy.orm import Mapped, Session, UOWTransaction, mapped_column

from checklists.jobs import Job, JobState
from checklists.orm import Base, Owned, ScopedSession, key, new_id, one_of, reference
from checklists.phones import NoticeAddress
from checklists.visits import Visit, VisitState
from checklists.waves import Assignment, AssignmentState

GATHERED = timedelta(minutes=1)
"""How long a notice waits for more of its kind."""
NEARLY_DUE = timedelta(seconds=5)
MOST_ADDRESSES = 10
"""Of one person: each new installation of the app is another one."""
JOB = "notice"
SEEN = (AssignmentState.HANDED_OUT, AssignmentState.DELIVERED, AssignmentState.VOID)
"""The states in which an assignment is on its inspector's phone."""
TOLD_FIELDS = ("version_id", "outlet_id", "brief", "due_from", "due_until", "hours_from", "hours_until")


class News(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"
    RETURNED = "returned"


MERGED: dict[tuple[News, News | None], News | None] = {
    (News.NEW, News.CHANGED): News.NEW,
    (News.NEW, News.GONE): None,
    (News.GONE, News.NEW): News.CHANGED,
}
"""What is left of two in a row where it is not the later one. What was never seen is not missed."""


class Notice(Owned, Base):
    """What has become of one assignment since its inspector's phone asked last."""

    __tablename__ = "notices"
    __table_args__ = (UniqueConstraint("user_id", "assignment_id"),)

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = reference("users.id", index=False)
    assignment_id: Mapped[UUID] = reference("assignments.id", cascade=True)
    news: Mapped[News] = mapped_column(one_of(News))
    at: Mapped[datetime]


Told = tuple[UUID, UUID, UUID, News | None]
"""Organization, person, assignment, and what is new of it; None where an earlier notice of it holds no more."""


@event.listens_for(ScopedSession, "after_flush")
def _note_news(session: ScopedSession, _context: UOWTransaction) -> None:
    told = [each for row in [*session.new, *session.dirty] for each in _news_of(row)]
    if told:
        _keep(session, told, datetime.now(UTC))


def _news_of(row: object) -> Iterator[Told]:
    if isinstance(row, Assignment):
        yield from _news_of_assignment(row)
    elif isinstance(row, Visit) and row.assignment_id is not None:
        before = _before(row, "state")
        if VisitState.RETURNED in (before, row.state) and before is not row.state:
            news = News.RETURNED if row.state is VisitState.RETURNED else None
            yield row.organization_id, row.inspector_id, row.assignment_id, news


def _news_of_assignment(row: Assignment) -> Iterator[Told]:
    was = _before(row, "inspector_id") if _before(row, "state") in SEEN else None
    now = row.inspector_id if row.state in SEEN else None
    is_open = row.state is AssignmentState.HANDED_OUT
    if was is not None and was != now:
        yield row.organization_id, was, row.id, News.GONE
    if now is not None and is_open and was != now:
        yield row.organization_id, now, row.id, News.NEW
    elif now is not None and is_open and _has_changed(row, *TOLD_FIELDS):
        yield row.organization_id, now, row.id, News.CHANGED


def _before(row: object, name: str) -> Any:
    """The value before this flush; None in a row that is new."""
    history = inspect(row, raiseerr=True).attrs[name].history
    if history.deleted:
        return history.deleted[0]
    return None if history.added else history.unchanged[0] if history.unchanged else None


def _has_changed(row: object, *names: str) -> bool:
    state = inspect(row, raiseerr=True)
    return any(state.attrs[name].history.has_changes() for name in names)


def _keep(session: ScopedSession, told: list[Told], now: datetime) -> None:
    """Note it for those who have an address, by statements: the session is in the midst of its flush."""
    people = {person for _organization, person, _assignment, _news in told}
    addresses = session.execute(
        select(NoticeAddress.id, NoticeAddress.user_id).where(NoticeAddress.user_id.in_(people))
    ).all()
    listening = {address.user_id for address in addresses}
    told = [each for each in told if each[1] in listening]
    if not told:
        return
    rows = session.execute(
        select(Notice.id, Notice.user_id, Notice.assignment_id, Notice.news).where(Notice.user_id.in_(listening))
    )
    noted = {(row.user_id, row.assignment_id): (row.id, row.news) for row in rows}
    added, merged = [], dict[UUID, News | None]()
    for organization_id, person, assignment, news in told:
        there = noted.get((person, assignment))
        if there is not None:
            merged[there[0]] = MERGED.get((there[1], news), news)
        elif news is not None:
            own = {"id": new_id(), "organization_id": organization_id, "user_id": person}
            added.append(own | {"assignment_id": assignment, "news": news, "at": now})
    _write(session, added, merged, now)
    asked = {(organization_id, person) for organization_id, person, _assignment, news in told if news}
    wanted = {(place, address.id) for place, person in asked for address in addresses if address.user_id == person}
    _ask_to_tell(session, wanted, now)


def _write(
    session: ScopedSession, added: list[dict[str, Any]], merged: Mapping[UUID, News | None], now: datetime
) -> None:
    if added:
        session.execute(insert(Notice), added)
    for news in {*merged.values()}:
        chosen = [each for each, left in merged.items() if left is news]
        if news is None:
            statement: Any = delete(Notice).where(Notice.id.in_(chosen))
        else:
            statement = update(Notice).where(Notice.id.in_(chosen)).values(news=news, at=now)
        session.execute(statement.execution_options(synchronize_session=False))


def _ask_to_tell(session: ScopedSession, wanted: Iterable[tuple[UUID, UUID]], now: datetime) -> None:
    """One job for each address, which waits a little: a whole plan is one notice."""
    waiting = select(Job.organization_id, Job.arguments).where(
        Job.kind == JOB, Job.state == JobState.WAITING, Job.run_after > now + NEARLY_DUE
    )
    known = {(row.organization_id, row.arguments["address_id"]) for row in session.execute(waiting)}
    jobs = [
        {"id": new_id(), "organization_id": organization_id, "kind": JOB, "arguments": {"address_id": str(address_id)}}
        | {"state": JobState.WAITING, "attempts": 0, "run_after": now + GATHERED, "created_at": now}
        for organization_id, address_id in wanted
        if (organization_id, str(address_id)) not in known
    ]
    if jobs:
        session.execute(insert(Job), jobs)


def news_for(session: Session, user_id: UUID) -> tuple[Counter[News], datetime | None]:
    """How much of each kind the person has not heard of in the session's organizations, and since when the latest."""
    counted = select(Notice.news, func.count(), func.max(Notice.at)).where(Notice.user_id == user_id)
    rows = session.execute(counted.group_by(Notice.news)).all()
    return Counter({news: count for news, count, _at in rows}), max((at for _news, _count, at in rows), default=None)


def forget_notices(session: Session, user_id: UUID, until: datetime | None = None) -> None:
    """A phone of the person knows all that was news `until` then; or the person is erased."""
    gone = delete(Notice).where(Notice.user_id == user_id)
    if until is not None:
        gone = gone.where(Notice.at <= until)
    session.execute(gone.execution_options(synchronize_session=False))


def keep_address(session: Session, address: NoticeAddress) -> None:
    """Take a browser's address in. It is that of one person only, the last one, and a phone has one only."""
    own = (NoticeAddress.user_id == address.user_id) & (NoticeAddress.device_id == address.device_id)
    before = delete(NoticeAddress).where(own | (NoticeAddress.endpoint == address.endpoint))
    session.execute(before.execution_options(synchronize_session=False))
    oldest = select(NoticeAddress).where(NoticeAddress.user_id == address.user_id)
    for surplus in session.scalars(oldest.order_by(NoticeAddress.created_at.desc()).offset(MOST_ADDRESSES - 1)):
        session.delete(surplus)
    session.add(address)
    session.flush()


def forget_addresses(session: Session, user_id: UUID, device_id: str | None = None) -> None:
    """Those of one phone of the person, or all."""
    gone = delete(NoticeAddress).where(NoticeAddress.user_id == user_id)
    if device_id is not None:
        gone = gone.where(NoticeAddress.device_id == device_id)
    session.execute(gone.execution_options(synchronize_session=False))
