"""A phone's outbox in Python: what it must do on the wire by design.md's table, without a phone."""

import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from tests.factories import PASSWORD
from tests.field import FieldPhoto

REFUSALS = {400, 403, 404, 409, 410, 413, 422}
DAMAGED = 422
DAMAGED_TRIES = 3
NOTHING: tuple[int, dict[str, Any]] = (0, {})


@dataclass
class Finished:
    """A finished visit as it lies on the phone: its frozen report, and the photos whose bytes are here."""

    visit_id: UUID
    assignment_id: UUID
    revision: int
    report: bytes
    photos: Sequence[FieldPhoto]
    delivered: bool = False
    parked: int | None = None
    damaged: dict[str, int] = field(default_factory=dict)
    spoilt: bool = False
    """Whether it is no report at all, and rightly refused."""

    @property
    def is_open(self) -> bool:
        return not self.delivered and self.parked is None


class LoginWanted(Exception):
    """The server does not take this person's visits under the login that the phone has."""


class WirePhone:
    """One person's phone on a line at `url`; `cookie` is the login that it has, whoever's that is."""

    def __init__(self, url: str, person_id: UUID, email: str) -> None:
        self.person_id = person_id
        self.visits: list[Finished] = []
        self.cookie = ""
        self.login_ended = False
        self._netloc = urlsplit(url).netloc
        self._email = email

    def log_in(self) -> bool:
        body = json.dumps({"email": self._email, "password": PASSWORD}).encode()
        status, _ = self._ask("POST", "/api/v1/session", body)
        self.login_ended = status != 200
        return status == 200

    def drain(self) -> None:
        """One round over all that is open. Who has to log in is not asked again for the next visit."""
        try:
            for visit in [each for each in self.visits if each.is_open]:
                self._deliver(visit)
        except LoginWanted:
            self.login_ended = True

    def _deliver(self, visit: Finished) -> None:
        receipt = self._put_report(visit)
        if receipt is None:
            return
        here = {str(photo.id): photo for photo in visit.photos}
        for photo_id in receipt["missing_photos"]:
            # What a revision does not promise any more was promised by one before it, and is given up.
            if photo_id in here and not self._put_photo(visit, here[photo_id]):
                return
        confirmed = self._put_report(visit)
        if confirmed is not None and not set(confirmed["missing_photos"]) & set(here):
            visit.delivered = True

    def _put_report(self, visit: Finished) -> dict[str, Any] | None:
        status, answer = self._ask("PUT", f"/api/v1/visits/{visit.visit_id}", visit.report)
        if status in REFUSALS:
            visit.parked = status
        believed = answer.get("id") == str(visit.visit_id) and answer.get("revision", 0) >= visit.revision
        return answer if status in (200, 201, 202) and believed else None

    def _put_photo(self, visit: Finished, photo: FieldPhoto) -> bool:
        """Whether the photos after it are worth a try."""
        status, answer = self._ask("PUT", f"/api/v1/photos/{photo.id}", photo.content)
        if status == DAMAGED:
            visit.damaged[str(photo.id)] = visit.damaged.get(str(photo.id), 0) + 1
        if status in REFUSALS and not (status == DAMAGED and visit.damaged[str(photo.id)] <= DAMAGED_TRIES):
            visit.parked = status
            return False
        return status in (200, 201, DAMAGED) and answer.get("sha256", photo.sha256) == photo.sha256

    def _ask(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """The status and JSON of our own server's answer; `NOTHING` for whatever nobody should believe."""
        line = http.client.HTTPConnection(self._netloc, timeout=30)
        headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json", "Cookie": self.cookie}
        try:
            if method == "PUT":
                headers["Expect-Person"] = str(self.person_id)
            line.request(method, path, body, headers)
            answer = line.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return NOTHING
        finally:
            line.close()
        kind = answer.headers.get_content_type()
        if kind not in ("application/json", "application/problem+json"):
            return NOTHING
        said: dict[str, Any] = json.loads(content)
        if answer.status >= 400 and said.get("instance") != path:
            return NOTHING
        if answer.status == 401 and method == "PUT":
            raise LoginWanted
        self.cookie = (answer.headers["Set-Cookie"] or self.cookie).split(";")[0]
        return answer.status, said
