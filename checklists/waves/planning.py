"""The plan of a wave: which visits are missing, who makes them when, how assignments go out and are taken back."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.errors import N_, AssignmentBusy, NobodyToSend, WaveIncomplete
from checklists.orm import LanguageMap
from checklists.people import User
from checklists.waves.contents import outlets_by_brand, pinned_versions
from checklists.waves.tables import OPEN_PLACES, Assignment, AssignmentState, Wave

SHORTEST_WINDOW = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Plan:
    """The visits that one brand still needs of one checklist version: an outlet for each, in their order."""

    version: ChecklistVersion
    brand_id: UUID
    outlets: Sequence[Outlet]


Uncounted = Mapping[tuple[UUID, UUID], int]
"""Delivered visits that gave no check to count, by (touchpoint, outlet): their place is needed again."""


def plan_assignments(
    session: Session, wave: Wave, inspectors: Sequence[User], now: datetime, uncounted: Uncounted | None = None
) -> list[Assignment]:
    """Plan the visits that the required checks still need, and return the new ones.

    They go to a brand's outlets in turn, those with fewest visits first; their windows follow one another over the days
    that the wave has left. Of the inspectors the one goes who was least often at the outlet, then at the brand, then
    anywhere, so that nobody is alone with a brand or known to its staff. Planning again adds only what is missing.
    Raises WaveIncomplete where something to plan from is missing or the wave is over, NobodyToSend without inspectors.
    """
    # Two managers who plan at once would plan everything twice.
    session.execute(select(Wave.id).where(Wave.id == wave.id).with_for_update())
    _refuse_if_incomplete(session, wave)
    if not inspectors:
        raise NobodyToSend
    sent = _visits_by_inspector(session, wave)
    planned = []
    for plan in missing_visits(session, wave, uncounted):
        for slot, outlet in enumerate(plan.outlets):
            window = due_window(wave, outlet.zone, slot, len(plan.outlets), now)
            if window is None:
                raise WaveIncomplete(missing=N_("a later end, for its last day has passed."))
            inspector = _least_used(inspectors, sent, outlet)
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
    visited: dict[UUID, set[UUID]] = {}
    for checklist_id, brand_id, outlet_id in session.execute(
        select(ChecklistVersion.checklist_id, Outlet.brand_id, Outlet.id)
        .select_from(Assignment)
        .join(ChecklistVersion, ChecklistVersion.id == Assignment.version_id)
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .where(Assignment.wave_id == wave.id, Assignment.state.in_(OPEN_PLACES))
    ):
        places[checklist_id, outlet_id] += 1
        visited.setdefault(brand_id, set()).add(outlet_id)
    plans = []
    versions = pinned_versions(session, wave)
    for brand_id, outlets in outlets_by_brand(session, wave).items():
        everywhere = visited.get(brand_id, set()) | {outlet.id for outlet in outlets}
        for version in versions:
            visits = Counter({outlet_id: places[version.checklist_id, outlet_id] for outlet_id in everywhere})
            missing = _outlets_to_visit(wave, version, brand_id, outlets, visits, uncounted or {})
            if missing:
                plans.append(Plan(version, brand_id, missing))
    return plans


def _outlets_to_visit(
    wave: Wave,
    version: ChecklistVersion,
    brand_id: UUID,
    outlets: Sequence[Outlet],
    visits: Counter[UUID],
    uncounted: Uncounted,
) -> list[Outlet]:
    """One outlet for each visit that is missing; `visits` holds those that have a place, by outlet, and grows."""
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
            outlet = by_id[row.outlet_id] if row.outlet_id else min(outlets, key=lambda each: visits[each.id])
            missing.append(outlet)
            visits[outlet.id] += 1
    return missing


def _refuse_if_incomplete(session: Session, wave: Wave) -> None:
    if not pinned_versions(session, wave):
        raise WaveIncomplete(missing=N_("a checklist."))
    if not outlets_by_brand(session, wave):
        raise WaveIncomplete(missing=N_("outlets to visit."))
    if not any(row.required for row in wave.required):
        raise WaveIncomplete(missing=N_("required checks."))


def _visits_by_inspector(session: Session, wave: Wave) -> Counter[tuple[UUID, UUID | None]]:
    """How many places each inspector holds in the wave: by outlet, by brand, and (None) in all."""
    sent = Counter[tuple[UUID, UUID | None]]()
    rows = session.execute(
        select(Assignment.inspector_id, Outlet.id, Outlet.brand_id)
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .where(Assignment.wave_id == wave.id, Assignment.state.in_(OPEN_PLACES), Assignment.inspector_id.is_not(None))
    )
    for inspector_id, outlet_id, brand_id in rows:
        assert inspector_id is not None
        sent.update([(inspector_id, outlet_id), (inspector_id, brand_id), (inspector_id, None)])
    return sent


def _least_used(inspectors: Sequence[User], sent: Counter[tuple[UUID, UUID | None]], outlet: Outlet) -> User:
    """The inspector for the next visit of the outlet, noted in `sent`."""
    places = (outlet.id, outlet.brand_id, None)
    chosen = min(inspectors, key=lambda each: [sent[each.id, place] for place in places])
    sent.update((chosen.id, place) for place in places)
    return chosen


def due_window(wave: Wave, zone: ZoneInfo, slot: int, slots: int, now: datetime) -> tuple[datetime, datetime] | None:
    """The window of one of `slots` visits: whole days in the outlet's zone, in order over the days the wave has left.

    It is at least two days long where the wave has as many left, and None where the wave is over.
    """
    today = now.astimezone(zone).date()
    starts_on = max(wave.starts_on, today)
    days = (wave.ends_on - starts_on).days + 1
    if days < 1:
        return None
    first = datetime.combine(starts_on, time.min, zone)
    end = datetime.combine(wave.ends_on + timedelta(days=1), time.min, zone)
    due_from = first + timedelta(days=days * slot // slots)
    due_until = first + timedelta(days=days * (slot + 1) // slots)
    due_until = min(max(due_until, due_from + SHORTEST_WINDOW), end)
    return max(first, min(due_from, due_until - SHORTEST_WINDOW)), due_until


def hand_out(assignments: Iterable[Assignment], now: datetime) -> int:
    """Hand the planned ones among these to their inspectors, and return how many."""
    count = 0
    for assignment in assignments:
        if assignment.state is AssignmentState.PLANNED and assignment.inspector_id is not None:
            assignment.state, assignment.handed_out_at = AssignmentState.HANDED_OUT, now
            count += 1
    return count


def change_assignment(
    assignment: Assignment,
    *,
    inspector_id: UUID | None,
    due_from: datetime,
    due_until: datetime,
    brief: LanguageMap,
) -> None:
    """Give the assignment another inspector, window or brief. Raises AssignmentBusy once a visit has arrived."""
    _refuse_if_delivered(assignment)
    assignment.inspector_id, assignment.brief = inspector_id, brief
    assignment.due_from, assignment.due_until = due_from, due_until


def revoke(assignment: Assignment) -> None:
    """Take the assignment back. Raises AssignmentBusy once a visit has arrived."""
    _refuse_if_delivered(assignment)
    assignment.state = AssignmentState.REVOKED


def restore(assignment: Assignment) -> None:
    """Put a revoked assignment back into the plan, to be handed out again; others are left as they are."""
    if assignment.state is AssignmentState.REVOKED:
        assignment.state, assignment.handed_out_at = AssignmentState.PLANNED, None


def _refuse_if_delivered(assignment: Assignment) -> None:
    if assignment.state in (AssignmentState.DELIVERED, AssignmentState.VOID):
        raise AssignmentBusy


def assignments_of(
    session: Session, wave_id: UUID, *, only: Iterable[UUID] | None = None, lock: bool = False
) -> list[Assignment]:
    """The wave's plan, by due date, with outlets, inspectors and checklists; all of it or `only` these assignments.

    `lock` is for changing them: no visit of a locked assignment can arrive before the transaction ends.
    """
    query = select(Assignment).where(Assignment.wave_id == wave_id)
    if only is not None:
        query = query.where(Assignment.id.in_(list(only)))
    if lock:
        query = query.with_for_update()
    return list(
        session.scalars(
            query.order_by(Assignment.due_from, Assignment.id).options(
                selectinload(Assignment.outlet).joinedload(Outlet.brand),
                selectinload(Assignment.inspector),
                selectinload(Assignment.version).defer(ChecklistVersion.document),
                selectinload(Assignment.wave),
            ),
            execution_options={"populate_existing": lock},
        )
    )
