"""Tables as spreadsheets write them, and as somebody writes them who means harm."""

from __future__ import annotations

import csv
import io

import pytest

from badgefed.errors import Invalid
from badgefed.protocol.csv_rows import MAX_CELL, MAX_COLUMNS, format_csv, read_csv

TEXT = "email;name\r\njosé@example.org;José Müller\r\n"


def cells(data: bytes) -> list[tuple[str, ...]]:
    table = read_csv(data)
    return [table.header, *(line.cells for line in table.lines)]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("windows-1252"), "windows-1252"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_encodings(data: bytes, encoding: str) -> None:
    assert read_csv(data).encoding == encoding
    assert cells(data) == [("email", "name"), ("josé@example.org", "José Müller")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(separator: str) -> None:
    text = f'email{separator}"a,b;c\td"\na@b.example{separator}x\n'
    table = read_csv(text.encode())
    assert table.separator == separator
    assert table.header == ("email", "a,b;c\td")


def test_a_first_line_may_name_the_separator() -> None:
    table = read_csv(b"sep=;\r\nname,first;email\r\nx;y\r\n")
    assert table.header == ("name,first", "email")
    assert [(line.number, line.cells) for line in table.lines] == [(3, ("x", "y"))]


def test_quoting_blank_lines_and_line_numbers() -> None:
    data = b'email,evidence\n\n , \n"a@b.example","He said ""well"",\ndone"\n c@d.example ,\n'
    assert [(line.number, line.cells) for line in read_csv(data).lines] == [
        (5, ("a@b.example", 'He said "well",\ndone')),
        (6, ("c@d.example", "")),
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"\xff\xfe", "empty"),
        (b"a\xff\x81\n", "can't be read"),
        (b"\xef\xbb\xbfa\xff\n", "can't be read"),
        (b"\xff\xfea", "can't be read"),
        (b"email\nx\x00y\n", "NUL"),
        (b'email\n"never closed\n', "Line 2"),
        (b'email\n"a"b\n', "Line 2"),
        (b"email\n" + b"x" * 200_000, "field larger than field limit"),
        (b"email\n" + b"x" * (MAX_CELL + 1), "10,001 characters"),
        (b'email\n"' + b'""' * 3_000_000, "Line 2"),
        (b",".join([b"c"] * 1_000) + b"\n", "1000 columns"),
        (b"email\n" + b"," * MAX_COLUMNS + b"x\n", "101 columns"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else value,
)
def test_what_is_no_table_is_refused_in_words(data: bytes, text: str) -> None:
    with pytest.raises(Invalid, match=text):
        cells(data)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-2", "@jane@social.example", "=cmd|'/c calc'!A1", "  =1"])
def test_formulas_are_no_formulas_and_come_back_as_they_were(cell: str) -> None:
    written = format_csv([["name"], [cell]])
    [_, [shown]] = list(csv.reader(io.StringIO(written)))
    assert shown == f"'{cell}"
    if cell == cell.strip():
        assert cells(written.encode()) == [("name",), (cell,)]


def test_other_cells_are_written_as_they_are() -> None:
    rows = [["a@b.example", "O'Hara", "'quoted'", "line\nbreak", "a,b", '"']]
    assert list(csv.reader(io.StringIO(format_csv(rows), newline=""))) == rows
