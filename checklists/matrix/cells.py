"""What lies behind single cells: the criteria of one, the counts that the phone shows, the checks that do not count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from checklists.checklist import Criterion, Section, Unit
from checklists.journey import Barrier
from checklists.matrix.statements import count_of
from checklists.orm import LanguageMap
from checklists.scoring import Kind, Status, Zone
from checklists.visits import Answer, Check, Visit, VisitState


@dataclass(frozen=True, slots=True)
class CriterionFigures:
    """One criterion within a cell: how its approved checks came out. `share` is points / possible, 0..1.

    `mean`, `lowest` and `highest` are those of the numbers entered, in the criterion's unit; None where none were.
    """

    criterion_id: UUID
    text: LanguageMap
    kind: Kind
    section: LanguageMap
    critical: bool
    barrier: LanguageMap | None
    unit: Unit | None
    answered: int
    mean: float | None
    lowest: float | None
    highest: float | None
    zones: Mapping[Zone, int]
    share: float | None
    not_applicable: int
    could_not_check: int
    forbidden_seen: int
    forbidden_possible: int


def cell_criteria(session: Session, wave_id: UUID, touchpoint_id: UUID, brand_id: UUID) -> list[CriterionFigures]:
    """The criteria behind one cell, in the order of the checklist."""
    answered = Answer.status == Status.ANSWERED
    rows = session.execute(
        select(
            Criterion.id,
            Criterion.text,
            Criterion.kind,
            Section.title,
            Criterion.critical,
            Criterion.unit,
            Barrier.text.label("barrier"),
            func.avg(case((answered, Answer.value))).label("mean"),
            func.min(case((answered, Answer.value))).label("lowest"),
            func.max(case((answered, Answer.value))).label("highest"),
            count_of(answered).label("answered"),
            count_of(answered & (Answer.zone == Zone.GREEN)).label("green"),
            count_of(answered & (Answer.zone == Zone.YELLOW)).label("yellow"),
            count_of(answered & (Answer.zone == Zone.RED)).label("red"),
            func.sum(Answer.points).label("points"),
            func.sum(Answer.possible).label("possible"),
            count_of(Answer.status == Status.NOT_APPLICABLE).label("not_applicable"),
            count_of(Answer.status == Status.COULD_NOT_CHECK).label("could_not_check"),
            func.sum(Answer.forbidden_seen).label("forbidden_seen"),
            func.sum(Answer.forbidden_possible).label("forbidden_possible"),
        )
        .select_from(Check)
        .join(Visit, Visit.id == Check.visit_id)
        .join(Answer, Answer.check_id == Check.id)
        .join(Criterion, Criterion.id == Answer.criterion_id)
        .join(Section, Section.id == Criterion.section_id)
        .outerjoin(Barrier, Barrier.id == Criterion.barrier_id)
        .where(
            Check.wave_id == wave_id,
            Check.touchpoint_id == touchpoint_id,
            Check.brand_id == brand_id,
            Check.valid,
            ~Answer.hidden,
            Visit.state == VisitState.APPROVED,
            Visit.deleted_at.is_(None),
        )
        .group_by(Criterion.id, Section.id, Barrier.id)
        .order_by(Section.position, Criterion.position, Criterion.id)
    )
    return [
        CriterionFigures(
            criterion_id=row.id,
            text=row.text,
            kind=row.kind,
            section=row.title,
            critical=row.critical is not None,
            barrier=row.barrier,
            unit=row.unit,
            mean=row.mean,
            lowest=row.lowest,
            highest=row.highest,
            answered=row.answered,
            zones={Zone.GREEN: row.green, Zone.YELLOW: row.yellow, Zone.RED: row.red},
            share=row.points / row.possible if row.possible else None,
            not_applicable=row.not_applicable,
            could_not_check=row.could_not_check,
            forbidden_seen=row.forbidden_seen,
            forbidden_possible=row.forbidden_possible,
        )
        for row in rows
    ]


def approved_counts(session: Session, wave_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID, UUID], int]:
    """Approved valid checks by (wave, touchpoint, brand): what "2 of 10" counts on the phone."""
    rows = session.execute(
        select(Check.wave_id, Check.touchpoint_id, Check.brand_id, func.count())
        .join(Visit, Visit.id == Check.visit_id)
        .where(
            Check.wave_id.in_(wave_ids),
            Check.valid,
            Visit.state == VisitState.APPROVED,
            Visit.deleted_at.is_(None),
        )
        .group_by(Check.wave_id, Check.touchpoint_id, Check.brand_id)
    )
    return {(wave, touchpoint, brand): count for wave, touchpoint, brand, count in rows}


def uncounted_checks(session: Session, wave_id: UUID) -> dict[tuple[UUID, UUID], int]:
    """Approved visits that gave no check to count, by (touchpoint, outlet): the plan needs their places again.

    Their check is not valid, or there is none, for no criterion of the touchpoint was shown. Where the touchpoint is
    absent, nobody needs to go again.
    """
    asked = select(Section.version_id, Section.touchpoint_id).distinct().subquery("asked")
    rows = session.execute(
        select(asked.c.touchpoint_id, Visit.outlet_id, func.count())
        .select_from(Visit)
        .join(asked, asked.c.version_id == Visit.version_id)
        .outerjoin(Check, (Check.visit_id == Visit.id) & (Check.touchpoint_id == asked.c.touchpoint_id))
        .where(
            Visit.wave_id == wave_id,
            Visit.state == VisitState.APPROVED,
            Visit.deleted_at.is_(None),
            Visit.outlet_id.is_not(None),
            Check.id.is_(None) | (~Check.valid & ~Check.absent),
        )
        .group_by(asked.c.touchpoint_id, Visit.outlet_id)
    )
    return {(touchpoint, outlet): count for touchpoint, outlet, count in rows if outlet is not None}
