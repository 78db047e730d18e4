"""The bell reaches workers in other processes through a real Redis, and nobody waits for one that hangs or is gone."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from checklists.jobs import enqueue
from checklists.people import Organization
from inspector.doorbell import ring
from inspector.settings import Settings
from tests.databases import Sessions
from tests.redis_server import RedisServer
from tests.servers import ROOT, server_environment

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

WORKER = """
from inspector import create_app
from inspector.background import Worker
from inspector.settings import Settings

def note(context, organization_id):
    print("done", flush=True)

worker = Worker(create_app(Settings.from_environment()), {"note": note}, poll_seconds=POLL)
print("ready", flush=True)
worker.run()
"""


@pytest.fixture
def environment(database_url: str, redis_server: RedisServer, tmp_path: Path) -> dict[str, str]:
    return server_environment(database_url, tmp_path / "data", JOBS_URL=redis_server.url)


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return Settings.from_environment(environment)


@pytest.fixture
def worker_process(environment: dict[str, str]) -> Iterator[Callable[[float], subprocess.Popen[bytes]]]:
    """Starts a worker that looks by itself only every so many seconds, and says when it has run a job "note"."""
    started: list[subprocess.Popen[bytes]] = []

    def start(poll_seconds: float) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", WORKER.replace("POLL", str(poll_seconds))]
        started.append(subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE))
        assert next_line(started[-1]) == b"ready\n"
        time.sleep(1)  # It has looked once, and listens.
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def ask(sessions: Sessions) -> Callable[[], UUID]:
    """Commits a job "note" that is due now."""
    with sessions() as session, session.begin():
        organization = Organization(slug="north", name="North", created_at=datetime.now(UTC))
        session.add(organization)
        session.flush()
        organization_id = organization.id

    def commit() -> UUID:
        with sessions() as session, session.begin():
            job = enqueue(session, organization_id, "note", datetime.now(UTC))
            session.flush()
            return job.id

    return commit


def next_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


def ring_from(app: Flask) -> float:
    """Ring as a request does; how many seconds that took."""
    began = time.monotonic()
    with app.app_context():
        ring()
    return time.monotonic() - began


@pytest.mark.timeout(60)
def test_the_bell_wakes_a_worker_in_another_process(
    app: Flask, worker_process: Callable[[float], subprocess.Popen[bytes]], ask: Callable[[], UUID]
) -> None:
    worker = worker_process(600)
    for _ in range(3):
        ask()
        ring_from(app)
        assert next_line(worker) == b"done\n"


@pytest.mark.timeout(60)
def test_ringing_never_waits_for_a_redis_that_hangs_or_is_gone_and_workers_look_by_themselves(
    app: Flask,
    redis_server: RedisServer,
    worker_process: Callable[[float], subprocess.Popen[bytes]],
    ask: Callable[[], UUID],
) -> None:
    worker = worker_process(1)
    ring_from(app)
    for fault in (redis_server.pause, redis_server.kill):
        fault()
        ask()
        assert max(ring_from(app) for _ in range(50)) < 0.3
        assert next_line(worker) == b"done\n"


@pytest.mark.timeout(90)
def test_a_redis_that_comes_back_rings_again(
    app: Flask,
    redis_server: RedisServer,
    worker_process: Callable[[float], subprocess.Popen[bytes]],
    ask: Callable[[], UUID],
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = worker_process(600)
    redis_server.kill()
    ring_from(app)
    give_up = time.monotonic() + 20
    while "cannot be rung" not in caplog.text:
        assert time.monotonic() < give_up
        time.sleep(0.05)
    redis_server.start()
    time.sleep(6)  # Both sides leave it alone for five seconds.
    ask()
    ring_from(app)
    assert next_line(worker) == b"done\n"
