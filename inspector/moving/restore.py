"""A backup goes into an empty installation: all of it or nothing, checked against its own proof and read back.

The rows come in one transaction, which is committed only when everything was read back as the proof says. Photos whose
restore was interrupted stay where they are, and a repeated one finds them.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain, groupby
from typing import Any, BinaryIO

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from checklists.orm import ScopedSession, unscoped
from inspector.moving.archive import (
    ABOUT,
    PHOTOS,
    PROOF,
    ROWS,
    BadArchiveError,
    Member,
    data_in,
    lines_in,
    read_members,
)
from inspector.moving.backup import FORMAT, counted
from inspector.moving.empty import bring_to, chain_of_revisions, prepare
from inspector.moving.lines import row_of
from inspector.moving.pieces import derive_anew, note, piece_under, pieces_of, put, read_back
from inspector.moving.proof import Comparison, Proof
from inspector.moving.rows import lines_of, write_rows
from inspector.moving.tables import TableForm, as_data, tables_of
from inspector.photo_storage import PhotoStorage


def restore(engine: Engine, storage: PhotoStorage, file: BinaryIO) -> Comparison:
    """Put a backup into the empty installation, bring it to this release, and answer the proof of it.

    `engine` is one of `alone`. Raises BadArchiveError and NotEmptyError, and leaves the database empty then.
    """
    members = read_members(file)
    revision, tables = _read_about(next(members, None))
    prepare(engine, revision)
    with ScopedSession(engine, unscoped("a backup is restored")) as session, session.begin():
        forms = tables_of(session.connection())
        if as_data(forms) != tables:
            raise BadArchiveError("its tables are not those of the release that it names")
        claimed = _take_in(session, storage, forms, members)
        found = Proof()
        incomplete = read_everything_back(session, storage, forms, found)
        comparison = Comparison(claimed, found)
        if comparison.differing:
            raise BadArchiveError("what was restored differs from its proof: " + ", ".join(comparison.differing))
    bring_to(engine, chain_of_revisions()[-1])
    with ScopedSession(engine, unscoped("a backup is restored")) as session, session.begin():
        derive_anew(session, incomplete, datetime.now(UTC))
    return comparison


def read_everything_back(
    session: Session, storage: PhotoStorage, forms: list[TableForm], proof: Proof
) -> set[tuple[Any, Any]]:
    """Count what database and storage hold now; answers the photos of which a derived size is missing."""
    for form in forms:
        for _ in counted(lines_of(session, form), proof.tally(form.name)):
            pass
    return read_back(storage, pieces_of(session, forms), proof)


def _read_about(member: Member | None) -> tuple[str, Mapping[str, Any]]:
    """The revision and the tables of the archive."""
    if member is None or member.place != ABOUT:
        raise BadArchiveError("this is no backup of an installation")
    about = data_in(member)
    if about.get("format") != FORMAT or about.get("revision") not in chain_of_revisions():
        raise BadArchiveError("it was made by a newer release; restore it with that one")
    return about["revision"], about.get("tables", {})


def _take_in(session: Session, storage: PhotoStorage, forms: list[TableForm], members: Iterator[Member]) -> Proof:
    """Write rows and photos, and answer the archive's proof. Raises BadArchiveError where it does not hold."""
    by_name, read, claimed = {form.name: form for form in forms}, Proof(), None
    for place, group in groupby(members, key=lambda member: (member.place, member.name.split("/")[0])):
        match place:
            case (str(part), str(table)) if part == ROWS and table in by_name:
                _take_rows(session, by_name[table], group, read)
            case (str(part), _) if part == PHOTOS:
                for member in group:
                    _take_photo(session, storage, forms, member, read)
            case (str(part), "") if part == PROOF and claimed is None:
                claimed = _read_proof(next(group))
            case _:
                raise BadArchiveError(f"nobody expects {'/'.join(place)!r} in a backup")
    if claimed is None:
        raise BadArchiveError("its end is missing")
    differing = Comparison(claimed, read).differing
    if differing:
        raise BadArchiveError("it was changed, or is not whole: " + ", ".join(differing))
    return claimed


def _take_rows(session: Session, form: TableForm, members: Iterator[Member], proof: Proof) -> None:
    lines = counted(chain.from_iterable(map(lines_in, members)), proof.tally(form.name))
    try:
        write_rows(session, form, (row_of(form, line) for line in lines))
    except (DBAPIError, ValueError, OverflowError, RecursionError) as fault:
        raise BadArchiveError(f"a row of {form.name} cannot be taken in ({type(fault).__name__})") from fault


def _take_photo(session: Session, storage: PhotoStorage, forms: list[TableForm], member: Member, proof: Proof) -> None:
    """Write a piece under the key that the database expects, and no other."""
    piece = piece_under(session, forms, member.name)
    if piece is None:
        raise BadArchiveError(f"no row of the database expects {member.name!r}")
    sha256 = hashlib.sha256(member.content).hexdigest()
    if sha256 != (piece.sha256 or member.sha256):
        raise BadArchiveError(f"the bytes of {member.name!r} were changed")
    put(storage, piece.key, member.content)
    note(proof, piece, sha256)


def _read_proof(member: Member) -> Proof:
    try:
        return Proof.from_data(data_in(member))
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise BadArchiveError("its proof has another form") from fault
