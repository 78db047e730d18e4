"""What every table shares: names, column types, the engine's habits, and the tenant scope.

The scope is applied here and nowhere else. A session is opened for a `Scope`; each ORM statement it runs is narrowed
to the scope's organizations, each row it writes must belong to one of them, and on PostgreSQL the same set is handed
to row-level security, so that a mistake here still meets a second wall.
"""

import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    ForeignKey,
    MetaData,
    String,
    TypeDecorator,
    and_,
    collate,
    create_engine,
    event,
    literal,
    or_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

BUSY_TIMEOUT_MS = 10_000
LOCK_TIMEOUT_MS = 10_000

ALPHABET = "und-x-icu"
"""The order of every alphabet by Unicode's root rules: PostgreSQL brings it, SQLite gets its like from us."""

LanguageMap = dict[str, str]
"""A text in several languages, by language code: {"ru": "…", "en": "…"}."""

JsonValue = JSON().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware on the Python side, UTC in the database. Naive values are refused, because nobody knows what
    they mean.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its offset")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this attribute as it stands.
        datetime: UtcDateTime(),
        LanguageMap: JsonValue,
        dict[str, Any]: JsonValue,
        list[Any]: JsonValue,
    }


def new_id() -> UUID:
    """A UUIDv7: ordered by time, so that indexes grow at their end."""
    return uuid_utils.compat.uuid7()


def key() -> Mapped[UUID]:
    return mapped_column(primary_key=True, default=new_id)


def reference(target: str, *, index: bool = True, nullable: bool = False, cascade: bool = False) -> Mapped[Any]:
    """A foreign key column; `cascade` where the row is a part of what it points to."""
    return mapped_column(ForeignKey(target, ondelete="CASCADE" if cascade else None), index=index, nullable=nullable)


def one_of(kind: type[StrEnum]) -> Enum:
    """A column type that keeps an enumeration by its values, as plain text on both databases."""
    return Enum(
        kind, native_enum=False, length=20, values_callable=lambda members: [member.value for member in members]
    )


class folded(GenericFunction[str]):  # noqa: N801 - it reads as the function of the database that it is.
    """A text column for comparing: capitals equal small letters in every alphabet, and ё equals е."""

    type = String()
    inherit_cache = True


@compiles(folded, "postgresql")
def _folded_by_icu(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"""translate(lower({compiler.process(element.clauses, **options)} COLLATE "{ALPHABET}"), 'ё', 'е')"""


def fold(words: str) -> str:
    """What `folded` does to a column, for a text in memory. SQLite's own lower() and LIKE know English only."""
    return unicodedata.normalize("NFC", words).casefold().replace("ё", "е")


def found_in(words: str, *columns: ColumnElement[str] | Mapped[str]) -> ColumnElement[bool]:
    """Whether each of the words stands somewhere in these columns; true without any words."""
    return and_(True, *(_in_any(columns, word) for word in unicodedata.normalize("NFC", words).split()))


def _in_any(columns: Iterable[ColumnElement[str] | Mapped[str]], word: str) -> ColumnElement[bool]:
    # LIKE gives powers to three signs, which are taken from them here.
    pattern = word.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return or_(*(folded(column).like(folded(literal(f"%{pattern}%")), escape="/") for column in columns))


def holds(words: str, *texts: str) -> bool:
    """What `found_in` asks of columns, for texts in memory."""
    in_small = [fold(each) for each in texts]
    return all(any(word in each for each in in_small) for word in fold(words).split())


def alphabetical(column: ColumnElement[str] | Mapped[str]) -> ColumnElement[str]:
    """A text column for ordering by: а, Б, е, ё, Ж, with ё among е and capitals among small letters."""
    return collate(column, ALPHABET)


@lru_cache(maxsize=8192)
def alphabetical_key(words: str) -> tuple[tuple[tuple[bool, str], ...], str, str]:
    """The key of the same order for a text in memory: signs, digits and letters, then ё after е, then capitals."""
    return tuple((sign.isalnum(), sign) for sign in fold(words)), words.casefold(), words.swapcase()


class Owned:
    """Mixed into every table of a tenant: the organization that the row belongs to.

    It has no index of its own: nothing is looked up by it alone, and SQLite would prefer such an index to a far better
    one, and read a whole organization's answers for a single cell.
    """

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))


class Tenant:
    """Mixed into the one table whose rows are the organizations themselves."""

    id: Mapped[UUID] = key()


@dataclass(frozen=True, slots=True)
class Scope:
    """The organizations that a session may touch; None is every one, with the reason for it.

    `narrowing` holds further criteria for each statement, for somebody who may not see all of an organization.
    """

    organizations: frozenset[UUID] | None
    reason: str = ""
    narrowing: tuple[ORMOption, ...] = ()


def scoped(organizations: Iterable[UUID]) -> Scope:
    return Scope(frozenset(organizations))


def unscoped(reason: str) -> Scope:
    """The only way round the scope. A test lists who uses it."""
    return Scope(None, reason)


class ScopedSession(Session):
    """A session that refuses to work without a scope."""

    def __init__(self, bind: Engine, scope: Scope) -> None:
        super().__init__(bind, expire_on_commit=False)
        self.scope = scope


@event.listens_for(ScopedSession, "do_orm_execute")
def _narrow_statement(state: ORMExecuteState) -> None:
    session = state.session
    assert isinstance(session, ScopedSession)
    organizations = session.scope.organizations
    if organizations is None or state.is_column_load:
        return
    if session.scope.narrowing and state.is_select:
        state.statement = state.statement.options(*session.scope.narrowing)
    if state.is_insert:
        given = state.parameters or {}
        for row in [given] if isinstance(given, Mapping) else given:
            if row.get("organization_id") not in organizations:
                raise PermissionError("a row outside the session's organizations")
    elif state.is_update and state.parameters:
        # An update by primary keys has no WHERE that could be narrowed.
        raise PermissionError("change rows one by one, or by a condition")
    else:
        state.statement = state.statement.options(*_held_to(organizations))


@lru_cache(maxsize=1_024)
def _held_to(organizations: frozenset[UUID]) -> tuple[ORMOption, ...]:
    """Kept, for each statement of each request asks for them."""
    if len(organizations) == 1:
        (only,) = organizations
        return (
            with_loader_criteria(Owned, lambda table: table.organization_id == only, include_aliases=True),
            with_loader_criteria(Tenant, lambda table: table.id == only, include_aliases=True),
        )
    several = list(organizations)
    return (
        with_loader_criteria(Owned, lambda table: table.organization_id.in_(several), include_aliases=True),
        with_loader_criteria(Tenant, lambda table: table.id.in_(several), include_aliases=True),
    )


@event.listens_for(ScopedSession, "before_flush")
def _check_rows(session: ScopedSession, _context: UOWTransaction, _instances: object) -> None:
    organizations = session.scope.organizations
    if organizations is None:
        return
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, Tenant) and row.id not in organizations:
            raise PermissionError("an organization outside the session's organizations")
        if not isinstance(row, Owned):
            continue
        if getattr(row, "organization_id", None) is None and len(organizations) == 1:
            (row.organization_id,) = organizations
        if row.organization_id not in organizations:
            raise PermissionError(f"a {type(row).__name__} outside the session's organizations")


@event.listens_for(ScopedSession, "after_begin")
def _tell_row_level_security(session: ScopedSession, _transaction: SessionTransaction, connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    organizations = session.scope.organizations
    listed = "" if organizations is None else ",".join(str(organization) for organization in organizations)
    tell = _TELL % (listed, "on" if organizations is None else "off")  # Ids of ours, and never words of anybody's.
    driver = connection.connection.driver_connection
    assert driver is not None
    if driver.info.transaction_status.name == "IDLE":
        # The driver would begin the transaction with its next statement, on a way to the server of its own.
        level = f" ISOLATION LEVEL {driver.isolation_level.name.replace('_', ' ')}" if driver.isolation_level else ""
        begin = f"BEGIN{level}{' READ ONLY' if driver.read_only else ''}"
        if not driver.pgconn.exec_(f"{begin};{tell}".encode()).error_message:
            return
    connection.exec_driver_sql(tell)  # A server that is away is noticed here.


# Compiling a plan takes longer than any of our statements runs: jit stays off. So does starting processes to share one.
_TELL = (
    "SELECT set_config('audit.organizations', '%s', true), set_config('audit.unscoped', '%s', true),"
    f" set_config('lock_timeout', '{LOCK_TIMEOUT_MS}ms', true), set_config('jit', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true)"
)


def connect(url: str, **options: Any) -> Engine:
    """An engine for SQLite (WAL, foreign keys, one writer at a time from the first statement on) or PostgreSQL."""
    engine = create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transaction handling begins too late: a read that turns into a write would fail as "locked" at
    # once.
    connection.isolation_level = None
    connection.create_function("folded", 1, lambda words: None if words is None else fold(words), deterministic=True)
    connection.create_collation(ALPHABET, _compare)
    for pragma in (
        "journal_mode=WAL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
        "synchronous=FULL",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _compare(one: str, other: str) -> int:
    first, second = alphabetical_key(one), alphabetical_key(other)
    return (first > second) - (first < second)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
