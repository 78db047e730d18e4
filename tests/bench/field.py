"""Phones that deliver over real sockets to the real server, with as little work of their own as can be."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from checklists.orm import new_id
from checklists.waves import Assignment
from tests.bench.processes import Production, Spent
from tests.bench.world import World
from tests.factories import PASSWORD
from tests.field import FieldPhoto, make_report

WARM_UP = 4
TWENTY = 20


class Line:
    """One connection that is kept open, with the login of one person. Requests are written out before they are sent."""

    def __init__(self, url: str, email: str) -> None:
        place = urlsplit(url)
        self._host = place.netloc
        self._socket = socket.create_connection((str(place.hostname), int(place.port or 80)), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._cookie = ""
        body = json.dumps({"email": email, "password": PASSWORD}).encode()
        status, head, content = self._exchange(self.request("POST", "/api/v1/session", body))
        if status != 200:
            raise RuntimeError(f"no login: {status} {content[:500]!r}")
        cookies = [line[11:].split(b";")[0] for line in head.split(b"\r\n") if line[:11].lower() == b"set-cookie:"]
        self._cookie = cookies[-1].strip().decode()

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Cookie: {self._cookie}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def send(self, request: bytes, *expected: int) -> tuple[int, bytes]:
        """Status and content of the answer; RuntimeError where the status is not an expected one."""
        status, _, content = self._exchange(request)
        if status not in expected:
            raise RuntimeError(f"{request[:80]!r}: {status} {content[:500]!r}")
        return status, content

    def _exchange(self, request: bytes) -> tuple[int, bytes, bytes]:
        self._socket.sendall(request)
        answer = self._socket.recv(65536)
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head, _, content = answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        parts, missing = [content], length - len(content)
        while missing > 0:
            parts.append(self._receive())
            missing -= len(parts[-1])
        return int(head[9:12]), head, b"".join(parts)

    def _receive(self) -> bytes:
        chunk = self._socket.recv(65536)
        if not chunk:
            raise RuntimeError("the server closed the line")
        return chunk

    def close(self) -> None:
        self._socket.close()


@dataclass(frozen=True, slots=True)
class Finished:
    """A visit as it lies on the phone: the report's bytes, and the photos that it promises."""

    id: UUID
    report: bytes
    photos: tuple[FieldPhoto, ...]


def finish_visits(
    world: World, assignments: Iterable[Assignment], make_photo: Callable[[], bytes], photos: int
) -> list[Finished]:
    """One visit for each assignment, with this many photos, each at a criterion of its own."""
    criteria = [each["id"] for section in world.document["sections"] for each in section["criteria"]]
    finished = []
    for assignment in assignments:
        taken = {criterion: [FieldPhoto(make_photo())] for criterion in criteria[:photos]}
        report = json.dumps(make_report(assignment, world.document, photos=taken)).encode()
        finished.append(Finished(new_id(), report, tuple(each for several in taken.values() for each in several)))
    return finished


@dataclass(frozen=True, slots=True)
class Delivery:
    """How quickly visits came in, and the processor time in milliseconds that one of them took."""

    visits: int
    visits_per_second: float
    server_ms: float
    database_ms: float
    worker_ms: float
    phones_ms: float

    @property
    def cpu_ms(self) -> float:
        return self.server_ms + self.database_ms


def deliver_visits(
    production: Production, email: str, finished: Sequence[Finished], connections: int, seconds: float
) -> Delivery:
    """Deliver visits and their photos over so many connections at once, for so long or until there are no more."""
    lines = [Line(production.server.url, email) for _ in range(connections)]
    requests = [_requests(lines[0], each) for each in finished]
    for number, several in enumerate(requests[: WARM_UP * connections]):
        _deliver(lines[number % connections], several)
    waiting = iter(requests[WARM_UP * connections :])
    delivered: list[int] = []
    faults: list[Exception] = []
    before, began = production.spent(), time.perf_counter()

    def work(line: Line) -> None:
        number = 0
        try:
            for each in waiting:  # An iterator over a list hands each item out once, whichever thread asks.
                _deliver(line, each)
                number += 1
                if time.perf_counter() - began > seconds:
                    break
        except Exception as fault:
            faults.append(fault)
        delivered.append(number)

    threads = [threading.Thread(target=work, args=[line]) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed, spent = time.perf_counter() - began, production.spent().since(before)
    for line in lines:
        line.close()
    if faults:
        raise faults[0]
    return _delivery(sum(delivered), passed, spent)


def _delivery(visits: int, passed: float, spent: Spent) -> Delivery:
    of_one = 1000 / visits
    return Delivery(
        visits,
        visits / passed,
        of_one * spent.server,
        of_one * spent.database,
        of_one * spent.worker,
        of_one * spent.phones,
    )


def _requests(line: Line, finished: Finished) -> list[bytes]:
    return [
        line.request("PUT", f"/api/v1/visits/{finished.id}", finished.report),
        *(line.request("PUT", f"/api/v1/photos/{photo.id}", photo.content) for photo in finished.photos),
    ]


def _deliver(line: Line, requests: Iterable[bytes]) -> None:
    for request in requests:
        line.send(request, 201)


def send_twenty_times(production: Production, email: str, finished: Sequence[Finished]) -> tuple[int, int]:
    """Each visit twenty times at once; how many answers there were, and how many of them were wrong.

    Right is one 201 and nineteen times 200, all with the same words.
    """
    lines = [Line(production.server.url, email) for _ in range(TWENTY)]
    wrong = sum(_wrong_of_twenty(lines, _requests(lines[0], each)[0]) for each in finished)
    for line in lines:
        line.close()
    return TWENTY * len(finished), wrong


def _wrong_of_twenty(lines: Sequence[Line], request: bytes) -> int:
    together = threading.Barrier(TWENTY)
    answers: list[tuple[int, bytes]] = []

    def send(line: Line) -> None:
        together.wait()
        answers.append(line.send(request, *range(600)))

    threads = [threading.Thread(target=send, args=[line]) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _, right = Counter(content for status, content in answers if status in (200, 201)).most_common(1)[0]
    return TWENTY - right + abs(sum(status == 201 for status, _ in answers) - 1)
