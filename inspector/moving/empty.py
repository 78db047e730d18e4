"""An installation goes only where there is none, into a database at the right revision."""

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from checklists.orm import ScopedSession, unscoped
from inspector.moving.rows import first_filled
from inspector.revisions import alembic_config, found_revision


class NotEmptyError(Exception):
    """There is something already; the words name a table with rows in it."""


def prepare(engine: Engine, revision: str) -> None:
    """Bring an empty database to a revision. Raises NotEmptyError before anything was changed."""
    with ScopedSession(engine, unscoped("is this an empty installation?")) as session:
        filled = first_filled(session)
    if filled is not None:
        raise NotEmptyError(filled)
    bring_to(engine, revision)


def bring_to(engine: Engine, revision: str) -> None:
    """Run the revisions up or down to this one."""
    config, chain = alembic_config(), chain_of_revisions()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        found = found_revision(connection)
        connection.rollback()
        forward = found is None or chain.index(found) <= chain.index(revision)
        (command.upgrade if forward else command.downgrade)(config, revision)


def chain_of_revisions() -> list[str]:
    """All that this release knows, oldest first."""
    return [each.revision for each in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]
