"""Photos of a visit that look like photos of other visits, as reviewers are told of them."""

from collections.abc import Iterable
from uuid import UUID

from flask import g
from sqlalchemy.orm import Session

from checklists.readers import is_for_clients
from checklists.visits import Alike, Likeness, Photo, VisitState, likenesses_of
from inspector.api.fields import TOLD, Body, Choice, Id, Moment, Text, Whole
from inspector.api.operations import Json
from inspector.auth import REVIEWERS, person


class AlikeSchema(Body):
    """All but the likeness itself is null where the other visit is of a project that the asker does not review."""

    kind = Choice(Likeness, "`exact` is the very same file.", **TOLD)
    distance = Whole("How many of the 63 bits of their fingerprints differ; 0 for the same file.", example=4, **TOLD)
    photo_id = Id("photo", "The photo of the other visit.", allow_none=True, **TOLD)
    visit_id = Id("visit", allow_none=True, **TOLD)
    project_id = Id("project", allow_none=True, **TOLD)
    wave_id = Id("wave", allow_none=True, **TOLD)
    outlet_id = Id("outlet", allow_none=True, **TOLD)
    inspector_id = Id("inspector", allow_none=True, **TOLD)
    inspector_name = Text(allow_none=True, example="Timur Saidov", **TOLD)
    state = Choice(VisitState, "Of the other visit.", allow_none=True, **TOLD)
    taken_at = Moment(allow_none=True, **TOLD)
    received_at = Moment("When the other visit came in.", allow_none=True, **TOLD)


def alike_told(session: Session, photos: Iterable[Photo]) -> dict[UUID, list[Json]]:
    """What each of the photos looks like, the nearest first; those that look like none are left out. For a client all
    of them are.
    """
    if is_for_clients(g.scope):
        return {}
    found = likenesses_of(session, (photo.id for photo in photos))
    return {photo_id: [_told(each) for each in alike] for photo_id, alike in found.items()}


def _told(alike: Alike) -> Json:
    likeness = {"kind": alike.kind, "distance": alike.distance}
    photo, visit = alike.other, alike.other.visit
    if not _reviews(visit.organization_id, visit.project_id):
        return dict.fromkeys(AlikeSchema().fields) | likeness
    return likeness | {
        "photo_id": photo.id,
        "visit_id": visit.id,
        "inspector_name": visit.inspector.name,
        "taken_at": photo.taken_at,
        **{
            name: getattr(visit, name)
            for name in ("project_id", "wave_id", "outlet_id", "inspector_id", "state", "received_at")
        },
    }


def _reviews(organization_id: UUID, project_id: UUID | None) -> bool:
    """Whether the asker reviews the visits of this project, which may be another one than that of the address."""
    return any(
        each.role in REVIEWERS
        and each.deactivated_at is None
        and each.organization_id == organization_id
        and each.project_id in (None, project_id)
        for each in person().memberships
    )
