"""Phones that deliver through a bad line, each visit until the server has confirmed all of it."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from tests.factories import PASSWORD
from tests.field import FieldPhoto

BROKEN_LINES = 0.25
PATIENCE_SECONDS = 120
AGAIN_LATER = {423, 503, 507}


@dataclass(frozen=True, slots=True)
class Errand:
    """A finished visit as it lies on a phone, with its photos."""

    visit_id: UUID
    assignment_id: UUID
    report: bytes
    photos: Sequence[FieldPhoto]


class Phone:
    """A thread that delivers visits one after the other, each until the server has confirmed all of it.

    It waits up to `pause_seconds` before it tries again, and gives up after `patience_seconds`.
    """

    def __init__(
        self,
        url: str,
        email: str,
        errands: Sequence[Errand],
        chance: random.Random,
        *,
        cookie: str = "",
        pause_seconds: float = 0.1,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.tried: Counter[str] = Counter()
        self.fault: BaseException | None = None
        self._netloc = urlsplit(url).netloc
        self._errands, self._chance, self._email = errands, chance, email
        self._cookie, self._pause_seconds = cookie, pause_seconds
        self._give_up = time.monotonic() + patience_seconds + 2 * len(errands)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            for errand in self._errands:
                while not self._delivered(errand):
                    self.tried["not yet"] += 1
        except BaseException as fault:
            self.fault = fault

    def _delivered(self, errand: Errand) -> bool:
        """One round: the report, the photos that the server misses, and the report again, to hear that all is there."""
        path = f"/api/v1/visits/{errand.visit_id}"
        receipt = self._put(path, errand.report, {200, 201, 202})
        photos = {str(photo.id): photo.content for photo in errand.photos}
        for photo_id in self._chance.sample(receipt["missing_photos"], len(receipt["missing_photos"])):
            self._put(f"/api/v1/photos/{photo_id}", photos[photo_id], {200, 201})
        confirmed = self._put(path, errand.report, {200, 202})
        assert confirmed["id"] == str(errand.visit_id)
        assert confirmed["received_at"] == receipt["received_at"], "what was once received keeps its answer"
        return not confirmed["missing_photos"]

    def _put(self, path: str, body: bytes, expected: set[int]) -> dict[str, object]:
        """Send until an answer comes; an answer that is neither expected nor "again later" is a failure."""
        while True:
            assert time.monotonic() < self._give_up, f"{path} was never answered"
            with suppress(OSError, http.client.HTTPException):
                if not self._cookie:
                    self._log_in()
                status, content = self._send("PUT", path, body)
                self.tried[str(status)] += 1
                if status in expected:
                    answer: dict[str, object] = json.loads(content)
                    return answer
                assert status in AGAIN_LATER, f"{path}: {status} {content!r}"
            self.tried["again"] += 1
            time.sleep(self._chance.uniform(0.0, self._pause_seconds))

    def _log_in(self) -> None:
        body = json.dumps({"email": self._email, "password": PASSWORD}).encode()
        status, content = self._send("POST", "/api/v1/session", body, sound=True)
        assert status == 200, content

    def _send(self, method: str, path: str, body: bytes, *, sound: bool = False) -> tuple[int, bytes]:
        """One request over a line of its own, which sometimes breaks half-way, or before the answer has come."""
        breaks = "" if sound or self._chance.random() >= BROKEN_LINES else self._chance.choice(("half-way", "answer"))
        line = http.client.HTTPConnection(self._netloc, timeout=20)
        try:
            line.putrequest(method, path)
            headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json", "Cookie": self._cookie}
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                line.putheader(name, value)
            line.endheaders(body[: len(body) // 2] if breaks == "half-way" else body)
            if breaks:
                # A little later, so that the server may have begun, or ended, or answered.
                time.sleep(self._chance.uniform(0.0, 0.03))
                raise ConnectionError(breaks)
            answer = line.getresponse()
            content = answer.read()
            self._cookie = (answer.headers["Set-Cookie"] or self._cookie).split(";")[0]
            return answer.status, content
        finally:
            line.close()
