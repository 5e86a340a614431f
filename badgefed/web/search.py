"""Finding issuers, badges and people by words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.store import search as full_text
from badgefed.store import showcase
from badgefed.store.database import Reader
from badgefed.web.errors import as_page
from badgefed.web.pages import named
from badgefed.web.paging import Page, page_of, read_id, read_place
from badgefed.web.templating import render, services_of
from badgefed.work.rate_limits import RateLimiter, check_decision, sender_network

MAX_QUERY = 200
FIRST = 12
PAGE = 48
PER_MINUTE = 120
KINDS = ("issuers", "badges", "people")


@as_page
async def search(request: Request) -> Response:
    """What has all the words of `q`: a few of each kind, or a page of one kind (`in`) that begins at `from`."""
    words = " ".join(request.query_params.get("q", "")[:MAX_QUERY].split())
    kind = request.query_params.get("in", "")
    found: Mapping[str, Page] = {}
    if words:
        _check_sender(request)
        services = services_of(request)
        wanted = (kind,) if kind in KINDS else KINDS
        found = await services.database.read(lambda reader: _find(reader, request, words, wanted))
    pages = {name: page for name, page in found.items() if page.rows}
    return render(request, "search.html", words=words, pages=pages, only=kind if kind in KINDS else None)


async def _find(reader: Reader, request: Request, words: str, wanted: tuple[str, ...]) -> Mapping[str, Page]:
    limit = PAGE if len(wanted) == 1 else FIRST
    found = {kind: await _FINDERS[kind](reader, request, words, limit) for kind in wanted}
    return {kind: page for kind, page in found.items() if page is not None}


async def _issuers(reader: Reader, request: Request, words: str, limit: int) -> Page | None:
    match = await full_text.match(reader, "issuers", words)
    if match is None:
        return None
    rows = await showcase.list_issuer_cards(reader, limit=limit + 1, match=match, after=read_id(request) or 0)
    return page_of(rows, limit, "/search", "id", q=words, **{"in": "issuers"})


async def _badges(reader: Reader, request: Request, words: str, limit: int) -> Page | None:
    match = await full_text.match(reader, "badges", words)
    if match is None:
        return None
    rows = await showcase.list_badge_cards(reader, limit=limit + 1, match=match, before=read_id(request))
    return page_of(rows, limit, "/search", "id", q=words, **{"in": "badges"})


async def _people(reader: Reader, request: Request, words: str, limit: int) -> Page | None:
    match = await full_text.match(reader, "grants", words)
    if match is None:
        return None
    rows = await showcase.list_shown(reader, limit=limit + 1, match=match, before=read_place(request))
    page = page_of(rows, limit, "/search", "place", q=words, **{"in": "people"})
    return Page(rows=named(list(page.rows)), next=page.next)


_FINDERS: Mapping[str, Any] = {"issuers": _issuers, "badges": _badges, "people": _people}


def _check_sender(request: Request) -> None:
    """Counts one more search. Raises `RateLimited`."""
    state = request.app.state
    if not hasattr(state, "searches"):
        state.searches = RateLimiter(PER_MINUTE, PER_MINUTE, services_of(request).clock)
    limiter: RateLimiter = state.searches
    check_decision(limiter.check(sender_network(request.client.host if request.client else "")))


routes: list[BaseRoute] = [Route("/search", search)]
