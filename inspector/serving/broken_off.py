"""Requests that carry a photo, on lines that break off.

Waitress hands on whole requests only: what it had of one that broke off would be lost. And a browser repeats by itself
what broke off on a line that it had used before, from its first byte on; a line that is closed after each answer about
a photo's bytes leaves it to the phone to ask where to go on.
"""

import re
from typing import Any

from waitress.receiver import FixedStreamReceiver
from waitress.task import WSGITask

_OF_A_PHOTO = re.compile(r"/api/v1/(phone/drafts/[0-9a-f-]{36}/)?photos/[0-9a-f-]{36}\Z")


def closes_its_line(method: str, path: str) -> bool:
    """Whether the line should be closed after the answer."""
    return method in ("HEAD", "PATCH") and _OF_A_PHOTO.match(path) is not None


class ClosingTask(WSGITask):  # type: ignore[misc]  # waitress comes without types.
    """Closes the line after an answer about the place in a photo."""

    def execute(self) -> None:
        if closes_its_line(self.request.command, self.request.path):
            self.request.headers["CONNECTION"] = "close"
        super().execute()


class WhatCame:
    """A task of waitress: to hand on what came of a photo's bytes before the line broke. Nobody hears the answer."""

    def __init__(self, channel: Any, request: Any) -> None:
        self._channel, self._request = channel, request

    @classmethod
    def of(cls, channel: Any) -> "WhatCame | None":
        """The task for the request that the closed channel was receiving; None where there was none of that kind."""
        request = channel.request
        if request is None or not request.headers_finished or request.error:
            return None
        if request.command not in ("PUT", "PATCH") or not _OF_A_PHOTO.match(request.path):
            return None
        body = request.body_rcv
        if not isinstance(body, FixedStreamReceiver) or not len(body) or not body.remain:
            return None
        request.headers["CONTENT_LENGTH"] = str(len(body))
        return cls(channel, request)

    def service(self) -> None:
        environ = WSGITask(self._channel, self._request).get_environment()
        answer = self._channel.server.application(environ, lambda _status, _headers, _fault=None: None)
        try:
            for _part in answer:
                pass
        finally:
            if hasattr(answer, "close"):
                answer.close()
            self.cancel()

    def cancel(self) -> None:
        self._request.close()
