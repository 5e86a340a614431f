"""Lists, filtered and in pages: a page begins after the last item of the one before, so that new items move nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from starlette.requests import Request

from badgefed.api.operations import Parameter
from badgefed.errors import Invalid
from badgefed.protocol.bodies import MAX_INTEGER

T = TypeVar("T")

LIMIT = 100
MAX_LIMIT = 500

LIMIT_PARAMETER = Parameter(
    name="limit",
    place="query",
    description=f"How many to list at most: 1 to {MAX_LIMIT}, {LIMIT} if nothing is said.",
    schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
    example="100",
)
CURSOR_PARAMETER = Parameter(
    name="cursor",
    place="query",
    description="`nextCursor` of the page before.",
    schema={"type": "integer", "minimum": 1, "maximum": MAX_INTEGER},
    example="1",
)
LIMIT_TEXT = f"limit must be a whole number from 1 to {MAX_LIMIT}"
CURSOR_TEXT = "cursor must be the nextCursor of the page before"


def read_limit(request: Request) -> int:
    """Raises `Invalid`."""
    value = _read_number(request, LIMIT_PARAMETER.name, LIMIT_TEXT)
    if value is not None and value > MAX_LIMIT:
        raise Invalid(LIMIT_TEXT, field=LIMIT_PARAMETER.name)
    return LIMIT if value is None else value


def read_cursor(request: Request) -> int | None:
    """Where the page before ended; None for the first page. Raises `Invalid`."""
    return _read_number(request, CURSOR_PARAMETER.name, CURSOR_TEXT)


def cut_page(found: Sequence[T], limit: int, place: Callable[[T], int]) -> tuple[Sequence[T], int | None]:
    """The page of what was found when one more than `limit` was asked for, and the cursor of the next; None for the last."""
    page = found[:limit]
    return page, place(page[-1]) if len(found) > limit else None


def read_choice(request: Request, parameter: Parameter, text: str) -> str | None:
    """One of the values that the parameter may have, None where it isn't given. Raises `Invalid`."""
    value = request.query_params.get(parameter.name)
    if value is not None and value not in parameter.schema["enum"]:
        raise Invalid(text, field=parameter.name)
    return value


def _read_number(request: Request, name: str, text: str) -> int | None:
    value = request.query_params.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 16 and 0 < int(value) <= MAX_INTEGER):
        raise Invalid(text, field=name)
    return int(value)
