"""Lists in pages: a page begins after the last item of the one before, so that new items move nothing."""

from __future__ import annotations

from starlette.requests import Request

from badgefed.api.operations import Parameter
from badgefed.errors import Invalid
from badgefed.protocol.bodies import MAX_INTEGER

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


def _read_number(request: Request, name: str, text: str) -> int | None:
    value = request.query_params.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 16 and 0 < int(value) <= MAX_INTEGER):
        raise Invalid(text, field=name)
    return int(value)
