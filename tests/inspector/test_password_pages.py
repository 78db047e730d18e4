"""One's own password is changed by whoever knows the present one, and by nobody else."""

import pytest
from flask import Flask

from tests.factories import PASSWORD, Audit
from tests.pages import OWN_SITE, Window

NEW = " ten signs"


def logs_in(app: Flask, email: str, password: str) -> bool:
    answer = app.test_client().post("/login", data={"email": email, "password": password}, headers=OWN_SITE)
    assert answer.status_code in (302, 401)
    return answer.status_code == 302


def test_the_new_password_works_and_the_old_one_no_longer(app: Flask, audit: Audit) -> None:
    window = Window(app, audit.manager.email).follow("Profile").follow("Change password")
    window.submit("Change password", old=PASSWORD, new=NEW, again=NEW)
    assert "Your password was changed." in window.text
    assert logs_in(app, audit.manager.email, NEW)
    assert not logs_in(app, audit.manager.email, PASSWORD)
    assert logs_in(app, audit.reviewer.email, PASSWORD), "nobody else's was changed"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"old": "a wrong guess"}, "old"),
        ({"new": "nine sign", "again": "nine sign"}, "new"),
        ({"again": NEW.strip()}, "again"),
    ],
)
def test_a_mistake_changes_nothing(app: Flask, audit: Audit, changes: dict[str, str], field: str) -> None:
    typed: dict[str, str | list[str]] = {"old": PASSWORD, "new": NEW, "again": NEW, **changes}
    window = Window(app, audit.manager.email).open("/profile/password").submit("Change password", typed)
    assert window.status == 422
    assert f'id="wrong-{field}"' in window.answer.text
    assert not any(str(each) in window.answer.text for each in typed.values())
    assert logs_in(app, audit.manager.email, PASSWORD)


def test_an_inspector_changes_it_too_and_a_stranger_logs_in_first(app: Flask, audit: Audit) -> None:
    client = app.test_client()
    assert client.get("/profile/password").location == "/login?next=/profile/password"
    email = audit.inspectors[0].email
    client.post("/login", data={"email": email, "password": PASSWORD}, headers=OWN_SITE)
    assert client.get("/profile/password").status_code == 200
    answer = client.post("/profile/password", data={"old": PASSWORD, "new": NEW, "again": NEW}, headers=OWN_SITE)
    assert answer.location == "/profile"
    assert logs_in(app, email, NEW)


def test_a_new_password_ends_the_logins_elsewhere(app: Flask, audit: Audit) -> None:
    here, elsewhere = (Window(app, audit.manager.email) for _ in range(2))
    here.open("/profile/password").submit("Change password", old=PASSWORD, new=NEW, again=NEW)
    assert here.open("/profile/password").status == 200
    assert "Log in" in elsewhere.open("/profile/password").text
