"""What all writing to a disk here needs: faults in the domain's words, files that only we may read, lasting names."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checklists.errors import StorageFull, StorageUnavailable

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def faults_as_unavailable() -> Iterator[None]:
    """A full disk, a lost mount, a missing right: the caller can only try again later."""
    try:
        yield
    except OSError as fault:
        raise (StorageFull if fault.errno in _NO_ROOM else StorageUnavailable) from fault


def open_for_us(path: str, flags: int) -> int:
    """An opener of files that nobody else may read."""
    return os.open(path, flags, 0o600)


def write_all(descriptor: int, chunk: bytes) -> None:
    """Write the whole chunk. Raises OSError, also after a part of it."""
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Make the names in the folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
