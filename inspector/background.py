"""Runs the jobs that lie in the database: derived sizes of photos now, whatever takes long later.

The rows are the queue; ring() only says "look now". A worker that dies loses nothing: its lease runs out,
and another worker takes the job up, so each handler must bear to run twice.
"""

import hashlib
import io
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import BinaryIO
from uuid import UUID

from flask import Flask

from checklists.jobs import MOST_ATTEMPTS, Job, claim, fail, finish
from checklists.orm import scoped, unscoped
from checklists.visits import Photo, record_derived
from inspector.photo_images import SCREEN, THUMBNAIL, PhotoFacts, UnreadablePhotoError, derive, inspect_photo
from inspector.photo_storage import PhotoSize, PhotoStorage, photo_key
from inspector.transactions import reading, writing

LEASE = timedelta(minutes=10)
POLL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
SWEEP_SECONDS = 24 * 3600.0
DERIVED_SIZES = {PhotoSize.THUMBNAIL: THUMBNAIL, PhotoSize.SCREEN: SCREEN}

log = logging.getLogger(__name__)

# Unlike an Event, a SimpleQueue may be used by a signal handler that interrupts the very thread that waits at it.
_doorbell: SimpleQueue[None] = SimpleQueue()


def ring() -> None:
    """Say that a job was committed. It wakes the workers of this process; those of others look every second.

    Ringing for nothing, or too often, does no harm. A bell that reaches other processes rings from here too.
    """
    if _doorbell.empty():
        _doorbell.put(None)


@dataclass(frozen=True)
class Context:
    """What a handler works with, beside `reading()` and `writing()`, to which it names its organization."""

    storage: PhotoStorage


Handler = Callable[..., None]
"""Called as handler(context, organization_id, **arguments); an exception means: try again later."""


def derive_photo(context: Context, organization_id: UUID, *, photo_id: str) -> None:
    """Look into a stored photo, write its thumbnail and screen size beside it, and note what was found.

    No transaction is open while the storage and Pillow work.
    """
    with reading(scoped([organization_id])) as session:
        photo = session.get_one(Photo, UUID(photo_id))
    with context.storage.open(photo_key(photo)) as original:
        facts = inspect_photo(original)
        try:
            if facts.readable:
                for size, long_edge in DERIVED_SIZES.items():
                    _write_derived(context.storage, photo_key(photo, size), original, long_edge)
        except UnreadablePhotoError as unreadable:
            facts = PhotoFacts(readable=False, reason=unreadable.reason)
    with writing(scoped([organization_id])) as session:
        record_derived(
            session,
            photo.id,
            datetime.now(UTC),
            readable=facts.readable,
            reason=facts.reason,
            width=facts.width,
            height=facts.height,
        )


def _write_derived(storage: PhotoStorage, key: str, original: BinaryIO, long_edge: int) -> None:
    target = io.BytesIO()
    derive(original, long_edge, target)
    content = target.getvalue()
    storage.write(key, io.BytesIO(content), size=len(content), sha256=hashlib.sha256(content).hexdigest())


HANDLERS: Mapping[str, Handler] = {"derive_photo": derive_photo}


class Worker:
    """Takes due jobs one after the other and runs them, in a thread of this process or as the whole of another one."""

    def __init__(
        self,
        app: Flask,
        handlers: Mapping[str, Handler] = HANDLERS,
        lease: timedelta = LEASE,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._app = app
        self._context = Context(app.extensions["photos"])
        self._handlers = handlers
        self._lease = lease
        self._poll_seconds = poll_seconds
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run in a thread of its own until stop()."""
        self._thread = threading.Thread(target=self.run, name="background", daemon=True)
        self._thread.start()

    def stop(self, patience_seconds: float = 20.0) -> None:
        """Let the running job end and take no other; waits for the thread if start() made one.

        A signal handler may call it.
        """
        self._stopping = True
        ring()
        if self._thread is not None:
            self._thread.join(patience_seconds)

    def run(self) -> None:
        """Run jobs until stop(), and sweep the storage once a day. A database that is away is waited for."""
        pause, next_sweep = self._poll_seconds, time.monotonic()
        while not self._stopping:
            try:
                if time.monotonic() >= next_sweep:
                    next_sweep += SWEEP_SECONDS
                    self._context.storage.sweep()
                idle = not self.run_one()
                pause = self._poll_seconds
            except Exception:
                idle, pause = True, min(2 * pause, LONGEST_PAUSE_SECONDS)
                log.exception("jobs cannot be taken; trying again in %.0f s", pause)
            if idle:
                with suppress(Empty):
                    _doorbell.get(timeout=pause)

    def run_one(self) -> bool:
        """Run the job that has been due for longest; False if none is due."""
        with self._app.app_context():
            with writing(unscoped("a worker serves every organization")) as session:
                job = claim(session, datetime.now(UTC), self._lease)
            if job is None:
                return False
            error = self._error_of(job)
            with writing(scoped([job.organization_id])) as session:
                if error is None:
                    finish(session, job.id, datetime.now(UTC))
                else:
                    fail(session, job.id, error, datetime.now(UTC))
            return True

    def _error_of(self, job: Job) -> str | None:
        """Run the job's handler outside any transaction; what went wrong, in words that a database can keep."""
        if job.attempts > MOST_ATTEMPTS:
            return "The worker died at each attempt."  # So this one must not even try.
        handler = self._handlers.get(job.kind)
        if handler is None:
            return f"No handler for {job.kind!r}."
        try:
            handler(self._context, job.organization_id, **job.arguments)
        except Exception as fault:
            log.exception("job %s (%s) failed at attempt %d", job.id, job.kind, job.attempts)
            words = f"{type(fault).__name__}: {fault}"
            return words.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
        return None
