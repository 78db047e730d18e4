"""The file of a backup: a tar that is written and read from the first byte to the last, in little memory.

    about.json                   which release made it, when, which tables it has
    rows/<table>/<number>.gz     some rows of a table, a line each, packed by zlib
    photos/<key>                 the bytes of one piece of the photo storage; its SHA-256 stands in the header
    proof.json                   the number and the digest of everything, as it was read

What is read may come from anybody: names are compared with what is expected, and nothing is ever opened by one.
"""

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

ABOUT, PROOF = "about.json", "proof.json"
ROWS, PHOTOS = "rows", "photos"
CHUNK_BYTES = 4 << 20
"""How many bytes of lines go into one member; a single line may be longer."""
LARGEST_MEMBER_BYTES = 256 << 20
"""More than any photo and any chunk of lines: what claims to be larger is not read."""
_SHA256 = "SERVICE_AUDIT.sha256"


class BadArchiveError(Exception):
    """What was read is no whole and honest backup; the words say why."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive. `place` is the first part of its name and `name` the rest."""

    place: str
    name: str
    content: bytes
    sha256: str | None


class ArchiveWriter:
    def __init__(self, file: BinaryIO, moment: int) -> None:
        """Write to `file`; `moment` in seconds since 1970 stands beside each member."""
        self._tar = tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by close.
        self._moment = moment

    def add_json(self, name: str, data: Any) -> None:
        self._add(name, json.dumps(data, ensure_ascii=False, indent=1).encode())

    def add_lines(self, table: str, lines: Iterator[bytes]) -> None:
        """All lines of a table, in members of some megabytes."""
        number, waiting = 0, bytearray()
        for line in lines:
            waiting += line + b"\n"
            if len(waiting) >= CHUNK_BYTES:
                number += 1
                self._add(f"{ROWS}/{table}/{number:06}.gz", zlib.compress(waiting))
                waiting.clear()
        if waiting:
            self._add(f"{ROWS}/{table}/{number + 1:06}.gz", zlib.compress(waiting))

    def add_photo(self, key: str, content: bytes) -> str:
        """The bytes under a storage's key; answers their SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        self._add(f"{PHOTOS}/{key}", content, {_SHA256: sha256})
        return sha256

    def close(self) -> None:
        self._tar.close()

    def _add(self, name: str, content: bytes, headers: dict[str, str] | None = None) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = len(content), self._moment, 0o600
        member.pax_headers = headers or {}
        self._tar.addfile(member, io.BytesIO(content))
        _forget(self._tar)


def read_members(file: BinaryIO) -> Iterator[Member]:
    """The archive's members in their order. Raises BadArchiveError."""
    try:
        with tarfile.open(fileobj=file, mode="r|") as tar:
            while (found := tar.next()) is not None:
                _forget(tar)
                yield _read(tar, found)
    except (tarfile.TarError, EOFError, UnicodeError, ValueError, OverflowError) as fault:
        raise BadArchiveError(f"the archive cannot be read: {fault}") from fault


def _read(tar: tarfile.TarFile, found: tarfile.TarInfo) -> Member:
    stream = tar.extractfile(found) if found.isreg() else None
    if stream is None:
        raise BadArchiveError(f"{found.name!r} is no file")
    if found.size > LARGEST_MEMBER_BYTES:
        raise BadArchiveError(f"{found.name!r} is larger than anything in a backup")
    content = stream.read()
    if len(content) != found.size:
        raise BadArchiveError("the archive ends too early")
    place, _, name = found.name.partition("/")
    return Member(place, name, content, found.pax_headers.get(_SHA256))


def _forget(tar: tarfile.TarFile) -> None:
    """Python's tar keeps every member's header in memory, and an archive may have a million."""
    tar.members = []  # type: ignore[attr-defined]  # The attribute is not among its declared ones.


def lines_in(member: Member) -> Iterator[bytes]:
    """The lines of a member of rows. Raises BadArchiveError."""
    unpacking = zlib.decompressobj()
    try:
        lines = unpacking.decompress(member.content, LARGEST_MEMBER_BYTES)
    except zlib.error as fault:
        raise BadArchiveError(f"rows of {member.name!r} cannot be unpacked: {fault}") from fault
    if not unpacking.eof:
        raise BadArchiveError(f"rows of {member.name!r} end too early, or are larger than in any backup")
    yield from lines.splitlines()


def data_in(member: Member) -> dict[str, Any]:
    """What a member of JSON says. Raises BadArchiveError."""
    try:
        data = json.loads(member.content)
    except ValueError as fault:
        raise BadArchiveError(f"{member.place} is no JSON") from fault
    if not isinstance(data, dict):
        raise BadArchiveError(f"{member.place} has another form")
    return data
