"""Lists that page stably while rows are added: newest first, by id."""

from __future__ import annotations

from starlette.requests import Request

MAX_DIGITS = 18


def read_number(text: str) -> int | None:
    """The id that a parameter names; None for what is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if is_number else None


def read_before(request: Request) -> int | None:
    """The id below which a page begins; None for the first one, also where the parameter is none of ours."""
    return read_number(request.query_params.get("before", ""))
