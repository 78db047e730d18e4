"""What is compared, and where it is visited: the own company, its competitors, and their outlets."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

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
