"""Half-sent photos over real sockets: what a server had of one outlives its death and the line's."""

import http.client
import json
import os
import socket
import time
from urllib.parse import urlsplit

import pytest

from checklists.orm import new_id
from checklists.visits import DraftPhoto, Photo
from tests.copies import DRAFTS, a_copy
from tests.databases import Sessions
from tests.factories import PASSWORD, make_audit
from tests.field import FieldPhoto
from tests.lines import log_in, send
from tests.servers import LiveServer

PATIENCE_SECONDS = 15
BUSY = 423


class Sender:
    """A phone that has sent the report of one photo, or the copy of its draft."""

    def __init__(self, server: LiveServer, sessions: Sessions, *, begun: bool = False) -> None:
        self.photo = FieldPhoto(os.urandom(300_000))
        with sessions() as session, session.begin():
            audit = make_audit(session)
            criterion = audit.criterion("states")["id"]
            assignment = audit.assign(session)
            report = audit.report(assignment, photos={criterion: [self.photo]})
            copy = a_copy(assignment, self.photo)
        self.place = urlsplit(server.url)
        self.cookie = log_in(server.url, audit.inspectors[0].email, PASSWORD)
        address = f"{DRAFTS if begun else '/api/v1/visits'}/{new_id()}"
        self.path = f"{address if begun else '/api/v1'}/photos/{self.photo.id}"
        sent = send((server.url, address, json.dumps(copy if begun else report).encode(), self.cookie))
        assert sent[0] in (200, 201), sent

    def ask(self, method: str, offset: int = 0, body: bytes = b"") -> http.client.HTTPResponse:
        """The answer; like a phone it comes again while the request that broke off is still being read."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while (answer := self._ask_once(method, offset, body)).status == BUSY and time.monotonic() < give_up:
            time.sleep(0.05)
        return answer

    def _ask_once(self, method: str, offset: int, body: bytes) -> http.client.HTTPResponse:
        line = http.client.HTTPConnection(self.place.netloc, timeout=60)
        headers = {"Sec-Fetch-Site": "same-origin", "Cookie": self.cookie, "Upload-Offset": str(offset)}
        line.request(method, self.path, body, headers)
        answer = line.getresponse()
        answer.read()
        return answer

    def here(self) -> int:
        return int(self.ask("HEAD").headers["Upload-Offset"])

    def begin(self, method: str, offset: int, end: int) -> socket.socket:
        """A request for all the rest, of which bytes up to `end` have been sent."""
        line = socket.create_connection((str(self.place.hostname), int(self.place.port or 0)))
        head = (
            f"{method} {self.path} HTTP/1.1\r\nHost: {self.place.netloc}\r\nCookie: {self.cookie}\r\n"
            f"Sec-Fetch-Site: same-origin\r\nUpload-Offset: {offset}\r\n"
            f"Content-Length: {self.photo_size - offset}\r\n\r\n"
        )
        line.sendall(head.encode() + self.photo.content[offset:end])
        return line

    @property
    def photo_size(self) -> int:
        return len(self.photo.content)

    def wait_for(self, offset: int) -> int:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while (here := self.here()) < offset and time.monotonic() < give_up:
            time.sleep(0.05)
        return here


@pytest.fixture
def sender(live_server: LiveServer, sessions: Sessions) -> Sender:
    return Sender(live_server, sessions)


def test_what_came_before_the_line_broke_need_not_come_again(sender: Sender, sessions: Sessions) -> None:
    """Of a photo sent whole and of one sent on, by either server."""
    for method, offset, end in (("PUT", 0, 100_000), ("PATCH", 100_000, 250_000)):
        sender.begin(method, offset, end).close()
        assert sender.wait_for(end) == end
    answer = sender.ask("PATCH", 250_000, sender.photo.content[250_000:])
    assert answer.status == 201
    with sessions() as session:
        assert session.get_one(Photo, sender.photo.id).stored_at


def test_of_a_drafts_photo_it_need_not_come_again_either(live_server: LiveServer, sessions: Sessions) -> None:
    sender = Sender(live_server, sessions, begun=True)
    for method, offset, end in (("PUT", 0, 100_000), ("PATCH", 100_000, 250_000)):
        sender.begin(method, offset, end).close()
        assert sender.wait_for(end) == end
    answer = sender.ask("PATCH", 250_000, sender.photo.content[250_000:])
    assert (answer.status, answer.headers["Connection"]) == (201, "close")
    with sessions() as session:
        assert session.get_one(DraftPhoto, sender.photo.id).sha256 == sender.photo.sha256


def test_a_part_outlives_the_server_that_took_it_in(sender: Sender, live_server: LiveServer) -> None:
    assert sender.ask("PATCH", 0, sender.photo.content[:120_000]).status == 204
    hanging = sender.begin("PATCH", 120_000, 200_000)
    live_server.kill()
    hanging.close()
    live_server.start()
    here = sender.here()
    assert 120_000 <= here <= 200_000
    assert sender.ask("PATCH", here, sender.photo.content[here:]).status == 201
    assert sender.ask("PUT", 0, sender.photo.content).status == 200


def test_the_line_is_closed_after_an_answer_about_a_place(sender: Sender) -> None:
    """Else a browser would repeat by itself what broke off, from its first byte on."""
    assert sender.ask("HEAD").headers["Connection"] == "close"
    assert sender.ask("PATCH", 0, sender.photo.content[:1000]).headers["Connection"] == "close"
