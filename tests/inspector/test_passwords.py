"""What a password must be: long, and nothing that everybody tries first; and otherwise whatever one likes."""

import pytest
from flask import Flask

from inspector.auth import password_rules, passwords
from inspector.auth.password_rules import fault_of, is_guessable
from tests.factories import PASSWORD, Audit
from tests.pages import OWN_SITE, Window


@pytest.fixture
def in_english(app: Flask) -> Flask:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        yield app  # type: ignore[misc]  # A fixture that ends after its test.


@pytest.mark.usefixtures("in_english")
def test_ten_signs_are_the_least() -> None:
    assert fault_of("vq8-tz4-k") == "A password has at least 10 characters."
    assert fault_of("vq8-tz4-km") is None


@pytest.mark.parametrize(
    "password",
    [
        "password12", "Password1!", "P@ssw0rd2026", "qwertyuiop", "1234567890", "0987654321", "q1w2e3r4t5",
        "zxcvbnm,./1",
        "iloveyou22", "aaaaaaaaaa", "abcabcabcabc", "letmein2026!", "welcome-2026", "football99!", "1985-03-14-1985",
        "пароль12345", "йцукенгшщз", "Спартак1922!", "наташа1990", "gfhjkm12345", "привет-привет", "demo-demo-demo",
        "serviceaudit", "MysteryShopper1", "Inspector2026", "qazwsxedc1", "asdfghjkl;'",
    ],
)  # fmt: skip
def test_what_everybody_tries_first_is_refused(password: str) -> None:
    assert is_guessable(password)


@pytest.mark.parametrize("password", ["Marina1985!", "marina.orlova", "orlova@example", "OrlovaMarina"])
def test_ones_own_names_are_refused(password: str) -> None:
    about = ("Marina Orlova", "marina@example.org")
    assert is_guessable(password, about)
    assert not is_guessable("seven quiet herons", about)


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(
    "password",
    [
        PASSWORD, "seven quiet herons", "тихая цапля у пруда", "   ten signs", "vq8tz4kmwp", "correct horse battery",
        "🦉 sleeps at noon", "abcd-efgh-jkmn-x7rb", "ßüöä ñ ключ слон",
    ],
)  # fmt: skip
def test_any_signs_make_a_password(password: str) -> None:
    assert fault_of(password, ("Marina Orlova", "marina@example.org")) is None


@pytest.mark.usefixtures("in_english")
def test_passwords_that_we_make_ourselves_pass() -> None:
    from inspector.manager.people import new_password

    assert [fault_of(new_password()) for _ in range(200)] == [None] * 200


def test_a_long_sentence_works_and_a_book_is_never_hashed(
    app: Flask, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "seven quiet herons stand beside the pond and wait " * 19 + "for a frog"
    assert 900 < len(sentence) <= password_rules.LONGEST
    window = Window(app, audit.manager.email).open("/profile/password")
    window.submit("Change password", old=PASSWORD, new=sentence, again=sentence)
    assert "Your password was changed." in window.text
    assert logs_in(app, audit.manager.email, sentence)
    monkeypatch.setattr(passwords, "_hasher", None)
    assert not logs_in(app, audit.manager.email, "x" * 1_001)
    window.open("/profile/password").submit("Change password", old="x" * 1_001, new="x" * 1_001, again="x" * 1_001)
    assert window.status == 422
    assert "A password has at most" in window.text


def test_a_password_is_taken_to_the_sign(app: Flask, audit: Audit) -> None:
    new = " Seven quiet HERONS "
    window = Window(app, audit.manager.email).open("/profile/password")
    window.submit("Change password", old=PASSWORD, new=new, again=new)
    assert logs_in(app, audit.manager.email, new)
    assert not any(logs_in(app, audit.manager.email, each) for each in (new.strip(), new.lower(), new[:-1]))


def test_fields_mask_and_let_password_managers_work(app: Flask, audit: Audit) -> None:
    client = Window(app, audit.manager.email).client
    client.post("/logout", headers=OWN_SITE)
    login = client.get("/login").text
    assert 'type="password"' in login
    assert 'autocomplete="current-password"' in login
    change = Window(app, audit.manager.email).open("/profile/password").answer.text
    assert change.count('type="password"') == 3
    assert change.count('autocomplete="new-password"') == 2
    assert "onpaste" not in login + change


def logs_in(app: Flask, email: str, password: str) -> bool:
    body = {"email": email, "password": password}
    return app.test_client().post("/api/v1/session", json=body, headers=OWN_SITE).status_code == 200
