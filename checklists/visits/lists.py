"""Reading visits: one with everything that its page shows, the list, and all of them one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict, TypeVar, Unpack
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Subquery, case, func, select, tuple_, union_all
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from checklists.brands import Brand, Outlet
from checklists.checklist import Checklist, ChecklistVersion
from checklists.errors import HoldReason, NotFound
from checklists.orm import LanguageMap, alphabetical, found_in
from checklists.people import Membership, User
from checklists.visits.likeness import PhotoLikeness, visits_with_likenesses
from checklists.visits.seldom import Group, first_that_fit, waves_of_touchpoint
from checklists.visits.tables import Check, Photo, SealedReport, Visit, VisitState
from checklists.waves import Assignment, Wave

VISITS_AT_A_TIME = 100

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


def visit_with_parts(session: Session, visit_id: UUID) -> Visit:
    """A visit with everything that its page shows, in a fixed number of statements. Raises NotFound."""
    visit = session.scalar(
        select(Visit)
        .where(Visit.id == visit_id, Visit.deleted_at.is_(None))
        .options(
            selectinload(Visit.checks),
            selectinload(Visit.answers),
            selectinload(Visit.photos),
            selectinload(Visit.outlet).joinedload(Outlet.brand),
            selectinload(Visit.inspector),
            selectinload(Visit.version),
            selectinload(Visit.assignment),
            selectinload(Visit.wave),
        )
    )
    if visit is None:
        raise NotFound
    return visit


class VisitsAsked(TypedDict, total=False):
    """Which visits of a project are listed, and from where on.

    `words` are looked for in the outlet's name, city and address and in the inspector's name. `used_twice`: of which a
    photo looks like one of another visit. `unplaced` adds held ones whose project nobody could tell. They come latest
    first unless `oldest_first`; `after` is the received_at and id of the last one seen, `limit` is 50.
    """

    words: str
    wave_id: UUID | None
    state: VisitState | None
    touchpoint_id: UUID | None
    brand_id: UUID | None
    outlet_id: UUID | None
    inspector_id: UUID | None
    used_twice: bool
    unplaced: bool
    oldest_first: bool
    after: tuple[datetime, UUID] | None
    limit: int


def visits_page(session: Session, project_id: UUID, **asked: Unpack[VisitsAsked]) -> list[Visit]:
    """A page of the project's visits. Checks are loaded where a touchpoint is asked for."""
    page = _page(session, project_id, asked)
    if page is None:
        return []
    shown = _SHOWN_IN_A_LIST + ((selectinload(Visit.checks),) if asked.get("touchpoint_id") else ())
    return list(session.scalars(_in_order(select(Visit).join(page, page.c.id == Visit.id), asked).options(*shown)))


@dataclass(frozen=True, slots=True)
class VisitInBrief:
    """What a line of the list says of a visit. What nobody could make out is None."""

    id: UUID
    project_id: UUID | None
    state: VisitState
    hold_reason: HoldReason | None
    received_at: datetime
    score: float | None
    outlet: str | None
    time_zone: str | None
    brand: str | None
    checklist: LanguageMap | None
    wave: LanguageMap | None
    inspector: str | None
    photos: int
    missing: int
    """Photos that were promised and have not come."""
    used_twice: bool
    """Whether a photo looks like one of another visit; a client is never told."""

    @property
    def received_there(self) -> datetime:
        """In the outlet's time, or in UTC."""
        return self.received_at.astimezone(ZoneInfo(self.time_zone) if self.time_zone else UTC)


def visits_in_brief(session: Session, project_id: UUID, **asked: Unpack[VisitsAsked]) -> list[VisitInBrief]:
    """What `visits_page` gives, without the weight of its objects: for pages that are opened all day."""
    page = _page(session, project_id, asked)
    if page is None:
        return []
    brief: Select[*tuple[Any, ...]] = select(
        *(Visit.id, Visit.project_id, Visit.state, Visit.hold_reason, Visit.received_at, Visit.score),
        *(Outlet.name, Outlet.time_zone, Brand.name, *_LOOKED_UP),
    )
    brief = brief.join(page, page.c.id == Visit.id).outerjoin(Visit.outlet).outerjoin(Outlet.brand)
    rows: Sequence[Any] = session.execute(_in_order(brief, asked)).all()
    photos = _photos_counted(session, [row[0] for row in rows])
    return [VisitInBrief(*[*row, *photos.get(row[0], (0, 0, False))]) for row in rows]


_LIKENESSES = select(PhotoLikeness.photo_id).where(
    (PhotoLikeness.photo_id == Photo.id) | (PhotoLikeness.earlier_id == Photo.id)
)
# For each visit, where joins would do: the more of them, the longer the database ponders in which order to make them.
_LOOKED_UP = (
    select(Checklist.name)
    .join(ChecklistVersion, ChecklistVersion.checklist_id == Checklist.id)
    .where(ChecklistVersion.id == Visit.version_id)
    .scalar_subquery(),
    select(Wave.name).where(Wave.id == Visit.wave_id).scalar_subquery(),
    select(User.name).where(User.id == Visit.inspector_id).scalar_subquery(),
)


def _photos_counted(session: Session, visit_ids: list[UUID]) -> dict[UUID, tuple[int, int, bool]]:
    """By visit: how many photos, how many of them are missing, whether one looks like one of another visit."""
    missing = case((Photo.stored_at.is_(None) & Photo.erased_at.is_(None), 1))
    alike = case((_LIKENESSES.exists(), 1))
    # For all at once: SQLite looks at every photo of the organization here, and would do so for each visit.
    counted = (
        select(Photo.visit_id, func.count(), func.count(missing), func.count(alike))
        .where(Photo.visit_id.in_(visit_ids), Photo.beside.is_(False))
        .group_by(Photo.visit_id)
    )
    return {visit_id: (of_all, gone, twice > 0) for visit_id, of_all, gone, twice in session.execute(counted)}


def _page(session: Session, project_id: UUID, asked: VisitsAsked) -> Subquery | None:
    """The ids of a page's visits; None where there are none."""
    listed = select(Visit).where(Visit.deleted_at.is_(None))
    touchpoint_id, brand_id, state = asked.get("touchpoint_id"), asked.get("brand_id"), asked.get("state")
    for column, value in (
        (Visit.wave_id, asked.get("wave_id")),
        (Visit.state, state),
        (Visit.outlet_id, asked.get("outlet_id")),
        (Visit.inspector_id, asked.get("inspector_id")),
    ):
        if value:
            listed = listed.where(column == value)
    place, forwards = tuple_(Visit.received_at, Visit.id), asked.get("oldest_first", False)
    if after := asked.get("after"):
        listed = listed.where(place > after if forwards else place < after)
    query, groups, words = listed, list[Sequence[Group]](), asked.get("words", "").split()
    if touchpoint_id:
        query = query.where(Visit.id.in_(select(Check.visit_id).where(Check.touchpoint_id == touchpoint_id)))
    if asked.get("used_twice"):
        query = query.where(Visit.id.in_(visits_with_likenesses()))
    if brand_id:
        outlets = _few(session, select(Outlet.id).where(Outlet.brand_id == brand_id))
        query = query.where(Visit.outlet_id.in_(outlets))
        groups.append(_groups((Outlet, outlets)))
    for word in words:
        outlets, people = _found(session, project_id, word)
        if outlets == people == []:
            return None
        query = query.where(Visit.outlet_id.in_(outlets) | Visit.inspector_id.in_(people))
        groups.append(_groups((Outlet, outlets), (User, people)))

    def fewest() -> Sequence[Group]:
        if touchpoint_id and not groups:
            return waves_of_touchpoint(session, project_id, touchpoint_id)
        return min(filter(None, groups), key=lambda each: sum(len(group.ids) for group in each), default=())

    here, known = Visit.project_id == project_id, None
    has_index = asked.get("wave_id") or asked.get("outlet_id") or asked.get("inspector_id")
    if (touchpoint_id or brand_id or words) and not has_index and state in (None, VisitState.APPROVED):
        # Else an index leads to few enough already.
        limit = asked.get("limit", 50)
        known = first_that_fit(session, listed.where(here), query.where(here), fewest, limit, forwards=forwards)
    ids = query.with_only_columns(Visit.id)
    parts = [ids.where(here) if known is None else select(Visit.id).where(Visit.id.in_(known))]
    if asked.get("unplaced"):
        # Apart from the others, each in the order of its index: no index has the order of both together.
        parts.append(ids.where(Visit.project_id.is_(None), Visit.state == VisitState.HELD))
    return union_all(*(select(_in_order(each, asked).subquery()) for each in parts)).subquery()


def _in_order(query: Query, asked: VisitsAsked) -> Query:
    places = (Visit.received_at, Visit.id)
    order = places if asked.get("oldest_first") else [each.desc() for each in places]
    return query.order_by(*order).limit(asked.get("limit", 50))


_SHOWN_IN_A_LIST = (
    selectinload(Visit.outlet).joinedload(Outlet.brand),
    selectinload(Visit.inspector),
    selectinload(Visit.version).options(defer(ChecklistVersion.document), joinedload(ChecklistVersion.checklist)),
    selectinload(Visit.wave),
    selectinload(Visit.photos),
)
FEW = 500


Ids = Select[UUID] | list[UUID]


def _found(session: Session, project_id: UUID, word: str) -> tuple[Ids, Ids]:
    """The outlets in whose name, city or address the word stands, and the people in whose name.

    Outlets and people are looked through first: they are few, and a look into each of very many visits is not needed.
    """
    outlets = select(Outlet.id).where(
        Outlet.project_id == project_id, found_in(word, Outlet.name, Outlet.city, Outlet.address)
    )
    people = select(User.id).where(User.id.in_(select(Membership.user_id)), found_in(word, User.name))
    return _few(session, outlets), _few(session, people)


def _few(session: Session, ids: Select[UUID]) -> Ids:
    """The ids themselves where they are few: then the database may go by them."""
    found = list(session.scalars(ids.limit(FEW + 1)))
    return ids if len(found) > FEW else found


def _groups(*several: tuple[type[Outlet] | type[User], Ids]) -> list[Group]:
    """The groups of which visits are; nothing where they are many."""
    groups = [Group(table, ids) for table, ids in several if isinstance(ids, list)]
    return groups if len(groups) == len(several) else []


def inspectors_seen(session: Session, project_id: UUID) -> dict[UUID, str]:
    """The names of everybody who sent a visit of the project, in their order."""
    # Asked for each person: to look for those who stand in the visits, all of these would have to be read.
    sent = select(Visit.id).where(
        Visit.project_id == project_id, Visit.inspector_id == User.id, Visit.deleted_at.is_(None)
    )
    seen = (
        select(User.id, User.name)
        .where(User.id.in_(select(Membership.user_id)), sent.limit(1).scalar_subquery().is_not(None))
        .order_by(alphabetical(User.name), User.id)
    )
    return dict(session.execute(seen).all())


def sealed_reports_of(session: Session, visit_id: UUID) -> list[SealedReport]:
    """All that phones sent under the visit's id, oldest first, without the bodies."""
    return list(
        session.scalars(
            select(SealedReport)
            .where(SealedReport.visit_id == visit_id)
            .order_by(SealedReport.received_at, SealedReport.id)
            .options(defer(SealedReport.body))
        )
    )


def every_visit(
    session: Session, project_id: UUID, *, wave_id: UUID | None = None, state: VisitState | None = None
) -> Iterator[Visit]:
    """All visits of the project or wave with their checks and answers, in the order of receipt.

    They come from a cursor, some at a time, so that any number of them fits into memory: keep none of them.
    """
    query = select(Visit).where(Visit.project_id == project_id, Visit.deleted_at.is_(None))
    if wave_id:
        query = query.where(Visit.wave_id == wave_id)
    if state:
        query = query.where(Visit.state == state)
    yield from session.scalars(
        query.order_by(Visit.received_at, Visit.id).options(
            selectinload(Visit.checks),
            selectinload(Visit.answers),
            selectinload(Visit.photos).load_only(Photo.id, Photo.stored_at, Photo.receipt),
            selectinload(Visit.outlet).joinedload(Outlet.brand),
            selectinload(Visit.inspector),
            selectinload(Visit.wave),
            selectinload(Visit.assignment).load_only(Assignment.due_from, Assignment.due_until),
        ),
        execution_options={"yield_per": VISITS_AT_A_TIME},
    )
