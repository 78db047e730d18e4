"""A wave's plan: the required checks are met, visits are spread, and planning again adds only what is missing."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.errors import InvalidInput, NobodyToSend, NotFound, TouchpointCoveredTwice, WaveIncomplete
from checklists.matrix import uncounted_checks
from checklists.orm import ScopedSession, new_id
from checklists.people import Role, inspectors_of
from checklists.review import approve
from checklists.waves import (
    Assignment,
    DayPart,
    Wave,
    choose_outlets,
    copy_required_checks,
    day_parts_of,
    due_window,
    hand_out,
    missing_visits,
    pin_checklists,
    plan_assignments,
    required_checks,
    revoke,
    set_day_parts,
    set_required_checks,
)
from tests.factories import Audit, make_audit, make_brand, make_outlet, make_person, make_wave
from tests.field import deliver, make_report
from tests.forms import default_criteria, make_checklist, make_section, make_version, next_version

NOW = datetime.now(UTC)


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    return make_audit(session)


def plan(session: ScopedSession, audit: Audit) -> list[Assignment]:
    inspectors = inspectors_of(session, audit.project.id)
    return plan_assignments(session, audit.wave, inspectors, NOW, uncounted_checks(session, audit.wave.id))


def brand_of(audit: Audit, assignment: Assignment) -> UUID:
    return next(outlet.brand_id for outlet in audit.outlets if outlet.id == assignment.outlet_id)


def test_each_brand_gets_as_many_visits_as_its_most_demanding_touchpoint_needs(
    session: ScopedSession, audit: Audit
) -> None:
    utro, zerno = audit.brands
    reception, cash_desk, _ = audit.touchpoints
    set_required_checks(
        session,
        audit.wave,
        {(reception.id, utro.id, None): 7, (cash_desk.id, utro.id, None): 2, (reception.id, zerno.id, None): 1},
    )
    planned = plan(session, audit)
    assert Counter(brand_of(audit, each) for each in planned) == {utro.id: 7, zerno.id: 4}
    assert missing_visits(session, audit.wave) == []


def test_visits_are_spread_over_outlets_and_inspectors(session: ScopedSession, audit: Audit) -> None:
    make_person(session, audit.organization, "Vera Sokolova", Role.INSPECTOR)
    planned = plan(session, audit)
    by_outlet = Counter(each.outlet_id for each in planned)
    assert set(by_outlet) == {outlet.id for outlet in audit.outlets}
    assert max(by_outlet.values()) - min(by_outlet.values()) <= 1
    by_brand = defaultdict(set)
    for each in planned:
        by_brand[brand_of(audit, each)].add(each.inspector_id)
    assert all(len(people) > 1 for people in by_brand.values()), "somebody is alone with a brand"
    load = Counter(each.inspector_id for each in planned)
    assert max(load.values()) - min(load.values()) <= 1


def test_nobody_visits_the_same_outlet_twice_while_others_have_not(session: ScopedSession, audit: Audit) -> None:
    """Two outlets and two inspectors in step would send each to the same outlet for ever."""
    choose_outlets(session, audit.wave, [audit.outlets[0].id, audit.outlets[1].id])
    planned = plan(session, audit)
    pairs = Counter((each.outlet_id, each.inspector_id) for each in planned)
    assert len(planned) == 4
    assert set(pairs.values()) == {1}


def test_planning_again_adds_only_what_is_missing(session: ScopedSession, audit: Audit) -> None:
    first = plan(session, audit)
    assert len(first) == 8
    assert plan(session, audit) == []
    place = (audit.touchpoints[0].id, audit.brands[1].id, None)
    set_required_checks(session, audit.wave, {place: 6})
    added = plan(session, audit)
    assert [brand_of(audit, each) for each in added] == [audit.brands[1].id] * 2


def test_a_rejected_visit_and_a_revoked_assignment_open_their_places_again(
    session: ScopedSession, audit: Audit
) -> None:
    planned = plan(session, audit)
    hand_out(planned, NOW)
    session.flush()
    audit.visit(session, state="rejected", assignment=planned[0])
    revoke(planned[1])
    audit.visit(session, state="approved", assignment=planned[2])
    again = plan(session, audit)
    assert Counter(each.outlet_id for each in again) == Counter([planned[0].outlet_id, planned[1].outlet_id])


def test_an_approved_visit_whose_check_does_not_count_is_planned_again(session: ScopedSession, audit: Audit) -> None:
    planned = plan(session, audit)
    hand_out(planned, NOW)
    session.flush()
    criteria = audit.document["sections"][0]["criteria"]
    unseen = {each["id"]: {"status": "could_not_check", "reason": "The shop was closed."} for each in criteria}
    audit.visit(session, state="approved", assignment=planned[0], answers=unseen)
    assert [brand_of(audit, each) for each in plan(session, audit)] == [brand_of(audit, planned[0])]
    assert plan(session, audit) == []


def test_an_approved_visit_that_was_shown_no_criterion_is_planned_again(session: ScopedSession, audit: Audit) -> None:
    """The phone call is asked about only at an outlet with a call centre: without it the visit has no check there."""
    called = {"match": "all", "conditions": [{"attribute": "call centre", "value": None}]}
    sections = [
        make_section(touchpoint, default_criteria(), shown_when=called if number == 2 else None, required_checks=1)
        for number, touchpoint in enumerate(audit.touchpoints)
    ]
    version = make_version(session, audit.project, sections)
    wave = make_wave(session, audit.project, [version], audit.outlets[:1])
    (planned,) = plan_assignments(session, wave, audit.inspectors, NOW)
    hand_out([planned], NOW)
    session.flush()
    assert version.document is not None
    visit_id = deliver(session, planned, make_report(planned, version.document)).id
    visit = approve(session, visit_id, audit.manager.id, NOW)
    assert [check.touchpoint_id for check in visit.checks] == [each.id for each in audit.touchpoints[:2]]
    uncounted = uncounted_checks(session, wave.id)
    assert uncounted == {(audit.touchpoints[2].id, audit.outlets[0].id): 1}
    assert len(plan_assignments(session, wave, audit.inspectors, NOW, uncounted)) == 1
    assert missing_visits(session, wave, uncounted) == []


def test_a_touchpoint_that_is_absent_is_not_planned_again(session: ScopedSession, audit: Audit) -> None:
    planned = plan(session, audit)
    hand_out(planned, NOW)
    session.flush()
    criteria = audit.document["sections"][0]["criteria"]
    absent = {each["id"]: {"status": "not_applicable"} for each in criteria}
    visit = audit.visit(session, state="approved", assignment=planned[0], answers=absent)
    assert [check.absent for check in visit.checks].count(True) == 1
    assert plan(session, audit) == []


def test_numbers_for_single_outlets_are_met_there(session: ScopedSession, audit: Audit) -> None:
    utro, outlet = audit.brands[0], audit.outlets[2]
    set_required_checks(session, audit.wave, {(audit.touchpoints[0].id, utro.id, outlet.id): 3})
    planned = Counter(each.outlet_id for each in plan(session, audit) if brand_of(audit, each) == utro.id)
    assert planned[outlet.id] == 3
    assert planned.total() == 4, "the checks at the outlet count for the brand too"
    set_required_checks(session, audit.wave, {(audit.touchpoints[0].id, utro.id, outlet.id): None})
    assert (audit.touchpoints[0].id, utro.id, outlet.id) not in required_checks(audit.wave)


def test_a_new_version_keeps_places_and_takes_over_what_is_only_planned(session: ScopedSession, audit: Audit) -> None:
    planned = plan(session, audit)
    hand_out(planned[:3], NOW)
    session.flush()
    newer = next_version(session, audit.version)
    assert pin_checklists(session, audit.wave, [newer.id]) == (5, 3)
    assert pin_checklists(session, audit.wave, [newer.id]) == (0, 3)
    copy_required_checks(session, audit.wave)
    assert plan(session, audit) == []
    versions = [each.version_id for each in planned]
    assert versions == [audit.version.id] * 3 + [newer.id] * 5


def test_a_brand_that_is_taken_out_keeps_its_numbers_while_its_visits_stand(
    session: ScopedSession, audit: Audit
) -> None:
    utro, zerno = audit.brands
    audit.visit(session, audit.outlets_of(zerno)[0], state="approved")
    choose_outlets(session, audit.wave, [outlet.id for outlet in audit.outlets_of(utro)])
    copy_required_checks(session, audit.wave)
    assert {brand for _, brand, _ in required_checks(audit.wave)} == {utro.id, zerno.id}
    assert {brand_of(audit, each) for each in plan(session, audit)} == {utro.id}


def test_the_wave_copies_the_sections_numbers_once_and_keeps_its_own(session: ScopedSession, audit: Audit) -> None:
    place = (audit.touchpoints[0].id, audit.brands[0].id, None)
    set_required_checks(session, audit.wave, {place: 9})
    brand = make_brand(session, audit.project, "Bobok", position=5)
    outlet = make_outlet(session, brand, "Bobok 1")
    choose_outlets(session, audit.wave, [outlet.id, *(each.id for each in audit.outlets)])
    copy_required_checks(session, audit.wave)
    numbers = required_checks(audit.wave)
    assert numbers[place] == 9
    assert numbers[audit.touchpoints[0].id, brand.id, None] == 4
    assert len(numbers) == 9


def test_a_touchpoint_is_covered_by_one_checklist_only(session: ScopedSession, audit: Audit) -> None:
    second = make_checklist(session, audit.project, audit.touchpoints[:1], name="The call")
    with pytest.raises(TouchpointCoveredTwice, match="Вход"):
        pin_checklists(session, audit.wave, [audit.version.id, second.id])


def test_nothing_of_another_project_gets_into_a_wave(session: ScopedSession, audit: Audit) -> None:
    stranger = make_audit(session, "strangers")
    draft = make_checklist(session, audit.project, audit.touchpoints[:1], published=False)
    for version in (stranger.version, draft):
        with pytest.raises(NotFound):
            pin_checklists(session, audit.wave, [version.id])
    with pytest.raises(NotFound):
        choose_outlets(session, audit.wave, [stranger.outlets[0].id])
    place = (audit.touchpoints[0].id, audit.brands[0].id, stranger.outlets[0].id)
    with pytest.raises(NotFound):
        set_required_checks(session, audit.wave, {place: 1})
    with pytest.raises(NotFound):
        set_required_checks(session, audit.wave, {(new_id(), audit.brands[0].id, None): 1})


def test_a_plan_needs_a_checklist_outlets_numbers_people_and_days(session: ScopedSession, audit: Audit) -> None:
    with pytest.raises(NobodyToSend):
        plan_assignments(session, audit.wave, [], NOW)
    people = audit.inspectors
    for versions, outlets, missing in (([], audit.outlets, "checklist"), ([audit.version], [], "outlets")):
        with pytest.raises(WaveIncomplete, match=missing):
            plan_assignments(session, make_wave(session, audit.project, versions, outlets), people, NOW)
    nothing = make_wave(session, audit.project, [audit.version], audit.outlets, required=0)
    with pytest.raises(WaveIncomplete, match="required checks"):
        plan_assignments(session, nothing, people, NOW)
    with pytest.raises(WaveIncomplete, match="later end"):
        plan_assignments(session, audit.wave, people, NOW + timedelta(days=60))


@given(
    days=st.integers(0, 60),
    passed=st.integers(-30, 60),
    slots=st.integers(1, 40),
    zone=st.sampled_from(["Europe/Moscow", "Asia/Vladivostok", "America/New_York", "UTC"]),
)
def test_windows_are_whole_days_within_what_is_left_of_the_wave(days: int, passed: int, slots: int, zone: str) -> None:
    there = ZoneInfo(zone)
    starts_on = date(2026, 10, 20)
    wave = Wave(starts_on=starts_on, ends_on=starts_on + timedelta(days=days))
    now = datetime(2026, 10, 20, 15, 30, tzinfo=there) + timedelta(days=passed)
    windows = [due_window(wave, there, slot, slots, now) for slot in range(slots)]
    if passed > days:
        assert windows == [None] * slots
        return
    found = [window for window in windows if window is not None]
    assert len(found) == slots
    assert found == sorted(found)
    first = max(wave.starts_on, now.date())
    left = (wave.ends_on - first).days + 1
    for due_from, due_until in found:
        assert due_from.time() == due_until.time() == datetime.min.time()
        assert first <= due_from.date() < due_until.date() <= wave.ends_on + timedelta(days=1)
        assert (due_until.date() - due_from.date()).days >= min(2, left)
    assert found[0][0].date() == first
    assert found[-1][1].date() == wave.ends_on + timedelta(days=1)


def test_parts_of_the_day_take_turns_at_each_brand_outlet_and_inspector(session: ScopedSession, audit: Audit) -> None:
    parts: list[DayPart] = [(14, 20), (9, 14)]
    set_day_parts(audit.wave, parts)
    assert day_parts_of(audit.wave) == sorted(parts)
    for outlet in audit.outlets:
        place = (audit.touchpoints[0].id, outlet.brand_id, outlet.id)
        set_required_checks(session, audit.wave, {place: 2})
    planned = plan(session, audit)
    assert len(planned) == 12
    seen: dict[UUID, Counter[DayPart]] = defaultdict(Counter)
    for each in planned:
        assert each.hours_from is not None
        assert each.hours_until is not None
        assert each.inspector_id is not None
        for place_id in (brand_of(audit, each), each.outlet_id, each.inspector_id):
            seen[place_id][each.hours_from, each.hours_until] += 1
    for brand in audit.brands:
        assert seen[brand.id] == dict.fromkeys(parts, 3)
    for outlet in audit.outlets:
        assert seen[outlet.id] == dict.fromkeys(parts, 1)
    for inspector in audit.inspectors:
        assert set(seen[inspector.id]) == set(parts), "somebody always goes at the same hours"


@pytest.mark.parametrize(("hour", "given_out"), [(8, {(9, 12), (12, 16)}), (13, {(12, 16)}), (17, {(None, None)})])
def test_no_part_of_the_last_day_is_given_out_that_has_passed(
    session: ScopedSession, audit: Audit, hour: int, given_out: set[DayPart]
) -> None:
    today = date(2026, 11, 22)
    audit.wave.starts_on, audit.wave.ends_on = today - timedelta(days=3), today
    set_day_parts(audit.wave, [(9, 12), (12, 16)])
    now = datetime(2026, 11, 22, hour, 30, tzinfo=audit.outlets[0].zone)
    planned = plan_assignments(session, audit.wave, audit.inspectors, now)
    assert {(each.hours_from, each.hours_until) for each in planned} == given_out


@pytest.mark.parametrize("parts", [[(9, 9)], [(14, 9)], [(-1, 3)], [(20, 25)], [(9, 14), (13, 20)], [(0, 1)] * 5])
def test_parts_of_the_day_that_cannot_be_are_refused(parts: list[DayPart]) -> None:
    wave = Wave()
    with pytest.raises(InvalidInput) as refused:
        set_day_parts(wave, parts)
    assert set(refused.value.fields) == {"day_parts"}
    assert day_parts_of(wave) == []


def test_one_brand_of_one_checklist_is_planned_alone(session: ScopedSession, audit: Audit) -> None:
    zerno = audit.brands[1]
    planned = plan_assignments(session, audit.wave, audit.inspectors, NOW, only=(audit.version.id, zerno.id))
    assert [brand_of(audit, each) for each in planned] == [zerno.id] * 4
    assert [each.brand_id for each in missing_visits(session, audit.wave)] == [audit.brands[0].id]
