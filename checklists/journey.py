"""The customer's journey: stages in order, touchpoints in stages, and at each touchpoint the ways to lose the customer."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from checklists.orm import Base, LanguageMap, Owned, key, one_of, reference


class Channel(StrEnum):
    ON_SITE = "on_site"
    PHONE = "phone"
    WEB = "web"
    CHAT = "chat"
    EMAIL = "email"
    SOCIAL = "social"
    DELIVERY = "delivery"
    OTHER = "other"

    @property
    def remote(self) -> bool:
        """Whether a check happens away from the outlet, so that visits of one outlet do not hang together."""
        return self not in (Channel.ON_SITE, Channel.DELIVERY)


class Journey(Owned, Base):
    """The map of one customer segment."""

    __tablename__ = "journeys"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    name: Mapped[LanguageMap]
    position: Mapped[int]

    stages: Mapped[list["Stage"]] = relationship(
        order_by="Stage.position", cascade="all, delete-orphan", passive_deletes=True, back_populates="journey"
    )


class Stage(Owned, Base):
    __tablename__ = "stages"

    id: Mapped[UUID] = key()
    journey_id: Mapped[UUID] = reference("journeys.id", cascade=True)
    name: Mapped[LanguageMap]
    position: Mapped[int]

    journey: Mapped[Journey] = relationship(back_populates="stages")
    touchpoints: Mapped[list["Touchpoint"]] = relationship(
        order_by="Touchpoint.position", cascade="all, delete-orphan", passive_deletes=True, back_populates="stage"
    )


class Touchpoint(Owned, Base):
    __tablename__ = "touchpoints"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    stage_id: Mapped[UUID] = reference("stages.id", cascade=True)
    name: Mapped[LanguageMap]
    channel: Mapped[Channel] = mapped_column(one_of(Channel))
    position: Mapped[int]

    stage: Mapped[Stage] = relationship(back_populates="touchpoints")
    barriers: Mapped[list["Barrier"]] = relationship(
        order_by="Barrier.position", cascade="all, delete-orphan", passive_deletes=True
    )


class Barrier(Owned, Base):
    """One way in which the customer could be lost at the touchpoint."""

    __tablename__ = "barriers"

    id: Mapped[UUID] = key()
    touchpoint_id: Mapped[UUID] = reference("touchpoints.id", cascade=True)
    text: Mapped[LanguageMap]
    position: Mapped[int]


def journeys_of(session: Session, project_id: UUID) -> list[Journey]:
    """The project's journeys with all their parts, in a fixed number of statements."""
    return list(
        session.scalars(
            select(Journey)
            .where(Journey.project_id == project_id)
            .order_by(Journey.position, Journey.id)
            .options(selectinload(Journey.stages).selectinload(Stage.touchpoints).selectinload(Touchpoint.barriers))
        )
    )


def touchpoints_of(session: Session, project_id: UUID) -> list[Touchpoint]:
    """Every touchpoint of the project in the order of its journeys."""
    return [
        touchpoint
        for journey in journeys_of(session, project_id)
        for stage in journey.stages
        for touchpoint in stage.touchpoints
    ]
