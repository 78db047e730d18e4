"""How a draft is edited: its sections and criteria are added, changed, copied, moved and removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from checklists.checklist.tables import (
    ChecklistVersion,
    Comment,
    Criterion,
    Critical,
    Direction,
    Evidence,
    Option,
    OptionZone,
    Polarity,
    Section,
    State,
    Unit,
)
from checklists.checklist.versions import refuse_if_published
from checklists.errors import N_, InvalidInput
from checklists.journey import Step, Touchpoint, move, next_position
from checklists.orm import LanguageMap, new_id
from checklists.scoring import RULES, Kind, Number


@dataclass(frozen=True, slots=True)
class SectionDesign:
    touchpoint: Touchpoint
    title: LanguageMap
    intro: LanguageMap
    required_checks: int
    weight: float | None = None
    repeats: bool = False
    repeat_label: LanguageMap = field(default_factory=dict)
    most_repetitions: int = 10
    shown_when: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StateDesign:
    """One state; `id` is that of the state it rewords, or None for a new one. Only expected states are weighed."""

    id: UUID | None
    text: LanguageMap
    polarity: Polarity
    weight: float = 1.0
    description: LanguageMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OptionDesign:
    id: UUID | None
    text: LanguageMap
    zone: OptionZone
    free_text: bool = False
    points: float | None = None
    description: LanguageMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CriterionDesign:
    """Everything a manager says about a criterion; what its kind does not use is not kept.

    `shown_when`, and those of the `settings` that name other criteria, do it by lineage (tables.py).
    """

    kind: Kind
    text: LanguageMap
    guidance: LanguageMap
    weight: float = 1.0
    required: bool = True
    scored: bool = True
    critical: Critical | None = None
    critical_cap: float | None = None
    barrier_id: UUID | None = None
    shown_when: dict[str, Any] | None = None
    may_be_not_applicable: bool = False
    evidence: Evidence = Evidence.OPTIONAL
    evidence_at_least: int = 1
    comment: Comment = Comment.OPTIONAL
    enough: str = "all"
    all_or_nothing: bool = False
    states: Sequence[StateDesign] = ()
    unit: Unit | None = None
    decimals: int = 0
    direction: Direction | None = None
    green_limit: float | None = None
    red_limit: float | None = None
    linear: bool = False
    several: bool = False
    options: Sequence[OptionDesign] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    pictures: Sequence[str] = ()


def add_section(session: Session, version: ChecklistVersion, design: SectionDesign) -> Section:
    """A new section at the end. Raises PublishedIsFrozen."""
    refuse_if_published(version)
    section = Section(position=next_position(version.sections))
    _fill_section(section, design)
    version.sections.append(section)
    session.flush()
    return section


def change_section(section: Section, design: SectionDesign) -> None:
    """Raises PublishedIsFrozen."""
    refuse_if_published(section.version)
    _fill_section(section, design)


def _fill_section(section: Section, design: SectionDesign) -> None:
    section.touchpoint = design.touchpoint
    section.title, section.intro = design.title, design.intro
    section.required_checks = design.required_checks
    section.weight, section.shown_when = design.weight, design.shown_when
    section.repeats, section.repeat_label = design.repeats, design.repeat_label if design.repeats else {}
    section.most_repetitions = design.most_repetitions


def add_criterion(session: Session, section: Section, design: CriterionDesign) -> Criterion:
    """A new criterion at the section's end. Raises InvalidInput by the design's field names, PublishedIsFrozen."""
    refuse_if_published(section.version)
    criterion = Criterion(position=next_position(section.criteria))
    _fill_criterion(criterion, design)
    section.criteria.append(criterion)
    session.flush()
    return criterion


def change_criterion(criterion: Criterion, design: CriterionDesign) -> None:
    """Raises InvalidInput by the design's field names, PublishedIsFrozen."""
    refuse_if_published(criterion.section.version)
    _fill_criterion(criterion, design)


def _fill_criterion(criterion: Criterion, design: CriterionDesign) -> None:
    _refuse_impossible(design)
    rules = RULES[design.kind]
    criterion.kind, criterion.text, criterion.guidance = design.kind, design.text, design.guidance
    criterion.pictures = list(design.pictures)
    criterion.weight, criterion.required, criterion.scored = design.weight, design.required, design.scored
    criterion.critical = design.critical if design.scored and not rules.fact else None
    criterion.critical_cap = design.critical_cap if criterion.critical is Critical.CAP else None
    criterion.barrier_id, criterion.shown_when = design.barrier_id, design.shown_when
    criterion.may_be_not_applicable, criterion.comment = design.may_be_not_applicable, design.comment
    criterion.evidence, criterion.evidence_at_least = design.evidence, design.evidence_at_least
    with_states, with_options = design.kind is Kind.STATES, design.kind is Kind.CHOICE
    with_limits = isinstance(rules, Number)
    criterion.enough = {"1": "any"}.get(design.enough, design.enough) if with_states else "all"
    criterion.all_or_nothing = with_states and design.all_or_nothing
    criterion.unit = design.unit if with_limits else None
    criterion.decimals = design.decimals if with_limits or design.kind is Kind.MONEY else 0
    criterion.direction = design.direction if with_limits else None
    criterion.green_limit = design.green_limit if with_limits else None
    criterion.red_limit = design.red_limit if with_limits else None
    criterion.linear = with_limits and design.linear
    criterion.several = with_options and design.several
    criterion.settings = {name: design.settings[name] for name in rules.settings if name in design.settings}
    _fill_states(criterion, design.states if with_states else ())
    _fill_options(criterion, design.options if with_options else ())


def _fill_states(criterion: Criterion, designs: Sequence[StateDesign]) -> None:
    known = {state.id: state for state in criterion.states}
    states = []
    for position, design in enumerate(designs):
        state = (known.pop(design.id, None) if design.id else None) or State()
        state.text, state.polarity, state.position = design.text, design.polarity, position
        state.description = design.description
        state.weight = design.weight if design.polarity is Polarity.EXPECTED else 1.0
        states.append(state)
    criterion.states = states


def _fill_options(criterion: Criterion, designs: Sequence[OptionDesign]) -> None:
    known = {option.id: option for option in criterion.options}
    options = []
    for position, design in enumerate(designs):
        option = (known.pop(design.id, None) if design.id else None) or Option()
        option.text, option.zone, option.position = design.text, design.zone, position
        option.free_text, option.points, option.description = design.free_text, design.points, design.description
        options.append(option)
    criterion.options = options


def _refuse_impossible(design: CriterionDesign) -> None:
    wrong = {}
    if design.weight <= 0:
        wrong["weight"] = N_("A weight must be above 0.")
    if design.kind is Kind.STATES:
        expected = [state for state in design.states if state.polarity is Polarity.EXPECTED]
        if any(state.weight <= 0 for state in expected):
            wrong["states"] = N_("A weight must be above 0.")
        if design.enough.isdecimal() and not 1 <= int(design.enough) <= len(expected):
            wrong["enough"] = N_("There are not so many expected states.")
    if any(option.points is not None and not 0 <= option.points <= 1 for option in design.options):
        wrong["options"] = N_("The points of an option lie between 0 and 1.")
    if design.critical is Critical.CAP and (design.critical_cap is None or not 0 <= design.critical_cap <= 1):
        wrong["critical_cap"] = N_("Say to how many per cent the score is limited.")
    if design.green_limit is not None and design.red_limit is not None:
        better, worse = design.green_limit, design.red_limit
        if not _lower_is_better(design):
            better, worse = worse, better
        if better > worse:
            wrong["red_limit"] = N_("Red lies on the good side of green. Change the limits or the direction.")
    if wrong:
        raise InvalidInput(wrong)


def _lower_is_better(design: CriterionDesign) -> bool:
    if design.direction is None:
        return RULES[design.kind].lower_is_better
    return design.direction is Direction.LOWER_IS_BETTER


_SAME = (
    *("kind", "text", "guidance", "weight", "required", "scored", "critical", "critical_cap", "barrier_id"),
    *("shown_when", "may_be_not_applicable", "evidence", "evidence_at_least", "comment", "enough", "all_or_nothing"),
    *("unit", "decimals", "direction", "green_limit", "red_limit", "linear", "several", "settings", "pictures"),
)


def design_of(criterion: Criterion) -> CriterionDesign:
    """The criterion as a design of its own, from which a copy can be made."""
    return CriterionDesign(
        **{name: getattr(criterion, name) for name in _SAME},
        states=[
            StateDesign(None, each.text, each.polarity, each.weight, each.description) for each in criterion.states
        ],
        options=[
            OptionDesign(None, each.text, each.zone, each.free_text, each.points, each.description)
            for each in criterion.options
        ],
    )


def duplicate_criterion(session: Session, criterion: Criterion) -> Criterion:
    """A copy right behind the criterion, with a lineage of its own, as it will ask something else.

    Raises PublishedIsFrozen.
    """
    section = criterion.section
    behind = section.criteria.index(criterion) + 1
    copy = add_criterion(session, section, design_of(criterion))
    section.criteria.insert(behind, section.criteria.pop())
    for position, each in enumerate(section.criteria):
        each.position = position
    return copy


def duplicate_section(session: Session, section: Section) -> Section:
    """A copy of the section with all its criteria, at the end. Raises PublishedIsFrozen."""
    copy = add_section(session, section.version, section_design_of(section))
    lineages: dict[str, str] = {}
    for criterion in section.criteria:
        copied = add_criterion(session, copy, _led_over(design_of(criterion), lineages))
        for old, new in zip(_parts(criterion), _parts(copied), strict=True):
            lineages[str(old.lineage_id)] = str(new.lineage_id)
    return copy


def section_design_of(section: Section) -> SectionDesign:
    """The section as a design of its own, without its criteria."""
    return SectionDesign(
        section.touchpoint,
        section.title,
        section.intro,
        section.required_checks,
        section.weight,
        section.repeats,
        section.repeat_label,
        section.most_repetitions,
        section.shown_when,
    )


def _parts(criterion: Criterion) -> list[Criterion | State | Option]:
    return [criterion, *criterion.parts]


def _led_over(design: CriterionDesign, lineages: Mapping[str, str]) -> CriterionDesign:
    """The design with what it says of other criteria led over to their copies, where they have been copied too."""

    def led(value: Any) -> Any:
        return lineages.get(value, value) if isinstance(value, str) else value

    settings = {name: led(value) for name, value in design.settings.items()}
    shown_when = design.shown_when and {
        "match": design.shown_when["match"],
        "conditions": [
            {name: led(value) for name, value in condition.items()} for condition in design.shown_when["conditions"]
        ],
    }
    return replace(design, settings=settings, shown_when=shown_when)


def move_section(section: Section, step: Step) -> None:
    """Raises PublishedIsFrozen."""
    refuse_if_published(section.version)
    move(section.version.sections, section, step)


def move_criterion(criterion: Criterion, step: Step) -> None:
    """Raises PublishedIsFrozen."""
    refuse_if_published(criterion.section.version)
    move(criterion.section.criteria, criterion, step)


def set_comparable(criterion: Criterion, comparable: bool) -> None:
    """Say whether a criterion taken over from the version before still asks the same, and is compared with it.

    What is new in its draft is compared with nothing before it and is left as it is. Raises PublishedIsFrozen.
    """
    refuse_if_published(criterion.section.version)
    origin = criterion.origin_lineage_id
    if origin is None or comparable == (criterion.lineage_id == origin):
        return
    former, criterion.lineage_id = criterion.lineage_id, origin if comparable else new_id()
    _follow(criterion.section.version, str(former), str(criterion.lineage_id))


def _follow(version: ChecklistVersion, former: str, now: str) -> None:
    """Let the conditions and settings that named a criterion by its former lineage name it by the one it has now."""
    for section in version.sections:
        parts: list[Section | Criterion] = [section, *section.criteria]
        for part in parts:
            if part.shown_when:
                part.shown_when = {
                    "match": part.shown_when["match"],
                    "conditions": [
                        each | {"criterion": now} if each.get("criterion") == former else each
                        for each in part.shown_when["conditions"]
                    ],
                }
        for criterion in section.criteria:
            criterion.settings = {name: now if value == former else value for name, value in criterion.settings.items()}


def remove_section(section: Section) -> None:
    """Remove the section with its criteria. Raises PublishedIsFrozen."""
    refuse_if_published(section.version)
    section.version.sections.remove(section)


def remove_criterion(criterion: Criterion) -> None:
    """Raises PublishedIsFrozen."""
    refuse_if_published(criterion.section.version)
    criterion.section.criteria.remove(criterion)
