"""What the pages declare of each kind of criterion: every kind is there, and its answers are said in words."""

from typing import Any

import pytest
from flask import Flask, g
from flask_babel import force_locale

from checklists.checklist import Unit
from checklists.orm import new_id
from checklists.scoring import FormCriterion, Kind, Status, read_form
from checklists.visits import Answer
from inspector.manager.kinds import KINDS
from tests.databases import Sessions
from tests.factories import make_audit
from tests.forms import make_checklist, make_criterion

SAID: dict[Kind, tuple[dict[str, Any], str, str]] = {
    Kind.STATES: ({"states": [0, 2]}, "The guest is greeted; The employee is on the phone", ""),
    Kind.CHOICE: ({"options": [1], "words": "and a spoon"}, "Crumbs; “and a spoon”", ""),
    Kind.RATING: ({"value": 4.0}, "4 of 5", "4 из 5"),
    Kind.MEASURE: ({"value": 90.0}, "90 seconds", "90 "),
    Kind.TEXT: ({"words": "Take the cake\nand coffee"}, "Take the cake\nand coffee", ""),
    Kind.DATE: ({"words": "2026-11-22"}, "22 Nov 2026", "22 нояб. 2026"),
    Kind.TIME_STAMP: ({"words": "2026-11-22T23:59:07+07:00"}, "22 Nov 2026, 23:59:07", "22 нояб. 2026, 23:59:07"),
    Kind.DURATION: ({"value": 3.25}, "3.2 minutes", ""),
    Kind.MONEY: ({"value": 349.5}, "349.50 RUB", "349,50 ₽"),
    Kind.PHOTO: ({"photo_ids": ["one", "two"]}, "2 photos", "2 фото"),
}


@pytest.fixture
def criteria(sessions: Sessions) -> dict[Kind, FormCriterion]:
    """A published criterion of each kind."""
    with sessions() as session, session.begin():
        audit = make_audit(session)
        stamp = make_criterion(Kind.TIME_STAMP)
        stamp.lineage_id = new_id()
        ends = {"from": str(stamp.lineage_id), "until": str(stamp.lineage_id)}
        values: dict[Kind, dict[str, Any]] = {Kind.DURATION: {"settings": ends, "unit": Unit.MINUTES}}
        others = (kind for kind in Kind if kind is not Kind.TIME_STAMP)
        asked = [stamp, *(make_criterion(kind, **values.get(kind, {})) for kind in others)]
        version = make_checklist(
            session, audit.project, audit.touchpoints[:1], criteria={audit.touchpoints[0].id: asked}, name="All of them"
        )
        assert version.document is not None
        return {each.kind: each for each in read_form(version.document).criteria.values()}


def test_every_kind_has_its_pages() -> None:
    assert set(KINDS) == set(Kind) == set(SAID)


@pytest.mark.parametrize("kind", list(Kind))
def test_an_answer_is_said_in_words(app: Flask, criteria: dict[Kind, FormCriterion], kind: Kind) -> None:
    values, english, russian = SAID[kind]
    criterion = criteria[kind]
    answer = Answer(status=Status.ANSWERED, states=[], options=[], photo_ids=[])
    for name, value in values.items():
        setattr(answer, name, value)
    answer.states = [str(list(criterion.states)[number]) for number in answer.states]
    answer.options = [str(list(criterion.options)[number]) for number in answer.options]
    with app.test_request_context():
        g.project = None
        for language, expected in (("en", english), ("ru", russian)):
            with force_locale(language):
                said = KINDS[kind].show_answer(criterion, answer).replace("\N{NO-BREAK SPACE}", " ")
                assert said.startswith(expected), said


def test_marking_nothing_is_an_answer_too(app: Flask, criteria: dict[Kind, FormCriterion]) -> None:
    answer = Answer(status=Status.ANSWERED, states=[], options=[])
    with app.test_request_context():
        assert KINDS[Kind.STATES].show_answer(criteria[Kind.STATES], answer) == "None of these"
