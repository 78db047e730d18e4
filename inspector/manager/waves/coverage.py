"""How far a wave is filled, what is to be done to fill it, and how its visits are spread so far."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import g, render_template, url_for
from flask_babel import get_locale, lazy_gettext, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.brands import Brand, Outlet
from checklists.errors import NotFound
from checklists.matrix import Coverage, Standing, Waiting, coverage_of, fieldwork_of
from checklists.orm import alphabetical_key
from checklists.people import inspectors_of
from checklists.phones import phones_in
from checklists.visits import VisitState
from checklists.waves import Plan, Wave, waves_of
from inspector.auth import REVIEWERS, roles
from inspector.languages import words
from inspector.manager.entrance import may_manage
from inspector.manager.forms import PageAnswer, of_project
from inspector.manager.phones import Phone, worst_first
from inspector.manager.waves.place import blueprint, find_wave, hours_words
from inspector.manager.waves.plan import OVERDUE, UNSENT, missing_by_brand
from inspector.transactions import reading

STANDINGS = {
    Standing.APPROVED: lazy_gettext("Approved"),
    Standing.RECEIVED: lazy_gettext("Received"),
    Standing.RETURNED: lazy_gettext("Returned"),
    Standing.HELD: lazy_gettext("Held"),
    Standing.HANDED_OUT: lazy_gettext("Handed out"),
    Standing.OVERDUE: lazy_gettext("Overdue"),
    Standing.PLANNED: lazy_gettext("Planned"),
    Standing.ABSENT: lazy_gettext("Absent"),
    Standing.UNCOUNTED: lazy_gettext("Not valid"),
}
BAR = (
    ("approved", (Standing.APPROVED,)),
    ("arrived", (Standing.RECEIVED, Standing.RETURNED, Standing.HELD)),
    ("under-way", (Standing.HANDED_OUT, Standing.OVERDUE)),
    ("planned", (Standing.PLANNED,)),
)
"""The pieces of a cell's bar, from the left."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do to fill the wave: a sentence, and a button that leads there or does it."""

    sentence: str
    label: str
    address: str
    sends: dict[str, str] = field(default_factory=dict)
    """What the button sends; empty where it only leads somewhere."""


@blueprint.get("/<uuid:wave_id>/coverage")
@roles(*REVIEWERS)
def coverage(wave_id: UUID) -> PageAnswer:
    with reading() as session:
        wave, now = find_wave(session, wave_id), datetime.now(UTC)
        found = coverage_of(session, wave.id, now)
        spread, waiting = fieldwork_of(session, wave, now)
        return render_template(
            "waves/coverage.html",
            wave=wave,
            waves=waves_of(session, g.project.id),
            coverage=found,
            standings=STANDINGS,
            bar=BAR,
            tasks=list(_tasks(session, wave, found, waiting)),
            spread=spread,
            phones=_phones(session, wave, now),
            weekdays=[(_weekday(day), counts) for day, counts in spread.weekdays.items()],
            hours=[(hours_words(*part) if part else _("other hours"), each) for part, each in spread.hours.items()],
        )


def _phones(session: Session, wave: Wave, now: datetime) -> list[Phone]:
    """Phones on which something of their inspectors waits, or that somebody should look after; for who may see them."""
    if not may_manage():
        return []
    return [each for each in worst_first(phones_in(session, wave.id), now) if each.device.waiting or each.trouble]


def _weekday(day: int) -> str:
    locale = get_locale()
    assert locale is not None
    return str(locale.days["stand-alone"]["abbreviated"][day]).capitalize()


@blueprint.get("/<uuid:wave_id>/coverage/<uuid:touchpoint_id>/<uuid:brand_id>")
@roles(*REVIEWERS)
def coverage_at_outlets(wave_id: UUID, touchpoint_id: UUID, brand_id: UUID) -> PageAnswer:
    """One touchpoint at one brand: its outlets."""
    with reading() as session:
        wave = find_wave(session, wave_id)
        brand = of_project(session, Brand, brand_id)
        found = coverage_of(session, wave.id, datetime.now(UTC))
        row = next((each for each in found.rows if each.touchpoint_id == touchpoint_id), None)
        if row is None or brand_id not in row.cells:
            raise NotFound
        cell = row.cells[brand_id]
        chosen = {pin.outlet_id for pin in wave.outlets}
        here = [each for each in brand.outlets if each.id in chosen | cell.outlets.keys()]
        return render_template(
            "waves/coverage_outlets.html",
            wave=wave,
            brand=brand,
            row=row,
            cell=cell,
            outlets=[(each, cell.outlets.get(each.id)) for each in _in_order(here)],
            standings=STANDINGS,
            bar=BAR,
        )


def _in_order(outlets: list[Outlet]) -> list[Outlet]:
    return sorted(outlets, key=lambda outlet: alphabetical_key(outlet.name))


def _tasks(session: Session, wave: Wave, found: Coverage, waiting: Waiting) -> Iterator[Task]:
    """What to do, the most urgent first: what holds inspectors up, then reviews, then the plan."""
    if may_manage():
        yield from _tasks_with_assignments(wave, waiting)
    yield from _tasks_with_visits(wave, waiting)
    if may_manage():
        over = wave.ends_on < datetime.now(UTC).date()
        somebody = bool(inspectors_of(session, g.project.id))
        for brand, plan in missing_by_brand(session, wave):
            yield _planning(wave, brand, plan, over=over, somebody=somebody)
        for alone in waiting.alone:
            yield Task(
                _(
                    "%(inspector)s makes all the visits at %(brand)s (%(count)s): results show one person's view.",
                    inspector=alone.inspector,
                    count=alone.visits,
                    brand=found.brands.get(alone.brand_id, ""),
                ),
                _("To the assignments"),
                _assignments(wave, brand=str(alone.brand_id), inspector=str(alone.inspector_id)),
            )


def _tasks_with_assignments(wave: Wave, waiting: Waiting) -> Iterator[Task]:
    if waiting.overdue:
        sentence = ngettext(
            "%(num)s assignment is overdue: extend it or give it to somebody else.",
            "%(num)s assignments are overdue: extend them or give them to somebody else.",
            waiting.overdue,
        )
        yield Task(sentence, _("To the overdue ones"), _assignments(wave, only=OVERDUE))
    if waiting.unsent_late:
        sentence = ngettext(
            "%(num)s planned assignment was not handed out in time: extend it, then hand it out.",
            "%(num)s planned assignments were not handed out in time: extend them, then hand them out.",
            waiting.unsent_late,
        )
        yield Task(sentence, _("To these assignments"), _assignments(wave, only=UNSENT))
    in_time = waiting.unsent - waiting.unsent_late
    if in_time:
        sentence = ngettext(
            "%(num)s planned assignment is not handed out yet.",
            "%(num)s planned assignments are not handed out yet.",
            in_time,
        )
        yield Task(sentence, _("To the planned ones"), _assignments(wave, only="planned"))


def _tasks_with_visits(wave: Wave, waiting: Waiting) -> Iterator[Task]:
    sentences: dict[VisitState, Callable[[int], str]] = {
        VisitState.RECEIVED: lambda count: ngettext(
            "%(num)s visit waits for your review.", "%(num)s visits wait for your review.", count
        ),
        VisitState.HELD: lambda count: ngettext(
            "%(num)s report is held: put it right or reject it.",
            "%(num)s reports are held: put them right or reject them.",
            count,
        ),
        VisitState.RETURNED: lambda count: ngettext(
            "%(num)s visit was sent back and has not come again yet.",
            "%(num)s visits were sent back and have not come again yet.",
            count,
        ),
    }
    for state, sentence in sentences.items():
        count = waiting.visits.get(state, 0)
        if count:
            address = url_for("visits.index", wave=wave.id, state=state.value)
            yield Task(sentence(count), ngettext("To the visit", "To the visits", count), address)


def _planning(wave: Wave, brand: str, plan: Plan, *, over: bool, somebody: bool) -> Task:
    sentence = ngettext(
        "Nobody is planned yet for %(num)s visit at %(brand)s (%(checklist)s).",
        "Nobody is planned yet for %(num)s visits at %(brand)s (%(checklist)s).",
        len(plan.outlets),
        brand=brand,
        checklist=words(plan.version.checklist.name),
    )
    if over:
        sentence += " " + _("The wave is over: give it a later last day first.")
        return Task(sentence, _("Edit the wave"), url_for("waves.edit", wave_id=wave.id))
    if not somebody:
        sentence += " " + _("There is nobody to send yet.")
        return Task(sentence, _("Add an inspector"), url_for("people.index"))
    label = ngettext("Plan %(num)s more visit", "Plan %(num)s more visits", len(plan.outlets))
    sends = {"everybody": "on", "brand": str(plan.brand_id), "version": str(plan.version.id)}
    return Task(sentence, label, url_for("waves.plan", wave_id=wave.id), sends)


def _assignments(wave: Wave, **filters: Any) -> str:
    return url_for("waves.show", wave_id=wave.id, _anchor="assignments", **filters)
