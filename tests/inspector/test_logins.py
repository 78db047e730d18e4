"""Logins: one for each device, seen and ended from afar, and cookies of the previous release that go on."""

import hashlib
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from sqlalchemy import event, select

from checklists.accounts import Login
from checklists.people import Membership, User
from inspector import create_app
from inspector.commands.end_logins import end_logins
from inspector.settings import Settings
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit
from tests.pages import OWN_SITE, Window
from tests.phone_client import FieldClient

ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile Safari/604.1"


def phone(app: Flask, person: User, user_agent: str = ANDROID) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = user_agent
    FieldClient(client, person)
    return client


def is_in(client: FlaskClient) -> bool:
    status = client.get("/api/v1/session").status_code
    assert status in (200, 401)
    return status == 200


def logins(sessions: Sessions, person: User) -> list[Login]:
    with sessions() as session:
        return list(session.scalars(select(Login).where(Login.user_id == person.id).order_by(Login.id)))


def test_who_is_logged_in_is_told_and_nobody_is_no_error(app: Flask, audit: Audit) -> None:
    inspector = audit.inspectors[0]
    told = phone(app, inspector).get("/api/v1/session/person").json
    assert told["person"] == {
        "id": str(inspector.id),
        "name": inspector.name,
        "email": inspector.email,
        "language": "en",
    }
    stranger = app.test_client().get("/api/v1/session/person")
    assert (stranger.status_code, stranger.json) == (200, {"person": None})


def test_ones_own_logins_are_listed_in_words_and_one_is_ended(app: Flask, audit: Audit) -> None:
    other = phone(app, audit.manager, IPHONE)
    window = Window(app, audit.manager.email).open("/profile")
    assert "Safari, iPhone" in window.text
    assert "this device" in window.text
    window.submit("Log out Safari, iPhone")
    assert "This device was logged out." in window.text
    assert "Safari, iPhone" not in window.text
    assert not is_in(other)
    assert is_in(window.client)


def test_all_other_devices_are_logged_out_at_once(app: Flask, audit: Audit) -> None:
    others = [phone(app, audit.manager) for _ in range(2)]
    bystander = phone(app, audit.reviewer)
    window = Window(app, audit.manager.email).open("/profile").submit("Log out all other devices")
    assert [is_in(each) for each in others] == [False, False]
    assert is_in(window.client)
    assert is_in(bystander)
    assert "Log out all other devices" not in window.text


def test_nobody_ends_anothers_login(app: Flask, audit: Audit, sessions: Sessions) -> None:
    victim = phone(app, audit.reviewer)
    (login,) = logins(sessions, audit.reviewer)
    attacker = Window(app, audit.manager.email)
    assert attacker.post(f"/profile/logins/{login.id}/end").status_code == 404
    assert is_in(victim)


def test_logging_out_ends_the_login_and_not_only_the_cookie(app: Flask, audit: Audit) -> None:
    client = phone(app, audit.inspectors[0])
    cookie = client.get_cookie("audit")
    assert cookie is not None
    assert client.delete("/api/v1/session", headers=OWN_SITE).status_code == 204
    client.set_cookie("audit", cookie.value)
    assert not is_in(client)


def test_the_use_of_a_login_is_written_at_most_every_ten_minutes(app: Flask, audit: Audit, sessions: Sessions) -> None:
    client = phone(app, audit.inspectors[0])
    written: list[str] = []
    event.listen(app.extensions["writers"], "before_cursor_execute", lambda *given: written.append(given[2]))
    for _ in range(3):
        assert is_in(client)
    assert not any(each.startswith("UPDATE") for each in written)
    with sessions() as session, session.begin():
        (login,) = session.scalars(select(Login).where(Login.user_id == audit.inspectors[0].id))
        login.last_seen_at -= timedelta(minutes=11)
        login.address = "192.0.2.1"
    client.environ_base["HTTP_USER_AGENT"] = IPHONE
    assert is_in(client)
    (login,) = logins(sessions, audit.inspectors[0])
    assert datetime.now(UTC) - login.last_seen_at < timedelta(minutes=1)
    assert (login.address, login.device) == ("127.0.0.1", IPHONE)


def test_a_login_not_used_for_ninety_days_is_over(app: Flask, audit: Audit, sessions: Sessions) -> None:
    client = phone(app, audit.inspectors[0])
    for days, still_in in ((89, True), (91, False)):
        with sessions() as session, session.begin():
            (login,) = session.scalars(select(Login).where(Login.user_id == audit.inspectors[0].id))
            login.last_seen_at = datetime.now(UTC) - timedelta(days=days)
        assert is_in(client) is still_in


def test_a_login_is_over_after_a_year_however_often_it_was_used(app: Flask, audit: Audit, sessions: Sessions) -> None:
    client = phone(app, audit.inspectors[0])
    for days, still_in in ((364, True), (366, False)):
        with sessions() as session, session.begin():
            (login,) = session.scalars(select(Login).where(Login.user_id == audit.inspectors[0].id))
            login.created_at = datetime.now(UTC) - timedelta(days=days)
        assert is_in(client) is still_in


def test_by_https_the_cookie_is_bound_to_the_host_and_the_former_one_goes_on(
    settings: Settings, audit: Audit, sessions: Sessions
) -> None:
    app = create_app(replace(settings, base_url="https://audit.example"))
    app.testing = True
    client = app.test_client()
    client.set_cookie("audit", old_cookie(app, audit.inspectors[0]), domain="audit.example", secure=True)
    answer = client.get("/api/v1/session", base_url="https://audit.example")
    assert answer.status_code == 200
    sent = {each.split("=")[0]: each for each in answer.headers.getlist("Set-Cookie")}
    assert "Expires=Thu, 01 Jan 1970" in sent["audit"]
    bound = sent["__Host-audit"]
    assert all(part in bound for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in bound
    assert client.get_cookie("audit", domain="audit.example") is None
    assert client.get("/api/v1/session", base_url="https://audit.example").status_code == 200
    assert len(logins(sessions, audit.inspectors[0])) == 1


def test_one_request_costs_one_statement_to_know_who_asks(app: Flask, audit: Audit) -> None:
    client = phone(app, audit.inspectors[0])
    asked: list[str] = []
    event.listen(app.extensions["writers"], "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert is_in(client)
    assert len([each for each in asked if each != "BEGIN" and "set_config" not in each]) == 1


def old_cookie(app: Flask, person: User) -> str:
    """The cookie that the previous release made: the person's id and a mark of the password."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    mark = hashlib.sha256(person.password_hash.encode()).hexdigest()[:16]
    content = {"_permanent": True, "_user_id": f"{person.id}.{mark}", "_fresh": True}
    return str(serializer.dumps(content))


def with_cookie(app: Flask, cookie: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = ANDROID
    client.set_cookie("audit", cookie)
    return client


def test_a_cookie_of_the_previous_release_goes_on_as_a_login(app: Flask, audit: Audit, sessions: Sessions) -> None:
    inspector = audit.inspectors[0]
    cookie = old_cookie(app, inspector)
    once, again = with_cookie(app, cookie), with_cookie(app, cookie)
    assert is_in(once)
    assert is_in(again)
    (login,) = logins(sessions, inspector)
    assert login.device == ANDROID
    for client in (once, again):
        with client.session_transaction() as kept:
            assert UUID(kept["_user_id"]) == login.id
    once.delete("/api/v1/session", headers=OWN_SITE)
    assert not is_in(with_cookie(app, cookie)), "an ended login is not begun again by its old cookie"


@pytest.mark.parametrize("leave", ["out", "in anew"])
def test_an_old_cookie_that_nobody_showed_yet_ends_with_logging_out(
    app: Flask, audit: Audit, sessions: Sessions, leave: str
) -> None:
    """Who may log out is not asked, so nothing had taken the cookie over by then."""
    inspector = audit.inspectors[0]
    cookie = old_cookie(app, inspector)
    client = with_cookie(app, cookie)
    if leave == "out":
        assert client.delete("/api/v1/session", headers=OWN_SITE).status_code == 204
    else:
        FieldClient(client, audit.inspectors[1])
    assert not is_in(with_cookie(app, cookie))
    assert [each.ended_at is not None for each in logins(sessions, inspector)] == [True]
    forged = with_cookie(app, old_cookie(app, User(id=inspector.id, password_hash="another")))
    assert forged.delete("/api/v1/session", headers=OWN_SITE).status_code == 204
    assert len(logins(sessions, inspector)) == 1


def test_old_cookies_that_are_bound_before_they_are_taken_over_stay_apart(settings: Settings, audit: Audit) -> None:
    """Choosing a language binds the cookie to the host and leaves the former content in it."""
    app = create_app(replace(settings, base_url="https://audit.example"))
    app.testing = True
    for someone in audit.inspectors:
        client = app.test_client()
        client.set_cookie("audit", old_cookie(app, someone), domain="audit.example", secure=True)
        chosen = client.post("/language", data={"language": "ru"}, headers=OWN_SITE, base_url="https://audit.example")
        assert chosen.status_code == 302
        shown = client.get("/api/v1/session", base_url="https://audit.example")
        assert (shown.status_code, shown.json["person"]["id"]) == (200, str(someone.id))


@pytest.mark.parametrize("end", ["others", "password"])
def test_old_cookies_that_nobody_showed_yet_can_be_ended_too(app: Flask, audit: Audit, end: str) -> None:
    cookie = old_cookie(app, audit.manager)
    window = Window(app, audit.manager.email).open("/profile")
    phone(app, audit.manager)
    if end == "others":
        window.open("/profile").submit("Log out all other devices")
    else:
        new = "seven quiet herons"
        window.open("/profile/password").submit("Change password", old=PASSWORD, new=new, again=new)
    assert not is_in(with_cookie(app, cookie))
    assert is_in(window.client)


def test_the_command_ends_a_persons_logins(
    app: Flask, settings: Settings, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones, bystander = [phone(app, audit.manager) for _ in range(2)], phone(app, audit.reviewer)
    unseen = with_cookie(app, old_cookie(app, audit.manager))
    monkeypatch.setattr(Settings, "from_environment", lambda: settings)
    done = CliRunner().invoke(end_logins, [audit.manager.email])
    assert (done.exit_code, done.output) == (0, "Ended: 2.\n")
    assert [is_in(each) for each in (*phones, unseen, bystander)] == [False, False, False, True]
    assert CliRunner().invoke(end_logins, ["nobody@example.org"]).exit_code == 1


def test_logging_in_leaves_a_line_whether_it_works_or_not(
    app: Flask, audit: Audit, caplog: pytest.LogCaptureFixture
) -> None:
    def line() -> tuple[str, int, str | None]:
        record = caplog.records[-1]
        return record.route, record.status, record.user  # type: ignore[attr-defined]  # Its extra fields.

    client, form = app.test_client(), {"email": audit.manager.email, "password": "wrong"}
    with caplog.at_level(logging.INFO, "inspector.requests"):
        client.post("/login", data=form, headers=OWN_SITE)
        assert line() == ("/login", 401, None)
        client.post("/login", data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert line() == ("/login", 403, None)
        client.post("/login", data={**form, "password": PASSWORD}, headers=OWN_SITE)
        assert line() == ("/login", 302, str(audit.manager.id))
        for _ in range(12):
            client.post("/login", data=form, headers=OWN_SITE)
        assert line()[:2] == ("/login", 429)
    assert not any(word in caplog.text for word in (audit.manager.email, PASSWORD))


def test_who_was_deactivated_stays_logged_in_to_deliver(app: Flask, audit: Audit, sessions: Sessions) -> None:
    client = phone(app, audit.inspectors[0])
    manager = Window(app, audit.manager.email)
    with sessions() as session, session.begin():
        for each in session.scalars(select(Membership).where(Membership.user_id == audit.inspectors[0].id)):
            each.deactivated_at = datetime.now(UTC) - timedelta(days=2)
    assert is_in(client)
    assert manager.status == 200


def test_an_erased_person_is_out(app: Flask, audit: Audit, sessions: Sessions) -> None:
    client = phone(app, audit.inspectors[0])
    with sessions() as session, session.begin():
        session.get_one(User, audit.inspectors[0].id).erased_at = datetime.now(UTC)
    assert not is_in(client)
    body = {"email": audit.inspectors[0].email, "password": PASSWORD}
    assert app.test_client().post("/api/v1/session", json=body, headers=OWN_SITE).status_code == 401
