"""What is compared, and where it is visited: the own company, its competitors, and their outlets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import func, not_, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship, selectinload

from checklists.errors import N_, InvalidInput
from checklists.orm import Base, Owned, alphabetical, found_in, key, reference


class Brand(Owned, Base):
    """The own company (`own`) or a competitor."""

    __tablename__ = "brands"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    name: Mapped[str]
    own: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]

    outlets: Mapped[list["Outlet"]] = relationship(order_by="Outlet.name, Outlet.id", back_populates="brand")


class Outlet(Owned, Base):
    """A shop or branch with its address, or the phone number or URL that stands for the brand on a remote channel."""

    __tablename__ = "outlets"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    brand_id: Mapped[UUID] = reference("brands.id")
    name: Mapped[str]
    city: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    time_zone: Mapped[str]
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    deleted_at: Mapped[datetime | None]

    brand: Mapped[Brand] = relationship(back_populates="outlets")

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the outlet's due dates and months are meant."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True)
class OutletDesign:
    """What a manager says about an outlet; coordinates in degrees, both or none."""

    name: str
    city: str
    address: str
    phone: str
    url: str
    latitude: float | None
    longitude: float | None
    time_zone: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What sets it apart, such as {"drive-through": "yes"}: conditions of checklists ask for it."""


def add_brand(session: Session, project_id: UUID, name: str, *, own: bool) -> Brand:
    """A brand behind the project's others."""
    last = session.scalar(select(func.max(Brand.position)).where(Brand.project_id == project_id))
    brand = Brand(project_id=project_id, name=name, own=own, position=0 if last is None else last + 1)
    session.add(brand)
    session.flush()
    return brand


def remove_brand(session: Session, brand: Brand) -> bool:
    """Remove a brand without outlets; False where it has some, removed ones among them, and stays."""
    if brand.outlets:
        return False
    session.delete(brand)
    return True


def add_outlet(session: Session, brand: Brand, design: OutletDesign) -> Outlet:
    """Raises InvalidInput by the design's field names."""
    outlet = Outlet(project_id=brand.project_id)
    change_outlet(outlet, design)
    brand.outlets.append(outlet)
    session.flush()
    return outlet


def change_outlet(outlet: Outlet, design: OutletDesign) -> None:
    """Raises InvalidInput by the design's field names."""
    wrong = faults_of(design)
    if wrong:
        raise InvalidInput(wrong)
    for each in fields(design):
        setattr(outlet, each.name, getattr(design, each.name))


def faults_of(design: OutletDesign) -> dict[str, str]:
    """What is wrong with the design, by field name, as catalogue keys."""
    wrong = {}
    if design.time_zone not in _time_zones():
        wrong["time_zone"] = N_("There is no such time zone. Choose one from the list, such as Europe/Moscow.")
    if design.url and not design.url.startswith(("https://", "http://")):
        wrong["url"] = N_("A web address begins with https:// or http://.")
    if (design.latitude is None) != (design.longitude is None):
        wrong["longitude" if design.longitude is None else "latitude"] = N_("Enter both coordinates, or none.")
    return wrong


@cache
def _time_zones() -> frozenset[str]:
    """Read once: asking for them walks through a folder each time."""
    return frozenset(available_timezones())


def remove_outlet(outlet: Outlet, now: datetime) -> None:
    """Take the outlet out of new plans. Its visits stay, and `restore_outlet` undoes it."""
    outlet.deleted_at = outlet.deleted_at or now


def restore_outlet(outlet: Outlet) -> None:
    outlet.deleted_at = None


def brands_of(session: Session, project_id: UUID, *, with_outlets: bool = True) -> list[Brand]:
    """The project's brands, the own ones first; `with_outlets` loads all of theirs at once."""
    query = select(Brand).where(Brand.project_id == project_id).order_by(Brand.own.desc(), Brand.position, Brand.id)
    return list(session.scalars(query.options(selectinload(Brand.outlets)) if with_outlets else query))


def brand_names(session: Session, project_id: UUID) -> dict[UUID, str]:
    """What the project's brands are called, in the same order."""
    named = select(Brand.id, Brand.name).where(Brand.project_id == project_id)
    return dict(session.execute(named.order_by(Brand.own.desc(), Brand.position, Brand.id)).all())


class OutletOrder(StrEnum):
    NAME = "name"
    CITY = "city"
    BRAND = "brand"


def outlets_page(
    session: Session,
    project_id: UUID,
    *,
    words: str = "",
    brand_id: UUID | None = None,
    order: OutletOrder = OutletOrder.BRAND,
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[Outlet], int]:
    """`limit` of the project's outlets with their brands, and how many fit in all; removed ones are among them.

    `words` are looked for in name, city and address. The order by brand is that of `brands_of`.
    """
    chosen = [Outlet.project_id == project_id, found_in(words, Outlet.name, Outlet.city, Outlet.address)]
    if brand_id:
        chosen.append(Outlet.brand_id == brand_id)
    name, city = alphabetical(Outlet.name), alphabetical(Outlet.city)
    orders: dict[OutletOrder, list[Any]] = {
        OutletOrder.NAME: [name],
        OutletOrder.CITY: [city],
        OutletOrder.BRAND: [not_(Brand.own), Brand.position, Brand.id],
    }
    query = (
        select(Outlet)
        .join(Outlet.brand)
        .where(*chosen)
        .order_by(*(each.desc() if descending else each for each in orders[order]), name, city, Outlet.id)
        .offset(offset)
        .limit(limit)
        .options(contains_eager(Outlet.brand))
    )
    total = session.scalar(select(func.count()).select_from(Outlet).where(*chosen))
    return list(session.scalars(query)), total or 0


def outlets_behind(
    session: Session,
    project_id: UUID,
    *,
    words: str = "",
    brand_id: UUID | None = None,
    removed: bool | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> list[Outlet]:
    """`limit` of the project's outlets in the order in which they were made, behind the one with the id `after`.

    `removed` takes only those that were removed, or leaves them out. Unlike the pages of `outlets_page` these stay the
    same while outlets are added.
    """
    query = select(Outlet).where(
        Outlet.project_id == project_id, found_in(words, Outlet.name, Outlet.city, Outlet.address)
    )
    if brand_id:
        query = query.where(Outlet.brand_id == brand_id)
    if removed is not None:
        query = query.where(Outlet.deleted_at.is_not(None) if removed else Outlet.deleted_at.is_(None))
    if after:
        query = query.where(Outlet.id > after)
    return list(session.scalars(query.order_by(Outlet.id).limit(limit)))


def outlet_counts(session: Session, project_id: UUID) -> dict[UUID, int]:
    """How many outlets each brand has, removed ones among them; a brand without any is absent."""
    query = select(Outlet.brand_id, func.count()).where(Outlet.project_id == project_id).group_by(Outlet.brand_id)
    return {row[0]: row[1] for row in session.execute(query)}
