"""The bell at a worker's door: it says that a job was committed, within this process and, with JOBS_URL, in all others.

The rows are the queue, and workers look at them every second anyway, so a bell that is lost costs a second at most.
One PUBLISH is all that such a bell needs of Redis: a library for job queues would bring a second queue of its own.
"""

import logging
import os
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

from flask import Flask, current_app, has_app_context
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

CHANNEL = "service-audit:jobs"
PATIENCE_SECONDS = 0.3
PAUSE_SECONDS = 5.0
"""How long a Redis that did not answer is left alone."""

log = logging.getLogger(__name__)

# Unlike an Event, a SimpleQueue may be used by a signal handler that interrupts the very thread that waits at it.
_here: SimpleQueue[None] = SimpleQueue()


def install(app: Flask, url: str) -> None:
    app.extensions["doorbell"] = RedisBell(url) if url else None


def ring() -> None:
    """Say that a job was committed. Ringing for nothing, or too often, does no harm; it never waits and never fails."""
    ring_here()
    if has_app_context() and (bell := current_app.extensions["doorbell"]):
        bell.ring()


def ring_here() -> None:
    """Wake the worker of this process only."""
    if _here.empty():
        _here.put(None)


def wait(seconds: float) -> None:
    """Wait for the bell, but not longer."""
    with suppress(Empty):
        _here.get(timeout=seconds)


class RedisBell:
    """Carries the bell to other processes, in a thread of its own: a Redis that hangs holds up no request."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            socket_connect_timeout=PATIENCE_SECONDS,
            socket_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._asked: SimpleQueue[None] = SimpleQueue()
        self._ringing_in = 0
        self._listening_in = 0

    def ring(self) -> None:
        """Ring in all processes, soon; several calls may make one ring."""
        if self._ringing_in != os.getpid():  # Two threads that come here at once start two ringers, which is harmless.
            self._ringing_in = os.getpid()
            threading.Thread(target=self._ring_on, name="doorbell", daemon=True).start()
        if self._asked.empty():
            self._asked.put(None)

    def listen(self) -> None:
        """From now on, wake this process's worker when the bell is rung elsewhere."""
        if self._listening_in != os.getpid():
            self._listening_in = os.getpid()
            threading.Thread(target=self._hear, name="doorbell-listening", daemon=True).start()

    def _ring_on(self) -> None:
        while True:
            self._asked.get()
            try:
                self._redis.publish(CHANNEL, b"")
            except RedisError as fault:
                log.warning("the bell cannot be rung (%s); workers look by themselves", type(fault).__name__)
                time.sleep(PAUSE_SECONDS)

    def _hear(self) -> None:
        while True:
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as heard:  # type: ignore[no-untyped-call]  # redis-py leaves it untyped.
                    heard.subscribe(CHANNEL)
                    while True:
                        if heard.get_message(timeout=PAUSE_SECONDS):
                            ring_here()
            except RedisError as fault:
                log.warning("the bell cannot be heard (%s); looking without it", type(fault).__name__)
                time.sleep(PAUSE_SECONDS)
