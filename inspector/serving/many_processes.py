"""Several processes: gunicorn, with the app made before the fork, so that they share its memory."""

import gc
import os
import signal
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from prometheus_client.multiprocess import mark_process_dead

from inspector.serving.broken_off import closes_its_line
from inspector.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEPT_ALIVE_SECONDS = 75
"""Longer than a front keeps an idle line, so that it is never we who close one that the front is about to use."""
READS_ON_SECONDS = 10
CHUNK_BYTES = 1 << 16
THAT_END_US = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
IN_MEMORY = "/dev/shm"


def serve_with_gunicorn(app: Flask, settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl+C, and STOPPING_SECONDS more for requests that are in flight by then."""
    for name in ("readers", "writers"):
        app.extensions[name].dispose()  # A connection may not be shared over a fork.
    gc.collect()
    gc.freeze()  # What was made by now stays in memory that all processes share.
    os.register_at_fork(before=_hold_back, after_in_parent=_let_through, after_in_child=_may_be_ended)
    _Service(app, settings).run()


def _hold_back() -> None:
    """Let no such signal come yet: a new process begins with the handlers of its parent, which would swallow it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, THAT_END_US)


def _let_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, THAT_END_US)


def _may_be_ended() -> None:
    """In the new process, before it listens to signals itself."""
    for each in THAT_END_US:
        signal.signal(each, signal.SIG_DFL)
    _let_through()


def _forget_its_numbers(_server: Any, worker: Any) -> None:
    """A dead process has no connections any more; what it counted stays."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # prometheus-client leaves it untyped.


def _close_some_lines(_worker: Any, request: Any) -> None:
    if closes_its_line(request.method, request.path):
        request.force_close()


class _Service(BaseApplication):  # type: ignore[misc]  # gunicorn comes without types.
    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn, which would otherwise look for options and files."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        chosen: dict[str, Any] = {
            "bind": f"{host}:{self._settings.port}",
            "workers": self._settings.processes,
            "worker_class": "gthread",
            "threads": self._settings.threads,
            "preload_app": True,
            "keepalive": KEPT_ALIVE_SECONDS,
            "graceful_timeout": self._settings.stopping_seconds,
            "forwarded_allow_ips": "",  # Whom we believe is said in one place, by TRUSTED_PROXIES.
            "control_socket_disable": True,
            "errorlog": None,
            "logger_class": _Logger,
            "child_exit": _forget_its_numbers,
            "pre_request": _close_some_lines,
        }
        if os.access(IN_MEMORY, os.W_OK):
            chosen["worker_tmp_dir"] = IN_MEMORY  # A busy disk must not make a worker look dead.
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        return reading_all(self._app, 2 * self._settings.largest_body_bytes)


def reading_all(app: "WSGIApplication", most: int) -> "WSGIApplication":
    """The app, reading on to the end of each body that it refused half-way, though not more than `most` bytes.

    Gunicorn would close the line under somebody who is still sending, and that takes the answer from them: a phone
    whose login ended would hear nothing of it and send the photo again and again.
    """

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        answered = app(environ, start_response)
        give_up, left = time.monotonic() + READS_ON_SECONDS, most
        while left > 0 and time.monotonic() < give_up and (chunk := environ["wsgi.input"].read(CHUNK_BYTES)):
            left -= len(chunk)
        return answered

    return answer


class _Logger(Logger):  # type: ignore[misc]  # gunicorn comes without types.
    """Gunicorn's own words go where all our logs go."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.error_log.propagate = True

    def warning(self, msg: str, *args: Any, **more: Any) -> None:
        # The only warning with an address in it; which one it was helps nobody.
        said = "A request could not be read." if msg.startswith("Invalid request from ip=") else msg
        super().warning(said, *args, **more)
