"""Statements compiled once for all engines of a process: tests make thousands of engines, and to compile the same
statements for each of them was a quarter of their time.
"""

from typing import Any

from sqlalchemy import Dialect, Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

MOST_STATEMENTS = 5_000
_compiled: LRUCache[Any, Any] = LRUCache(MOST_STATEMENTS)


def share_compiled_statements() -> None:
    """Have every engine that this process makes from now on look first what others of its kind have compiled."""
    registry.register("sqlite", __name__, "SQLite")
    registry.register("postgresql.psycopg", __name__, "PostgreSQL")


class _Sharing(Dialect):
    """Equal to its like, so that what one has compiled is found by the next."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.server_version_info == getattr(other, "server_version_info", None)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_compiled)


class SQLite(_Sharing, SQLiteDialect_pysqlite):
    supports_statement_cache = True


class PostgreSQL(_Sharing, PGDialect_psycopg):
    supports_statement_cache = True
