"""Bodies of `multipart/form-data` (RFC 7578): fields and files, held in memory, so bound the body before it comes here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from badgefed.errors import Invalid

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MEDIA_TYPE = "multipart/form-data"
MAX_PARTS = 20

_UNREADABLE = "The form can't be read: it is no multipart/form-data (RFC 7578)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`filename` is None for a field, and empty for a file that nobody chose."""

    name: str
    filename: str | None
    data: bytes


def read_multipart(body: bytes, content_type: str, *, max_parts: int = MAX_PARTS) -> tuple[Part, ...]:
    """The parts in their order. Raises Invalid for a body that breaks off, and for more than `max_parts` parts.

    Takes some milliseconds for megabytes: not for the event loop.
    """
    media_type, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if media_type.lower() != MEDIA_TYPE.encode() or not boundary:
        raise Invalid(_UNREADABLE)
    reader = _Reader(max_parts=max_parts)
    try:
        parser = MultipartParser(boundary, reader.callbacks)
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Invalid(_UNREADABLE) from error
    if not reader.is_whole:
        raise Invalid("The form breaks off before its end.")
    return tuple(reader.parts)


@dataclass(slots=True)
class _Reader:
    """Collects what the parser finds."""

    max_parts: int
    parts: list[Part] = field(default_factory=list)
    is_whole: bool = False
    header: bytes = b""
    value: bytes = b""
    disposition: bytes = b""
    data: bytearray = field(default_factory=bytearray)

    @property
    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_to_header,
            "on_header_value": self._add_to_value,
            "on_header_end": self._end_header,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) >= self.max_parts:
            raise Invalid(f"A form may have {self.max_parts} parts.")
        self.header = self.value = self.disposition = b""
        self.data = bytearray()

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self.header += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def _end_header(self) -> None:
        if self.header.lower() == b"content-disposition":
            self.disposition = self.value
        self.header = self.value = b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self.data += data[start:end]

    def _end_part(self) -> None:
        _, options = parse_options_header(self.disposition)
        name, filename = options.get(b"name"), options.get(b"filename")
        if name is None:
            raise Invalid("A part of the form has no name.")
        shown = None if filename is None else filename.decode("utf-8", "replace")
        self.parts.append(Part(name=name.decode("utf-8", "replace"), filename=shown, data=bytes(self.data)))

    def _end(self) -> None:
        self.is_whole = True
