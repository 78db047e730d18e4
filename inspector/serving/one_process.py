"""One process: waitress, which takes a whole request in before a thread sees it, so that slow phones hold nobody up."""

import json
import signal
import socket
import time
from contextlib import suppress
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from inspector.serving.broken_off import ClosingTask, WhatCame
from inspector.settings import Settings

READS_ON_SECONDS = 10
CHUNK_BYTES = 1 << 18
Sockets = dict[int, Any]


def serve_with_waitress(app: Flask, settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl+C, and STOPPING_SECONDS more for requests that are in flight by then."""
    sockets: Sockets = {}
    server = create_server(
        app,
        map=sockets,
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
        max_request_body_size=settings.largest_body_bytes,
        ident="",
    )
    listeners = [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]
    for listener in listeners:
        listener.channel_class = _Channel
    told: list[int] = []

    def tell(number: int, _frame: object) -> None:
        told.append(number)
        listeners[0].pull_trigger()  # Wakes the loop.

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    while not told:
        _one_round(sockets)
    for listener in listeners:
        wasyncore.dispatcher.close(listener)  # Its own close() would also close what wakes the loop.
    give_up = time.monotonic() + settings.stopping_seconds
    while time.monotonic() < give_up and any(map(_is_busy, sockets.values())):
        _one_round(sockets)
    server.task_dispatcher.shutdown()


def _one_round(sockets: Sockets) -> None:
    wasyncore.loop(timeout=1, use_poll=True, map=sockets, count=1)


def _is_busy(line: Any) -> bool:
    """Whether a request is coming in, being answered, or its answer still going out."""
    return isinstance(line, HTTPChannel) and bool(line.request or line.requests or line.total_outbufs_len)


class _ProblemTask(ErrorTask):  # type: ignore[misc]  # waitress comes without types.
    """What waitress refuses before the app sees it (a body too large, a broken head) is answered as problem+json, like
    all errors.
    """

    def execute(self) -> None:
        error = self.request.error
        kind = "TooLarge" if error.code == 413 else error.reason.replace(" ", "")
        problem = {"type": f"/problems/{kind}", "title": kind, "status": error.code, "detail": error.reason}
        content = json.dumps(problem).encode()
        self.channel.refused = True
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/problem+json"))
        self.set_close_on_finish()
        self.content_length = len(content)
        self.write(content)


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress comes without types.
    """After a refusal it reads on for a while and keeps nothing: to close the line under somebody who is still sending
    would take the answer from them.
    """

    task_class = ClosingTask
    error_task_class = _ProblemTask
    refused = False
    _reads_on_until: float | None = None

    def handle_close(self) -> None:
        if self.refused and self._reads_on_until is None:
            self._reads_on_until = time.monotonic() + READS_ON_SECONDS
            self.will_close = False
            self.socket.shutdown(socket.SHUT_WR)
        else:
            super().handle_close()
            came = WhatCame.of(self)
            self.request = None
            if came is not None:
                self.server.add_task(came)

    def readable(self) -> bool:
        return self._reads_on_until is not None or super().readable()

    def handle_read(self) -> None:
        if self._reads_on_until is None:
            super().handle_read()
        elif time.monotonic() > self._reads_on_until:
            self.handle_close()
        else:
            with suppress(OSError):
                self.recv(CHUNK_BYTES)  # At the end of what is sent it closes the line.
