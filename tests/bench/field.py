"""Phones that deliver over real sockets to the real server, and what the server's process spends on it."""

import http.client
import itertools
import json
import os
import threading
import time
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from checklists.orm import new_id
from checklists.waves import Assignment
from tests.bench.world import World
from tests.factories import PASSWORD
from tests.field import FieldPhoto, make_report
from tests.servers import LiveServer

WARM_UP = 2


class Line:
    """One connection that is kept open, with the login of one person."""

    def __init__(self, url: str, email: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._cookie = ""
        body = json.dumps({"email": email, "password": PASSWORD}).encode()
        self.ask("POST", "/api/v1/session", body, expected=200)

    def ask(self, method: str, path: str, body: bytes = b"", *, expected: int) -> bytes:
        """The body of the answer; RuntimeError where its status is not the expected one."""
        headers = {"Sec-Fetch-Site": "same-origin", "Cookie": self._cookie, "Content-Type": "application/json"}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != expected:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")
        self._cookie = (answer.headers["Set-Cookie"] or self._cookie).split(";")[0]
        return content

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Finished:
    """A visit as it lies on the phone: the report's bytes, and the photos that it promises."""

    id: UUID
    report: bytes
    photos: tuple[FieldPhoto, ...]


def finish_visits(world: World, assignments: Iterable[Assignment], photo: bytes, photos: int) -> list[Finished]:
    """One visit for each assignment, with this many photos of these bytes, each at a criterion of its own."""
    criteria = [each["id"] for section in world.document["sections"] for each in section["criteria"]]
    finished = []
    for assignment in assignments:
        taken = {criterion: [FieldPhoto(photo)] for criterion in criteria[:photos]}
        report = json.dumps(make_report(assignment, world.document, photos=taken)).encode()
        finished.append(Finished(new_id(), report, tuple(each for several in taken.values() for each in several)))
    return finished


@dataclass(frozen=True, slots=True)
class Delivery:
    """How quickly visits came in, how quickly the photos left over at the end were shrunk while nothing else happened,
    and the processor time that the server's process took for one visit and its photos, until they were shrunk too.
    """

    visits_per_second: float
    photos_per_second: float
    cpu_ms_per_visit: float


def deliver_visits(
    server: LiveServer, email: str, finished: Iterable[Finished], connections: int, seconds: float
) -> Delivery:
    """Deliver visits and their photos over so many connections at once, for so long or until there are no more."""
    lines = [Line(server.url, email) for _ in range(connections)]
    waiting = iter(finished)
    for each in itertools.islice(waiting, WARM_UP):
        _deliver(lines[0], each)
    _photos_per_second(server)
    delivered: list[Finished] = []
    faults: list[Exception] = []
    cpu, began = cpu_seconds(server.pid), time.perf_counter()

    def work(line: Line) -> None:
        try:
            for each in waiting:  # An iterator over a list hands each item out once, whichever thread asks.
                _deliver(line, each)
                delivered.append(each)
                if time.perf_counter() - began > seconds:
                    return
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=[line]) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = time.perf_counter() - began
    for line in lines:
        line.close()
    if faults:
        raise faults[0]
    photos_per_second = _photos_per_second(server)
    cpu = cpu_seconds(server.pid) - cpu
    return Delivery(len(delivered) / passed, photos_per_second, 1000 * cpu / len(delivered))


def _deliver(line: Line, finished: Finished) -> None:
    line.ask("PUT", f"/api/v1/visits/{finished.id}", finished.report, expected=201)
    for photo in finished.photos:
        line.ask("PUT", f"/api/v1/photos/{photo.id}", photo.content, expected=201)


def _photos_per_second(server: LiveServer) -> float:
    """Wait until the worker has shrunk all photos; how many a second it managed."""
    began, waiting = time.perf_counter(), _jobs(server)
    while _jobs(server):
        time.sleep(0.2)
    return waiting / (time.perf_counter() - began)


def _jobs(server: LiveServer) -> int:
    with urllib.request.urlopen(f"{server.url}/readyz", timeout=60) as answer:
        return int(json.loads(answer.read())["jobs"])


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used, all its threads together."""
    # The second field is the command's name in brackets, which may hold blanks; times are the 12th and 13th after it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory_mb(pid: int) -> float:
    """The most memory that a process ever held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
