"""Where the bytes of photos lie: one interface, and its implementation in a folder.

Nothing here asks the database; no transaction should be open while it works. A key is made of ids and
a size's name only, so that no file name from a phone ever comes near a path.
"""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from checklists.checklist.tables import GuidancePicture
from checklists.errors import StorageUnavailable, WrongHash, WrongSize
from checklists.visits import Photo

CHUNK_BYTES = 1 << 18
LEFTOVER_AGE = timedelta(days=1)
_INCOMING = "incoming"


class PhotoSize(StrEnum):
    """What lies of one photo: as it came, and two derived JPEGs."""

    ORIGINAL = "original"
    THUMBNAIL = "thumbnail"
    SCREEN = "screen"


_PICTURE = "picture"
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(f"{_UUID}/[0-9a-f]{{2}}/{_UUID}/({'|'.join([*PhotoSize, _PICTURE])})")


class Readable(Protocol):
    """What write() takes: a request's body, a file, bytes in memory."""

    def read(self, size: int, /) -> bytes: ...


class PhotoStorage(Protocol):
    """What every storage of photos does. Each call may be repeated, by several processes at once too."""

    def write(self, key: str, stream: Readable, *, size: int, sha256: str) -> None:
        """Keep the stream's bytes durably under `key`, if they are `size` bytes with this SHA-256 (hexadecimal).

        Until it returns, nothing or the former bytes can be seen under the key, never a part. Reading stops
        at the first byte too many. Raises WrongSize, WrongHash, StorageUnavailable, and what the stream raises.
        """

    def open(self, key: str) -> BinaryIO:
        """A seekable stream of the bytes. Raises FileNotFoundError, StorageUnavailable."""

    def exists(self, key: str) -> bool:
        """Whether whole bytes lie under the key. Raises StorageUnavailable."""

    def delete(self, key: str) -> None:
        """Remove the bytes; fine if there are none. Raises StorageUnavailable."""

    def check(self) -> None:
        """Write and read a few bytes. Raises StorageUnavailable if that does not work."""

    def sweep(self) -> int:
        """Remove what interrupted writes left behind more than a day ago; answers how many pieces."""


def photo_key(photo: Photo, size: str = PhotoSize.ORIGINAL) -> str:
    """ "<organization>/<aa>/<photo id>/<size>", where aa are the id's last two digits; ValueError for another size.

    A UUIDv7 begins with the time: its first digits would put a whole month into one folder.
    """
    return f"{photo.organization_id}/{str(photo.id)[-2:]}/{photo.id}/{PhotoSize(size)}"


def picture_key(picture: GuidancePicture) -> str:
    """ "<organization>/<aa>/<picture id>/picture": a reference picture of a criterion's guidance has one size."""
    return f"{picture.organization_id}/{str(picture.id)[-2:]}/{picture.id}/{_PICTURE}"


class FolderStorage:
    """Photos as files below `root`; temporary ones lie in `root`/incoming, which must be the same file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, key: str, stream: Readable, *, size: int, sha256: str) -> None:
        target = self._path(key)
        temporary = self._new_temporary()
        try:
            self._receive(stream, temporary, size, sha256)
            with _faults_as_unavailable():
                target.parent.mkdir(parents=True, exist_ok=True)
                temporary.replace(target)
                self._sync_folders(target.parent)
        finally:
            # After the move there is nothing here any more; after any fault it must not stay.
            with suppress(OSError):
                temporary.unlink()

    def open(self, key: str) -> BinaryIO:
        path = self._path(key)
        try:
            return path.open("rb")
        except FileNotFoundError:
            raise
        except OSError as fault:
            raise StorageUnavailable from fault

    def exists(self, key: str) -> bool:
        with _faults_as_unavailable():
            try:
                self._path(key).stat()
            except FileNotFoundError:
                return False
            return True

    def delete(self, key: str) -> None:
        path = self._path(key)
        with _faults_as_unavailable(), suppress(FileNotFoundError):
            path.unlink()
            _sync(path.parent)
            with suppress(OSError):  # The photo's folder goes with the last of its sizes.
                path.parent.rmdir()

    def check(self) -> None:
        probe = os.urandom(32)
        temporary = self._new_temporary()
        with _faults_as_unavailable():
            try:
                temporary.write_bytes(probe)
                if temporary.read_bytes() != probe:
                    raise StorageUnavailable
            finally:
                temporary.unlink(missing_ok=True)

    def sweep(self) -> int:
        oldest_kept = time.time() - LEFTOVER_AGE.total_seconds()
        swept = 0
        with _faults_as_unavailable(), suppress(FileNotFoundError), os.scandir(self.root / _INCOMING) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # Another process sweeps as well.
                    if entry.stat(follow_symlinks=False).st_mtime < oldest_kept:
                        os.unlink(entry)
                        swept += 1
        return swept

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a photo's key: {key!r}")
        return self.root / key

    def _new_temporary(self) -> Path:
        with _faults_as_unavailable():
            incoming = self.root / _INCOMING
            incoming.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=incoming)
            os.close(descriptor)
            return Path(name)

    @staticmethod
    def _receive(stream: Readable, temporary: Path, size: int, sha256: str) -> None:
        """Copy the stream into the temporary file, durably. A fault of the stream is no fault of the storage."""
        received, digest = 0, hashlib.sha256()
        with _faults_as_unavailable():
            # Unbuffered: a full disk shows itself at the write, and not a second time while the file is closed.
            file = temporary.open("wb", buffering=0)
        with file:
            # One byte more than promised is asked for: enough to know that there are too many.
            while received <= size and (chunk := stream.read(min(CHUNK_BYTES, size + 1 - received))):
                received += len(chunk)
                digest.update(chunk)
                with _faults_as_unavailable():
                    _write_all(file.fileno(), chunk)
            if received != size:
                raise WrongSize(received=received, promised=size)
            if digest.hexdigest() != sha256.lower():
                raise WrongHash
            with _faults_as_unavailable():
                os.fsync(file.fileno())

    def _sync_folders(self, folder: Path) -> None:
        """Make the file's name durable, and the names of its folders: another process may have made those just now."""
        while True:
            _sync(folder)
            if folder == self.root:
                return
            folder = folder.parent


@contextmanager
def _faults_as_unavailable() -> Iterator[None]:
    """A full disk, a lost mount, a missing right: the caller can only try again later."""
    try:
        yield
    except OSError as fault:
        raise StorageUnavailable from fault


def _write_all(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
