"""What is compared, and where it is visited: the own company, its competitors, and their outlets."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from checklists.errors import N_, InvalidInput
from checklists.orm import Base, Owned, key, reference


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


def add_brand(session: Session, project_id: UUID, name: str, *, own: bool) -> Brand:
    """A brand behind the project's others."""
    last = session.scalar(select(func.max(Brand.position)).where(Brand.project_id == project_id))
    brand = Brand(project_id=project_id, name=name, own=own, position=0 if last is None else last + 1)
    session.add(brand)
    session.flush()
    return brand


def add_outlet(session: Session, brand: Brand, design: OutletDesign) -> Outlet:
    """Raises InvalidInput by the design's field names."""
    outlet = Outlet(project_id=brand.project_id)
    change_outlet(outlet, design)
    brand.outlets.append(outlet)
    session.flush()
    return outlet


def change_outlet(outlet: Outlet, design: OutletDesign) -> None:
    """Raises InvalidInput by the design's field names."""
    wrong = {}
    if design.time_zone not in available_timezones():
        wrong["time_zone"] = N_("There is no such time zone. Choose one from the list, such as Europe/Moscow.")
    if design.url and not design.url.startswith(("https://", "http://")):
        wrong["url"] = N_("A web address begins with https:// or http://.")
    if (design.latitude is None) != (design.longitude is None):
        wrong["longitude" if design.longitude is None else "latitude"] = N_("Enter both coordinates, or none.")
    if wrong:
        raise InvalidInput(wrong)
    for name, value in asdict(design).items():
        setattr(outlet, name, value)


def remove_outlet(outlet: Outlet, now: datetime) -> None:
    """Take the outlet out of new plans. Its visits stay, and `restore_outlet` undoes it."""
    outlet.deleted_at = outlet.deleted_at or now


def restore_outlet(outlet: Outlet) -> None:
    outlet.deleted_at = None


def brands_of(session: Session, project_id: UUID) -> list[Brand]:
    """The project's brands with their outlets, the own ones first."""
    return list(
        session.scalars(
            select(Brand)
            .where(Brand.project_id == project_id)
            .order_by(Brand.own.desc(), Brand.position, Brand.id)
            .options(selectinload(Brand.outlets))
        )
    )
