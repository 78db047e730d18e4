"""A phone's outbox and copies in Python: what they must do on the wire by design.md's table, without a phone."""

import http.client
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from tests.factories import PASSWORD
from tests.field import FieldPhoto

REFUSALS = {400, 403, 404, 409, 410, 413, 422}
DAMAGED = 422
IN_FLIGHT = 423
PATIENCE_SECONDS = 15
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


@dataclass
class Begun:
    """A visit that is being filled in, with what its copy says; `kept` are the photos that the server told it has."""

    visit_id: UUID
    assignment_id: UUID
    photos: Sequence[FieldPhoto]
    copy: bytes
    kept: set[UUID] = field(default_factory=set)


class LoginWanted(Exception):
    """The server does not take this person's visits under the login that the phone has."""


class WirePhone:
    """One person's phone on a line at `url`; `cookie` is the login that it has, whoever's that is."""

    def __init__(self, url: str, person_id: UUID, email: str, seed: str) -> None:
        self.person_id = person_id
        self.visits: list[Finished] = []
        self.begun: list[Begun] = []
        self.holds = False
        """Whether it sends on to the last piece, and does not stop between two of them as a phone that is put away."""
        self.resumed = 0
        """How many photos went on behind a first part."""
        self._chance = random.Random(f"{seed} {person_id}")
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

    def keep(self) -> None:
        """Copy all that is begun to the server, and then its photos."""
        try:
            for each in self.begun:
                self._keep(each)
        except LoginWanted:
            self.login_ended = True

    def _keep(self, begun: Begun) -> None:
        path = f"/api/v1/phone/drafts/{begun.visit_id}"
        status, answer = self._ask("PUT", path, begun.copy)
        if status != 200 or answer.get("id") != str(begun.visit_id):
            return
        for photo in begun.photos:
            if str(photo.id) in answer["missing_photos"]:
                status, stored = self._send(f"{path}/photos/{photo.id}", photo)
                if status not in (200, 201) or stored.get("sha256") != photo.sha256:
                    return
            begun.kept.add(photo.id)

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
        status, answer = self._send(f"/api/v1/photos/{photo.id}", photo)
        if status == DAMAGED:
            visit.damaged[str(photo.id)] = visit.damaged.get(str(photo.id), 0) + 1
        if status in REFUSALS and not (status == DAMAGED and visit.damaged[str(photo.id)] <= DAMAGED_TRIES):
            visit.parked = status
            return False
        return status in (200, 201, DAMAGED) and answer.get("sha256", photo.sha256) == photo.sha256

    def _send(self, path: str, photo: FieldPhoto) -> tuple[int, dict[str, Any]]:
        """A photo, whole or in pieces behind what is there, as the line may be; comes again while another has it."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            in_pieces = self._chance.random() < 0.6
            answer = self._send_on(path, photo) if in_pieces else self._ask("PUT", path, photo.content)
            if answer[0] != IN_FLIGHT or time.monotonic() > give_up:
                return answer
            time.sleep(0.05)

    def _send_on(self, path: str, photo: FieldPhoto) -> tuple[int, dict[str, Any]]:
        place = self._exchange("HEAD", path, b"")
        if place is None:
            return NOTHING
        status, headers, _ = place
        size = len(photo.content)
        if status == IN_FLIGHT:
            return status, {}
        if status != 200 or headers["Upload-Length"] != str(size):
            return self._ask("PUT", path, photo.content)
        offset = int(headers["Upload-Offset"])
        self.resumed += 0 < offset < size
        while True:
            end = min(size, offset + self._chance.randrange(1, 6_000))
            status, answer = self._ask("PATCH", path, photo.content[offset:end], offset)
            if status != 204 or answer["offset"] != end:
                return status if status != 204 else 0, answer
            offset = end
            if not self.holds and self._chance.random() < 0.4:
                return NOTHING

    def _ask(self, method: str, path: str, body: bytes, offset: int = 0) -> tuple[int, dict[str, Any]]:
        """The status and JSON of our own server's answer; `NOTHING` for whatever nobody should believe."""
        answer = self._exchange(method, path, body, offset)
        if answer is None:
            return NOTHING
        status, headers, content = answer
        if status == 204 and method == "PATCH" and headers["Upload-Offset"]:
            return status, {"offset": int(headers["Upload-Offset"])}
        if headers.get_content_type() not in ("application/json", "application/problem+json"):
            return NOTHING
        said: dict[str, Any] = json.loads(content)
        if status >= 400 and said.get("instance") != path:
            return NOTHING
        if status == 401 and method != "POST":
            raise LoginWanted
        if status == 409 and method == "PATCH" and headers["Upload-Offset"]:
            return NOTHING  # Another tab was quicker: the next time it is asked where to go on.
        self.cookie = (headers["Set-Cookie"] or self.cookie).split(";")[0]
        return status, said

    def _exchange(self, method: str, path: str, body: bytes, offset: int = 0) -> tuple[int, Message, bytes] | None:
        line = http.client.HTTPConnection(self._netloc, timeout=30)
        headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json", "Cookie": self.cookie}
        try:
            if method != "POST":
                headers |= {"Expect-Person": str(self.person_id), "Upload-Offset": str(offset)}
            line.request(method, path, body, headers)
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            line.close()
