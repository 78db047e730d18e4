"""Two brands at one touchpoint, compared on the criteria that were answered at both."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from checklists.checklist import Criterion, Section
from checklists.confidence import Estimate, estimate_of_checks, estimate_of_clusters
from checklists.scoring import Status
from checklists.visits import Answer, Check, Visit, VisitState


def pair_on_common_criteria(
    session: Session, wave_id: UUID, touchpoint_id: UUID, own: UUID, rival: UUID, *, remote: bool
) -> tuple[Estimate, Estimate] | None:
    """Both brands' estimates on the criteria that were answered at both, joined by lineage; None without any."""
    # Added up by the database: at ten thousand visits two brands have tens of thousands of answers here.
    answered = (
        select(
            Check.brand_id,
            Check.outlet_id,
            Check.capped_at,
            Answer.check_id,
            Answer.lineage_id,
            Answer.repetition,
            Answer.points,
            Answer.possible,
            Criterion.section_id,
            Section.weight,
        )
        .join(Visit, Visit.id == Check.visit_id)
        .join(Answer, Answer.check_id == Check.id)
        .join(Criterion, Criterion.id == Answer.criterion_id)
        .join(Section, Section.id == Criterion.section_id)
        .where(
            Check.wave_id == wave_id,
            Check.touchpoint_id == touchpoint_id,
            Check.brand_id.in_([own, rival]),
            Visit.state == VisitState.APPROVED,
            Visit.deleted_at.is_(None),
            Check.valid,
            Answer.status == Status.ANSWERED,
            ~Answer.hidden,
        )
        .subquery("answered")
    ).c
    applied: dict[UUID, set[UUID]] = defaultdict(set)
    for brand_id, lineage_id in session.execute(select(answered.brand_id, answered.lineage_id).distinct()):
        applied[brand_id].add(lineage_id)
    common = applied[own] & applied[rival]
    scored = _scored_checks(answered, common)
    outlets: dict[UUID, list[tuple[int, float, float]]] = defaultdict(list)
    for brand_id, checks, total, squares in session.execute(
        select(scored.brand_id, func.count(), func.sum(scored.score), func.sum(scored.score * scored.score)).group_by(
            scored.brand_id, scored.outlet_id
        )
    ):
        outlets[brand_id].append((checks, total, squares))
    if not outlets[own] or not outlets[rival]:
        return None
    return _estimate_of_outlets(outlets[own], remote), _estimate_of_outlets(outlets[rival], remote)


def _scored_checks(answered: Any, common: Collection[UUID]) -> Any:
    """The score of each check on the common criteria alone, as scoring/visit.py makes it of all of them: repetitions of
    a section are averaged, sections weighted where one of them has a weight, and the check's cap stays.
    """
    whole = (answered.brand_id, answered.outlet_id, answered.check_id, answered.capped_at)
    repetitions = (
        select(
            *whole,
            answered.section_id,
            answered.weight,
            func.sum(answered.points).label("points"),
            func.sum(answered.possible).label("possible"),
        )
        .where(answered.lineage_id.in_(common))
        .group_by(*whole, answered.section_id, answered.weight, answered.repetition)
        .having(func.sum(answered.possible) > 0)
        .subquery("repetitions")
    ).c
    whole = (repetitions.brand_id, repetitions.outlet_id, repetitions.check_id, repetitions.capped_at)
    sections = (
        select(
            *whole,
            repetitions.weight,
            func.avg(repetitions.points / repetitions.possible).label("share"),
            func.avg(repetitions.possible).label("possible"),
        )
        .group_by(*whole, repetitions.section_id, repetitions.weight)
        .subquery("sections")
    ).c
    weight = func.coalesce(sections.weight, 1.0)
    # NULLIF: sections that all weigh nothing make no score, and no division by it.
    weighted = func.sum(sections.share * weight) / func.nullif(func.sum(weight), 0)
    added = func.sum(sections.share * sections.possible) / func.sum(sections.possible)
    score = case((func.count(sections.weight) > 0, weighted), else_=added)
    capped = case((score > sections.capped_at, sections.capped_at), else_=score)
    return (
        select(sections.brand_id, sections.outlet_id, capped.label("score"))
        .group_by(sections.brand_id, sections.outlet_id, sections.check_id, sections.capped_at)
        .having(score.is_not(None))
        .subquery("scored")
    ).c


def _estimate_of_outlets(outlets: Sequence[tuple[int, float, float]], remote: bool) -> Estimate:
    """The estimate from each outlet's checks, the sum of their scores and that of the scores' squares."""
    if remote:
        checks, totals, squares = zip(*outlets, strict=True)
        return estimate_of_checks(sum(checks), sum(totals), sum(squares))
    return estimate_of_clusters((checks, total) for checks, total, _ in outlets)
