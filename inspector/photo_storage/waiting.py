"""An object store before which photos wait on this machine's disk while it is away, so that the intake goes on."""

import fcntl
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from checklists.errors import ObjectStoreAway, StorageUnavailable
from inspector.photo_storage.disk import faults_as_unavailable
from inspector.photo_storage.folder import FolderStorage
from inspector.photo_storage.interface import Readable, promised_bytes
from inspector.photo_storage.keys import checked_key, is_original
from inspector.photo_storage.s3 import S3Storage

PAUSE_SECONDS = 5.0
"""How long nobody asks a store that did not answer."""

log = logging.getLogger(__name__)


class WaitingStorage:
    """Every photo comes to the disk first, is checked there, and goes on into the store; where that is away, the
    originals stay on the disk under their keys until mover.py brings them over.

    Only originals wait: a derived size can be made again, and a manager who adds a picture is told at once.
    """

    def __init__(self, store: S3Storage, disk: FolderStorage, machine: str) -> None:
        self.store = store
        self.disk = disk
        self.parts = disk.parts
        self.machine = machine
        self._breaker = Breaker()

    @property
    def store_is_away(self) -> bool:
        return self._breaker.away

    def write(self, key: str, stream: Readable, *, size: int, sha256: str, part_of: UUID | None = None) -> str | None:
        checked_key(key)
        with self.disk.received(stream, size=size, sha256=sha256, part_of=part_of) as file:
            return self.take(key, file, sha256)

    def take(self, key: str, file: FileIO, sha256: str) -> str | None:
        try:
            with self._breaker.asking():
                self.store.put(key, file, sha256)
            return None
        except StorageUnavailable:
            if not is_original(key):
                raise
        self.disk.keep(file, key)
        return self.machine

    def open(self, key: str) -> BinaryIO:
        try:
            return self.disk.open(key)
        except FileNotFoundError:
            with self._breaker.asking():
                return self.store.open(key)

    def exists(self, key: str) -> bool:
        if self.disk.exists(key):
            return True
        with self._breaker.asking():
            return self.store.exists(key)

    def delete(self, key: str) -> None:
        self.disk.delete(key)
        with self._breaker.asking():
            self.store.delete(key)

    def keys(self) -> Iterator[tuple[str, int]]:
        """What waits on this machine's disk, and all that lies in the store."""
        waiting = dict(self.disk.keys())
        yield from waiting.items()
        with self._breaker.asking():
            yield from (each for each in self.store.keys() if each[0] not in waiting)  # noqa: SIM118 - no dict.

    def check(self) -> None:
        self.disk.check()
        try:
            self.store.check()
        except StorageUnavailable as fault:
            raise ObjectStoreAway from (fault.__cause__ or fault)

    def check_intake(self) -> None:
        self.disk.check()

    def sweep(self) -> int:
        swept = self.disk.sweep()
        with self._breaker.asking():
            return swept + self.store.sweep()

    def look_for_store(self) -> bool:
        """Ask the store whether it is there, however long that takes; `store_is_away` knows it from then on."""
        try:
            with self._breaker.asking(patiently=True):
                self.store.check_intake()
        except StorageUnavailable:
            return False
        return True

    def send_on(self, key: str, *, size: int, sha256: str) -> None:
        """Bring what waits under the key into the store; it stays on the disk as well.

        Raises WrongSize or WrongHash where the disk did not keep it, FileNotFoundError, StorageUnavailable.
        """
        with self.disk.open(key) as file:
            for _chunk in promised_bytes(file, size, sha256):
                pass
            with self._breaker.asking():
                self.store.put(key, file, sha256)

    @contextmanager
    def alone_on_this_disk(self) -> Iterator[bool]:
        """Whether no other process moves photos from this disk while the block runs."""
        with faults_as_unavailable():
            self.disk.root.mkdir(parents=True, exist_ok=True)
            lock = FileIO(Path(self.disk.root, "moving.lock"), "a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True


class Breaker:
    """Remembers for a while that the store did not answer, so that an outage does not cost each request a time-out."""

    def __init__(self) -> None:
        self.away = False
        self._ask_again_at = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def asking(self, *, patiently: bool = False) -> Iterator[None]:
        """The block asks the store. Raises StorageUnavailable at once where it did not answer just now; a `patiently`
        waiting one asks all the same.
        """
        with self._lock:
            now = time.monotonic()
            if self.away and now < self._ask_again_at and not patiently:
                raise ObjectStoreAway
            if self.away:  # One asks first; the others wait for what it finds.
                self._ask_again_at = now + PAUSE_SECONDS
        try:
            yield
        except StorageUnavailable as fault:
            self._no_answer(fault)
            raise
        except FileNotFoundError:
            self._answered()
            raise
        self._answered()

    def _no_answer(self, fault: StorageUnavailable) -> None:
        with self._lock:
            if not self.away:
                log.warning("the object store is away: %s", fault.__cause__ or type(fault).__name__)
            self.away, self._ask_again_at = True, time.monotonic() + PAUSE_SECONDS

    def _answered(self) -> None:
        if self.away:
            log.warning("the object store is back")
            self.away = False
