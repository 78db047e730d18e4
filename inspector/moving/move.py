"""An installation moves to another database and another photo storage, with nobody writing meanwhile."""

from datetime import UTC, datetime

from sqlalchemy import Engine

from checklists.orm import ScopedSession, unscoped
from inspector.moving.backup import counted
from inspector.moving.empty import prepare
from inspector.moving.lines import row_of
from inspector.moving.pieces import copy_pieces, derive_anew, pieces_of
from inspector.moving.proof import Comparison, Proof
from inspector.moving.restore import read_everything_back
from inspector.moving.rows import lines_of, write_rows
from inspector.moving.stillness import hold_writers
from inspector.moving.tables import tables_of
from inspector.photo_storage import PhotoStorage
from inspector.revisions import found_revision, needed_revision


class OtherRevisionError(Exception):
    """The source is not at this release's revision."""


class LostPhotosError(Exception):
    """Photos are missing or changed already at the source; `keys` names them."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__(len(keys))
        self.keys = keys


class NotTheSameError(Exception):
    """What was read back is not what was there; nothing was committed."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(", ".join(comparison.differing))
        self.comparison = comparison


def move(
    source: Engine, photos: PhotoStorage, target: Engine, new_photos: PhotoStorage, *, lost_is_accepted: bool
) -> Comparison:
    """Copy everything, read it back, and answer the proof. Both engines are those of `alone`.

    Photos go first, and those that lie there already are not copied again; then the rows, in one transaction. So
    whatever breaks it, the target's database is empty, and the move can be repeated. The source is not changed.

    Raises NotEmptyError, OtherRevisionError, LostPhotosError unless that is accepted, and NotTheSameError.
    """
    before, after = Proof(), Proof()
    prepare(target, needed_revision())
    with ScopedSession(source, unscoped("an installation moves")) as origin:
        if found_revision(origin.connection()) != needed_revision():
            raise OtherRevisionError
        forms = tables_of(origin.connection())
        hold_writers(origin.connection(), forms)
        copy_pieces(photos, new_photos, pieces_of(origin, forms), before)
        if before.lost and not lost_is_accepted:
            raise LostPhotosError(before.lost)
        with ScopedSession(target, unscoped("an installation moves")) as session, session.begin():
            for form in forms:
                lines = counted(lines_of(origin, form), before.tally(form.name))
                write_rows(session, form, (row_of(form, line) for line in lines))
            incomplete = read_everything_back(session, new_photos, forms, after)
            comparison = Comparison(before, after)
            if comparison.differing:
                raise NotTheSameError(comparison)
    with ScopedSession(target, unscoped("an installation moves")) as session, session.begin():
        derive_anew(session, incomplete, datetime.now(UTC))
    return comparison
