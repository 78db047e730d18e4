"""Photos as files in a folder."""

import errno
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from checklists.errors import StorageFull, StorageUnavailable
from inspector.photo_storage.interface import Readable, promised_bytes
from inspector.photo_storage.keys import checked_key, is_key

LEFTOVER_AGE = timedelta(days=1)
_INCOMING = "incoming"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class FolderStorage:
    """Photos as files below `root`; temporary ones lie in `root`/incoming, which must be the same file system."""

    store_is_away = False

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, key: str, stream: Readable, *, size: int, sha256: str) -> None:
        checked_key(key)
        with self.received(stream, size=size, sha256=sha256) as file:
            self.keep(file, key)

    @contextmanager
    def received(self, stream: Readable, *, size: int, sha256: str) -> Iterator[FileIO]:
        """A temporary file with the stream's bytes, which are those promised; gone afterwards unless it was kept.

        A fault of the stream is no fault of the storage. Raises as write() does.
        """
        temporary = self._new_temporary()
        try:
            with faults_as_unavailable():
                # Unbuffered: a full disk shows itself at the write, and not a second time while the file is closed.
                file = FileIO(temporary, "w+")
            with file:
                for chunk in promised_bytes(stream, size, sha256):
                    with faults_as_unavailable():
                        _write_all(file.fileno(), chunk)
                yield file
        finally:
            # After it was kept there is nothing here any more; after any fault it must not stay.
            with suppress(OSError):
                temporary.unlink()

    def keep(self, file: FileIO, key: str) -> None:
        """Put a received file durably under its key. Raises StorageUnavailable."""
        target = self._path(key)
        with faults_as_unavailable():
            os.fsync(file.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(os.fsdecode(file.name)).replace(target)
            self._sync_folders(target.parent)

    def open(self, key: str) -> BinaryIO:
        path = self._path(key)
        try:
            return path.open("rb")
        except FileNotFoundError:
            raise
        except OSError as fault:
            raise StorageUnavailable from fault

    def exists(self, key: str) -> bool:
        with faults_as_unavailable():
            try:
                self._path(key).stat()
            except FileNotFoundError:
                return False
            return True

    def delete(self, key: str) -> None:
        path = self._path(key)
        with faults_as_unavailable(), suppress(FileNotFoundError):
            path.unlink()
            _sync(path.parent)
            with suppress(OSError):  # The photo's folder goes with the last of its sizes.
                path.parent.rmdir()

    def keys(self) -> Iterator[tuple[str, int]]:
        with faults_as_unavailable():
            for folder, _folders, files in os.walk(self.root):
                for name in files:
                    path = Path(folder, name)
                    key = path.relative_to(self.root).as_posix()
                    if is_key(key):
                        with suppress(FileNotFoundError):  # Deleted since it was listed.
                            yield key, path.stat().st_size

    def check(self) -> None:
        probe = os.urandom(32)
        temporary = self._new_temporary()
        with faults_as_unavailable():
            try:
                temporary.write_bytes(probe)
                if temporary.read_bytes() != probe:
                    raise StorageUnavailable
            finally:
                temporary.unlink(missing_ok=True)

    check_intake = check

    def sweep(self) -> int:
        oldest_kept = time.time() - LEFTOVER_AGE.total_seconds()
        swept = 0
        with faults_as_unavailable(), suppress(FileNotFoundError), os.scandir(self.root / _INCOMING) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # Another process sweeps as well.
                    if entry.stat(follow_symlinks=False).st_mtime < oldest_kept:
                        os.unlink(entry)
                        swept += 1
        return swept

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)

    def _new_temporary(self) -> Path:
        with faults_as_unavailable():
            incoming = self.root / _INCOMING
            incoming.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=incoming)
            os.close(descriptor)
            return Path(name)

    def _sync_folders(self, folder: Path) -> None:
        """Make the file's name durable, and the names of its folders: another process may have made those just now."""
        while True:
            _sync(folder)
            if folder == self.root:
                return
            folder = folder.parent


@contextmanager
def faults_as_unavailable() -> Iterator[None]:
    """A full disk, a lost mount, a missing right: the caller can only try again later."""
    try:
        yield
    except OSError as fault:
        raise (StorageFull if fault.errno in _NO_ROOM else StorageUnavailable) from fault


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
