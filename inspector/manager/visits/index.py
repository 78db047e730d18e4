"""The list of visits, with its filters."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from flask import g, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.brands import Outlet, brand_names
from checklists.errors import HOLD_REASONS
from checklists.journey import touchpoint_names
from checklists.visits import VisitInBrief, VisitState, inspectors_seen, visits_in_brief
from checklists.waves import wave_names
from inspector.auth import READERS, roles, sees_unplaced
from inspector.languages import words
from inspector.manager.entrance import may_review
from inspector.manager.forms import PageAnswer
from inspector.manager.lists import Listing, choice_asked, one_asked, row_asked
from inspector.manager.visits.place import VISIT_STATES, PhotosAsked, blueprint, queue_filters
from inspector.trail import reads_personal
from inspector.transactions import reading

VISITS_ON_A_PAGE = 50

Names = dict[UUID, str]
"""Of rows by their ids, in the order in which they are offered."""
Choices = Collection[tuple[UUID | str, str]]


@blueprint.get("/")
@roles(*READERS)
@reads_personal("visit_list")
def index() -> PageAnswer:
    with reading() as session:
        waves, brands, touchpoints, inspectors = _names(session)
        wave_id, wave = one_asked(waves, "wave")
        brand_id, brand = one_asked(brands, "brand")
        touchpoint_id, touchpoint = one_asked(touchpoints, "touchpoint")
        inspector_id, inspector = one_asked(inspectors, "inspector")
        outlet, state = row_asked(session, Outlet, "outlet"), choice_asked(VisitState, "state")
        twice = may_review() and choice_asked(PhotosAsked, "photos") is not None
        chips = {
            "wave": wave,
            "state": str(VISIT_STATES[state]) if state else "",
            "brand": brand,
            "touchpoint": touchpoint,
            "inspector": inspector,
            "outlet": outlet.name if outlet else "",
            "photos": str(_("photos used twice")) if twice else "",
        }
        listing = Listing.asked(["received"], "-received", chips)
        found = visits_in_brief(
            session,
            g.project.id,
            words=listing.words,
            wave_id=wave_id,
            brand_id=brand_id,
            touchpoint_id=touchpoint_id,
            inspector_id=inspector_id,
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
            choices=_choices(waves, brands, touchpoints, inspectors),
            states={each: str(text) for each, text in VISIT_STATES.items()},
            reasons=HOLD_REASONS,
            queue_filters=queue_filters(),
        )


def _names(session: Session) -> tuple[Names, Names, Names, Names]:
    """What the filters offer: waves, brands, touchpoints and inspectors. A client finds no inspectors."""
    return (
        {each: words(name) for each, name in wave_names(session, g.project.id).items()},
        brand_names(session, g.project.id),
        {each: words(name) for each, name in touchpoint_names(session, g.project.id).items()},
        inspectors_seen(session, g.project.id),
    )


def _choices(waves: Names, brands: Names, touchpoints: Names, inspectors: Names) -> dict[str, Choices]:
    """The same as the form shows it, by filter; a client knows neither states nor inspectors."""
    offered: dict[str, Choices] = {
        "wave": waves.items(),
        "brand": brands.items(),
        "touchpoint": touchpoints.items(),
    }
    if may_review():
        offered["state"] = [(state, str(text)) for state, text in VISIT_STATES.items()]
        offered["photos"] = [(PhotosAsked.USED_TWICE.value, str(_("used twice")))]
        offered["inspector"] = inspectors.items()
    return offered


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


def _place_of(visit: VisitInBrief) -> str:
    return f"{visit.received_at.isoformat()}~{visit.id}"
