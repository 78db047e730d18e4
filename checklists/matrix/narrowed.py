"""What the answers behind a wave's tallies say: which criteria they are of, and the checks' scores on some of these."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from checklists.checklist import Criterion, Section
from checklists.scoring import Status
from checklists.visits import Answer, Check, Visit, VisitState

Part = tuple[UUID, UUID]
"""Outlet and version: what one tally of a touchpoint stands for."""
Sums = tuple[int, float, float]
"""The number of checks with a score, the sum of the scores, and that of their squares."""
MOST_NAMED = 500
"""So many outlets a statement names; where there are more it reads those of the whole wave."""


def answered_in(
    session: Session, wave_id: UUID, touchpoint_id: UUID, brands: Collection[UUID], outlets: Collection[UUID]
) -> Iterator[tuple[Part, UUID]]:
    """The lineages of the scored criteria that the checks which count answered, each once for outlet and version.

    There may be more outlets among them than were asked for.
    """
    columns = (Check.outlet_id, Check.version_id, Answer.lineage_id)
    answered = _counting(wave_id, touchpoint_id, brands, outlets, *columns).where(Answer.possible > 0).distinct()
    for outlet_id, version_id, lineage_id in session.execute(answered):
        yield (outlet_id, version_id), lineage_id


def sums_on(
    session: Session,
    wave_id: UUID,
    touchpoint_id: UUID,
    brand_id: UUID,
    outlets: Collection[UUID],
    lineages: Iterable[UUID],
) -> dict[Part, Sums]:
    """What the brand's checks come to on these criteria alone; where none of them has a score on these, nothing.

    There may be more outlets among them than were asked for.
    """
    answered = (
        _counting(
            wave_id,
            touchpoint_id,
            [brand_id],
            outlets,
            Check.outlet_id,
            Check.version_id,
            Check.capped_at,
            Answer.check_id,
            Answer.repetition,
            Answer.points,
            Answer.possible,
            Criterion.section_id,
            Section.weight,
        )
        .join(Criterion, Criterion.id == Answer.criterion_id)
        .join(Section, Section.id == Criterion.section_id)
        .where(Answer.lineage_id.in_(list(lineages)))
        .subquery("answered")
    ).c
    scored = _scored_checks(answered)
    sums = select(
        scored.outlet_id,
        scored.version_id,
        func.count(),
        func.sum(scored.score),
        func.sum(scored.score * scored.score),
    ).group_by(scored.outlet_id, scored.version_id)
    return {
        (outlet_id, version_id): (checks, total, squares)
        for outlet_id, version_id, checks, total, squares in session.execute(sums)
    }


def _counting(
    wave_id: UUID, touchpoint_id: UUID, brands: Collection[UUID], outlets: Collection[UUID], *columns: Any
) -> Any:
    """The answers that count of the touchpoint's checks at these outlets."""
    chosen = [Check.outlet_id.in_(outlets)] if len(outlets) <= MOST_NAMED else []
    return (
        select(*columns)
        .select_from(Check)
        .join(Visit, Visit.id == Check.visit_id)
        .join(Answer, Answer.check_id == Check.id)
        .where(
            Check.wave_id == wave_id,
            Check.touchpoint_id == touchpoint_id,
            Check.brand_id.in_(brands),
            *chosen,
            Visit.state == VisitState.APPROVED,
            Visit.deleted_at.is_(None),
            Check.valid,
            Check.score.is_not(None),
            Answer.status == Status.ANSWERED,
            ~Answer.hidden,
        )
    )


def _scored_checks(answered: Any) -> Any:
    """The score of each check on these answers alone, as scoring/visit.py makes it of all of them: repetitions of a
    section are averaged, sections weighted where one of them has a weight, and the check's cap stays.
    """
    whole = (answered.outlet_id, answered.version_id, answered.check_id, answered.capped_at)
    repetitions = (
        select(
            *whole,
            answered.section_id,
            answered.weight,
            func.sum(answered.points).label("points"),
            func.sum(answered.possible).label("possible"),
        )
        .group_by(*whole, answered.section_id, answered.weight, answered.repetition)
        .having(func.sum(answered.possible) > 0)
        .subquery("repetitions")
    ).c
    whole = (repetitions.outlet_id, repetitions.version_id, repetitions.check_id, repetitions.capped_at)
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
        select(sections.outlet_id, sections.version_id, capped.label("score"))
        .group_by(sections.outlet_id, sections.version_id, sections.check_id, sections.capped_at)
        .having(score.is_not(None))
        .subquery("scored")
    ).c
