"""What the pages of visits share: their addresses, the visit that an address means, and the queue that it carries."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import Blueprint, g, request
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from checklists.errors import NotFound
from checklists.review import Queue, review_queue
from checklists.visits import BestPracticeKind, Visit, VisitState, visit_with_parts
from inspector.auth import sees_unplaced
from inspector.manager.lists import choice_asked, identity_asked

blueprint = Blueprint("visits", __name__, url_prefix="/o/<organization>/<project>/visits")


class PhotosAsked(StrEnum):
    """What a filter may ask of a visit's photos."""

    USED_TWICE = "twice"


QUEUE_FILTERS = ("wave", "brand", "outlet", "touchpoint", "inspector")
LONGEST_REASON = 2_000
VISIT_STATES = {
    VisitState.RECEIVED: lazy_gettext("received"),
    VisitState.HELD: lazy_gettext("held"),
    VisitState.RETURNED: lazy_gettext("returned"),
    VisitState.APPROVED: lazy_gettext("approved"),
    VisitState.REJECTED: lazy_gettext("rejected"),
}
PRACTICE_KINDS = {
    BestPracticeKind.COMFORT: lazy_gettext("comfort"),
    BestPracticeKind.BEYOND: lazy_gettext("beyond what was expected"),
}


def visit_asked(session: Session, visit_id: UUID) -> Visit:
    """The project's visit. A held one without a project is shown to those who see the whole organization."""
    visit = visit_with_parts(session, visit_id)
    if visit.organization_id != g.organization.id:
        raise NotFound
    if visit.project_id != g.project.id and not (visit.project_id is None and sees_unplaced()):
        raise NotFound
    return visit


def in_queue() -> bool:
    """Whether the address says that visits are reviewed one after another."""
    return request.args.get("queue") == "1"


def queue_filters() -> dict[str, Any]:
    """The filters of the address that the queue knows too."""
    return {name: request.args[name] for name in (*QUEUE_FILTERS, "photos") if request.args.get(name)}


def carried() -> dict[str, Any]:
    """What the addresses of forms and of the next visit carry along: the queue and its filters."""
    return {"queue": "1", **queue_filters()} if in_queue() else {}


def queue_asked(session: Session) -> Queue:
    """The visits that wait, as the filters of the address have it. Raises NotFound for what is no id."""
    filters = {f"{name}_id": identity_asked(name) for name in QUEUE_FILTERS}
    return review_queue(session, g.project.id, used_twice=choice_asked(PhotosAsked, "photos") is not None, **filters)
