"""Photos as files in a folder."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import FileIO
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from checklists.errors import StorageUnavailable, WrongHash
from checklists.orm import new_id
from inspector.photo_storage.disk import faults_as_unavailable, open_for_us, sync_folder, write_all
from inspector.photo_storage.interface import Readable, promised_bytes
from inspector.photo_storage.keys import checked_key, is_key
from inspector.photo_storage.parts import Parts

LEFTOVER_AGE = timedelta(days=1)
_INCOMING = "incoming"


class FolderStorage:
    """Photos as files below `root`; temporary ones lie in `root`/incoming, which must be the same file system."""

    store_is_away = False

    def __init__(self, root: Path) -> None:
        self.root = root
        self.parts = Parts(root / _INCOMING)
        # Folders of many photos, down to which this process has made all names durable.
        self._lasting: set[Path] = set()

    def write(self, key: str, stream: Readable, *, size: int, sha256: str, part_of: UUID | None = None) -> None:
        checked_key(key)
        with self.received(stream, size=size, sha256=sha256, part_of=part_of) as file:
            self.take(key, file, sha256)

    @contextmanager
    def received(self, stream: Readable, *, size: int, sha256: str, part_of: UUID | None = None) -> Iterator[FileIO]:
        """A temporary file with the stream's bytes, which are those promised; gone afterwards unless it was kept.

        A fault of the stream is no fault of the storage. Raises as write() does.
        """
        with self._temporary() as file:
            try:
                for chunk in promised_bytes(stream, size, sha256):
                    with faults_as_unavailable():
                        write_all(file.fileno(), chunk)
            except (StorageUnavailable, WrongHash):
                raise
            except Exception:
                if part_of is not None and os.fstat(file.fileno()).st_size < size:
                    self.parts.take_over(file, part_of)
                raise
            yield file

    def take(self, key: str, file: FileIO, sha256: str) -> None:
        self.keep(file, key)

    def keep(self, file: FileIO, key: str) -> None:
        """Put a received file durably under its key. Raises StorageUnavailable."""
        target = self._path(key)
        with faults_as_unavailable():
            os.fsync(file.fileno())
            self._make_folder(target.parent)
            os.replace(file.name, target)
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
            sync_folder(path.parent)
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
        with self._temporary() as file, faults_as_unavailable():
            write_all(file.fileno(), probe)
            file.seek(0)
            if file.read() != probe:
                raise StorageUnavailable

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

    @contextmanager
    def _temporary(self) -> Iterator[FileIO]:
        """A new file that only we may read; gone afterwards unless it was kept.

        Unbuffered: a full disk shows itself at the write, and not a second time while the file is closed.
        """
        path = self.root / _INCOMING / new_id().hex
        with faults_as_unavailable():
            path.parent.mkdir(parents=True, exist_ok=True)
            file = FileIO(path, "x+", opener=open_for_us)
        try:
            with file:
                yield file
        finally:
            # After it was kept there is nothing here any more; after any fault it must not stay.
            with suppress(OSError):
                path.unlink()

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir()
        except FileExistsError:
            pass
        except FileNotFoundError:
            self._lasting.discard(folder.parent)
            folder.mkdir(parents=True, exist_ok=True)

    def _sync_folders(self, folder: Path) -> None:
        """Make the file's name durable, and the names of its folders: another process may have made those just now.
        Those above a photo's own stay, so that once is enough for them.
        """
        sync_folder(folder)
        shared = above = folder.parent
        sync_folder(shared)
        while shared not in self._lasting and above != self.root:
            above = above.parent
            sync_folder(above)
        self._lasting.add(shared)
