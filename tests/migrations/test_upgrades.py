"""Every revision is run over tables with rows in them: what stood there stays, and the release before can still write.

A row is made for each table of the older revision, from what its columns ask for, and again after the upgrade as that
release would write it: naming only the columns that it knows.
"""

import datetime
import itertools
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, Table

from checklists.orm import connect
from tests.databases import KINDS, Databases, alembic_config

CHAIN = [each.revision for each in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]
MOMENT = datetime.datetime(2026, 11, 22, 10, 15, tzinfo=datetime.UTC)


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Engine]:
    url = databases.empty(request.param)
    made = connect(url)
    yield made
    made.dispose()
    databases.drop(url)


@pytest.mark.parametrize(("before", "after"), list(itertools.pairwise(CHAIN)))
def test_rows_outlast_the_upgrade_and_the_release_before_can_write(engine: Engine, before: str, after: str) -> None:
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), before)
    with engine.begin() as connection:
        see_everything(connection)
        tables = tables_of(connection)
        make_rows(connection, tables)
        rows = rows_of(connection, tables)
    assert all(rows.values())
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), after)  # As in production: nothing opens the wall for it.
    with engine.begin() as connection:
        see_everything(connection)
        found = rows_of(connection, tables)
        assert all(found[name] >= each for name, each in rows.items())
        # Nothing is added but notes of outlets at which the worker is to look again.
        assert {name for name, each in rows.items() if found[name] != each} <= {"changed_outlets"}
        make_rows(connection, tables)
        more = rows_of(connection, tables)
        # Triggers may have added to what was made here.
        assert all(len(more[name]) > len(each) for name, each in rows.items())


def test_older_visits_and_checks_have_the_score_of_what_was_sent(engine: Engine) -> None:
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
        see_everything(connection)
        make_rows(connection, tables_of(connection))
        for table in ("visits", "checks"):
            connection.execute(sa.text(f"UPDATE {table} SET score = 0.75"))
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0002")
    with engine.begin() as connection:
        see_everything(connection)
        for table in ("visits", "checks"):
            assert connection.scalar(sa.text(f"SELECT sealed_score FROM {table}")) == 0.75


def see_everything(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT set_config('audit.unscoped', 'on', true)"))


def tables_of(connection: Connection) -> list[Table]:
    """The tables as they are now, parents before their parts."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def rows_of(connection: Connection, tables: list[Table]) -> dict[str, set[tuple[str, ...]]]:
    """What stands in the columns that these tables know, by table."""
    return {
        table.name: {tuple(map(str, row)) for row in connection.execute(sa.select(*table.columns))} for table in tables
    }


def make_rows(connection: Connection, tables: list[Table]) -> None:
    """One more row in each table, all of them belonging together."""
    made: dict[str, dict[str, Any]] = {}
    for table in tables:
        row = {column.name: value_for(column, made) for column in table.columns}
        connection.execute(sa.insert(table), row)
        made[table.name] = row


def value_for(column: sa.Column[Any], made: dict[str, dict[str, Any]]) -> Any:
    for reference in column.foreign_keys:
        target = reference.column
        if target.table.name in made:
            return made[target.table.name][target.name]
    if column.nullable:
        return None
    kind = column.type
    if isinstance(kind, sa.Uuid) or (isinstance(kind, sa.CHAR) and kind.length == 32):
        return uuid4() if isinstance(kind, sa.Uuid) else uuid4().hex
    if isinstance(kind, sa.JSON):
        return []
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.DateTime):
        return MOMENT
    if isinstance(kind, sa.Date):
        return MOMENT.date()
    if isinstance(kind, sa.Integer):
        return len(made)
    if isinstance(kind, sa.Float):
        return 0.5
    return b"sealed" if isinstance(kind, sa.LargeBinary) else f"{column.name}-{UUID(int=uuid4().int).hex[:8]}"
