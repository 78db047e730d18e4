"""A code that is made where one is logged in, and typed into the installed app, which has nothing of that login."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from checklists.accounts import LinkPurpose, LoginCode, forget_old_codes, make_link, renew_secret, use_link
from checklists.orm import ScopedSession
from checklists.people import Membership, User
from checklists.trail import AuditEntry
from inspector.auth import codes, throttle
from inspector.auth.codes import SIGNS, as_made
from inspector.commands.end_logins import end_logins
from inspector.settings import Settings
from tests.api.world import ApiClient, World, make_world
from tests.factories import PASSWORD
from tests.pages import Window
from tests.phone_client import OWN_SITE

WORDS = "This code is wrong, was used already or is too old. Make a new one where you are logged in."
# SQLite lets one write after the other.
AT_ONCE = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def inspector(app: Flask, world: World) -> ApiClient:
    return ApiClient.of(app, world.audit.inspectors[0])


def code_of(client: ApiClient) -> str:
    made = client.ask("POST", "/session/code")
    assert made.status_code == 201
    return str(made.json["code"])


def type_in(client: FlaskClient, code: object, address: str = "192.0.2.7", **headers: str) -> TestResponse:
    heads = {**OWN_SITE, "Accept-Language": "en", **headers}
    return client.post("/api/v1/session", json={"code": code}, headers=heads, environ_base={"REMOTE_ADDR": address})


def who_is(client: FlaskClient) -> Any:
    return (client.get("/api/v1/session/person").json or {})["person"]


def test_a_code_logs_in_on_another_device_once(app: Flask, inspector: ApiClient, world: World) -> None:
    made = inspector.ask("POST", "/session/code").json
    assert len(made["code"]) == 8
    assert set(made["code"]) <= set(SIGNS)
    assert not set("01OIL") & set(SIGNS)
    left = datetime.fromisoformat(made["valid_until"]) - datetime.now(UTC)
    assert timedelta(minutes=4, seconds=30) < left <= timedelta(minutes=5)
    installed = app.test_client()
    answer = type_in(installed, made["code"])
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["person"]["id"] == str(world.audit.inspectors[0].id)
    assert who_is(installed)["id"] == str(world.audit.inspectors[0].id)
    assert len(inspector.get("/profile/logins").json["items"]) == 2, "a login of its own, to be seen and ended"
    again = app.test_client()
    refused = type_in(again, made["code"])
    assert (refused.status_code, refused.json and refused.json["detail"]) == (401, WORDS)
    assert who_is(again) is None


@pytest.mark.parametrize(
    "written", [str.lower, lambda code: f" {code[:4]} {code[4:]}\n", lambda code: f"{code[:4]}-{code[4:]}"]
)
def test_spaces_dashes_and_small_letters_are_forgiven(
    app: Flask, inspector: ApiClient, written: Callable[[str], str]
) -> None:
    assert type_in(app.test_client(), written(code_of(inspector))).status_code == 200


def test_a_letter_of_the_russian_keyboard_is_taken_for_the_one_that_looks_the_same() -> None:
    assert as_made("авек-мнрс ТУХ2") == "ABEKMHPCTYX2"


def test_wrong_used_and_late_codes_get_the_same_answer(
    app: Flask, inspector: ApiClient, session: ScopedSession
) -> None:
    used, said = code_of(inspector), []
    assert type_in(app.test_client(), used).status_code == 200
    late = code_of(inspector)
    row = session.scalars(select(LoginCode)).one()
    row.expires_at -= timedelta(minutes=5)
    session.commit()
    for code in (used, late, "22222222", "", "x" * 10_000, "\0\ud800"):
        answer = type_in(app.test_client(), code)
        said.append({**(answer.json or {}), "request_id": ""})
    assert said == [said[0]] * len(said)
    assert (said[0]["status"], said[0]["detail"]) == (401, WORDS)
    assert type_in(app.test_client(), 5).status_code == 422


def test_a_code_lasts_five_minutes(app: Flask, inspector: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        ahead = timedelta()

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + cls.ahead

    monkeypatch.setattr(codes, "datetime", Clock)
    first = code_of(inspector)
    Clock.ahead = timedelta(minutes=4, seconds=59)
    assert type_in(app.test_client(), first).status_code == 200
    Clock.ahead = timedelta()
    second = code_of(inspector)
    Clock.ahead = timedelta(minutes=5, seconds=1)
    assert type_in(app.test_client(), second).status_code == 401


def test_a_new_code_ends_the_one_before_and_no_other_persons(
    app: Flask, inspector: ApiClient, manager: ApiClient
) -> None:
    others, first, second = code_of(manager), code_of(inspector), code_of(inspector)
    assert type_in(app.test_client(), first).status_code == 401
    assert type_in(app.test_client(), second).status_code == 200
    assert type_in(app.test_client(), others).status_code == 200


@AT_ONCE
def test_of_two_phones_at_once_one_gets_in(app: Flask, inspector: ApiClient) -> None:
    for _ in range(5):
        code = code_of(inspector)
        with ThreadPoolExecutor(4) as threads:
            answers = threads.map(lambda code: type_in(app.test_client(), code).status_code, [code] * 4)
        assert sorted(answers) == [200, 401, 401, 401]


@AT_ONCE
def test_two_codes_asked_for_at_once_leave_one(app: Flask, inspector: ApiClient, session: ScopedSession) -> None:
    cookie = inspector.client.get_cookie("audit")
    assert cookie is not None

    def ask(_number: int) -> int:
        client = app.test_client()
        client.set_cookie("audit", cookie.value)
        return client.post("/api/v1/session/code", headers=OWN_SITE).status_code

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(4))) == [201] * 4
    assert len(session.scalars(select(LoginCode)).all()) == 1


def test_guessing_codes_makes_the_network_wait(app: Flask, inspector: ApiClient, manager: ApiClient) -> None:
    code = code_of(inspector)
    statuses = [type_in(app.test_client(), f"guess{n:03}").status_code for n in range(throttle.FREE_BY_ADDRESS)]
    assert set(statuses) == {401}
    refused = type_in(app.test_client(), code)
    assert (refused.status_code, int(refused.headers["Retry-After"]) <= 60) == (429, True), "even with the right code"
    sent = {"email": "manager@example.org", "password": "wrong"}
    by_password = app.test_client().post(
        "/api/v1/session", json=sent, headers=OWN_SITE, environ_base={"REMOTE_ADDR": "192.0.2.7"}
    )
    assert by_password.status_code == 429, "passwords and codes are counted together"
    assert type_in(app.test_client(), code, "192.0.2.99").status_code == 200, "it was not used up"


def test_an_own_code_does_not_let_a_network_guess_on(app: Flask, manager: ApiClient) -> None:
    for number in range(throttle.FREE_BY_ADDRESS - 1):
        type_in(app.test_client(), f"guess{number:03}")
    assert type_in(app.test_client(), code_of(manager)).status_code == 200
    assert type_in(app.test_client(), "guess").status_code == 401
    assert type_in(app.test_client(), "guess").status_code == 429


@pytest.mark.parametrize("end", ["password", "link", "others", "command", "access", "erased"])
def test_a_code_ends_with_what_ends_the_persons_logins(
    app: Flask, inspector: ApiClient, world: World, session: ScopedSession, settings: Settings,
    monkeypatch: pytest.MonkeyPatch, end: str,
) -> None:  # fmt: skip
    person, now = world.audit.inspectors[0], datetime.now(UTC)
    code = code_of(inspector)
    if end == "password":
        wish = {"old": PASSWORD, "new": "seven otters under one umbrella"}
        assert inspector.ask("PUT", "/profile/password", json=wish).status_code == 204
    elif end == "link":
        use_link(session, renew_secret(session, make_link(session, person.id, LinkPurpose.RESET, now).id), "hash", now)
    elif end == "others":
        assert inspector.ask("DELETE", "/profile/logins").status_code == 204
    elif end == "command":
        monkeypatch.setattr(Settings, "from_environment", lambda: settings)
        assert CliRunner().invoke(end_logins, [person.email]).exit_code == 0
    elif end == "access":
        for each in session.scalars(select(Membership).where(Membership.user_id == person.id)):
            each.deactivated_at = now
    else:
        session.get_one(User, person.id).erased_at = now
    session.commit()
    assert type_in(app.test_client(), code).status_code == 401


def test_who_has_no_access_any_more_gets_no_code(inspector: ApiClient, world: World, session: ScopedSession) -> None:
    for each in session.scalars(select(Membership).where(Membership.user_id == world.audit.inspectors[0].id)):
        each.deactivated_at = datetime.now(UTC)
    session.commit()
    assert inspector.ask("POST", "/session/code").status_code == 403


def test_a_code_is_made_for_the_person_on_the_screen_only(app: Flask, inspector: ApiClient, world: World) -> None:
    client = inspector.client
    mine, other = (str(each.id) for each in world.audit.inspectors[:2])
    asked = [
        client.post("/api/v1/session/code", headers={**OWN_SITE, "Expect-Person": someone}) for someone in (mine, other)
    ]
    assert [each.status_code for each in asked] == [201, 401]
    assert client.post("/api/v1/session/code", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert type_in(app.test_client(), "code", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    token = {"Authorization": f"Bearer {world.token}"}
    assert app.test_client().post("/api/v1/session/code", headers=token).status_code == 403, "no program makes one"


def test_nothing_of_a_code_can_be_read_in_the_database(
    app: Flask, inspector: ApiClient, session: ScopedSession
) -> None:
    code = code_of(inspector)
    row = session.scalars(select(LoginCode)).one()
    with app.app_context():
        assert row.mark == throttle.subject_of("code", code)
    assert len(row.mark) == 64
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action.endswith("session.make_code"))).one()
    assert code not in str(entry.details)
    forget_old_codes(session, row.expires_at - timedelta(seconds=1))
    assert session.scalars(select(LoginCode)).all()
    forget_old_codes(session, row.expires_at)
    assert not session.scalars(select(LoginCode)).all()


def test_that_a_code_was_made_stands_in_the_trail_of_ones_own_organization_only(
    app: Flask, inspector: ApiClient, world: World, session: ScopedSession
) -> None:
    stranger = make_world(session, "stranger").audit
    session.commit()
    installed = app.test_client()
    assert type_in(installed, code_of(inspector)).status_code == 200
    assert "made a code to log in on another device" in trail(
        app, world.audit.owner.email, world.audit.organization.slug
    )
    assert "made a code" not in trail(app, stranger.owner.email, stranger.organization.slug)
    own, theirs = str(world.ids["project"]), str(stranger.project.id)
    work = installed.get("/api/v1/phone/work").get_data(as_text=True)
    assert own in work or world.audit.outlets[0].name in work
    assert theirs not in work
    assert installed.get(f"/o/{stranger.organization.slug}/").status_code == 404


def trail(app: Flask, email: str, organization: str) -> str:
    return Window(app, email).open(f"/o/{organization}/trail").text
