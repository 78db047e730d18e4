"""What the ids of an address mean, and whether the asker reaches it: looked up once, before any view runs.

The first id leads to the organization and the project, which go into `g` with the memberships that reach them, as those
of a page's address do. What is out of reach is 404, like what does not exist.
"""

from typing import Any, TypeVar
from uuid import UUID

from flask import g, request
from sqlalchemy.orm import Session

from checklists.accounts import Token
from checklists.brands import Brand, Outlet
from checklists.checklist import Checklist, ChecklistVersion
from checklists.errors import NotAllowed, NotFound
from checklists.imports import Import
from checklists.journey import Barrier, Journey, Stage, Touchpoint
from checklists.orm import Owned
from checklists.people import Organization, Project
from checklists.readers import scope_of
from checklists.visits import Visit
from checklists.waves import Assignment, Wave
from inspector.transactions import reading

Row = TypeVar("Row", bound=Owned)

NAMED: dict[str, type[Any]] = {
    "organization_id": Organization,
    "project_id": Project,
    "journey_id": Journey,
    "stage_id": Stage,
    "touchpoint_id": Touchpoint,
    "barrier_id": Barrier,
    "brand_id": Brand,
    "outlet_id": Outlet,
    "checklist_id": Checklist,
    "version_id": ChecklistVersion,
    "wave_id": Wave,
    "assignment_id": Assignment,
    "visit_id": Visit,
    "import_id": Import,
    "token_id": Token,
}
"""What each id of an address names. Others are looked up by their views."""

# A part finds its project through what it is a part of.
_WHOLE = {Stage: "journey", Barrier: "touchpoint"}


def find_place() -> None:
    """Put the organization and project of the address's first id into `g`, and narrow the scope to them.

    Raises NotFound for what is not there or out of reach, and for further ids of another project.
    """
    named = [(name, value) for name, value in (request.view_args or {}).items() if name in NAMED]
    if not named:
        return
    with reading() as session:
        rows: list[Any] = [session.get(NAMED[name], identity) for name, identity in named]
        if None in rows:
            raise NotFound
        first = rows[0]
        g.organization = first if isinstance(first, Organization) else session.get(Organization, first.organization_id)
        project_id = project_of(first)
        g.project = session.get(Project, project_id) if project_id else None
        others = {project_of(row) for row in rows[1:]}
    g.memberships = [each for each in g.memberships if _reaches(each, first, project_id)]
    if not g.memberships or others - {project_id}:
        raise NotFound
    g.scope = scope_of(g.memberships)


def project_of(row: Any) -> UUID | None:
    """The project that the row belongs to; None for an organization, and for a held visit that nobody could place."""
    if isinstance(row, Organization):
        return None
    if isinstance(row, Project):
        return row.id
    while type(row) in _WHOLE:
        row = getattr(row, _WHOLE[type(row)])
    identity: UUID | None = row.project_id
    return identity


def _reaches(membership: Any, row: Any, project_id: UUID | None) -> bool:
    """Whether the membership reaches the row. What belongs to no project is for those who see the whole organization;
    the organization itself is for all of its people.
    """
    organization_id = row.id if isinstance(row, Organization) else row.organization_id
    if membership.organization_id != organization_id:
        return False
    return isinstance(row, Organization) or membership.project_id in (None, project_id)


def refuse_narrow() -> None:
    """What concerns the whole organization is not for an owner's token for one project. Raises NotAllowed."""
    if all(each.project_id for each in g.memberships):
        raise NotAllowed


def find(session: Session, model: type[Row], identity: UUID, *, lock: bool = False) -> Row:
    """The row in the project of the address, locked where it is to be changed: of two writers the second waits, and
    sees what the first one wrote. Raises NotFound for one of another project as for none.
    """
    row = session.get(model, identity, with_for_update={"of": model} if lock else None, populate_existing=lock)
    if row is None or project_of(row) != (g.project.id if g.project else None):
        raise NotFound
    return row
