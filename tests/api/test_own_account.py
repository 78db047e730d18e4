"""One's own account by the API: the name, the password, and the devices on which one is logged in."""

from uuid import UUID

import pytest
from flask import Flask

from checklists.accounts import Login
from checklists.orm import ScopedSession
from tests.api.world import ApiClient, World
from tests.factories import PASSWORD
from tests.phone_client import OWN_SITE

NEW = "seven otters under one umbrella"


@pytest.fixture
def inspector(app: Flask, world: World) -> ApiClient:
    return ApiClient.of(app, world.audit.inspectors[0])


def is_in(client: ApiClient) -> bool:
    return bool(client.get("/profile").status_code == 200)


def test_name_and_language_are_changed(inspector: ApiClient, world: World) -> None:
    read = inspector.get("/profile")
    assert (read.json["name"], read.json["email"]) == ("Anna Petrova", "anna@example.org")
    tag = read.headers["ETag"]
    changed = inspector.ask("PATCH", "/profile", json={"name": "Anna Kim", "language": "ru"}, tag=tag)
    assert (changed.status_code, changed.json["name"], changed.json["language"]) == (200, "Anna Kim", "ru")
    assert inspector.ask("PATCH", "/profile", json={"name": "Anna"}, tag=tag).status_code == 412
    wrong = inspector.ask("PATCH", "/profile", json={"language": "de"}, tag="*")
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/language")


def test_devices_are_listed_and_one_is_logged_out(app: Flask, inspector: ApiClient, world: World) -> None:
    other = app.test_client()
    other.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Version/17.0 Safari/604.1"
    sent = {"email": world.audit.inspectors[0].email, "password": PASSWORD}
    assert other.post("/api/v1/session", json=sent, headers=OWN_SITE).status_code == 200
    listed = inspector.get("/profile/logins").json["items"]
    assert [each["this"] for each in listed] == [True, False]
    assert listed[1]["device"] == "Safari, iPhone"
    address = f"/profile/logins/{listed[1]['id']}"
    read = inspector.get(address)
    assert read.json == listed[1]
    assert inspector.ask("DELETE", address).status_code == 428
    assert inspector.ask("DELETE", address, tag=read.headers["ETag"]).status_code == 204
    assert other.get("/api/v1/session").status_code == 401
    assert is_in(inspector)
    assert inspector.get(address).status_code == 404


def test_a_device_is_logged_out_though_it_was_used_meanwhile(
    inspector: ApiClient, app: Flask, world: World, session: ScopedSession
) -> None:
    other = ApiClient.of(app, world.audit.inspectors[0])
    login = next(each for each in inspector.get("/profile/logins").json["items"] if not each["this"])
    address = f"/profile/logins/{login['id']}"
    tag = inspector.get(address).headers["ETag"]
    row = session.get_one(Login, UUID(login["id"]))
    row.address = "192.0.2.99"
    session.commit()
    assert inspector.ask("DELETE", address, tag=tag).status_code == 204
    assert not is_in(other)


def test_all_others_are_logged_out_at_once(app: Flask, inspector: ApiClient, world: World) -> None:
    others = [ApiClient.of(app, world.audit.inspectors[0]) for _ in range(2)]
    bystander = ApiClient.of(app, world.audit.inspectors[1])
    assert inspector.ask("DELETE", "/profile/logins").status_code == 204
    assert [is_in(each) for each in (*others, inspector, bystander)] == [False, False, True, True]


def test_anothers_login_is_not_there(inspector: ApiClient, world: World) -> None:
    address = f"/profile/logins/{world.ids['login']}"
    assert inspector.get(address).status_code == 404
    assert inspector.ask("DELETE", address, tag="*").status_code == 404


def test_the_password_is_changed_by_who_knows_it(app: Flask, inspector: ApiClient, world: World) -> None:
    other = ApiClient.of(app, world.audit.inspectors[0])
    for wish, pointer in (
        ({"old": "wrong words", "new": NEW}, "/old"),
        ({"old": PASSWORD, "new": "password1"}, "/new"),
        ({"old": PASSWORD, "new": "\ud800" * 20}, "/new"),
    ):
        refused = inspector.ask("PUT", "/profile/password", json=wish)
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer)
    assert inspector.ask("PUT", "/profile/password", json={"old": PASSWORD, "new": f" {NEW} "}).status_code == 204
    assert is_in(inspector)
    assert not is_in(other)
    sent = {"email": world.audit.inspectors[0].email, "password": f" {NEW} "}
    assert app.test_client().post("/api/v1/session", json=sent, headers=OWN_SITE).status_code == 200


def test_no_token_opens_it(program: ApiClient) -> None:
    for method, address in (
        ("GET", ""),
        ("PATCH", ""),
        ("PUT", "/password"),
        ("GET", "/logins"),
        ("DELETE", "/logins"),
    ):
        answer = program.ask(method, f"/profile{address}", json={}, tag="*")
        assert (answer.status_code, answer.json["title"]) == (403, "NoTokensHere"), address
