"""An organization as its owners see it: everybody's roles over all of its projects, and who may give which."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.errors import N_, InvalidInput, NotAllowed
from checklists.orm import alphabetical_key
from checklists.people import Membership, Organization, Role, User, add_member

Place = UUID | None
"""A project's id, or None for all projects of the organization."""

_RANKS = {Role.OWNER: 3, Role.MANAGER: 2, Role.REVIEWER: 1, Role.CLIENT: 0, Role.INSPECTOR: 0}


@dataclass(slots=True)
class Colleague:
    """A person of the organization with the roles held now, by project or in all of them."""

    user: User
    roles: dict[Place, set[Role]] = field(default_factory=dict)

    @property
    def everywhere(self) -> set[Role]:
        return self.roles.get(None, set())

    @property
    def active(self) -> bool:
        return any(self.roles.values())


def colleagues_of(session: Session, organization_id: UUID) -> list[Colleague]:
    """Everybody with a role in the organization, now or once, in order of name; those without any role now come last.

    People who only inspect are many, and stand on the pages of their projects.
    """
    found: dict[UUID, Colleague] = {}
    for membership in session.scalars(select(Membership).where(Membership.organization_id == organization_id)):
        colleague = found.setdefault(membership.user_id, Colleague(membership.user))
        if membership.deactivated_at is None:
            colleague.roles.setdefault(membership.project_id, set()).add(membership.role)
    return sorted(found.values(), key=lambda each: (not each.active, alphabetical_key(each.user.name)))


def set_roles(
    session: Session,
    organization_id: UUID,
    user: User,
    wanted: Mapping[Place, Collection[Role]],
    giver: Iterable[Membership],
    now: datetime,
) -> None:
    """Let the person hold exactly these roles in the places that `wanted` names; other places stay as they are.

    Raises NotAllowed where the giver's own role is lower than one that is given or taken, and InvalidInput where the
    organization would lose its last owner.
    """
    # Two owners who take each other's role at once must not both succeed.
    session.get_one(Organization, organization_id, with_for_update=True)
    own = list(giver)
    held = session.scalars(
        select(Membership).where(
            Membership.organization_id == organization_id,
            Membership.user_id == user.id,
            Membership.deactivated_at.is_(None),
        )
    ).all()
    for place, roles in wanted.items():
        before = {each.role: each for each in held if each.project_id == place}
        refuse_higher(own, before.keys() ^ set(roles), place)
        given = set(roles) - before.keys()
        add_member(session, user, sorted(given), organization_id=organization_id, project_id=place)
        for role in before.keys() - set(roles):
            before[role].deactivated_at = now
    session.flush()
    if not _has_owner(session, organization_id):
        raise InvalidInput({"everywhere": N_("Somebody has to own the organization. Make another person owner first.")})


def refuse_higher(giver: Iterable[Membership], roles: Iterable[Role], place: Place) -> None:
    """Nobody gives or takes a role higher than the own one there, nor any where they have none. Raises NotAllowed."""
    own = max((_RANKS[each.role] for each in giver if each.project_id in (None, place)), default=-1)
    if any(_RANKS[role] > own for role in roles):
        raise NotAllowed


def refuse_to_outrank(session: Session, organization_id: UUID, user_id: UUID, giver: Iterable[Membership]) -> None:
    """Nobody gets at the whole of a person whose roles, held now or once, reach further or higher than the own ones.

    Raises NotAllowed.
    """
    own = list(giver)
    for held in session.scalars(
        select(Membership).where(Membership.organization_id == organization_id, Membership.user_id == user_id)
    ):
        refuse_higher(own, [held.role], held.project_id)


def _has_owner(session: Session, organization_id: UUID) -> bool:
    owner = select(Membership.id).where(
        Membership.organization_id == organization_id,
        Membership.role == Role.OWNER,
        Membership.project_id.is_(None),
        Membership.deactivated_at.is_(None),
    )
    return session.scalar(owner.limit(1)) is not None
