"""Looking around: what there is on this server, and finding something in it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.store import showcase
from badgefed.store.database import Reader
from badgefed.web.errors import as_page
from badgefed.web.pages import named
from badgefed.web.templating import render, services_of

LATEST = 12
TAGS = 24


@as_page
async def explore(request: Request) -> Response:
    """The latest of everything, and the hashtags."""

    async def load(reader: Reader) -> dict[str, Any]:
        return {
            "tags": await showcase.list_tags(reader, limit=TAGS),
            "badges": await showcase.list_badge_cards(reader, limit=LATEST),
            "latest": named(await showcase.list_shown(reader, limit=LATEST)),
            "issuers": await showcase.list_issuer_cards(reader, limit=LATEST),
        }

    return render(request, "explore.html", **await services_of(request).database.read(load))


routes: list[BaseRoute] = [Route("/explore", explore)]
