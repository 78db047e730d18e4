"""What happens to assignments after they were planned: handed out, given to others, extended, taken back.

What changes several at once leaves those alone to which it cannot be done, and says how many it changed. A visit that
was begun on a phone before such a change is not known here: when it arrives under an assignment that was revoked or
given to somebody else, it is held, and a manager puts it right or rejects it.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, selectinload

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.errors import N_, AssignmentBusy, InvalidInput
from checklists.orm import LanguageMap, found_in
from checklists.people import User
from checklists.waves.contents import pinned_versions
from checklists.waves.tables import Assignment, AssignmentState, Wave, WaveChecklist
from checklists.waves.windows import DayPart, end_of_day

CHANGEABLE = (AssignmentState.PLANNED, AssignmentState.HANDED_OUT)
"""The states in which nothing has arrived yet."""


def is_late(assignment: Assignment, now: datetime) -> bool:
    """Whether its window is over and nothing was taken in. One that was handed out is called overdue then."""
    return assignment.state in CHANGEABLE and assignment.due_until < now


def hand_out(assignments: Iterable[Assignment], now: datetime) -> int:
    """Hand the planned ones among these to their inspectors, and return how many."""
    count = 0
    for assignment in assignments:
        if assignment.state is AssignmentState.PLANNED and assignment.inspector_id is not None:
            assignment.state, assignment.handed_out_at = AssignmentState.HANDED_OUT, now
            count += 1
    return count


def give_to(assignments: Iterable[Assignment], inspector_id: UUID, now: datetime) -> int:
    """Give those without a visit to this inspector, and return how many had another one."""
    count = 0
    for assignment in assignments:
        if assignment.state in CHANGEABLE and assignment.inspector_id != inspector_id:
            assignment.inspector_id = inspector_id
            if assignment.state is AssignmentState.HANDED_OUT:
                assignment.handed_out_at = now
            count += 1
    return count


def extend_by(assignments: Iterable[Assignment], days: int, now: datetime) -> int:
    """Move the end of those without a visit by so many days, in late ones counted from today; return how many."""
    count = 0
    for assignment in assignments:
        if assignment.state in CHANGEABLE:
            zone = assignment.outlet.zone
            end = assignment.due_until.astimezone(zone)
            if is_late(assignment, now):
                end = end_of_day(now.astimezone(zone).date(), zone)
            assignment.due_until = end + timedelta(days=days)
            count += 1
    return count


def extend_to(assignments: Iterable[Assignment], day: date, now: datetime) -> int:
    """Let those without a visit end with this day, on the outlets' clocks; return how many.

    Raises InvalidInput for "until" where the day has passed, or lies before one of the windows begins.
    """
    open_ones = [assignment for assignment in assignments if assignment.state in CHANGEABLE]
    ends = [end_of_day(day, assignment.outlet.zone) for assignment in open_ones]
    if any(end <= now for end in ends):
        raise InvalidInput({"until": N_("This day has passed already.")})
    if any(end <= assignment.due_from for end, assignment in zip(ends, open_ones, strict=True)):
        raise InvalidInput({"until": N_("One of these assignments begins only after this day.")})
    for assignment, end in zip(open_ones, ends, strict=True):
        assignment.due_until = end
    return len(open_ones)


def take_back(assignments: Iterable[Assignment]) -> int:
    """Revoke those without a visit, and return how many."""
    open_ones = [assignment for assignment in assignments if assignment.state in CHANGEABLE]
    for assignment in open_ones:
        revoke(assignment)
    return len(open_ones)


def put_back(assignments: Iterable[Assignment]) -> int:
    """Plan the revoked ones again, and return how many."""
    revoked = [assignment for assignment in assignments if assignment.state is AssignmentState.REVOKED]
    for assignment in revoked:
        restore(assignment)
    return len(revoked)


def revoke(assignment: Assignment) -> None:
    """Take the assignment back. Raises AssignmentBusy once a visit has arrived."""
    _refuse_if_delivered(assignment)
    assignment.state = AssignmentState.REVOKED


def restore(assignment: Assignment) -> None:
    """Put a revoked assignment back into the plan, to be handed out again; others are left as they are."""
    if assignment.state is AssignmentState.REVOKED:
        assignment.state, assignment.handed_out_at = AssignmentState.PLANNED, None


def change_assignment(
    assignment: Assignment,
    *,
    inspector_id: UUID | None,
    due_from: datetime,
    due_until: datetime,
    brief: LanguageMap,
    hours: DayPart | None = None,
) -> None:
    """Give the assignment another inspector, window, part of the day or brief. Raises AssignmentBusy once a visit has
    arrived.
    """
    _refuse_if_delivered(assignment)
    assignment.inspector_id, assignment.brief = inspector_id, brief
    assignment.due_from, assignment.due_until = due_from, due_until
    assignment.hours_from, assignment.hours_until = hours or (None, None)


def _refuse_if_delivered(assignment: Assignment) -> None:
    if assignment.state in (AssignmentState.DELIVERED, AssignmentState.VOID):
        raise AssignmentBusy


def newer_versions(session: Session, wave: Wave, assignments: Iterable[Assignment]) -> dict[UUID, ChecklistVersion]:
    """For those of these that nothing has come of yet, under another version of a checklist than the wave has now: that
    one, by the assignment's id.
    """
    pinned = {version.checklist_id: version for version in pinned_versions(session, wave)}
    return {
        assignment.id: pinned[assignment.version.checklist_id]
        for assignment in assignments
        if assignment.state in CHANGEABLE
        and assignment.version.checklist_id in pinned
        and assignment.version_id != pinned[assignment.version.checklist_id].id
    }


def hand_out_newer(session: Session, wave: Wave, assignments: Iterable[Assignment], now: datetime) -> int:
    """Hand these out again with the version that the wave has now, and return how many had another one."""
    chosen = list(assignments)
    newer = newer_versions(session, wave, chosen)
    for assignment in chosen:
        if assignment.id in newer:
            assignment.version = newer[assignment.id]
            if assignment.state is AssignmentState.HANDED_OUT:
                assignment.handed_out_at = now
    session.flush()
    return len(newer)


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


def assignments_behind(
    session: Session,
    project_id: UUID,
    *,
    words: str = "",
    wave_id: UUID | None = None,
    state: AssignmentState | None = None,
    brand_id: UUID | None = None,
    outlet_id: UUID | None = None,
    inspector_id: UUID | None = None,
    late_at: datetime | None = None,
    older_version: bool = False,
    after: UUID | None = None,
    limit: int = 100,
) -> list[Assignment]:
    """`limit` of the project's assignments in the order in which they were planned, behind the one with the id `after`.

    `words` are looked for in the outlet's name, city and address and in the inspector's name. `late_at` takes those
    that are late at this moment (`is_late`), `older_version` those that `newer_versions` would name.
    """
    query = select(Assignment).join(Assignment.outlet).where(Assignment.project_id == project_id)
    for column, wanted in (
        (Assignment.wave_id, wave_id),
        (Assignment.state, state),
        (Outlet.brand_id, brand_id),
        (Assignment.outlet_id, outlet_id),
        (Assignment.inspector_id, inspector_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if words:
        query = query.outerjoin(Assignment.inspector)
        query = query.where(found_in(words, Outlet.name, Outlet.city, Outlet.address, User.name))
    if late_at is not None:
        query = query.where(Assignment.state.in_(CHANGEABLE), Assignment.due_until < late_at)
    if older_version:
        pinned = aliased(ChecklistVersion)
        query = query.join(Assignment.version).where(
            Assignment.state.in_(CHANGEABLE),
            select(WaveChecklist.id)
            .join(pinned, pinned.id == WaveChecklist.version_id)
            .where(
                WaveChecklist.wave_id == Assignment.wave_id,
                pinned.checklist_id == ChecklistVersion.checklist_id,
                pinned.id != Assignment.version_id,
            )
            .exists(),
        )
    if after is not None:
        query = query.where(Assignment.id > after)
    return list(
        session.scalars(
            query.order_by(Assignment.id)
            .limit(limit)
            .options(selectinload(Assignment.outlet).joinedload(Outlet.brand), selectinload(Assignment.inspector))
        )
    )
