"""A draft written as one whole document: what it says stays, comes, moves or goes, each part by its id."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from checklists.checklist.editing import (
    CriterionDesign,
    SectionDesign,
    change_criterion,
    change_section,
    set_comparable,
)
from checklists.checklist.tables import ChecklistVersion, Criterion, Option, Purpose, Section, State
from checklists.checklist.versions import refuse_if_published, set_limits
from checklists.errors import N_, InvalidInput
from checklists.orm import LanguageMap, new_id
from checklists.scoring import RULES, Kind


@dataclass(frozen=True, slots=True)
class WholeCriterion:
    """One criterion. `id` is that of the draft's own one, or of a new one any name that the document's conditions and
    durations call it by; so are the ids in its design's states and options. `comparable` is `set_comparable`'s.
    """

    id: UUID
    design: CriterionDesign
    comparable: bool = True


@dataclass(frozen=True, slots=True)
class WholeSection:
    id: UUID | None
    design: SectionDesign
    criteria: Sequence[WholeCriterion] = ()


@dataclass(frozen=True, slots=True)
class WholeDraft:
    """Everything that a draft says; conditions name criteria, states and options by their ids in this document."""

    name: LanguageMap
    purpose: Purpose
    blind: bool
    staff_met: bool
    green_from: float
    yellow_from: float
    grades: Sequence[Mapping[str, Any]] = ()
    sections: Sequence[WholeSection] = field(default_factory=tuple)


def replace_draft(session: Session, version: ChecklistVersion, whole: WholeDraft) -> None:
    """Let the draft say exactly this. Parts that the document does not have are removed.

    Raises PublishedIsFrozen; InvalidInput by the place in the document ("sections/0/criteria/2/red_limit") for what
    cannot be, for two parts of one id, and for a criterion whose kind would change.
    """
    refuse_if_published(version)
    set_limits(version, green_from=whole.green_from, yellow_from=whole.yellow_from)
    checklist = version.checklist
    checklist.name, checklist.purpose, checklist.blind = whole.name, whole.purpose, whole.blind
    version.grades, version.staff_met = [dict(grade) for grade in whole.grades], whole.staff_met
    known = _Known(version, whole)
    with session.no_autoflush:
        version.sections = [_section(known, version, each, number) for number, each in enumerate(whole.sections)]
    session.flush()
    for each in whole.sections:
        for part in each.criteria:
            set_comparable(known.made[part.id], part.comparable)
    session.flush()


def _section(known: "_Known", version: ChecklistVersion, whole: WholeSection, number: int) -> Section:
    section = known.section(whole.id)
    section.position, section.version = number, version
    change_section(section, replace(whole.design, shown_when=known.by_lineage(whole.design.shown_when)))
    section.criteria = [
        known.criterion(section, part, place, f"sections/{number}/criteria/{place}")
        for place, part in enumerate(whole.criteria)
    ]
    return section


class _Known:
    """The draft's parts by id, and what each id of the document means: a lineage, by which rows name one another."""

    def __init__(self, version: ChecklistVersion, whole: WholeDraft) -> None:
        self._sections: dict[UUID, Section] = {section.id: section for section in version.sections}
        self._criteria: dict[UUID, Criterion] = {
            criterion.id: criterion for section in version.sections for criterion in section.criteria
        }
        self.made: dict[UUID, Criterion] = {}
        stored = {each.id: each.lineage_id for each in self._criteria.values()}
        stored |= {part.id: part.lineage_id for each in self._criteria.values() for part in each.parts}
        self._lineages: dict[UUID, UUID] = {}
        for identity, place in _ids(whole):
            if identity in self._lineages:
                raise InvalidInput({place: N_("Two parts have the same id.")})
            self._lineages[identity] = stored.get(identity) or new_id()

    def section(self, identity: UUID | None) -> Section:
        """The draft's own section of this id, or a new one. Each is taken once."""
        section = self._sections.pop(identity, None) if identity else None
        return section or Section(position=0)

    def criterion(self, section: Section, part: WholeCriterion, position: int, place: str) -> Criterion:
        """The draft's own criterion of this id, wherever it stood, or a new one; with all that the document says."""
        criterion = self._criteria.get(part.id)
        if criterion is not None and criterion.kind is not part.design.kind:
            raise InvalidInput({f"{place}/kind": N_("A criterion keeps its kind. Add another one instead.")})
        if criterion is None:
            criterion = Criterion(lineage_id=self._lineages[part.id])
        criterion.section, criterion.position = section, position
        design = replace(
            part.design,
            shown_when=self.by_lineage(part.design.shown_when),
            settings=self._settings(part.design),
        )
        self.made[part.id] = criterion
        try:
            change_criterion(criterion, design)
        except InvalidInput as error:
            raise InvalidInput({f"{place}/{name}": why for name, why in error.fields.items()}) from None
        # Of a kind without states or options there are designs perhaps, and no rows.
        rows: list[State | Option] = [*criterion.states, *criterion.options]
        for row, identity in zip(rows, _ids_of_parts(design), strict=False):
            if identity is not None:
                row.lineage_id = self._lineages[identity]
        return criterion

    def by_lineage(self, shown_when: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """The condition as rows keep it. What the document does not have stays as it is: publishing will say so."""
        if not shown_when or not shown_when["conditions"]:
            return None
        conditions = [
            {name: self._lineage(value) if name in ("criterion", "part") else value for name, value in each.items()}
            for each in shown_when["conditions"]
        ]
        return {"match": shown_when["match"], "conditions": conditions}

    def _settings(self, design: CriterionDesign) -> dict[str, Any]:
        references = RULES[design.kind].references
        return {
            name: self._lineage(value) if name in references and value else value
            for name, value in design.settings.items()
        }

    def _lineage(self, identity: str) -> str:
        try:
            return str(self._lineages.get(UUID(identity), identity))
        except ValueError:
            return identity


def _ids_of_parts(design: CriterionDesign) -> list[UUID | None]:
    """The ids of what becomes rows: states or options, by the kind."""
    parts = design.states if design.kind is Kind.STATES else design.options
    return [part.id for part in parts]


def _ids(whole: WholeDraft) -> Iterator[tuple[UUID, str]]:
    """Each id of the document that others may name, with its place."""
    for number, section in enumerate(whole.sections):
        for place, criterion in enumerate(section.criteria):
            where = f"sections/{number}/criteria/{place}"
            yield criterion.id, f"{where}/id"
            noun = "states" if criterion.design.kind is Kind.STATES else "options"
            for position, identity in enumerate(_ids_of_parts(criterion.design)):
                if identity is not None:
                    yield identity, f"{where}/{noun}/{position}/id"
