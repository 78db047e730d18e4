"""What a phone is told of a published version: an allow-list, blind unless the manager says otherwise."""

from typing import Any

import pytest

from checklists.checklist import Evidence, compile_document, phone_document
from checklists.orm import ScopedSession
from checklists.scoring import Kind
from tests.factories import Audit, make_audit
from tests.forms import LANGUAGES, criteria_of_every_kind, make_criterion, make_section, make_version

SECRETS = {
    "weight",
    "points",
    "green_limit",
    "red_limit",
    "direction",
    "critical",
    "critical_cap",
    "barrier_id",
    "enough",
}


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    return make_audit(session)


def told(session: ScopedSession, audit: Audit, *, blind: bool) -> dict[str, Any]:
    version = make_version(
        session, audit.project, [make_section(audit.touchpoints[0], criteria_of_every_kind())], published=False
    )
    version.checklist.blind = blind
    return phone_document(compile_document(version, LANGUAGES))


def names_in(part: Any) -> set[str]:
    """Every name that stands anywhere in it."""
    if isinstance(part, dict):
        return set(part) | {name for each in part.values() for name in names_in(each)}
    return {name for each in part for name in names_in(each)} if isinstance(part, list) else set()


def test_a_blind_checklist_tells_nothing_of_what_is_good(session: ScopedSession, audit: Audit) -> None:
    assert not names_in(told(session, audit, blind=True)) & (SECRETS | {"polarity", "zone"})


def test_a_checklist_that_is_not_blind_tells_polarity_and_zones_and_nothing_more(
    session: ScopedSession, audit: Audit
) -> None:
    document = told(session, audit, blind=False)
    assert not names_in(document) & SECRETS
    by_kind = {each["kind"]: each for each in document["sections"][0]["criteria"]}
    assert [state["polarity"] for state in by_kind["states"]["states"]] == ["expected", "expected", "forbidden"]
    assert [option["zone"] for option in by_kind["choice"]["options"]] == ["green", "yellow", "red"]


def test_a_document_of_the_first_release_is_read_as_it_was_meant(session: ScopedSession, audit: Audit) -> None:
    """Published documents are never rewritten, so what they do not have must go without saying."""
    new = ("purpose", "grades", "staff_met", "staff_names")
    document = {name: value for name, value in audit.document.items() if name not in new}
    document["sections"] = [
        {name: section[name] for name in ("id", "lineage_id", "touchpoint_id", "title", "intro", "required_checks")}
        | {"weight": None, "criteria": [first_release(each) for each in section["criteria"]]}
        for section in document["sections"]
    ]
    whole, old = phone_document(audit.document), phone_document(document)
    assert old == whole


def first_release(criterion: dict[str, Any]) -> dict[str, Any]:
    """The criterion as the first release compiled it."""
    new = ("pictures", "critical_cap", "barrier_id", "shown_when", "linear", "settings")
    old = {name: value for name, value in criterion.items() if name not in new}
    for name in ("states", "options"):
        old[name] = [{key: part[key] for key in part if key != "description"} for part in criterion[name]]
    return old


def test_evidence_by_answer_is_told_in_plain_tests_only_where_it_is_asked_for(
    session: ScopedSession, audit: Audit
) -> None:
    plain, asking = make_criterion(Kind.CHOICE), make_criterion(Kind.CHOICE, evidence=Evidence.NOT_GREEN)
    version = make_version(session, audit.project, [make_section(audit.touchpoints[0], [plain, asking])])
    assert version.document is not None
    first, second = phone_document(version.document)["sections"][0]["criteria"]
    red_and_yellow = sorted(str(option.id) for option in asking.options[1:])
    assert (first["not_green_when"], second["not_green_when"]) == ([], [{"options_any": red_and_yellow}])
