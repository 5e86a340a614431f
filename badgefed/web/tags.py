"""The page that a hashtag in a post links to."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.store import badges, showcase
from badgefed.store.database import Reader
from badgefed.web.errors import NOT_FOUND, as_page
from badgefed.web.pages import named
from badgefed.web.paging import page_of, read_place
from badgefed.web.templating import render, services_of

MAX_NAME = 100
BADGES = 200
LATEST = 60


@as_page
async def tag_page(request: Request) -> Response:
    """The latest public badges whose posts carry the hashtag."""
    name: str = request.path_params["name"]

    async def load(reader: Reader) -> dict[str, Any] | None:
        found = await badges.list_badges_with_hashtag(reader, name, limit=BADGES)
        if not found:
            return None
        shown = await showcase.list_shown(
            reader, badge_ids=[badge.id for badge in found], limit=LATEST + 1, before=read_place(request)
        )
        page = page_of(shown, LATEST, services_of(request).addresses.hashtag(name), "place")
        return {"latest": named(page.rows), "next": page.next}

    context = await services_of(request).database.read(load) if len(name) <= MAX_NAME else None
    if context is None:
        raise NotFound(NOT_FOUND)
    return render(request, "tag.html", tag=name, **context)


routes: list[BaseRoute] = [Route("/tags/{name}", tag_page, methods=["GET"])]
