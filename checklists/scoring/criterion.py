"""One criterion of a published version, and one answer to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from checklists.scoring.conditions import ShownWhen
    from checklists.scoring.kinds import Kind, Rules


class Zone(StrEnum):
    """The outcome of one answer or one check."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    NOT_APPLICABLE = "not_applicable"


POINTS = {Zone.GREEN: 1.0, Zone.YELLOW: 0.5, Zone.RED: 0.0}
"""Share of a criterion's weight that a zone earns, where nothing finer was set."""


class Status(StrEnum):
    """What the inspector did with a criterion."""

    ANSWERED = "answered"
    NOT_APPLICABLE = "not_applicable"
    COULD_NOT_CHECK = "could_not_check"


class Fault(StrEnum):
    """Why an answer cannot stand; such an answer counts as not given."""

    UNKNOWN_CRITERION = "unknown_criterion"
    GIVEN_TWICE = "given_twice"
    REPEATED = "repeated"
    UNKNOWN_STATE = "unknown_state"
    UNKNOWN_OPTION = "unknown_option"
    MUST_BE_APPLICABLE = "must_be_applicable"
    WITHOUT_CONTENT = "without_content"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_DATE = "not_a_date"
    NOT_A_MOMENT = "not_a_moment"
    OUT_OF_RANGE = "out_of_range"
    SEVERAL_OPTIONS = "several_options"


@dataclass(frozen=True, slots=True)
class FormState:
    """One state that the inspector may see; `weight` matters for expected states only."""

    id: UUID
    lineage_id: UUID
    text: Mapping[str, str]
    description: Mapping[str, str]
    forbidden: bool
    weight: float


@dataclass(frozen=True, slots=True)
class FormOption:
    """One option of a choice; `points` in [0, 1] take the place of the zone's points."""

    id: UUID
    lineage_id: UUID
    text: Mapping[str, str]
    description: Mapping[str, str]
    zone: Zone
    points: float | None
    free_text: bool


@dataclass(frozen=True, slots=True)
class FormCriterion:
    """One criterion of a published version.

    `enough` is the number of expected states that make it green; limits, direction and `linear` belong to numbers;
    `scored` is false for facts too, whatever was set.
    """

    id: UUID
    lineage_id: UUID
    section_id: UUID
    touchpoint_id: UUID
    kind: Kind
    rules: Rules
    text: Mapping[str, str]
    guidance: Mapping[str, str]
    pictures: Sequence[str]
    weight: float
    required: bool
    scored: bool
    critical: str | None
    critical_cap: float | None
    barrier_id: UUID | None
    may_be_not_applicable: bool
    comment: str
    evidence: str
    evidence_at_least: int
    shown_when: ShownWhen | None
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
    linear: bool
    several: bool
    options: Mapping[UUID, FormOption]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as it was given. An answered states criterion without states means "none of these"."""

    criterion_id: UUID
    repetition: int
    status: Status
    states: frozenset[UUID] = frozenset()
    options: frozenset[UUID] = frozenset()
    value: float | str | None = None
