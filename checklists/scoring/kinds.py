"""The kinds of criteria: how each is answered, what makes an answer impossible, and its zone and share of the points.

One class per kind, listed in `RULES`. Whoever adds a kind adds a class here; the phone has its counterpart in
`kinds.js`, the pages in `manager/kinds.py`. What only one kind uses stands in a criterion's `settings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from math import fsum, isfinite
from typing import Any
from uuid import UUID

from checklists.errors import N_
from checklists.scoring.criterion import POINTS, Fault, FormCriterion, Given, Status, Zone

TOO_MUCH = 1e9
"""Seconds, minutes, pieces or money: a longer number is a slip of the thumb."""


class Kind(StrEnum):
    """How a criterion is asked."""

    STATES = "states"
    CHOICE = "choice"
    RATING = "rating"
    MEASURE = "measure"
    TEXT = "text"
    DATE = "date"
    TIME_STAMP = "time_stamp"
    DURATION = "duration"
    MONEY = "money"
    PHOTO = "photo"


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
    return criterion.rules.fault(criterion, given) if given.status is Status.ANSWERED else None


class Rules:
    """What a kind has of its own. The base is a fact: anything may be answered, and nothing is scored."""

    fact = True
    settings: tuple[str, ...] = ()
    """What of a criterion's settings the phone needs; none of it may tell what is green."""
    references: tuple[str, ...] = ()
    """Which of the settings name other criteria."""
    lower_is_better = True
    """Which way is better where a criterion does not say."""

    def has_zones(self, criterion: FormCriterion) -> bool:
        """Whether an answer can come out green or red at all."""
        return not self.fact

    def fault(self, criterion: FormCriterion, given: Given) -> Fault | None:
        """What makes an answered answer impossible."""
        return None

    def outcome(self, criterion: FormCriterion, given: Given) -> tuple[Zone, float]:
        """Zone and share (0..1) of the weight; asked only where there are zones and no fault."""
        raise NotImplementedError

    def number(self, criterion: FormCriterion, given: Given) -> float | None:
        """The answer as a number that conditions may compare, or None."""
        return None

    def not_green_when(self, criterion: FormCriterion) -> list[dict[str, Any]]:
        """Plain tests for the phone, any of which means that the answer is not green."""
        return []

    def missing(self, criterion: FormCriterion) -> Iterator[str]:
        """What keeps such a criterion from being published, as catalogue keys."""
        return iter(())


class States(Rules):
    fact = False

    def outcome(self, criterion: FormCriterion, given: Given) -> tuple[Zone, float]:
        if criterion.forbidden & given.states:
            return Zone.RED, 0.0
        seen = criterion.expected.keys() & given.states
        if len(seen) >= criterion.enough or not criterion.expected:
            return Zone.GREEN, 1.0
        if not seen or criterion.all_or_nothing:
            return Zone.RED, 0.0
        weights = fsum(criterion.expected.values())
        if weights == 0:
            return Zone.YELLOW, len(seen) / len(criterion.expected)
        return Zone.YELLOW, fsum(criterion.expected[state] for state in seen) / weights

    def not_green_when(self, criterion: FormCriterion) -> list[dict[str, Any]]:
        tests: list[dict[str, Any]] = []
        if criterion.forbidden:
            tests.append({"states_any": sorted(map(str, criterion.forbidden))})
        if criterion.expected:
            tests.append({"states_fewer": {"than": criterion.enough, "of": sorted(map(str, criterion.expected))}})
        return tests

    def missing(self, criterion: FormCriterion) -> Iterator[str]:
        if not criterion.states:
            yield N_("a criterion has no states.")


class Choice(Rules):
    fact = False

    def fault(self, criterion: FormCriterion, given: Given) -> Fault | None:
        if not given.options:
            return Fault.WITHOUT_CONTENT
        return Fault.SEVERAL_OPTIONS if len(given.options) > 1 and not criterion.several else None

    def outcome(self, criterion: FormCriterion, given: Given) -> tuple[Zone, float]:
        """An option's own points take the place of its zone's. Of several options with points of their own the points
        are added, up to 1, as the seen states are; options without add nothing then, and a red one earns 0.
        """
        chosen = [criterion.options[option] for option in given.options]
        if not criterion.several:
            (option,) = chosen
            return option.zone, POINTS[option.zone] if option.points is None else option.points
        if any(option.zone is Zone.RED for option in chosen):
            return Zone.RED, 0.0
        zone = Zone.GREEN if given.options == self._greens(criterion) else Zone.YELLOW
        if all(option.points is None for option in criterion.options.values()):
            return zone, POINTS[zone]
        return zone, min(1.0, fsum(option.points or 0.0 for option in chosen))

    def not_green_when(self, criterion: FormCriterion) -> list[dict[str, Any]]:
        greens = self._greens(criterion)
        if criterion.several:
            return [{"options_not_exactly": sorted(map(str, greens))}]
        return [{"options_any": sorted(map(str, criterion.options.keys() - greens))}]

    def missing(self, criterion: FormCriterion) -> Iterator[str]:
        if len(criterion.options) < 2:
            yield N_("a choice has fewer than two options.")

    @staticmethod
    def _greens(criterion: FormCriterion) -> frozenset[UUID]:
        return frozenset(option.id for option in criterion.options.values() if option.zone is Zone.GREEN)


class Number(Rules):
    """A number with limits of green and red; without limits it is a fact."""

    fact = False

    def has_zones(self, criterion: FormCriterion) -> bool:
        return criterion.green_limit is not None or criterion.red_limit is not None

    def fault(self, criterion: FormCriterion, given: Given) -> Fault | None:
        if given.value is None:
            return Fault.WITHOUT_CONTENT
        if not is_number(given.value):
            return Fault.NOT_A_NUMBER
        return None if self._is_plausible(float(given.value), criterion) else Fault.OUT_OF_RANGE

    def _is_plausible(self, value: float, criterion: FormCriterion) -> bool:
        """Whether an inspector can have meant this value. The phone asks the same, in words (kinds.js)."""
        return 0 <= value <= 100 if criterion.unit == "percent" else 0 <= value < TOO_MUCH

    def number(self, criterion: FormCriterion, given: Given) -> float | None:
        return None if self.fault(criterion, given) else float(given.value or 0)

    def outcome(self, criterion: FormCriterion, given: Given) -> tuple[Zone, float]:
        value = self.number(criterion, given) or 0.0
        zone = self._zone(criterion, value)
        green, red = criterion.green_limit, criterion.red_limit
        if not criterion.linear or green is None or red is None or green == red:
            return zone, POINTS[zone]
        return zone, min(1.0, max(0.0, (value - red) / (green - red)))

    @staticmethod
    def _zone(criterion: FormCriterion, value: float) -> Zone:
        """Green's limit is asked first, then red's, both inclusive; where one is missing there is no yellow."""
        sign = 1 if criterion.lower_is_better else -1
        if criterion.green_limit is not None and sign * value <= sign * criterion.green_limit:
            return Zone.GREEN
        if criterion.red_limit is None or sign * value >= sign * criterion.red_limit:
            return Zone.RED
        return Zone.GREEN if criterion.green_limit is None else Zone.YELLOW

    def not_green_when(self, criterion: FormCriterion) -> list[dict[str, Any]]:
        if criterion.green_limit is not None:
            return [{"above" if criterion.lower_is_better else "below": criterion.green_limit}]
        if criterion.red_limit is not None:
            return [{"at_least" if criterion.lower_is_better else "at_most": criterion.red_limit}]
        return []

    def missing(self, criterion: FormCriterion) -> Iterator[str]:
        if criterion.linear and (criterion.green_limit is None or criterion.red_limit is None):
            yield N_("points that grow between the limits need both limits.")


class Measure(Number):
    pass


class Rating(Number):
    """A whole number on a scale from `lowest` (0 or 1) to `highest`; its ends may have words."""

    settings = ("lowest", "highest", "lowest_words", "highest_words")
    lower_is_better = False

    def _is_plausible(self, value: float, criterion: FormCriterion) -> bool:
        return value.is_integer() and criterion.settings["lowest"] <= value <= criterion.settings["highest"]

    def missing(self, criterion: FormCriterion) -> Iterator[str]:
        yield from super().missing(criterion)
        lowest, highest = criterion.settings.get("lowest", 1), criterion.settings.get("highest", 0)
        if lowest not in (0, 1) or not lowest < highest <= 10:
            yield N_("a rating needs a scale that begins at 0 or 1 and ends at 10 at most.")


class Duration(Number):
    """The time between two time stamps of the same section, in the criterion's unit. Nobody enters it."""

    settings = ("from", "until")
    references = ("from", "until")

    def missing(self, criterion: FormCriterion) -> Iterator[str]:
        yield from super().missing(criterion)
        if not all(criterion.settings.get(end) for end in self.references):
            yield N_("a duration needs the two time stamps between which it lies.")

    @staticmethod
    def derive(criterion: FormCriterion, start: Given, end: Given) -> Given | None:
        """The duration between two answered time stamps, or None where the end lies before the start."""
        seconds = (_moment(end.value) - _moment(start.value)).total_seconds()
        if seconds < 0:
            return None
        value = seconds / 60 if criterion.unit == "minutes" else seconds
        return Given(criterion.id, start.repetition, Status.ANSWERED, value=value)


class Money(Rules):
    settings = ("currency",)

    def fault(self, criterion: FormCriterion, given: Given) -> Fault | None:
        return RULES[Kind.MEASURE].fault(criterion, given)

    def number(self, criterion: FormCriterion, given: Given) -> float | None:
        return RULES[Kind.MEASURE].number(criterion, given)


class Text(Rules):
    def fault(self, criterion: FormCriterion, given: Given) -> Fault | None:
        return None if isinstance(given.value, str) and given.value.strip() else Fault.WITHOUT_CONTENT


class Date(Rules):
    def fault(self, criterion: FormCriterion, given: Given) -> Fault | None:
        if not given.value:
            return Fault.WITHOUT_CONTENT
        try:
            date.fromisoformat(given.value if isinstance(given.value, str) else "")
        except ValueError:
            return Fault.NOT_A_DATE
        return None


class TimeStamp(Rules):
    """A moment with its offset, as one tap notes it."""

    def fault(self, criterion: FormCriterion, given: Given) -> Fault | None:
        try:
            _moment(given.value)
        except ValueError:
            return Fault.NOT_A_MOMENT if given.value else Fault.WITHOUT_CONTENT
        return None


class PhotoFact(Rules):
    """The photos are the answer; how many there must be, the evidence says."""


def _moment(value: float | str | None) -> datetime:
    """Raises ValueError for what is no moment, and for one that says no offset."""
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset")
    return moment


def is_number(value: float | str) -> bool:
    """Whether it is a finite float, or fits into one: JSON's true is an int to Python, and its integers may be longer
    than any float.
    """
    if isinstance(value, (bool, str)):
        return False
    try:
        return isfinite(value)
    except OverflowError:
        return False


RULES: Mapping[Kind, Rules] = {
    Kind.STATES: States(),
    Kind.CHOICE: Choice(),
    Kind.RATING: Rating(),
    Kind.MEASURE: Measure(),
    Kind.TEXT: Text(),
    Kind.DATE: Date(),
    Kind.TIME_STAMP: TimeStamp(),
    Kind.DURATION: Duration(),
    Kind.MONEY: Money(),
    Kind.PHOTO: PhotoFact(),
}
