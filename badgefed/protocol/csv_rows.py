"""Tables from spreadsheets: CSV (RFC 4180) as programs really write it, and CSV that no spreadsheet takes for formulas.

Recognised are UTF-8 and UTF-16 with or without a byte order mark, Windows-1252, and the separators comma, semicolon and
tab; a first line `sep=;` says which.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from badgefed.errors import Invalid
from badgefed.texts import N_, say

SEPARATORS = (",", ";", "\t")
MAX_COLUMNS = 100
MAX_CELL = 10_000
BYTE_ORDER_MARK = "\ufeff"
"""Put it before a file for people: without it some spreadsheets read UTF-8 as something else."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_ENCODINGS = ("utf-8", "windows-1252")
_SEPARATOR_LINE = re.compile(r"sep=([,;\t])\r?\n", re.IGNORECASE)
_UNREADABLE = N_("The file's text can't be read: save it as CSV in UTF-8.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of cells, trimmed; `number` is the line of the file where it ends, counted from 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`lines` come one by one as they are asked for, and raise `Invalid` where the file is broken. Empty ones are left out."""

    encoding: str
    separator: str
    header: tuple[str, ...]
    lines: Iterator[Line]


def read_csv(data: bytes) -> Table:
    """The table whose first line that isn't empty has the names of the columns. Raises `Invalid`."""
    encoding, text = _decode(data)
    if "\x00" in text:
        raise Invalid("The file has NUL characters, so it is no CSV: save it as CSV in UTF-8.")
    offset = 0
    match = _SEPARATOR_LINE.match(text)
    if match is not None:
        text, offset = text[match.end() :], 1
    separator = match[1] if match is not None else _find_separator(text)
    lines = _read_lines(text, separator, offset)
    first = next(lines, None)
    if first is None:
        raise Invalid("The file is empty: its first line must name the columns.")
    return Table(encoding=encoding, separator=separator, header=first.cells, lines=lines)


def _decode(data: bytes) -> tuple[str, str]:
    """The encoding's name and the text without its byte order mark."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return encoding, _decode_as(data[len(mark) :], (encoding,))[1]
    return _decode_as(data, _guess_utf_16(data) or _ENCODINGS)


def _guess_utf_16(data: bytes) -> tuple[str, ...]:
    """UTF-16 without a mark is known by the zero bytes of its Latin letters, which stand all on one side."""
    start = data[:200]
    if start[1::2].count(0) > len(start) // 4 and not any(byte == 0 for byte in start[0::2]):
        return ("utf-16-le",)
    if start[0::2].count(0) > len(start) // 4 and not any(byte == 0 for byte in start[1::2]):
        return ("utf-16-be",)
    return ()


def _decode_as(data: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    for encoding in encodings:
        try:
            return encoding, data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid(_UNREADABLE)


def _find_separator(text: str) -> str:
    """The one that stands most often in the first line that isn't empty, outside of quotes; the comma if none does."""
    line = next((line for line in io.StringIO(text) if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=bare.count)


def _read_lines(text: str, separator: str, offset: int) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            number = reader.line_num + offset
            problem = say("Line %(number)s of the file is no CSV: %(error)s.", number=number, error=error)
            raise Invalid(problem) from error
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield _check_line(Line(number=reader.line_num + offset, cells=tuple(map(_clean, cells))))


def _check_line(line: Line) -> Line:
    if len(line.cells) > MAX_COLUMNS:
        raise Invalid(
            say(
                "Line %(number)s of the file has %(count)s columns; %(most)s are possible.",
                number=line.number,
                count=len(line.cells),
                most=MAX_COLUMNS,
            )
        )
    longest = max(map(len, line.cells))
    if longest > MAX_CELL:
        raise Invalid(
            say(
                "Line %(number)s of the file has a cell of %(count)s characters; %(most)s are possible.",
                number=line.number,
                count=f"{longest:,}",
                most=f"{MAX_CELL:,}",
            )
        )
    return line


def _clean(cell: str) -> str:
    """Without the apostrophe that `format_csv` puts before what looks like a formula."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def format_csv(rows: Iterable[Sequence[str]]) -> str:
    """Rows of RFC 4180; an apostrophe keeps cells that begin like a formula from being one."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerows([_defuse(cell) for cell in row] for row in rows)
    return target.getvalue()


def _defuse(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(FORMULA_STARTS) or cell.startswith(FORMULA_STARTS) else cell
