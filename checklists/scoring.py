"""From answers to zones and points: what a published checklist version makes of one visit.

Pure functions over the version's frozen JSON document; the standard library only. The rules are those of the domain:
the zone of an answer first, then its share of the criterion's weight, then the check at each touchpoint.
A document is read once with `read_form`; the caller keeps the `Form`, which never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import fsum, isfinite
from typing import Any
from uuid import UUID

VALID_FROM = 0.8
"""Share of the applicable weight that must be answered for a check to be valid."""

ROUNDING = 1e-9
"""A score that misses a limit by less misses it only because binary fractions cannot hold 0.7 or 0.9."""

TOO_MUCH = 1e9
"""Seconds, minutes, pieces or money: a longer number is a slip of the thumb."""


class Zone(StrEnum):
    """The outcome of one answer or one check."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    NOT_APPLICABLE = "not_applicable"


class Status(StrEnum):
    """What the inspector did with a criterion."""

    ANSWERED = "answered"
    NOT_APPLICABLE = "not_applicable"
    COULD_NOT_CHECK = "could_not_check"


class Kind(StrEnum):
    """How a criterion is asked."""

    STATES = "states"
    MEASURE = "measure"
    CHOICE = "choice"


class Fault(StrEnum):
    """Why an answer cannot stand; such an answer counts as not given."""

    UNKNOWN_CRITERION = "unknown_criterion"
    GIVEN_TWICE = "given_twice"
    UNKNOWN_STATE = "unknown_state"
    UNKNOWN_OPTION = "unknown_option"
    MUST_BE_APPLICABLE = "must_be_applicable"
    WITHOUT_CONTENT = "without_content"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_RANGE = "out_of_range"
    SEVERAL_OPTIONS = "several_options"


@dataclass(frozen=True, slots=True)
class FormState:
    """One state that the inspector may see; `weight` matters for expected states only."""

    id: UUID
    lineage_id: UUID
    text: Mapping[str, str]
    forbidden: bool
    weight: float


@dataclass(frozen=True, slots=True)
class FormOption:
    """One option of a choice; `points` in [0, 1] take the place of the zone's points."""

    id: UUID
    lineage_id: UUID
    text: Mapping[str, str]
    zone: Zone
    points: float | None
    free_text: bool


@dataclass(frozen=True, slots=True)
class FormCriterion:
    """One criterion. `enough` is the number of expected states that make it green; the limits belong to a measure."""

    id: UUID
    lineage_id: UUID
    touchpoint_id: UUID
    kind: Kind
    text: Mapping[str, str]
    guidance: Mapping[str, str]
    weight: float
    required: bool
    scored: bool
    critical: str | None
    may_be_not_applicable: bool
    comment: str
    evidence: str
    evidence_at_least: int
    states: Mapping[UUID, FormState]
    expected: Mapping[UUID, float]
    forbidden: frozenset[UUID]
    enough: int
    all_or_nothing: bool
    unit: str | None
    decimals: int
    lower_is_better: bool
    green_limit: float | None
    red_limit: float | None
    several: bool
    options: Mapping[UUID, FormOption]


@dataclass(frozen=True, slots=True)
class FormSection:
    """One section with its criteria in the order of the document."""

    id: UUID
    lineage_id: UUID
    touchpoint_id: UUID
    title: Mapping[str, str]
    intro: Mapping[str, str]
    required_checks: int | None
    criteria: tuple[FormCriterion, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A published version, ready for scoring; `touchpoints` holds each one's criteria over all of its sections."""

    version_id: UUID
    checklist_id: UUID
    number: int
    title: Mapping[str, str]
    languages: tuple[str, ...]
    default_language: str
    blind: bool
    green_from: float
    yellow_from: float
    sections: tuple[FormSection, ...]
    criteria: Mapping[UUID, FormCriterion]
    touchpoints: Mapping[UUID, tuple[FormCriterion, ...]]

    def zone(self, score: float) -> Zone:
        """The zone of a score in [0, 1] by this version's limits."""
        if score >= self.green_from - ROUNDING:
            return Zone.GREEN
        return Zone.YELLOW if score >= self.yellow_from - ROUNDING else Zone.RED


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as it was given. An answered states criterion without states means "none of these"."""

    criterion_id: UUID
    repetition: int
    status: Status
    states: frozenset[UUID] = frozenset()
    options: frozenset[UUID] = frozenset()
    value: float | str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one answer is worth.

    `zone` is None where nothing can be said: could not check, not answered, not scored. `status` is None for an answer
    with a fault. `points` = criterion weight x `share` out of `possible`; both are 0 where the answer leaves the
    denominator. `forbidden_possible` counts the forbidden states that were looked for, `forbidden_seen` those seen.
    """

    zone: Zone | None
    points: float
    possible: float
    forbidden_seen: int
    forbidden_possible: int
    share: float
    status: Status | None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One visit's result at one touchpoint.

    `score` in [0, 1] and `zone` are None where the check is absent or no scored criterion with weight was answered.
    `skipped` counts the scored criteria without an answer: not applicable, could not check, or missing.
    """

    touchpoint_id: UUID
    score: float | None
    points: float
    possible: float
    zone: Zone | None
    valid: bool
    absent: bool
    forbidden_seen: int
    forbidden_possible: int
    skipped: int


def read_form(document: Mapping[str, Any]) -> Form:
    """Read the frozen document of a published version; KeyError or ValueError where it is not one."""
    sections = tuple(_read_section(section) for section in document["sections"])
    touchpoints: dict[UUID, tuple[FormCriterion, ...]] = {}
    for section in sections:
        touchpoints[section.touchpoint_id] = touchpoints.get(section.touchpoint_id, ()) + section.criteria
    return Form(
        version_id=UUID(document["version_id"]),
        checklist_id=UUID(document["checklist_id"]),
        number=document["number"],
        title=document["title"],
        languages=tuple(document["languages"]),
        default_language=document["default_language"],
        blind=document.get("blind", True),
        green_from=document.get("green_from", 0.9),
        yellow_from=document.get("yellow_from", 0.7),
        sections=sections,
        criteria={criterion.id: criterion for section in sections for criterion in section.criteria},
        touchpoints=touchpoints,
    )


def _read_section(section: Mapping[str, Any]) -> FormSection:
    touchpoint_id = UUID(section["touchpoint_id"])
    return FormSection(
        id=UUID(section["id"]),
        lineage_id=UUID(section["lineage_id"]),
        touchpoint_id=touchpoint_id,
        title=section["title"],
        intro=section.get("intro") or {},
        required_checks=section.get("required_checks"),
        criteria=tuple(_read_criterion(criterion, touchpoint_id) for criterion in section["criteria"]),
    )


def _read_criterion(criterion: Mapping[str, Any], touchpoint_id: UUID) -> FormCriterion:
    kind = Kind(criterion["kind"])
    states = [_read_state(state) for state in criterion.get("states") or ()]
    options = [_read_option(option) for option in criterion.get("options") or ()]
    expected = {state.id: state.weight for state in states if not state.forbidden}
    green_limit, red_limit = criterion.get("green_limit"), criterion.get("red_limit")
    without_limits = kind is Kind.MEASURE and green_limit is None and red_limit is None
    return FormCriterion(
        id=UUID(criterion["id"]),
        lineage_id=UUID(criterion["lineage_id"]),
        touchpoint_id=touchpoint_id,
        kind=kind,
        text=criterion["text"],
        guidance=criterion.get("guidance") or {},
        weight=criterion.get("weight", 1.0),
        required=criterion.get("required", True),
        # A measure without limits has no zones: it is a fact, whatever the setting says.
        scored=criterion.get("scored", True) and not without_limits,
        critical=criterion.get("critical"),
        may_be_not_applicable=criterion.get("may_be_not_applicable", False),
        comment=criterion.get("comment", "none"),
        evidence=criterion.get("evidence", "none"),
        evidence_at_least=criterion.get("evidence_at_least", 1),
        states={state.id: state for state in states},
        expected=expected,
        forbidden=frozenset(state.id for state in states if state.forbidden),
        enough=_enough(criterion.get("enough", "all"), len(expected)),
        all_or_nothing=criterion.get("all_or_nothing", False),
        unit=criterion.get("unit"),
        decimals=criterion.get("decimals") or 0,
        lower_is_better=criterion.get("direction") != "higher_is_better",
        green_limit=green_limit,
        red_limit=red_limit,
        several=criterion.get("several", False),
        options={option.id: option for option in options},
    )


def _read_state(state: Mapping[str, Any]) -> FormState:
    return FormState(
        id=UUID(state["id"]),
        lineage_id=UUID(state["lineage_id"]),
        text=state["text"],
        forbidden={"expected": False, "forbidden": True}[state["polarity"]],
        weight=state.get("weight", 1.0),
    )


def _read_option(option: Mapping[str, Any]) -> FormOption:
    return FormOption(
        id=UUID(option["id"]),
        lineage_id=UUID(option["lineage_id"]),
        text=option["text"],
        zone=Zone(option["zone"]),
        points=option.get("points"),
        free_text=option.get("free_text", False),
    )


def _enough(setting: str | int, expected: int) -> int:
    """How many expected states are enough: between one and all of them, whatever number was set."""
    if isinstance(setting, int):
        return max(1, min(setting, expected))
    return {"all": expected, "any": 1}[setting]


def visit_faults(form: Form, answers: Iterable[Given]) -> dict[tuple[UUID, int], Fault]:
    """The answers of a visit that cannot stand, by criterion and repetition; empty for a sound visit."""
    faults: dict[tuple[UUID, int], Fault] = {}
    seen: set[tuple[UUID, int]] = set()
    for given in answers:
        key = (given.criterion_id, given.repetition)
        criterion = form.criteria.get(given.criterion_id)
        if criterion is None:
            faults[key] = Fault.UNKNOWN_CRITERION
        elif key in seen:
            faults[key] = Fault.GIVEN_TWICE
        elif fault := answer_fault(criterion, given):
            faults[key] = fault
        seen.add(key)
    return faults


def score_visit(form: Form, answers: Iterable[Given]) -> tuple[dict[tuple[UUID, int], Outcome], list[CheckResult]]:
    """Score a visit: an outcome per (criterion, repetition) given, and a check per touchpoint in the form's order.

    The order of the answers never matters. Answers named by `visit_faults` count as not given; of an unknown criterion
    there is no outcome, and of two answers to one question neither counts.
    """
    outcomes: dict[tuple[UUID, int], Outcome] = {}
    for given in answers:
        if criterion := form.criteria.get(given.criterion_id):
            key = (given.criterion_id, given.repetition)
            outcomes[key] = NOT_GIVEN if key in outcomes else score_answer(criterion, given)
    by_criterion: dict[UUID, list[Outcome]] = {}
    for (criterion_id, _), outcome in outcomes.items():
        by_criterion.setdefault(criterion_id, []).append(outcome)
    checks = [_check(form, touchpoint, criteria, by_criterion) for touchpoint, criteria in form.touchpoints.items()]
    return outcomes, checks


def _check(
    form: Form, touchpoint_id: UUID, criteria: Sequence[FormCriterion], by_criterion: Mapping[UUID, Sequence[Outcome]]
) -> CheckResult:
    """The check at one touchpoint. A criterion asked several times counts once, with the mean of its answers."""
    scored = [criterion for criterion in criteria if criterion.scored]
    points: list[float] = []
    possible: list[float] = []
    applicable: list[float] = []
    answered: list[float] = []
    forbidden_seen = forbidden_possible = skipped = absent = 0
    critical_red = critical_unchecked = False
    # Facts that are not scored decide only where there is nothing else in the check.
    for criterion in scored or criteria:
        asked = [o for o in by_criterion.get(criterion.id, (NOT_GIVEN,)) if o.status is not Status.NOT_APPLICABLE]
        counted = [outcome for outcome in asked if outcome.status is Status.ANSWERED]
        skipped += criterion.scored and not counted
        if not asked:
            absent += 1
            continue
        applicable.append(criterion.weight)
        answered.append(criterion.weight * len(counted) / len(asked))
        critical_unchecked |= criterion.critical is not None and len(counted) < len(asked)
        if not counted:
            continue
        points.append(fsum(outcome.points for outcome in counted) / len(counted))
        possible.append(fsum(outcome.possible for outcome in counted) / len(counted))
        forbidden_seen += sum(outcome.forbidden_seen for outcome in counted)
        forbidden_possible += sum(outcome.forbidden_possible for outcome in counted)
        critical_red |= criterion.critical is not None and any(outcome.zone is Zone.RED for outcome in counted)
    total, total_possible = fsum(points), fsum(possible)
    score = min(total / total_possible, 1.0) if total_possible > 0 else None
    return CheckResult(
        touchpoint_id=touchpoint_id,
        score=score,
        points=total,
        possible=total_possible,
        zone=None if score is None else Zone.RED if critical_red else form.zone(score),
        valid=bool(points) and not critical_unchecked and fsum(answered) >= (VALID_FROM - ROUNDING) * fsum(applicable),
        absent=absent > 0 and not applicable,
        forbidden_seen=forbidden_seen,
        forbidden_possible=forbidden_possible,
        skipped=skipped,
    )


def score_answer(criterion: FormCriterion, given: Given) -> Outcome:
    """Zone and points of one answer; an answer with a fault counts as not given."""
    if answer_fault(criterion, given):
        return NOT_GIVEN
    if not criterion.scored:
        return NOT_SCORED[given.status]
    if given.status is not Status.ANSWERED:
        return LEFT_OUT[given.status]
    if criterion.kind is Kind.STATES:
        zone, share = _score_states(criterion, given.states)
    elif criterion.kind is Kind.MEASURE:
        # answer_fault has seen to it that this is a finite number; only the type checker cannot know.
        zone = _zone_of_measure(criterion, float(given.value or 0))
        share = POINTS[zone]
    else:
        zone, share = _score_choice([criterion.options[option] for option in given.options], criterion)
    return Outcome(
        zone=zone,
        points=criterion.weight * share,
        possible=criterion.weight,
        forbidden_seen=len(criterion.forbidden & given.states),
        forbidden_possible=len(criterion.forbidden),
        share=share,
        status=Status.ANSWERED,
    )


def answer_fault(criterion: FormCriterion, given: Given) -> Fault | None:
    """What makes this answer impossible for this criterion, or None.

    A foreign state or option is a fault whatever the status. Other content beside "not applicable" or
    "could not check" is what the inspector had entered before, and does no harm.
    """
    if not given.states <= criterion.states.keys():
        return Fault.UNKNOWN_STATE
    if not given.options <= criterion.options.keys():
        return Fault.UNKNOWN_OPTION
    if given.status is Status.NOT_APPLICABLE and not criterion.may_be_not_applicable:
        return Fault.MUST_BE_APPLICABLE
    if given.status is not Status.ANSWERED:
        return None
    if criterion.kind is Kind.MEASURE:
        if given.value is None:
            return Fault.WITHOUT_CONTENT
        if not _is_number(given.value):
            return Fault.NOT_A_NUMBER
        return None if _is_plausible(float(given.value), criterion.unit) else Fault.OUT_OF_RANGE
    if criterion.kind is Kind.CHOICE:
        if not given.options:
            return Fault.WITHOUT_CONTENT
        if len(given.options) > 1 and not criterion.several:
            return Fault.SEVERAL_OPTIONS
    return None


def _is_plausible(value: float, unit: str | None) -> bool:
    """Whether an inspector can have meant this value. The phone asks the same, in words (visit.js)."""
    return 0 <= value <= 100 if unit == "percent" else 0 <= value < TOO_MUCH


def _is_number(value: float | str) -> bool:
    """JSON's true is an int to Python, and its integers may be longer than any float."""
    if isinstance(value, (bool, str)):
        return False
    try:
        return isfinite(value)
    except OverflowError:
        return False


def _score_states(criterion: FormCriterion, states: frozenset[UUID]) -> tuple[Zone, float]:
    if criterion.forbidden & states:
        return Zone.RED, 0.0
    seen = criterion.expected.keys() & states
    if len(seen) >= criterion.enough or not criterion.expected:
        return Zone.GREEN, 1.0
    if not seen or criterion.all_or_nothing:
        return Zone.RED, 0.0
    weights = fsum(criterion.expected.values())
    if weights == 0:
        return Zone.YELLOW, len(seen) / len(criterion.expected)
    return Zone.YELLOW, fsum(criterion.expected[state] for state in seen) / weights


def _zone_of_measure(criterion: FormCriterion, value: float) -> Zone:
    """Green's limit is asked first, then red's, both inclusive; where one is missing there is no yellow."""
    sign = 1 if criterion.lower_is_better else -1
    if criterion.green_limit is not None and sign * value <= sign * criterion.green_limit:
        return Zone.GREEN
    if criterion.red_limit is None or sign * value >= sign * criterion.red_limit:
        return Zone.RED
    return Zone.GREEN if criterion.green_limit is None else Zone.YELLOW


def _score_choice(chosen: Sequence[FormOption], criterion: FormCriterion) -> tuple[Zone, float]:
    """Zone and share of a choice.

    An option's own points take the place of its zone's. Of several options with points of their own the points are
    added, up to 1, as the seen states are; options without add nothing then, and an answer with a red one earns 0.
    """
    if not criterion.several:
        (option,) = chosen
        return option.zone, POINTS[option.zone] if option.points is None else option.points
    greens = {option.id for option in criterion.options.values() if option.zone is Zone.GREEN}
    if any(option.zone is Zone.RED for option in chosen):
        return Zone.RED, 0.0
    zone = Zone.GREEN if {option.id for option in chosen} == greens else Zone.YELLOW
    if all(option.points is None for option in criterion.options.values()):
        return zone, POINTS[zone]
    return zone, min(1.0, fsum(option.points or 0.0 for option in chosen))


POINTS = {Zone.GREEN: 1.0, Zone.YELLOW: 0.5, Zone.RED: 0.0}
"""Share of a criterion's weight that a zone earns; states earn by what was seen."""


def _worth_nothing(zone: Zone | None, status: Status | None) -> Outcome:
    return Outcome(zone, points=0.0, possible=0.0, forbidden_seen=0, forbidden_possible=0, share=0.0, status=status)


NOT_GIVEN = _worth_nothing(None, None)
NOT_SCORED = {status: _worth_nothing(None, status) for status in Status}
LEFT_OUT = {
    Status.NOT_APPLICABLE: _worth_nothing(Zone.NOT_APPLICABLE, Status.NOT_APPLICABLE),
    Status.COULD_NOT_CHECK: _worth_nothing(None, Status.COULD_NOT_CHECK),
}
