"""The lists to take away: complete, readable by spreadsheets, harmless in them, and of any length."""

import csv
import io
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from checklists.brands import Outlet
from checklists.checklist import Unit
from checklists.errors import HoldReason
from checklists.orm import ScopedSession, new_id
from checklists.review import Content, approve, correct
from checklists.scoring import Kind, Status, Zone
from checklists.visits import Answer, Check, Visit, VisitState
from inspector.exports.csv_stream import FORMULA_STARTS, Dialect, plain, readers_dialect
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_wave
from tests.field import FieldPhoto
from tests.pages import Window

BEGUN = datetime(2026, 11, 3, 21, 30, tzinfo=UTC)


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        return make_audit(session)


@pytest.fixture
def window(app: Flask, audit: Audit) -> Window:
    return Window(app, audit.manager.email)


def rows(window: Window, address: str, delimiter: str = ",") -> list[dict[str, str]]:
    answer = window.client.get(address)
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf"), "spreadsheets take a file without this mark for another encoding"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_answers_are_told_in_full(window: Window, audit: Audit, sessions: Sessions) -> None:
    states, measure, choice = (audit.criterion(kind) for kind in ("states", "measure", "choice"))
    photos = [FieldPhoto(b"one"), FieldPhoto(b"two")]
    with sessions() as session, session.begin():
        session.get_one(Outlet, audit.outlets[0].id).time_zone = "Asia/Vladivostok"
        visit = audit.visit(
            session,
            state="approved",
            zones={states["id"]: "yellow", measure["id"]: "yellow"},
            answers={
                measure["id"]: {"comment": "Two tills\nof five, he said “soon”"},
                choice["id"]: {"status": "could_not_check", "options": [], "reason": "All taken."},
            },
            photos={states["id"]: photos},
            started_at=BEGUN,
        )
        audit.visit(session)
    found = rows(window, f"{audit.address}/exports/answers.csv")
    assert len(found) == 9, "one row for each answer of the approved visit"
    first, second, third = found[:3]
    assert first == {
        "Visit": str(visit.id),
        "State": "approved",
        "Wave": "November",
        "Brand": "Utro",
        "Outlet": "Utro 1",
        "City": "Москва",
        "Inspector": "Anna Petrova",
        "Begun (UTC)": "2026-11-03 21:30:00",
        "Begun (outlet's time)": "2026-11-04 07:30:00",
        "Finished (UTC)": "2026-11-03 21:42:00",
        "Finished (outlet's time)": "2026-11-04 07:42:00",
        "Received (UTC)": visit.received_at.strftime("%Y-%m-%d %H:%M:%S"),
        "Checklist": "The visit",
        "Version": "1",
        "Touchpoint": "Reception",
        "Section": "Reception",
        "Criterion": "The greeting",
        "Criterion id": states["id"],
        "Kind": "states",
        "Status": "answered",
        "Expected states seen": "The guest is greeted",
        "Forbidden states seen": "",
        "Options chosen": "",
        "Value": "",
        "Unit": "",
        "Zone": "yellow",
        "Points": "0.5",
        "Points possible": "1",
        "Reason": "",
        "Comment": "",
        "Photos": "2",
        "Photo ids": f"{photos[0].id} {photos[1].id}",
        "Repetition": "",
        "Label of the repetition": "",
        "Not shown (1 = kept, not scored)": "0",
        "Corrected (1 = yes)": "0",
        "Check failed (1 = a critical criterion is red)": "0",
        "Score of the visit (0..1)": "1",
        "Score of the visit as sent (0..1)": "1",
        "Grade": "",
    }
    assert (second["Value"], second["Unit"], second["Zone"]) == ("120", "seconds", "yellow")
    assert second["Comment"] == "Two tills\nof five, he said “soon”"
    assert (third["Status"], third["Reason"], third["Zone"], third["Points possible"]) == (
        "could not check",
        "All taken.",
        "",
        "0",
    )


def test_visits_are_told_with_their_checks(window: Window, audit: Audit, sessions: Sessions) -> None:
    reception = audit.document["sections"][0]["criteria"]
    with sessions() as session, session.begin():
        audit.visit(session, state="approved", zones={each["id"]: "red" for each in reception}, started_at=BEGUN)
    (row,) = rows(window, f"{audit.address}/exports/visits.csv")
    assert (row["Outlet"], row["State"], row["Seconds taken"]) == ("Utro 1", "approved", "720")
    assert (row["Checks"], row["Checks that count"], row["Absent here"], row["Forbidden states seen"]) == tuple("3301")
    assert float(row["Score (0..1)"]) == pytest.approx(6 / 9, abs=1e-6)
    assert (row["Reception: score (0..1)"], row["Reception: zone"]) == ("0", "red")
    assert (row["Cash desk: score (0..1)"], row["Phone call: zone"]) == ("1", "green")


def test_corrections_are_told_with_both_scores(window: Window, audit: Audit, sessions: Sessions) -> None:
    measure = UUID(audit.criterion("measure")["id"])
    content: Content = {"status": "answered", "states": [], "options": [], "value": 180.0, "comment": None}
    with sessions() as session, session.begin():
        visit = audit.visit(session)
        correct(session, visit.id, audit.reviewer.id, measure, 0, content, "The film shows it.", datetime.now(UTC))
        approve(session, visit.id, audit.manager.id, datetime.now(UTC))
        audit.visit(session, audit.outlets[1], state="approved")
    corrected, untouched = rows(window, f"{audit.address}/exports/visits.csv")
    assert (corrected["Score as sent (0..1)"], corrected["Corrected answers"]) == ("1", "1")
    assert float(corrected["Score (0..1)"]) == pytest.approx(8 / 9, abs=1e-6)
    assert [untouched[title] for title in ("Revision", "Corrected answers", "Failed checks", "Staff met")] == list(
        "1000"
    )
    answers = rows(window, f"{audit.address}/exports/answers.csv")
    assert [each["Value"] for each in answers if each["Corrected (1 = yes)"] == "1"] == ["180"]
    assert list(corrected).index("Revision") > list(corrected).index("Phone call: zone"), (
        "older columns keep their place"
    )


def test_only_approved_visits_go_out_unless_all_are_wanted(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        other = make_wave(session, audit.project, [audit.version], audit.outlets, name="October")
        for state in ("approved", "received", "rejected"):
            audit.visit(session, state=state)
        audit.visit(session, state="approved", assignment=audit.assign(session, wave=other))
        make_audit(session, "strangers").visit(session, state="approved")
    base = f"{audit.address}/exports"
    assert len(rows(window, f"{base}/visits.csv")) == 2
    assert len(rows(window, f"{base}/visits.csv?state=all")) == 4
    assert len(rows(window, f"{base}/visits.csv?state=all&wave={audit.wave.id}")) == 3
    assert [row["Wave"] for row in rows(window, f"{base}/visits.csv?wave={other.id}")] == ["October"]
    assert len(rows(window, f"{base}/answers.csv")) == 18
    assert len(rows(window, f"{base}/answers.csv?state=all&wave={audit.wave.id}")) == 27


def test_a_russian_spreadsheet_gets_russian_words_and_its_own_signs(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    visit_with_all_kinds(audit, sessions)
    window.post("/language", {"language": "ru", "next": "/"})
    states, measure, choice = rows(window, f"{audit.address}/exports/answers.csv", ";")[:3]
    assert (states["Критерий"], states["Точка контакта"]) == ("The greeting (по-русски)", "Вход и приветствие")
    assert [states[title] for title in ("Вид", "Статус ответа", "Зона", "Баллы")] == [
        "состояния",
        "дан ответ",
        "жёлтая",
        "0,5",
    ]
    assert (measure["Вид"], measure["Значение"], measure["Единица"]) == ("измерение", "7,25", "сек.")
    assert (choice["Вид"], choice["Статус ответа"]) == ("выбор", "не удалось проверить")
    assert choice["Комментарий"] == "Two; of five, he said", "a delimiter inside a text does not end the cell"
    assert choice["Начат (UTC)"] == "2026-11-03 21:30:00"
    (visit,) = rows(window, f"{audit.address}/exports/visits.csv", ";")
    assert visit["Состояние"] == "принят"
    assert visit["Оценка (0..1)"] == "1", "by the checks that count"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_programs_get_codes_whatever_the_language(
    language: str, window: Window, audit: Audit, sessions: Sessions
) -> None:
    visit_with_all_kinds(audit, sessions)
    window.post("/language", {"language": language, "next": "/"})
    states, measure, choice = (
        list(row.values()) for row in rows(window, f"{audit.address}/exports/answers.csv?codes=1")[:3]
    )
    assert {"approved", "states", "answered", "yellow", "0.5"} <= set(states)
    assert {"measure", "7.25", "seconds"} <= set(measure)
    assert {"choice", "could_not_check", "Two; of five, he said"} <= set(choice)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_choice_has_its_words(language: str, app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        words = readers_dialect().words
    assert {VisitState, Kind, Status, Unit, Zone, HoldReason} == set(words)
    assert all(set(texts) == set(kind) for kind, texts in words.items())


def test_why_a_visit_is_held_is_told_in_words_or_as_code(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        visit = audit.visit(session)
        visit.state, visit.hold_reason = VisitState.HELD, HoldReason.INCOMPLETE
    address = f"{audit.address}/exports/visits.csv?state=all"
    (told,), (code,) = rows(window, address), rows(window, f"{address}&codes=1")
    assert (told["State"], told["Why it is held"]) == ("held", "A required criterion is not answered.")
    assert (code["State"], code["Why it is held"]) == ("held", "incomplete")


def visit_with_all_kinds(audit: Audit, sessions: Sessions) -> None:
    """An approved visit: half a point for the states, a measure with a fraction, a choice that could not be made."""
    states, measure, choice = (audit.criterion(kind)["id"] for kind in ("states", "measure", "choice"))
    unmade = {"status": "could_not_check", "options": [], "reason": "Crowd.", "comment": "Two; of five, he said"}
    with sessions() as session, session.begin():
        audit.visit(
            session,
            state="approved",
            zones={states: "yellow"},
            answers={measure: {"value": 7.25}, choice: unmade},
            started_at=BEGUN,
        )


@pytest.mark.parametrize("words", ["=1+2", "+7 495", "-5 degrees", "@everyone", "\tTab", "\rReturn", "＝1+2"])
def test_text_never_becomes_a_formula(words: str, window: Window, audit: Audit, sessions: Sessions) -> None:
    measure = audit.criterion("measure")["id"]
    with sessions() as session, session.begin():
        session.get_one(Outlet, audit.outlets[0].id).city = words
        audit.visit(session, state="approved", answers={measure: {"value": 5, "comment": words}})
    row = next(r for r in rows(window, f"{audit.address}/exports/answers.csv") if r["Criterion id"] == measure)
    assert row["Comment"] == row["City"] == f"'{words}"
    assert row["Value"] == "5"


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (13.0, "13"),
        (-5.5, "-5,5"),
        (0.5, "0,5"),
        (-0.0000001, "0"),
        (0.00005, "0,00005"),
        (2 / 3, "0,666667"),
        (100, "100"),
    ],
)
def test_numbers_stand_without_needless_digits(number: float, written: str) -> None:
    assert plain(number, Dialect(";", ",")) == written


@given(
    st.one_of(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.none()),
    st.sampled_from([Dialect(), Dialect(";", ",")]),
)
def test_what_stands_in_a_cell_is_a_number_or_harmless_text(cell: Any, dialect: Dialect) -> None:
    written = plain(cell, dialect)
    if isinstance(cell, str):
        assert not written.startswith(FORMULA_STARTS)
        assert written.removeprefix("'") == cell.removeprefix("'")
    elif cell is None:
        assert written == ""
    else:
        assert float(written.replace(dialect.decimal, ".")) == pytest.approx(cell, abs=1e-6)


@pytest.mark.parametrize("query", ["wave=november", "state=lost", "wave={foreign}", "wave={unknown}"])
def test_what_is_not_there_is_not_found(query: str, window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        foreign = make_audit(session, "strangers").wave.id
    query = query.format(foreign=foreign, unknown=new_id())
    for name in ("answers", "visits"):
        assert window.client.get(f"{audit.address}/exports/{name}.csv?{query}").status_code == 404


def test_two_thousand_visits_go_out_in_flat_memory(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        multiply(session, audit.visit(session, state="approved"), 2_000)

    def most_bytes(wanted: int) -> int:
        """The peak of memory while reading a whole export of which nothing is kept."""
        tracemalloc.start()
        answer = window.client.get(f"{audit.address}/exports/answers.csv", buffered=False)
        lines = sum(chunk.count(b"\r\n") for chunk in answer.response)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert lines == 1 + wanted * 9
        return peak

    assert most_bytes(2_001) < 16 * 1024 * 1024


def multiply(session: ScopedSession, visit: Visit, times: int) -> None:
    """Copies of the visit with its checks and answers, each a second later than the one before."""
    check_rows, answer_rows = (
        [dict(row._mapping.items()) for row in session.execute(select(*table.columns))]
        for table in (Check.__table__, Answer.__table__)
    )
    columns = {column.name: getattr(visit, column.name) for column in Visit.__table__.columns}
    visits, checks, answers = [], [], []
    for number in range(times):
        identity = new_id()
        checks_by_old = {row["id"]: new_id() for row in check_rows}
        visits.append(
            columns
            | {
                "id": identity,
                "assignment_id": None,
                "state": VisitState.APPROVED,
                "received_at": visit.received_at + timedelta(seconds=number + 1),
            }
        )
        checks += [row | {"id": checks_by_old[row["id"]], "visit_id": identity} for row in check_rows]
        answers += [row | {"visit_id": identity, "check_id": checks_by_old[row["check_id"]]} for row in answer_rows]
    for table, several in ((Visit, visits), (Check, checks), (Answer, answers)):
        session.execute(insert(table), several)
