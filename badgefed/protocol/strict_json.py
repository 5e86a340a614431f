"""JSON from strangers: one meaning for every reader, bounded in depth and width.

Refused besides what RFC 8259 refuses: a byte order mark, NaN and infinities, numbers that other readers
would round (RFC 7493 §2.2), lone surrogates and NUL in strings, a second member with one of the names that
decide about identity (or, where asked for, with any name), and a top level that is no object.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

from badgefed.errors import Invalid

MAX_DEPTH = 32
MAX_ITEMS = 1_000
MAX_INTEGER = 2**53

UNIQUE_NAMES = frozenset(
    ("@context", "@id", "@type", "id", "type", "actor", "attributedTo", "object", "owner", "publicKey")
)

_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_BAD_CHARACTER = re.compile("[\x00\ud800-\udfff]")


def loads(
    data: bytes, *, max_depth: int = MAX_DEPTH, max_items: int = MAX_ITEMS, all_unique: bool = False
) -> dict[str, Any]:
    """The object in `data`; `max_items` bounds each array, `all_unique` refuses every repeated name. Raises Invalid."""
    try:
        text = data.decode("utf-8")
        document = (_UNIQUE_DECODER if all_unique else _DECODER).decode(text)
    except UnicodeDecodeError as error:
        raise Invalid("The JSON document is not UTF-8.") from error
    except RecursionError as error:
        raise Invalid("The JSON document is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise Invalid(f"The document is not valid JSON: {error.msg} at character {error.pos}.") from error
    if type(document) is not dict:
        raise Invalid("The JSON document is not an object.")
    _check_shape(document, max_depth, max_items)
    if _SUSPECT_ESCAPE.search(text):
        _check_characters(document)
    return document


def _check_shape(document: dict[str, Any], max_depth: int, max_items: int) -> None:
    level: list[Any] = [document]
    depth = 0
    while level:
        depth += 1
        if depth > max_depth:
            raise Invalid(f"The JSON document is nested more than {max_depth} levels deep.")
        below: list[Any] = []
        for container in level:
            if type(container) is dict:
                values: Any = container.values()
            elif len(container) > max_items:
                raise Invalid(f"An array of the JSON document has more than {max_items} items.")
            else:
                values = container
            for value in values:
                if (kind := type(value)) is dict or kind is list:
                    below.append(value)
        level = below


def _check_characters(document: dict[str, Any]) -> None:
    if any(_BAD_CHARACTER.search(text) for text in _strings(document)):
        raise Invalid("A string of the JSON document has a NUL or a lone surrogate.")


def _strings(document: dict[str, Any]) -> Iterator[str]:
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse_repetition(pairs, UNIQUE_NAMES)
    return members


def _build_unique_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse_repetition(pairs, members)
    return members


def _refuse_repetition(pairs: list[tuple[str, Any]], unique: Iterable[str]) -> None:
    counts = Counter(name for name, _ in pairs)
    for name in unique:
        if counts[name] > 1:
            raise Invalid(f"The JSON document has more than one {name[:100]!r} in one object.")


def _read_integer(digits: str) -> int:
    if len(digits) > 17 or abs(number := int(digits)) > MAX_INTEGER:
        raise Invalid("A number of the JSON document is too large.")
    return number


def _read_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Invalid("A number of the JSON document is too large.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise Invalid(f"The JSON document has {name}, which is no JSON value.")


def _decoder(build: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=build,
        parse_int=_read_integer,
        parse_float=_read_float,
        parse_constant=_refuse_constant,
    )


_DECODER = _decoder(_build_object)
_UNIQUE_DECODER = _decoder(_build_unique_object)
