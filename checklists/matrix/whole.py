"""The whole matrix of a wave, in three statements: cells with estimates, and the own brand's verdicts on its rivals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Row, Uuid, bindparam, case, cast, func, select
from sqlalchemy.orm import Session

from checklists.brands import Brand, Outlet
from checklists.checklist import ChecklistVersion, Section
from checklists.confidence import (
    Estimate,
    Interval,
    Verdict,
    interval,
    verdicts,
)
from checklists.journey import REMOTE_CHANNELS, Channel, Journey, Stage, Touchpoint
from checklists.matrix.common import Pair, Side, estimate_of_sums, keep_common_criteria, pairs_on_common_criteria
from checklists.matrix.statements import IN_ORDER, gathered
from checklists.matrix.tallies import COUNTS, tallies_of
from checklists.orm import LanguageMap, ScopedSession
from checklists.scoring import ROUNDING, Zone
from checklists.waves import OPEN_PLACES, Assignment, RequiredChecks

Place = tuple[UUID, UUID]
"""Touchpoint and brand."""

WAVE: Any = bindparam("wave_id", type_=Uuid())


@dataclass(frozen=True, slots=True)
class Cell:
    """One touchpoint at one brand. Scores, shares and rates lie in 0..1; every count is a number of checks."""

    touchpoint_id: UUID
    brand_id: UUID
    required: int
    planned: int
    received: int
    returned: int
    approved: int
    absent: int
    invalid: int
    mixed_versions: bool
    zones: Mapping[Zone, int]
    zone: Zone | None
    limits: tuple[float, float] | None
    """Where green and yellow begin; where several versions are mixed, by the most lenient of them."""
    estimate: Estimate | None
    interval: Interval | None
    forbidden_seen: int
    forbidden_possible: int
    failed: int
    """How many of the approved checks a critical criterion failed; their scores stay in the mean as they are."""
    verdict: Verdict | None

    @property
    def filled(self) -> bool:
        """Whether the required checks are there."""
        return self.approved >= self.required

    @property
    def enough(self) -> bool:
        """Whether there is something to judge, by all the checks that it needs: without that no colour is shown."""
        return self.estimate is not None and self.filled

    @property
    def failed_share(self) -> float | None:
        return self.failed / self.approved if self.approved else None

    @property
    def forbidden_rate(self) -> float | None:
        return self.forbidden_seen / self.forbidden_possible if self.forbidden_possible else None


@dataclass(frozen=True, slots=True)
class MatrixRow:
    touchpoint_id: UUID
    name: LanguageMap
    channel: Channel
    stage_id: UUID
    stage: LanguageMap
    journey_id: UUID
    journey: LanguageMap
    cells: Mapping[UUID, Cell]


@dataclass(frozen=True, slots=True)
class MatrixBrand:
    id: UUID
    name: str
    own: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows in the journey's order, brands with the own one first; each row has a cell for each brand of the wave."""

    brands: Sequence[MatrixBrand]
    rows: Sequence[MatrixRow]
    margin: float


@dataclass(slots=True)
class _Tally:
    """What the database says of a cell: its place in the wave, and a row for each version of the checklist."""

    row: Row[Any]
    parts: list[Row[Any]] = field(default_factory=list)

    @property
    def remote(self) -> bool:
        return self.row.channel in REMOTE_CHANNELS

    @property
    def versions(self) -> set[UUID]:
        """The checklist versions of the checks that count."""
        return {part.version_id for part in self.parts if part.scored}

    def total(self, figure: str) -> int:
        return sum(part._mapping[figure] for part in self.parts)

    def side(self, estimate: Estimate) -> Side:
        """For a comparison on some of the criteria."""
        parts = frozenset((UUID(outlet), part.version_id) for part in self.parts for outlet, *_ in part.outlets or ())
        return Side(self.row.touchpoint_id, self.row.brand_id, self.remote, estimate, parts)


def touchpoint_matrix(session: Session, wave_id: UUID, margin: float) -> Matrix:
    """The wave's whole matrix, with Holm-corrected verdicts of the own brand on each rival; `margin` as a share."""
    tallies = _by_place(session, wave_id)
    # Whoever may not see all visits does not see how many wait either: the tallies were added up from all of them.
    assert isinstance(session, ScopedSession)
    sees_waiting = not session.scope.narrowing
    cells = {place: _cell(tally, sees_waiting) for place, tally in tallies.items()}
    brands = {t.row.brand_id: MatrixBrand(t.row.brand_id, t.row.brand, t.row.own) for t in tallies.values()}
    _judge(session, wave_id, tallies, cells, margin)
    rows: dict[UUID, MatrixRow] = {}
    for (touchpoint_id, brand_id), tally in tallies.items():
        row = tally.row
        matrix_row = rows.setdefault(
            touchpoint_id,
            MatrixRow(
                touchpoint_id=touchpoint_id,
                name=row.touchpoint,
                channel=Channel(row.channel),
                stage_id=row.stage_id,
                stage=row.stage,
                journey_id=row.journey_id,
                journey=row.journey,
                cells={},
            ),
        )
        assert isinstance(matrix_row.cells, dict)
        matrix_row.cells[brand_id] = cells[touchpoint_id, brand_id]
    return Matrix(list(brands.values()), list(rows.values()), margin)


def keep_comparisons(session: Session, wave_id: UUID) -> None:
    """Keep what the wave's matrix takes from answers, where brands have only some criteria in common."""
    tallies = _by_place(session, wave_id)
    estimates = {place: _estimate(tally) for place, tally in tallies.items()}
    keep_common_criteria(session, wave_id, list(_comparisons(tallies, estimates)[1].values()))


def _by_place(session: Session, wave_id: UUID) -> dict[Place, _Tally]:
    wave = {"wave_id": wave_id}
    tallies = {(row.touchpoint_id, row.brand_id): _Tally(row) for row in session.execute(_places(), wave)}
    for part in session.execute(_tallies(), wave):
        tally = tallies.get((part.touchpoint_id, part.brand_id))
        if tally is not None:  # What is not required any more is left out.
            tally.parts.append(part)
    return tallies


# Both statements are put together once: that takes a third of the time that the database needs for them.
@cache
def _places() -> Any:
    """One row for each touchpoint and brand of the wave, whether there are checks or not."""
    required = (
        select(
            RequiredChecks.touchpoint_id,
            RequiredChecks.brand_id,
            func.coalesce(func.max(case((RequiredChecks.outlet_id.is_(None), RequiredChecks.required))), 0).label(
                "at_brand"
            ),
            func.coalesce(func.sum(case((RequiredChecks.outlet_id.is_not(None), RequiredChecks.required))), 0).label(
                "at_outlets"
            ),
        )
        .where(RequiredChecks.wave_id == WAVE)
        .group_by(RequiredChecks.touchpoint_id, RequiredChecks.brand_id)
        .subquery("required")
    )
    # Added up by version and brand first: several touchpoints of a version have the same assignments.
    assigned = (
        select(Assignment.version_id, Outlet.brand_id, func.count().label("assigned"))
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .where(Assignment.wave_id == WAVE, Assignment.state.in_(OPEN_PLACES))
        .group_by(Assignment.version_id, Outlet.brand_id)
        .subquery("assigned")
    )
    asked = select(Section.version_id, Section.touchpoint_id).distinct().subquery("asked")
    planned = (
        select(asked.c.touchpoint_id, assigned.c.brand_id, func.sum(assigned.c.assigned).label("planned"))
        .join(assigned, assigned.c.version_id == asked.c.version_id)
        .group_by(asked.c.touchpoint_id, assigned.c.brand_id)
        .subquery("planned")
    )
    return (
        select(
            Touchpoint.id.label("touchpoint_id"),
            Touchpoint.name.label("touchpoint"),
            Touchpoint.channel,
            Stage.id.label("stage_id"),
            Stage.name.label("stage"),
            Journey.id.label("journey_id"),
            Journey.name.label("journey"),
            Brand.id.label("brand_id"),
            Brand.name.label("brand"),
            Brand.own,
            required.c.at_brand,
            required.c.at_outlets,
            func.coalesce(planned.c.planned, 0).label("planned"),
        )
        .select_from(required)
        .join(Touchpoint, Touchpoint.id == required.c.touchpoint_id)
        .join(Stage, Stage.id == Touchpoint.stage_id)
        .join(Journey, Journey.id == Stage.journey_id)
        .join(Brand, Brand.id == required.c.brand_id)
        .outerjoin(
            planned, (planned.c.touchpoint_id == required.c.touchpoint_id) & (planned.c.brand_id == required.c.brand_id)
        )
        .order_by(*IN_ORDER)
    )


@cache
def _tallies() -> Any:
    """One row for each touchpoint, brand and version, with what the checks of each outlet come to."""
    tallies = tallies_of(WAVE).subquery("tallies").c
    together = (
        select(
            tallies.touchpoint_id,
            tallies.brand_id,
            tallies.version_id,
            *(cast(func.sum(tallies[figure]), BigInteger).label(figure) for figure in COUNTS),
            # Criteria that were left out of every check: None where no check counts.
            func.min(case((tallies.scored > 0, tallies.skipped))).label("skipped"),
            func.sum(tallies.total).label("total"),
            func.sum(tallies.squares).label("squares"),
            gathered(tallies.outlet_id, tallies.scored, tallies.total, tallies.squares)
            .filter(tallies.scored > 0)
            .label("outlets"),
        )
        .group_by(tallies.touchpoint_id, tallies.brand_id, tallies.version_id)
        .subquery("together")
    )
    limits = (ChecklistVersion.green_from, ChecklistVersion.yellow_from)
    return select(*together.c, *limits).join(ChecklistVersion, ChecklistVersion.id == together.c.version_id)


def _cell(tally: _Tally, sees_waiting: bool) -> Cell:
    estimate, limits = _estimate(tally), None
    if estimate is not None:
        limits = min((part.green_from, part.yellow_from) for part in tally.parts if part.scored)
    return Cell(
        touchpoint_id=tally.row.touchpoint_id,
        brand_id=tally.row.brand_id,
        required=max(int(tally.row.at_brand), int(tally.row.at_outlets)),
        planned=int(tally.row.planned),
        received=tally.total("received") if sees_waiting else 0,
        returned=tally.total("returned") if sees_waiting else 0,
        approved=tally.total("approved"),
        absent=tally.total("absent"),
        invalid=tally.total("invalid"),
        mixed_versions=len(tally.versions) > 1,
        zones={zone: tally.total(zone.value) for zone in (Zone.GREEN, Zone.YELLOW, Zone.RED)},
        zone=_zone(estimate.mean, *limits) if estimate and limits else None,
        limits=limits,
        estimate=estimate,
        interval=interval(estimate) if estimate else None,
        forbidden_seen=tally.total("forbidden_seen"),
        forbidden_possible=tally.total("forbidden_possible"),
        failed=tally.total("failed"),
        verdict=None,
    )


def _zone(mean: float, green_from: float, yellow_from: float) -> Zone:
    if mean >= green_from - ROUNDING:
        return Zone.GREEN
    return Zone.YELLOW if mean >= yellow_from - ROUNDING else Zone.RED


def _estimate(tally: _Tally) -> Estimate | None:
    sums = {
        (outlet, part.version_id): (checks, total, squares)
        for part in tally.parts
        for outlet, checks, total, squares in part.outlets or ()
    }
    return estimate_of_sums(sums, remote=tally.remote)


def _judge(
    session: Session, wave_id: UUID, tallies: Mapping[Place, _Tally], cells: dict[Place, Cell], margin: float
) -> None:
    """Give each rival's cell its verdict, all of them together corrected by Holm."""
    estimates = {place: cell.estimate for place, cell in cells.items()}
    alike, unlike = _comparisons(tallies, estimates)
    on_common = pairs_on_common_criteria(session, wave_id, list(unlike.values()))
    compared = {place: pair for place, pair in zip(unlike, on_common, strict=True) if pair} | alike
    for place, verdict in zip(compared, verdicts(list(compared.values()), margin), strict=True):
        cells[place] = replace(cells[place], verdict=verdict)


def _comparisons(
    tallies: Mapping[Place, _Tally], estimates: Mapping[Place, Estimate | None]
) -> tuple[dict[Place, tuple[Estimate, Estimate]], dict[Place, Pair]]:
    """By the rival's place: the pairs to which the same criteria apply, and those of which only answers tell it."""
    alike, unlike = {}, {}
    own = next((tally.row.brand_id for tally in tallies.values() if tally.row.own), None)
    for touchpoint_id, brand_id in tallies:
        ours, theirs = estimates.get((touchpoint_id, own)) if own else None, estimates[touchpoint_id, brand_id]
        if own is None or brand_id == own or ours is None or theirs is None:
            continue
        one, other = tallies[touchpoint_id, own], tallies[touchpoint_id, brand_id]
        if _applied_whole(one) and _applied_whole(other) and len(one.versions | other.versions) == 1:
            alike[touchpoint_id, brand_id] = ours, theirs
        else:
            unlike[touchpoint_id, brand_id] = one.side(ours), other.side(theirs)
    return alike, unlike


def _applied_whole(tally: _Tally) -> bool:
    """Whether each criterion is known to apply to the brand, because one check at least left none of them out."""
    return any(part.scored and part.skipped == 0 for part in tally.parts)
