"""`inspector check` on installations with one thing wrong each, and on one where nothing is."""

import re
import shutil
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import MetaData, Table, update

from checklists.jobs import enqueue
from checklists.orm import ScopedSession, connect, unscoped
from inspector.command_line import main
from inspector.commands.check import misconfigured
from inspector.settings import Settings
from tests.databases import Databases
from tests.factories import make_organization
from tests.servers import free_port, run_inspector

SECRET = "a key for tests only, not a secret at all"
VAPID_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"  # The one of an example in RFC 8291.
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    made = databases.fresh("postgresql")
    yield made
    databases.drop(made)


@pytest.fixture
def sound(url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of a production in which nothing is wrong."""
    return {
        "DATABASE_URL": url,
        "DATA_DIR": str(tmp_path / "data"),
        "SECRET_KEY": SECRET,
        "BASE_URL": "https://audit.example.com",
        "TRUSTED_PROXIES": "1",
        "PROCESSES": "2",
        "DEMO": "0",
        "MAIL_URL": "smtp://user:password@mail.example.com:587",
        "MAIL_FROM": "audit@example.com",
        "VAPID_PRIVATE_KEY": VAPID_KEY,
    }


def said(environment: dict[str, str]) -> list[str]:
    return list(misconfigured(Settings.from_environment(environment), environment))


def test_nothing_is_wrong(sound: dict[str, str]) -> None:
    assert said(sound) == []


def test_the_command_answers_by_its_status_too(sound: dict[str, str], url: str, tmp_path: Path) -> None:
    production = {name: value for name, value in sound.items() if name not in ("DATABASE_URL", "DATA_DIR")}
    assert "Everything is in order" in run_inspector("check", database_url=url, data_dir=tmp_path, **production)
    with pytest.raises(RuntimeError, match="BASE_URL is not https"):
        run_inspector("check", database_url=url, data_dir=tmp_path, BASE_URL="http://audit.example.com")


def test_the_embedded_default_needs_no_settings(databases: Databases, tmp_path: Path) -> None:
    environment = {"DATABASE_URL": databases.fresh("sqlite"), "DATA_DIR": str(tmp_path)}
    assert said(environment) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter"),
        ({"BASE_URL": ""}, "BASE_URL is not set"),
        ({"BASE_URL": "http://audit.example.com"}, "BASE_URL is not https"),
        ({"BASE_URL": "https://"}, "BASE_URL names no host"),
        ({"TRUSTED_PROXIES": ""}, "TRUSTED_PROXIES is 0"),
        ({"DEMO": "1"}, "DEMO is on"),
        ({"MAIL_URL": ""}, "MAIL_URL is not set"),
        ({"MAIL_FROM": ""}, "MAIL_FROM is not set"),
        ({"PROCESSES": "40"}, "max_connections"),
        ({"VAPID_PRIVATE_KEY": ""}, "inspector vapid-key"),
        ({"VAPID_PRIVATE_KEY": "short"}, "VAPID_PRIVATE_KEY cannot be used"),
        ({"VAPID_PRIVATE_KEY": "A" * 43}, "VAPID_PRIVATE_KEY cannot be used"),
        ({"VAPID_CONTACT": "audit@example.com"}, "VAPID_CONTACT is no address"),
        ({"PHOTO_STORAGE": "ftp://photos"}, "PHOTO_STORAGE takes s3://"),
    ],
)
def test_each_wrong_setting_has_its_sentence(sound: dict[str, str], changed: dict[str, str], words: str) -> None:
    environment = {name: value for name, value in (sound | changed).items() if value}
    (sentence,) = said(environment)
    assert words in sentence
    assert sentence.rstrip().endswith(".")


def test_what_cannot_be_reached_is_named(sound: dict[str, str]) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    (sentence,) = said(sound | {"DATABASE_URL": f"postgresql+psycopg://audit@{nobody}/audit"})
    assert re.search(r"database cannot be reached .*refused", sentence)
    (sentence,) = said(sound | {"JOBS_URL": f"redis://{nobody}"})
    assert "Redis cannot be reached" in sentence
    store = {"S3_ENDPOINT_URL": f"http://{nobody}", "S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "secret"}
    (sentence,) = said(sound | store | {"PHOTO_STORAGE": "s3://photos", "S3_REGION": "us-east-1"})
    assert "Photos cannot be stored in s3://photos" in sentence


def test_a_setting_that_is_no_number_is_said_in_one_line(sound: dict[str, str]) -> None:
    answer = CliRunner().invoke(main, ["check"], env=sound | {"PROCESSES": "two"})
    assert answer.exit_code == 1
    assert "A setting cannot be used" in answer.output


def test_a_role_above_the_second_wall_is_refused(sound: dict[str, str], databases: Databases, url: str) -> None:
    above = databases.cluster.url(url.rsplit("/", 1)[1], role="postgres")
    (sentence,) = said(sound | {"DATABASE_URL": above})
    assert "NOSUPERUSER NOBYPASSRLS" in sentence


@pytest.mark.parametrize(("revision", "words"), [("0001", "run `inspector migrate`"), ("9999", "a newer release made")])
def test_tables_of_another_release(sound: dict[str, str], url: str, revision: str, words: str) -> None:
    engine = connect(url)
    with engine.begin() as connection:
        versions = Table("alembic_version", MetaData(), autoload_with=connection)
        connection.execute(update(versions).values(version_num=revision))
    engine.dispose()
    (sentence,) = said(sound)
    assert words in sentence


def test_jobs_that_nobody_runs(sound: dict[str, str], url: str) -> None:
    engine = connect(url)
    with ScopedSession(engine, unscoped("a test looks at everything")) as session, session.begin():
        enqueue(session, make_organization(session).id, "any", datetime.now(UTC) - timedelta(hours=1))
    engine.dispose()
    (sentence,) = said(sound)
    assert "Start `inspector worker`" in sentence


def test_a_full_disk(sound: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(500 * 1024**3, 499 * 1024**3, 1024**3))
    (sentence,) = said(sound)
    assert "nearly full: 1.0 GiB of 500 are left" in sentence


def test_a_folder_for_photos_that_cannot_be_written(sound: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "photos").write_text("a file where the folder should be")
    (sentence,) = said(sound)
    assert f"Photos cannot be stored in {tmp_path / 'data' / 'photos'}" in sentence


def test_clocks_that_differ(sound: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "datetime":
            return datetime.now(UTC) - timedelta(minutes=2)

    monkeypatch.setattr("inspector.commands.check.datetime", Late)
    (sentence,) = said(sound)
    assert "120 s apart" in sentence


def test_languages_that_were_not_compiled(
    sound: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ru" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "ru" / "LC_MESSAGES" / "messages.po").touch()
    monkeypatch.setattr("inspector.commands.check.TRANSLATIONS", tmp_path)
    (sentence,) = said(sound)
    assert "pybabel compile" in sentence
