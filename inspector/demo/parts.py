"""What an engagement of the demo consists of, and short ways to write it down in both languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from checklists.brands import OutletDesign
from checklists.checklist import (
    CriterionDesign,
    Direction,
    OptionDesign,
    OptionZone,
    Polarity,
    Purpose,
    StateDesign,
    Unit,
)
from checklists.journey import Channel
from checklists.orm import LanguageMap
from checklists.people import Role
from checklists.scoring import Kind


@dataclass(frozen=True, slots=True)
class DemoPerson:
    role: Role
    name: str
    email: str
    language: str = "ru"


@dataclass(frozen=True, slots=True)
class DemoTouchpoint:
    """`key` is what the rest of the demo calls it; barriers are by such a key too."""

    key: str
    name: LanguageMap
    channel: Channel
    barriers: Mapping[str, LanguageMap]


@dataclass(frozen=True, slots=True)
class DemoStage:
    name: LanguageMap
    touchpoints: Sequence[DemoTouchpoint]


@dataclass(frozen=True, slots=True)
class DemoBrand:
    """The first brand of an engagement is the own one."""

    name: str
    outlets: Sequence[OutletDesign]


@dataclass(frozen=True, slots=True)
class DemoCondition:
    """A condition of shown-when, as in the database, but with a criterion's key and the number of a state or option."""

    test: Mapping[str, Any]
    criterion: str | None = None
    part: int | None = None


@dataclass(frozen=True, slots=True)
class DemoCriterion:
    """A criterion, and what an inspector of the demo may answer.

    `typical` is the range of a number without limits, or that of a date in days from the visit; `usual` that of a
    number at each brand, where no outlet has its own. `words` are what stands in a text, `remarks` beside an answer
    that is not green: a mild and a severe one in turn. `scene` is what a photo of it shows, `picture` the scene of the
    guidance's reference picture. `stamps` are the keys of the two time stamps that a duration lies between.
    """

    key: str
    design: CriterionDesign
    barrier: str | None = None
    shown_when: Sequence[DemoCondition] = ()
    stamps: tuple[str, str] | None = None
    typical: tuple[float, float] = (0, 0)
    usual: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    words: Sequence[LanguageMap] = ()
    remarks: Sequence[LanguageMap] = ()
    scene: str | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class DemoSection:
    """`touchpoint` is the key of one. A repeating section has a label and `labels` of its repetitions."""

    touchpoint: str
    title: LanguageMap
    intro: LanguageMap
    required_checks: int
    criteria: Sequence[DemoCriterion]
    weight: float | None = None
    repeat_label: LanguageMap | None = None
    labels: Sequence[LanguageMap] = ()
    shown_when: Sequence[DemoCondition] = ()


@dataclass(frozen=True, slots=True)
class DemoChecklist:
    """`grades` are bands for reports, from a share of the points on; `minutes` is how long a visit takes."""

    key: str
    name: LanguageMap
    sections: Sequence[DemoSection]
    brief: LanguageMap
    purpose: Purpose = Purpose.VISIT
    blind: bool = True
    staff_met: bool = False
    grades: Sequence[tuple[float, LanguageMap]] = ()
    minutes: tuple[int, int] = (20, 40)
    published: bool = True


@dataclass(frozen=True, slots=True)
class DemoRevision:
    """What the next version of a checklist changes, by the keys of criteria: new words, other limits, new, removed."""

    checklist: str
    reworded: Mapping[str, LanguageMap]
    red_limits: Mapping[str, float]
    added: Mapping[str, DemoCriterion]
    """New criteria, by the key of one in whose section they go."""
    removed: Sequence[str]


@dataclass(frozen=True, slots=True)
class DemoWave:
    """A wave that began `begins` before today and takes `lasts`; required checks by touchpoint and brand.

    `number` counts from 0.
    """

    number: int
    name: LanguageMap
    brief: LanguageMap
    begins: timedelta
    lasts: timedelta
    day_parts: Sequence[tuple[int, int]] = ()
    required: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DemoEngagement:
    """One client's project and the agency that has it."""

    agency_slug: str
    agency: str
    slug: str
    name: LanguageMap
    people: Sequence[DemoPerson]
    journey: LanguageMap
    stages: Sequence[DemoStage]
    brands: Sequence[DemoBrand]
    checklists: Sequence[DemoChecklist]
    staff_names: bool = False


def both(ru: str, en: str) -> LanguageMap:
    """One text in the two languages of the demo."""
    return {"ru": ru, "en": en}


NO_TEXT: LanguageMap = {}
_OF_THE_DEMO = {"barrier", "shown_when", "stamps", "typical", "usual", "words", "remarks", "scene", "picture"}


def fact(kind: Kind, key: str, text: LanguageMap, guidance: LanguageMap = NO_TEXT, **settings: Any) -> DemoCriterion:
    """A criterion of any kind; `settings` are fields of its design or of DemoCriterion."""
    own = {name: settings.pop(name) for name in _OF_THE_DEMO & settings.keys()}
    return DemoCriterion(key, CriterionDesign(kind, text, guidance, **settings), **own)


def states(key: str, text: LanguageMap, *parts: StateDesign, **settings: Any) -> DemoCriterion:
    return fact(Kind.STATES, key, text, states=parts, **settings)


def good(ru: str, en: str, weight: float = 1.0, description: LanguageMap = NO_TEXT) -> StateDesign:
    """An expected state."""
    return StateDesign(None, both(ru, en), Polarity.EXPECTED, weight, description)


def bad(ru: str, en: str, description: LanguageMap = NO_TEXT) -> StateDesign:
    """A forbidden state."""
    return StateDesign(None, both(ru, en), Polarity.FORBIDDEN, description=description)


def choice(key: str, text: LanguageMap, *options: OptionDesign, **settings: Any) -> DemoCriterion:
    return fact(Kind.CHOICE, key, text, options=options, **settings)


def green(ru: str, en: str, **settings: Any) -> OptionDesign:
    return OptionDesign(None, both(ru, en), OptionZone.GREEN, **settings)


def yellow(ru: str, en: str, **settings: Any) -> OptionDesign:
    return OptionDesign(None, both(ru, en), OptionZone.YELLOW, **settings)


def red(ru: str, en: str, **settings: Any) -> OptionDesign:
    return OptionDesign(None, both(ru, en), OptionZone.RED, **settings)


def measure(
    key: str,
    text: LanguageMap,
    unit: Unit,
    green_limit: float | None = None,
    red_limit: float | None = None,
    kind: Kind = Kind.MEASURE,
    **settings: Any,
) -> DemoCriterion:
    """A measure with its limits in `unit`; which side is the better one follows from them."""
    higher = green_limit is not None and red_limit is not None and green_limit > red_limit
    return fact(
        kind,
        key,
        text,
        unit=unit,
        direction=Direction.HIGHER_IS_BETTER if higher else Direction.LOWER_IS_BETTER,
        green_limit=green_limit,
        red_limit=red_limit,
        **settings,
    )


def duration(
    key: str, text: LanguageMap, stamps: tuple[str, str], unit: Unit, green_limit: float, red_limit: float, **more: Any
) -> DemoCriterion:
    """The time between two time stamps of the same section, with limits in `unit`."""
    return measure(key, text, unit, green_limit, red_limit, Kind.DURATION, stamps=stamps, **more)


def rating(
    key: str,
    text: LanguageMap,
    words: tuple[LanguageMap, LanguageMap],
    levels: tuple[int, int],
    limits: tuple[float, float],
    **settings: Any,
) -> DemoCriterion:
    """A rating with words at its lowest and highest level; limits of green and red."""
    scale = {"lowest": levels[0], "highest": levels[1], "lowest_words": words[0], "highest_words": words[1]}
    return fact(
        Kind.RATING,
        key,
        text,
        settings=scale,
        direction=Direction.HIGHER_IS_BETTER,
        green_limit=limits[0],
        red_limit=limits[1],
        **settings,
    )


def when_seen(criterion: str, part: int) -> DemoCondition:
    """The state or option with this number, from 0, was marked."""
    return DemoCondition({"test": "contains"}, criterion, part)


def when_number(criterion: str, test: str, number: float) -> DemoCondition:
    return DemoCondition({"test": test, "number": number}, criterion)


def when_outlet(attribute: str, value: str | None = None) -> DemoCondition:
    return DemoCondition({"attribute": attribute, "value": value})
