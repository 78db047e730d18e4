"""The frozen document of a published version, read once and typed: sections, criteria, limits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from checklists.scoring.conditions import ShownWhen, read_shown_when
from checklists.scoring.criterion import FormCriterion, FormOption, FormState, Zone
from checklists.scoring.kinds import RULES, Kind

ROUNDING = 1e-9
"""A score that misses a limit by less misses it only because binary fractions cannot hold 0.7 or 0.9."""


@dataclass(frozen=True, slots=True)
class FormSection:
    """One section with its criteria in the order of the document; `weight` is None where points are simply added."""

    id: UUID
    lineage_id: UUID
    touchpoint_id: UUID
    title: Mapping[str, str]
    intro: Mapping[str, str]
    required_checks: int | None
    weight: float | None
    repeats: bool
    repeat_label: Mapping[str, str]
    most_repetitions: int
    shown_when: ShownWhen | None
    criteria: tuple[FormCriterion, ...]


@dataclass(frozen=True, slots=True)
class Grade:
    """A named band of scores, from a share on."""

    name: Mapping[str, str]
    from_share: float


@dataclass(frozen=True, slots=True)
class Form:
    """A published version, ready for scoring."""

    version_id: UUID
    checklist_id: UUID
    number: int
    title: Mapping[str, str]
    languages: tuple[str, ...]
    default_language: str
    purpose: str
    blind: bool
    green_from: float
    yellow_from: float
    grades: Sequence[Grade]
    staff_met: bool
    staff_names: bool
    sections: tuple[FormSection, ...]
    criteria: Mapping[UUID, FormCriterion]
    scored_at: Mapping[UUID, int]
    """How many scored criteria each touchpoint has."""

    def zone(self, score: float) -> Zone:
        """The zone of a score in [0, 1] by this version's limits."""
        if score >= self.green_from - ROUNDING:
            return Zone.GREEN
        return Zone.YELLOW if score >= self.yellow_from - ROUNDING else Zone.RED

    def grade(self, score: float) -> Mapping[str, str] | None:
        """The name of the highest band that the score reaches, or None."""
        reached = [grade for grade in self.grades if score >= grade.from_share - ROUNDING]
        return max(reached, key=lambda grade: grade.from_share).name if reached else None


def read_form(document: Mapping[str, Any]) -> Form:
    """Read the frozen document of a published version; KeyError or ValueError where it is not one.

    What documents of earlier releases do not have reads as what those releases did.
    """
    sections = tuple(_read_section(section) for section in document["sections"])
    criteria = {criterion.id: criterion for section in sections for criterion in section.criteria}
    return Form(
        version_id=UUID(document["version_id"]),
        checklist_id=UUID(document["checklist_id"]),
        number=document["number"],
        title=document["title"],
        languages=tuple(document["languages"]),
        default_language=document["default_language"],
        purpose=document.get("purpose", "visit"),
        blind=document.get("blind", True),
        green_from=document.get("green_from", 0.9),
        yellow_from=document.get("yellow_from", 0.7),
        grades=tuple(Grade(grade["name"], grade["from"]) for grade in document.get("grades") or ()),
        staff_met=document.get("staff_met", False),
        staff_names=document.get("staff_names", False),
        sections=sections,
        criteria=criteria,
        scored_at=Counter(criterion.touchpoint_id for criterion in criteria.values() if criterion.scored),
    )


def _read_section(section: Mapping[str, Any]) -> FormSection:
    section_id, touchpoint_id = UUID(section["id"]), UUID(section["touchpoint_id"])
    return FormSection(
        id=section_id,
        lineage_id=UUID(section["lineage_id"]),
        touchpoint_id=touchpoint_id,
        title=section["title"],
        intro=section.get("intro") or {},
        required_checks=section.get("required_checks"),
        weight=section.get("weight"),
        repeats=section.get("repeats", False),
        repeat_label=section.get("repeat_label") or {},
        most_repetitions=section.get("most_repetitions", 10),
        shown_when=read_shown_when(section.get("shown_when")),
        criteria=tuple(read_criterion(criterion, section_id, touchpoint_id) for criterion in section["criteria"]),
    )


def read_criterion(criterion: Mapping[str, Any], section_id: UUID, touchpoint_id: UUID) -> FormCriterion:
    """One criterion of a document."""
    kind = Kind(criterion["kind"])
    states = [_read_state(state) for state in criterion.get("states") or ()]
    options = [_read_option(option) for option in criterion.get("options") or ()]
    expected = {state.id: state.weight for state in states if not state.forbidden}
    barrier_id = criterion.get("barrier_id")
    direction = criterion.get("direction")
    read = FormCriterion(
        id=UUID(criterion["id"]),
        lineage_id=UUID(criterion["lineage_id"]),
        section_id=section_id,
        touchpoint_id=touchpoint_id,
        kind=kind,
        rules=RULES[kind],
        text=criterion["text"],
        guidance=criterion.get("guidance") or {},
        pictures=tuple(criterion.get("pictures") or ()),
        weight=criterion.get("weight", 1.0),
        required=criterion.get("required", True),
        scored=criterion.get("scored", True),
        critical=criterion.get("critical"),
        critical_cap=criterion.get("critical_cap"),
        barrier_id=UUID(barrier_id) if barrier_id else None,
        may_be_not_applicable=criterion.get("may_be_not_applicable", False),
        comment=criterion.get("comment", "none"),
        evidence=criterion.get("evidence", "none"),
        evidence_at_least=criterion.get("evidence_at_least", 1),
        shown_when=read_shown_when(criterion.get("shown_when")),
        states={state.id: state for state in states},
        expected=expected,
        forbidden=frozenset(state.id for state in states if state.forbidden),
        enough=_enough(criterion.get("enough", "all"), len(expected)),
        all_or_nothing=criterion.get("all_or_nothing", False),
        unit=criterion.get("unit"),
        decimals=criterion.get("decimals") or 0,
        lower_is_better=RULES[kind].lower_is_better if direction is None else direction == "lower_is_better",
        green_limit=criterion.get("green_limit"),
        red_limit=criterion.get("red_limit"),
        linear=criterion.get("linear", False),
        several=criterion.get("several", False),
        options={option.id: option for option in options},
        settings=criterion.get("settings") or {},
    )
    # A fact has no zones, and neither has a number without limits, whatever the setting says.
    return read if RULES[kind].has_zones(read) else replace(read, scored=False)


def _read_state(state: Mapping[str, Any]) -> FormState:
    return FormState(
        id=UUID(state["id"]),
        lineage_id=UUID(state["lineage_id"]),
        text=state["text"],
        description=state.get("description") or {},
        forbidden={"expected": False, "forbidden": True}[state["polarity"]],
        weight=state.get("weight", 1.0),
    )


def _read_option(option: Mapping[str, Any]) -> FormOption:
    return FormOption(
        id=UUID(option["id"]),
        lineage_id=UUID(option["lineage_id"]),
        text=option["text"],
        description=option.get("description") or {},
        zone=Zone(option["zone"]),
        points=option.get("points"),
        free_text=option.get("free_text", False),
    )


def _enough(setting: str | int, expected: int) -> int:
    """How many expected states are enough: between one and all of them, whatever number was set."""
    if isinstance(setting, int):
        return max(1, min(setting, expected))
    return {"all": expected, "any": 1}[setting]
