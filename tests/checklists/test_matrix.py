"""The matrix says what the approved checks of its wave say and nothing else, recomputed here from the reports alone."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from statistics import fmean, stdev
from uuid import UUID

import pytest
from scipy import stats

from checklists.brands import Brand, Outlet
from checklists.confidence import Kind
from checklists.matrix import Cell, approved_counts, cell_criteria, touchpoint_matrix, uncounted_checks
from checklists.orm import ScopedSession, scoped
from checklists.review import approve
from checklists.scoring import Zone
from checklists.visits import Visit
from checklists.waves import pin_checklists
from tests.factories import Audit, make_audit, make_wave
from tests.field import deliver, make_report
from tests.forms import next_version

MARGIN = 0.10
POINTS = {"green": 1.0, "yellow": 0.5, "red": 0.0}
ON_SITE, REMOTE = 1, 2
"""Sections of the factories' checklist: the cash desk, and the phone call."""


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    return make_audit(session)


@dataclass
class Expected:
    """What a reader of rules.md would work out by hand for one cell: scores by outlet."""

    scores: dict[UUID, list[float]]

    def clusters(self, remote: bool) -> list[float]:
        several = self.scores.values()
        return [one for scores in several for one in scores] if remote else [fmean(scores) for scores in several]

    def interval(self, remote: bool) -> tuple[float, float]:
        clusters = self.clusters(remote)
        mean, error = fmean(clusters), stdev(clusters) / sqrt(len(clusters))
        n, t = mean * (1 - mean) / error**2, stats.t.ppf(0.975, len(clusters) - 1)
        middle = (mean + t**2 / (2 * n)) / (1 + t**2 / n)
        half = t / (1 + t**2 / n) * sqrt(mean * (1 - mean) / n + t**2 / (4 * n**2))
        return middle - half, middle + half


def cell_of(session: ScopedSession, audit: Audit, section: int, brand: Brand) -> Cell:
    matrix = touchpoint_matrix(session, audit.wave.id, MARGIN)
    row = next(row for row in matrix.rows if row.touchpoint_id == audit.touchpoints[section].id)
    return row.cells[brand.id]


def zones_for(audit: Audit, section: int, zones: list[str]) -> dict[str, str]:
    """The zones of a section's criteria in their order; the others stay green."""
    criteria = audit.document["sections"][section]["criteria"]
    return {criterion["id"]: zone for criterion, zone in zip(criteria, zones, strict=True)}


def visit_scoring(session: ScopedSession, audit: Audit, outlet: Outlet, section: int, zones: list[str]) -> Visit:
    return audit.visit(session, outlet, state="approved", zones=zones_for(audit, section, zones))


@pytest.mark.parametrize("section", [ON_SITE, REMOTE])
def test_score_and_interval_are_those_of_outlets_on_site_and_of_visits_far_away(
    session: ScopedSession, audit: Audit, section: int
) -> None:
    chance = random.Random(section)
    expected: dict[UUID, Expected] = {}
    zones: dict[UUID, list[str]] = {}
    forbidden: dict[UUID, int] = {}
    for brand in audit.brands:
        outlets = audit.outlets_of(brand)
        expected[brand.id] = Expected({outlet.id: [] for outlet in outlets})
        zones[brand.id], forbidden[brand.id] = [], 0
        for outlet in [*outlets, outlets[0], outlets[0], outlets[1]]:
            given = [chance.choice(list(POINTS)) for _ in range(3)]
            visit_scoring(session, audit, outlet, section, given)
            score = sum(POINTS[zone] for zone in given) / 3
            expected[brand.id].scores[outlet.id].append(score)
            zones[brand.id].append("green" if score >= 0.9 else "yellow" if score >= 0.7 else "red")
            forbidden[brand.id] += given[0] == "red"
    for brand in audit.brands:
        cell = cell_of(session, audit, section, brand)
        remote = section == REMOTE
        clusters = expected[brand.id].clusters(remote)
        assert cell.estimate is not None
        assert cell.interval is not None
        assert cell.estimate.mean == pytest.approx(fmean(clusters))
        assert (cell.approved, cell.estimate.clusters) == (6, len(clusters))
        assert tuple(cell.interval) == pytest.approx(expected[brand.id].interval(remote), abs=1e-9)
        assert {zone.value: count for zone, count in cell.zones.items()} == {
            zone: zones[brand.id].count(zone) for zone in POINTS
        }
        assert (cell.forbidden_seen, cell.forbidden_possible) == (forbidden[brand.id], 6)


def test_every_place_of_the_wave_has_a_cell_in_the_order_of_the_journey_with_our_own_brand_first(
    session: ScopedSession, audit: Audit
) -> None:
    matrix = touchpoint_matrix(session, audit.wave.id, MARGIN)
    assert [brand.name for brand in matrix.brands] == ["Utro", "Zerno"]
    assert [row.name["en"] for row in matrix.rows] == ["Reception", "Cash desk", "Phone call"]
    assert [row.stage["en"] for row in matrix.rows] == ["Visiting", "Visiting", "Coming back"]
    for row in matrix.rows:
        for cell in row.cells.values():
            assert (cell.required, cell.approved, cell.planned, cell.estimate, cell.zone) == (4, 0, 0, None, None)
            assert not cell.enough


def test_only_approved_checks_count_and_the_others_stand_beside(session: ScopedSession, audit: Audit) -> None:
    outlet, brand = audit.outlets[0], audit.brands[0]
    red = ["red", "red", "red"]
    audit.visit(session, outlet, state="approved")
    audit.visit(session, outlet, zones=zones_for(audit, 0, red))
    audit.visit(session, outlet, state="rejected", zones=zones_for(audit, 0, red))
    held = audit.assign(session, outlet)
    deliver(session, held, audit.report(held, answers={audit.criterion("measure")["id"]: {"value": None}}))
    audit.assign(session, outlet)
    cell = cell_of(session, audit, 0, brand)
    assert (cell.approved, cell.received, cell.planned) == (1, 1, 4)
    assert cell.estimate is not None
    assert cell.estimate.mean == 1.0
    assert not cell.enough


def test_a_place_is_enough_when_the_required_checks_are_approved(session: ScopedSession, audit: Audit) -> None:
    for number in range(4):
        assert not cell_of(session, audit, 0, audit.brands[0]).enough
        audit.visit(session, audit.outlets[number % 3], state="approved")
    assert cell_of(session, audit, 0, audit.brands[0]).enough


def test_other_waves_and_organizations_add_nothing(
    session: ScopedSession, sessions: Callable[..., ScopedSession], audit: Audit
) -> None:
    audit.visit(session, state="approved", zones=zones_for(audit, 0, ["yellow", "red", "red"]))
    before = touchpoint_matrix(session, audit.wave.id, MARGIN)
    other_wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="October")
    audit.visit(session, state="approved", assignment=audit.assign(session, wave=other_wave))
    stranger = make_audit(session, "strangers")
    stranger.visit(session, state="approved")
    assert touchpoint_matrix(session, audit.wave.id, MARGIN) == before
    session.commit()
    with sessions(scoped([stranger.organization.id])) as theirs:
        assert touchpoint_matrix(theirs, audit.wave.id, MARGIN).rows == []
    with sessions(scoped([audit.organization.id])) as ours:
        assert touchpoint_matrix(ours, audit.wave.id, MARGIN) == before


def test_absent_and_invalid_checks_are_reported_apart(session: ScopedSession, audit: Audit) -> None:
    criteria = [criterion["id"] for criterion in audit.document["sections"][0]["criteria"]]
    not_there = {identity: {"status": "not_applicable"} for identity in criteria}
    not_seen = {identity: {"status": "could_not_check", "reason": "Too crowded."} for identity in criteria[:2]}
    audit.visit(session, state="approved", answers=not_there)
    audit.visit(session, state="approved", answers=not_seen)
    cell = cell_of(session, audit, 0, audit.brands[0])
    assert (cell.approved, cell.absent, cell.invalid, cell.estimate) == (0, 1, 1, None)
    assert uncounted_checks(session, audit.wave.id) == {(audit.touchpoints[0].id, audit.outlets[0].id): 1}
    other = cell_of(session, audit, 1, audit.brands[0])
    assert (other.approved, other.absent, other.invalid) == (2, 0, 0)


def test_checks_of_several_versions_are_called_mixed_though_each_outlet_saw_one(
    session: ScopedSession, audit: Audit
) -> None:
    audit.visit(session, audit.outlets[0], state="approved")
    assert not cell_of(session, audit, 0, audit.brands[0]).mixed_versions
    newer = next_version(session, audit.version)
    pin_checklists(session, audit.wave, [newer.id])
    assignment = audit.assign(session, audit.outlets[1], version=newer)
    assert newer.document is not None
    receipt = deliver(session, assignment, make_report(assignment, newer.document))
    assert receipt.hold_reason is None
    assert not cell_of(session, audit, 0, audit.brands[0]).mixed_versions
    approve(session, receipt.id, audit.manager.id, datetime.now(UTC))
    assert cell_of(session, audit, 0, audit.brands[0]).mixed_versions
    assert not cell_of(session, audit, 0, audit.brands[1]).mixed_versions


def test_brands_are_compared_on_the_criteria_that_apply_to_both(session: ScopedSession) -> None:
    """The rival has no queue to wait in; without the wait our red waits must not make us look worse."""
    audit = make_audit(session, outlets_per_brand=7)
    wait = audit.criterion("measure", section=0)["id"]
    for outlet in audit.outlets_of(audit.brands[0]):
        audit.visit(session, outlet, state="approved", zones={wait: "red"})
    for outlet in audit.outlets_of(audit.brands[1]):
        answers = {wait: {"status": "not_applicable", "value": None}}
        audit.visit(session, outlet, state="approved", answers=answers)
    ours, theirs = (cell_of(session, audit, 0, brand) for brand in audit.brands)
    assert ours.estimate is not None
    assert ours.estimate.mean == pytest.approx(2 / 3)
    assert theirs.verdict is not None
    assert theirs.verdict.difference == pytest.approx(0)
    assert ours.verdict is None


def test_verdicts_name_advantages_and_keep_silent_with_few_outlets(session: ScopedSession) -> None:
    audit = make_audit(session, outlets_per_brand=8, rivals=("Zerno", "Bobok"))
    red = ["red", "red", "yellow"]
    for brand, zones, outlets in ((0, ["green"] * 3, 8), (1, red, 8), (2, red, 5)):
        for outlet in audit.outlets_of(audit.brands[brand])[:outlets]:
            visit_scoring(session, audit, outlet, 0, zones)
    matrix = touchpoint_matrix(session, audit.wave.id, MARGIN)
    reception = matrix.rows[0].cells
    kinds = [each.verdict.kind if (each := reception[brand.id]) and each.verdict else None for brand in audit.brands]
    assert kinds == [None, Kind.ADVANTAGE, Kind.TOO_FEW_CLUSTERS]
    one = reception[audit.brands[1].id].verdict
    assert one is not None
    assert one.difference == pytest.approx(1 - 0.5 / 3)


@pytest.mark.parametrize(("below", "zone"), [(0.0, Zone.GREEN), (1e-12, Zone.GREEN), (1e-6, Zone.YELLOW)])
def test_a_score_that_misses_the_limit_by_a_rounding_error_is_green(
    session: ScopedSession, audit: Audit, below: float, zone: Zone
) -> None:
    for outlet, zones in zip(audit.outlets, (["green"] * 3, *[["green", "green", "yellow"]] * 2), strict=False):
        visit_scoring(session, audit, outlet, 0, zones)
    audit.version.green_from = fmean([1, 5 / 6, 5 / 6]) + below
    assert cell_of(session, audit, 0, audit.brands[0]).zone is zone


def test_the_criteria_behind_a_cell(session: ScopedSession, audit: Audit) -> None:
    brand = audit.brands[0]
    states, measure, choice = (criterion["id"] for criterion in audit.document["sections"][0]["criteria"])
    audit.visit(session, state="approved", zones={states: "red", measure: "yellow"})
    audit.visit(session, state="approved", zones={states: "yellow"}, answers={choice: {"status": "not_applicable"}})
    audit.visit(session, zones={states: "red", measure: "red", choice: "red"})
    figures = cell_criteria(session, audit.wave.id, audit.touchpoints[0].id, brand.id)
    found = [
        (
            str(each.criterion_id),
            each.answered,
            [each.zones[zone] for zone in (Zone.GREEN, Zone.YELLOW, Zone.RED)],
            each.share,
            each.not_applicable,
            (each.forbidden_seen, each.forbidden_possible),
        )
        for each in figures
    ]
    assert found == [
        (states, 2, [0, 1, 1], 0.25, 0, (1, 2)),
        (measure, 2, [1, 1, 0], 0.75, 0, (0, 0)),
        (choice, 1, [1, 0, 0], 1.0, 1, (0, 0)),
    ]


def test_the_phone_counts_what_the_matrix_counts(session: ScopedSession, audit: Audit) -> None:
    for state in ("approved", "approved", "received", "rejected"):
        audit.visit(session, state=state)
    counts = approved_counts(session, [audit.wave.id])
    assert counts == {
        (audit.wave.id, row.touchpoint_id, brand): cell.approved
        for row in touchpoint_matrix(session, audit.wave.id, MARGIN).rows
        for brand, cell in row.cells.items()
        if cell.approved
    }
    assert set(counts.values()) == {2}
