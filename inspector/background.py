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
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from uuid import UUID

from flask import Flask
from sqlalchemy.exc import StatementError

from checklists.accounts import forget_old_attempts, forget_old_codes
from checklists.errors import PhotoWaits, StorageUnavailable
from checklists.imports import forget_unconfirmed
from checklists.jobs import (
    FORGOTTEN_AT_A_TIME,
    MOST_ATTEMPTS,
    Job,
    NotYet,
    RefusedForGood,
    claim,
    fail,
    finish,
    forget_done,
    hold_back,
    postpone,
    wait,
)
from checklists.matrix import AT_A_TIME, settle
from checklists.orm import scoped, unscoped
from checklists.visits import Photo, forget_old_drafts, keep_fingerprint, note_likenesses, record_derived
from inspector import doorbell, erasing, mail, notices
from inspector.photo_images import (
    SCREEN,
    THUMBNAIL,
    draw_marks,
    fingerprint,
    inspect_and_derive,
)
from inspector.photo_storage import PhotoSize, PhotoStorage, photo_key
from inspector.photo_storage.mover import start_mover
from inspector.recordings import why_not_heard
from inspector.transactions import reading, writing

LEASE = timedelta(minutes=10)
POLL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
SWEEP_SECONDS = 24 * 3600.0
SETTLE_SECONDS = 15.0
DERIVED_SIZES = {PhotoSize.SCREEN: SCREEN, PhotoSize.THUMBNAIL: THUMBNAIL}
"""The largest first: each is made from the one before."""

log = logging.getLogger(__name__)

ring = doorbell.ring


@dataclass(frozen=True)
class Context:
    """What a handler works with, beside `reading()` and `writing()`, to which it names its organization."""

    storage: PhotoStorage


Handler = Callable[..., None]
"""Called as handler(context, organization_id, **arguments); an exception means: try again later."""


def derive_photo(context: Context, organization_id: UUID, *, photo_id: str) -> None:
    """Look into a stored photo, write its thumbnail and screen size beside it, note what was found, and which photos of
    other visits it looks like. Its marks are drawn into both sizes; what it looks like is told without them.

    No transaction is open while the storage and Pillow work.
    """
    with reading(scoped([organization_id])) as session:
        photo = session.get_one(Photo, UUID(photo_id))
    if photo.erased_at is not None:
        return
    if photo.is_recording:
        return _look_into_recording(context, photo)
    with _original(context.storage, photo) as original:
        facts, copies = inspect_and_derive(original, *DERIVED_SIZES.values())
    look = fingerprint(io.BytesIO(copies[-1])) if copies else None
    if copies and photo.marks:
        copies = draw_marks(copies[0], photo.marks, *DERIVED_SIZES.values())
    for size, copy in zip(DERIVED_SIZES, copies, strict=False):
        _write_derived(context.storage, photo_key(photo, size), copy)
    with writing(scoped([organization_id])) as session:
        noted = record_derived(
            session,
            photo.id,
            datetime.now(UTC),
            readable=facts.readable,
            reason=facts.reason,
            width=facts.width,
            height=facts.height,
            marks=photo.marks,
        )
        keep_fingerprint(session, photo.id, look)
    with writing(scoped([organization_id])) as session:
        note_likenesses(session, photo.id)
    if not noted:
        # A revision marked it anew meanwhile; its own job may be done already, and what it wrote written over.
        derive_photo(context, organization_id, photo_id=photo_id)


def _look_into_recording(context: Context, photo: Photo) -> None:
    """A recording has no smaller sizes and looks like nothing."""
    with _original(context.storage, photo) as original:
        fault = why_not_heard(original, photo.media_type)
    with writing(scoped([photo.organization_id])) as session:
        now = datetime.now(UTC)
        record_derived(session, photo.id, now, readable=fault is None, reason=fault, width=None, height=None)


def _original(storage: PhotoStorage, photo: Photo) -> BinaryIO:
    try:
        return storage.open(photo_key(photo))
    except FileNotFoundError:
        if photo.waits_on:
            raise PhotoWaits from None
        raise NotYet("The bytes that came are not there. Is the disk away?") from None


def _write_derived(storage: PhotoStorage, key: str, content: bytes) -> None:
    storage.write(key, io.BytesIO(content), size=len(content), sha256=hashlib.sha256(content).hexdigest())


HANDLERS: Mapping[str, Handler] = {
    "derive_photo": derive_photo,
    "mail": mail.send_link,
    "notice": notices.send_notice,
    "delete_erased": erasing.delete_erased,
    "delete_given_up": erasing.delete_given_up,
    "erase_traces": erasing.erase_traces,
    "keep_retention": erasing.keep_retention,
}


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
        doorbell.ring_here()
        if self._thread is not None:
            self._thread.join(patience_seconds)

    def run(self) -> None:
        """Run jobs until stop(), and sweep the storage once a day. A database that is away is waited for."""
        start_mover(self._app)
        if bell := self._app.extensions["doorbell"]:
            bell.listen()
        pause, next_sweep, next_settling = self._poll_seconds, time.monotonic(), time.monotonic()
        while not self._stopping:
            try:
                if time.monotonic() >= next_sweep:
                    next_sweep += SWEEP_SECONDS
                    self.forget_what_ran_out()
                    self._context.storage.sweep()
                if time.monotonic() >= next_settling:
                    # First, so that a settling that fails keeps no job from being run.
                    next_settling = time.monotonic() + SETTLE_SECONDS
                    self.settle_tallies()
                idle = not self.run_one()
                pause = self._poll_seconds
            except Exception:
                idle, pause = True, min(2 * pause, LONGEST_PAUSE_SECONDS)
                log.exception("jobs cannot be taken; trying again in %.0f s", pause)
            if idle:
                doorbell.wait(pause)

    def forget_what_ran_out(self) -> None:
        """Once a day: visits whose retention is over, attempts and codes to log in, tables that nobody confirmed,
        drafts that nobody goes on with, done jobs.
        """
        with self._app.app_context():
            erasing.ask_for_retention()
            now = datetime.now(UTC)
            with writing(unscoped("a worker serves every organization")) as session:
                forget_old_attempts(session, now)
                forget_old_codes(session, now)
                forget_unconfirmed(session, now)
                forget_old_drafts(session, now)
            forgotten = FORGOTTEN_AT_A_TIME
            while forgotten == FORGOTTEN_AT_A_TIME and not self._stopping:
                with writing(unscoped("a worker serves every organization")) as session:
                    forgotten = forget_done(session, now)

    def settle_tallies(self) -> None:
        """Add up for good what has been quiet: a matrix then reads sums instead of checks."""
        with self._app.app_context():
            settled = AT_A_TIME
            while settled == AT_A_TIME and not self._stopping:
                with writing(unscoped("a worker serves every organization")) as session:
                    settled = settle(session, datetime.now(UTC))

    def run_one(self) -> bool:
        """Run the job that has been due for longest; False if none is due."""
        with self._app.app_context():
            with writing(unscoped("a worker serves every organization")) as session:
                job = claim(session, datetime.now(UTC), self._lease)
            if job is None:
                return False
            error = self._error_of(job)
            with writing(scoped([job.organization_id])) as session:
                match error:
                    case None:
                        finish(session, job.id, datetime.now(UTC))
                    case StorageUnavailable() | PhotoWaits():
                        postpone(session, job.id, _in_words(error), datetime.now(UTC))
                    case NotYet():
                        wait(session, job.id, _in_words(error), datetime.now(UTC))
                    case _:
                        for_good = isinstance(error, RefusedForGood)
                        fail(session, job.id, _in_words(error), datetime.now(UTC), for_good=for_good)
            if isinstance(error, NotYet) and error.for_all:
                with writing(unscoped("a worker serves every organization")) as session:
                    hold_back(session, job.kind, datetime.now(UTC))
            return True

    def _error_of(self, job: Job) -> Exception | None:
        """Run the job's handler outside any transaction; what went wrong."""
        if job.attempts > MOST_ATTEMPTS:
            return NotRunError("The worker died at each attempt.")  # So this one must not even try.
        handler = self._handlers.get(job.kind)
        if handler is None:
            return NotRunError(f"No handler for {job.kind!r}.")
        try:
            handler(self._context, job.organization_id, **job.arguments)
        except (StorageUnavailable, PhotoWaits, NotYet) as away:
            log.info("job %s (%s) waits: %s", job.id, job.kind, type(away).__name__)
            return away
        except Exception as fault:
            log.exception("job %s (%s) failed at attempt %d", job.id, job.kind, job.attempts)
            return fault
        return None


class NotRunError(Exception):
    """Why a job was not even begun."""


def _in_words(error: Exception) -> str:
    """What went wrong, in words that a database can keep. Those of a fault of the database quote the values that it was
    to write, a report or a name, so only the kinds are kept.
    """
    match error:
        case NotRunError():
            words = str(error)
        case StatementError():
            words = f"{type(error).__name__}: {type(error.orig).__name__}"
        case _:
            words = f"{type(error).__name__}: {error}"
    return words.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
