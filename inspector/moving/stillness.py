"""Nobody else works with a database while its installation is moved: what came in meanwhile would be left behind."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.exc import OperationalError

from checklists.orm import connect
from inspector.moving.tables import TableForm

_SESSIONS = sa.table("pg_stat_activity", sa.column("datname"), sa.column("usename"), sa.column("pid"))
_OTHERS = (
    select(func.count())
    .select_from(_SESSIONS)
    .where(
        _SESSIONS.c.datname == func.current_database(),
        _SESSIONS.c.usename == func.current_user(),
        _SESSIONS.c.pid != func.pg_backend_pid(),
    )
)


class InUseError(Exception):
    """Somebody else has the database open."""


def alone(url: str) -> Engine:
    """An engine of one connection for a database that nobody else has open. Raises InUseError.

    SQLite keeps everybody else out from now on until the engine is disposed of; on PostgreSQL see `hold_writers`.
    """
    engine = connect(url, pool_size=1, max_overflow=0)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _shut_the_door, insert=True)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql" and connection.scalar(_OTHERS):
                raise InUseError
    except OperationalError as fault:
        engine.dispose()
        if "locked" in str(fault.orig):
            raise InUseError from None
        raise
    except InUseError:
        engine.dispose()
        raise
    return engine


def _shut_the_door(connection: Any, _record: object) -> None:
    """Before the connection touches the file for the first time: a database in WAL mode is then locked as a whole."""
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")


def hold_writers(connection: Connection, forms: Iterable[TableForm]) -> None:
    """Let nobody write to these tables until the transaction ends, a service that is started meanwhile included."""
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        names = ", ".join(quote(form.name) for form in forms)
        connection.execute(sa.text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
