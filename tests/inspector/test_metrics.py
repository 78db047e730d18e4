"""The numbers at /metrics, and the two questions of whatever watches the server."""

import os
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import MetaData, Table, update

from checklists.jobs import Job, enqueue
from checklists.orm import ScopedSession, new_id
from checklists.visits import Photo
from checklists.waves import Assignment
from inspector import create_app, serving
from inspector.settings import Settings
from tests.databases import Databases
from tests.factories import Audit
from tests.field import FieldPhoto
from tests.phone_client import FieldClient, with_photos
from tests.servers import LiveServer, server_environment

FRONT = {"X-Forwarded-For": "203.0.113.77"}


def numbers(client: FlaskClient) -> dict[str, float]:
    """All lines of /metrics: {"name{labels}": value}."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return _read(answer.text)


def _read(text: str) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_reports_and_photos_are_counted_by_how_they_arrived(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    photo = FieldPhoto(b"x" * 1_000)
    report = with_photos(audit, assignment, photo)
    session.rollback()
    visit_id = new_id()
    assert phone.put_visit(visit_id, report).status_code == 201
    assert phone.put_visit(visit_id, report).status_code == 200
    assert phone.put_visit(visit_id, report | {"app_version": "other"}).status_code == 409
    assert phone.put_visit(new_id(), {"of": "no form"}).status_code == 202
    for status in (201, 200):
        assert phone.put_photo(photo).status_code == status
    found = numbers(phone.client)
    arrivals = ("new", "same", "conflict", "held")
    assert [found[f'audit_reports_total{{arrival="{each}"}}'] for each in arrivals] == [1, 1, 1, 1]
    assert (found["audit_photos_received_total"], found["audit_photo_bytes_received_total"]) == (1, 1_000)
    route = 'method="PUT",route="/api/v1/visits/<uuid:visit_id>"'
    assert found[f'audit_requests_total{{{route},status="201"}}'] == 1
    assert found[f"audit_request_seconds_count{{{route}}}"] == 4


def test_what_waits_is_read_from_the_database(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    photo = FieldPhoto(b"x" * 1_000)
    report = with_photos(audit, assignment, photo)
    session.rollback()
    phone.put_visit(new_id(), report)
    phone.put_photo(photo)
    now = datetime.now(UTC)
    session.execute(update(Photo).values(waits_on="elsewhere", stored_at=now - timedelta(minutes=30)))
    session.execute(update(Job).values(run_after=now - timedelta(minutes=10)))
    enqueue(session, audit.organization.id, "later", now + timedelta(hours=1))
    session.commit()
    with app.extensions["readers"].connect():
        found = numbers(phone.client)
    assert found['audit_jobs{kind="derive_photo",state="waiting"}'] == 1
    assert 600 <= found["audit_oldest_job_seconds"] < 700
    assert found["audit_photos_waiting"] == 1
    assert 1800 <= found["audit_oldest_waiting_photo_seconds"] < 1900
    assert found["audit_database_connections_in_use"] == 1
    (build,) = [name for name in found if name.startswith("audit_build_info")]
    assert re.search(r'version="\d+\.\d+\.\d+"', build)


def test_nobodys_ids_and_words_become_labels(client: FlaskClient) -> None:
    client.get(f"/api/v1/photos/{new_id()}")
    client.get("/adelaida@example.org")
    client.open("/healthz", method="ADELAIDA")
    text = client.get("/metrics").text
    assert "adelaida" not in text.casefold()
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", text)


def test_only_this_machine_may_watch_where_there_is_no_token(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).status_code == 403
    assert client.get("/metrics", headers=FRONT).status_code == 403, "a front on this machine passed it on"


def test_with_a_token_everybody_who_has_it_may_watch(database_url: str, tmp_path: Path) -> None:
    settings = Settings.from_environment(server_environment(database_url, tmp_path, METRICS_TOKEN="open-sesame"))
    client = create_app(settings).test_client()
    for sent, status in (
        ({}, 403),
        ({"Authorization": "Bearer x"}, 403),
        ({"Authorization": "Bearer open-sesame"}, 200),
    ):
        assert client.get("/metrics", headers=FRONT | sent).status_code == status


def test_several_processes_add_their_numbers_up(databases: Databases, tmp_path: Path) -> None:
    url = databases.fresh("postgresql")
    server = LiveServer(url, tmp_path / "data", PROCESSES="2", THREADS="2")
    server.start()
    for _ in range(40):
        urllib.request.urlopen(f"{server.url}/phone/app.js", timeout=10).close()
    counted = set()
    for _ in range(10):
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as answer:
            found = _read(answer.read().decode())
            counted.add(found['audit_requests_total{method="GET",route="/phone/<path:path>",status="200"}'])
    server.stop()
    databases.drop(url)
    assert counted == {40}


def test_ready_says_what_is_missing(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json and answer.json["revision"]) == (200, "fits")
    set_revision(app, "a newer one that suits this release too")
    assert client.get("/readyz").status_code == 200
    set_revision(app, "0001")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json and answer.json["revision"]) == (503, "to be migrated")


def set_revision(app: Flask, revision: str) -> None:
    with app.extensions["writers"].begin() as connection:
        versions = Table("alembic_version", MetaData(), autoload_with=connection)
        connection.execute(update(versions).values(version_num=revision[:32]))


def test_two_users_of_one_machine_keep_their_numbers_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder in memory that one left behind belongs to them, and the other could not serve on the same port."""
    monkeypatch.setattr(serving, "IN_MEMORY", tmp_path)
    settings = Settings.from_environment(server_environment("sqlite://", tmp_path, PROCESSES="2"))
    places = []
    for user in (1001, 1002):
        monkeypatch.setattr(os, "getuid", lambda user=user: user)
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
        serving.prepare(settings)
        places.append(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
    assert [place.parent.parent for place in places] == [tmp_path, tmp_path]
    assert places[0].parent != places[1].parent
