"""CSV as the reader's spreadsheet takes it: UTF-8 with a byte order mark, CRLF; text never becomes a formula."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from itertools import compress
from typing import Any
from uuid import UUID

from flask import Response, request, stream_with_context
from flask_babel import gettext as _

from checklists.brands import Outlet
from checklists.checklist import Unit
from checklists.errors import HOLD_REASONS, HoldReason
from checklists.scoring import Kind, Status, Zone
from checklists.visits import VisitState
from inspector.languages import current_language
from inspector.manager.kinds import KIND_NAMES
from inspector.manager.visits import VISIT_STATES
from inspector.manager.words import STATUSES, UNITS, ZONES_OF_RESULTS

Cell = str | int | float | bool | datetime | UUID | Enum | None
WordsOfChoices = Mapping[type[Enum], Mapping[Any, str]]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTES_AT_A_TIME = 32 * 1024


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file separates cells, writes numbers and calls the domain's choices; without words they stand as codes."""

    delimiter: str = ","
    decimal: str = "."
    words: WordsOfChoices = field(default_factory=dict)


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, without: Collection[str] = ()
) -> Response:
    """A download of the rows, sent while they are read; `name` is the file's name without its ending, in ASCII.

    Columns whose title is among `without` are left out.
    """
    kept = [title not in without for title in header]
    shown = (list(compress(row, kept)) for row in rows) if without else rows
    return Response(
        stream_with_context(_encode(list(compress(header, kept)), shown, readers_dialect())),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"},
    )


def readers_dialect() -> Dialect:
    """What spreadsheets set to the reader's language understand; `?codes=1` asks for what programs understand."""
    if request.args.get("codes") == "1":
        return Dialect()
    if current_language() == "ru":
        return Dialect(";", ",", _words_of_choices())
    return Dialect(words=_words_of_choices())


def _words_of_choices() -> WordsOfChoices:
    lazy: dict[type[Enum], Mapping[Any, object]] = {
        VisitState: VISIT_STATES,
        Kind: KIND_NAMES,
        Status: STATUSES,
        Unit: UNITS,
        Zone: ZONES_OF_RESULTS,
    }
    spoken = {kind: {choice: str(text) for choice, text in texts.items()} for kind, texts in lazy.items()}
    return spoken | {HoldReason: {reason: _(text) for reason, text in HOLD_REASONS.items()}}


def _encode(header: Sequence[str], rows: Iterable[Sequence[Cell]], dialect: Dialect) -> Iterator[bytes]:
    page = io.StringIO()
    page.write("\N{ZERO WIDTH NO-BREAK SPACE}")
    writer = csv.writer(page, delimiter=dialect.delimiter)
    writer.writerow([plain(title, dialect) for title in header])
    for row in rows:
        writer.writerow([plain(cell, dialect) for cell in row])
        if page.tell() >= BYTES_AT_A_TIME:
            yield page.getvalue().encode()
            page.seek(0)
            page.truncate()
    yield page.getvalue().encode()


def plain(cell: Cell, dialect: Dialect) -> str:
    """What stands in the file. A text that a spreadsheet would compute gets an apostrophe; numbers are left alone.

    Moments stand without their offset, because spreadsheets read them so: the column's title says whose time it is.
    """
    match cell:
        case None:
            return ""
        case bool():
            return str(int(cell))
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M:%S")
        case Enum():
            return plain(dialect.words.get(type(cell), {}).get(cell, str(cell.value)), dialect)
        case str():
            return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
        case float():
            return _number(cell).replace(".", dialect.decimal)
        case _:
            return str(cell)


def _number(value: float) -> str:
    """Six decimals at most, a whole number without any; adding nought takes the sign from a rounded `-0.0`."""
    return f"{round(value, 6) + 0.0:.6f}".rstrip("0").rstrip(".")


def outlets_time(moment: datetime | None, outlet: Outlet | None) -> datetime | None:
    """The moment as the outlet's clocks showed it."""
    return moment.astimezone(outlet.zone) if moment and outlet else None
