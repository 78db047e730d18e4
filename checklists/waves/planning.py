"""The plan of a wave: which visits are missing, at which outlets, and who makes them when."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.errors import N_, NobodyToSend, WaveIncomplete
from checklists.people import User
from checklists.waves.contents import outlets_by_brand, pinned_versions
from checklists.waves.tables import OPEN_PLACES, Assignment, Wave
from checklists.waves.windows import PartsSeen, due_window, next_day_part, note_part


@dataclass(frozen=True, slots=True)
class Plan:
    """The visits that one brand still needs of one checklist version: an outlet for each, in their order."""

    version: ChecklistVersion
    brand_id: UUID
    outlets: Sequence[Outlet]


Uncounted = Mapping[tuple[UUID, UUID], int]
"""Delivered visits that gave no check to count, by (touchpoint, outlet): their place is needed again."""


def plan_assignments(
    session: Session,
    wave: Wave,
    inspectors: Sequence[User],
    now: datetime,
    uncounted: Uncounted | None = None,
    *,
    only: tuple[UUID, UUID] | None = None,
) -> list[Assignment]:
    """Plan the visits that the required checks still need, and return the new ones; all, or `only` those of one
    (checklist version, brand).

    They go to a brand's outlets in turn, those with fewest visits first; their windows follow one another over the days
    that the wave has left, and the wave's parts of the day take turns. Of the inspectors the one goes who was least
    often at the outlet, then at the brand, then anywhere, so that nobody is alone with a brand or known to its staff.
    Planning again adds only what is missing. Raises WaveIncomplete where something to plan from is missing or the wave
    is over, NobodyToSend without inspectors.
    """
    # Two managers who plan at once would plan everything twice.
    session.execute(select(Wave.id).where(Wave.id == wave.id).with_for_update())
    _refuse_if_incomplete(session, wave)
    if not inspectors:
        raise NobodyToSend
    sent, seen = _visits_so_far(session, wave)
    planned = []
    for plan in missing_visits(session, wave, uncounted):
        if only not in (None, (plan.version.id, plan.brand_id)):
            continue
        for slot, outlet in enumerate(plan.outlets):
            window = due_window(wave, outlet.zone, slot, len(plan.outlets), now)
            if window is None:
                raise WaveIncomplete(missing=N_("a later end, for its last day has passed."))
            inspector = _least_used(inspectors, sent, outlet)
            hours = next_day_part(wave, seen, outlet, inspector, window[1], now) or (None, None)
            planned.append(
                Assignment(
                    organization_id=wave.organization_id,
                    project_id=wave.project_id,
                    wave_id=wave.id,
                    version_id=plan.version.id,
                    outlet_id=outlet.id,
                    inspector_id=inspector.id,
                    brief=wave.brief,
                    due_from=window[0],
                    due_until=window[1],
                    hours_from=hours[0],
                    hours_until=hours[1],
                )
            )
    session.add_all(planned)
    session.flush()
    return planned


def missing_visits(session: Session, wave: Wave, uncounted: Uncounted | None = None) -> list[Plan]:
    """The visits that the required checks still need, by checklist and brand; nothing where the plan is complete.

    A visit of a checklist gives one check at each of its touchpoints, so a brand needs as many visits as its most
    demanding touchpoint asks for. Planned, handed-out and delivered assignments hold their places, those of an earlier
    version of the checklist too.
    """
    places = Counter[tuple[UUID, UUID]]()
    checklists: set[UUID] = set()
    visited: dict[UUID, set[UUID]] = {}
    for checklist_id, brand_id, outlet_id in session.execute(
        select(ChecklistVersion.checklist_id, Outlet.brand_id, Outlet.id)
        .select_from(Assignment)
        .join(ChecklistVersion, ChecklistVersion.id == Assignment.version_id)
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .where(Assignment.wave_id == wave.id, Assignment.state.in_(OPEN_PLACES))
    ):
        places[checklist_id, outlet_id] += 1
        checklists.add(checklist_id)
        visited.setdefault(brand_id, set()).add(outlet_id)
    plans = []
    versions = pinned_versions(session, wave)
    for brand_id, outlets in outlets_by_brand(session, wave).items():
        everywhere = visited.get(brand_id, set()) | {outlet.id for outlet in outlets}
        in_all = Counter({outlet_id: sum(places[each, outlet_id] for each in checklists) for outlet_id in everywhere})
        for version in versions:
            visits = Counter({outlet_id: places[version.checklist_id, outlet_id] for outlet_id in everywhere})
            missing = _outlets_to_visit(wave, version, brand_id, outlets, visits, in_all, uncounted or {})
            if missing:
                plans.append(Plan(version, brand_id, missing))
    return plans


def _outlets_to_visit(
    wave: Wave,
    version: ChecklistVersion,
    brand_id: UUID,
    outlets: Sequence[Outlet],
    visits: Counter[UUID],
    in_all: Counter[UUID],
    uncounted: Uncounted,
) -> list[Outlet]:
    """One outlet for each visit that is missing: that with fewest visits of this checklist, then with fewest in all.

    `visits` and `in_all` hold those that have a place, by outlet, and grow.
    """
    touchpoints = {section.touchpoint_id for section in version.sections}
    required = [row for row in wave.required if row.brand_id == brand_id and row.touchpoint_id in touchpoints]
    by_id = {outlet.id: outlet for outlet in outlets}
    missing: list[Outlet] = []
    for row in sorted(required, key=lambda row: row.outlet_id is None):
        if row.outlet_id is None:
            lost = sum(uncounted.get((row.touchpoint_id, outlet_id), 0) for outlet_id in visits)
            lacking = row.required - (visits.total() - lost)
        elif row.outlet_id in by_id:
            lacking = row.required - visits[row.outlet_id] + uncounted.get((row.touchpoint_id, row.outlet_id), 0)
        else:
            continue
        for _ in range(lacking):
            outlet = (
                by_id[row.outlet_id]
                if row.outlet_id
                else min(outlets, key=lambda each: (visits[each.id], in_all[each.id]))
            )
            missing.append(outlet)
            visits[outlet.id] += 1
            in_all[outlet.id] += 1
    return missing


def _refuse_if_incomplete(session: Session, wave: Wave) -> None:
    if not pinned_versions(session, wave):
        raise WaveIncomplete(missing=N_("a checklist."))
    if not outlets_by_brand(session, wave):
        raise WaveIncomplete(missing=N_("outlets to visit."))
    if not any(row.required for row in wave.required):
        raise WaveIncomplete(missing=N_("required checks."))


Sent = Counter[tuple[UUID, UUID | None]]
"""How many places each inspector holds in the wave: by outlet, by brand, and (None) in all."""


def _visits_so_far(session: Session, wave: Wave) -> tuple[Sent, PartsSeen]:
    """Who holds how many places where, and into which parts of the day they fall."""
    sent, seen = Sent(), PartsSeen()
    rows = session.execute(
        select(Assignment.inspector_id, Outlet.id, Outlet.brand_id, Assignment.hours_from, Assignment.hours_until)
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .where(Assignment.wave_id == wave.id, Assignment.state.in_(OPEN_PLACES))
    )
    for inspector_id, outlet_id, brand_id, hours_from, hours_until in rows:
        if inspector_id is not None:
            sent.update([(inspector_id, outlet_id), (inspector_id, brand_id), (inspector_id, None)])
        if hours_from is not None and hours_until is not None:
            note_part(seen, {brand_id, outlet_id, inspector_id, None}, (hours_from, hours_until))
    return sent, seen


def _least_used(inspectors: Sequence[User], sent: Sent, outlet: Outlet) -> User:
    """The inspector for the next visit of the outlet, noted in `sent`."""
    places = (outlet.id, outlet.brand_id, None)
    chosen = min(inspectors, key=lambda each: [sent[each.id, place] for place in places])
    sent.update((chosen.id, place) for place in places)
    return chosen
