"""Answers are read by hand, because forty of them come with each visit; the schema says what they mean."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from checklists.scoring import Status
from inspector.api.report_body import MOST_PARTS, AnswerSchema, read_answer

schema = AnswerSchema()
junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
ids = st.uuids().flatmap(lambda each: st.sampled_from([str(each), str(each).upper(), each.hex, each.urn]))
lists_of_ids = st.lists(ids, max_size=3) | st.lists(ids | junk, max_size=3) | junk
sound = {
    "criterion_id": ids,
    "repetition": st.integers(0, 98),
    "status": st.sampled_from([each.value for each in Status]),
    "states": st.lists(ids, max_size=3),
    "options": st.lists(ids, max_size=3),
    "value": st.none() | st.text(max_size=5) | st.integers() | st.floats(allow_nan=False),
    "reason": st.none() | st.text(max_size=5),
    "comment": st.none() | st.text(max_size=5),
    "photo_ids": st.lists(ids, max_size=3),
}
odd = {name: strategy | lists_of_ids for name, strategy in sound.items()} | {"more": junk}
answers = (
    st.fixed_dictionaries(
        {name: sound[name] for name in ("criterion_id", "status")},
        optional={name: strategy for name, strategy in sound.items() if name not in ("criterion_id", "status")},
    )
    | st.fixed_dictionaries({}, optional=odd)
    | junk
)


def outcome(read: Any, wire: Any) -> Any:
    try:
        return read(wire)
    except ValidationError:
        return "refused"


@settings(max_examples=1_500, deadline=None)
@given(answers)
def test_an_answer_is_read_as_the_schema_reads_it(made: Any) -> None:
    wire = json.loads(json.dumps(made))
    by_hand, by_schema = outcome(read_answer, wire), outcome(schema.load, wire)
    assert by_hand == by_schema
    assert repr(by_hand) == repr(by_schema), "not even 1 for 1.0, or True for 1"


@pytest.mark.parametrize(
    "change",
    [
        {"repetition": True},
        {"repetition": 1.0},
        {"repetition": 99},
        {"repetition": -1},
        {"states": [str(uuid4())] * (MOST_PARTS + 1)},
        {"states": None},
        {"states": "abc"},
        {"states": [5]},
        {"value": True},
        {"value": {}},
        {"reason": 5},
        {"status": None},
        {"status": []},
        {"criterion_id": 5},
        {"photo_ids": [None]},
    ],
)
def test_what_the_schema_refuses_is_refused(change: dict[str, Any]) -> None:
    wire = {"criterion_id": str(uuid4()), "status": "answered"} | change
    assert outcome(schema.load, wire) == "refused"
    assert outcome(read_answer, wire) == "refused"


def test_an_answer_as_phones_write_it_is_read() -> None:
    criterion, state = UUID(int=5), UUID(int=6)
    read = read_answer({"criterion_id": str(criterion), "status": "answered", "states": [str(state)], "value": 2})
    assert (read.given.criterion_id, read.given.states, read.given.value) == (criterion, frozenset([state]), 2)
