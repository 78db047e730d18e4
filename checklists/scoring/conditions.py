"""When a section or criterion is shown. The phone evaluates the same in conditions.js, the server once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from checklists.scoring.criterion import FormCriterion, Given


class Comparison(StrEnum):
    """How a condition looks at an earlier answer."""

    IS = "is"
    CONTAINS = "contains"
    BELOW = "below"
    AT_MOST = "at_most"
    EQUALS = "equals"
    AT_LEAST = "at_least"
    ABOVE = "above"


COMPARE: Mapping[Comparison, Callable[[float, float], bool]] = {
    Comparison.BELOW: lambda value, number: value < number,
    Comparison.AT_MOST: lambda value, number: value <= number,
    Comparison.EQUALS: lambda value, number: value == number,
    Comparison.AT_LEAST: lambda value, number: value >= number,
    Comparison.ABOVE: lambda value, number: value > number,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of an earlier answer, or of an attribute of the outlet. `part` is None for "none of these"."""

    criterion_id: UUID | None = None
    test: Comparison | None = None
    part: UUID | None = None
    number: float | None = None
    attribute: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class ShownWhen:
    """All or any of the conditions."""

    every: bool
    conditions: Sequence[Condition]


def read_shown_when(stored: Mapping[str, Any] | None) -> ShownWhen | None:
    """From the document's form; None where there is no condition, as it is always shown then."""
    if not stored or not stored["conditions"]:
        return None
    return ShownWhen(stored["match"] == "all", tuple(_read(condition) for condition in stored["conditions"]))


def _read(stored: Mapping[str, Any]) -> Condition:
    if "attribute" in stored:
        return Condition(attribute=stored["attribute"], value=stored.get("value"))
    part = stored.get("part")
    return Condition(
        criterion_id=UUID(stored["criterion"]),
        test=Comparison(stored["test"]),
        part=None if part in (None, "none") else UUID(part),
        number=stored.get("number"),
    )


AnswerOf = Callable[[UUID], "tuple[FormCriterion, Given] | None"]
"""The answer to an earlier criterion that was shown, answered and has no fault; None for every other."""


def is_shown(shown_when: ShownWhen | None, answer_of: AnswerOf, attributes: Mapping[str, str]) -> bool:
    """Whether the conditions hold; `attributes` are those of the outlet."""
    if shown_when is None:
        return True
    held = (_holds(condition, answer_of, attributes) for condition in shown_when.conditions)
    return all(held) if shown_when.every else any(held)


def _holds(condition: Condition, answer_of: AnswerOf, attributes: Mapping[str, str]) -> bool:
    if condition.attribute is not None:
        return _has_attribute(condition, attributes)
    assert condition.criterion_id is not None
    assert condition.test is not None
    found = answer_of(condition.criterion_id)
    if found is None:
        return False
    criterion, given = found
    if condition.test in COMPARE:
        value = criterion.rules.number(criterion, given)
        return value is not None and condition.number is not None and COMPARE[condition.test](value, condition.number)
    chosen = given.states | given.options
    if condition.part is None:
        return not chosen
    return condition.part in chosen and (condition.test is Comparison.CONTAINS or len(chosen) == 1)


def _has_attribute(condition: Condition, attributes: Mapping[str, str]) -> bool:
    wanted = (condition.attribute or "").casefold()
    value = next((value for name, value in attributes.items() if name.casefold() == wanted), None)
    return value is not None and (not condition.value or value.casefold() == condition.value.casefold())
