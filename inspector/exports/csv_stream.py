"""CSV as spreadsheets read it: UTF-8 with a byte order mark, commas, CRLF; text never becomes a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from uuid import UUID

from flask import Response, stream_with_context

from checklists.brands import Outlet

Cell = str | int | float | bool | datetime | UUID | Enum | None

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTES_AT_A_TIME = 32 * 1024


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A download of the rows, sent while they are read; `name` is the file's name without its ending, in ASCII."""
    return Response(
        stream_with_context(_encode(header, rows)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"},
    )


def _encode(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    page = io.StringIO()
    page.write("\N{ZERO WIDTH NO-BREAK SPACE}")
    writer = csv.writer(page)
    writer.writerow([plain(title) for title in header])
    for row in rows:
        writer.writerow([plain(cell) for cell in row])
        if page.tell() >= BYTES_AT_A_TIME:
            yield page.getvalue().encode()
            page.seek(0)
            page.truncate()
    yield page.getvalue().encode()


def plain(cell: Cell) -> str | int | float:
    """What stands in the file. A text that a spreadsheet would compute gets an apostrophe; numbers are left alone.

    Moments stand without their offset, because spreadsheets read them so: the column's title says whose time it is.
    """
    match cell:
        case None:
            return ""
        case bool():
            return int(cell)
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M:%S")
        case Enum():
            return plain(str(cell.value))
        case str():
            return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
        case UUID():
            return str(cell)
        case float():
            return round(cell, 6)
        case _:
            return cell


def outlets_time(moment: datetime | None, outlet: Outlet | None) -> datetime | None:
    """The moment as the outlet's clocks showed it."""
    return moment.astimezone(outlet.zone) if moment and outlet else None
