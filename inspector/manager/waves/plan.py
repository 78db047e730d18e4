"""The plan of a wave: what is still missing, who may be sent, and the list of its assignments."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from checklists.brands import Brand, brand_names
from checklists.checklist import ChecklistVersion
from checklists.errors import DomainError, NotFound
from checklists.matrix import held_by_assignment, uncounted_checks
from checklists.orm import alphabetical_key, holds
from checklists.people import inspectors_of
from checklists.waves import (
    Assignment,
    AssignmentState,
    Plan,
    Wave,
    assignments_of,
    is_late,
    missing_visits,
    newer_versions,
    plan_assignments,
)
from inspector.auth import MANAGERS, roles
from inspector.manager.forms import Form, PageAnswer, fields_of, of_project
from inspector.manager.waves.place import blueprint, find_wave, ids
from inspector.transactions import reading, writing

ASSIGNMENT_STATES = {
    AssignmentState.PLANNED: lazy_gettext("planned"),
    AssignmentState.HANDED_OUT: lazy_gettext("handed out"),
    AssignmentState.DELIVERED: lazy_gettext("delivered"),
    AssignmentState.REVOKED: lazy_gettext("revoked"),
    AssignmentState.VOID: lazy_gettext("visit rejected"),
}
WAITING = (AssignmentState.PLANNED, AssignmentState.HANDED_OUT)
FILTERS = ("only", "brand", "inspector", "q", "sort")
ORDERS: dict[str, Callable[[Assignment], Any]] = {
    "due": lambda each: each.state not in WAITING,
    "outlet": lambda each: alphabetical_key(each.outlet.name),
    "inspector": lambda each: alphabetical_key(each.inspector.name if each.inspector else ""),
}
"""How the list is sorted; within equals by due date, for so the assignments come."""
OVERDUE, UNSENT, OLDER = "overdue", "unsent", "older"
SHOWN = {
    **{state.value: words for state, words in ASSIGNMENT_STATES.items()},
    OVERDUE: lazy_gettext("overdue"),
    UNSENT: lazy_gettext("not handed out in time"),
    OLDER: lazy_gettext("with an older version"),
}
"""What the list of assignments can be narrowed to, beside brand and inspector."""
ASSIGNMENTS_ON_A_PAGE = 100
USUAL_EXTENSION_DAYS = 7
EXTENSIONS = (1, 3, USUAL_EXTENSION_DAYS, 14, 28)
"""How many days the list offers to extend assignments by."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The wave's assignments with what is to be said of each, and the part of them that the address asks for.

    Those that wait for somebody come first; `page` is the part of `shown` that begins at the number `start`.
    """

    everything: Sequence[Assignment]
    shown: Sequence[Assignment]
    start: int
    kinds: dict[UUID, set[str]]
    held: dict[UUID, UUID]
    counts: Counter[str]
    filters: dict[str, Any]

    @property
    def page(self) -> Sequence[Assignment]:
        return self.shown[self.start : self.start + ASSIGNMENTS_ON_A_PAGE]

    @property
    def further(self) -> int | None:
        """Where the next page begins."""
        end = self.start + ASSIGNMENTS_ON_A_PAGE
        return end if end < len(self.shown) else None


@blueprint.get("/<uuid:wave_id>")
@roles(*MANAGERS)
def show(wave_id: UUID) -> PageAnswer:
    with reading() as session:
        return plan_page(session, wave_id, Form.showing())


# A refused plan is shown again at its own address, which somebody may reload or return to.
for _noun in ("plan", "assignments"):
    blueprint.add_url_rule(f"/<uuid:wave_id>/{_noun}", f"show_after_{_noun}", show)


def plan_page(session: Session, wave_id: UUID, form: Form) -> PageAnswer:
    wave = find_wave(session, wave_id)
    usual = {"days": USUAL_EXTENSION_DAYS, "until": datetime.now(UTC).date() + timedelta(days=USUAL_EXTENSION_DAYS)}
    form.typed = MultiDict([*fields_of(usual), *form.typed.items(multi=True)]) if "do" not in form.typed else form.typed
    listed = listed_assignments(session, wave)
    brands = {pin.outlet.brand for pin in wave.outlets} | {each.outlet.brand for each in listed.everything}
    people = {each.id: each for each in inspectors_of(session, g.project.id)}
    sent = {each.inspector.id: each.inspector for each in listed.everything if each.inspector}
    page = render_template(
        "waves/show.html",
        form=form,
        asked=Form(request.args),
        wave=wave,
        missing=missing_by_brand(session, wave),
        inspectors=list(people.values()),
        active=[(each.id, each.name) for each in people.values()],
        extensions=[(days, ngettext("%(num)s day", "%(num)s days", days)) for days in EXTENSIONS],
        listed=listed,
        states=ASSIGNMENT_STATES,
        kinds=SHOWN,
        brands=[(each.id, each.name) for each in sorted(brands, key=lambda each: (not each.own, each.position))],
        people=[(each.id, each.name) for each in sorted((people | sent).values(), key=lambda each: each.name)],
    )
    return page, form.status


def listed_assignments(session: Session, wave: Wave) -> Listed:
    everything = assignments_of(session, wave.id)
    held = held_by_assignment(session, wave.id)
    newer = newer_versions(session, wave, everything)
    now = datetime.now(UTC)
    kinds = {each.id: _kinds(each, each.id in held, each.id in newer, now) for each in everything}
    filters = _filters(session)
    shown = [each for each in everything if _asked_for(each, kinds[each.id], filters)]
    return Listed(
        everything=everything,
        shown=sorted(shown, key=ORDERS[filters.get("sort", "due")]),
        start=max(0, request.args.get("start", 0, type=int)),
        kinds=kinds,
        held=held,
        counts=Counter(kind for each in kinds.values() for kind in each),
        filters=filters,
    )


def _kinds(assignment: Assignment, held: bool, older: bool, now: datetime) -> set[str]:
    kinds = {assignment.state.value}
    if is_late(assignment, now) and not held:
        kinds.add(OVERDUE if assignment.state is AssignmentState.HANDED_OUT else UNSENT)
    if older:
        kinds.add(OLDER)
    return kinds


def _filters(session: Session) -> dict[str, Any]:
    """What the address narrows the list to. Raises NotFound for what is not there."""
    filters = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    if filters.get("only", OVERDUE) not in SHOWN or filters.get("sort", "due") not in ORDERS:
        raise NotFound
    for name in filters.keys() & {"brand", "inspector"}:
        ids([filters[name]])
    if "brand" in filters:
        of_project(session, Brand, UUID(filters["brand"]))
    return filters


def _asked_for(assignment: Assignment, kinds: set[str], filters: dict[str, Any]) -> bool:
    return (
        ("only" not in filters or filters["only"] in kinds)
        and ("brand" not in filters or UUID(filters["brand"]) == assignment.outlet.brand_id)
        and ("inspector" not in filters or UUID(filters["inspector"]) == assignment.inspector_id)
        and ("q" not in filters or holds(filters["q"], _words_of(assignment)))
    )


def _words_of(assignment: Assignment) -> str:
    outlet, inspector = assignment.outlet, assignment.inspector
    return f"{outlet.name} {outlet.city} {outlet.address} {inspector.name if inspector else ''}"


def missing_by_brand(session: Session, wave: Wave) -> list[tuple[str, Plan]]:
    """The visits that nobody is planned for, with the brands' names."""
    names = brand_names(session, g.project.id)
    plans = missing_visits(session, wave, uncounted_checks(session, wave.id))
    return [(names[plan.brand_id], plan) for plan in plans]


def inspector_ids(session: Session) -> list[UUID]:
    return [each.id for each in inspectors_of(session, g.project.id)]


@blueprint.post("/<uuid:wave_id>/plan")
@roles(*MANAGERS)
def plan(wave_id: UUID) -> PageAnswer:
    """Plan the missing visits for the ticked inspectors, or for everybody; all, or one brand's of one checklist."""
    form = Form.sent()
    ticked = set(ids(form.chosen("inspectors")))
    try:
        with writing() as session:
            wave = find_wave(session, wave_id)
            active = inspectors_of(session, g.project.id)
            if active and not ticked and not form.ticked("everybody"):
                form.refuse("inspectors", _("Choose at least one inspector."))
            form.check()
            inspectors = [each for each in active if each.id in ticked or form.ticked("everybody")]
            uncounted, now = uncounted_checks(session, wave.id), datetime.now(UTC)
            count = len(plan_assignments(session, wave, inspectors, now, uncounted, only=_only(session)))
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        with reading() as session:
            return plan_page(session, wave_id, form)
    if count:
        flash(ngettext("%(num)s visit was planned.", "%(num)s visits were planned.", count), "done")
    else:
        flash(_("The plan is complete already; nothing was added."), "done")
    if form.ticked("everybody"):
        return redirect(url_for("waves.coverage", wave_id=wave_id))
    return redirect(url_for("waves.show", wave_id=wave_id))


def _only(session: Session) -> tuple[UUID, UUID] | None:
    """The one checklist version and brand that the form names, if it names any."""
    if not request.form.get("brand"):
        return None
    version_id, brand_id = ids([request.form.get("version", ""), request.form["brand"]])
    return of_project(session, ChecklistVersion, version_id).id, of_project(session, Brand, brand_id).id
