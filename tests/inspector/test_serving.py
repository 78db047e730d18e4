"""`inspector serve` as one process and as several: what is in flight comes to its end, and refusals have their form."""

import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from checklists.orm import ScopedSession, connect, new_id, unscoped
from checklists.visits import Photo
from tests.databases import KINDS, Databases
from tests.factories import PASSWORD, make_audit
from tests.field import FieldPhoto
from tests.lines import log_in, request
from tests.phone_client import with_photos
from tests.servers import ROOT, LiveServer, ending_with_us, inspector_command, run_inspector, server_environment

MANY = "2"
TOO_MUCH = 33 * 1024 * 1024
LONGER_THAN_A_TEST_WAITS = "60"
"""In seconds: a server that ends in a test has not waited for something that it need not wait for."""


@pytest.fixture(params=[("sqlite", "1"), ("postgresql", MANY)], ids=["one process", "two processes"])
def server(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[LiveServer]:
    kind, processes = request.param
    url = databases.fresh(kind)
    made = LiveServer(url, tmp_path / "data", PROCESSES=processes, STOPPING_SECONDS=LONGER_THAN_A_TEST_WAITS)
    made.start()
    yield made
    if made.running:
        made.stop()
    databases.drop(url)


def nobody_listens(server: LiveServer) -> bool:
    """No process of it is left. (A server that takes longer to end than a test waits makes stop() raise.)"""
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", server.port)) == errno.ECONNREFUSED


class Delivery:
    """An inspector with a received report and the photo that it promises."""

    def __init__(self, server: LiveServer) -> None:
        self.engine = connect(server.database_url)
        self.photo = FieldPhoto(os.urandom(300_000))
        with ScopedSession(self.engine, unscoped("a test looks at everything")) as session, session.begin():
            audit = make_audit(session)
            report = json.dumps(with_photos(audit, audit.assign(session), self.photo)).encode()
            email = audit.inspectors[0].email
        self.cookie = log_in(server.url, email, PASSWORD)
        assert request(server.url, "PUT", f"/api/v1/visits/{new_id()}", report, self.cookie)[0] == 201

    @property
    def stored(self) -> Photo:
        with ScopedSession(self.engine, unscoped("a test looks at everything")) as session:
            return session.get_one(Photo, self.photo.id)


@pytest.fixture
def delivery(server: LiveServer) -> Iterator[Delivery]:
    made = Delivery(server)
    yield made
    made.engine.dispose()


def test_a_photo_on_its_way_arrives_though_the_server_was_told_to_end(server: LiveServer, delivery: Delivery) -> None:
    place, content = urlsplit(server.url), delivery.photo.content
    head = (
        f"PUT /api/v1/photos/{delivery.photo.id} HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {delivery.cookie}\r\n"
        f"Sec-Fetch-Site: same-origin\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=30) as line:
        line.sendall(head.encode() + content[:150_000])
        time.sleep(0.5)
        os.killpg(server.pid, signal.SIGTERM)
        time.sleep(1.5)
        line.sendall(content[150_000:])
        said = b"".join(iter(lambda: line.recv(65_536), b""))
    assert b" 201 " in said[:20]
    assert delivery.stored.stored_at is not None
    server.stop()
    assert nobody_listens(server)


def test_a_server_that_has_nothing_to_do_ends_at_once(server: LiveServer) -> None:
    server.stop()
    assert nobody_listens(server)


def test_processes_that_are_just_starting_end_at_once(databases: Databases, tmp_path: Path) -> None:
    """The first one answers that the service is ready while the last ones are being made."""
    url = databases.fresh("sqlite")
    server = LiveServer(url, tmp_path / "data", PROCESSES="6", STOPPING_SECONDS=LONGER_THAN_A_TEST_WAITS)
    for _time in range(3):
        server.start()
        server.stop()
        assert nobody_listens(server)
    databases.drop(url)


def test_a_process_that_is_slow_to_begin_hears_that_it_is_to_end(databases: Databases, tmp_path: Path) -> None:
    """On a busy machine, the first thing that a new process meets may be the signal that ends it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, time\nos.register_at_fork(after_in_child=lambda: time.sleep(1))\n"
    )
    url = databases.fresh("sqlite")
    slow = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "STOPPING_SECONDS": LONGER_THAN_A_TEST_WAITS}
    server = LiveServer(url, tmp_path / "data", PROCESSES="6", **slow)
    server.start()
    server.stop()
    assert nobody_listens(server)
    databases.drop(url)


def test_what_is_too_large_is_refused_as_a_problem(server: LiveServer, delivery: Delivery) -> None:
    place = urlsplit(server.url)
    for path in (f"/api/v1/photos/{delivery.photo.id}", f"/api/v1/visits/{new_id()}"):
        line = http.client.HTTPConnection(place.netloc, timeout=30)
        with suppress(ConnectionError):  # The server has heard enough; what it said is there to be read.
            line.request("PUT", path, bytes(TOO_MUCH), {"Sec-Fetch-Site": "same-origin", "Cookie": delivery.cookie})
        answer = http.client.HTTPResponse(line.sock, method="PUT")
        answer.begin()
        assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json")
        assert json.loads(answer.read())["title"] == "TooLarge"


def test_a_refusal_reaches_who_sends_all_before_listening(server: LiveServer) -> None:
    for size, expected in ((400_000, 401), (25_000_000, 401), (TOO_MUCH, None)):
        status, text, _ = request(server.url, "PUT", f"/api/v1/photos/{new_id()}", bytes(size))
        assert status in ({expected} if expected else {401, 413})
        assert json.loads(text)["status"] == status


def test_a_wrong_method_is_told_the_right_ones(server: LiveServer) -> None:
    status, _, headers = request(server.url, "DELETE", "/readyz", b"")
    assert status == 405
    assert {each.strip() for each in headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}


def test_many_at_once_are_answered_by_processes_with_connections_of_their_own(server: LiveServer) -> None:
    def ready(_: int) -> int:
        with urllib.request.urlopen(f"{server.url}/readyz", timeout=30) as answer:
            return int(answer.status)

    with ThreadPoolExecutor(16) as people:
        assert set(people.map(ready, range(200))) == {200}
    assert "Traceback" not in server.log


@pytest.fixture(params=KINDS)
def several(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[LiveServer]:
    url = databases.fresh(request.param)
    made = LiveServer(url, tmp_path / "data", PROCESSES=MANY)
    made.start()
    yield made
    made.stop()
    databases.drop(url)


def test_a_process_that_dies_is_replaced(several: LiveServer) -> None:
    children = Path(f"/proc/{several.pid}/task/{several.pid}/children")
    _wait_until(lambda: len(children.read_text().split()) == int(MANY))
    before = set(children.read_text().split())
    os.kill(int(min(before)), signal.SIGKILL)
    _wait_until(lambda: len(set(children.read_text().split()) - before) == 1)
    assert {request(several.url, "GET", "/readyz", b"")[0] for _ in range(10)} == {200}


def test_several_processes_leave_the_jobs_to_a_worker(several: LiveServer) -> None:
    delivery = Delivery(several)
    path = f"/api/v1/photos/{delivery.photo.id}"
    assert request(several.url, "PUT", path, delivery.photo.content, delivery.cookie)[0] == 201
    time.sleep(1.5)
    assert delivery.stored.derived_at is None
    environment = server_environment(several.database_url, several.data_dir)
    worker = subprocess.Popen(ending_with_us(*inspector_command("worker")), env=environment)
    try:
        _wait_until(lambda: delivery.stored.derived_at is not None)
    finally:
        worker.terminate()
        assert worker.wait(20) == 0
        delivery.engine.dispose()


def test_several_processes_and_workers_do_not_start_on_other_tables(databases: Databases, tmp_path: Path) -> None:
    url = databases.empty("sqlite")
    for command in ("serve", "worker"):
        with pytest.raises(RuntimeError, match="run `inspector migrate`"):
            run_inspector(command, database_url=url, data_dir=tmp_path, PROCESSES=MANY)


def _wait_until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not true():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.1)
