"""Pages at the addresses of the Issuers API: its lists, an award, ways to share it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from badgefed.errors import NotFound
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface
from badgefed.protocol.linkedin import add_to_profile_url
from badgefed.store import badges, images, issuers, showcase
from badgefed.store import grants as stored_grants
from badgefed.store.database import Reader
from badgefed.web.browsers import BrowserRoute
from badgefed.web.errors import NOT_FOUND, as_page
from badgefed.web.pages import NO_INDEX, grant_page, named
from badgefed.web.paging import page_of, read_id, read_place
from badgefed.web.people import recipient_of
from badgefed.web.sharing import share_text, sharing_of
from badgefed.web.templating import render, services_of

ISSUERS = 60
BADGES = 60
AWARDS = 60
VARY = {"Vary": "Accept"}


@as_page
async def issuers_page(request: Request) -> Response:
    """Who issues badges here."""
    found = await showcase.list_issuer_cards(
        services_of(request).database, limit=ISSUERS + 1, after=read_id(request) or 0
    )
    page = page_of(found, ISSUERS, "/issuers", "id")
    return render(request, "issuers.html", headers=VARY, issuers=page.rows, next=page.next)


@as_page
async def badges_page(request: Request) -> Response:
    """The badges that are granted here."""
    found = await showcase.list_badge_cards(
        services_of(request).database, limit=BADGES + 1, before=read_id(request)
    )
    page = page_of(found, BADGES, "/badges", "id")
    return render(request, "badges.html", headers=VARY, badges=page.rows, next=page.next)


@as_page
async def awards_page(request: Request) -> Response:
    """The latest public awards."""
    found = await showcase.list_shown(
        services_of(request).database, limit=AWARDS + 1, before=read_place(request)
    )
    page = page_of(found, AWARDS, "/awards", "place")
    return render(request, "awards.html", headers=VARY, latest=named(page.rows), next=page.next)


@as_page
async def award_page(request: Request) -> Response:
    """The page of an award; it says where its own address is."""
    response = await grant_page(request, await _find_grant(request))
    response.headers.add_vary_header("Accept")
    return response


@as_page
async def share_page(request: Request) -> Response:
    """Links that share an award elsewhere. Raises as the award's page."""
    services, grant = services_of(request), await _find_grant(request)
    if presence(grant, Surface.LINK) is not Presence.SHOWN:
        return await award_page(request)

    async def load(reader: Reader) -> tuple[Badge, Issuer, Image]:
        badge = await badges.get_granted_badge(reader, grant)
        issuer = await issuers.get_issuer(reader, grant.issuer_id)
        return badge, issuer, await images.get_image(reader, badge.image_id)

    badge, issuer, image = await services.database.read(load)
    url = services.addresses.award_page(grant.uuid)
    text = share_text(badge, issuer)
    return render(
        request,
        "share.html",
        headers=VARY | NO_INDEX,
        grant=grant,
        badge=badge,
        issuer=issuer,
        image=image,
        recipient=recipient_of(grant, None),
        sharing=sharing_of(services, grant, badge, issuer),
        linkedin_url=add_to_profile_url(grant, badge, issuer, url=url),
        links=_links(url, text),
    )


def _links(url: str, text: str) -> list[dict[str, Any]]:
    place, words, both = quote(url, safe=""), quote(text, safe=""), quote(f"{text} {url}", safe="")
    return [
        {"name": "LinkedIn", "url": f"https://www.linkedin.com/sharing/share-offsite/?url={place}"},
        {"name": "Bluesky", "url": f"https://bsky.app/intent/compose?text={both}"},
        {"name": "Facebook", "url": f"https://www.facebook.com/sharer/sharer.php?u={place}"},
        {"name": "X", "url": f"https://x.com/intent/post?text={words}&url={place}"},
        {"name": "E-mail", "url": f"mailto:?subject={words}&body={both}"},
    ]


async def _find_grant(request: Request) -> Grant:
    """Raises `NotFound`."""
    uuid: str = request.path_params["uuid"]
    grant = await stored_grants.find_grant_by_uuid(services_of(request).database, uuid.lower())
    if grant is None:
        raise NotFound(NOT_FOUND)
    return grant


routes: list[BaseRoute] = [
    BrowserRoute("/issuers", issuers_page),
    BrowserRoute("/badges", badges_page),
    BrowserRoute("/awards", awards_page),
    BrowserRoute("/awards/{uuid}", award_page),
    BrowserRoute("/awards/{uuid}/share", share_page),
]
