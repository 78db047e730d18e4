"""Two brands at one touchpoint, compared on the criteria that were answered at both."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from checklists.checklist import Criterion, Section
from checklists.confidence import Estimate, estimate_of_checks, estimate_of_clusters
from checklists.scoring import Status
from checklists.visits import Answer, Check, Visit, VisitState


def pair_on_common_criteria(
    session: Session,
    wave_id: UUID,
    touchpoint_id: UUID,
    whole: Mapping[UUID, Estimate],
    versions: Collection[UUID],
    *,
    remote: bool,
) -> tuple[Estimate, Estimate] | None:
    """Two brands' estimates on the criteria that were answered at both, joined by lineage; None without any.

    `whole` are their estimates on all that was answered, by brand, and `versions` those of the checks that count.
    """
    answered = {
        brand_id: set(session.scalars(_answered_at(wave_id, touchpoint_id, brand_id, versions))) for brand_id in whole
    }
    common = set.intersection(*answered.values())
    # What was answered at both only is all that was answered at one of them, more often than not.
    narrower = [brand_id for brand_id in whole if answered[brand_id] != common]
    narrowed = estimates_on(session, wave_id, touchpoint_id, narrower, common, remote=remote)
    if not common or narrowed.keys() < set(narrower):
        return None
    ours, theirs = (narrowed.get(brand_id, estimate) for brand_id, estimate in whole.items())
    return ours, theirs


def estimates_on(
    session: Session,
    wave_id: UUID,
    touchpoint_id: UUID,
    brands: Sequence[UUID],
    lineages: Collection[UUID],
    *,
    remote: bool,
) -> dict[UUID, Estimate]:
    """The brands' estimates on these criteria alone; a brand without a score on them is left out."""
    if not brands:
        return {}
    # Added up by the database: at ten thousand visits two brands have tens of thousands of answers here.
    answered = (
        _counting(
            wave_id,
            touchpoint_id,
            brands,
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
        .join(Criterion, Criterion.id == Answer.criterion_id)
        .join(Section, Section.id == Criterion.section_id)
        .subquery("answered")
    ).c
    scored = _scored_checks(answered, lineages)
    outlets: dict[UUID, list[tuple[int, float, float]]] = defaultdict(list)
    for brand_id, checks, total, squares in session.execute(
        select(scored.brand_id, func.count(), func.sum(scored.score), func.sum(scored.score * scored.score)).group_by(
            scored.brand_id, scored.outlet_id
        )
    ):
        outlets[brand_id].append((checks, total, squares))
    return {brand_id: _estimate_of_outlets(several, remote) for brand_id, several in outlets.items()}


def _answered_at(wave_id: UUID, touchpoint_id: UUID, brand_id: UUID, versions: Collection[UUID]) -> Any:
    """The lineages of the criteria that were answered at the brand.

    Asked for each criterion: nearly all of them are found answered in the first check that is looked at.
    """
    # With the visit named too, one criterion's answer is found by the primary key.
    answer = _counting(wave_id, touchpoint_id, [brand_id], Answer.visit_id).where(
        Answer.criterion_id == Criterion.id, Answer.visit_id == Check.visit_id
    )
    return (
        select(Criterion.lineage_id)
        .join(Section, Section.id == Criterion.section_id)
        .where(
            Section.touchpoint_id == touchpoint_id,
            Section.version_id.in_(versions),
            # Not EXISTS, which the database may turn into a join with all of the answers.
            answer.limit(1).scalar_subquery().is_not(None),
        )
    )


def _counting(wave_id: UUID, touchpoint_id: UUID, brands: Sequence[UUID], *columns: Any) -> Any:
    """The answers that count of the touchpoint's checks at these brands."""
    return (
        select(*columns)
        .select_from(Check)
        .join(Visit, Visit.id == Check.visit_id)
        .join(Answer, Answer.check_id == Check.id)
        .where(
            Check.wave_id == wave_id,
            Check.touchpoint_id == touchpoint_id,
            Check.brand_id.in_(brands),
            Visit.state == VisitState.APPROVED,
            Visit.deleted_at.is_(None),
            Check.valid,
            Answer.status == Status.ANSWERED,
            ~Answer.hidden,
        )
    )


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
