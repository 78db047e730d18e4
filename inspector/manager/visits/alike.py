"""Photos that look like photos of other visits: the signs on a visit's page, and the pictures side by side."""

from dataclasses import dataclass
from uuid import UUID

from flask import g, render_template
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from checklists.errors import NotFound
from checklists.people import Project
from checklists.visits import Alike, Likeness, Photo, Visit, likenesses_of
from inspector.auth import REVIEWERS, person, roles
from inspector.manager.forms import PageAnswer
from inspector.manager.visits.circumstances import circumstances
from inspector.manager.visits.place import VISIT_STATES, blueprint, carried, visit_asked
from inspector.trail import reads_personal
from inspector.transactions import reading

LIKENESSES = {
    Likeness.EXACT: lazy_gettext("The same file as at another visit"),
    Likeness.NEAR: lazy_gettext("Looks like a photo of another visit"),
    Likeness.MIRRORED: lazy_gettext("Looks like a mirrored photo of another visit"),
}


@dataclass(frozen=True, slots=True)
class Twin:
    """A photo of another visit; `project` is None where it belongs to a project that the reader does not reach."""

    alike: Alike
    project: Project | None

    @property
    def visit(self) -> Visit:
        return self.alike.other.visit


@blueprint.get("/<uuid:visit_id>/photos/<uuid:photo_id>")
@roles(*REVIEWERS)
@reads_personal("visit", of="visit_id")
def alike(visit_id: UUID, photo_id: UUID) -> PageAnswer:
    """One photo, and beside it those of other visits that it looks like."""
    with reading() as session:
        visit = visit_asked(session, visit_id)
        photo = next((each for each in visit.photos if each.id == photo_id), None)
        twins = twins_of(session, [photo]).get(photo_id) if photo else None
        if twins is None:
            raise NotFound
        page: str = render_template(
            "visits/alike.html",
            visit=visit,
            photo=photo,
            twins=twins,
            likenesses=LIKENESSES,
            states=VISIT_STATES,
            circumstances=circumstances,
            carried=carried(),
        )
        return page


def twins_of(session: Session, photos: list[Photo]) -> dict[UUID, list[Twin]]:
    """What the photos of a visit look like, by photo."""
    found = likenesses_of(session, (photo.id for photo in photos))
    return {
        photo_id: [Twin(each, _project(session, each.other.visit)) for each in alike]
        for photo_id, alike in found.items()
    }


def _project(session: Session, visit: Visit) -> Project | None:
    """The visit's project, where the reader may review it. A visit that nobody could place is shown to those who see
    the whole organization, in the project where they are.
    """
    reached = {
        each.project_id
        for each in person().memberships
        if each.role in REVIEWERS and each.organization_id == g.organization.id and each.deactivated_at is None
    }
    if None in reached and visit.project_id is None:
        return session.get(Project, g.project.id)
    return session.get(Project, visit.project_id) if reached & {None, visit.project_id} else None
