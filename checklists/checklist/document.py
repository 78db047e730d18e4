"""A version as one JSON document: whole for scoring and pages, and blind for the phone."""

import hashlib
from collections.abc import Mapping
from typing import Any

from checklists.checklist.tables import ChecklistVersion, Criterion, Option, Section, State
from checklists.scoring import RULES, Kind, read_form

Ids = Mapping[str, str]
"""The ids of this version's criteria, states and options by their lineage: rows refer to a lineage, so that copies in
the next draft refer to each other; the document refers to ids.
"""


def compile_document(version: ChecklistVersion, languages: list[str], *, staff_names: bool = False) -> dict[str, Any]:
    """The version as one JSON document, ids as strings: everything that scoring, pages and the phone need of it."""
    criteria = [criterion for section in version.sections for criterion in section.criteria]
    ids = {str(criterion.lineage_id): str(criterion.id) for criterion in criteria}
    ids |= {str(part.lineage_id): str(part.id) for criterion in criteria for part in criterion.parts}
    return {
        "version_id": str(version.id),
        "checklist_id": str(version.checklist_id),
        "number": version.number,
        "title": version.checklist.name,
        "languages": languages,
        "default_language": languages[0],
        "purpose": version.checklist.purpose.value,
        "blind": version.checklist.blind,
        "green_from": version.green_from,
        "yellow_from": version.yellow_from,
        "grades": version.grades,
        "staff_met": version.staff_met,
        "staff_names": staff_names,
        "sections": [_compile_section(section, ids) for section in version.sections],
    }


def _compile_section(section: Section, ids: Ids) -> dict[str, Any]:
    return {
        "id": str(section.id),
        "lineage_id": str(section.lineage_id),
        "touchpoint_id": str(section.touchpoint_id),
        "title": section.title,
        "intro": section.intro,
        "required_checks": section.required_checks,
        "weight": section.weight,
        "repeats": section.repeats,
        "repeat_label": section.repeat_label,
        "most_repetitions": section.most_repetitions,
        "shown_when": _with_ids(section.shown_when, ids),
        "criteria": [_compile_criterion(criterion, ids) for criterion in section.criteria],
    }


def _compile_criterion(criterion: Criterion, ids: Ids) -> dict[str, Any]:
    references = RULES[criterion.kind].references
    return {
        "id": str(criterion.id),
        "lineage_id": str(criterion.lineage_id),
        "kind": criterion.kind.value,
        "text": criterion.text,
        "guidance": criterion.guidance,
        "pictures": criterion.pictures,
        "weight": criterion.weight,
        "required": criterion.required,
        "scored": criterion.scored,
        "critical": criterion.critical and criterion.critical.value,
        "critical_cap": criterion.critical_cap,
        "barrier_id": criterion.barrier_id and str(criterion.barrier_id),
        "may_be_not_applicable": criterion.may_be_not_applicable,
        "evidence": criterion.evidence.value,
        "evidence_at_least": criterion.evidence_at_least,
        "comment": criterion.comment.value,
        "shown_when": _with_ids(criterion.shown_when, ids),
        "enough": int(criterion.enough) if criterion.enough.isdigit() else criterion.enough,
        "all_or_nothing": criterion.all_or_nothing,
        "states": [_compile_state(state) for state in criterion.states],
        "unit": criterion.unit and criterion.unit.value,
        "decimals": criterion.decimals,
        "direction": criterion.direction and criterion.direction.value,
        "green_limit": criterion.green_limit,
        "red_limit": criterion.red_limit,
        "linear": criterion.linear,
        "several": criterion.several,
        "options": [_compile_option(option) for option in criterion.options],
        "settings": {
            name: ids.get(value) if name in references else value for name, value in criterion.settings.items()
        },
    }


def _compile_state(state: State) -> dict[str, Any]:
    return {
        "id": str(state.id),
        "lineage_id": str(state.lineage_id),
        "text": state.text,
        "description": state.description,
        "polarity": state.polarity.value,
        "weight": state.weight,
    }


def _compile_option(option: Option) -> dict[str, Any]:
    return {
        "id": str(option.id),
        "lineage_id": str(option.lineage_id),
        "text": option.text,
        "description": option.description,
        "zone": option.zone.value,
        "points": option.points,
        "free_text": option.free_text,
    }


def _with_ids(shown_when: Mapping[str, Any] | None, ids: Ids) -> dict[str, Any] | None:
    """The conditions with this version's ids; one whose criterion or state was removed can never hold, and stays."""
    if not shown_when:
        return None
    conditions = [
        {name: ids.get(value, value) if name in ("criterion", "part") else value for name, value in condition.items()}
        for condition in shown_when["conditions"]
    ]
    return {"match": shown_when["match"], "conditions": conditions}


# What the phone may know. Everything that is not listed stays here: blindness is an allow-list.
_PHONE_SECTION = ("id", "title", "intro", "touchpoint_id", "repeats", "repeat_label", "most_repetitions", "shown_when")
_PHONE_CRITERION = (
    "id",
    "kind",
    "text",
    "guidance",
    "pictures",
    "required",
    "may_be_not_applicable",
    "evidence",
    "evidence_at_least",
    "comment",
    "shown_when",
    "unit",
    "decimals",
    "several",
)
_PHONE_STATE = ("id", "text", "description")
_PHONE_OPTION = ("id", "text", "description", "free_text")

# What a document of an earlier release does not have.
_SECTION_BEFORE: dict[str, Any] = {"repeats": False, "repeat_label": {}, "most_repetitions": 10, "shown_when": None}
_CRITERION_BEFORE: dict[str, Any] = {"pictures": [], "shown_when": None, "settings": {}}
_PART_BEFORE: dict[str, Any] = {"description": {}}


def phone_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """A compiled document as the phone gets it: no weights, points or limits; and while it is blind no polarity and no
    zones either, with states and options in neutral order.
    """
    blind = document["blind"]
    form = read_form(document)
    not_green = {str(each.id): each.rules.not_green_when(each) for each in form.criteria.values() if each.scored}
    return {
        "id": document["version_id"],
        "number": document["number"],
        "title": document["title"],
        "languages": document["languages"],
        "default_language": document["default_language"],
        "purpose": document.get("purpose", "visit"),
        "blind": blind,
        "staff_met": document.get("staff_met", False),
        "staff_names": document.get("staff_names", False),
        "sections": [
            {
                **_only(_PHONE_SECTION, {**_SECTION_BEFORE, **section}),
                "criteria": [
                    _phone_criterion({**_CRITERION_BEFORE, **criterion}, not_green.get(criterion["id"], []), blind)
                    for criterion in section["criteria"]
                ],
            }
            for section in document["sections"]
        ],
    }


def _phone_criterion(criterion: Mapping[str, Any], not_green: list[dict[str, Any]], blind: bool) -> dict[str, Any]:
    asks_when_not_green = "not_green" in (criterion["evidence"], criterion["comment"])
    states, options = criterion["states"], criterion["options"]
    if blind:
        states, options = sorted(states, key=_neutral_order), sorted(options, key=_neutral_order)
    return {
        **_only(_PHONE_CRITERION, criterion),
        "settings": _only(RULES[Kind(criterion["kind"])].settings, criterion["settings"]),
        "not_green_when": not_green if asks_when_not_green else [],
        "states": [_phone_part(state, _PHONE_STATE, None if blind else "polarity") for state in states],
        "options": [_phone_part(option, _PHONE_OPTION, None if blind else "zone") for option in options],
    }


def _phone_part(part: Mapping[str, Any], names: tuple[str, ...], meaning: str | None) -> dict[str, Any]:
    told = _only(names, {**_PART_BEFORE, **part})
    return told | {meaning: part[meaning]} if meaning else told


def _only(names: tuple[str, ...], whole: Mapping[str, Any]) -> dict[str, Any]:
    return {name: whole[name] for name in names if name in whole}


def _neutral_order(part: Mapping[str, Any]) -> tuple[bool, str]:
    # Ids grow with time, and managers write the expected state first, so neither the position nor the id may decide.
    return bool(part.get("free_text")), hashlib.sha256(part["id"].encode()).hexdigest()
