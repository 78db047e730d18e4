"""The customer's journey: stages in order, touchpoints in stages, and at each touchpoint the ways to lose the
customer.
"""

from collections.abc import MutableSequence, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar
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


REMOTE_CHANNELS = frozenset(channel for channel in Channel if channel.remote)


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
        order_by="Barrier.position", cascade="all, delete-orphan", passive_deletes=True, back_populates="touchpoint"
    )


class Barrier(Owned, Base):
    """One way in which the customer could be lost at the touchpoint."""

    __tablename__ = "barriers"

    id: Mapped[UUID] = key()
    touchpoint_id: Mapped[UUID] = reference("touchpoints.id", cascade=True)
    text: Mapped[LanguageMap]
    position: Mapped[int]

    touchpoint: Mapped[Touchpoint] = relationship(back_populates="barriers")


class Ordered(Protocol):
    """Anything that stands in an order among its like."""

    position: Any


Part = TypeVar("Part", bound=Ordered)


class Step(StrEnum):
    UP = "up"
    DOWN = "down"


def add_journey(session: Session, project_id: UUID, name: LanguageMap) -> Journey:
    """A new journey after the project's others."""
    journey = Journey(project_id=project_id, name=name, position=next_position(journeys_of(session, project_id)))
    session.add(journey)
    session.flush()
    return journey


def add_stage(session: Session, journey: Journey, name: LanguageMap) -> Stage:
    stage = Stage(name=name, position=next_position(journey.stages))
    journey.stages.append(stage)
    session.flush()
    return stage


def add_touchpoint(session: Session, stage: Stage, name: LanguageMap, channel: Channel) -> Touchpoint:
    touchpoint = Touchpoint(
        project_id=stage.journey.project_id, name=name, channel=channel, position=next_position(stage.touchpoints)
    )
    stage.touchpoints.append(touchpoint)
    session.flush()
    return touchpoint


def add_barrier(session: Session, touchpoint: Touchpoint, text: LanguageMap) -> Barrier:
    barrier = Barrier(text=text, position=next_position(touchpoint.barriers))
    touchpoint.barriers.append(barrier)
    session.flush()
    return barrier


def next_position(parts: Sequence[Ordered]) -> int:
    return max((part.position for part in parts), default=-1) + 1


def move(parts: MutableSequence[Part], part: Part, step: Step) -> None:
    """Let a part change places with its neighbour; at the end of the row it stays where it is."""
    move_to(parts, part, parts.index(part) + (-1 if step is Step.UP else 1))


def move_to(parts: MutableSequence[Part], part: Part, place: int) -> None:
    """Let a part stand at this place of the row, from 0; beyond its ends that is the first or the last."""
    order = list(parts)
    order.remove(part)
    order.insert(min(max(place, 0), len(order)), part)
    for position, each in enumerate(order):
        each.position = position


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


def touchpoint_names(session: Session, project_id: UUID) -> dict[UUID, LanguageMap]:
    """What the touchpoints of the project are called, in the same order."""
    named = (
        select(Touchpoint.id, Touchpoint.name)
        .join(Touchpoint.stage)
        .join(Stage.journey)
        .where(Journey.project_id == project_id)
        .order_by(Journey.position, Journey.id, Stage.position, Touchpoint.position)
    )
    return dict(session.execute(named).all())
