"""Which tables a database has, in the order of their references, with the kind of each column.

They are read from the database itself and not from the models, so that one of an older release is understood too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from checklists.orm import UtcDateTime

_REVISION = "alembic_version"
LEFT_BEHIND = frozenset({("photos", "waits_on"), ("draft_photos", "waits_on")})
"""Columns that are of a machine and not of the installation: on whose disk a photo's bytes wait."""
MADE_ANEW = frozenset({"changed_outlets", "outlet_tallies"})
"""Tables that hold nothing of their own: the database and the worker make them from the checks."""
_UUID_LENGTH = 32
"""SQLite keeps a UUID as 32 signs; no text of ours has exactly this length."""


class ValueKind(StrEnum):
    UUID = "uuid"
    MOMENT = "moment"
    DATE = "date"
    JSON = "json"
    TRUTH = "truth"
    BYTES = "bytes"
    FRACTION = "fraction"
    NUMBER = "number"
    TEXT = "text"


_STORED_AS: dict[ValueKind, TypeEngine[Any]] = {
    ValueKind.UUID: sa.Uuid(),
    ValueKind.MOMENT: UtcDateTime(),
    ValueKind.DATE: sa.Date(),
    ValueKind.JSON: sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"),
    ValueKind.TRUTH: sa.Boolean(),
    ValueKind.BYTES: sa.LargeBinary(),
    ValueKind.FRACTION: sa.Float(),
    ValueKind.NUMBER: sa.BigInteger(),
    ValueKind.TEXT: sa.String(),
}
_RECOGNIZED: tuple[tuple[type[TypeEngine[Any]], ValueKind], ...] = (
    (sa.Uuid, ValueKind.UUID),
    (sa.DateTime, ValueKind.MOMENT),
    (sa.Date, ValueKind.DATE),
    (sa.JSON, ValueKind.JSON),
    (sa.Boolean, ValueKind.TRUTH),
    (sa.LargeBinary, ValueKind.BYTES),
    (sa.Float, ValueKind.FRACTION),
    (sa.Integer, ValueKind.NUMBER),
    (sa.String, ValueKind.TEXT),
)


@dataclass(frozen=True)
class TableForm:
    """A table by name, with its columns in alphabetical order and the kind of each."""

    name: str
    kinds: Mapping[str, ValueKind]

    @cached_property
    def table(self) -> Table:
        """For statements on any kind of database."""
        columns = (sa.Column(name, _STORED_AS[kind]) for name, kind in self.kinds.items())
        return Table(self.name, MetaData(), *columns)

    @property
    def heavy(self) -> bool:
        """Whether one row may be megabytes long."""
        return ValueKind.BYTES in self.kinds.values()


def tables_of(connection: Connection) -> list[TableForm]:
    """The database's tables that hold something of their own, each after those that it refers to."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [_form_of(table) for table in metadata.sorted_tables if table.name not in {_REVISION, *MADE_ANEW}]


def _form_of(table: Table) -> TableForm:
    columns = sorted(table.columns, key=lambda column: column.name)
    return TableForm(
        table.name,
        {each.name: _kind_of(each.type) for each in columns if (table.name, each.name) not in LEFT_BEHIND},
    )


def _kind_of(stored: TypeEngine[Any]) -> ValueKind:
    if isinstance(stored, sa.CHAR) and stored.length == _UUID_LENGTH:
        return ValueKind.UUID
    for type_, kind in _RECOGNIZED:
        if isinstance(stored, type_):
            return kind
    raise NotImplementedError(f"a column of type {stored!r}")


def as_data(forms: list[TableForm]) -> dict[str, dict[str, str]]:
    """For an archive: {table: {column: kind}}."""
    return {form.name: {name: kind.value for name, kind in form.kinds.items()} for form in forms}
