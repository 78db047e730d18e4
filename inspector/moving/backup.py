"""Everything of an installation goes into one file, as it was at one moment, while the service goes on."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, BinaryIO

from sqlalchemy import Engine

from inspector.moving.archive import ABOUT, PROOF, ArchiveWriter
from inspector.moving.pieces import Piece, bytes_of, note, pieces_of
from inspector.moving.proof import Proof, Tally
from inspector.moving.rows import lines_of, snapshot
from inspector.moving.tables import as_data, tables_of
from inspector.photo_storage import PhotoStorage
from inspector.revisions import found_revision

FORMAT = 1


class NothingThereError(Exception):
    """The database was never migrated: there is nothing to back up."""


def back_up(engine: Engine, storage: PhotoStorage, file: BinaryIO, now: datetime) -> Proof:
    """Write a backup to `file`, and answer its proof, which it also ends with. Raises NothingThereError.

    The database is read at one moment. Photos are read after it: their bytes never change, and those that the law had
    erased meanwhile are named as lost. At any revision, so that a backup can be made before an upgrade.
    """
    proof, writer = Proof(), ArchiveWriter(file, int(now.timestamp()))
    with _pieces_aside() as aside:
        with snapshot(engine) as session:
            connection = session.connection()
            revision, forms = found_revision(connection), tables_of(connection)
            if revision is None:
                raise NothingThereError
            about = {"format": FORMAT, "revision": revision, "made_at": now.isoformat(), "tables": as_data(forms)}
            writer.add_json(ABOUT, about)
            for form in forms:
                writer.add_lines(form.name, counted(lines_of(session, form), proof.tally(form.name)))
            _set_aside(pieces_of(session, forms), aside)
        for piece in _taken_up(aside):
            content = bytes_of(storage, piece)
            note(proof, piece, None if content is None else writer.add_photo(piece.key, content))
    writer.add_json(PROOF, proof.as_data())
    writer.close()
    return proof


def counted(lines: Iterable[bytes], tally: Tally) -> Iterator[bytes]:
    """The lines as they come, counted on their way."""
    for line in lines:
        tally.add(line)
        yield line


@contextmanager
def _pieces_aside() -> Iterator[IO[str]]:
    """A file that is nobody's: the list of photos may be long, and must not keep the database's moment open while their
    bytes are read.
    """
    with tempfile.TemporaryFile("w+") as file:
        yield file


def _set_aside(pieces: Iterable[Piece], aside: IO[str]) -> None:
    for piece in pieces:
        aside.write(json.dumps([piece.key, piece.sha256]) + "\n")


def _taken_up(aside: IO[str]) -> Iterator[Piece]:
    aside.seek(0)
    for line in aside:
        key, sha256 = json.loads(line)
        yield Piece(key, sha256)
