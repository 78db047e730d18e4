"""Reports that no phone of ours sends: a clear answer to each, what rules.md says is kept is sealed byte for byte, and
nothing is stored twice.
"""

import copy
import gzip
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from checklists.brands import Outlet, remove_outlet
from checklists.errors import HoldReason
from checklists.orm import ScopedSession, new_id
from checklists.visits import Answer, Photo, SealedReport, Visit
from checklists.waves import Assignment, AssignmentState
from inspector.settings import VISIT_MAX_BYTES
from tests.factories import Audit
from tests.field import FieldPhoto
from tests.phone_client import OWN_SITE, FieldClient, count, with_photos

Wire = dict[str, Any]
MOST_SECONDS = 15  # What marshmallow says of two million wrong answers alone would take more than a minute.
A_PHOTO = {"id": str(new_id()), "sha256": "0" * 64, "size": 1, "media_type": "image/jpeg", "taken_at": None}
A_PRACTICE = {"touchpoint_id": str(new_id()), "kind": "comfort", "text": "Chargers.", "photo_ids": []}
A_REPETITION = {"section_id": str(new_id()), "repetition": 0, "label": "Anna"}


@dataclass(frozen=True, slots=True)
class BadReport:
    """`make` gets a sound report and makes the body of it; `answer` is the status, with the reason of a held one or the
    title of a refusal.
    """

    name: str
    answer: int | tuple[int, HoldReason | str]
    make: Callable[[Wire], Wire | bytes]
    prepare: Callable[[ScopedSession, Audit, Assignment], None] = lambda *_: None


def with_values(**values: Any) -> Callable[[Wire], Wire]:
    return lambda good: good | values


def with_answer(**values: Any) -> Callable[[Wire], Wire]:
    """The first answer (of kind states) changed."""
    return lambda good: good | {"answers": [good["answers"][0] | values, *good["answers"][1:]]}


def with_number(value: Any) -> Callable[[Wire], Wire]:
    """The answers with a number changed to another."""
    return lambda good: (
        good | {"answers": [each if each["value"] is None else each | {"value": value} for each in good["answers"]]}
    )


def with_photo(**values: Any) -> Callable[[Wire], Wire]:
    return lambda good: good | {"photos": [A_PHOTO | {"id": str(new_id())} | values]}


def with_words(name: str, words: str) -> Callable[[Wire], bytes]:
    """One of the words written into the JSON as they are, which `json.dumps` would not do."""
    return lambda good: json.dumps(good | {name: "HERE"}).replace('"HERE"', words).encode("utf-8", "surrogatepass")


def answers(number: int) -> Callable[[Wire], Wire]:
    return lambda good: good | {"answers": [good["answers"][0] | {"criterion_id": str(new_id())}] * number}


def as_bytes(content: bytes) -> Callable[[Wire], bytes]:
    return lambda _: content


def revoke(_session: ScopedSession, _audit: Audit, assignment: Assignment) -> None:
    assignment.state = AssignmentState.REVOKED


def hand_to_timur(_session: ScopedSession, audit: Audit, assignment: Assignment) -> None:
    assignment.inspector_id = audit.inspectors[1].id


def move_to_a_closed_outlet(session: ScopedSession, audit: Audit, assignment: Assignment) -> None:
    closed = session.get_one(Outlet, audit.outlets[-1].id)
    remove_outlet(closed, datetime.now(UTC))
    assignment.outlet_id = closed.id


NOT_UNDERSTOOD = 202, HoldReason.NOT_UNDERSTOOD
IMPOSSIBLE = 202, HoldReason.IMPOSSIBLE_ANSWER
ABSURD = 202, HoldReason.ABSURD_DATES
NOT_JSON = 400, "NotJson"
FOREIGN = 202, HoldReason.FOREIGN_ASSIGNMENT

REPORTS = (
    # Taken in: odd, and not wrong.
    BadReport("ids in capitals", 201, lambda good: good | {"assignment_id": good["assignment_id"].upper()}),
    BadReport("ids in braces", 201, lambda good: good | {"assignment_id": f"{{{good['assignment_id']}}}"}),
    BadReport("the same key twice", 201, lambda good: b'{"elapsed_ms": 5,' + json.dumps(good).encode()[1:]),
    BadReport("a comment of 5 MB", 201, with_answer(comment="x" * 5_000_000)),
    BadReport("NUL and half a sign", 201, with_answer(comment="a \0 and a \ud83d", reason="\0")),
    BadReport("half a sign as bytes", 201, with_words("device_id", '"a \ud83d"')),
    BadReport("NUL in a name", 201, with_values(staff_met=[{"role": "\0", "description": "\ud800", "name": "Anna\0"}])),
    BadReport(
        "a section that is not there, begun",
        (202, HoldReason.UNKNOWN_CRITERION),
        with_values(repetitions=[A_REPETITION]),
    ),
    BadReport("UTF-16", 201, lambda good: json.dumps(good).encode("utf-16")),
    BadReport("milliseconds with a fraction", 201, with_values(elapsed_ms=1234.5)),
    BadReport("what a newer app adds", 201, with_values(mood={"deep": [[[[{}]]]]}, weather="rain")),
    BadReport("half a megabyte of what nobody asked for", 201, with_values(more=[{}] * 170_000)),
    BadReport("a media type with a line break", 201, with_photo(media_type="image/jpeg\r\nX-Evil: 1")),
    BadReport("a media type that is a path", 201, with_photo(media_type="../../etc/passwd")),
    BadReport("a media type of 5 MB", 201, with_photo(media_type="image/" + "x" * 5_000_000)),
    BadReport("half a sign in a media type", 201, with_photo(media_type="image/\ud800")),
    # Held: whose, what and when.
    BadReport("a revoked assignment", (202, HoldReason.REVOKED_ASSIGNMENT), with_values(), revoke),
    BadReport("another inspector's assignment", FOREIGN, with_values(), hand_to_timur),
    BadReport("a deleted outlet", (202, HoldReason.DELETED_OUTLET), with_values(), move_to_a_closed_outlet),
    BadReport("no such assignment", (202, HoldReason.UNKNOWN_ASSIGNMENT), with_values(assignment_id=str(UUID(int=0)))),
    BadReport("an unknown criterion", (202, HoldReason.UNKNOWN_CRITERION), with_answer(criterion_id=str(new_id()))),
    BadReport("10,000 answers", (202, HoldReason.UNKNOWN_CRITERION), answers(10_000)),
    BadReport("10,001 answers", NOT_UNDERSTOOD, answers(10_001)),
    BadReport("an unknown state", IMPOSSIBLE, with_answer(states=[str(new_id())])),
    BadReport("a repetition of what does not repeat", IMPOSSIBLE, with_answer(repetition=5)),
    BadReport("an unknown touchpoint", (202, HoldReason.UNKNOWN_TOUCHPOINT), with_values(best_practices=[A_PRACTICE])),
    BadReport("words for a number", IMPOSSIBLE, with_number("soon")),
    BadReport("not a number", IMPOSSIBLE, with_number(float("nan"))),
    BadReport("an endless number", IMPOSSIBLE, with_number(float("inf"))),
    BadReport("a number beyond all columns", IMPOSSIBLE, with_number(10**400)),
    BadReport("1970", ABSURD, with_values(started_at="1970-01-01T00:00:00+00:00")),
    BadReport("2200", ABSURD, with_values(finished_at="2200-01-01T00:00:00+00:00")),
    BadReport("year 1", ABSURD, with_values(started_at="0001-01-01T00:00:00+00:00")),
    BadReport("year 9999", ABSURD, with_values(finished_at="9999-12-31T23:59:59+00:00")),
    BadReport("before year 1", NOT_UNDERSTOOD, with_values(started_at="0001-01-01T00:00:00+14:00")),
    BadReport("after year 9999", NOT_UNDERSTOOD, with_values(finished_at="9999-12-31T23:59:59-14:00")),
    # Held: JSON, and not a report.
    *(BadReport(f"only {body!r}", NOT_UNDERSTOOD, as_bytes(body)) for body in (b"[]", b"null", b"{}", b'"x"', b"NaN")),
    BadReport("times without offset", NOT_UNDERSTOOD, with_values(started_at="2026-11-22T10:00:00")),
    BadReport("a time as a number", NOT_UNDERSTOOD, with_values(started_at=1_700_000_000)),
    BadReport("NaN milliseconds", NOT_UNDERSTOOD, with_values(elapsed_ms=float("nan"))),
    BadReport("endless milliseconds", NOT_UNDERSTOOD, with_words("elapsed_ms", "1e999")),
    BadReport("a position that is no number", NOT_UNDERSTOOD, with_values(positions=[{"lat": float("nan"), "lon": 0}])),
    BadReport("a float for a whole number", NOT_UNDERSTOOD, with_values(revision=1.0)),
    BadReport("true for a whole number", NOT_UNDERSTOOD, with_values(revision=True)),
    BadReport("true for a value", NOT_UNDERSTOOD, with_number(True)),
    BadReport("a list for a value", NOT_UNDERSTOOD, with_number([1])),
    BadReport("a number for an id", NOT_UNDERSTOOD, with_values(assignment_id=5)),
    BadReport("words of 5 MB for an id", NOT_UNDERSTOOD, with_values(assignment_id="0" * 5_000_000)),
    BadReport("a NUL in an id", NOT_UNDERSTOOD, lambda good: good | {"assignment_id": good["assignment_id"] + "\0"}),
    BadReport("an object for a list", NOT_UNDERSTOOD, with_values(answers={})),
    BadReport("words for a list", NOT_UNDERSTOOD, with_answer(states="all of them")),
    BadReport("lists within lists", NOT_UNDERSTOOD, with_answer(states=[[[]]])),
    BadReport("two million wrong answers", NOT_UNDERSTOOD, with_values(answers=[0] * 2_000_000)),
    BadReport("an answer of two million wrong states", NOT_UNDERSTOOD, with_answer(states=[0] * 2_000_000)),
    BadReport("101 best practices", NOT_UNDERSTOOD, with_values(best_practices=[A_PRACTICE] * 101)),
    BadReport(
        "a best practice of no kind", NOT_UNDERSTOOD, with_values(best_practices=[A_PRACTICE | {"kind": "magic"}])
    ),
    BadReport("repetition 99", NOT_UNDERSTOOD, with_answer(repetition=99)),
    BadReport("1,001 photos", NOT_UNDERSTOOD, with_values(photos=[A_PHOTO] * 1_001)),
    BadReport("a photo of less than nothing", NOT_UNDERSTOOD, with_photo(size=-1)),
    BadReport("a photo of 2 GB and a byte", NOT_UNDERSTOOD, with_photo(size=2**31)),
    # Refused: what cannot be read as JSON, and what is too large.
    BadReport("nothing", NOT_JSON, as_bytes(b"")),
    BadReport("blanks", NOT_JSON, as_bytes(b" \r\n")),
    BadReport("a report cut off", NOT_JSON, lambda good: json.dumps(good).encode()[:-1]),
    BadReport("two reports in a row", NOT_JSON, lambda good: json.dumps(good).encode() * 2),
    BadReport("what no encoding makes", NOT_JSON, as_bytes(b'{"revision": "\xff\xfe"}')),
    BadReport("a page", NOT_JSON, as_bytes(b"<!doctype html><title>Free WiFi</title>")),
    BadReport("packed", NOT_JSON, lambda good: gzip.compress(json.dumps(good).encode())),
    BadReport("arrays 100,000 deep", NOT_JSON, as_bytes(b"[" * 100_000 + b"]" * 100_000)),
    BadReport("objects 100,000 deep", NOT_JSON, as_bytes(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)),
    BadReport("deep within a report", NOT_JSON, with_words("more", "[" * 100_000 + "]" * 100_000)),
    BadReport("a number of 5,000 digits", NOT_JSON, with_words("elapsed_ms", "9" * 5_000)),
    BadReport("a byte too many", (413, "TooLarge"), as_bytes(b" " * (VISIT_MAX_BYTES + 1))),
)


def test_a_bad_report_gets_a_clear_answer_and_is_sealed_once(
    session: ScopedSession, audit: Audit, phone: FieldClient
) -> None:
    for case in REPORTS:
        assignment = audit.assign(session)
        case.prepare(session, audit, assignment)
        session.commit()
        made = case.make(audit.report(assignment))
        session.commit()
        body = made if isinstance(made, bytes) else json.dumps(made).encode()
        status, says = case.answer if isinstance(case.answer, tuple) else (case.answer, None)
        visit_id, began = new_id(), time.monotonic()
        answer = phone.put_visit(visit_id, body)
        assert time.monotonic() - began < MOST_SECONDS, case.name
        assert (answer.status_code, _says(session, visit_id, answer)) == (status, says), (case.name, answer.text)
        kept = _kept(session, visit_id)
        assert kept[:2] == ([body] if status < 300 else [], int(status < 300)), case.name
        again = phone.put_visit(visit_id, body)
        assert again.status_code == (200 if status == 201 else status), (case.name, again.text)
        assert _kept(session, visit_id) == kept, case.name


def _says(session: ScopedSession, visit_id: UUID, answer: TestResponse) -> HoldReason | str | None:
    """The reason of a held report, the title of a problem; None for one that is taken in."""
    assert answer.json is not None
    if answer.status_code >= 400:
        _assert_problem(answer)
        return str(answer.json["title"])
    assert answer.json["id"] == str(visit_id)
    assert bool(answer.json["reason"]) == (answer.status_code == 202)
    session.rollback()
    reason = session.get_one(Visit, visit_id).hold_reason
    session.rollback()
    return reason


def _assert_problem(answer: TestResponse) -> None:
    assert answer.content_type == "application/problem+json", answer.text
    assert answer.json is not None
    assert answer.json["status"] == answer.status_code
    assert answer.json["title"] != "Unexpected"
    assert answer.json["detail"]


def _kept(session: ScopedSession, visit_id: UUID) -> tuple[list[bytes], int, int, int]:
    """The sealed bodies of a visit; how many visits of this id there are; of its answers; of its photos."""
    session.rollback()
    sealed = session.scalars(select(SealedReport.body).where(SealedReport.visit_id == visit_id)).all()
    visits = session.scalar(select(func.count()).select_from(Visit).where(Visit.id == visit_id))
    rows = [
        session.scalar(select(func.count()).select_from(table).where(table.visit_id == visit_id)) or 0
        for table in (Answer, Photo)
    ]
    session.rollback()
    return list(sealed), visits or 0, rows[0], rows[1]


def test_photos_of_a_report_that_is_not_understood_are_taken_in(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    """Nobody knows yet what to make of the report; its photos are evidence, and leave the phone only for here."""
    photo, another, foreign = FieldPhoto(b"one"), FieldPhoto(b"two"), FieldPhoto(b"another visit's")
    earlier = with_photos(audit, audit.assign(session), foreign)
    good = with_photos(audit, assignment, photo, another, foreign)
    session.commit()
    phone.put_visit(new_id(), earlier)
    good["photos"][1]["sha256"] = "no hash"
    broken = good | {"elapsed_ms": -1, "photos": [*good["photos"], "no photo", good["photos"][0]]}
    visit_id, missing = new_id(), [str(photo.id)]
    for _ in range(2):
        answer = phone.put_visit(visit_id, broken)
        assert (answer.status_code, answer.json and answer.json["missing_photos"]) == (202, missing)
    assert phone.put_photo(photo).status_code == 201
    answer = phone.put_visit(visit_id, broken)
    assert (answer.status_code, answer.json and answer.json["missing_photos"]) == (202, [])


def test_a_report_is_known_by_its_content_and_not_by_its_headers(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    body, visit_id = json.dumps(audit.report(assignment)).encode(), new_id()
    session.commit()
    types = ("application/json", "text/plain", "", "multipart/form-data; boundary=x", "x" * 5_000)
    for number, content_type in enumerate((*types, "application/x-www-form-urlencoded", "a/b; charset=utf-16")):
        for path in (f"/api/v1/visits/{visit_id}", f"/api/v1/visits/{str(visit_id).upper()}?id={new_id()}"):
            answer = phone.client.put(path, data=body, headers=OWN_SITE, content_type=content_type)
            assert answer.status_code in ({201, 200} if number == 0 else {200}), (content_type, answer.text)
            assert answer.json is not None
            assert answer.json["id"] == str(visit_id)
    assert (count(session, Visit), count(session, SealedReport)) == (1, 1)


WORSE: tuple[Any, ...] = (
    *(None, True, [], {}, "", "\0", "\ud800", -1, 0, 0.5, 2**31, 2**63, 2**64, -(2**70), 10**400, 1e308, -1e308),
    *(float("nan"), float("inf"), float("-inf"), "NaN", "0" * 5_000, "/" * 9, [[]] * 50, {"id": {"id": []}}),
    *("9999-12-31T23:59:59-23:59", "2026-11-22T10:00:00Z", "2026-11-22", "24:00", str(UUID(int=0)), "could_not_check"),
)


def test_no_change_to_a_report_makes_the_server_fail(session: ScopedSession, audit: Audit, phone: FieldClient) -> None:
    """240 reports, each with up to three of its values replaced by worse ones; always the same."""
    chance = Random(22_11_2026)
    photo = FieldPhoto(b"x")
    for number in range(240):
        if number % 20 == 0:
            assignment = audit.assign(session)
            session.commit()
            more = {
                "staff_met": [{"role": "cashier", "description": "tall", "name": None}],
                "repetitions": [A_REPETITION],
            }
            practice = A_PRACTICE | {"touchpoint_id": str(audit.touchpoints[0].id), "photo_ids": [str(photo.id)]}
            good = json.dumps(with_photos(audit, assignment, photo) | more | {"best_practices": [practice]})
            session.commit()
        report = json.loads(good)
        for _ in range(chance.randrange(1, 4)):
            _replace_one(report, chance)
        visit_id, body = new_id(), json.dumps(report).encode()
        answer = phone.put_visit(visit_id, body)
        assert answer.status_code in (201, 202), (body, answer.text)
        assert _kept(session, visit_id)[:2] == ([body], 1)


def _replace_one(value: Any, chance: Random) -> None:
    """Put one of `WORSE` in the place of some value within an object or a list."""
    while True:
        key = chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
        inside = value[key]
        if not isinstance(inside, dict | list) or not inside or chance.random() < 0.1:
            value[key] = copy.deepcopy(chance.choice(WORSE))
            return
        value = inside
