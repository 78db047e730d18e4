"""Brings the photos that wait on this machine's disk into the object store once that is back.

Each serving process and worker has one in a thread; of those that share a disk one moves at a time. Every step may be
repeated: a process that dies half-way leaves the file where it was, and the next one begins with it again.
"""

import logging
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from checklists.errors import StorageUnavailable, WrongHash, WrongSize
from checklists.orm import scoped, unscoped
from checklists.visits import DraftPhoto, Photo, have_bytes_deleted, photo_moved, photos_waiting
from inspector.photo_storage.folder import LEFTOVER_AGE
from inspector.photo_storage.keys import owner_of, photo_key
from inspector.transactions import reading, writing

if TYPE_CHECKING:  # It brings boto3, which only those who need it should pay.
    from inspector.photo_storage.waiting import WaitingStorage

ROUND_SECONDS = 2.0
LOOK_SECONDS = 10.0
"""How often a store that answered is asked again, so that an outage is known before a photo runs into it."""
SETTLE_SECONDS = 60.0

log = logging.getLogger(__name__)


class Mover:
    """Moves what waits, round by round."""

    def __init__(self, app: Flask, storage: "WaitingStorage") -> None:
        self._app = app
        self._storage = storage
        self._damaged: set[str] = set()
        self._put_off: dict[str, float] = {}
        self._look_at = self._settle_at = 0.0

    def start(self) -> None:
        """Run in a thread of its own, as long as the process lives."""
        threading.Thread(target=self._run, name="mover", daemon=True).start()

    def move_all(self) -> int:
        """Bring over all that waits here, if the store is there and nobody else is at it; answers how many photos.

        Raises StorageUnavailable where the store goes away meanwhile.
        """
        with self._storage.alone_on_this_disk() as alone:
            if not alone or not self._store_is_there():
                return 0
            with self._app.app_context():
                moved = sum(self._moved(key) for key, _size in list(self._storage.disk.keys()))
                if time.monotonic() >= self._settle_at:
                    self._settle_at = time.monotonic() + SETTLE_SECONDS
                    self._settle()
        if moved:
            log.info("%d photos that waited were moved into the object store", moved)
        return moved

    def _run(self) -> None:
        while True:
            time.sleep(ROUND_SECONDS)
            try:
                self.move_all()
            except StorageUnavailable:
                log.info("the object store went away while photos were moved")
            except Exception:
                log.exception("photos that wait cannot be moved; trying again")

    def _store_is_there(self) -> bool:
        if not self._storage.store_is_away and time.monotonic() < self._look_at:
            return True
        self._look_at = time.monotonic() + LOOK_SECONDS
        return self._storage.look_for_store()

    def _moved(self, key: str) -> bool:
        """Whether the photo was brought over; one that the disk or the store will not give or take waits for a while,
        and the others go on.
        """
        if time.monotonic() < self._put_off.get(key, 0.0):
            return False
        self._put_off.pop(key, None)
        try:
            return self._move(key)
        except (StorageUnavailable, OSError) as fault:
            if isinstance(fault, StorageUnavailable) and not self._storage.look_for_store():
                raise
            log.error("the photo %s cannot be moved (%s); the others go on", key, type(fault).__name__)
            self._put_off[key] = time.monotonic() + SETTLE_SECONDS
            return False

    def _move(self, key: str) -> bool:
        """Bring one photo over, and say so in its row before the file goes."""
        organization_id, photo_id = owner_of(key)
        with reading(scoped([organization_id])) as session:
            draft = session.get(DraftPhoto, photo_id)
            photo = draft or session.get(Photo, photo_id)
        if photo is None or (isinstance(photo, Photo) and photo.erased_at):
            # One that no report or draft names any more, or whose bytes the law had erased, is not for the store.
            if photo or self._is_old(key):
                self._storage.disk.delete(key)
            return False
        if not self._sent_on(key, photo):
            return False
        with writing(scoped([organization_id])) as session:
            if not photo_moved(session, photo_id) or not self._storage.disk.exists(key):
                # It was erased or given up while it was on its way; a job knows whether it is named again meanwhile.
                have_bytes_deleted(session, organization_id, [photo_id], datetime.now(UTC), at_once=True)
        self._storage.disk.delete(key)
        return True

    def _sent_on(self, key: str, photo: Photo | DraftPhoto) -> bool:
        if key in self._damaged:
            return False
        try:
            self._storage.send_on(key, size=photo.size, sha256=photo.sha256)
        except FileNotFoundError:
            return False
        except (WrongSize, WrongHash):
            self._damaged.add(key)
            log.error("the photo %s has changed on the disk where it waited; it stays there", photo.id)
            return False
        return True

    def _settle(self) -> None:
        """Put right the rows of photos that were moved before their delivery was written down."""
        with reading(unscoped("photos that wait, of all")) as session:
            waiting = photos_waiting(session, first_on=self._storage.machine)
        for photo in waiting:
            key = photo_key(photo)
            if not self._storage.disk.exists(key) and self._storage.store.size_of(key) == photo.size:
                with writing(scoped([photo.organization_id])) as session:
                    photo_moved(session, photo.id)

    def _is_old(self, key: str) -> bool:
        changed = datetime.fromtimestamp(Path(self._storage.disk.root, key).stat().st_mtime, UTC)
        return datetime.now(UTC) - changed > LEFTOVER_AGE


def install(app: Flask) -> None:
    """Have a mover in each process that answers requests: it begins with the first one, after any fork.

    A test, which wants to see each step, moves by itself.
    """
    begun_in: list[int] = []

    @app.before_request
    def begin() -> None:
        if os.getpid() not in begun_in and not app.testing:
            begun_in[:] = [os.getpid()]
            start_mover(app)


def start_mover(app: Flask) -> None:
    """Start this process's mover where photos may wait; nothing where they lie in a folder."""
    if app.config["SETTINGS"].photo_storage:
        Mover(app, app.extensions["photos"]).start()
