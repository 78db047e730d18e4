"""The disk is full: each answer is clear, nothing half-written stays, and once there is room everything goes on."""

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from checklists.orm import ScopedSession, connect, new_id, unscoped
from checklists.visits import Photo, SealedReport, Visit
from inspector.photo_storage import photo_key, storage_of
from inspector.settings import Settings
from tests.databases import Databases
from tests.engines import ENGINES, FullServer, new_server
from tests.factories import PASSWORD, Audit, make_audit
from tests.field import FieldPhoto
from tests.lines import log_in, request
from tests.object_store import ObjectStore
from tests.redis_server import RedisServer
from tests.servers import LiveServer, cannot_run

DISK_MB = 24
PHOTO_BYTES = 1_500_000
VISITS = 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        cannot_run(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(params=ENGINES)
def server(
    request: pytest.FixtureRequest, databases: Databases, redis_server: RedisServer, small_disk: Path
) -> Iterator[LiveServer]:
    """The service with all of its own data on the small disk: the database too where it is the embedded one."""
    if request.param == "embedded":
        made = LiveServer(f"sqlite:///{small_disk}/service-audit.db", small_disk)
    else:
        store: ObjectStore = request.getfixturevalue("object_store")
        made = new_server("full", databases, small_disk, store, redis_server)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def sessions(server: LiveServer) -> Callable[[], ScopedSession]:
    engine = connect(server.database_url)
    return lambda: ScopedSession(engine, unscoped("a test looks at everything"))


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_full_disk_is_said_and_recovered_from(
    server: LiveServer, sessions: Callable[[], ScopedSession], small_disk: Path
) -> None:
    with sessions() as session, session.begin():
        audit = make_audit(session)
        assignments = [audit.assign(session, audit.outlets[0]) for _ in range(VISITS)]
        errands = [errand_for(audit, assignment) for assignment in assignments]
    cookie = log_in(server.url, audit.inspectors[0].email, PASSWORD)
    ballast = fill(small_disk)

    refused = [deliver(server, cookie, *errand) for errand in errands]
    print(f"{small_disk.name}, {type(server).__name__}: full: {[statuses for statuses, _words in refused]}")
    words = [text for _statuses, texts in refused for text in texts]
    assert words, "something must have been refused"
    assert all("room" in text for text in words)
    assert {status for statuses, _words in refused for status in statuses} <= {200, 201, 507, "not tried"}
    assert any(507 in statuses for statuses, _words in refused)
    readiness = request(server.url, "GET", "/readyz", b"")
    assert readiness[0] == 503
    assert json.loads(readiness[1])["photos"] == "StorageFull"
    assert leftovers(server) == []

    ballast.unlink()
    delivered = [deliver(server, cookie, *errand) for errand in errands[:6]]
    print(f"room again: {[statuses for statuses, _words in delivered]}")
    assert all(set(statuses) <= {200, 201} for statuses, _words in delivered)
    assert request(server.url, "GET", "/readyz", b"")[0] == 200
    assert leftovers(server) == []
    all_is_there(server, sessions, errands[:6])


def errand_for(audit: Audit, assignment: object) -> tuple[UUID, bytes, FieldPhoto]:
    photo = FieldPhoto(os.urandom(PHOTO_BYTES))
    report = audit.report(assignment, photos={audit.criterion("states")["id"]: [photo]})
    return new_id(), json.dumps(report).encode(), photo


def fill(disk: Path) -> Path:
    """A file that takes all the room that there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65536):
                pass
        except OSError:
            pass
    return ballast


def deliver(
    server: LiveServer, cookie: str, visit_id: UUID, report: bytes, photo: FieldPhoto
) -> tuple[list[int | str], list[str]]:
    """Send the report, and the photo where that was taken: the statuses, and the words of the refusals."""
    statuses: list[int | str] = []
    words = []
    for path, body in ((f"visits/{visit_id}", report), (f"photos/{photo.id}", photo.content)):
        if 507 in statuses:
            statuses.append("not tried")
            continue
        status, text, headers = request(server.url, "PUT", f"/api/v1/{path}", body, cookie)
        statuses.append(status)
        if status >= 400:
            assert headers["Content-Type"] == "application/problem+json", text
            words.append(json.loads(text)["detail"])
    return statuses, words


def leftovers(server: LiveServer) -> list[Path]:
    """What interrupted writes left behind."""
    return list(server.data_dir.glob("*/incoming/*"))


def all_is_there(
    server: LiveServer, sessions: Callable[[], ScopedSession], errands: list[tuple[UUID, bytes, FieldPhoto]]
) -> None:
    storage = storage_of(Settings.from_environment(server.environment))
    with sessions() as session:
        for visit_id, report, photo in errands:
            assert session.get_one(Visit, visit_id)
            (sealed,) = session.scalars(select(SealedReport).where(SealedReport.visit_id == visit_id))
            assert sealed.body == report
            row = session.get_one(Photo, photo.id)
            assert row.stored_at is not None
            with storage.open(photo_key(row)) as stream:
                assert hashlib.sha256(stream.read()).hexdigest() == photo.sha256
    if isinstance(server, FullServer):
        assert list((server.data_dir / "waiting").rglob("original")) == []
