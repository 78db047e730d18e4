"""How a draft is edited: its sections and criteria are added, changed, copied, moved and removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from checklists.checklist.tables import (
    ChecklistVersion,
    Comment,
    Criterion,
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
from checklists.orm import LanguageMap
from checklists.scoring import Kind


@dataclass(frozen=True, slots=True)
class SectionDesign:
    touchpoint: Touchpoint
    title: LanguageMap
    intro: LanguageMap
    required_checks: int


@dataclass(frozen=True, slots=True)
class StateDesign:
    """One state; `id` is that of the state it rewords, or None for a new one. Only expected states are weighed."""

    id: UUID | None
    text: LanguageMap
    polarity: Polarity
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class OptionDesign:
    id: UUID | None
    text: LanguageMap
    zone: OptionZone
    free_text: bool = False


@dataclass(frozen=True, slots=True)
class CriterionDesign:
    """Everything a manager says about a criterion; what its kind does not use is not kept."""

    kind: Kind
    text: LanguageMap
    guidance: LanguageMap
    weight: float = 1.0
    required: bool = True
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
    options: Sequence[OptionDesign] = ()


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
    criterion.kind, criterion.text, criterion.guidance = design.kind, design.text, design.guidance
    criterion.weight, criterion.required = design.weight, design.required
    criterion.may_be_not_applicable, criterion.comment = design.may_be_not_applicable, design.comment
    criterion.evidence, criterion.evidence_at_least = design.evidence, design.evidence_at_least
    with_states, with_limits = design.kind is Kind.STATES, design.kind is Kind.MEASURE
    criterion.enough = design.enough if with_states else "all"
    criterion.all_or_nothing = with_states and design.all_or_nothing
    criterion.unit = design.unit if with_limits else None
    criterion.decimals = design.decimals if with_limits else 0
    criterion.direction = design.direction if with_limits else None
    criterion.green_limit = design.green_limit if with_limits else None
    criterion.red_limit = design.red_limit if with_limits else None
    _fill_states(criterion, design.states if with_states else ())
    _fill_options(criterion, design.options if design.kind is Kind.CHOICE else ())


def _fill_states(criterion: Criterion, designs: Sequence[StateDesign]) -> None:
    known = {state.id: state for state in criterion.states}
    states = []
    for position, design in enumerate(designs):
        state = (known.pop(design.id, None) if design.id else None) or State()
        state.text, state.polarity, state.position = design.text, design.polarity, position
        state.weight = design.weight if design.polarity is Polarity.EXPECTED else 1.0
        states.append(state)
    criterion.states = states


def _fill_options(criterion: Criterion, designs: Sequence[OptionDesign]) -> None:
    known = {option.id: option for option in criterion.options}
    options = []
    for position, design in enumerate(designs):
        option = (known.pop(design.id, None) if design.id else None) or Option()
        option.text, option.zone, option.position = design.text, design.zone, position
        option.free_text = design.free_text
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
    if design.kind is Kind.MEASURE and design.green_limit is not None and design.red_limit is not None:
        better, worse = design.green_limit, design.red_limit
        if design.direction is Direction.HIGHER_IS_BETTER:
            better, worse = worse, better
        if better > worse:
            wrong["red_limit"] = N_("Red lies on the good side of green. Change the limits or the direction.")
    if wrong:
        raise InvalidInput(wrong)


def design_of(criterion: Criterion) -> CriterionDesign:
    """The criterion as a design of its own, from which a copy can be made."""
    return CriterionDesign(
        kind=criterion.kind,
        text=criterion.text,
        guidance=criterion.guidance,
        weight=criterion.weight,
        required=criterion.required,
        may_be_not_applicable=criterion.may_be_not_applicable,
        evidence=criterion.evidence,
        evidence_at_least=criterion.evidence_at_least,
        comment=criterion.comment,
        enough=criterion.enough,
        all_or_nothing=criterion.all_or_nothing,
        states=[StateDesign(None, each.text, each.polarity, each.weight) for each in criterion.states],
        unit=criterion.unit,
        decimals=criterion.decimals,
        direction=criterion.direction,
        green_limit=criterion.green_limit,
        red_limit=criterion.red_limit,
        options=[OptionDesign(None, each.text, each.zone, each.free_text) for each in criterion.options],
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
    design = SectionDesign(section.touchpoint, section.title, section.intro, section.required_checks)
    copy = add_section(session, section.version, design)
    for criterion in section.criteria:
        add_criterion(session, copy, design_of(criterion))
    return copy


def move_section(section: Section, step: Step) -> None:
    """Raises PublishedIsFrozen."""
    refuse_if_published(section.version)
    move(section.version.sections, section, step)


def move_criterion(criterion: Criterion, step: Step) -> None:
    """Raises PublishedIsFrozen."""
    refuse_if_published(criterion.section.version)
    move(criterion.section.criteria, criterion, step)


def remove_section(section: Section) -> None:
    """Remove the section with its criteria. Raises PublishedIsFrozen."""
    refuse_if_published(section.version)
    section.version.sections.remove(section)


def remove_criterion(criterion: Criterion) -> None:
    """Raises PublishedIsFrozen."""
    refuse_if_published(criterion.section.version)
    criterion.section.criteria.remove(criterion)
