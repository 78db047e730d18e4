"""Which tables the database has, and which this release needs: one chain of revisions, in migrations/."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from checklists.orm import connect

ROOT = Path(__file__).resolve().parent.parent


def migrate(database_url: str) -> None:
    """Bring the database to this release's revision. Only one process may do it at a time."""
    engine = connect(database_url)
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def alembic_config() -> Config:
    return Config(toml_file=ROOT / "pyproject.toml")


def found_revision(connection: Connection) -> str | None:
    """The database's revision; None where nothing was migrated yet."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def needed_revision() -> str:
    """The revision that this release was made for."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def revision_fits(found: str | None) -> bool:
    """Whether this release can work: at its own revision, and at one that it does not know, which a newer release made
    and which suits the release before it too.
    """
    return found is not None and (found == needed_revision() or found not in _known_revisions())


@cache
def _known_revisions() -> frozenset[str]:
    return frozenset(script.revision for script in _scripts().walk_revisions())


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())
