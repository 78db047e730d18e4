"""Criteria of every kind are made, changed and put under conditions through the pages."""

from uuid import UUID

import pytest

from checklists.checklist import compile_document
from checklists.journey import Barrier
from tests.drafts import (
    CRITERIA,
    Fields,
    Sessions,
    add,
    add_duration,
    criteria_of,
    make_draft,
    version_of,
)
from tests.factories import LANGUAGES, Audit, make_audit
from tests.pages import Window


@pytest.fixture
def draft(window: Window, audit: Audit) -> UUID:
    return make_draft(window, audit)


@pytest.mark.parametrize("kind", CRITERIA)
def test_a_criterion_is_edited_without_losing_anything(
    window: Window, draft: UUID, sessions: Sessions, kind: str
) -> None:
    add(window, kind)
    before = compile_document(version_of(sessions, draft), LANGUAGES)
    name = str(CRITERIA[kind]["text.en"] if "text.en" in CRITERIA[kind] else CRITERIA[kind]["text.ru"])
    window.follow(f"Edit {name}").submit("Save")
    assert compile_document(version_of(sessions, draft), LANGUAGES) == before


def test_a_reworded_state_keeps_its_lineage_and_an_emptied_one_goes(
    window: Window, draft: UUID, sessions: Sessions
) -> None:
    add(window, "States")
    before = version_of(sessions, draft).sections[0].criteria[0]
    window.follow("Edit The greeting")
    window.submit("Save", {"expected.0.text.ru": "Кассир здоровается", "expected.1.text.ru": ""})
    after = version_of(sessions, draft).sections[0].criteria[0]
    assert [each.text["ru"] for each in after.states] == ["Кассир здоровается", "Говорит по телефону"]
    assert after.lineage_id == before.lineage_id
    assert [each.lineage_id for each in after.states] == [before.states[0].lineage_id, before.states[2].lineage_id]


@pytest.mark.parametrize(
    ("kind", "button", "first", "added"),
    [
        ("States", "More rows for expected states", "expected.0.text.ru", "expected.3.text.ru"),
        ("States", "More rows for forbidden states", "forbidden.0.text.ru", "forbidden.2.text.ru"),
        ("Choice", "More rows for options", "options.0.text.ru", "options.4.text.ru"),
    ],
)
def test_more_rows_come_without_a_script_and_keep_what_was_typed(
    window: Window, draft: UUID, sessions: Sessions, kind: str, button: str, first: str, added: str
) -> None:
    window.follow(f"{kind} Cash desk")
    assert added not in window.fields
    window.submit(button, CRITERIA[kind])
    assert window.status == 200
    assert window.fields[first] == CRITERIA[kind][first]
    assert not version_of(sessions, draft).sections[0].criteria
    window.submit("Save", {added: "Ещё одно"})
    (criterion,) = version_of(sessions, draft).sections[0].criteria
    assert "Ещё одно" in [each.text["ru"] for each in [*criterion.states, *criterion.options]]


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("States", {"text.ru": ""}, "text.ru"),
        ("States", {"enough": "3"}, "enough"),
        ("States", {"weight": "0"}, "weight"),
        ("States", {"expected.1.weight": "-1"}, "expected.1.weight"),
        ("States", {"expected.1.weight": "0"}, "states"),
        ("States", {"forbidden.0.text.ru": "", "forbidden.0.text.en": "On the phone"}, "forbidden.0.text.ru"),
        ("States", {"evidence_at_least": "1.5"}, "evidence_at_least"),
        ("Measure", {"red_limit": "0.5"}, "red_limit"),
        ("Measure", {"direction": "higher_is_better"}, "red_limit"),
        ("Measure", {"green_limit": "soon"}, "green_limit"),
        ("Measure", {"unit": "parsecs"}, "unit"),
        ("Choice", {"options.1.zone": "blue"}, "options.1.zone"),
    ],
)
def test_a_criterion_with_a_mistake_loses_nothing(
    window: Window, draft: UUID, sessions: Sessions, kind: str, changes: Fields, field: str
) -> None:
    add(window, kind, changes)
    assert window.status == 422
    assert f'href="#{field}"' in window.answer.text
    assert f'id="{field}"' in window.answer.text
    filled = {**CRITERIA[kind], **changes}
    offered = {name: value for name, value in filled.items() if value not in ("parsecs", "blue")}
    assert {name: window.fields.get(name) for name in offered} == offered
    assert not version_of(sessions, draft).sections[0].criteria


def test_criteria_are_moved_duplicated_removed_and_put_back(window: Window, draft: UUID, sessions: Sessions) -> None:
    def texts() -> list[str]:
        return [each.text["ru"] for each in version_of(sessions, draft).sections[0].criteria]

    add(window, "States")
    add(window, "Measure")
    add(window, "Choice")
    window.submit("Move up Столик")
    assert texts() == ["Приветствие", "Столик", "Ожидание"]
    window.submit("Move down The greeting")
    assert texts() == ["Столик", "Приветствие", "Ожидание"]
    window.submit("Duplicate Столик")
    assert texts() == ["Столик", "Столик", "Приветствие", "Ожидание"]
    first, copy, *_others = version_of(sessions, draft).sections[0].criteria
    assert copy.lineage_id != first.lineage_id
    assert [each.text for each in copy.options] == [each.text for each in first.options]
    before = version_of(sessions, draft).sections[0].criteria[2]
    window.submit("Remove The greeting")
    assert texts() == ["Столик", "Столик", "Ожидание"]
    window.submit("Undo the removal")
    assert texts() == ["Столик", "Столик", "Ожидание", "Приветствие"]
    back = version_of(sessions, draft).sections[0].criteria[-1]
    assert back.lineage_id == before.lineage_id
    assert [each.lineage_id for each in back.states] == [each.lineage_id for each in before.states]
    assert [each.weight for each in back.states] == [2.0, 1.0, 1.0]
    assert (back.enough, back.evidence_at_least, back.guidance) == ("any", 2, {"ru": "Смотрите на кассира"})


def test_every_kind_keeps_what_it_asks_for(window: Window, draft: UUID, sessions: Sessions) -> None:
    for kind in CRITERIA:
        add(window, kind)
        assert window.status == 200, window.text
    add_duration(window, sessions, draft)
    document = compile_document(version_of(sessions, draft), LANGUAGES)
    made = {each["kind"]: each for each in document["sections"][0]["criteria"]}
    assert made["states"]["states"][0]["description"] == {"en": "“Good morning!”"}
    assert made["measure"]["linear"] is True
    assert [each["points"] for each in made["choice"]["options"]] == [None, 0.75, None]
    assert made["rating"]["settings"] == {
        "lowest": 0,
        "highest": 10,
        "lowest_words": {"ru": "уйти и не возвращаться"},
        "highest_words": {"ru": "посоветую всем"},
    }
    assert (made["rating"]["direction"], made["rating"]["green_limit"]) == ("higher_is_better", 9.0)
    assert (made["money"]["settings"], made["money"]["decimals"]) == ({"currency": "KZT"}, 2)
    assert (made["money"]["evidence"], made["money"]["comment"]) == ("none", "not_green")
    assert (made["text"]["comment"], made["text"]["required"]) == ("none", True)
    assert (made["photo"]["evidence"], made["photo"]["evidence_at_least"]) == ("required", 3)
    stamps = {each["text"]["ru"]: each["id"] for each in document["sections"][0]["criteria"]}
    assert made["duration"]["settings"] == {"from": stamps["Вошли"], "until": stamps["Обслужили"]}
    assert (made["duration"]["unit"], made["duration"]["required"]) == ("minutes", False)
    window.submit("Publish")
    assert "is published and frozen" in window.text


def test_a_duration_is_edited_without_losing_anything(window: Window, draft: UUID, sessions: Sessions) -> None:
    add_duration(window, sessions, draft)
    before = compile_document(version_of(sessions, draft), LANGUAGES)
    window.follow("Edit Сколько ждали").submit("Save")
    assert compile_document(version_of(sessions, draft), LANGUAGES) == before
    assert "From: Вошли · Until: Обслужили · Unit: minutes" in window.text


def test_rules_that_all_kinds_share(window: Window, draft: UUID, audit: Audit, sessions: Sessions) -> None:
    window.open(f"{audit.address}/journey/").follow("Add a barrier Cash desk")
    window.submit("Save", {"text.ru": "Не здороваются", "name.ru": "Не здороваются", "name.en": "Nobody greets"})
    assert "Nobody greets not tested yet" in window.text
    window.open(f"{audit.address}/checklists/versions/{draft}")
    barrier = str(_barrier(sessions, audit))
    rules: Fields = {"critical": "cap", "critical_cap": "40", "barrier_id": barrier, "evidence": "not_green"}
    add(window, "States", rules)
    add(window, "Measure", {"scored": [], "required": []})
    greeting, waiting = criteria_of(sessions, draft)
    assert (greeting.critical, greeting.critical_cap) == ("cap", 0.4)
    assert (str(greeting.barrier_id), greeting.evidence, greeting.evidence_at_least) == (barrier, "not_green", 2)
    assert (waiting.scored, waiting.required) == (False, False)
    assert "critical: the score is limited (40%)" in window.text
    assert "tests the barrier “Nobody greets”" in window.text
    assert "asked, not scored" in window.text
    window.follow("Edit The greeting")
    assert "More rules: Weight of the criterion: 1.5, critical: the score is limited, tests a barrier" in window.text
    window.submit("Save", {"critical": ""})
    greeting = criteria_of(sessions, draft)[0]
    assert (greeting.critical, greeting.critical_cap) == (None, None)
    window.open(f"{audit.address}/journey/")
    assert "Nobody greets tested by: The greeting (Second visit, draft)" in window.text
    window.post(f"{audit.address}/journey/barriers/{barrier}/removal")
    assert "is tested by a criterion" in window.text


def _barrier(sessions: Sessions, audit: Audit) -> UUID:
    with sessions() as session:
        return session.get_one(type(audit.touchpoints[1]), audit.touchpoints[1].id).barriers[0].id


def test_a_limited_score_needs_its_limit(window: Window, draft: UUID) -> None:
    add(window, "Measure", {"critical": "cap"})
    assert window.status == 422
    assert 'href="#critical_cap"' in window.answer.text
    assert '<details class="add further" id="further" open>' in window.answer.text


def test_conditions_name_earlier_answers_numbers_and_attributes(
    window: Window, draft: UUID, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        session.get_one(type(audit.outlets[0]), audit.outlets[0].id).attributes = {"drive-through": "yes"}
    add(window, "States")
    add(window, "Measure")
    greeting, waiting = criteria_of(sessions, draft)
    state = greeting.states[0]
    rows: Fields = {
        "match": "any",
        "conditions.0.source": f"part:{greeting.lineage_id}:{state.lineage_id}",
        "conditions.0.test": "contains",
        "conditions.1.source": f"part:{greeting.lineage_id}:none",
        "conditions.1.test": "is",
        "conditions.2.source": f"number:{waiting.lineage_id}",
        "conditions.2.test": "is",
        "conditions.2.value": "2,5",
        "conditions.3.source": "attribute:drive-through",
        "conditions.3.test": "is",
        "conditions.3.value": "yes",
        "conditions.4.source": "",
    }
    add(window, "Text", rows)
    said = criteria_of(sessions, draft)[-1]
    assert said.shown_when == {
        "match": "any",
        "conditions": [
            {"criterion": str(greeting.lineage_id), "test": "contains", "part": str(state.lineage_id)},
            {"criterion": str(greeting.lineage_id), "test": "is", "part": "none"},
            {"criterion": str(waiting.lineage_id), "test": "equals", "number": 2.5},
            {"attribute": "drive-through", "value": "yes"},
        ],
    }
    sentence = (
        "Shown when “The cashier greets first” is among those marked at “The greeting” or “The greeting” is “None of "
        "these” or “Ожидание” equals 2.5 or the outlet's “drive-through” is “yes”."
    )
    assert sentence in window.text
    window.follow("Edit Что посоветовали")
    assert "shown under 4 conditions" in window.text
    window.submit("Save")
    assert criteria_of(sessions, draft)[-1].shown_when == said.shown_when
    window.open(f"{audit.address}/checklists/versions/{draft}/preview")
    assert sentence in window.text


@pytest.mark.parametrize(
    ("source", "test", "value", "field"),
    [
        ("part", "above", "", "conditions.0.test"),
        ("number", "contains", "2", "conditions.0.test"),
        ("number", "above", "", "conditions.0.value"),
        ("number", "above", "soon", "conditions.0.value"),
        ("number:00000000-0000-4000-8000-000000000000", "above", "2", "conditions.0.source"),
        ("attribute:none has it", "is", "", "conditions.0.source"),
    ],
)
def test_a_condition_with_a_mistake_is_shown_again(
    window: Window, draft: UUID, sessions: Sessions, source: str, test: str, value: str, field: str
) -> None:
    add(window, "Choice")
    add(window, "Measure")
    table, waiting = criteria_of(sessions, draft)
    known = {
        "part": f"part:{table.lineage_id}:{table.options[0].lineage_id}",
        "number": f"number:{waiting.lineage_id}",
    }
    typed = {"source": known.get(source, source), "test": test, "value": value}
    add(window, "Text", {f"conditions.0.{name}": words for name, words in typed.items()})
    assert window.status == 422
    assert f'href="#{field}"' in window.answer.text
    assert 'id="further" open' in window.answer.text
    assert (window.fields["conditions.0.test"], window.fields["conditions.0.value"]) == (test, value)
    assert len(criteria_of(sessions, draft)) == 2


def test_only_what_comes_before_can_be_asked_for(window: Window, draft: UUID, audit: Audit, sessions: Sessions) -> None:
    add(window, "Choice")
    add(window, "Measure")
    table, waiting = (f":{each.lineage_id}" for each in criteria_of(sessions, draft))
    window.follow("Edit Столик")
    assert table not in window.answer.text
    assert waiting not in window.answer.text
    window.open(f"{audit.address}/checklists/versions/{draft}").follow("Edit Ожидание")
    assert table in window.answer.text
    assert waiting not in window.answer.text
    window.open(f"{audit.address}/checklists/versions/{draft}").follow("Add a section")
    assert table in window.answer.text
    section = version_of(sessions, draft).sections[0].id
    window.open(f"{audit.address}/checklists/sections/{section}")
    window.submit("Save", {"repeats": "on", "repeat_label.ru": "Сотрудник", "most_repetitions": "5"})
    window.follow("Add a section")
    assert table not in window.answer.text
    assert version_of(sessions, draft).sections[0].most_repetitions == 5


def test_a_condition_that_became_impossible_is_kept_and_said(
    window: Window, draft: UUID, audit: Audit, sessions: Sessions
) -> None:
    add(window, "Choice")
    (table,) = criteria_of(sessions, draft)
    add(window, "Measure", {"conditions.0.source": f"part:{table.lineage_id}:{table.options[0].lineage_id}"})
    window.submit("Move up Ожидание")
    assert "Ожидание: a condition asks for something that does not come before it" in window.text
    waiting = criteria_of(sessions, draft)[0]
    window.follow("Edit Ожидание").submit("Save", {"text.ru": "Очередь"})
    again = criteria_of(sessions, draft)[0]
    assert (again.text["ru"], again.shown_when) == ("Очередь", waiting.shown_when)
    window.follow("Edit Очередь").submit("Save", {"conditions.0.source": ""})
    assert criteria_of(sessions, draft)[0].shown_when is None


def test_more_conditions_come_without_a_script_up_to_five(window: Window, draft: UUID) -> None:
    add(window, "Choice")
    window.follow("Text Cash desk")
    for _row in range(4):
        window.submit("More conditions", {"text.ru": "Что посоветовали"})
    assert "conditions.4.source" in window.fields
    assert 'id="further" open' in window.answer.text
    assert "More conditions" not in window.text
    assert window.fields["text.ru"] == "Что посоветовали"


def test_what_belongs_to_another_project_is_not_found(
    window: Window, draft: UUID, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
        touchpoint = other.touchpoints[0]
        barrier = Barrier(
            organization_id=other.organization.id, touchpoint_id=touchpoint.id, text={"ru": "Чужой"}, position=0
        )
        session.add(barrier)
    add(window, "Measure", {"barrier_id": str(barrier.id)})
    assert window.status == 404
    window.open(f"{audit.address}/checklists/versions/{draft}")
    add(window, "Measure", {"pictures": "not-an-id"})
    assert window.status == 404
    assert not criteria_of(sessions, draft)
