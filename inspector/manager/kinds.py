"""What the pages need of each kind of criterion, as data: a new kind is a new entry here and nothing else in the pages.

The rules of a kind stand in checklists/scoring/kinds.py, what the phone shows of it in phone/kinds.js and
phone/screens/kinds.js.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import Any

from babel.numbers import get_currency_name
from flask_babel import (
    LazyString,
    format_currency,
    format_date,
    format_datetime,
    format_decimal,
    get_locale,
    lazy_gettext,
    ngettext,
)
from flask_babel import gettext as _

from checklists.checklist import Comment, Direction, Evidence, OptionDesign, OptionZone, Polarity, StateDesign, Unit
from checklists.scoring import RULES, FormCriterion, Kind
from checklists.scoring import Rules as Scoring
from checklists.visits import Answer
from inspector.languages import words
from inspector.manager.fields import Field, Group, Rows, Type, Words
from inspector.manager.words import DIRECTIONS, UNITS, ZONES

MOST_WEIGHT = 1_000
MOST_DECIMALS = 3
CURRENCIES = ("RUB", "USD", "EUR", "BYN", "KZT", "UZS", "KGS", "AMD", "GEL", "AZN", "TRY", "AED", "GBP", "CNY")


class Control(StrEnum):
    """With what an inspector answers; the preview shows it."""

    PARTS = "parts"
    NUMBER = "number"
    SCALE = "scale"
    LINES = "lines"
    DATE = "date"
    TAP = "tap"
    PHOTOS = "photos"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPages:
    """One kind: its name, when to use it, what its form asks, and how an answer (one that was given) is said.

    `start` is what an empty form shows of the rules that all kinds share, where that is another than usual; `fixed`
    is what of these rules is not asked at all.
    """

    name: Words
    description: Words
    control: Control
    show_answer: Callable[[FormCriterion, Answer], str]
    groups: tuple[Group, ...] = ()
    start: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(each for group in self.groups for each in group.fields)

    @property
    def rows(self) -> tuple[Rows, ...]:
        return tuple(each for group in self.groups for each in group.rows)


def _states(criterion: FormCriterion, answer: Answer) -> str:
    seen = [words(state.text) for state in criterion.states.values() if str(state.id) in answer.states]
    return "; ".join(seen) or str(_("None of these"))


def _options(criterion: FormCriterion, answer: Answer) -> str:
    chosen = [words(option.text) for option in criterion.options.values() if str(option.id) in answer.options]
    return "; ".join([*chosen, *([_("“%(text)s”", text=answer.words)] if answer.words else [])])


def _number(criterion: FormCriterion, answer: Answer) -> str:
    if answer.value is None:
        return ""
    unit = UNITS.get(Unit(criterion.unit), "") if criterion.unit else ""
    return f"{format_decimal(round(answer.value, max(criterion.decimals, 1)))} {unit}".strip()


def _rating(criterion: FormCriterion, answer: Answer) -> str:
    if answer.value is None:
        return ""
    value, highest = format_decimal(answer.value), format_decimal(criterion.settings["highest"])
    return str(_("%(value)s of %(highest)s", value=value, highest=highest))


def _money(criterion: FormCriterion, answer: Answer) -> str:
    currency = criterion.settings["currency"]
    return "" if answer.value is None else str(format_currency(answer.value, currency, "#,##0.00 ¤"))


def _date(_criterion: FormCriterion, answer: Answer) -> str:
    return str(format_date(date.fromisoformat(answer.words), "d MMM y")) if answer.words else ""


def _moment(_criterion: FormCriterion, answer: Answer) -> str:
    # By the clock of the place, which the answer carries along.
    if not answer.words:
        return ""
    return str(format_datetime(datetime.fromisoformat(answer.words), "d MMM y, HH:mm:ss", rebase=False))


def _photos(_criterion: FormCriterion, answer: Answer) -> str:
    return str(ngettext("%(num)s photo", "%(num)s photos", len(answer.photo_ids)))


def _currencies() -> dict[str, Words]:
    def named(code: str) -> str:
        return f"{code} – {get_currency_name(code, locale=get_locale())}"

    return {code: LazyString(partial(named, code)) for code in CURRENCIES}


def _enough() -> dict[str, Words]:
    choices: dict[str, Words] = {"all": lazy_gettext("all of them"), "any": lazy_gettext("any one")}
    for count in range(2, 21):
        choices[str(count)] = lazy_gettext("at least %(count)s", count=count)
    return choices


_DESCRIPTION = Field("description", lazy_gettext("Explanation or sample phrase"), Type.WORDS, more=True)
_WEIGHT = Field("weight", lazy_gettext("Weight"), Type.NUMBER, least=0, most=MOST_WEIGHT, required=True, start=1.0)
_UNIT = Field("unit", lazy_gettext("Unit"), Type.CHOICE, choices=UNITS, start=Unit.SECONDS)
_DECIMALS = Field("decimals", lazy_gettext("Decimals"), Type.WHOLE, least=0, most=MOST_DECIMALS, start=0, more=True)


def _limits(after: Words, direction: Direction) -> Group:
    """What a number is scored by; a kind that has other limits than usual begins with another direction."""
    return Group(
        lazy_gettext("When is it green, when red?"),
        (
            Field("direction", lazy_gettext("Direction"), Type.CHOICE, choices=DIRECTIONS, start=direction),
            Field(
                "green_limit", lazy_gettext("Green limit"), Type.NUMBER, hint=lazy_gettext("Still green at this value.")
            ),
            Field("red_limit", lazy_gettext("Red limit"), Type.NUMBER, hint=lazy_gettext("Red from this value on.")),
            Field(
                "linear",
                lazy_gettext("Points grow evenly between red and green"),
                Type.TICK,
                short=lazy_gettext("Points grow between the limits"),
            ),
        ),
        after=after,
    )


_OPEN_LIMITS = lazy_gettext(
    "Between the two it is yellow. With one limit only there is no yellow; without any it is a fact and not scored."
)

KINDS: Mapping[Kind, KindPages] = {
    Kind.STATES: KindPages(
        name=lazy_gettext("states"),
        description=lazy_gettext("What should be seen and what must not be: the inspector marks everything seen."),
        control=Control.PARTS,
        show_answer=_states,
        groups=(
            Group(
                lazy_gettext("Expected states"),
                (
                    Rows(
                        name="expected",
                        label=lazy_gettext("Expected %(number)s"),
                        more=lazy_gettext("More rows for expected states"),
                        empty=3,
                        part="states",
                        fields=(_WEIGHT, _DESCRIPTION),
                        design=partial(StateDesign, polarity=Polarity.EXPECTED),
                        belongs=lambda state: state.polarity is Polarity.EXPECTED,
                    ),
                ),
                hint=lazy_gettext(
                    "What one sees when all is as it should be, one short sentence each. An empty row is left out."
                ),
            ),
            Group(
                lazy_gettext("Forbidden states"),
                (
                    Rows(
                        name="forbidden",
                        label=lazy_gettext("Forbidden %(number)s"),
                        more=lazy_gettext("More rows for forbidden states"),
                        empty=2,
                        part="states",
                        fields=(_DESCRIPTION,),
                        design=partial(StateDesign, polarity=Polarity.FORBIDDEN),
                        belongs=lambda state: state.polarity is Polarity.FORBIDDEN,
                    ),
                ),
                hint=lazy_gettext("What must never be seen. Any one of them makes the criterion red."),
            ),
            Group(
                lazy_gettext("How many expected states are enough for green?"),
                (
                    Field("enough", lazy_gettext("Enough"), Type.CHOICE, choices=_enough(), start="all"),
                    Field(
                        "all_or_nothing",
                        lazy_gettext("All or nothing: some but not enough is red, not yellow"),
                        Type.TICK,
                        short=lazy_gettext("All or nothing"),
                    ),
                ),
            ),
        ),
    ),
    Kind.CHOICE: KindPages(
        name=lazy_gettext("choice"),
        description=lazy_gettext("One answer of a few, or several: each is green, yellow or red. For tests too."),
        control=Control.PARTS,
        show_answer=_options,
        groups=(
            Group(
                lazy_gettext("Options"),
                (
                    Field(
                        "several",
                        lazy_gettext("Several may be chosen: green are exactly all the green ones together"),
                        Type.TICK,
                        short=lazy_gettext("Several may be chosen"),
                    ),
                    Rows(
                        name="options",
                        label=lazy_gettext("Option %(number)s"),
                        more=lazy_gettext("More rows for options"),
                        empty=4,
                        part="options",
                        fields=(
                            Field("zone", lazy_gettext("Zone"), Type.CHOICE, choices=ZONES, start=OptionZone.GREEN),
                            Field("free_text", lazy_gettext("with own words"), Type.TICK),
                            Field(
                                "points",
                                lazy_gettext("Points of its own, per cent"),
                                Type.PERCENT,
                                short=lazy_gettext("Points of its own"),
                                least=0,
                                most=100,
                                hint=lazy_gettext("Empty: green 100, yellow 50, red 0."),
                                more=True,
                            ),
                            _DESCRIPTION,
                        ),
                        design=OptionDesign,
                    ),
                ),
                hint=lazy_gettext("An empty row is left out."),
            ),
        ),
    ),
    Kind.RATING: KindPages(
        name=lazy_gettext("rating"),
        description=lazy_gettext("A number on a short scale, such as 1 to 5 or 0 to 10, with words at its ends."),
        control=Control.SCALE,
        show_answer=_rating,
        groups=(
            Group(
                lazy_gettext("Scale"),
                (
                    Field("lowest", lazy_gettext("From"), Type.WHOLE, least=0, most=1, start=1, setting=True),
                    Field("highest", lazy_gettext("To"), Type.WHOLE, least=2, most=10, start=5, setting=True),
                    Field("lowest_words", lazy_gettext("Words at the low end"), Type.WORDS, setting=True),
                    Field("highest_words", lazy_gettext("Words at the high end"), Type.WORDS, setting=True),
                ),
            ),
            _limits(_OPEN_LIMITS, Direction.HIGHER_IS_BETTER),
        ),
    ),
    Kind.MEASURE: KindPages(
        name=lazy_gettext("measure"),
        description=lazy_gettext("Something that is counted or measured: a wait, a number of rings, a share."),
        control=Control.NUMBER,
        show_answer=_number,
        groups=(
            Group(lazy_gettext("Measure"), (_UNIT, _DECIMALS)),
            _limits(
                lazy_gettext("Between the two it is yellow. With one limit only there is no yellow."),
                Direction.LOWER_IS_BETTER,
            ),
        ),
    ),
    Kind.TEXT: KindPages(
        name=lazy_gettext("text"),
        description=lazy_gettext("A fact in the inspector's own words, such as what the employee recommended."),
        control=Control.LINES,
        show_answer=lambda _criterion, answer: answer.words or "",
        start={"comment": Comment.NONE},
    ),
    Kind.DATE: KindPages(
        name=lazy_gettext("date"),
        description=lazy_gettext("A day, such as the one that was promised for the delivery."),
        control=Control.DATE,
        show_answer=_date,
        start={"comment": Comment.NONE},
    ),
    Kind.TIME_STAMP: KindPages(
        name=lazy_gettext("time stamp"),
        description=lazy_gettext("The moment of one tap: entered the shop, was greeted, got the order."),
        control=Control.TAP,
        show_answer=_moment,
        start={"evidence": Evidence.NONE, "comment": Comment.NONE},
    ),
    Kind.DURATION: KindPages(
        name=lazy_gettext("duration"),
        description=lazy_gettext("The time between two time stamps of the same section, worked out by itself."),
        control=Control.NOTHING,
        show_answer=_number,
        groups=(
            Group(
                lazy_gettext("Between which time stamps?"),
                (
                    Field(
                        "from",
                        lazy_gettext("From"),
                        Type.OFFERED,
                        of_kind=Kind.TIME_STAMP,
                        setting=True,
                        blank=lazy_gettext("Choose a time stamp"),
                    ),
                    Field(
                        "until",
                        lazy_gettext("Until"),
                        Type.OFFERED,
                        of_kind=Kind.TIME_STAMP,
                        setting=True,
                        blank=lazy_gettext("Choose a time stamp"),
                    ),
                    Field(
                        "unit",
                        lazy_gettext("Unit"),
                        Type.CHOICE,
                        choices={unit: UNITS[unit] for unit in (Unit.SECONDS, Unit.MINUTES)},
                        start=Unit.MINUTES,
                    ),
                ),
                hint=lazy_gettext("Add the two time stamps to this section first."),
            ),
            _limits(_OPEN_LIMITS, Direction.LOWER_IS_BETTER),
        ),
        fixed={
            "required": False,
            "evidence": Evidence.NONE,
            "evidence_at_least": 1,
            "comment": Comment.NONE,
            "may_be_not_applicable": False,
        },
    ),
    Kind.MONEY: KindPages(
        name=lazy_gettext("money"),
        description=lazy_gettext("An amount that was asked or paid, in one currency."),
        control=Control.NUMBER,
        show_answer=_money,
        groups=(
            Group(
                lazy_gettext("Money"),
                (
                    Field(
                        "currency",
                        lazy_gettext("Currency"),
                        Type.CHOICE,
                        choices=_currencies(),
                        start="RUB",
                        setting=True,
                    ),
                    _DECIMALS,
                ),
            ),
        ),
    ),
    Kind.PHOTO: KindPages(
        name=lazy_gettext("photo"),
        description=lazy_gettext("Photos as the answer itself: the shop window, the receipt, the price tags."),
        control=Control.PHOTOS,
        show_answer=_photos,
        start={"evidence": Evidence.REQUIRED, "comment": Comment.NONE},
    ),
}


KIND_NAMES = {kind: pages.name for kind, pages in KINDS.items()}


def is_number(kind: Kind) -> bool:
    """Whether conditions can compare an answer of this kind with a number."""
    return type(RULES[kind]).number is not Scoring.number
