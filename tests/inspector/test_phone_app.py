"""What a phone gets before it knows anybody: the app's own files, whole and with their hashes."""

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask_babel import Babel
from PIL import Image

from inspector import phone_app
from inspector.languages import LANGUAGES
from inspector.phone_app import PHONE, key_of, modules_on_disk
from inspector.phone_bundle import bundle

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
    files = listed(phone)["files"]
    assert {"", "app.js", "style.css", "translations/ru.json"} <= set(files)
    for path, sha256 in files.items():
        answer = phone.get(f"/phone/{path}")
        assert answer.status_code == 200
        assert hashlib.sha256(answer.data).hexdigest() == sha256


def test_all_that_the_page_names_is_in_the_list_but_what_the_system_keeps(phone: FlaskClient) -> None:
    named = set(re.findall(r'(?:src|href)="([^"]+)"', phone.get("/phone/").text))
    assert {"app.js", "style.css"} <= named
    kept = {name for name in named if not name.startswith("icons/")} - {"manifest.webmanifest"}
    assert kept <= set(listed(phone)["files"])


def test_every_module_is_in_the_script() -> None:
    modules = modules_on_disk()
    script = bundle(modules, "app.js", is_readable=True)
    names = {re.sub(r"\W", "_", path.removesuffix(".js")) for path in modules}
    assert {name for name in names if f"const ${name}=" not in script} == set()


def test_the_worker_carries_the_list_and_changes_with_any_file(
    phone: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = phone.get("/phone/service-worker.js")
    assert worker.headers["Service-Worker-Allowed"] == "/phone/"
    before = listed(phone)
    assert f'data-version="{before["version"]}"' in phone.get("/phone/").text
    assert not any(path.startswith("icons/") for path in before["files"])

    for changed, text in {"words.js": b"const later = 1;\n", "service-worker.js": b"const other = 1;\n"}.items():
        monkeypatch.setattr(phone_app, "PHONE", PHONE)
        copy = tmp_path / changed
        for source in phone_app.PHONE.rglob("*.*"):
            target = copy / source.relative_to(phone_app.PHONE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes() + (text if source.name == changed else b""))
        monkeypatch.setattr(phone_app, "PHONE", copy)
        _forget()
        assert phone.get("/phone/service-worker.js").data != worker.data
        assert listed(phone)["version"] != before["version"]
        assert f'data-version="{listed(phone)["version"]}"' in phone.get("/phone/").text


def test_the_catalogue_has_what_the_app_says_and_what_is_surely_translated(phone: FlaskClient) -> None:
    assert phone.get("/phone/translations/ru.json").json["messages"] == {
        key_of("Settings"): "Настройки",
        key_of("%(num)s photo"): ["%(num)s снимок", "%(num)s снимка", "%(num)s снимков"],
    }


def test_a_message_is_called_alike_on_both_sides() -> None:
    said = ["Settings", "%(num)s photo", "%(name)s — “%(words)s” · 5 × 3 …", ""]
    program = (
        f'import {{ keyOf }} from "{phone_app.PHONE}/translate.js";\n'
        f"console.log(JSON.stringify({json.dumps(said)}.map(keyOf)));\n"
    )
    done = subprocess.run(["node", "--input-type=module"], input=program, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [key_of(each) for each in said]


@pytest.mark.usefixtures("phone")
def test_two_messages_with_one_key_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_app, "key_of", lambda _english: "same")
    with pytest.raises(ValueError, match="other words"):
        phone_app.app_files()


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


def test_every_process_makes_the_same_app() -> None:
    said = "from inspector.phone_app import app_files; print(app_files()['app.js'].sha256)"
    command = [sys.executable, "-c", said]
    made = {
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1


def test_what_many_ask_for_at_once_is_made_once() -> None:
    makers: list[int] = []

    @phone_app.made_once
    def slow(number: int) -> int:
        makers.append(number)
        time.sleep(0.1)
        return -number

    with ThreadPoolExecutor(8) as askers:
        assert list(askers.map(slow, [1] * 8)) == [-1] * 8
    assert makers == [1]


def test_the_whole_app_stays_small(phone: FlaskClient) -> None:
    files = listed(phone)["files"]
    sizes = {path: len(phone.get(f"/phone/{path}", headers={"Accept-Encoding": "br"}).data) for path in files}
    assert sum(sizes.values()) < 81_000, sizes


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


def listed(phone: FlaskClient) -> Any:
    """What the worker knows: {version, files}, each file with its hash."""
    head = phone.get("/phone/service-worker.js").text.splitlines()[0]
    return json.loads(head.removeprefix("const APP = ").removesuffix(";"))


def _forget() -> None:
    phone_app._versioned.__wrapped__.cache_clear()
    phone_app.app_files.__wrapped__.cache_clear()
    phone_app._worker.__wrapped__.cache_clear()
