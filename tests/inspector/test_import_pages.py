"""A manager imports outlets and inspectors: upload, preview, confirmation; and files as they come from the world."""

import base64
import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from checklists.brands import Outlet
from checklists.imports import FORMULA_STARTS, MOST_LINES, Import
from checklists.orm import new_id
from checklists.people import User
from inspector.exports import csv_stream
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.pages import OWN_SITE, Window


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        return make_audit(session)


@pytest.fixture
def window(app: Flask, audit: Audit) -> Window:
    return Window(app, audit.manager.email)


def upload(window: Window, audit: Audit, kind: str, body: bytes, name: str = "table.csv") -> Window:
    window.post(f"{audit.address}/imports/{kind}", {"file": (io.BytesIO(body), name)})
    return window


def outlets_in(sessions: Sessions, audit: Audit) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).where(Outlet.project_id == audit.project.id)) or 0


def count_of(window: Window, effect: str) -> int:
    found = re.search(rf"<dt>{effect}</dt><dd>([\d,]+)</dd>", window.answer.text)
    assert found is not None, window.text
    return int(found[1].replace(",", ""))


def test_outlets_are_previewed_and_imported(window: Window, audit: Audit, sessions: Sessions) -> None:
    before = outlets_in(sessions, audit)
    window.open(f"{audit.address}/brands/").follow("Import outlets")
    assert window.status == 200
    first, second = audit.outlets[:2]
    table = (
        "Бренд;Название;Адрес;Город;Менеджер\nutro;=cmd|' /C calc'!A0;Мира, 1;Орёл;Иван\n"
        f"Utro;{first.name};{first.address};Казань;\nUtro;{second.name};{second.address};{second.city};\n"
    )
    upload(window, audit, "outlets", table.encode("windows-1251"), "../<b>точки.csv")
    assert [
        count_of(window, effect) for effect in ("Will be added", "Will be changed", "Stays as it is", "Is wrong")
    ] == [1, 1, 1, 0]
    assert "WINDOWS-1251" in window.text
    assert "Менеджер" in window.text
    assert ">&lt;b&gt;точки.csv</dd>" in window.answer.text
    assert f"<s>{first.city}</s> <ins>Казань</ins>" in window.answer.text
    assert outlets_in(sessions, audit) == before
    preview = window.address
    window.submit("Import 2 lines")
    assert urlsplit(window.address).path == f"{audit.address}/brands/"
    assert "Imported: 1 added, 1 changed." in window.text
    assert outlets_in(sessions, audit) == before + 1
    with sessions() as session:
        assert session.scalars(select(Outlet.name).where(Outlet.city == "Орёл")).all() == ["=cmd|' /C calc'!A0"]
        assert session.scalars(select(Import.body)).all() == [b""]
    window.open(preview)
    assert "This file was imported" in window.text
    window.post(f"{preview}/confirmation")
    assert window.status == 422
    assert "imported already" in window.text
    assert outlets_in(sessions, audit) == before + 1


def test_wrong_lines_stop_the_import_unless_the_rest_is_asked_for(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    before = outlets_in(sessions, audit)
    upload(window, audit, "outlets", b"brand,name,url\nUtro,A,ftp://x\nNobody,B,\nUtro,C,\n")
    assert [count_of(window, effect) for effect in ("Will be added", "Is wrong")] == [1, 2]
    assert "A web address begins with https://" in window.text
    assert "The project has no brand “Nobody”." in window.text
    window.submit("Import 1 line")
    assert window.status == 422
    assert "Some lines are wrong, so nothing was imported." in window.text
    assert outlets_in(sessions, audit) == before
    window.submit("Import 1 line", rest="on")
    assert window.status == 200
    assert outlets_in(sessions, audit) == before + 1


def test_two_confirmations_at_once_import_once(window: Window, audit: Audit, app: Flask, sessions: Sessions) -> None:
    before = outlets_in(sessions, audit)
    lines = "".join(f"Utro,Kiosk {number}\n" for number in range(3_000))
    address = upload(window, audit, "outlets", f"brand,name\n{lines}".encode()).address
    others = [Window(app, audit.manager.email) for _window in range(3)]
    with ThreadPoolExecutor(len(others)) as workers:
        answers = workers.map(lambda other: other.post(f"{address}/confirmation").status_code, others)
        assert sorted(answers) == [200, 422, 422]
    assert outlets_in(sessions, audit) == before + 3_000


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("kind", ["outlets", "inspectors"])
def test_the_sample_can_be_imported_as_it_is(window: Window, audit: Audit, kind: str, language: str) -> None:
    window.open(f"{audit.address}/imports/{kind}").submit({"en": "English", "ru": "Русский"}[language])
    sample = window.client.get(f"{audit.address}/imports/{kind}/sample.csv")
    assert sample.headers["Content-Disposition"] == f'attachment; filename="{kind}-sample.csv"'
    head = sample.get_data().decode("utf-8-sig").splitlines()[0]
    assert (";" if language == "ru" else ",") in head
    assert ("Язык" in head or "Бренд" in head) is (language == "ru")
    upload(window, audit, kind, sample.get_data()).submit("Русский").submit("English")
    assert count_of(window, "Will be added") == 2
    assert count_of(window, "Is wrong") == 0
    assert "Columns that are ignored" not in window.text


def test_what_an_export_escapes_the_import_takes_back() -> None:
    assert csv_stream.FORMULA_STARTS == FORMULA_STARTS


def test_inspectors_are_imported_and_their_first_passwords_shown_once(
    window: Window, audit: Audit, app: Flask, sessions: Sessions
) -> None:
    anna = audit.inspectors[0]
    window.open(f"{audit.address}/people/").follow("Import inspectors")
    table = f"Имя;E-mail;Язык\nВера Ким;vera@example.org;ru\n=Олег;oleg@example.org;\n{anna.name};{anna.email};\n"
    upload(window, audit, "inspectors", table.encode("utf-16"))
    assert [count_of(window, effect) for effect in ("Will be added", "Stays as it is")] == [2, 1]
    preview = window.address
    window.submit("Import 2 lines")
    assert window.status == 200
    assert "Imported: 2 added, 0 changed." in window.text
    encoded = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)" download="logins.csv"', window.answer.text)
    assert encoded is not None
    rows = list(csv.reader(io.StringIO(base64.b64decode(encoded[1]).decode("utf-8-sig"))))
    assert rows[0] == ["E-mail", "Full name", "Password"]
    assert [row[:2] for row in rows[1:]] == [["vera@example.org", "Вера Ким"], ["oleg@example.org", "'=Олег"]]
    for email, _name, password in rows[1:]:
        sent = {"email": email, "password": password}
        assert app.test_client().post("/login", data=sent, headers=OWN_SITE).status_code == 302
    password = rows[1][2]
    assert password not in window.open(preview).text
    assert "Вера Ким" in window.open(f"{audit.address}/people/?role=inspector").text
    with sessions() as session:
        assert session.scalars(select(User.language).where(User.email == "oleg@example.org")).one() == "en"


def test_a_login_of_another_organization_becomes_an_inspector_and_keeps_its_password(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        boss = make_audit(session, "other").manager
    before = boss.password_hash
    upload(window, audit, "inspectors", f"name,email\nSomebody,{boss.email}\n".encode())
    assert count_of(window, "Will be changed") == 1
    window.submit("Import 1 line")
    assert urlsplit(window.address).path == f"{audit.address}/people/"
    with sessions() as session:
        assert session.get_one(User, boss.id).password_hash == before


def test_too_many_new_people_are_refused_before_any_password_is_made(window: Window, audit: Audit) -> None:
    rows = "".join(f"Person {number},p{number}@example.org\n" for number in range(201))
    upload(window, audit, "inspectors", f"name,email\n{rows}".encode())
    assert "At most 200 new people fit into one import." in window.text
    window.post(f"{window.address}/confirmation")
    assert window.status == 422
    assert "too many new people" in window.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "No column was recognized"),
        (b"brand,name\n", "no lines below its head"),
        (b"name,city\nA,B\n", "The column of the brand is missing"),
        (b"PK\x03\x04", "This is a workbook"),
        (b"brand,name\n" + b"Utro,A\n" * 100_001, "more than 100,000 lines"),
        (b"brand,name\n" + b"x" * 20_000_000, "larger than 20 MB"),
        (b"brand,name\n" + b"x" * 25_000_000, "larger than 20 MB"),
    ],
)
def test_what_is_no_table_is_refused_and_not_kept(
    window: Window, audit: Audit, sessions: Sessions, body: bytes, words: str
) -> None:
    upload(window, audit, "outlets", body)
    assert window.status == 422
    assert words in window.text
    with sessions() as session:
        assert session.scalars(select(Import.id)).all() == []


def test_no_file_is_asked_for(window: Window, audit: Audit) -> None:
    window.open(f"{audit.address}/imports/outlets").submit("Show a preview")
    assert window.status == 422
    assert "Please choose a file." in window.text


def test_bytes_that_are_no_text_are_wrong_by_line(window: Window, audit: Audit) -> None:
    body = "brand,name\nUtro,Кафе на Ленина\nUtro,".encode() + b"\xff\xfe\0\nUtro,A\0B\nUtro,B\n"
    upload(window, audit, "outlets", body)
    assert [count_of(window, effect) for effect in ("Will be added", "Is wrong")] == [2, 2]
    assert "The line holds bytes that are no text." in window.text
    assert "The line holds a NUL sign, which is no text." in window.text


def test_without_brands_they_are_asked_for_first(window: Window, audit: Audit) -> None:
    window.open("/").follow("New project").submit("Make the project", {"name.ru": "Аптеки", "slug": "pharmacies"})
    window.open(f"/o/{audit.organization.slug}/pharmacies/imports/outlets")
    assert "Add the brands first" in window.text


def test_an_import_of_others_is_not_found(window: Window, audit: Audit, app: Flask, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
    theirs = upload(Window(app, other.manager.email), other, "outlets", b"brand,name\nUtro,New\n").address
    for identity in (theirs.rsplit("/", 1)[1], new_id()):
        assert window.open(f"{audit.address}/imports/{identity}").status == 404
        assert window.post(f"{audit.address}/imports/{identity}/confirmation").status_code == 404
    reviewer = Window(app, audit.reviewer.email)
    assert reviewer.open(f"{audit.address}/imports/outlets").status == 403


def test_a_hundred_thousand_lines_are_imported(window: Window, audit: Audit, sessions: Sessions) -> None:
    before = outlets_in(sessions, audit)
    lines = "".join(f"Utro;Киоск {number};улица Мира, {number}\n" for number in range(MOST_LINES))
    upload(window, audit, "outlets", f"Бренд;Название;Адрес\n{lines}".encode("windows-1251"))
    assert count_of(window, "Will be added") == MOST_LINES
    assert len(window.answer.text) < 100_000
    window.submit("Import 100000 lines")
    assert outlets_in(sessions, audit) == before + MOST_LINES
    assert "1–100 of 100,006" in window.text
