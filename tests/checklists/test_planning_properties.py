"""For any wave: a plan meets the required checks, once and again, and spreads visits over outlets, people and hours."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.journey import Channel
from checklists.orm import ScopedSession, connect, unscoped
from checklists.people import Role, User
from checklists.waves import (
    Assignment,
    DayPart,
    Place,
    Wave,
    assignments_of,
    missing_visits,
    plan_assignments,
    revoke,
    set_day_parts,
    set_required_checks,
)
from tests.databases import KINDS, Databases
from tests.factories import (
    make_brand,
    make_journey,
    make_organization,
    make_outlet,
    make_person,
    make_project,
    make_wave,
)
from tests.forms import make_checklist

NOW = datetime(2026, 11, 10, 13, 20, tzinfo=UTC)
ZONES = ["Europe/Kaliningrad", "Europe/Moscow", "Asia/Vladivostok", "America/New_York"]
PARTS: list[list[DayPart]] = [[], [(8, 20)], [(9, 14), (14, 20)], [(9, 12), (12, 16), (16, 20)], [(0, 6), (22, 24)]]
TOUCHPOINTS = ("Reception", "Cash desk", "Phone call")


@dataclass(frozen=True)
class Case:
    """What a wave is made of: outlets by brand, required checks by touchpoint and brand, and who may be sent when."""

    outlets: Sequence[Sequence[str]]
    required: Sequence[Sequence[int]]
    checklists: int
    inspectors: int
    parts: Sequence[DayPart]
    starts_on: date
    ends_on: date
    revoked: frozenset[int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    outlets = draw(st.lists(st.lists(st.sampled_from(ZONES), min_size=1, max_size=4), min_size=1, max_size=3))
    # At least two days are left in every zone: on the very last day some hours may have passed.
    begins = draw(st.integers(-20, 20))
    return Case(
        outlets=outlets,
        required=[[draw(st.integers(0, 7)) for _ in outlets] for _ in TOUCHPOINTS],
        checklists=draw(st.sampled_from([1, 2])),
        inspectors=draw(st.integers(1, 4)),
        parts=draw(st.sampled_from(PARTS)),
        starts_on=NOW.date() + timedelta(days=begins),
        ends_on=NOW.date() + timedelta(days=max(begins, 0) + draw(st.integers(2, 40))),
        revoked=draw(st.frozensets(st.integers(0, 30), max_size=6)),
    )


@pytest.fixture(scope="module", params=KINDS)
def engine(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Engine]:
    """One database for all examples, each of which is undone."""
    url = databases.fresh(request.param)
    made = connect(url)
    yield made
    made.dispose()
    databases.drop(url)


@contextmanager
def undone(engine: Engine) -> Iterator[ScopedSession]:
    with ScopedSession(engine, unscoped("a test looks at everything")) as session, session.begin() as transaction:
        yield session
        transaction.rollback()


@dataclass
class World:
    wave: Wave
    versions: list[ChecklistVersion]
    outlets: dict[UUID, Outlet]
    inspectors: list[User]
    needed: Mapping[tuple[UUID, UUID], int]
    """How many visits a checklist's most demanding touchpoint asks of a brand, by (version, brand)."""


def make_world(session: ScopedSession, case: Case) -> World:
    organization = make_organization(session)
    project = make_project(session, organization)
    inspectors = [
        make_person(session, organization, f"Inspector{number} Petrov", Role.INSPECTOR)
        for number in range(case.inspectors)
    ]
    journey = make_journey(session, project, {"Visiting": dict.fromkeys(TOUCHPOINTS, Channel.ON_SITE)})
    touchpoints = journey.stages[0].touchpoints
    covered = [touchpoints] if case.checklists == 1 else [touchpoints[:2], touchpoints[2:]]
    versions = [make_checklist(session, project, each) for each in covered]
    brands = [make_brand(session, project, f"Brand {n}", position=n) for n in range(len(case.outlets))]
    outlets = [
        make_outlet(session, brand, f"{brand.name}, {number}", time_zone=zone)
        for brand, zones in zip(brands, case.outlets, strict=True)
        for number, zone in enumerate(zones)
    ]
    wave = make_wave(session, project, versions, outlets, starts_on=case.starts_on, ends_on=case.ends_on)
    set_day_parts(wave, case.parts)
    numbers: dict[Place, int | None] = {
        (touchpoint.id, brand.id, None): case.required[t][b]
        for t, touchpoint in enumerate(touchpoints)
        for b, brand in enumerate(brands)
    }
    set_required_checks(session, wave, numbers)
    needed = {
        (version.id, brand.id): max(case.required[touchpoints.index(touchpoint)][b] for touchpoint in each)
        for version, each in zip(versions, covered, strict=True)
        for b, brand in enumerate(brands)
    }
    return World(wave, versions, {outlet.id: outlet for outlet in outlets}, inspectors, needed)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(case=cases())
def test_a_plan_once_and_again(engine: Engine, case: Case) -> None:
    assume(any(number for row in case.required for number in row))
    with undone(engine) as session:
        world = make_world(session, case)
        planned = plan_assignments(session, world.wave, world.inspectors, NOW)
        assert_spread(world, case, planned)
        by_outlet = Counter(each.outlet_id for each in planned)
        for outlets in of_each_brand(world):
            assert span(by_outlet[each.id] for each in outlets) <= 1, "an outlet sees more than its share"
        assert missing_visits(session, world.wave) == []
        assert plan_assignments(session, world.wave, world.inspectors, NOW) == []

        for number in case.revoked & set(range(len(planned))):
            revoke(planned[number])
        session.flush()
        again = plan_assignments(session, world.wave, world.inspectors, NOW)
        assert len(again) == len(case.revoked & set(range(len(planned))))
        stand = [each for each in assignments_of(session, world.wave.id) if each.state == "planned"]
        assert_spread(world, case, stand)
        assert plan_assignments(session, world.wave, world.inspectors, NOW) == []


def assert_spread(world: World, case: Case, assignments: Sequence[Assignment]) -> None:
    """What holds of the assignments that have a place, whenever they were planned."""
    visits = Counter((each.version_id, world.outlets[each.outlet_id].brand_id) for each in assignments)
    assert visits == Counter({place: needed for place, needed in world.needed.items() if needed})
    people: dict[UUID, set[UUID | None]] = defaultdict(set)
    parts: dict[UUID, Counter[DayPart]] = defaultdict(Counter)
    for each in assignments:
        outlet = world.outlets[each.outlet_id]
        people[outlet.brand_id].add(each.inspector_id)
        if each.hours_from is not None and each.hours_until is not None:
            parts[outlet.brand_id][each.hours_from, each.hours_until] += 1
        first, end = each.due_from.astimezone(outlet.zone), each.due_until.astimezone(outlet.zone)
        assert first.time() == end.time() == datetime.min.time(), "windows are whole days there"
        assert max(case.starts_on, NOW.astimezone(outlet.zone).date()) <= first.date() < end.date()
        assert end.date() <= case.ends_on + timedelta(days=1)
    for outlets in of_each_brand(world):
        brand_id = outlets[0].brand_id
        in_all = sum(count for (_, brand), count in visits.items() if brand == brand_id)
        if case.inspectors > 1 and in_all > 1:
            assert len(people[brand_id]) > 1, "somebody is alone with a brand"
        assert parts[brand_id].total() == (in_all if case.parts else 0)
        assert span(parts[brand_id][part] for part in case.parts) <= 1
        for version in world.versions:
            by_outlet = Counter(each.outlet_id for each in assignments if each.version_id == version.id)
            assert span(by_outlet[each.id] for each in outlets) <= 1, "a checklist goes to some outlets more often"


def of_each_brand(world: World) -> list[list[Outlet]]:
    found: dict[UUID, list[Outlet]] = defaultdict(list)
    for outlet in world.outlets.values():
        found[outlet.brand_id].append(outlet)
    return list(found.values())


def span(counts: Iterable[int]) -> int:
    numbers = list(counts)
    return max(numbers) - min(numbers) if numbers else 0
