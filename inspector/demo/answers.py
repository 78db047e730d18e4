"""How the demo's inspectors answer: each criterion gets an answer in a zone that the place's quality makes likely.

What is shown, and what an answer comes to, is asked of the domain's own scoring, so that comments and photos stand
where the checklist wants them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from checklists.orm import LanguageMap
from checklists.scoring import Form, FormCriterion, FormOption, FormSection, Given, Kind, Status, Zone, score_visit
from inspector.demo.parts import DemoCriterion
from inspector.demo.stories import REASONS_NOT_CHECKED

NOT_APPLICABLE_CHANCE = 0.05
COULD_NOT_CHECK_CHANCE = 0.015
LEFT_OUT_CHANCE = 0.4
"""How often an inspector leaves out what need not be answered."""
REMARK_CHANCE = 0.35
OTHER_CHANCE = 0.1

Key = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit is made, and how good it is there, by touchpoint; `absent` are those that do not exist there."""

    brand: str
    attributes: Mapping[str, str]
    quality: Mapping[UUID, float]
    absent: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A visit's answers as on the wire, in the form's order; `zones` are what they come to, `ended_at` is when the
    last time stamp was tapped.
    """

    answers: Mapping[Key, dict[str, Any]]
    zones: Mapping[Key, Zone | None]
    ended_at: datetime


def draw_answers(
    form: Form,
    criteria: Mapping[UUID, DemoCriterion],
    place: Place,
    repetitions: Mapping[UUID, int],
    started_at: datetime,
    language: str,
    random: Random,
) -> Drawn:
    """Answer the whole form; `criteria` are the demo's, by lineage, `repetitions` how often a section is repeated."""
    sitting = _Sitting(criteria, place, started_at, language, random)
    for section in form.sections:
        for repetition in range(repetitions.get(section.id, 1)):
            sitting.answer(section, repetition)
    begun = [(section, number) for section, times in repetitions.items() for number in range(times)]
    scored = score_visit(form, map(given, sitting.answers.values()), place.attributes, begun)
    shown = {key: answer for key, answer in sitting.answers.items() if key in scored.asked}
    zones = {key: scored.outcomes[key].zone for key in shown}
    for key, answer in shown.items():
        sitting.comment(form.criteria[key[0]], answer, zones[key])
    return Drawn(shown, zones, sitting.clock)


def given(answer: Mapping[str, Any]) -> Given:
    """An answer on the wire as scoring takes it."""
    return Given(
        UUID(answer["criterion_id"]),
        answer["repetition"],
        Status(answer["status"]),
        frozenset(map(UUID, answer["states"])),
        frozenset(map(UUID, answer["options"])),
        answer["value"],
    )


class _Sitting:
    """One inspector who goes through a form; the clock runs on with each time stamp."""

    def __init__(
        self,
        criteria: Mapping[UUID, DemoCriterion],
        place: Place,
        started_at: datetime,
        language: str,
        random: Random,
    ) -> None:
        self.criteria, self.place, self.language, self.random = criteria, place, language, random
        self.clock = started_at
        self.answers: dict[Key, dict[str, Any]] = {}

    def answer(self, section: FormSection, repetition: int) -> None:
        """Answer all of the section, whether it will be shown or not."""
        lasting = self._durations(section)
        stamps: dict[str, datetime] = {}
        for criterion in section.criteria:
            if criterion.kind is Kind.DURATION:
                continue
            if not criterion.required and self.random.random() < LEFT_OUT_CHANCE:
                continue
            answer = self._answer(criterion, lasting, stamps)
            answer["repetition"] = repetition
            self.answers[criterion.id, repetition] = answer

    def _durations(self, section: FormSection) -> dict[str, tuple[str, timedelta]]:
        """How long each duration of the section shall be, by the time stamp that ends it: from which one, how long."""
        found = {}
        for criterion in section.criteria:
            if criterion.kind is Kind.DURATION:
                number = _number(criterion, (0, 0), self._wish(criterion), self.random)
                seconds = number * (60 if criterion.unit == "minutes" else 1)
                found[criterion.settings["until"]] = criterion.settings["from"], timedelta(seconds=seconds)
        return found

    def _wish(self, criterion: FormCriterion) -> Zone:
        """The better the place, the fewer its slips, and the milder."""
        quality = self.place.quality[criterion.touchpoint_id]
        if self.random.random() < quality:
            return Zone.GREEN
        return Zone.YELLOW if self.random.random() < quality else Zone.RED

    def _answer(
        self,
        criterion: FormCriterion,
        lasting: Mapping[str, tuple[str, timedelta]],
        stamps: dict[str, datetime],
    ) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "criterion_id": str(criterion.id),
            "repetition": 0,
            "status": "answered",
            "states": [],
            "options": [],
            "value": None,
            "reason": None,
            "comment": None,
            "photo_ids": [],
        }
        if criterion.may_be_not_applicable and (
            criterion.touchpoint_id in self.place.absent or self.random.random() < NOT_APPLICABLE_CHANCE
        ):
            return answer | {"status": "not_applicable"}
        if self._could_not_check(criterion):
            return answer | {"status": "could_not_check", "reason": self._one_of(REASONS_NOT_CHECKED)}
        if criterion.kind is Kind.TIME_STAMP:
            return answer | {"value": self._stamp(str(criterion.id), lasting, stamps)}
        return answer | self._content(criterion, self._wish(criterion))

    def _could_not_check(self, criterion: FormCriterion) -> bool:
        return (
            criterion.scored
            and criterion.critical is None
            and criterion.evidence != "required"
            and self.random.random() < COULD_NOT_CHECK_CHANCE
        )

    def _stamp(
        self, criterion_id: str, lasting: Mapping[str, tuple[str, timedelta]], stamps: dict[str, datetime]
    ) -> str:
        self.clock += timedelta(seconds=self.random.randint(40, 200))
        if criterion_id in lasting:
            begun, long = lasting[criterion_id]
            self.clock = stamps[begun] + long
        stamps[criterion_id] = self.clock
        return self.clock.isoformat()

    def _content(self, criterion: FormCriterion, zone: Zone) -> dict[str, Any]:
        demo, random = self.criteria[criterion.lineage_id], self.random
        match criterion.kind:
            case Kind.STATES | Kind.RATING:
                return content_in(criterion, zone, random)
            case Kind.CHOICE:
                content = content_in(criterion, zone, random)
                worded = any(criterion.options[UUID(option)].free_text for option in content["options"])
                return content | {"value": self._one_of(demo.words) if worded else None}
            case Kind.MEASURE if self.place.brand in demo.usual:
                return {"value": _number_between(*demo.usual[self.place.brand], criterion.decimals, random)}
            case Kind.MEASURE:
                return {"value": _number(criterion, demo.typical, zone, random)}
            case Kind.MONEY:
                return {"value": random.randrange(int(demo.typical[0]), int(demo.typical[1]), 10)}
            case Kind.DATE:
                day = self.clock.date() + timedelta(days=random.randint(int(demo.typical[0]), int(demo.typical[1])))
                return {"value": day.isoformat()}
            case Kind.TEXT:
                return {"value": self._one_of(demo.words)}
        return {}

    def comment(self, criterion: FormCriterion, answer: dict[str, Any], zone: Zone | None) -> None:
        """Say a word where one is asked for, and now and then where something was wrong."""
        if answer["status"] != "answered" or criterion.comment == "none":
            return
        demo, wrong = self.criteria[criterion.lineage_id], zone in (Zone.YELLOW, Zone.RED)
        remarks = demo.remarks[::2] if zone is Zone.YELLOW else demo.remarks[1::2] or demo.remarks
        if criterion.comment == "required" or (criterion.comment == "not_green" and wrong):
            answer["comment"] = self._one_of(remarks or demo.words)
        elif wrong and remarks and self.random.random() < REMARK_CHANCE:
            answer["comment"] = self._one_of(remarks)

    def _one_of(self, texts: Any) -> str:
        text: LanguageMap = self.random.choice(texts)
        return text[self.language]


def content_in(criterion: FormCriterion, zone: Zone, random: Random) -> dict[str, Any]:
    """States, options or a number that come out in the zone; for kinds that have zones."""
    if criterion.kind is Kind.STATES:
        return {"states": _states(criterion, zone, random)}
    if criterion.kind is Kind.CHOICE:
        return {"options": [str(option.id) for option in _options(criterion, zone, random)]}
    if criterion.kind is Kind.RATING:
        return {"value": _level(criterion, zone, random)}
    return {"value": _number(criterion, (0, 0), zone, random)}


def _states(criterion: FormCriterion, zone: Zone, random: Random) -> list[str]:
    expected, forbidden = list(criterion.expected), [each.id for each in criterion.states.values() if each.forbidden]
    if zone is Zone.GREEN:
        seen = random.sample(expected, random.randint(criterion.enough, len(expected)))
    elif zone is Zone.YELLOW and criterion.enough > 1:
        seen = random.sample(expected, random.randrange(1, criterion.enough))
    else:
        seen = [random.choice(forbidden)] if forbidden and random.random() < 0.5 else []
    return [str(state) for state in seen]


def _options(criterion: FormCriterion, zone: Zone, random: Random) -> list[FormOption]:
    by_zone: dict[Zone, list[FormOption]] = {each: [] for each in (Zone.GREEN, Zone.YELLOW, Zone.RED)}
    for option in criterion.options.values():
        by_zone[option.zone].append(option)
    greens, reds = by_zone[Zone.GREEN], by_zone[Zone.RED]
    if not criterion.several:
        worded = [option for option in greens if option.free_text]
        if worded and random.random() < OTHER_CHANCE:
            return [random.choice(worded)]
        plain = [option for option in by_zone[zone] or greens if not option.free_text]
        return [random.choice(plain)]
    if zone is Zone.GREEN:
        return greens
    some = random.sample(greens, random.randrange(1, len(greens)))
    if zone is Zone.YELLOW or not reds:
        return some
    return [*some[: random.randrange(2)], random.choice(reds)]


def _level(criterion: FormCriterion, zone: Zone, random: Random) -> int:
    lowest, highest = criterion.settings["lowest"], criterion.settings["highest"]
    green, red = int(criterion.green_limit or highest), int(criterion.red_limit or lowest)
    ranges = {Zone.GREEN: (green, highest), Zone.YELLOW: (red + 1, green - 1), Zone.RED: (max(lowest, red - 2), red)}
    return random.randint(*ranges[zone])


def _number(criterion: FormCriterion, typical: tuple[float, float], zone: Zone, random: Random) -> float:
    """A number in the zone, with the criterion's decimals; in the typical range where there are no limits."""
    if criterion.green_limit is None or criterion.red_limit is None:
        least, most = typical
    else:
        green, red, step = criterion.green_limit, criterion.red_limit, 10**-criterion.decimals
        if criterion.lower_is_better:
            ranges = {
                Zone.GREEN: (green * 0.4, green),
                Zone.YELLOW: (green + step, red - step),
                Zone.RED: (red, red * 1.5),
            }
        else:
            ranges = {Zone.GREEN: (green, green), Zone.YELLOW: (red + step, green - step), Zone.RED: (red * 0.5, red)}
        least, most = ranges[zone]
    return _number_between(least, most, criterion.decimals, random)


def _number_between(least: float, most: float, decimals: int, random: Random) -> float:
    grid = 10**decimals
    number = random.randint(round(least * grid), round(most * grid))
    return number / grid if decimals else number
