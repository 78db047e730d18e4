"""What a wave consists of: pinned versions, chosen outlets, and the numbers of required checks that follow."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion, Section
from checklists.errors import NotFound, TouchpointCoveredTwice
from checklists.journey import Touchpoint, touchpoints_of
from checklists.orm import LanguageMap
from checklists.people import Project
from checklists.waves.tables import (
    OPEN_PLACES,
    Assignment,
    AssignmentState,
    RequiredChecks,
    Wave,
    WaveChecklist,
    WaveOutlet,
)

Place = tuple[UUID, UUID, UUID | None]
"""Where checks are required: touchpoint, brand, and an outlet of it or None for the brand as a whole."""


class Switched(NamedTuple):
    """What came of pinning other versions: assignments that followed, and handed-out ones that kept another version."""

    followed: int
    stayed: int


def set_up_wave(session: Session, wave: Wave, version_ids: Iterable[UUID], outlet_ids: Iterable[UUID]) -> Switched:
    """Save the wave with its checklists and outlets, and take required checks over for what is new in it.

    Raises TouchpointCoveredTwice, and NotFound for a version or outlet of another project.
    """
    session.add(wave)
    session.flush()
    switched = pin_checklists(session, wave, version_ids)
    choose_outlets(session, wave, outlet_ids)
    copy_required_checks(session, wave)
    return switched


def pin_checklists(session: Session, wave: Wave, version_ids: Iterable[UUID]) -> Switched:
    """Choose the versions of the wave. Assignments that are only planned follow to the new version of their checklist;
    what was handed out stays with the version on the inspectors' phones.

    Raises TouchpointCoveredTwice where two versions bear on one touchpoint, NotFound for a draft or a foreign version.
    """
    wanted = set(version_ids)
    versions = session.scalars(
        select(ChecklistVersion)
        .where(
            ChecklistVersion.id.in_(wanted),
            ChecklistVersion.project_id == wave.project_id,
            ChecklistVersion.published_at.is_not(None),
        )
        .order_by(ChecklistVersion.id)
        .options(selectinload(ChecklistVersion.sections).joinedload(Section.touchpoint))
    ).all()
    if len(versions) < len(wanted):
        raise NotFound
    covered: dict[UUID, UUID] = {}
    for version in versions:
        for section in version.sections:
            if covered.setdefault(section.touchpoint_id, version.id) != version.id:
                raise TouchpointCoveredTwice(touchpoint=_name(session, section.touchpoint))
    pinned = {pin.version_id: pin for pin in wave.checklists}
    wave.checklists = [
        pinned.get(version.id) or WaveChecklist(organization_id=wave.organization_id, version_id=version.id)
        for version in versions
    ]
    session.flush()
    switched = [_follow(session, wave, version) for version in versions]
    return Switched(sum(each.followed for each in switched), sum(each.stayed for each in switched))


def _follow(session: Session, wave: Wave, version: ChecklistVersion) -> Switched:
    """Let the wave's planned assignments of the version's checklist follow to it, and count those that stay."""
    siblings = select(ChecklistVersion.id).where(ChecklistVersion.checklist_id == version.checklist_id)
    others = (
        Assignment.wave_id == wave.id,
        Assignment.version_id.in_(siblings),
        Assignment.version_id != version.id,
    )
    followed = session.execute(
        update(Assignment)
        .where(*others, Assignment.state == AssignmentState.PLANNED)
        .values(version_id=version.id)
        .execution_options(synchronize_session="fetch")
    )
    stayed = session.scalar(
        select(func.count()).select_from(Assignment).where(*others, Assignment.state == AssignmentState.HANDED_OUT)
    )
    return Switched(followed.rowcount, stayed or 0)  # type: ignore[attr-defined]  # An UPDATE gives a CursorResult.


def _name(session: Session, touchpoint: Touchpoint) -> str:
    """The touchpoint's name in the project's first language, in which every name is given."""
    return touchpoint.name.get(session.get_one(Project, touchpoint.project_id).default_language, "")


def choose_outlets(session: Session, wave: Wave, outlet_ids: Iterable[UUID]) -> None:
    """Choose where the wave goes; the outlets' brands are the wave's brands. Raises NotFound for a foreign outlet."""
    wanted = set(outlet_ids)
    outlets = session.scalars(
        select(Outlet).where(Outlet.id.in_(wanted), Outlet.project_id == wave.project_id).order_by(Outlet.id)
    ).all()
    if len(outlets) < len(wanted):
        raise NotFound
    chosen = {pin.outlet_id: pin for pin in wave.outlets}
    wave.outlets = [
        chosen.get(outlet.id) or WaveOutlet(organization_id=wave.organization_id, outlet_id=outlet.id)
        for outlet in outlets
        if outlet.deleted_at is None
    ]
    session.flush()


def copy_required_checks(session: Session, wave: Wave) -> None:
    """Take the sections' defaults over for each brand of the wave, where the wave has no number of its own yet.

    A touchpoint or brand that was taken out keeps its numbers as long as assignments of it stand, so that their checks
    do not vanish from the results.
    """
    touchpoints: Counter[UUID] = Counter()
    for version in pinned_versions(session, wave):
        for section in version.sections:
            # Several sections of a touchpoint make one check: the most demanding of them decides.
            touchpoints[section.touchpoint_id] = max(touchpoints[section.touchpoint_id], section.required_checks)
    brands = set(outlets_by_brand(session, wave))
    places = {(touchpoint, brand) for touchpoint in touchpoints for brand in brands}
    used = _places_with_assignments(session, wave)
    known = {(row.touchpoint_id, row.brand_id, row.outlet_id) for row in wave.required}
    wave.required = [row for row in wave.required if (row.touchpoint_id, row.brand_id) in places | used] + [
        RequiredChecks(
            organization_id=wave.organization_id,
            touchpoint_id=touchpoint,
            brand_id=brand,
            required=touchpoints[touchpoint],
        )
        for touchpoint, brand in sorted(places)
        if (touchpoint, brand, None) not in known
    ]
    session.flush()


def _places_with_assignments(session: Session, wave: Wave) -> set[tuple[UUID, UUID]]:
    rows = session.execute(
        select(Section.touchpoint_id, Outlet.brand_id)
        .select_from(Assignment)
        .join(Section, Section.version_id == Assignment.version_id)
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .where(Assignment.wave_id == wave.id, Assignment.state.in_(OPEN_PLACES))
        .distinct()
    )
    return {(touchpoint, brand) for touchpoint, brand in rows}


def required_checks(wave: Wave) -> dict[Place, int]:
    return {(row.touchpoint_id, row.brand_id, row.outlet_id): row.required for row in wave.required}


def set_required_checks(session: Session, wave: Wave, numbers: Mapping[Place, int | None]) -> None:
    """Change the numbers named here and leave the others; None takes back what was asked of a single outlet.

    A place of which the wave knows nothing raises NotFound, so that no other project's ids get in.
    """
    rows = {(row.touchpoint_id, row.brand_id, row.outlet_id): row for row in wave.required}
    outlets: dict[UUID | None, UUID] = {
        outlet.id: outlet.brand_id for each in outlets_by_brand(session, wave).values() for outlet in each
    }
    for place, number in numbers.items():
        touchpoint_id, brand_id, outlet_id = place
        row = rows.get(place)
        if row is None and (outlets.get(outlet_id) != brand_id or (touchpoint_id, brand_id, None) not in rows):
            raise NotFound
        if number is None:
            if row is not None and outlet_id is not None:
                wave.required.remove(row)
        elif row is not None:
            row.required = number
        else:
            wave.required.append(
                RequiredChecks(
                    organization_id=wave.organization_id,
                    touchpoint_id=touchpoint_id,
                    brand_id=brand_id,
                    outlet_id=outlet_id,
                    required=number,
                )
            )
    session.flush()


def waves_of(session: Session, project_id: UUID) -> list[Wave]:
    """The project's waves, the latest first."""
    return list(
        session.scalars(
            select(Wave).where(Wave.project_id == project_id).order_by(Wave.starts_on.desc(), Wave.id.desc())
        )
    )


def wave_names(session: Session, project_id: UUID) -> dict[UUID, LanguageMap]:
    """What the project's waves are called, the latest first."""
    latest = select(Wave.id, Wave.name).where(Wave.project_id == project_id)
    return dict(session.execute(latest.order_by(Wave.starts_on.desc(), Wave.id.desc())).all())


def waves_using(session: Session, version_id: UUID) -> list[Wave]:
    """The waves that pin this version of a checklist, the latest first."""
    query = select(Wave).join(Wave.checklists).where(WaveChecklist.version_id == version_id)
    return list(session.scalars(query.order_by(Wave.starts_on.desc(), Wave.id.desc())))


def wave_with_contents(session: Session, wave_id: UUID) -> Wave | None:
    """A wave with pinned versions, outlets by brand and required checks, in a fixed number of statements."""
    return session.scalar(
        select(Wave)
        .where(Wave.id == wave_id)
        .options(
            selectinload(Wave.checklists).joinedload(WaveChecklist.version).defer(ChecklistVersion.document),
            selectinload(Wave.outlets).joinedload(WaveOutlet.outlet).joinedload(Outlet.brand),
            selectinload(Wave.required),
        )
    )


def wave_touchpoints(session: Session, wave: Wave) -> list[Touchpoint]:
    """The touchpoints that the wave's required checks name, in the order of the journey."""
    named = {row.touchpoint_id for row in wave.required}
    return [touchpoint for touchpoint in touchpoints_of(session, wave.project_id) if touchpoint.id in named]


def pinned_versions(session: Session, wave: Wave) -> list[ChecklistVersion]:
    return list(
        session.scalars(
            select(ChecklistVersion)
            .join(WaveChecklist, WaveChecklist.version_id == ChecklistVersion.id)
            .where(WaveChecklist.wave_id == wave.id)
            .order_by(WaveChecklist.id)
            .options(selectinload(ChecklistVersion.sections).joinedload(Section.touchpoint))
        )
    )


def outlets_by_brand(session: Session, wave: Wave) -> dict[UUID, list[Outlet]]:
    """The wave's outlets that still exist, by brand."""
    found: dict[UUID, list[Outlet]] = {}
    for outlet in session.scalars(
        select(Outlet)
        .join(WaveOutlet, WaveOutlet.outlet_id == Outlet.id)
        .where(WaveOutlet.wave_id == wave.id, Outlet.deleted_at.is_(None))
        .order_by(Outlet.name, Outlet.id)
    ):
        found.setdefault(outlet.brand_id, []).append(outlet)
    return found
