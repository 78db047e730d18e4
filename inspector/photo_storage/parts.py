"""Photos of which a part has arrived, as files on this machine's disk: what broke off goes on behind its last byte.

Nobody holds a lock while waiting for a line: a request that hangs on a dead one keeps nobody else from going on.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from uuid import UUID

from checklists.errors import OtherOffset, PhotoInFlight, WrongHash, WrongSize
from inspector.photo_storage.disk import faults_as_unavailable, open_for_us, sync_folder, write_all
from inspector.photo_storage.interface import Readable, promised_bytes

CHUNK_BYTES = 1 << 12
"""So little is read at a time that a line which breaks takes hardly anything with it."""
TURN_SECONDS = 0.5
"""How long one waits for another who writes: longer than a chunk takes, shorter than an object store."""


class Parts:
    """The parts in one folder. Each call may be made by several processes at once, and in any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def offset(self, photo_id: UUID) -> int:
        """How many bytes are here, and stay even if the power fails now. Raises StorageUnavailable."""
        with faults_as_unavailable(), suppress(FileNotFoundError), FileIO(self._path(photo_id)) as file:
            os.fsync(file.fileno())
            return _size_of(file)
        return 0

    def append(self, photo_id: UUID, offset: int, stream: Readable, size: int) -> int:
        """Add the stream's bytes, which begin behind the photo's first `offset` ones; answers to which of its `size`
        bytes they reach. Others may have brought more: it is for whoever reaches the end to keep the photo, and not
        for two at once.

        A browser repeats by itself what broke off: bytes that are here already are not written again. What came stays,
        whatever happens to the stream. Raises OtherOffset, PhotoInFlight, StorageUnavailable, and what
        the stream raises.
        """
        with self._opened(photo_id, offset) as file:
            self._add(file, photo_id, offset, b"")  # Who is wrong about the place hears it before all has been sent.
            while offset < size and (chunk := stream.read(min(CHUNK_BYTES, size - offset))):
                self._add(file, photo_id, offset, chunk)
                offset += len(chunk)
            with faults_as_unavailable():
                os.fsync(file.fileno())
                sync_folder(self._folder)
        return offset

    @contextmanager
    def whole(self, photo_id: UUID, *, size: int, sha256: str) -> Iterator[FileIO]:
        """The file, when all its bytes are here, to be kept by the block, which has it alone. Afterwards it is gone;
        where the block fails it stays as it is.

        Raises PhotoInFlight, StorageUnavailable, and WrongSize or WrongHash where the bytes are not those promised:
        then they are thrown away.
        """
        with self._opened(photo_id, size) as file, self._alone(file, photo_id):
            try:
                for _chunk in promised_bytes(file, size, sha256):
                    pass
            except (WrongSize, WrongHash):
                self.drop(photo_id)
                raise
            yield file
            self.drop(photo_id)

    def drop(self, photo_id: UUID) -> None:
        """Throw away what is here; fine if there is nothing. Raises StorageUnavailable."""
        with faults_as_unavailable():
            self._path(photo_id).unlink(missing_ok=True)

    def take_over(self, file: FileIO, photo_id: UUID) -> None:
        """Let a file that broke off be the part, where it has more bytes than are here. Raises StorageUnavailable."""
        if _size_of(file) > self.offset(photo_id):
            with faults_as_unavailable():
                os.replace(file.name, self._path(photo_id))
                sync_folder(self._folder)

    @contextmanager
    def _opened(self, photo_id: UUID, offset: int) -> Iterator[FileIO]:
        """The part, for reading and for writing at its end; a new one where none is needed yet."""
        path = self._path(photo_id)
        with faults_as_unavailable():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                file = FileIO(path, "r+" if offset else "a+", opener=open_for_us)
            except FileNotFoundError:
                raise OtherOffset(offset=0) from None
        with file:
            yield file

    def _add(self, file: FileIO, photo_id: UUID, offset: int, chunk: bytes) -> None:
        with self._alone(file, photo_id), faults_as_unavailable():
            here = _size_of(file)
            if here < offset:
                raise OtherOffset(offset=here)
            file.seek(here)
            write_all(file.fileno(), chunk[here - offset :])

    @contextmanager
    def _alone(self, file: FileIO, photo_id: UUID) -> Iterator[None]:
        """Raises PhotoInFlight where another has the part, or has kept it or thrown it away since it was opened."""
        give_up = time.monotonic() + TURN_SECONDS
        with faults_as_unavailable():
            while not _locked(file):
                if time.monotonic() > give_up:
                    raise PhotoInFlight
                time.sleep(TURN_SECONDS / 50)
        try:
            if not self._is(file, photo_id):
                raise PhotoInFlight
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def _is(self, file: FileIO, photo_id: UUID) -> bool:
        with faults_as_unavailable(), suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(file.fileno()), self._path(photo_id).stat())
        return False

    def _path(self, photo_id: UUID) -> Path:
        return self._folder / f"{photo_id}.part"


def _locked(file: FileIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _size_of(file: FileIO) -> int:
    return os.fstat(file.fileno()).st_size
