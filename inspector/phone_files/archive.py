"""A ZIP from outside: nothing of it becomes a path, and nothing is read that is more than it may be.

Entries are found by the names that the manifest gives. Sizes are looked at before anything is unpacked, and again
while it is: `zipfile` gives no more of an entry than its directory promises.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from checklists.errors import N_, InvalidInput

MOST_ENTRIES = 5_000
MOST_UNPACKED = 128 * 1024 * 1024
"""Bytes of all entries together. Phones do not compress, so that only the manifest and reports can grow."""
MOST_DIRECTORY_BYTES = 2 * 1024 * 1024

_END = struct.Struct("<4s4H2LH")
_LOCATOR_64 = b"PK\x06\x07"
_LOCATOR_64_BYTES = 20
_ENCRYPTED = 0x1
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


class Damaged(Exception):
    """An entry is missing, larger than it may be, or does not unpack."""


class Archive:
    """The entries of a ZIP by their names."""

    def __init__(self, file: BinaryIO) -> None:
        """Raises InvalidInput by "file" for what is no ZIP, or a hostile one."""
        _look_at_the_end(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except _FAULTS as fault:
            raise refused(NOT_A_ZIP) from fault
        self._entries = {info.filename: info for info in self._zip.infolist()}
        _look_at_entries(self._zip.infolist(), set(self._entries))

    def size(self, name: str | None) -> int | None:
        """How many bytes an entry has by the directory; None where it is not there."""
        info = self._entries.get(name or "")
        return info.file_size if info else None

    def read(self, name: str, most: int) -> bytes:
        """An entry's bytes. Raises Damaged, also where they are more than `most`."""
        if (self.size(name) or 0) > most:
            raise Damaged
        with self.stream(name) as entry, faults_as_damaged():
            return entry.read(most + 1)

    @contextmanager
    def stream(self, name: str | None) -> Iterator["Entry"]:
        """An entry to be read bit by bit. Raises Damaged; reading does so too."""
        info = self._entries.get(name or "")
        if info is None:
            raise Damaged
        with faults_as_damaged():
            opened = self._zip.open(info)
        with opened as bytes_of_it:
            yield Entry(bytes_of_it)


class Entry:
    """What a storage reads from; a fault of the ZIP is never taken for one of the storage."""

    def __init__(self, bytes_of_it: IO[bytes]) -> None:
        self._bytes = bytes_of_it

    def read(self, size: int, /) -> bytes:
        with faults_as_damaged():
            return self._bytes.read(size)


@contextmanager
def faults_as_damaged() -> Iterator[None]:
    try:
        yield
    except _FAULTS as fault:
        raise Damaged from fault


def _look_at_the_end(file: BinaryIO) -> None:
    """How long the list of entries is stands at the very end; millions of them would fill the memory when it is read.

    Only the plain form is taken, without a comment and without the fields for more than 4 GB: then what is looked at
    here is what `zipfile` goes by.
    """
    length = file.seek(0, 2)
    tail_bytes = min(length, _END.size + _LOCATOR_64_BYTES)
    file.seek(length - tail_bytes)
    tail = file.read(tail_bytes)
    if tail_bytes < _END.size:
        raise refused(NOT_A_ZIP)
    signature, _disk, _first_disk, _here, entries, directory_bytes, _offset, comment = _END.unpack(tail[-_END.size :])
    if signature != b"PK\x05\x06" or comment:
        raise refused(NOT_A_ZIP)
    if tail.startswith(_LOCATOR_64) or entries > MOST_ENTRIES or directory_bytes > MOST_DIRECTORY_BYTES:
        raise refused(TOO_MUCH)


def _look_at_entries(entries: list[zipfile.ZipInfo], names: set[str]) -> None:
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise refused(TOO_MUCH)
    plain = all(
        entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not entry.flag_bits & _ENCRYPTED
        for entry in entries
    )
    if not plain or len(entries) != len(names):
        raise refused(NOT_OURS)


NOT_A_ZIP = N_("This is not a whole ZIP file. Ask the inspector to save and send it again.")
NOT_OURS = N_(
    "This ZIP was not saved by the phone app: “Save unsent work to a file” in its outbox makes the right one."
)
TOO_MUCH = N_("This ZIP holds more than a phone's file can, so it was not unpacked.")
NEWER = N_("This file was saved by a newer app than this service knows. The service has to be updated first.")


def refused(message: str) -> InvalidInput:
    """A refusal of the whole file."""
    return InvalidInput({"file": message})
