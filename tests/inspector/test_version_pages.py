"""The next draft of a published version, what is different in it, and what is compared with the versions before."""

from uuid import UUID

import pytest

from checklists.checklist import Criterion
from tests.databases import Sessions
from tests.drafts import criteria_of, version_of
from tests.factories import Audit, make_audit
from tests.forms import make_checklist
from tests.pages import Window


@pytest.fixture
def draft(window: Window, audit: Audit) -> UUID:
    """The draft of version 2, made through the pages; the window shows it."""
    window.open(f"{audit.address}/checklists/versions/{audit.version.id}").submit("Make the next draft")
    assert "Version 2 is a draft now" in window.text
    return UUID(window.address.rsplit("/", 1)[1])


def test_a_draft_begins_as_a_copy_with_the_same_lineages(
    window: Window, draft: UUID, audit: Audit, sessions: Sessions
) -> None:
    before, after = criteria_of(sessions, audit.version.id), criteria_of(sessions, draft)
    assert [each.lineage_id for each in after] == [each.lineage_id for each in before]
    assert {each.id for each in after}.isdisjoint(each.id for each in before)
    window.follow("What is different from the version before")
    assert "Nothing is different." in window.text


def test_there_is_one_draft_at_a_time(window: Window, draft: UUID, audit: Audit) -> None:
    address = f"{audit.address}/checklists/versions/{audit.version.id}"
    window.open(address)
    assert "Make the next draft" not in window.text
    assert "Versions: 2 (draft), 1" in window.text
    window.post(f"{address}/next-draft")
    assert "There is a draft of this checklist already." in window.text


def test_the_differences_are_said_in_words(window: Window, draft: UUID, audit: Audit, sessions: Sessions) -> None:
    greeting, waiting, table = criteria_of(sessions, draft)
    criteria = f"{audit.address}/checklists/criteria"
    window.open(f"{criteria}/{greeting.id}")
    window.submit("Save", {"text.en": "The welcome", "expected.0.text.en": "Somebody greets", "critical": "flag"})
    condition = f"part:{greeting.lineage_id}:{greeting.states[0].lineage_id}"
    window.open(f"{criteria}/{waiting.id}")
    window.submit("Save", {"green_limit": "90", "conditions.0.source": condition})
    window.post(f"{criteria}/{table.id}/removal")
    section = version_of(sessions, draft).sections[1]
    window.post(f"{audit.address}/checklists/sections/{section.id}/move", {"step": "up"})
    window.open(f"{audit.address}/checklists/versions/{draft}").follow("Settings").submit(
        "Save", {"yellow_from": "60", "grades.0.name.ru": "Отлично", "grades.0.from": "95"}
    )
    window.follow("What is different from the version before")
    for words in (
        "Version 2 since version 1 of “The visit”.",
        "1 removal 1 move 2 rewordings 5 other changes",
        "Yellow from: 70% → 60%",
        "Grade bands: – → Отлично 95%",
        "This section stands at another place.",
        "The welcome Text, in English: “The greeting” → “The welcome”",
        "“Somebody greets”",
        "Critical: not critical → critical: the score stays as it is",
        "Green limit: 60 → 90",
        "Condition: always shown → Shown when “The welcome” is “Somebody greets”.",
        "The table This criterion was removed.",
    ):
        assert words in window.text, words


def test_any_two_versions_can_be_compared_and_old_ones_read(
    window: Window, draft: UUID, audit: Audit, sessions: Sessions
) -> None:
    criteria = f"{audit.address}/checklists/criteria"
    window.open(f"{criteria}/{criteria_of(sessions, draft)[1].id}").submit("Save", {"green_limit": "90"})
    window.submit("Publish").submit("Make the next draft")
    third = UUID(window.address.rsplit("/", 1)[1])
    window.open(f"{criteria}/{criteria_of(sessions, third)[1].id}").submit("Save", {"green_limit": "100"})
    address = f"{audit.address}/checklists/versions/{third}/differences"
    assert "Green limit: 90 → 100" in window.open(address).text
    assert "Green limit: 60 → 100" in window.open(f"{address}?since={audit.version.id}").text
    window.open(f"{audit.address}/checklists/versions/{audit.version.id}")
    assert window.status == 200
    assert "Green limit: 60" in window.text
    window.open(f"{audit.address}/checklists/")
    assert window.text.index("The visit 3 draft") < window.text.index("The visit 2 published")


def test_a_criterion_that_asks_for_something_else_is_not_compared_any_more(
    window: Window, draft: UUID, audit: Audit, sessions: Sessions
) -> None:
    def first() -> Criterion:
        return criteria_of(sessions, draft)[0]

    kept, address = first().lineage_id, f"{audit.address}/checklists/criteria/{first().id}"
    window.open(address).submit("Save", {"comparable": "no"})
    assert "not compared with earlier versions" in window.text
    assert first().lineage_id != kept
    broken = first().lineage_id
    window.open(address)
    assert window.fields["comparable"] == "no"
    window.submit("Save")
    assert first().lineage_id == broken
    window.follow("What is different from the version before")
    assert "1 addition 1 removal" in window.text
    window.open(address).submit("Save", {"comparable": "yes"})
    assert first().lineage_id == kept


def test_a_new_criterion_has_nothing_to_be_compared_with(window: Window, draft: UUID) -> None:
    window.follow("Text Cash desk").submit("Save", {"text.ru": "Что сказали"}).follow("Edit Что сказали")
    assert "comparable" not in window.fields


def test_a_version_names_the_waves_that_use_it(window: Window, draft: UUID, audit: Audit) -> None:
    assert "Used by the waves:" not in window.open(f"{audit.address}/checklists/versions/{draft}").text
    window.open(f"{audit.address}/checklists/versions/{audit.version.id}")
    assert f"Used by the waves: {audit.wave.name['en']}" in window.text


def test_versions_of_other_checklists_are_not_compared(
    window: Window, draft: UUID, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        same_project = make_checklist(session, audit.project, audit.touchpoints[:1], name="The call")
        foreign = make_audit(session, "other").version
    for since in (same_project.id, foreign.id, "nonsense"):
        address = f"{audit.address}/checklists/versions/{draft}/differences?since={since}"
        assert window.open(address).status == 404
    for version in (foreign.id, audit.version.id):  # Foreign; without a version before it.
        assert window.open(f"{audit.address}/checklists/versions/{version}/differences").status == 404
    assert window.post(f"{audit.address}/checklists/versions/{foreign.id}/next-draft").status_code == 404
