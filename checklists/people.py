"""Who works here: organizations, their projects, the people, and what a membership lets them do."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from checklists.orm import Base, LanguageMap, Owned, Tenant, key, one_of, reference

LAST_DELIVERIES = timedelta(days=30)
"""How long somebody whose access ended may still deliver visits begun before."""


class Role(StrEnum):
    OWNER = "owner"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    INSPECTOR = "inspector"
    CLIENT = "client"


class Organization(Tenant, Base):
    """The tenant: an agency or a company. Nothing crosses its border."""

    __tablename__ = "organizations"

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]


class Project(Owned, Base):
    """One client's engagement. `languages` are those its texts are written in, the first one being the fallback."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("organization_id", "slug"),)

    id: Mapped[UUID] = key()
    slug: Mapped[str]
    name: Mapped[LanguageMap]
    languages: Mapped[list[Any]]
    margin: Mapped[float] = mapped_column(default=0.10)
    retention_months: Mapped[int] = mapped_column(default=24)
    created_at: Mapped[datetime]

    @property
    def default_language(self) -> str:
        return str(self.languages[0])


class User(Base):
    """A person who can log in. People are not a tenant's: one inspector may work for several agencies."""

    __tablename__ = "users"

    id: Mapped[UUID] = key()
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    language: Mapped[str] = mapped_column(default="ru")
    password_hash: Mapped[str]
    created_at: Mapped[datetime]


class Membership(Owned, Base):
    """A person's role in one project of an organization, or in all of them (`project_id` empty)."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("organization_id", "user_id", "project_id", "role"),)

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    project_id: Mapped[UUID | None] = reference("projects.id", nullable=True)
    role: Mapped[Role] = mapped_column(one_of(Role))
    deactivated_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")


def memberships_of(session: Session, user_id: UUID, now: datetime) -> list[Membership]:
    """The person's memberships, those included that ended so lately that visits may still be delivered."""
    found = session.scalars(select(Membership).where(Membership.user_id == user_id))
    return [each for each in found if each.deactivated_at is None or now - each.deactivated_at <= LAST_DELIVERIES]


def inspectors_of(session: Session, project_id: UUID) -> list[User]:
    """Active inspectors who may be handed assignments of the project, in order of name."""
    found = session.scalars(
        select(Membership).where(
            Membership.role == Role.INSPECTOR,
            Membership.deactivated_at.is_(None),
            (Membership.project_id == project_id) | Membership.project_id.is_(None),
        )
    )
    people = {membership.user_id: membership.user for membership in found}
    return sorted(people.values(), key=lambda person: person.name.casefold())


def user_by_email(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == normal_email(email)))


def normal_email(email: str) -> str:
    return email.strip().casefold()


def add_member(
    session: Session, user: User, roles: Iterable[Role], *, organization_id: UUID, project_id: UUID | None = None
) -> list[Membership]:
    """Give the person these roles; a role already held is left as it is, an ended one is taken up again."""
    memberships = []
    for role in roles:
        membership = session.scalar(
            select(Membership).where(
                Membership.organization_id == organization_id,
                Membership.user_id == user.id,
                Membership.project_id == project_id if project_id else Membership.project_id.is_(None),
                Membership.role == role,
            )
        )
        if membership is None:
            membership = Membership(organization_id=organization_id, user_id=user.id, project_id=project_id, role=role)
            session.add(membership)
        membership.deactivated_at = None
        memberships.append(membership)
    session.flush()
    return memberships
