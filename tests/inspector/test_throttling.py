"""Guessing passwords is slow, says the same whoever is meant, and never locks a person out of their own devices."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from checklists.accounts import LoginFailures, forget_old_attempts
from inspector.auth import passwords, throttle
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit
from tests.pages import OWN_SITE


def tries(
    client: FlaskClient, email: str, password: str, address: str = "192.0.2.7", language: str = "en"
) -> TestResponse:
    headers = {**OWN_SITE, "Accept-Language": language}
    body = {"email": email, "password": password}
    return client.post("/api/v1/session", json=body, headers=headers, environ_base={"REMOTE_ADDR": address})


def later(sessions: Sessions, minutes: int) -> None:
    with sessions() as session, session.begin():
        for each in session.scalars(select(LoginFailures)):
            each.last_at -= timedelta(minutes=minutes)


def test_after_five_failures_one_waits_longer_each_time(app: Flask, audit: Audit, sessions: Sessions) -> None:
    client, email = app.test_client(), audit.manager.email
    assert [tries(client, email, "wrong").status_code for _ in range(5)] == [401] * 5
    for minutes in (1, 2, 4, 8, 15, 15):
        refused = tries(client, email, PASSWORD)
        assert refused.status_code == 429, "even with the right password"
        assert (minutes - 1) * 60 < int(refused.headers["Retry-After"]) <= minutes * 60
        assert refused.json is not None
        assert refused.json["detail"] == f"Too many attempts to log in. Please try again in {minutes} min."
        later(sessions, minutes)
        assert tries(client, email, "wrong").status_code == 401
    later(sessions, 15)
    assert tries(client, email, PASSWORD).status_code == 200
    assert tries(app.test_client(), email, "wrong").status_code == 401, "a success ends the waiting"


def test_unknown_people_wait_alike_in_the_same_words(app: Flask, audit: Audit) -> None:
    said = []
    for email in (audit.manager.email, "nobody@example.org"):
        answers = [tries(app.test_client(), email, "wrong", f"192.0.2.{len(said)}", "ru") for _ in range(6)]
        assert [each.status_code for each in answers] == [401] * 5 + [429]
        said.append([{**(each.json or {}), "request_id": ""} for each in answers])
    assert said[0] == said[1]


def test_the_page_says_when_to_come_back(app: Flask, audit: Audit) -> None:
    client, form = app.test_client(), {"email": audit.manager.email, "password": "wrong"}
    for _ in range(5):
        client.post("/login", data=form, headers=OWN_SITE)
    answer = client.post("/login", data=form, headers={**OWN_SITE, "Accept-Language": "en"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 60
    assert "Please try again in 1 min." in answer.text


def test_a_stranger_cannot_lock_a_person_out_of_a_device_they_used(app: Flask, audit: Audit) -> None:
    own, email = app.test_client(), audit.inspectors[0].email
    assert tries(own, email, PASSWORD).status_code == 200
    own.delete("/api/v1/session", headers=OWN_SITE)
    for _ in range(20):
        tries(app.test_client(), email, "wrong", "198.51.100.1")
    assert tries(app.test_client(), email, PASSWORD).status_code == 429
    assert tries(own, email, PASSWORD).status_code == 200
    assert [tries(own, audit.manager.email, "wrong", "203.0.113.1").status_code for _ in range(6)][-1] == 429, (
        "a known device is known for its own person only"
    )


def test_a_known_device_does_not_guess_for_ever(app: Flask, audit: Audit) -> None:
    own, email = app.test_client(), audit.inspectors[0].email
    assert tries(own, email, PASSWORD).status_code == 200
    statuses = [tries(own, email, "wrong").status_code for _ in range(throttle.FREE_BY_DEVICE + 1)]
    assert statuses == [401] * throttle.FREE_BY_DEVICE + [429]


def test_a_network_that_tries_many_people_waits(app: Flask, audit: Audit) -> None:
    answers = [tries(app.test_client(), f"{n}@example.org", "wrong") for n in range(throttle.FREE_BY_ADDRESS)]
    assert {each.status_code for each in answers} == {401}
    assert tries(app.test_client(), audit.manager.email, PASSWORD).status_code == 429
    assert tries(app.test_client(), audit.manager.email, PASSWORD, "192.0.2.99").status_code == 200


def test_logins_that_succeed_cost_their_network_nothing(app: Flask, audit: Audit, sessions: Sessions) -> None:
    assert tries(app.test_client(), audit.manager.email, PASSWORD).status_code == 200
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(LoginFailures)) == 0


def test_many_guesses_at_once_are_no_way_round(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda _: tries(app.test_client(), audit.manager.email, "wrong").status_code, range(16))
    counted = list(answers)
    assert set(counted) <= {401, 429, 503}
    assert counted.count(401) <= throttle.FREE_BY_EMAIL + 8, "no more than the free ones and those on their way"
    later(sessions, 15)
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda _: tries(app.test_client(), audit.manager.email, "wrong").status_code, range(16))
    assert list(answers).count(401) == 1, "who had to wait tries once"


def test_one_person_may_log_in_on_many_devices_at_once(app: Flask, audit: Audit) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda _: tries(app.test_client(), audit.manager.email, PASSWORD).status_code, range(16))
        )
    assert set(answers) <= {200, 503}
    assert answers.count(200) >= 8


def test_logging_in_never_takes_all_threads(app: Flask, audit: Audit) -> None:
    places = passwords.AT_ONCE + passwords.WAITING
    for _ in range(places):
        assert passwords._room.acquire(blocking=False)
    try:
        busy = tries(app.test_client(), audit.manager.email, PASSWORD)
        assert busy.status_code == 503
        assert busy.headers["Retry-After"] == "5"
    finally:
        for _ in range(places):
            passwords._room.release()
    assert tries(app.test_client(), audit.manager.email, PASSWORD).status_code == 200


def test_who_tried_stands_in_no_table(app: Flask, audit: Audit, sessions: Sessions) -> None:
    tries(app.test_client(), "somebody@example.org", "wrong")
    with sessions() as session:
        subjects = session.scalars(select(LoginFailures.subject)).all()
        assert len(subjects) == 2
        assert all(len(each) == 64 and each.isalnum() for each in subjects)


def test_what_counts_no_longer_is_forgotten(app: Flask, audit: Audit, sessions: Sessions) -> None:
    tries(app.test_client(), audit.manager.email, "wrong")
    with sessions() as session, session.begin():
        forget_old_attempts(session, datetime.now(UTC))
        assert session.scalar(select(func.count()).select_from(LoginFailures)) == 2
        forget_old_attempts(session, datetime.now(UTC) + timedelta(days=1, seconds=1))
        assert session.scalar(select(func.count()).select_from(LoginFailures)) == 0
