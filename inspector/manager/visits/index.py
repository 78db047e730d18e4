"""The list of visits, with its filters."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import g, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.brands import Brand, Outlet, brands_of
from checklists.errors import HOLD_REASONS, NotFound
from checklists.journey import Touchpoint, touchpoints_of
from checklists.people import User
from checklists.visits import Photo, Visit, VisitState, inspectors_seen, visits_page, visits_with_likenesses
from checklists.waves import Wave, waves_of
from inspector.auth import READERS, roles
from inspector.languages import words
from inspector.manager.entrance import may_review
from inspector.manager.forms import PageAnswer
from inspector.manager.lists import Listing, choice_asked, identity_asked, row_asked
from inspector.manager.visits.place import VISIT_STATES, PhotosAsked, blueprint, queue_filters, sees_unplaced
from inspector.trail import reads_personal
from inspector.transactions import reading

VISITS_ON_A_PAGE = 50


@blueprint.get("/")
@roles(*READERS)
@reads_personal("visit_list")
def index() -> PageAnswer:
    with reading() as session:
        inspectors = inspectors_seen(session, g.project.id)
        wave, brand = row_asked(session, Wave, "wave"), row_asked(session, Brand, "brand")
        touchpoint, outlet = row_asked(session, Touchpoint, "touchpoint"), row_asked(session, Outlet, "outlet")
        twice = may_review() and choice_asked(PhotosAsked, "photos") is not None
        inspector, state = _inspector_asked(inspectors), choice_asked(VisitState, "state")
        chips = {
            "wave": words(wave.name) if wave else "",
            "state": str(VISIT_STATES[state]) if state else "",
            "brand": brand.name if brand else "",
            "touchpoint": words(touchpoint.name) if touchpoint else "",
            "inspector": inspector.name if inspector else "",
            "outlet": outlet.name if outlet else "",
            "photos": str(_("photos used twice")) if twice else "",
        }
        listing = Listing.asked(["received"], "-received", chips)
        found = visits_page(
            session,
            g.project.id,
            words=listing.words,
            wave_id=wave.id if wave else None,
            brand_id=brand.id if brand else None,
            touchpoint_id=touchpoint.id if touchpoint else None,
            inspector_id=inspector.id if inspector else None,
            outlet_id=outlet.id if outlet else None,
            used_twice=twice,
            state=state,
            unplaced=sees_unplaced(),
            oldest_first=not listing.descending,
            after=_after(),
            limit=VISITS_ON_A_PAGE + 1,
        )
        return render_template(
            "visits/index.html",
            visits=found[:VISITS_ON_A_PAGE],
            further=_place_of(found[VISITS_ON_A_PAGE - 1]) if len(found) > VISITS_ON_A_PAGE else None,
            listing=listing,
            twice=_used_twice(session, found),
            choices=_choices(session, inspectors),
            states=VISIT_STATES,
            reasons=HOLD_REASONS,
            queue_filters=queue_filters(),
        )


def _choices(session: Session, inspectors: list[User]) -> dict[str, list[tuple[Any, str]]]:
    """What each filter offers; a client knows neither states nor inspectors."""
    project_id = g.project.id
    offered: dict[str, list[tuple[Any, str]]] = {
        "wave": [(each.id, words(each.name)) for each in waves_of(session, project_id)],
        "brand": [(each.id, each.name) for each in brands_of(session, project_id, with_outlets=False)],
        "touchpoint": [(each.id, words(each.name)) for each in touchpoints_of(session, project_id)],
    }
    if may_review():
        offered["state"] = [(state, str(text)) for state, text in VISIT_STATES.items()]
        offered["photos"] = [(PhotosAsked.USED_TWICE.value, str(_("used twice")))]
        offered["inspector"] = [(each.id, each.name) for each in inspectors]
    return offered


def _used_twice(session: Session, visits: list[Visit]) -> set[UUID]:
    """Those of the visits of which a photo looks like one of another visit; of interest to those who review."""
    if not may_review() or not visits:
        return set()
    return set(session.scalars(visits_with_likenesses().where(Photo.visit_id.in_([each.id for each in visits]))))


def _inspector_asked(inspectors: list[User]) -> User | None:
    """The inspector that the filter names. Raises NotFound for somebody who sent nothing here."""
    identity = identity_asked("inspector")
    if identity is None:
        return None
    for inspector in inspectors:
        if inspector.id == identity:
            return inspector
    raise NotFound


def _after() -> tuple[datetime, UUID] | None:
    """Where the page goes on, from "<received_at>~<visit id>" of the last visit of the page before.

    What cannot be read as that is the first page; so is a moment that UTC has no year for.
    """
    try:
        moment, identity = request.args.get("after", "").split("~")
        received_at = datetime.fromisoformat(moment)
        return (received_at if received_at.tzinfo else received_at.replace(tzinfo=UTC)).astimezone(UTC), UUID(identity)
    except (ValueError, OverflowError):
        return None


def _place_of(visit: Visit) -> str:
    return f"{visit.received_at.isoformat()}~{visit.id}"
