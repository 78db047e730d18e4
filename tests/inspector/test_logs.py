"""What the service says about itself: a line for each request, the same number everywhere, and nothing personal."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from checklists.errors import DomainError, InvalidInput
from checklists.jobs import Job, enqueue
from checklists.orm import ScopedSession, new_id, scoped
from checklists.people import User
from checklists.waves import Assignment
from inspector import logs
from inspector.auth import public
from inspector.background import Worker
from inspector.problems import STATUS
from inspector.transactions import writing
from tests.factories import PASSWORD, Audit
from tests.field import FieldPhoto
from tests.phone_client import OWN_SITE, FieldClient, with_photos

pytestmark = pytest.mark.own_app

NAME, PHONE = "Аделаида Крузенштерн", "+7 999 123-45-67"
EMAIL = "adelaida.kruzenshtern@example.org"
ADDRESS = "203.0.113.77"
LATITUDE, LONGITUDE = 59.93863, 30.31413
TOKEN = "q7Jx0vTnotForYourEyes"
PERSONAL = (NAME, "Крузенштерн", PHONE, EMAIL, "adelaida", ADDRESS, str(LATITUDE), str(LONGITUDE), TOKEN, PASSWORD)
ENTERED = f"{NAME} {PHONE} {EMAIL} {LATITUDE} {TOKEN}"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Reads what was logged since the last time, as production would log it."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = list(root.handlers), root.level
    logs.configure({"LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG"}, stream)

    def read() -> list[dict[str, Any]]:
        written = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return [json.loads(line) for line in written.splitlines()]

    yield read
    _put_back(handlers, level)


def _put_back(handlers: list[logging.Handler], level: int) -> None:
    root, requests = logging.getLogger(), logging.getLogger("inspector.requests")
    root.handlers[:] = handlers
    root.setLevel(level)
    requests.handlers.clear()
    requests.propagate = True
    for name in logs.OUR_OWN:
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_each_request_is_one_line_with_ids_and_without_addresses(
    lines: Callable[[], list[dict[str, Any]]],
    session: ScopedSession,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
) -> None:
    report = audit.report(assignment)
    session.rollback()
    lines()
    answer = phone.put_visit(new_id(), report)
    (line,) = [each for each in lines() if each["event"] == "request"]
    assert line.pop("ms") > 0
    assert datetime.fromisoformat(line.pop("time")).tzinfo == UTC
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "inspector.requests",
        "method": "PUT",
        "route": "/api/v1/visits/<uuid:visit_id>",
        "status": 201,
        "request_id": answer.headers["X-Request-Id"],
        "organization": str(audit.organization.id),
        "user": str(audit.inspectors[0].id),
    }


def test_what_is_asked_for_all_the_time_has_a_line_only_where_it_fails(
    lines: Callable[[], list[dict[str, Any]]], client: FlaskClient
) -> None:
    logging.getLogger("inspector").setLevel(logging.INFO)
    client.get("/healthz")
    client.get("/phone/")
    assert lines() == []
    client.get("/phone/nothing.js")
    assert [line["status"] for line in lines()] == [404]


def test_a_problem_has_the_number_under_which_the_log_knows_it(
    lines: Callable[[], list[dict[str, Any]]], client: FlaskClient
) -> None:
    answer = client.get("/api/v1/phone/work")
    (line,) = lines()
    assert answer.json is not None
    assert answer.json["request_id"] == answer.headers["X-Request-Id"] == line["request_id"]
    page = client.get("/no/such/page")
    assert page.headers["X-Request-Id"] in page.text
    assert page.headers["X-Request-Id"] != answer.headers["X-Request-Id"]


def test_only_a_trusted_front_may_choose_the_number(client: FlaskClient) -> None:
    assert (
        client.get("/healthz", headers={"X-Request-Id": "chosen-outside"}).headers["X-Request-Id"] != "chosen-outside"
    )


@pytest.fixture
def breaking(app: Flask) -> dict[str, Exception]:
    """Addresses that raise what a test puts here: `/breaking/<name>` and `/api/breaking/<name>`."""
    faults: dict[str, Exception] = {}

    def break_down(name: str) -> None:
        raise faults[name]

    for number, place in enumerate(("/breaking/<name>", "/api/breaking/<name>")):
        app.add_url_rule(place, f"breaking-{number}", public("a test")(break_down), methods=["GET", "PUT"])
    return faults


def test_no_fault_brings_personal_data_into_the_log(
    lines: Callable[[], list[dict[str, Any]]], app: Flask, breaking: dict[str, Exception], session: ScopedSession
) -> None:
    client = app.test_client()
    breaking |= {kind.__name__: _with_what_was_entered(kind) for kind in STATUS}
    breaking |= {
        "bug": ValueError(ENTERED),
        "chained": _chained(),
        "unicode": UnicodeEncodeError("ascii", ENTERED, 0, 1, ENTERED),
        "file": FileNotFoundError(2, "No such file", ENTERED),
        "unique": _raised_by_the_database(app, session),
    }
    for name in breaking:
        for path in (f"/breaking/{name}", f"/api/breaking/{name}"):
            answer = client.get(
                f"{path}?token={TOKEN}&email={EMAIL}",
                headers={"X-Forwarded-For": ADDRESS, "Authorization": f"Bearer {TOKEN}", "Referer": f"/?q={EMAIL}"},
                environ_overrides={"REMOTE_ADDR": ADDRESS},
            )
            assert answer.status_code >= 300
    written = lines()
    assert len([line for line in written if line["event"] == "request"]) == 2 * len(breaking)
    bugs = [line for line in written if line["level"] == "error"]
    assert {line["exception"][0]["kind"] for line in bugs} >= {"ValueError", "RuntimeError", "IntegrityError"}
    assert any("test_logs.py" in place for line in bugs for place in line["exception"][0]["at"])
    _assert_nothing_personal(written)


def _with_what_was_entered(kind: type[DomainError]) -> DomainError:
    if issubclass(kind, InvalidInput):
        return kind({"email": ENTERED})
    return kind(**dict.fromkeys(re.findall(r"%\((\w+)\)s", kind.message), ENTERED))


def _chained() -> Exception:
    try:
        try:
            raise KeyError(ENTERED)
        except KeyError:
            raise RuntimeError(ENTERED)  # noqa: B904 - the one before it is to be its context.
    except RuntimeError as fault:
        return fault


def _raised_by_the_database(app: Flask, session: ScopedSession) -> Exception:
    for _ in range(2):
        session.add(User(email=EMAIL, name=NAME, language="ru", password_hash=TOKEN, created_at=datetime.now(UTC)))
    with pytest.raises(Exception, match="users") as raised:
        session.flush()
    session.rollback()
    return raised.value


def test_nothing_that_people_and_phones_send_comes_into_the_log(
    lines: Callable[[], list[dict[str, Any]]],
    session: ScopedSession,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
) -> None:
    photo = FieldPhoto(ENTERED.encode())
    report = with_photos(audit, assignment, photo)
    report["positions"] = [{"lat": LATITUDE, "lon": LONGITUDE, "accuracy_m": 5.0, "at": None}]
    report["answers"][0]["comment"] = ENTERED
    session.rollback()
    client, visit_id = phone.client, new_id()
    client.environ_base["REMOTE_ADDR"] = ADDRESS
    statuses = {phone.put_visit(visit_id, report).status_code, phone.put_visit(visit_id, report).status_code}
    statuses.add(phone.put_visit(visit_id, report | {"app_version": ENTERED}).status_code)
    statuses.add(phone.put_visit(new_id(), ENTERED.encode()).status_code)
    statuses.add(phone.put_visit(new_id(), {"visit": ENTERED}).status_code)
    statuses.add(phone.put_photo(photo, b"x" * len(photo.content)).status_code)
    statuses.add(phone.put_photo(photo).status_code)
    for path, method in ((f"/{EMAIL}", "GET"), (f"/api/v1/visits/{EMAIL}", "PUT"), ("/healthz", EMAIL.upper())):
        statuses.add(client.open(path, method=method, headers=OWN_SITE).status_code)
    for password in (PASSWORD, TOKEN):
        entered = {"email": EMAIL, "password": password}
        statuses.add(client.post("/api/v1/session", json=entered, headers=OWN_SITE).status_code)
        client.post("/login", data=entered, headers=OWN_SITE)
    assert statuses >= {200, 201, 202, 400, 401, 404, 405, 409, 422}
    _assert_nothing_personal(lines())


def test_a_job_that_fails_tells_where_and_not_what(
    lines: Callable[[], list[dict[str, Any]]], app: Flask, session: ScopedSession, audit: Audit
) -> None:
    def fail(_context: object, _organization_id: object, **_arguments: object) -> None:
        raise LookupError(ENTERED)

    organization = audit.organization.id
    session.rollback()
    with app.app_context(), writing(scoped([organization])) as transaction:
        enqueue(transaction, organization, "fail", datetime.now(UTC))
    assert Worker(app, {"fail": fail}).run_one()
    assert session.scalars(select(Job.error)).one()
    written = lines()
    assert [line["exception"][0]["kind"] for line in written if "exception" in line] == ["LookupError"]
    _assert_nothing_personal(written)


def test_the_machines_own_faults_are_told_in_their_words(lines: Callable[[], list[dict[str, Any]]]) -> None:
    try:
        raise OSError(28, "No space left on device", f"/data/{ENTERED}")
    except OSError:
        logging.getLogger("inspector.background").exception("jobs cannot be taken")
    (line,) = lines()
    assert (line["event"], line["exception"][0]["says"]) == ("jobs cannot be taken", "No space left on device")
    _assert_nothing_personal([line])


def test_what_a_library_filled_into_its_warning_is_left_out(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("waitress").warning("Client disconnected while serving %s", f"/?q={EMAIL}")
    (line,) = lines()
    assert line["event"] == "Client disconnected while serving %s"


def test_on_a_terminal_the_words_are_shown() -> None:
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = list(root.handlers), root.level
    logs.configure({"LOG_FORMAT": "console"}, stream)
    try:
        raise ValueError("the words")
    except ValueError:
        logging.getLogger("inspector.x").exception("it broke")
    _put_back(handlers, level)
    assert "it broke" in stream.getvalue()
    assert "ValueError: the words" in stream.getvalue()
    with pytest.raises(ValueError, match="LOG_FORMAT"):
        logs.configure({"LOG_FORMAT": "xml"}, stream)


def _assert_nothing_personal(written: list[dict[str, Any]]) -> None:
    assert written
    everything = json.dumps(written, ensure_ascii=False)
    assert [each for each in PERSONAL if each in everything] == []
