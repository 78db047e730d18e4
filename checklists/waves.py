"""The fieldwork period: which checklists, brands and outlets, how many checks are required, and who visits what when."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion, Section
from checklists.errors import N_, AssignmentBusy, NobodyToSend, TouchpointCoveredTwice, WaveIncomplete
from checklists.journey import Touchpoint
from checklists.orm import Base, LanguageMap, Owned, key, one_of, reference
from checklists.people import User

SHORTEST_WINDOW = timedelta(days=2)


class AssignmentState(StrEnum):
    """Planned, handed out and delivered follow one another; revoked and void leave the place in the plan open again."""

    PLANNED = "planned"
    HANDED_OUT = "handed_out"
    DELIVERED = "delivered"
    REVOKED = "revoked"
    VOID = "void"  # Its visit was rejected.


class Wave(Owned, Base):
    """A fieldwork period. Its edges are whole days in each outlet's own zone, both included."""

    __tablename__ = "waves"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    name: Mapped[LanguageMap]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    brief: Mapped[LanguageMap] = mapped_column(default=dict)
    created_at: Mapped[datetime]

    checklists: Mapped[list["WaveChecklist"]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    outlets: Mapped[list["WaveOutlet"]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    required: Mapped[list["RequiredChecks"]] = relationship(cascade="all, delete-orphan", passive_deletes=True)


class WaveChecklist(Owned, Base):
    """The one version of a checklist that this wave uses."""

    __tablename__ = "wave_checklists"
    __table_args__ = (UniqueConstraint("wave_id", "version_id"),)

    id: Mapped[UUID] = key()
    wave_id: Mapped[UUID] = reference("waves.id", cascade=True)
    version_id: Mapped[UUID] = reference("checklist_versions.id")

    version: Mapped[ChecklistVersion] = relationship()


class WaveOutlet(Owned, Base):
    __tablename__ = "wave_outlets"
    __table_args__ = (UniqueConstraint("wave_id", "outlet_id"),)

    id: Mapped[UUID] = key()
    wave_id: Mapped[UUID] = reference("waves.id", cascade=True)
    outlet_id: Mapped[UUID] = reference("outlets.id")

    outlet: Mapped[Outlet] = relationship()


class RequiredChecks(Owned, Base):
    """How many checks a touchpoint needs at a brand in this wave, or at one of its outlets where `outlet_id` is set."""

    __tablename__ = "required_checks"
    __table_args__ = (UniqueConstraint("wave_id", "touchpoint_id", "brand_id", "outlet_id"),)

    id: Mapped[UUID] = key()
    wave_id: Mapped[UUID] = reference("waves.id", cascade=True)
    touchpoint_id: Mapped[UUID] = reference("touchpoints.id")
    brand_id: Mapped[UUID] = reference("brands.id")
    outlet_id: Mapped[UUID | None] = reference("outlets.id", nullable=True)
    required: Mapped[int]


class Assignment(Owned, Base):
    """One planned visit, handed to one inspector. `due_from` and `due_until` bound it, in UTC."""

    __tablename__ = "assignments"

    id: Mapped[UUID] = key()
    project_id: Mapped[UUID] = reference("projects.id")
    wave_id: Mapped[UUID] = reference("waves.id")
    version_id: Mapped[UUID] = reference("checklist_versions.id")
    outlet_id: Mapped[UUID] = reference("outlets.id")
    inspector_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[AssignmentState] = mapped_column(one_of(AssignmentState), default=AssignmentState.PLANNED)
    brief: Mapped[LanguageMap] = mapped_column(default=dict)
    due_from: Mapped[datetime]
    due_until: Mapped[datetime]
    handed_out_at: Mapped[datetime | None]

    wave: Mapped[Wave] = relationship()
    version: Mapped[ChecklistVersion] = relationship()
    outlet: Mapped[Outlet] = relationship()
    inspector: Mapped[User | None] = relationship()


def pin_checklists(session: Session, wave: Wave, version_ids: Iterable[UUID]) -> None:
    """Choose the versions of the wave. Raises TouchpointCoveredTwice where two of them bear on one touchpoint."""
    versions = session.scalars(
        select(ChecklistVersion)
        .where(ChecklistVersion.id.in_(list(version_ids)), ChecklistVersion.published_at.is_not(None))
        .options(selectinload(ChecklistVersion.sections).joinedload(Section.touchpoint))
    ).all()
    covered: dict[UUID, UUID] = {}
    for version in versions:
        for section in version.sections:
            if covered.setdefault(section.touchpoint_id, version.id) != version.id:
                raise TouchpointCoveredTwice(touchpoint=next(iter(section.touchpoint.name.values()), ""))
    pinned = {pin.version_id: pin for pin in wave.checklists}
    wave.checklists = [
        pinned.get(version.id) or WaveChecklist(organization_id=wave.organization_id, version_id=version.id)
        for version in versions
    ]
    session.flush()


def choose_outlets(session: Session, wave: Wave, outlet_ids: Iterable[UUID]) -> None:
    """Choose where the wave goes; the outlets' brands are the wave's brands."""
    outlets = session.scalars(
        select(Outlet).where(
            Outlet.id.in_(list(outlet_ids)), Outlet.project_id == wave.project_id, Outlet.deleted_at.is_(None)
        )
    ).all()
    chosen = {pin.outlet_id: pin for pin in wave.outlets}
    wave.outlets = [
        chosen.get(outlet.id) or WaveOutlet(organization_id=wave.organization_id, outlet_id=outlet.id)
        for outlet in outlets
    ]
    session.flush()


def copy_required_checks(session: Session, wave: Wave) -> None:
    """Take the sections' defaults over for each brand of the wave, where the wave has no number of its own yet."""
    touchpoints = {
        section.touchpoint_id: section.required_checks
        for version in _pinned_versions(session, wave)
        for section in version.sections
    }
    brands = set(_outlets_by_brand(session, wave))
    known = {(row.touchpoint_id, row.brand_id, row.outlet_id): row for row in wave.required}
    wave.required = [
        row for (touchpoint, brand, _), row in known.items() if touchpoint in touchpoints and brand in brands
    ] + [
        RequiredChecks(
            organization_id=wave.organization_id, touchpoint_id=touchpoint, brand_id=brand, required=required
        )
        for touchpoint, required in touchpoints.items()
        for brand in brands
        if (touchpoint, brand, None) not in known
    ]
    session.flush()


def plan_assignments(session: Session, wave: Wave, inspectors: Sequence[User]) -> list[Assignment]:
    """Plan the visits that the required checks still need, and return the new ones.

    A visit of a checklist gives one check at each of its touchpoints, so a brand needs as many visits as its most demanding touchpoint
    asks for. They go to the brand's outlets in turn, those with fewest visits first; their windows follow one another over the wave's
    days; inspectors take turns with an offset from brand to brand, so that nobody is alone with one. Planning again adds only what is
    missing since. Raises WaveIncomplete without checklists, outlets or required checks, and NobodyToSend without inspectors.
    """
    outlets = _outlets_by_brand(session, wave)
    versions = _pinned_versions(session, wave)
    if not versions:
        raise WaveIncomplete(missing=N_("a checklist."))
    if not outlets:
        raise WaveIncomplete(missing=N_("outlets to visit."))
    if not any(row.required for row in wave.required):
        raise WaveIncomplete(missing=N_("required checks."))
    if not inspectors:
        raise NobodyToSend
    existing = session.scalars(
        select(Assignment).where(
            Assignment.wave_id == wave.id, Assignment.state.not_in([AssignmentState.REVOKED, AssignmentState.VOID])
        )
    )
    places = Counter((each.version_id, each.outlet_id) for each in existing)

    planned = []
    for offset, brand_outlets in enumerate(outlets.values()):
        turn = offset
        for version in versions:
            needed = _outlets_to_visit(wave, version, brand_outlets, places)
            for slot, outlet in enumerate(needed):
                due_from, due_until = due_window(wave, outlet.zone, slot, len(needed))
                planned.append(
                    Assignment(
                        organization_id=wave.organization_id,
                        project_id=wave.project_id,
                        wave_id=wave.id,
                        version_id=version.id,
                        outlet_id=outlet.id,
                        inspector_id=inspectors[turn % len(inspectors)].id,
                        brief=wave.brief,
                        due_from=due_from,
                        due_until=due_until,
                    )
                )
                turn += 1
    session.add_all(planned)
    session.flush()
    return planned


def _outlets_to_visit(
    wave: Wave, version: ChecklistVersion, outlets: Sequence[Outlet], places: Counter[tuple[UUID, UUID]]
) -> list[Outlet]:
    """The outlets of one brand that still need a visit of this version, one entry for each visit."""
    touchpoints = {section.touchpoint_id for section in version.sections}
    at_brand, at_outlet = 0, Counter[UUID]()
    for row in wave.required:
        if row.touchpoint_id not in touchpoints or row.brand_id != outlets[0].brand_id:
            continue
        if row.outlet_id is None:
            at_brand = max(at_brand, row.required)
        else:
            at_outlet[row.outlet_id] = max(at_outlet[row.outlet_id], row.required)
    visits = Counter({outlet.id: places[version.id, outlet.id] for outlet in outlets})
    missing = []
    for outlet in outlets:
        lacking = max(0, at_outlet[outlet.id] - visits[outlet.id])
        missing += [outlet] * lacking
        visits[outlet.id] += lacking
    while visits.total() < at_brand:
        outlet = min(outlets, key=lambda each: visits[each.id])
        missing.append(outlet)
        visits[outlet.id] += 1
    return missing


def due_window(wave: Wave, zone: ZoneInfo, slot: int, slots: int) -> tuple[datetime, datetime]:
    """The window of one of `slots` visits: whole days in the outlet's zone, in order over the wave, never shorter than two days."""
    first = datetime.combine(wave.starts_on, time.min, zone)
    end = datetime.combine(wave.ends_on + timedelta(days=1), time.min, zone)
    days = (wave.ends_on - wave.starts_on).days + 1
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


def _refuse_if_delivered(assignment: Assignment) -> None:
    if assignment.state in (AssignmentState.DELIVERED, AssignmentState.VOID):
        raise AssignmentBusy


def assignments_of(session: Session, wave_id: UUID) -> list[Assignment]:
    """The wave's plan, by due date, with outlets and inspectors."""
    return list(
        session.scalars(
            select(Assignment)
            .where(Assignment.wave_id == wave_id)
            .order_by(Assignment.due_from, Assignment.id)
            .options(
                selectinload(Assignment.outlet).joinedload(Outlet.brand),
                selectinload(Assignment.inspector),
                selectinload(Assignment.version).defer(ChecklistVersion.document),
            )
        )
    )


def waves_of(session: Session, project_id: UUID) -> list[Wave]:
    return list(
        session.scalars(select(Wave).where(Wave.project_id == project_id).order_by(Wave.starts_on.desc(), Wave.id))
    )


def wave_touchpoints(session: Session, wave: Wave) -> list[Touchpoint]:
    """The touchpoints that the wave's checklists bear on."""
    found = {s.touchpoint_id: s.touchpoint for v in _pinned_versions(session, wave) for s in v.sections}
    return list(found.values())


def _pinned_versions(session: Session, wave: Wave) -> list[ChecklistVersion]:
    return list(
        session.scalars(
            select(ChecklistVersion)
            .join(WaveChecklist, WaveChecklist.version_id == ChecklistVersion.id)
            .where(WaveChecklist.wave_id == wave.id)
            .order_by(WaveChecklist.id)
            .options(selectinload(ChecklistVersion.sections).joinedload(Section.touchpoint))
        )
    )


def _outlets_by_brand(session: Session, wave: Wave) -> dict[UUID, list[Outlet]]:
    found: dict[UUID, list[Outlet]] = {}
    for outlet in session.scalars(
        select(Outlet)
        .join(WaveOutlet, WaveOutlet.outlet_id == Outlet.id)
        .where(WaveOutlet.wave_id == wave.id)
        .order_by(Outlet.name, Outlet.id)
    ):
        found.setdefault(outlet.brand_id, []).append(outlet)
    return found


