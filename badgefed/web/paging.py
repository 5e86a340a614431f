"""Lists in pages: each page names the place at which the next one begins, so that what is new moves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from badgefed.store.showcase import Place, parse_place

FIELD = "from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows of a list, and the address of the next ones where there are more."""

    rows: Sequence[Any]
    next: str | None


def page_of(rows: Sequence[Any], limit: int, path: str, place: str, **query: str) -> Page:
    """The first `limit` rows; one more says that others follow. `place` names the attribute that the next page begins after."""
    kept = rows[:limit]
    if len(rows) <= limit:
        return Page(rows=kept, next=None)
    return Page(rows=kept, next=f"{path}?{urlencode({**query, FIELD: getattr(kept[-1], place)})}")


def read_id(request: Request) -> int | None:
    """The id in `from` at which a page begins; None for what is none."""
    text = request.query_params.get(FIELD, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def read_place(request: Request) -> Place | None:
    """The same of a page of granted badges."""
    return parse_place(request.query_params.get(FIELD))
