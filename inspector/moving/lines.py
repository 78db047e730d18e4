"""One row as one line of JSON, the same whichever kind of database it stood in, and back.

A cell is null, true or false, a number or a text: ids and moments as ISO has them, bytes in base64, and JSON as a text
with its keys sorted and 1.0 written as 1, because PostgreSQL keeps neither the order nor the writing.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from inspector.moving.tables import TableForm, ValueKind


def line_of(form: TableForm, row: Sequence[Any]) -> bytes:
    """The cells in the order of the form's columns. Raises ValueError for what no database of ours should hold."""
    cells = [
        cell if cell is None or kind not in _WRITTEN else _WRITTEN[kind](cell)
        for kind, cell in zip(form.kinds.values(), row, strict=True)
    ]
    return _dump(cells).encode("utf-8", "surrogatepass")


def row_of(form: TableForm, line: bytes) -> dict[str, Any]:
    """The row by column, for an insert. Raises ValueError where the line is not one of this table."""
    cells = json.loads(line)
    if not isinstance(cells, list) or len(cells) != len(form.kinds):
        raise ValueError("not a row of this table")
    return {name: _read(kind, cell) for (name, kind), cell in zip(form.kinds.items(), cells, strict=True)}


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _canonical(words: str) -> str:
    return _dump(json.loads(words, parse_float=_number))


def _number(digits: str) -> int | float:
    number = float(digits)
    return int(number) if number.is_integer() else number


def _read(kind: ValueKind, cell: Any) -> Any:
    if cell is None:
        return None
    type_, read = _READ[kind]
    if not isinstance(cell, type_) or (isinstance(cell, bool) and kind is not ValueKind.TRUTH):
        raise ValueError(f"not a cell of kind {kind}")
    return read(cell)


def _read_json(words: str) -> Any:
    value = json.loads(words)
    return sa.JSON.NULL if value is None else value  # None itself would be an empty cell.


_WRITTEN: dict[ValueKind, Callable[[Any], Any]] = {
    ValueKind.UUID: str,
    ValueKind.MOMENT: lambda moment: moment.astimezone(UTC).isoformat(),
    ValueKind.DATE: date.isoformat,
    ValueKind.JSON: _canonical,
    ValueKind.BYTES: lambda content: b64encode(content).decode(),
    ValueKind.FRACTION: float,
}
_READ: dict[ValueKind, tuple[Any, Callable[[Any], Any]]] = {
    ValueKind.UUID: (str, UUID),
    ValueKind.MOMENT: (str, datetime.fromisoformat),
    ValueKind.DATE: (str, date.fromisoformat),
    ValueKind.JSON: (str, _read_json),
    ValueKind.TRUTH: (bool, bool),
    ValueKind.BYTES: (str, lambda words: b64decode(words, validate=True)),
    ValueKind.FRACTION: ((float, int), float),
    ValueKind.NUMBER: (int, int),
    ValueKind.TEXT: (str, str),
}
