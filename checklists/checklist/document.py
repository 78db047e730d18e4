"""A version as one JSON document: whole for scoring and pages, and blind for the phone."""

import hashlib
from collections.abc import Mapping
from typing import Any

from checklists.checklist.tables import ChecklistVersion, Criterion, Section


def compile_document(version: ChecklistVersion, languages: list[str]) -> dict[str, Any]:
    """The version as one JSON document, ids as strings: everything that scoring, pages and the phone need of it."""
    return {
        "version_id": str(version.id),
        "checklist_id": str(version.checklist_id),
        "number": version.number,
        "title": version.checklist.name,
        "languages": languages,
        "default_language": languages[0],
        "blind": version.checklist.blind,
        "green_from": version.green_from,
        "yellow_from": version.yellow_from,
        "sections": [_compile_section(section) for section in version.sections],
    }


def _compile_section(section: Section) -> dict[str, Any]:
    return {
        "id": str(section.id),
        "lineage_id": str(section.lineage_id),
        "touchpoint_id": str(section.touchpoint_id),
        "title": section.title,
        "intro": section.intro,
        "required_checks": section.required_checks,
        "weight": None,
        "criteria": [_compile_criterion(criterion) for criterion in section.criteria],
    }


def _compile_criterion(criterion: Criterion) -> dict[str, Any]:
    return {
        "id": str(criterion.id),
        "lineage_id": str(criterion.lineage_id),
        "kind": criterion.kind.value,
        "text": criterion.text,
        "guidance": criterion.guidance,
        "weight": criterion.weight,
        "required": criterion.required,
        "scored": True,
        "critical": None,
        "may_be_not_applicable": criterion.may_be_not_applicable,
        "evidence": criterion.evidence.value,
        "evidence_at_least": criterion.evidence_at_least,
        "comment": criterion.comment.value,
        "enough": int(criterion.enough) if criterion.enough.isdigit() else criterion.enough,
        "all_or_nothing": criterion.all_or_nothing,
        "states": [
            {
                "id": str(state.id),
                "lineage_id": str(state.lineage_id),
                "text": state.text,
                "polarity": state.polarity.value,
                "weight": state.weight,
            }
            for state in criterion.states
        ],
        "unit": criterion.unit and criterion.unit.value,
        "decimals": criterion.decimals,
        "direction": criterion.direction and criterion.direction.value,
        "green_limit": criterion.green_limit,
        "red_limit": criterion.red_limit,
        "several": criterion.several,
        "options": [
            {
                "id": str(option.id),
                "lineage_id": str(option.lineage_id),
                "text": option.text,
                "zone": option.zone.value,
                "points": option.points,
                "free_text": option.free_text,
            }
            for option in criterion.options
        ],
    }


# What the phone may know of a criterion. Everything that is not listed stays here: blindness is an allow-list.
_PHONE_CRITERION = (
    "id",
    "kind",
    "text",
    "guidance",
    "required",
    "may_be_not_applicable",
    "evidence",
    "evidence_at_least",
    "comment",
    "unit",
    "decimals",
    "several",
)


def phone_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """The blind form of a compiled document: no polarity, weights, zones, points or limits, states and options in
    neutral order.
    """
    return {
        "id": document["version_id"],
        "number": document["number"],
        "title": document["title"],
        "languages": document["languages"],
        "default_language": document["default_language"],
        "sections": [
            {
                **{name: section[name] for name in ("id", "title", "intro", "touchpoint_id")},
                "criteria": [
                    {
                        **{name: criterion[name] for name in _PHONE_CRITERION},
                        "states": [
                            {"id": state["id"], "text": state["text"]}
                            for state in sorted(criterion["states"], key=_neutral_order)
                        ],
                        "options": [
                            {"id": option["id"], "text": option["text"], "free_text": option["free_text"]}
                            for option in sorted(criterion["options"], key=_neutral_order)
                        ],
                    }
                    for criterion in section["criteria"]
                ],
            }
            for section in document["sections"]
        ],
    }


def _neutral_order(part: Mapping[str, Any]) -> tuple[bool, str]:
    # Ids grow with time, and managers write the expected state first, so neither the position nor the id may decide.
    return bool(part.get("free_text")), hashlib.sha256(part["id"].encode()).hexdigest()
