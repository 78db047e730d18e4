"""Answers of every kind are shown and corrected through the pages, with old and new side by side."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from checklists.checklist import Criterion, Critical, Unit, publish
from checklists.orm import ScopedSession, new_id
from checklists.review import correct
from checklists.scoring import Kind
from checklists.visits import Answer, Visit, VisitState
from tests.databases import Sessions
from tests.factories import Audit, make_wave
from tests.field import deliver, make_report
from tests.forms import LANGUAGES, make_checklist, make_criterion, text
from tests.pages import Window

NOW = datetime.now(UTC)


def visit_of(sessions: Sessions, visit_id: UUID) -> Visit:
    with sessions() as session:
        return session.get_one(Visit, visit_id)


@pytest.mark.parametrize(
    ("kind", "entered", "shown"),
    [
        ("measure", {"value": "90,5"}, "60 seconds → 90.5 seconds"),
        ("states", {"states": []}, "→ None of these"),
        ("choice", {"options": "{dirty}"}, "Clean → Dirty"),
        ("measure", {"status": "not_applicable"}, "60 seconds → not applicable"),
        ("choice", {"status": "could_not_check"}, "Clean → could not check"),
    ],
)
def test_an_answer_is_corrected_and_both_are_shown(
    window: Window, audit: Audit, sessions: Sessions, kind: str, entered: dict[str, Any], shown: str
) -> None:
    criterion = audit.criterion(kind)
    with sessions() as session, session.begin():
        visit = audit.visit(session)
    dirty = audit.criterion("choice")["options"][2]["id"]
    entered = {name: value.format(dirty=dirty) if isinstance(value, str) else value for name, value in entered.items()}
    window.open(f"{audit.address}/visits/{visit.id}")
    window.follow(f"Correct {criterion['text']['en']}")
    window.submit("Correct the answer", entered)
    assert window.status == 422, "without a reason"
    window.submit("Correct the answer", {**entered, "reason": "The photo shows it."})
    assert "The answer was corrected" in window.text
    assert shown in window.text
    assert "The photo shows it." in window.text
    assert "Corrected by Marina Orlova" in window.text
    assert "100%" in window.text, "as sent"
    assert visit_of(sessions, visit.id).sealed_score == 1.0


def test_a_correction_that_cannot_stand_is_refused_beside_its_field(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    measure = audit.criterion("measure")
    with sessions() as session, session.begin():
        visit = audit.visit(session)
    form = f"{audit.address}/visits/{visit.id}/answers/{measure['id']}/0"
    for value, words in (
        ("", "Please give an answer."),
        ("-4", "This number cannot be right."),
        ("60", "stands already"),
    ):
        window.open(form).submit("Correct the answer", {"value": value, "reason": "Why not."})
        assert window.status == 422
        assert words in window.text
    window.submit("Correct the answer", {"value": "soon", "reason": "Why not."})
    assert "Please enter a number." in window.text
    for address in (
        f"{audit.address}/visits/{visit.id}/answers/{new_id()}/0",
        f"{audit.address}/visits/{visit.id}/answers/{measure['id']}/7",
        f"{audit.address}/visits/{new_id()}/answers/{measure['id']}/0",
    ):
        assert window.open(address).status == 404
    with sessions() as session, session.begin():
        approved = audit.visit(session, audit.outlets[1], state="approved")
    assert window.open(f"{audit.address}/visits/{approved.id}/answers/{measure['id']}/0").status == 409


def facts() -> list[Criterion]:
    """One criterion of each kind that a visit's page has to show and a correction to ask for."""

    def fact(kind: Kind, name: str, **values: Any) -> Criterion:
        return Criterion(
            kind=kind, text=text(name), **{"lineage_id": new_id(), "position": 0, "required": False} | values
        )

    entered, served = fact(Kind.TIME_STAMP, "Entered"), fact(Kind.TIME_STAMP, "Served")
    between = {"from": str(entered.lineage_id), "until": str(served.lineage_id)}
    return [
        make_criterion(Kind.STATES, critical=Critical.CAP, critical_cap=0.5),
        fact(Kind.RATING, "The smile", settings={"lowest": 1, "highest": 5, "lowest_words": {}, "highest_words": {}}),
        fact(Kind.TEXT, "What was recommended"),
        fact(Kind.DATE, "The promised day"),
        fact(Kind.MONEY, "The bill", settings={"currency": "RUB"}, decimals=2),
        entered,
        served,
        fact(Kind.DURATION, "From door to coffee", unit=Unit.MINUTES, settings=between),
    ]


def wire(criterion: dict[str, Any], repetition: int = 0, **values: Any) -> dict[str, Any]:
    empty = {"states": [], "options": [], "value": None, "reason": None, "comment": None, "photo_ids": []}
    return {"criterion_id": criterion["id"], "repetition": repetition, "status": "answered", **empty, **values}


def visit_of_all_kinds(session: ScopedSession, audit: Audit) -> tuple[Visit, dict[str, dict[str, Any]]]:
    """A visit whose section was gone through for two employees; the criteria by their English text."""
    version = make_checklist(
        session, audit.project, audit.touchpoints[:1], criteria={audit.touchpoints[0].id: facts()}, published=False
    )
    (section,) = version.sections
    section.repeats, section.repeat_label = True, text("Employee")
    version.grades = [{"name": text("Weak"), "from": 0.0}, {"name": text("Good"), "from": 0.8}]
    session.flush()
    publish(version, LANGUAGES, NOW)
    session.flush()
    assert version.document is not None
    wave = make_wave(session, audit.project, [version], audit.outlets)
    criteria = {each["text"]["en"]: each for each in version.document["sections"][0]["criteria"]}
    values = {
        "The smile": 4,
        "What was recommended": "A raf coffee",
        "The promised day": "2026-11-25",
        "The bill": 249.5,
        "Entered": "2026-11-22T10:00:00+03:00",
        "Served": "2026-11-22T10:04:30+03:00",
    }
    seen = [state["id"] for state in criteria["The greeting"]["states"]]
    answers = [wire(criteria["The greeting"], 0, states=seen[:2]), wire(criteria["The greeting"], 1, states=seen[2:])]
    answers += [wire(criteria[name], 0, value=value) for name, value in values.items()]
    assignment = audit.assign(session, wave=wave, version=version)
    report = make_report(assignment, {"sections": []}) | {
        "answers": answers,
        "repetitions": [
            {"section_id": str(section.id), "repetition": number, "label": label}
            for number, label in enumerate(("Anna at the till", "The barista"))
        ],
        "staff_met": [{"role": "Barista", "description": "Red apron", "name": None}],
    }
    receipt = deliver(session, assignment, report)
    assert receipt.state is VisitState.RECEIVED, receipt.hold_reason
    return session.get_one(Visit, receipt.id), criteria


def test_answers_of_every_kind_are_shown_by_repetition(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        visit, _criteria = visit_of_all_kinds(session, audit)
    window.open(f"{audit.address}/visits/{visit.id}")
    for words in (
        "Employee 1: Anna at the till",
        "Employee 2: The barista",
        "4 of 5",
        "A raf coffee",
        "25 Nov 2026",
        "249.50",
        "22 Nov 2026, 10:04:30",
        "4.5 minutes",
        "Barista",
        "Red apron",
        "failed: a critical criterion is red, its score is capped at 50%",
        "GradeWeak",
        "not answered",
    ):
        assert words in window.text, words
    assert "Correct From door to coffee" not in [words for words, _address in window.page.links], "it is derived"


@pytest.mark.parametrize(
    ("name", "repetition", "value", "shown"),
    [
        ("The smile", 0, "2", "4 of 5 → 2 of 5"),
        ("The smile", 1, "5", "not answered → 5 of 5"),
        ("What was recommended", 0, "A flat white", "A raf coffee → A flat white"),
        ("The promised day", 0, "2026-11-26", "25 Nov 2026 → 26 Nov 2026"),
        ("The bill", 0, "190,00", "190.00"),
        ("Served", 0, "2026-11-22T10:02:00", "10:04:30 → 22 Nov 2026, 10:02:00"),
    ],
)
def test_every_kind_is_corrected_through_its_own_field(
    window: Window, audit: Audit, sessions: Sessions, name: str, repetition: int, value: str, shown: str
) -> None:
    with sessions() as session, session.begin():
        visit, criteria = visit_of_all_kinds(session, audit)
    address = f"{audit.address}/visits/{visit.id}/answers/{criteria[name]['id']}/{repetition}"
    window.open(address).submit("Correct the answer", {"value": value, "reason": "The film shows it."})
    assert window.status == 200, window.text
    assert shown in window.text
    if name == "Served":
        assert "2 minutes" in window.text, "the duration follows"
    with sessions() as session:
        answer = session.get_one(Answer, (visit.id, UUID(criteria[name]["id"]), repetition))
        assert answer.words != "", answer


def test_what_was_not_shown_is_kept_and_said(window: Window, audit: Audit, sessions: Sessions) -> None:
    choice, follow_up = make_criterion(Kind.CHOICE, lineage_id=new_id()), make_criterion(Kind.MEASURE)
    choice.options[0].lineage_id = new_id()
    condition = {"criterion": str(choice.lineage_id), "test": "is", "part": str(choice.options[0].lineage_id)}
    follow_up.shown_when = {"match": "all", "conditions": [condition]}
    asked = {audit.touchpoints[0].id: [choice, follow_up]}
    with sessions() as session, session.begin():
        version = make_checklist(session, audit.project, audit.touchpoints[:1], criteria=asked)
        wave = make_wave(session, audit.project, [version], audit.outlets)
        assert version.document is not None
        first, _second = version.document["sections"][0]["criteria"]
        assignment = audit.assign(session, wave=wave, version=version)
        visit_id = deliver(session, assignment, make_report(assignment, version.document)).id
        dirty = {"status": "answered", "states": [], "options": [first["options"][2]["id"]], "value": None}
        new: Any = dirty | {"comment": None}
        correct(session, visit_id, audit.reviewer.id, UUID(first["id"]), 0, new, "It was dirty.", NOW)
    window.open(f"{audit.address}/visits/{visit_id}")
    assert "not shown: kept, not scored" in window.text
    assert "60 seconds" in window.text
