"""Who works here: organizations, their projects, the people, and what a membership lets them do."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from checklists.errors import N_, InvalidInput
from checklists.orm import Base, LanguageMap, Owned, Tenant, alphabetical_key, holds, key, one_of, reference

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
    staff_names: Mapped[bool] = mapped_column(default=False)
    """Whether inspectors may write down the names of the staff they met."""
    audio: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether calls may be recorded as evidence."""
    audio_consent: Mapped[LanguageMap] = mapped_column(default=dict, server_default="{}")
    """What the inspector must confirm before a recording, such as that the person called was asked."""
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
    erased_at: Mapped[datetime | None]


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
    return sorted(people.values(), key=lambda person: alphabetical_key(person.name))


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


@dataclass(slots=True)
class Member:
    """A person of a project: the roles held in it, those held in every project, and those that ended."""

    user: User
    roles: set[Role] = field(default_factory=set)
    roles_everywhere: set[Role] = field(default_factory=set)
    ended: set[Role] = field(default_factory=set)

    @property
    def active(self) -> bool:
        return bool(self.roles or self.roles_everywhere)

    @property
    def roles_shown(self) -> set[Role]:
        """The roles in the project, or those that ended where the person has no access any more."""
        return self.roles or (set() if self.active else self.ended)


def members_of(session: Session, project_id: UUID) -> list[Member]:
    """Everybody who works in the project or did, in order of name. The session's scope must be one organization."""
    members: dict[UUID, Member] = {}
    for membership in session.scalars(
        select(Membership).where((Membership.project_id == project_id) | Membership.project_id.is_(None))
    ):
        member = members.setdefault(membership.user_id, Member(membership.user))
        if membership.deactivated_at is not None:
            if membership.project_id is not None:
                member.ended.add(membership.role)
        elif membership.project_id is None:
            member.roles_everywhere.add(membership.role)
        else:
            member.roles.add(membership.role)
    return sorted(members.values(), key=lambda member: (not member.active, alphabetical_key(member.user.name)))


class MemberOrder(StrEnum):
    NAME = "name"
    EMAIL = "email"


def members_found(
    session: Session,
    project_id: UUID,
    *,
    words: str = "",
    role: Role | None = None,
    active: bool | None = None,
    order: MemberOrder = MemberOrder.NAME,
    descending: bool = False,
) -> list[Member]:
    """Those of `members_of` whose name or address holds the words and who hold the role, or did at the end.

    People whose access ended come last in either direction.
    """
    found = [
        member
        for member in members_of(session, project_id)
        if holds(words, member.user.name, member.user.email)
        and (role is None or role in member.roles_shown | member.roles_everywhere)
        and (active is None or member.active is active)
    ]
    found.sort(key=lambda member: alphabetical_key(getattr(member.user, order)), reverse=descending)
    return sorted(found, key=lambda member: not member.active)


def create_person(session: Session, email: str, name: str, password_hash: str, language: str, now: datetime) -> User:
    """A person who may log in. Raises InvalidInput where the address is no address or is taken."""
    email = normal_email(email)
    if not looks_like_email(email):
        raise InvalidInput({"email": N_("This is not an e-mail address.")})
    if user_by_email(session, email) is not None:
        raise InvalidInput({"email": N_("Somebody has this address already.")})
    user = User(email=email, name=name, password_hash=password_hash, language=language, created_at=now)
    session.add(user)
    session.flush()
    return user


def looks_like_email(email: str) -> bool:
    name, at, host = email.rpartition("@")
    return bool(name and at and "." in host.strip(".")) and not any(each.isspace() for each in email)


def change_roles(session: Session, user_id: UUID, roles: Collection[Role], project: Project, now: datetime) -> None:
    """Let the person hold exactly these roles in the project. None at all ends the access."""
    user = session.get_one(User, user_id)
    add_member(session, user, roles, organization_id=project.organization_id, project_id=project.id)
    for membership in _memberships_in(session, user_id, project):
        if membership.role not in roles and membership.deactivated_at is None:
            membership.deactivated_at = now


def take_back(session: Session, user_id: UUID, project: Project) -> None:
    """Give the person the roles again that ended last."""
    ended = [each for each in _memberships_in(session, user_id, project) if each.deactivated_at is not None]
    last = max((each.deactivated_at for each in ended if each.deactivated_at is not None), default=None)
    for membership in ended:
        if membership.deactivated_at == last:
            membership.deactivated_at = None


def _memberships_in(session: Session, user_id: UUID, project: Project) -> list[Membership]:
    return list(
        session.scalars(select(Membership).where(Membership.user_id == user_id, Membership.project_id == project.id))
    )


def create_project(
    session: Session,
    organization_id: UUID,
    slug: str,
    name: LanguageMap,
    languages: list[str],
    margin: float,
    now: datetime,
) -> Project:
    """A project; `margin` is a share. Raises InvalidInput where the organization has another one under this slug."""
    if session.scalar(select(Project.id).where(Project.organization_id == organization_id, Project.slug == slug)):
        raise InvalidInput({"slug": N_("Another project has this address already.")})
    project = Project(
        organization_id=organization_id, slug=slug, name=name, languages=languages, margin=margin, created_at=now
    )
    session.add(project)
    session.flush()
    return project


def projects_of(session: Session, memberships: Iterable[Membership]) -> dict[Organization, list[Project]]:
    """The projects that these memberships reach, by organization, both in order of name."""
    reached: dict[UUID, set[UUID | None]] = {}
    for membership in memberships:
        reached.setdefault(membership.organization_id, set()).add(membership.project_id)
    organizations = session.scalars(select(Organization).where(Organization.id.in_(reached)))
    found: dict[Organization, list[Project]] = {each: [] for each in sorted(organizations, key=lambda o: o.name)}
    by_id = {each.id: each for each in found}
    for project in session.scalars(select(Project).where(Project.organization_id.in_(reached)).order_by(Project.slug)):
        if {None, project.id} & reached[project.organization_id]:
            found[by_id[project.organization_id]].append(project)
    return found
