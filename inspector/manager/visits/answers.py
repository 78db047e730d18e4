"""What was answered at one visit, in the order of its checklist: for the visit's page, sound or held."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from checklists.review import FAULTS, Content, Correction, content_of
from checklists.scoring import Form, FormCriterion, FormSection, Given, Kind, Status, Zone, score_visit, visit_faults
from checklists.visits import Answer, AnswerReport, Report, Visit, given_of
from inspector.manager.kinds import KINDS


@dataclass(slots=True)
class Said:
    """One criterion in one repetition. `content` is None where it was not answered, `outcome` where nothing is scored.

    `shown` is false for a criterion that the other answers kept from being asked; `fault` says why an answer cannot
    stand, in a held report.
    """

    criterion: FormCriterion
    repetition: int
    shown: bool = True
    content: Content | None = None
    reason: str | None = None
    photo_ids: Sequence[str] = ()
    outcome: Answer | None = None
    fault: str = ""
    corrections: list[Correction] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Its name in addresses, fields and anchors."""
        return f"{self.criterion.id}.{self.repetition}"


@dataclass(slots=True)
class Part:
    """A section, or one repetition of it with its label; `number` counts from 1, and is 0 where it does not repeat."""

    section: FormSection
    number: int
    label: str
    said: list[Said]

    @property
    def shown(self) -> bool:
        return any(each.shown for each in self.said)


def parts_of_visit(visit: Visit, form: Form, corrections: Iterable[Correction]) -> list[Part]:
    """The effective visit: its answers with the corrections that led to them."""
    answers = {(answer.criterion_id, answer.repetition): answer for answer in visit.answers}
    corrected: dict[tuple[UUID, int], list[Correction]] = {}
    for correction in corrections:
        corrected.setdefault((correction.criterion_id, correction.repetition), []).append(correction)
    labels = {(UUID(each["section_id"]), int(each["repetition"])): each["label"] or "" for each in visit.repetitions}
    asked = score_visit(form, map(given_of, answers.values()), visit.outlet_attributes, labels).asked
    parts = _parts(form, answers, labels)
    for said in (each for part in parts for each in part.said):
        key = (said.criterion.id, said.repetition)
        said.shown, said.corrections = key in asked, corrected.get(key, [])
        if answer := answers.get(key):
            said.content, said.outcome = content_of(answer), answer
            said.reason, said.photo_ids = answer.reason, answer.photo_ids
    return parts


def parts_of_report(report: Report, form: Form, attributes: Mapping[str, str]) -> list[Part]:
    """A held report as far as its checklist explains it, with what is wrong beside each answer.

    `attributes` are the outlet's as they were at the receipt, by which conditions were judged.
    """
    given = [each.given for each in report.answers]
    answers = {(each.given.criterion_id, each.given.repetition): each for each in report.answers}
    faults = visit_faults(form, given)
    scored = score_visit(form, given, attributes, report.begun)
    labels = {(each.section_id, each.repetition): each.label for each in report.repetitions}
    parts = _parts(form, answers, labels)
    for said in (each for part in parts for each in part.said):
        key = (said.criterion.id, said.repetition)
        answer = answers.get(key)
        said.shown = key in scored.asked
        if answer is not None:
            said.content = content_of_report(answer)
            said.reason, said.photo_ids = answer.reason, [str(photo_id) for photo_id in answer.photo_ids]
        elif key in scored.derived:
            said.content = _content(scored.derived[key], comment="")
        if key in faults:
            said.fault = _(FAULTS[faults[key]])
        elif said.shown and said.criterion.kind is not Kind.DURATION:
            outcome = scored.outcomes.get(key)
            green = outcome is None or outcome.zone in (None, Zone.GREEN)
            said.fault = _gap(said.criterion, answer, report.recordings, green=green)
    return parts


def _gap(criterion: FormCriterion, answer: AnswerReport | None, recordings: Collection[UUID], *, green: bool) -> str:
    """What the checklist asks for and the report lacks, in words."""
    if answer is None:
        return str(_("required, and not answered")) if criterion.required else ""
    if answer.given.status is not Status.ANSWERED:
        return ""
    asked_for = ("required",) if green else ("required", "not_green")
    seen = set(answer.photo_ids).difference(recordings)
    if criterion.evidence in asked_for and len(seen) < criterion.evidence_at_least:
        return str(ngettext("%(num)s photo is required", "%(num)s photos are required", criterion.evidence_at_least))
    if criterion.comment in asked_for and not (answer.comment or "").strip():
        return str(_("a comment is required"))
    return ""


def unknown_answers(report: Report, form: Form) -> int:
    """How many answers are to criteria that the checklist version does not have."""
    return sum(answer.given.criterion_id not in form.criteria for answer in report.answers)


def content_of_report(answer: AnswerReport) -> Content:
    return _content(answer.given, answer.comment)


def _content(given: Given, comment: str | None) -> Content:
    return {
        "status": given.status.value,
        "states": sorted(map(str, given.states)),
        "options": sorted(map(str, given.options)),
        "value": given.value,
        "comment": comment,
    }


def _parts(form: Form, answered: Iterable[tuple[UUID, int]], labels: Mapping[tuple[UUID, int], str]) -> list[Part]:
    """All sections with all that could be asked in them; a repeating one as often as it was begun."""
    parts = []
    for section in form.sections:
        mine = {criterion.id for criterion in section.criteria}
        numbers = {number for criterion_id, number in answered if criterion_id in mine} | {
            number for section_id, number in labels if section_id == section.id
        }
        for place, repetition in enumerate(sorted(numbers or {0}), start=1):
            parts.append(
                Part(
                    section,
                    place if section.repeats or place > 1 else 0,
                    labels.get((section.id, repetition), ""),
                    [Said(criterion, repetition) for criterion in section.criteria],
                )
            )
    return parts


def in_words(criterion: FormCriterion, content: Mapping[str, Any], photo_ids: Sequence[str] = ()) -> str:
    """An answer in one line. One that cannot stand is shown as it was sent."""
    match content["status"]:
        case Status.ANSWERED:
            value = content["value"]
            answer = Answer(
                states=content["states"],
                options=content["options"],
                value=None if isinstance(value, str) else value,
                words=value if isinstance(value, str) else None,
                photo_ids=list(photo_ids),
            )
            try:
                return KINDS[criterion.kind].show_answer(criterion, answer) or str(value or _("answered"))
            except (ValueError, TypeError, KeyError):
                return str(value)
        case Status.NOT_APPLICABLE:
            return str(_("not applicable"))
        case Status.COULD_NOT_CHECK:
            return str(_("could not check"))
    return str(_("not answered"))


def limits_in_words(criterion: FormCriterion) -> str:
    """Where green ends and red begins, for a number that is scored."""
    lower = criterion.lower_is_better
    limits = []
    if criterion.green_limit is not None:
        limits.append(
            _("green %(sign)s %(limit)s", sign="≤" if lower else "≥", limit=format_decimal(criterion.green_limit))
        )
    if criterion.red_limit is not None:
        limits.append(
            _("red %(sign)s %(limit)s", sign="≥" if lower else "≤", limit=format_decimal(criterion.red_limit))
        )
    return ", ".join(map(str, limits))
