"""What anybody may look at of an organization: its page, and its badges under their slugs."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.store import badges, issuers, organizations, showcase
from badgefed.store.database import Reader
from badgefed.web.errors import NOT_FOUND, as_page
from badgefed.web.pages import BADGES, badge_page
from badgefed.web.templating import render, services_of

FEWEST = 6


@as_page
async def organization_page(request: Request) -> Response:
    """The organization's issuers, each with its newest badges: the more issuers, the fewer of each."""

    async def load(reader: Reader) -> dict[str, Any]:
        organization = await organizations.find_organization(reader, request.path_params["organization"])
        if organization is None:
            raise NotFound(NOT_FOUND)
        found = await issuers.list_issuers(reader, organization_id=organization.id)
        limit = max(BADGES // max(len(found), 1), FEWEST)
        cards = await showcase.list_cards_by_issuer(reader, [one.id for one in found], limit=limit)
        return {"organization": organization, "issuers": [(one, cards[one.id]) for one in found]}

    return render(request, "organization.html", **await services_of(request).database.read(load))


@as_page
async def badge_by_slug(request: Request) -> Response:
    """The page of a badge's definition."""
    parameters = request.path_params
    badge = await badges.find_badge_by_slug(
        services_of(request).database, parameters["organization"], parameters["badge"]
    )
    if badge is None:
        raise NotFound(NOT_FOUND)
    return await badge_page(request, badge)


routes: list[BaseRoute] = [
    Route("/o/{organization}", organization_page),
    Route("/o/{organization}/badges/{badge}", badge_by_slug),
]
