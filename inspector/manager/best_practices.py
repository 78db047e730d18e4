"""The gallery of best practices: what inspectors found worth copying, at home and at rivals."""

from flask import Blueprint, g, render_template

from checklists.brands import Brand, brand_names
from checklists.journey import Touchpoint, touchpoint_names
from checklists.review import best_practices_of
from checklists.visits import BestPracticeKind, VisitState
from checklists.waves import Wave, wave_names
from inspector.auth import READERS, roles
from inspector.languages import words
from inspector.manager.forms import PageAnswer
from inspector.manager.lists import Listing, choice_asked, row_asked
from inspector.manager.visits import PRACTICE_KINDS, VISIT_STATES
from inspector.transactions import reading

blueprint = Blueprint("best_practices", __name__, url_prefix="/o/<organization>/<project>/best-practices")

ON_A_PAGE = 24


@blueprint.get("/")
@roles(*READERS)
def index() -> PageAnswer:
    with reading() as session:
        touchpoint, brand = row_asked(session, Touchpoint, "touchpoint"), row_asked(session, Brand, "brand")
        wave, kind = row_asked(session, Wave, "wave"), choice_asked(BestPracticeKind, "kind")
        state = choice_asked(VisitState, "state")
        chips = {
            "touchpoint": words(touchpoint.name) if touchpoint else "",
            "brand": brand.name if brand else "",
            "kind": str(PRACTICE_KINDS[kind]) if kind else "",
            "wave": words(wave.name) if wave else "",
            "state": str(VISIT_STATES[state]) if state else "",
        }
        listing = Listing.asked([], "", chips)
        practices, total = best_practices_of(
            session,
            g.project.id,
            state=state or VisitState.APPROVED,
            wave_id=wave.id if wave else None,
            brand_id=brand.id if brand else None,
            touchpoint_id=touchpoint.id if touchpoint else None,
            kind=kind,
            offset=(listing.page - 1) * ON_A_PAGE,
            limit=ON_A_PAGE,
        )
        return render_template(
            "best_practices/index.html",
            practices=practices,
            total=total,
            size=ON_A_PAGE,
            listing=listing,
            kinds=PRACTICE_KINDS,
            states=VISIT_STATES,
            choices={
                "touchpoint": [(each, words(name)) for each, name in touchpoint_names(session, g.project.id).items()],
                "brand": list(brand_names(session, g.project.id).items()),
                "kind": list(PRACTICE_KINDS.items()),
                "wave": [(each, words(name)) for each, name in wave_names(session, g.project.id).items()],
                "state": [(each, VISIT_STATES[each]) for each in VisitState if each is not VisitState.APPROVED],
            },
        )
