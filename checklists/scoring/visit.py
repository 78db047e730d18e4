"""From answers to checks: which criteria were asked, what each answer is worth, and the check at each touchpoint.

Pure functions over a `Form`; the standard library only. The rules are those of the domain: what is shown first, then
the zone of an answer and its share of the criterion's weight, then sections, then the check at each touchpoint.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from uuid import UUID

from checklists.scoring.conditions import ShownWhen, is_shown
from checklists.scoring.criterion import Fault, FormCriterion, Given, Status, Zone
from checklists.scoring.form import ROUNDING, Form, FormSection
from checklists.scoring.kinds import Duration, Kind, answer_fault

VALID_FROM = 0.8
"""Share of the applicable weight that must be answered for a check to be valid."""

CAPS = {"flag": None, "zero": 0.0}
"""What a critical criterion in red leaves of the check's score at most; "cap" has its number from the criterion."""

Key = tuple[UUID, int]
"""Which answer: criterion and repetition."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one answer is worth.

    `zone` is None where nothing can be said: could not check, not answered, not scored, not shown. `status` is None for
    an answer with a fault. `points` = criterion weight x `share` out of `possible`; both are 0 where the answer leaves
    the denominator. `forbidden_possible` counts the forbidden states that were looked for, `forbidden_seen` those seen.
    """

    zone: Zone | None
    points: float
    possible: float
    forbidden_seen: int
    forbidden_possible: int
    share: float
    status: Status | None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One visit's result at one touchpoint.

    `score` in [0, 1] and `zone` are None where the check is absent or no scored criterion with weight was answered.
    `points` and `possible` are added up before section weights and caps. `failed`: a critical criterion was red;
    `capped_at` is what that leaves of the score at most. `skipped` counts the touchpoint's scored criteria without an
    answer that counts: hidden, not applicable, could not check, or missing.
    """

    touchpoint_id: UUID
    score: float | None
    points: float
    possible: float
    zone: Zone | None
    failed: bool
    capped_at: float | None
    valid: bool
    absent: bool
    forbidden_seen: int
    forbidden_possible: int
    skipped: int

    @property
    def counts(self) -> bool:
        """Whether results count it, once the visit is approved."""
        return self.valid and self.score is not None


@dataclass(frozen=True, slots=True)
class Scored:
    """A whole visit: an outcome for each answer given or derived, the checks in the form's order, and all of it as one
    score over the checks that count.

    `asked` are the criteria that were shown, by repetition; `derived` the durations that time stamps gave.
    """

    outcomes: Mapping[Key, Outcome]
    checks: Sequence[CheckResult]
    asked: Mapping[Key, FormCriterion]
    derived: Mapping[Key, Given]
    points: float
    possible: float
    score: float | None


def visit_faults(form: Form, answers: Iterable[Given]) -> dict[Key, Fault]:
    """The answers of a visit that cannot stand, by criterion and repetition; empty for a sound visit."""
    sections = {section.id: section for section in form.sections}
    faults: dict[Key, Fault] = {}
    seen: set[Key] = set()
    for given in answers:
        key = (given.criterion_id, given.repetition)
        criterion = form.criteria.get(given.criterion_id)
        if criterion is None:
            faults[key] = Fault.UNKNOWN_CRITERION
        elif key in seen:
            faults[key] = Fault.GIVEN_TWICE
        elif given.repetition >= _most_repetitions(sections[criterion.section_id]):
            faults[key] = Fault.REPEATED
        elif fault := answer_fault(criterion, given):
            faults[key] = fault
        seen.add(key)
    return faults


def _most_repetitions(section: FormSection) -> int:
    return section.most_repetitions if section.repeats else 1


def score_visit(
    form: Form,
    answers: Iterable[Given],
    attributes: Mapping[str, str] | None = None,
    repetitions: Iterable[tuple[UUID, int]] = (),
) -> Scored:
    """Score a visit.

    `attributes` are the outlet's, for conditions; `repetitions` name (section, repetition) that were begun, beside
    those that have answers. The order of the answers never matters. Answers named by `visit_faults` count as not given;
    of an unknown criterion there is no outcome, and of two answers to one question neither counts.
    """
    given: dict[Key, Given] = {}
    twice: set[Key] = set()
    for answer in answers:
        key = (answer.criterion_id, answer.repetition)
        if key in given:
            twice.add(key)
        given[key] = answer
    sitting = _Sitting(form, given, twice, attributes or {}, set(repetitions))
    sections = [sitting.section(section) for section in form.sections]
    sitting.see_the_rest()
    touchpoints: dict[UUID, list[_SectionResult]] = {}
    for section in sections:
        if section.tallies:
            touchpoints.setdefault(section.section.touchpoint_id, []).append(section)
    checks = [_check(form, touchpoint, parts) for touchpoint, parts in touchpoints.items()]
    counting = {check.touchpoint_id: check for check in checks if check.counts}
    total = _total({id: touchpoints[id] for id in counting}, counting)
    return Scored(
        outcomes=sitting.outcomes,
        checks=checks,
        asked=sitting.asked,
        derived=sitting.derived,
        points=fsum(check.points for check in counting.values()),
        possible=fsum(check.possible for check in counting.values()),
        score=total,
    )


@dataclass(slots=True)
class _Tally:
    """One criterion over the repetitions in which it was asked."""

    criterion: FormCriterion
    outcomes: list[tuple[int, Outcome]] = field(default_factory=list)


@dataclass(slots=True)
class _SectionResult:
    section: FormSection
    tallies: list[_Tally]
    points: float
    possible: float

    @property
    def share(self) -> float:
        return self.points / self.possible


class _Sitting:
    """Goes through a visit in the order of the form, for a condition may ask only what came before."""

    def __init__(
        self,
        form: Form,
        given: Mapping[Key, Given],
        twice: set[Key],
        attributes: Mapping[str, str],
        repetitions: set[tuple[UUID, int]],
    ) -> None:
        self.form, self.given, self.twice = form, given, twice
        self.attributes, self.repetitions = attributes, repetitions
        self.outcomes: dict[Key, Outcome] = {}
        self.asked: dict[Key, FormCriterion] = {}
        self.derived: dict[Key, Given] = {}
        self.standing: dict[Key, Given] = {}

    def section(self, section: FormSection) -> _SectionResult:
        tallies: dict[UUID, _Tally] = {}
        for repetition in self._repetitions(section):
            shown = self._is_shown(section.shown_when, section, repetition)
            for criterion in section.criteria:
                if shown and self._can_be_asked(criterion, section, repetition):
                    outcome = self._ask(criterion, repetition)
                    tallies.setdefault(criterion.id, _Tally(criterion)).outcomes.append((repetition, outcome))
                elif (criterion.id, repetition) in self.given:
                    self.outcomes[criterion.id, repetition] = HIDDEN
        points, possible = _points_of(list(tallies.values()))
        return _SectionResult(section, list(tallies.values()), points, possible)

    def see_the_rest(self) -> None:
        """Repetitions that a section cannot have are kept, and worth nothing."""
        if not self.given.keys() <= self.outcomes.keys():
            for key in self.given.keys() - self.outcomes.keys():
                if key[0] in self.form.criteria:
                    self.outcomes[key] = NOT_GIVEN

    def _repetitions(self, section: FormSection) -> list[int]:
        """Those that were begun, at least one; a section that does not repeat has only the first."""
        if not section.repeats:
            return [0]
        criteria = {criterion.id for criterion in section.criteria}
        begun = {repetition for criterion_id, repetition in self.given if criterion_id in criteria}
        begun |= {repetition for section_id, repetition in self.repetitions if section_id == section.id}
        return sorted({each for each in begun if each < section.most_repetitions} or {0})

    def _can_be_asked(self, criterion: FormCriterion, section: FormSection, repetition: int) -> bool:
        """Whether it is shown, and so is what it is made of: a duration goes with its time stamps."""
        if criterion.shown_when is None and not criterion.rules.references:
            return True
        ends = (UUID(criterion.settings[name]) for name in criterion.rules.references)
        return self._is_shown(criterion.shown_when, section, repetition) and all(
            (end, repetition) in self.asked for end in ends
        )

    def _is_shown(self, shown_when: ShownWhen | None, section: FormSection, repetition: int) -> bool:
        if shown_when is None:
            return True

        def answer_of(criterion_id: UUID) -> tuple[FormCriterion, Given] | None:
            # Within its own section a condition means the same repetition; of another there is only the first.
            criterion = self.form.criteria[criterion_id]
            found = self.standing.get((criterion_id, repetition if criterion.section_id == section.id else 0))
            return (criterion, found) if found else None

        return is_shown(shown_when, answer_of, self.attributes)

    def _ask(self, criterion: FormCriterion, repetition: int) -> Outcome:
        key = (criterion.id, repetition)
        self.asked[key] = criterion
        if criterion.kind is Kind.DURATION:
            return self._derive(criterion, repetition)
        given = self.given.get(key)
        if given is None:
            return NOT_GIVEN
        outcome = self.outcomes[key] = NOT_GIVEN if key in self.twice else score_answer(criterion, given)
        if outcome.status is Status.ANSWERED:
            self.standing[key] = given
        return outcome

    def _derive(self, criterion: FormCriterion, repetition: int) -> Outcome:
        ends = [(UUID(criterion.settings[name]), repetition) for name in criterion.rules.references]
        if any(self.outcomes.get(end, NOT_GIVEN).status is Status.NOT_APPLICABLE for end in ends):
            return LEFT_OUT[Status.NOT_APPLICABLE]
        start, end = (self.standing.get(end) for end in ends)
        given = Duration.derive(criterion, start, end) if start and end else None
        if given is None:
            return NOT_GIVEN
        key = (criterion.id, repetition)
        self.derived[key] = self.standing[key] = given
        self.outcomes[key] = score_answer(criterion, given)
        return self.outcomes[key]


def _points_of(tallies: Sequence[_Tally]) -> tuple[float, float]:
    """Points and possible points of a section: the mean score of its repetitions, out of the mean of what they had."""
    repetitions: dict[int, tuple[list[float], list[float]]] = {}
    for tally in tallies:
        for repetition, outcome in tally.outcomes:
            points, possible = repetitions.setdefault(repetition, ([], []))
            points.append(outcome.points)
            possible.append(outcome.possible)
    scored = [(fsum(points), fsum(possible)) for points, possible in repetitions.values() if fsum(possible) > 0]
    if len(scored) <= 1:
        return scored[0] if scored else (0.0, 0.0)
    mean_share = fsum(points / possible for points, possible in scored) / len(scored)
    mean_possible = fsum(possible for _, possible in scored) / len(scored)
    return mean_share * mean_possible, mean_possible


def _check(form: Form, touchpoint_id: UUID, parts: Sequence[_SectionResult]) -> CheckResult:
    """The check at one touchpoint, over all of its sections."""
    tallies = [tally for part in parts for tally in part.tallies]
    scored = [tally for tally in tallies if tally.criterion.scored]
    applicable: list[float] = []
    answered: list[float] = []
    caps: list[float] = []
    forbidden_seen = forbidden_possible = absent = 0
    skipped = form.scored_at.get(touchpoint_id, 0)
    failed = critical_unchecked = any_counted = False
    # Facts that are not scored decide only where there is nothing else in the check.
    for tally in scored or tallies:
        criterion = tally.criterion
        asked = [each for _, each in tally.outcomes if each.status is not Status.NOT_APPLICABLE]
        counted = [each for each in asked if each.status is Status.ANSWERED]
        skipped -= criterion.scored and bool(counted)
        if not asked:
            absent += 1
            continue
        applicable.append(criterion.weight)
        answered.append(criterion.weight * len(counted) / len(asked))
        any_counted |= bool(counted)
        critical_unchecked |= criterion.critical is not None and len(counted) < len(asked)
        forbidden_seen += sum(each.forbidden_seen for each in counted)
        forbidden_possible += sum(each.forbidden_possible for each in counted)
        if criterion.critical is not None and any(each.zone is Zone.RED for each in counted):
            failed = True
            cap = CAPS.get(criterion.critical, criterion.critical_cap)
            caps += [] if cap is None else [cap]
    score = _weighted(parts)
    capped_at = min(caps, default=None)
    if score is not None and capped_at is not None:
        score = min(score, capped_at)
    return CheckResult(
        touchpoint_id=touchpoint_id,
        score=score,
        points=fsum(part.points for part in parts),
        possible=fsum(part.possible for part in parts),
        zone=None if score is None else Zone.RED if failed else form.zone(score),
        failed=failed,
        capped_at=capped_at,
        valid=any_counted and not critical_unchecked and fsum(answered) >= (VALID_FROM - ROUNDING) * fsum(applicable),
        absent=absent > 0 and not applicable,
        forbidden_seen=forbidden_seen,
        forbidden_possible=forbidden_possible,
        skipped=skipped,
    )


def _weighted(parts: Sequence[_SectionResult], factors: Mapping[UUID, float] | None = None) -> float | None:
    """The score of several sections. Points are simply added, unless a section has a weight: then the sections'
    percentages are averaged by weight, and one without a weight weighs 1.

    `factors` by touchpoint shrink a section's points where its check was capped.
    """
    scored = [part for part in parts if part.possible > 0]
    factor = factors or {}
    points = [part.points * factor.get(part.section.touchpoint_id, 1.0) for part in scored]
    if all(part.section.weight is None for part in scored):
        weights = [part.possible for part in scored]
    else:
        weights = [1.0 if part.section.weight is None else part.section.weight for part in scored]
        points = [got / part.possible * weight for got, part, weight in zip(points, scored, weights, strict=True)]
    total = fsum(weights)
    return min(fsum(points) / total, 1.0) if total > 0 else None


def _total(parts: Mapping[UUID, Sequence[_SectionResult]], checks: Mapping[UUID, CheckResult]) -> float | None:
    """The visit's own score: its sections again, by touchpoint, each as far as the cap of its check leaves it."""
    factors: dict[UUID, float] = {}
    for touchpoint_id, check in checks.items():
        uncapped = _weighted(parts[touchpoint_id])
        if uncapped and check.score is not None:
            factors[touchpoint_id] = check.score / uncapped
    return _weighted([part for several in parts.values() for part in several], factors)


def score_answer(criterion: FormCriterion, given: Given) -> Outcome:
    """Zone and points of one answer; an answer with a fault counts as not given."""
    if answer_fault(criterion, given):
        return NOT_GIVEN
    if not criterion.scored:
        return NOT_SCORED[given.status]
    if given.status is not Status.ANSWERED:
        return LEFT_OUT[given.status]
    zone, share = criterion.rules.outcome(criterion, given)
    return Outcome(
        zone=zone,
        points=criterion.weight * share,
        possible=criterion.weight,
        forbidden_seen=len(criterion.forbidden & given.states),
        forbidden_possible=len(criterion.forbidden),
        share=share,
        status=Status.ANSWERED,
    )


def _worth_nothing(zone: Zone | None, status: Status | None, *, hidden: bool = False) -> Outcome:
    return Outcome(zone, 0.0, 0.0, forbidden_seen=0, forbidden_possible=0, share=0.0, status=status, hidden=hidden)


NOT_GIVEN = _worth_nothing(None, None)
HIDDEN = _worth_nothing(None, None, hidden=True)
NOT_SCORED = {status: _worth_nothing(None, status) for status in Status}
LEFT_OUT = {
    Status.NOT_APPLICABLE: _worth_nothing(Zone.NOT_APPLICABLE, Status.NOT_APPLICABLE),
    Status.COULD_NOT_CHECK: _worth_nothing(None, Status.COULD_NOT_CHECK),
}
