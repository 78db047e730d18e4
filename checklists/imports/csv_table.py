"""The bytes of a CSV as somebody's spreadsheet wrote them -> lines of named cells, and what is wrong by line.

Nothing is believed about the bytes: the encoding, the separator and the meaning of the columns are found out, a line
that cannot be read is one wrong line and the next one is read. The lines come one after the other, so that a large
table needs little memory beside its bytes.
"""

import codecs
import csv
import io
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from checklists.errors import N_, InvalidInput

MOST_BYTES = 20_000_000
MOST_LINES = 100_000
SEPARATORS = (";", ",", "\t")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet would compute. Our exports put an apostrophe before it, which is taken off again here."""

_BYTES_AT_A_TIME = 64 * 1024
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_REPLACED = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line below the head, by its number in the file: its cells by column, or why it cannot be read."""

    number: int
    cells: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""


class CsvTable:
    """A table read from bytes. `columns` are the meanings of its columns in order, None where nothing is known of one;
    `unknown` has the titles of those.

    `meaning` tells a column's meaning from its title, or None; `required` has the columns that must be there, each
    with what to say where it is not. Raises InvalidInput by "file" for what is no table.
    """

    def __init__(
        self, body: bytes, meaning: Callable[[str], str | None], required: Mapping[str, str] | None = None
    ) -> None:
        if len(body) > MOST_BYTES:
            raise refused(N_("The file is larger than 20 MB. Split it into several."))
        if body.startswith(_WORKBOOKS):
            raise refused(N_("This is a workbook. Save the sheet as CSV and upload that."))
        self._body = body
        self.encoding = encoding_of(body)
        self.separator, titles = self._head(meaning)
        self.columns = [meaning(title) for title in titles]
        self.unknown = [title for title, column in zip(titles, self.columns, strict=True) if title and column is None]
        known = [column for column in self.columns if column is not None]
        if not known:
            raise refused(N_("No column was recognized. The first line must have the titles of the columns."))
        if len(known) > len(set(known)):
            raise refused(N_("Two columns of the file mean the same. Leave one of them out."))
        for column, message in (required or {}).items():
            if column not in known:
                raise refused(message)

    def __iter__(self) -> Iterator[Line]:
        """The lines below the head that hold anything. Raises InvalidInput where there are too many."""
        records = self._records(self.separator)
        next(records)
        for count, (number, record) in enumerate(records, start=1):
            if count > MOST_LINES:
                raise refused(N_("The file has more than 100,000 lines. Split it into several."))
            yield self._line(number, record)

    def _head(self, meaning: Callable[[str], str | None]) -> tuple[str, list[str]]:
        """The separator under which most columns are known, with the columns' titles."""
        heads = [(separator, self._titles(separator)) for separator in SEPARATORS]
        return max(heads, key=lambda head: sum(meaning(title) is not None for title in head[1]))

    def _titles(self, separator: str) -> list[str]:
        for _number, record in self._records(separator):
            return [] if isinstance(record, str) else [" ".join(each.split()) for each in record]
        return []

    def _records(self, separator: str) -> Iterator[tuple[int, Sequence[str] | str]]:
        """The records that hold anything with the number of their first line; one that cannot be read as the reason."""
        text = io.TextIOWrapper(io.BytesIO(self._body), self.encoding, errors="replace", newline="")
        reader = csv.reader(text, delimiter=separator, strict=True)
        while True:
            number = reader.line_num + 1
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield (
                    number,
                    N_("A quotation mark is not closed, or something follows a closing one, or a cell is too long."),
                )
                continue
            if any(cell.strip() for cell in record) and not (number == 1 and _names_separator(record, separator)):
                yield number, record

    def _line(self, number: int, record: Sequence[str] | str) -> Line:
        if isinstance(record, str):
            return Line(number, wrong=record)
        beyond = record[len(self.columns) :]
        if any(cell.strip() for cell in beyond):
            return Line(number, wrong=N_("The line has more cells than the head has columns."))
        # Spreadsheets leave empty cells at the end of a line away.
        padded = [*record, *[""] * (len(self.columns) - len(record))]
        cells = {column: tidy(cell) for column, cell in zip(self.columns, padded, strict=False) if column is not None}
        wrong = ""
        if any(_REPLACED in cell for cell in cells.values()):
            wrong = N_("The line holds bytes that are no text.")
        elif any("\0" in cell for cell in cells.values()):
            wrong = N_("The line holds a NUL sign, which is no text.")
        return Line(number, cells, wrong)


def encoding_of(body: bytes) -> str:
    """UTF-16 and UTF-8 by their marks; else UTF-8, unless what it cannot read outweighs what only it can read."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return encoding
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    broken = foreign = 0
    for start in range(0, len(body), _BYTES_AT_A_TIME):
        piece = body[start : start + _BYTES_AT_A_TIME]
        text = decoder.decode(piece, final=start + _BYTES_AT_A_TIME >= len(body))
        broken += text.count(_REPLACED)
        foreign += len(text) - len(text.encode("ascii", "ignore"))
    return "utf-8" if foreign - broken >= broken else "windows-1251"


def tidy(cell: str) -> str:
    """A cell on one line, composed, without the apostrophe that keeps a spreadsheet from computing it."""
    cell = unicodedata.normalize("NFC", cell)
    computed = cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS)
    return " ".join((cell[1:] if computed else cell).split())


def refused(message: str) -> InvalidInput:
    """The whole file is refused, for this reason."""
    return InvalidInput({"file": message})


def _names_separator(record: Sequence[str], separator: str) -> bool:
    """Whether this first line is the one by which spreadsheets are told the separator."""
    return separator.join(record).strip().casefold() in {f"sep={each}".strip() for each in SEPARATORS}
