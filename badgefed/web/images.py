"""Pictures: by their content, which never changes, and as the present one of a badge or an issuer."""

from __future__ import annotations

import asyncio
import re

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.model.badge import Badge
from badgefed.model.issuer import Issuer
from badgefed.store import badges, images, issuers
from badgefed.store.database import Reader
from badgefed.web.documents import Answer, Door, answer
from badgefed.web.templating import services_of
from badgefed.work import artwork

FOREVER = 31_536_000
MAX_AGE = 300
SVG = "image/svg+xml"
NOT_FOUND = "There is no such picture."

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
}


async def image(request: Request, _wanted: str) -> Answer:
    """A stored picture by its SHA-256."""
    sha256 = request.path_params["sha256"]
    found = None
    if _SHA256.fullmatch(sha256):
        found = await images.find_image_data(services_of(request).database, sha256)
    if found is None:
        raise NotFound(NOT_FOUND)
    media_type, data = found
    return answer(data, media_type, max_age=FOREVER, immutable=True, headers=_HEADERS)


async def badge_image(request: Request, _wanted: str) -> Answer:
    """The present picture of a badge, as PNG."""

    async def load(reader: Reader) -> tuple[str, bytes]:
        badge = await _badge(reader, request)
        return await images.get_image_data(reader, badge.image_id)

    media_type, data = await services_of(request).database.read(load)
    return answer(data, media_type, max_age=MAX_AGE, headers=_HEADERS)


async def badge_svg(request: Request, _wanted: str) -> Answer:
    """The same as SVG, for badges whose picture we drew."""

    async def load(reader: Reader) -> tuple[Badge, Issuer]:
        badge = await _badge(reader, request)
        return badge, await issuers.get_issuer(reader, badge.issuer_id)

    badge, issuer = await services_of(request).database.read(load)
    if not badge.image_generated:
        raise NotFound(NOT_FOUND)
    svg = await asyncio.to_thread(artwork.badge_svg, badge, issuer)
    return answer(svg.encode(), SVG, max_age=MAX_AGE, headers=_HEADERS)


async def _badge(reader: Reader, request: Request) -> Badge:
    number = request.path_params["badge_id"]
    badge = await badges.find_badge(reader, int(number)) if _NUMBER.fullmatch(number) else None
    if badge is None:
        raise NotFound(NOT_FOUND)
    return badge


async def actor_image(request: Request, _wanted: str) -> Answer:
    """The present picture of an issuer, as PNG."""

    async def load(reader: Reader) -> tuple[str, bytes]:
        username = request.path_params["username"]
        issuer = await issuers.find_issuer(reader, username, with_deleted=True)
        if issuer is None or issuer.username != username:
            raise NotFound(NOT_FOUND)
        return await images.get_image_data(reader, issuer.image_id)

    media_type, data = await services_of(request).database.read(load)
    return answer(data, media_type, max_age=MAX_AGE, headers=_HEADERS)


routes: list[BaseRoute] = [
    Route("/images/{sha256}.png", Door(image, tables=(), seconds=FOREVER), methods=["GET"]),
    Route(
        "/badge-image/{badge_id}.svg",
        Door(badge_svg, tables=("badges", "issuers"), seconds=MAX_AGE),
        methods=["GET"],
    ),
    Route("/badge-image/{badge_id}", Door(badge_image, tables=("badges", "images")), methods=["GET"]),
    Route("/actor-image/{username}", Door(actor_image, tables=("issuers", "images")), methods=["GET"]),
]
