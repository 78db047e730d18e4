"""What an engagement of the demo consists of, and short ways to write it down in both languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from checklists.brands import OutletDesign
from checklists.checklist import CriterionDesign, Direction, OptionDesign, OptionZone, Polarity, StateDesign, Unit
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
    """`key` is what the rest of the demo calls it."""

    key: str
    name: LanguageMap
    channel: Channel
    barriers: Sequence[LanguageMap]


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
class DemoSection:
    """`touchpoint` is the key of one."""

    touchpoint: str
    title: LanguageMap
    intro: LanguageMap
    required_checks: int
    criteria: Sequence[CriterionDesign]


@dataclass(frozen=True, slots=True)
class DemoChecklist:
    key: str
    name: LanguageMap
    sections: Sequence[DemoSection]


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
    wave: LanguageMap
    brief: LanguageMap


def both(ru: str, en: str) -> LanguageMap:
    """One text in the two languages of the demo."""
    return {"ru": ru, "en": en}


NO_TEXT: LanguageMap = {}


def states(
    text: LanguageMap,
    *,
    expected: Sequence[LanguageMap],
    forbidden: Sequence[LanguageMap],
    guidance: LanguageMap = NO_TEXT,
    **settings: Any,
) -> CriterionDesign:
    """A criterion of states; `settings` are the design's other fields."""
    designs = [StateDesign(None, each, Polarity.EXPECTED) for each in expected]
    designs += [StateDesign(None, each, Polarity.FORBIDDEN) for each in forbidden]
    return CriterionDesign(Kind.STATES, text, guidance, states=designs, **settings)


def measure(
    text: LanguageMap,
    *,
    unit: Unit,
    green_up_to: float,
    red_from: float,
    guidance: LanguageMap = NO_TEXT,
    **settings: Any,
) -> CriterionDesign:
    """A measure of which less is better, with its limits in `unit`."""
    return CriterionDesign(
        Kind.MEASURE,
        text,
        guidance,
        unit=unit,
        direction=Direction.LOWER_IS_BETTER,
        green_limit=green_up_to,
        red_limit=red_from,
        **settings,
    )


def choice(
    text: LanguageMap,
    *,
    green: LanguageMap,
    yellow: LanguageMap,
    red: LanguageMap,
    guidance: LanguageMap = NO_TEXT,
    **settings: Any,
) -> CriterionDesign:
    """A choice of one of three options, one for each zone."""
    options = [
        OptionDesign(None, green, OptionZone.GREEN),
        OptionDesign(None, yellow, OptionZone.YELLOW),
        OptionDesign(None, red, OptionZone.RED),
    ]
    return CriterionDesign(Kind.CHOICE, text, guidance, options=options, **settings)
