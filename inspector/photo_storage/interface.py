"""What every storage of photos does."""

import hashlib
from collections.abc import Iterator
from io import FileIO
from typing import TYPE_CHECKING, BinaryIO, Protocol
from uuid import UUID

from checklists.errors import WrongHash, WrongSize

if TYPE_CHECKING:
    from inspector.photo_storage.parts import Parts

CHUNK_BYTES = 1 << 18


class Readable(Protocol):
    """What write() takes: a request's body, a file, bytes in memory."""

    def read(self, size: int, /) -> bytes: ...


class PhotoStorage(Protocol):
    """Each call may be repeated, by several processes at once too, and in any thread."""

    @property
    def store_is_away(self) -> bool:
        """Whether an object store does not answer, so that what comes in waits on this machine's disk."""

    @property
    def parts(self) -> "Parts":
        """Photos of which not all bytes are here."""

    def write(self, key: str, stream: Readable, *, size: int, sha256: str, part_of: UUID | None = None) -> str | None:
        """Keep the stream's bytes durably under `key`, if they are `size` bytes with this SHA-256 (hexadecimal).

        Answers the name of the machine on whose disk they wait for an object store that is away, None where they are
        in their place. Until it returns, nothing or the former bytes can be seen under the key, never a part. Reading
        stops at the first byte too many. What came of a stream that breaks off is left with the parts where `part_of`
        names a photo. Raises WrongSize, WrongHash, StorageUnavailable, and what the stream raises.
        """

    def take(self, key: str, file: FileIO, sha256: str) -> str | None:
        """Keep a file from the parts, whose bytes are known to have this SHA-256, as write() does."""

    def open(self, key: str) -> BinaryIO:
        """A seekable stream of the bytes. Raises FileNotFoundError, StorageUnavailable."""

    def exists(self, key: str) -> bool:
        """Whether whole bytes lie under the key. Raises StorageUnavailable."""

    def delete(self, key: str) -> None:
        """Remove the bytes; fine if there are none. Raises StorageUnavailable."""

    def keys(self) -> Iterator[tuple[str, int]]:
        """All keys with the sizes of their bytes, in no order. Raises StorageUnavailable."""

    def check(self) -> None:
        """Write and read a few bytes everywhere. Raises StorageUnavailable if that does not work."""

    def check_intake(self) -> None:
        """See whether new photos can be taken in; never waits for an object store. Raises StorageUnavailable."""

    def sweep(self) -> int:
        """Remove what interrupted writes left behind more than a day ago; answers how many pieces."""


def promised_bytes(stream: Readable, size: int, sha256: str) -> Iterator[bytes]:
    """The stream's bytes, piece by piece. Raises WrongSize or WrongHash at the end where they are not those promised,
    and reads no further than the first byte too many.
    """
    received, digest = 0, hashlib.sha256()
    # One byte more than promised is asked for: enough to know that there are too many.
    while received <= size and (chunk := stream.read(min(CHUNK_BYTES, size + 1 - received))):
        received += len(chunk)
        digest.update(chunk)
        yield chunk
    if received != size:
        raise WrongSize(received=received, promised=size)
    if digest.hexdigest() != sha256.lower():
        raise WrongHash
