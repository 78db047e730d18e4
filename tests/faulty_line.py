"""A bad line between a phone and the service: a proxy that hands everything on until it is told to fail.

What a test tool does inside the browser may miss the requests of a page that has a service worker; a phone whose app
came over this line has no other way.
"""

import http.client
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PORTAL = b"<html><body>Welcome to the free Wi-Fi of the shopping centre</body></html>"
SERVER_SECONDS = 60
# These speak of one stretch of the way; every request has a connection of its own on each of the two.
NOT_HANDED_ON = {"connection", "keep-alive", "transfer-encoding"}
DELIVERING = {"PUT", "PATCH"}
RESET_WHEN_CLOSED = struct.pack("ii", 1, 0)

Headers = list[tuple[str, str]]


class FaultyLine:
    """The service as it is reached over this line, at `url`: `with FaultyLine(live_server.url) as line`."""

    def __init__(self, server_url: str) -> None:
        self.loses_first_answers = False
        """Whether the first answer to each delivery breaks off half-way, when the server has done all it had to do."""
        self.is_a_portal = False
        """Whether something else answers every call of the API, with status 200 and a page of its own."""
        self.is_down = False
        """Whether nothing gets through."""
        self.mishaps: deque[str] = deque()
        """What happens to what is sent next, one each: "cut" (only half of it reaches the server), "lost" (its answer
        does not come back), "portal" (something else answers it), "damaged" (one byte of a photo changes), or nothing
        ("").
        """
        self.puts: list[str] = []
        """The path of each PUT, and of each piece of a photo, that the server has answered."""
        self.lost: list[str] = []
        """The paths of those of which the answer was lost."""
        self._server = urlsplit(server_url).netloc
        self._proxy = ThreadingHTTPServer(("127.0.0.1", 0), type("Stretch", (_Request,), {"line": self}))
        self.url = f"http://127.0.0.1:{self._proxy.server_port}"
        self._thread = threading.Thread(target=self._proxy.serve_forever, name="faulty line", daemon=True)

    def __enter__(self) -> "FaultyLine":
        self._thread.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._proxy.shutdown()
        self._proxy.server_close()

    def ask(self, method: str, target: str, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        """What the server answers."""
        connection = self._connection()
        try:
            connection.request(method, target, body, dict(handed_on(headers)))
            answer = connection.getresponse()
            return answer.status, list(handed_on(answer.getheaders())), answer.read()
        finally:
            connection.close()

    def ask_half(self, method: str, target: str, headers: Headers, body: bytes) -> None:
        """Break off in the middle of the request."""
        connection = self._connection()
        try:
            connection.putrequest(method, target, skip_host=True)
            for name, value in handed_on(headers):
                connection.putheader(name, value)
            connection.endheaders(body[: len(body) // 2])
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._server, timeout=SERVER_SECONDS)

    def loses_answer_to(self, path: str) -> bool:
        """Whether the answer that the server has just given to a delivery is to be lost."""
        losing = self.loses_first_answers and path not in self.puts
        self.puts.append(path)
        if losing:
            self.lost.append(path)
        return losing


def handed_on(headers: Headers) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in headers if name.lower() not in NOT_HANDED_ON)


class _Request(BaseHTTPRequestHandler):
    """One request, on a connection of its own: a browser repeats by itself what failed on a connection used before."""

    line: FaultyLine

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.line.is_down:
            self._reset()
            return
        mishaps = self.line.mishaps
        mishap = mishaps.popleft() if self.command in DELIVERING and mishaps else ""
        if mishap == "portal" or (self.line.is_a_portal and path.startswith("/api/")):
            self._answer(200, [("Content-Type", "text/html")], PORTAL)
            return
        try:
            if mishap == "cut":
                self.line.ask_half(self.command, self.path, self.headers.items(), body)
                raise ConnectionError(mishap)
            if mishap == "damaged" and "/photos/" in path and body:
                body = bytes([body[0] ^ 1]) + body[1:]
            status, headers, answer = self.line.ask(self.command, self.path, self.headers.items(), body)
        except (OSError, http.client.HTTPException):
            self._reset()
            return
        if mishap == "lost" or (self.command in DELIVERING and self.line.loses_answer_to(path)):
            self._answer(status, headers, answer[: len(answer) // 2])
            self._reset()
        else:
            self._answer(status, headers, answer)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server asks for these names.

    def _answer(self, status: int, headers: Headers, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        # A phone that was killed reads no answer.
        with suppress(ConnectionError):
            self.wfile.write(body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_WHEN_CLOSED)
        self.connection.close()

    def log_message(self, *_words: object) -> None:
        """The server keeps a log; this is a line."""
