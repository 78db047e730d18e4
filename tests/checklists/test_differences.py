"""What is different between two versions, from their documents alone."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.checklist.differences import Change, Changed, Difference, differences

Part = dict[str, Any]

_ids = iter(range(1, 1_000_000))


def part(lineage: str, words: str = "", **values: Any) -> Part:
    """A state or option: the same lineage in every version, an id of its own in each."""
    return {"id": f"id-{next(_ids)}", "lineage_id": lineage, "text": {"en": words or lineage}, **values}


def criterion(lineage: str, words: str = "", **values: Any) -> Part:
    return {
        **part(lineage, words),
        "kind": "states",
        "weight": 1.0,
        "scored": True,
        "shown_when": None,
        "settings": {},
        "states": [],
        "options": [],
        **values,
    }


def section(lineage: str, criteria: Sequence[Part], **values: Any) -> Part:
    return {"id": f"id-{next(_ids)}", "lineage_id": lineage, "title": {"en": lineage}, "criteria": criteria, **values}


def document(*sections: Part, **values: Any) -> dict[str, Any]:
    return {
        "version_id": f"id-{next(_ids)}",
        "number": next(_ids),
        "title": {"en": "Visit"},
        "sections": sections,
    } | values


def said(found: Sequence[Difference]) -> list[tuple[str, str, str]]:
    """Each difference as change, part, and what it is about: the field, or the name."""
    return [(each.change.value, each.part.value, each.field or (each.name or {})["en"]) for each in found]


def test_a_copy_differs_in_nothing_though_all_its_ids_are_new() -> None:
    def version() -> dict[str, Any]:
        queue = criterion("queue", states=[part("yes", polarity="expected")])
        condition = {"criterion": queue["id"], "test": "is", "part": queue["states"][0]["id"]}
        wait = criterion("wait", shown_when={"match": "all", "conditions": [condition]})
        start = criterion("start", kind="time_stamp")
        took = criterion("took", kind="duration", settings={"from": start["id"], "until": start["id"]})
        return document(section("hall", [queue, wait, start, took]))

    assert differences(version(), version()) == []


def test_what_came_and_what_went() -> None:
    before = document(
        section("hall", [criterion("old"), criterion("kept", options=[part("tea")])]), section("yard", [])
    )
    after = document(
        section("hall", [criterion("kept", options=[part("coffee")]), criterion("new")]), section("till", [])
    )
    assert said(differences(before, after)) == [
        ("added", "option", "coffee"),
        ("removed", "option", "tea"),
        ("added", "criterion", "new"),
        ("removed", "criterion", "old"),
        ("added", "section", "till"),
        ("removed", "section", "yard"),
    ]


def test_a_section_that_goes_takes_its_criteria_along_unless_they_moved() -> None:
    before = document(section("hall", [criterion("kept")]), section("yard", [criterion("gone"), criterion("saved")]))
    after = document(section("hall", [criterion("kept"), criterion("saved")]))
    found = differences(before, after)
    assert said(found) == [
        ("moved", "criterion", "saved"),
        ("removed", "section", "yard"),
        ("removed", "criterion", "gone"),
    ]
    assert (found[0].old, found[0].new) == ({"en": "yard"}, {"en": "hall"})


def test_rewording_is_told_from_changing() -> None:
    before = document(section("hall", [criterion("wait", "The wait", green_limit=60.0, settings={"lowest": 0})]))
    after = document(
        section("hall", [criterion("wait", "The queue", green_limit=None, settings={"lowest": 1})], weight=2.0),
        green_from=0.8,
    )
    found = {each.field: (each.change, each.part, each.old, each.new) for each in differences(before, after)}
    assert found == {
        "green_from": (Change.CHANGED, Changed.VERSION, None, 0.8),
        "weight": (Change.CHANGED, Changed.SECTION, None, 2.0),
        "text": (Change.REWORDED, Changed.CRITERION, {"en": "The wait"}, {"en": "The queue"}),
        "green_limit": (Change.CHANGED, Changed.CRITERION, 60.0, None),
        "lowest": (Change.CHANGED, Changed.CRITERION, 0, 1),
    }


@pytest.mark.parametrize(("old", "new"), [(None, 0.0), (0.0, None), (0.0, 1.0)])
def test_a_limit_of_zero_is_a_limit(old: float | None, new: float | None) -> None:
    before = document(section("hall", [criterion("wait", red_limit=old)]))
    after = document(section("hall", [criterion("wait", red_limit=new)]))
    assert said(differences(before, after)) == [("changed", "criterion", "red_limit")]


def test_a_condition_that_names_something_else_has_changed() -> None:
    def version(named: str) -> dict[str, Any]:
        queue = criterion("queue", states=[part("short"), part("long")])
        state = next(each for each in queue["states"] if each["lineage_id"] == named)
        shown_when = {"match": "all", "conditions": [{"criterion": queue["id"], "test": "is", "part": state["id"]}]}
        return document(section("hall", [queue, criterion("wait", shown_when=shown_when)]))

    before, after = version("short"), version("long")
    (found,) = differences(before, after)
    assert (found.field, found.criterion) == ("shown_when", {"en": "wait"})
    assert found.old == before["sections"][0]["criteria"][1]["shown_when"]
    assert found.new == after["sections"][0]["criteria"][1]["shown_when"]


def test_states_are_compared_one_by_one_and_their_order_is_not() -> None:
    before = document(section("hall", [criterion("greeting", states=[part("hello", weight=1.0), part("smile")])]))
    after = document(section("hall", [criterion("greeting", states=[part("smile"), part("hello", "Hi", weight=2.0)])]))
    assert [(each.part, each.field, each.name) for each in differences(before, after)] == [
        (Changed.STATE, "text", {"en": "Hi"}),
        (Changed.STATE, "weight", {"en": "Hi"}),
    ]


def test_a_document_of_an_earlier_release_lacks_fields_and_differs_in_none_of_them() -> None:
    before = document(section("hall", [criterion("wait")]))
    after = document(
        section("hall", [criterion("wait", linear=False, pictures=[])], repeats=False, most_repetitions=10),
        purpose="visit",
        grades=[],
    )
    assert differences(before, after) == []


def test_one_part_that_was_pulled_up_is_the_only_one_that_moved() -> None:
    before = document(section("hall", [criterion(name) for name in "abcde"]))
    after = document(section("hall", [criterion(name) for name in "eabcd"]))
    assert said(differences(before, after)) == [("moved", "criterion", "e")]


@given(st.permutations("abcdef"), st.sets(st.sampled_from("abcdef")))
def test_what_did_not_move_still_stands_in_the_old_order(order: list[str], removed: set[str]) -> None:
    kept = [name for name in order if name not in removed]
    before = document(section("hall", [criterion(name) for name in "abcdef"]))
    after = document(section("hall", [criterion(name) for name in kept]))
    found = differences(before, after)
    moved = {(each.name or {})["en"] for each in found if each.change is Change.MOVED}
    still = [name for name in kept if name not in moved]
    assert still == sorted(still)
    assert len(found) == len(removed) + len(moved)
    assert bool(moved) == (kept != sorted(kept))
