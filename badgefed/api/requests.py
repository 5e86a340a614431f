"""Reading what a request carries, with its limits."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Any, NoReturn

from starlette.requests import Request

from badgefed.errors import Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol.bodies import MAX_INTEGER, Body, Values
from badgefed.work.services import Services

MAX_BYTES = 64 * 1024
MAX_DEPTH = 32

_MEDIA_TYPE = re.compile(r"application/(?:[!-.0-~]+\+)?json|text/json")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def services_of(request: Request) -> Services:
    """What `app.create_app` was given."""
    services: Services = request.app.state.services
    return services


async def read_body(request: Request, body: Body, *, max_bytes: int = MAX_BYTES) -> Values:
    """Reads and checks the request's body. Raises `TooLarge`, `UnsupportedMedia`, `Invalid`."""
    data = await read_bytes(request, max_bytes=max_bytes)
    if not data.strip():
        raise Invalid("Request body is required")
    if not is_json(request.headers.get("content-type", "")):
        raise UnsupportedMedia("Content-Type must be application/json")
    return body.read(parse_json(data))


def read_path_integer(request: Request, name: str) -> int:
    """A whole number from the path. Raises `Invalid`; a number that no row can have becomes 0."""
    text: str = request.path_params[name]
    digits = text.removeprefix("+").removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 40:
        raise Invalid(f"The value '{text}' is not valid.", field=name)
    number = int(text)
    return number if 0 < number <= MAX_INTEGER else 0


async def read_bytes(request: Request, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The body, whatever it is. Raises `TooLarge`."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > max_bytes:
            raise TooLarge(f"Request body cannot exceed {max_bytes} bytes")
    return bytes(data)


@lru_cache(maxsize=128)
def is_json(content_type: str) -> bool:
    """Whether a Content-Type is JSON in UTF-8."""
    text = content_type.lower()
    charset = _CHARSET.search(text)
    return _MEDIA_TYPE.fullmatch(text.partition(";")[0].strip()) is not None and (
        charset is None or charset[1] in ("utf-8", "utf8", "us-ascii")
    )


def parse_json(data: bytes) -> object:
    """The JSON value, which has one meaning for every reader. Raises `Invalid`.

    Refused besides what RFC 8259 refuses: NaN and infinities, names that come twice in one object, lone surrogates, and
    more than 32 levels of nesting. A byte order mark is skipped.
    """
    try:
        text = data.decode("utf-8-sig")
        value: object = _DECODER.decode(text)
        if _SURROGATE_ESCAPE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise Invalid("Request body is not UTF-8") from None
    except UnicodeEncodeError:
        raise Invalid("Request body has half of a surrogate pair") from None
    except RecursionError:
        raise Invalid("Request body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Invalid(f"Request body is not valid JSON: {error.msg} (character {error.pos})") from None
    _check_depth(value)
    return value


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for container in level for child in _children(container)]
        if not level:
            return
    raise Invalid("Request body is nested too deeply")


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Invalid("Request body has an object with the same member twice")
    return members


def _parse_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 20 else _parse_float(digits)


def _parse_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Invalid("Request body has a number that is too large")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise Invalid(f"Request body is not valid JSON: {name} is no JSON value")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_build_object,
    parse_int=_parse_integer,
    parse_float=_parse_float,
    parse_constant=_refuse_constant,
)
