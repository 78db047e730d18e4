"""The rows of all tables, out of a database and into one, some at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from checklists.orm import ScopedSession, unscoped
from inspector.moving.lines import line_of
from inspector.moving.tables import TableForm, ValueKind, tables_of

AT_A_TIME = 1000
HEAVY_AT_A_TIME = 20
"""Of the tables whose rows may be megabytes long."""


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """A session that sees one moment of the whole installation, whatever others write meanwhile."""
    options: dict[str, Any] = {"writes": False}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with ScopedSession(engine.execution_options(**options), unscoped("the whole installation is copied")) as session:
        yield session


def lines_of(session: Session, form: TableForm) -> Iterator[bytes]:
    """All rows of a table as lines, in no order that could be relied on."""
    table = form.table
    # As text, JSON's null differs from an empty cell on both kinds of database.
    cells = [
        sa.cast(column, sa.Text) if form.kinds[column.name] is ValueKind.JSON else column for column in table.columns
    ]
    rows = session.execute(select(*cells), execution_options={"yield_per": _at_a_time(form)})
    for row in rows:
        yield line_of(form, row)


def write_rows(session: Session, form: TableForm, rows: Iterable[dict[str, Any]]) -> None:
    """Add the rows to the table; what the database refuses is raised as SQLAlchemy raises it."""
    statement, waiting = sa.insert(form.table), iter(rows)
    while batch := list(islice(waiting, _at_a_time(form))):
        session.execute(statement, batch)


def first_filled(session: Session) -> str | None:
    """The name of a table with a row in it; None for an empty installation."""
    for form in tables_of(session.connection()):
        if session.execute(select(sa.literal(1)).select_from(form.table).limit(1)).first():
            return form.name
    return None


def _at_a_time(form: TableForm) -> int:
    return HEAVY_AT_A_TIME if form.heavy else AT_A_TIME
