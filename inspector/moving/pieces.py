"""The bytes of photos and of guidance pictures: which there are, read with their SHA-256, written and read back.

What the worker derived from a photo is copied too: making it anew would keep a large installation's workers busy for
hours, while its pages would load originals. Only where a derived size is lost is it made anew.
"""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.checklist.tables import GuidancePicture
from checklists.errors import StorageUnavailable
from checklists.jobs import enqueue
from checklists.visits import DraftPhoto, Photo
from inspector.moving.proof import Proof
from inspector.moving.tables import TableForm
from inspector.photo_storage import PhotoSize, PhotoStorage, photo_key, picture_key
from inspector.photo_storage.keys import owner_of

AT_ONCE = 4
"""How many pieces are worked on at a time; each may be as large as a photo."""
AT_A_TIME = 1000
DERIVED = tuple(size for size in PhotoSize if size is not PhotoSize.ORIGINAL)
_Row = Mapping[Any, Any]

ORIGINALS_TALLY, DERIVED_TALLY = "photo files", "smaller photo files"


@dataclass(frozen=True, slots=True)
class Piece:
    """One key of the storage. `sha256` is None where only the storage knows it: what was derived from a photo."""

    key: str
    sha256: str | None

    @property
    def tally(self) -> str:
        return DERIVED_TALLY if self.sha256 is None else ORIGINALS_TALLY


def pieces_of(session: Session, forms: Iterable[TableForm]) -> Iterator[Piece]:
    """What the storage should hold by the rows of the database. What it holds beside that is nobody's."""
    for table, pieces in _tables(forms):
        rows = session.execute(select(table), execution_options={"yield_per": AT_A_TIME})
        for row in rows.mappings():
            yield from pieces(row)


def piece_under(session: Session, forms: Iterable[TableForm], key: str) -> Piece | None:
    """The piece that the database expects under this very key; None where it expects nothing there."""
    try:
        id_ = UUID(key.split("/")[2])
    except (IndexError, ValueError):
        return None
    for table, pieces in _tables(forms):
        row = session.execute(select(table).where(table.c.id == id_)).mappings().first()
        found = next((piece for piece in pieces(row) if piece.key == key), None) if row is not None else None
        if found is not None:
            return found
    return None


def _tables(forms: Iterable[TableForm]) -> Iterator[tuple[sa.Table, Callable[[_Row], Iterator[Piece]]]]:
    """The tables whose rows have bytes in the storage; an older database may lack one."""
    have_pieces = {"photos": _of_photo, "draft_photos": _of_draft_photo, "guidance_pictures": _of_picture}
    return ((form.table, have_pieces[form.name]) for form in forms if form.name in have_pieces)


def _of_photo(row: _Row) -> Iterator[Piece]:
    if row["stored_at"] is None or row.get("erased_at") is not None:
        return
    photo = Photo(id=row["id"], organization_id=row["organization_id"], media_type=row["media_type"])
    yield Piece(photo_key(photo), row["sha256"])
    if row["derived_at"] is not None and row["readable"] and not photo.is_recording:
        yield from (Piece(photo_key(photo, size), None) for size in DERIVED)


def _of_draft_photo(row: _Row) -> Iterator[Piece]:
    yield Piece(photo_key(DraftPhoto(id=row["id"], organization_id=row["organization_id"])), row["sha256"])


def _of_picture(row: _Row) -> Iterator[Piece]:
    picture = GuidancePicture(id=row["id"], organization_id=row["organization_id"])
    yield Piece(picture_key(picture), row["sha256"])


def bytes_of(storage: PhotoStorage, piece: Piece) -> bytes | None:
    """The piece's bytes; None where they are missing, or are not those that the database promises."""
    try:
        with storage.open(piece.key) as stream:
            content = stream.read()
    except FileNotFoundError:
        return None
    return content if piece.sha256 in (None, hashlib.sha256(content).hexdigest()) else None


def put(storage: PhotoStorage, key: str, content: bytes) -> None:
    """Write bytes under the key unless they lie there already. Raises StorageUnavailable, also where they would have to
    wait on this machine's disk.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    if digest_in(storage, key) == sha256:
        return
    if storage.write(key, io.BytesIO(content), size=len(content), sha256=sha256) is not None:
        raise StorageUnavailable


def digest_in(storage: PhotoStorage, key: str) -> str | None:
    """The SHA-256 of the bytes as they are read back; None where there are none."""
    digest = hashlib.sha256()
    try:
        with storage.open(key) as stream:
            while chunk := stream.read(1 << 18):
                digest.update(chunk)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


def copy_pieces(source: PhotoStorage, target: PhotoStorage, pieces: Iterable[Piece], proof: Proof) -> None:
    """Copy what the target does not hold yet. `proof` counts what the source has, and names what it lost.

    What was derived and is lost is no loss: it is left out, and can be made anew.
    """

    def copy(piece: Piece) -> tuple[Piece, str | None]:
        if piece.sha256 is not None and digest_in(target, piece.key) == piece.sha256:
            return piece, piece.sha256
        content = bytes_of(source, piece)
        if content is None:
            return piece, None
        put(target, piece.key, content)
        return piece, hashlib.sha256(content).hexdigest()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for batch in _batches(pieces):
            for piece, sha256 in pool.map(copy, batch):
                note(proof, piece, sha256)


def read_back(storage: PhotoStorage, pieces: Iterable[Piece], proof: Proof) -> set[tuple[UUID, UUID]]:
    """Count in `proof` what can be read in the storage, with the SHA-256 of what was read.

    Answers of which photos a derived size is missing: (organization, photo).
    """
    incomplete = set()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for batch in _batches(pieces):
            digests = pool.map(lambda piece: digest_in(storage, piece.key), batch)
            for piece, sha256 in zip(batch, digests, strict=True):
                if sha256 is not None:
                    proof.tally(piece.tally).add(f"{piece.key} {sha256}".encode())
                elif piece.sha256 is None:
                    incomplete.add(owner_of(piece.key))
    return incomplete


def derive_anew(session: Session, incomplete: Iterable[tuple[UUID, UUID]], now: datetime) -> None:
    """Ask the worker for the sizes that were lost."""
    for organization_id, photo_id in incomplete:
        enqueue(session, organization_id, "derive_photo", now, photo_id=str(photo_id))


def note(proof: Proof, piece: Piece, sha256: str | None) -> None:
    """Count a piece with the SHA-256 of its bytes, or name it as lost."""
    tally = proof.tally(piece.tally)
    if sha256 is not None:
        tally.add(f"{piece.key} {sha256}".encode())
    elif piece.sha256 is not None:
        proof.lost.append(piece.key)


def _batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    waiting = iter(pieces)
    while batch := list(islice(waiting, 16 * AT_ONCE)):
        yield batch
