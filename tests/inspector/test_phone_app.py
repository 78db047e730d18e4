"""What a phone gets before it knows anybody: the app's own files, whole and with their hashes."""

import gzip
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli
import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask_babel import Babel
from PIL import Image

from inspector import phone_app
from inspector.languages import LANGUAGES

UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress}
RUSSIAN = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
"n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "Settings"
msgstr "Настройки"

msgid "%(num)s photo"
msgid_plural "%(num)s photos"
msgstr[0] "%(num)s снимок"
msgstr[1] "%(num)s снимка"
msgstr[2] "%(num)s снимков"

msgid "Outbox"
msgstr ""

#, fuzzy
msgid "Assignments"
msgstr "Поручения"

msgid "Only managers read this"
msgstr "Это читают только менеджеры"
"""


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """The phone app alone, with a catalogue of a few words."""
    folder = tmp_path / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(RUSSIAN)
    monkeypatch.setattr(phone_app, "TRANSLATIONS", tmp_path)
    _forget()
    app = Flask("phone")
    Babel(app, locale_selector=lambda: request.accept_languages.best_match(LANGUAGES))
    app.register_blueprint(phone_app.blueprint)
    yield app.test_client()
    _forget()


def test_every_listed_file_is_served_with_its_hash(phone: FlaskClient) -> None:
    listed = phone.get("/phone/files.json").json
    assert {"", "app.js", "style.css", "translations/ru.json", "icons/icon-192.png"} <= set(listed["files"])
    for path, sha256 in listed["files"].items():
        answer = phone.get(f"/phone/{path}")
        assert answer.status_code == 200
        assert hashlib.sha256(answer.data).hexdigest() == sha256


def test_every_module_that_the_app_imports_is_in_the_list(phone: FlaskClient) -> None:
    files = phone.get("/phone/files.json").json["files"]
    for path in (path for path in files if path.endswith(".js")):
        for name in re.findall(r'from "(\.[^"]+)"', phone.get(f"/phone/{path}").text):
            found = (Path("/phone") / path).parent.joinpath(name)
            parts = [part for part in found.parts if part != "."]
            while ".." in parts:
                place = parts.index("..")
                del parts[place - 1 : place + 1]
            assert "/".join(parts[2:]) in files, f"{path} imports {name}"


def test_the_worker_carries_the_list_and_changes_with_any_file(
    phone: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = phone.get("/phone/service-worker.js")
    assert worker.headers["Service-Worker-Allowed"] == "/phone/"
    before = json.loads(worker.text.splitlines()[0].removeprefix("const APP = ").removesuffix(";"))
    listed = phone.get("/phone/files.json")
    assert before["version"] == listed.json["version"]
    all_but_icons = {path: each for path, each in listed.json["files"].items() if not path.startswith("icons/")}
    assert before["files"] == {**all_but_icons, "files.json": hashlib.sha256(listed.data).hexdigest()}

    copy = tmp_path / "phone"
    for source in phone_app.PHONE.rglob("*.*"):
        target = copy / source.relative_to(phone_app.PHONE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes() + (b"const later = 1;\n" if source.name == "words.js" else b""))
    monkeypatch.setattr(phone_app, "PHONE", copy)
    _forget()
    assert phone.get("/phone/service-worker.js").data != worker.data
    assert phone.get("/phone/files.json").json["version"] != before["version"]


def test_the_catalogue_has_what_the_app_says_and_what_is_surely_translated(phone: FlaskClient) -> None:
    assert phone.get("/phone/translations/ru.json").json["messages"] == {
        "Settings": "Настройки",
        "%(num)s photo": ["%(num)s снимок", "%(num)s снимка", "%(num)s снимков"],
    }


def test_nothing_but_the_app_may_run_or_be_reached(phone: FlaskClient) -> None:
    for path in ("", "service-worker.js"):
        policy = phone.get(f"/phone/{path}").headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=", phone.get("/phone/").text)


def test_a_file_that_has_not_changed_is_not_sent_again(phone: FlaskClient) -> None:
    for headers in ({}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "br"}):
        first = phone.get("/phone/app.js", headers=headers)
        assert first.headers["Cache-Control"] == "no-cache"
        again = phone.get("/phone/app.js", headers={**headers, "If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(("asked", "told"), [("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0, gzip", "gzip")])
def test_packed_for_who_can_unpack(phone: FlaskClient, asked: str, told: str) -> None:
    plain, packed = phone.get("/phone/app.js"), phone.get("/phone/app.js", headers={"Accept-Encoding": asked})
    assert packed.headers["Content-Encoding"] == told
    assert UNPACK[told](packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Content-Encoding" not in phone.get("/phone/icons/icon-192.png", headers={"Accept-Encoding": asked}).headers


def test_the_whole_app_stays_small(phone: FlaskClient) -> None:
    files = phone.get("/phone/files.json").json["files"]
    sizes = {path: len(phone.get(f"/phone/{path}", headers={"Accept-Encoding": "br"}).data) for path in files}
    assert sum(sizes.values()) < 100_000, sizes


@pytest.mark.parametrize("path", ["package.json", "README.md", "vendor/vendor.json", "../phone_app.py", "nothing.js"])
def test_what_is_not_the_app_is_not_there(phone: FlaskClient, path: str) -> None:
    assert phone.get(f"/phone/{path}").status_code == 404


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_app_can_be_installed(phone: FlaskClient, language: str) -> None:
    answer = phone.get("/phone/manifest.webmanifest", headers={"Accept-Language": language})
    assert answer.mimetype == "application/manifest+json"
    assert (answer.json["start_url"], answer.json["scope"], answer.json["display"]) == (
        "/phone/",
        "/phone/",
        "standalone",
    )
    assert {"192x192", "512x512"} == {icon["sizes"] for icon in answer.json["icons"] if icon["purpose"] == "maskable"}
    for icon in answer.json["icons"]:
        picture = Image.open(io.BytesIO(phone.get(f"/phone/{icon['src']}").data))
        assert "x".join(map(str, picture.size)) == icon["sizes"]


def _forget() -> None:
    phone_app.app_files.cache_clear()
    phone_app._worker.cache_clear()
