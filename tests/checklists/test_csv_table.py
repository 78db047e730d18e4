"""Tables as spreadsheets write them, and bytes that nobody would: each line is read or refused by itself."""

import contextlib
import csv
import io
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checklists.errors import InvalidInput
from checklists.imports import MOST_BYTES, MOST_LINES, CsvTable, Line
from checklists.imports.csv_table import tidy

ROWS = [["Имя", "Город", "Заметки"], ["Утро; у вокзала", "Орёл", "чай"], ["Кафе «Ёлка», ¶2 этаж", "Тверь", ""]]
READ = [{"name": "Утро; у вокзала", "city": "Орёл"}, {"name": "Кафе «Ёлка», 2 этаж", "city": "Тверь"}]


def meaning(title: str) -> str | None:
    return {"имя": "name", "name": "name", "город": "city", "city": "city"}.get(title.casefold())


def written(rows: list[list[str]], separator: str = ",", line_end: str = "\r\n") -> str:
    page = io.StringIO()
    csv.writer(page, delimiter=separator, lineterminator=line_end).writerows(rows)
    return page.getvalue()


def lines_of(body: bytes) -> list[Line]:
    return list(CsvTable(body, meaning))


def refusal(body: bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        lines_of(body)
    return refused.value.fields["file"]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_encoding_separator_and_line_ends_are_found_out(encoding: str, separator: str, line_end: str) -> None:
    rows = [[cell.replace("¶", line_end) for cell in row] for row in ROWS]
    table = CsvTable(written(rows, separator, line_end).encode(encoding), meaning)
    assert [line.cells for line in table] == READ
    assert table.columns == ["name", "city", None]
    assert table.unknown == ["Заметки"]
    assert table.separator == separator


def test_columns_come_in_any_order_and_empty_lines_do_not_count() -> None:
    lines = lines_of("\n;;\nГОРОД;имя\n\nТверь;Утро\n;;\n;Вечер\n".encode())
    assert lines == [Line(5, {"city": "Тверь", "name": "Утро"}), Line(7, {"city": "", "name": "Вечер"})]


def test_a_cell_with_line_breaks_keeps_the_numbers_of_the_lines_below_right() -> None:
    assert [line.number for line in lines_of(b'name;city\n"a\n\nb";Tver\nc;Tver\n')] == [2, 5]


def test_a_spreadsheets_word_about_the_separator_is_no_head() -> None:
    table = CsvTable(b"sep=,\r\nname,city\r\nUtro,Tver\r\n", meaning)
    assert [line.cells for line in table] == [{"name": "Utro", "city": "Tver"}]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"Utro;Tver;and;more", "more cells"),
        (b"Utro\xff\xfe;Tver", "bytes that are no text"),
        (b"Ut\0ro;Tver", "NUL"),
        (b'"Utro" on Lenin;Tver', "quotation mark"),
        (b'"' + b"x" * 140_000 + b'";Tver', "too long"),
    ],
)
def test_a_line_that_cannot_be_read_is_wrong_by_itself(line: bytes, words: str) -> None:
    # The city makes it certain that this is UTF-8.
    good = "name;city\nЗерно;Нижний Новгород\n".encode()
    first, second, third = lines_of(good + line + "\nВечер;Тверь\n".encode())
    assert (first.wrong, third.wrong) == ("", "")
    assert second.number == 3
    assert words in second.wrong
    assert third.cells["name"] == "Вечер"


def test_the_one_byte_that_windows_1251_lacks_is_wrong_by_line() -> None:
    first, second = lines_of("name;city\nУтро;Тверь\n".encode("windows-1251") + b"\x98;\xd2\xe2\xe5\xf0\xfc\n")
    assert first.cells == {"name": "Утро", "city": "Тверь"}
    assert "bytes that are no text" in second.wrong


def test_a_quotation_mark_that_is_never_closed_is_wrong_once() -> None:
    (line,) = lines_of(b'name;city\n"Utro;Tver\nVecher;Tver\n')
    assert (line.number, bool(line.wrong)) == (2, True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "No column"),
        (b"\n\n;;\n", "No column"),
        (b"\xef\xbb\xbf", "No column"),
        (b"\xff\xfe", "No column"),
        (b"\0" * 100, "No column"),
        (bytes(range(256)), "No column"),
        (b'"name;city\n', "No column"),
        (b"name;city;NAME\nUtro;Tver;Zerno\n", "mean the same"),
        (b"PK\x03\x04 and so on", "workbook"),
        (b"\xd0\xcf\x11\xe0 and so on", "workbook"),
        (b"name\n" + b"x" * MOST_BYTES, "20 MB"),
        (b"name\n" + b"x\n" * (MOST_LINES + 1), "100,000 lines"),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(body: bytes, words: str) -> None:
    assert words in refusal(body)


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("=1+1", "=1+1"),
        ("'=1+1", "=1+1"),
        ("'+7 495 000-00-00", "+7 495 000-00-00"),
        ("'Утро'", "'Утро'"),
        ("'\tx", "x"),
        (" Кафе\N{NO-BREAK SPACE}\n Утро ", "Кафе Утро"),
        ("и\N{COMBINING BREVE}", "й"),
    ],
)
def test_formulas_are_text(cell: str, read: str) -> None:
    assert tidy(cell) == read


def test_the_largest_table_is_read_in_little_memory() -> None:
    body = b"name;city\n" + "Утро на улице Ленина;Нижний Новгород\n".encode() * MOST_LINES
    tracemalloc.start()
    count = sum(1 for _line in CsvTable(body, meaning))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == MOST_LINES
    assert most < 2_000_000


plain_cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\N{REPLACEMENT CHARACTER}"), max_size=20)


@given(rows=st.lists(st.tuples(plain_cells, plain_cells), max_size=6), separator=st.sampled_from(";,\t"))
@example(rows=[("'=", "sep=;")], separator=";")
def test_what_a_spreadsheet_wrote_is_read_as_it_was(rows: list[tuple[str, str]], separator: str) -> None:
    body = written([["name", "city"], *map(list, rows)], separator).encode("utf-8-sig")
    filled = [(name, city) for name, city in rows if name.strip() or city.strip()]
    assert [(line.cells["name"], line.cells["city"]) for line in lines_of(body)] == [
        (tidy(name), tidy(city)) for name, city in filled
    ]


@given(body=st.binary(max_size=400))
@example(body=b"name\n\xff\xfe\0\n")
def test_any_bytes_below_a_head_are_lines(body: bytes) -> None:
    lines = lines_of(b"name;city\n" + body)
    assert [line.number for line in lines] == sorted({line.number for line in lines})
    assert all(line.wrong or line.cells.keys() == {"name", "city"} for line in lines)


@given(body=st.binary(max_size=400))
def test_any_bytes_are_a_table_or_refused(body: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        assert all(line.number > 1 for line in lines_of(body))
