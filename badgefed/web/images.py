"""Pictures: by their content, which never changes, as the present one of a badge or an issuer, and for link previews."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from badgefed.errors import Gone, NotFound
from badgefed.model.actor import RemoteActor
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.image import PNG, SVG, Image, Rendition
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface
from badgefed.store import badges, grants, images, issuers, remote_actors
from badgefed.store.database import Reader
from badgefed.web.documents import Answer, Door, answer
from badgefed.web.people import recipient_of
from badgefed.web.share_cards import badge_card
from badgefed.web.templating import services_of
from badgefed.work import renditions

FOREVER = 31_536_000
MAX_AGE = 300
CARD_MAX_AGE = 86_400
AWARD_CARD_MAX_AGE = 3600
NOT_FOUND = "There is no such picture."

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
}
# Pictures stand in the styles of their own document; nothing else may be loaded or run, also when it is opened alone.
_SVG_HEADERS = {
    **_HEADERS,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
}


async def png_image(request: Request, _wanted: str) -> Answer:
    """A stored PNG by its SHA-256."""
    data = await images.find_image_data(services_of(request).database, _sha256(request), PNG)
    return _immutable(data, PNG)


async def svg_image(request: Request, _wanted: str) -> Answer:
    """A stored SVG by its SHA-256."""
    data = await images.find_image_data(services_of(request).database, _sha256(request), SVG)
    return _immutable(data, SVG)


async def thumbnail(request: Request, _wanted: str) -> Answer:
    """A small PNG of the PNG with this SHA-256."""
    return _immutable(await renditions.thumbnail(services_of(request), _sha256(request)), PNG)


def _sha256(request: Request) -> str:
    sha256: str = request.path_params["sha256"]
    if not _SHA256.fullmatch(sha256):
        raise NotFound(NOT_FOUND)
    return sha256


def _immutable(data: bytes | None, media_type: str) -> Answer:
    if data is None:
        raise NotFound(NOT_FOUND)
    return answer(data, media_type, max_age=FOREVER, immutable=True, headers=_headers(media_type))


def _headers(media_type: str) -> dict[str, str]:
    return _SVG_HEADERS if media_type == SVG else _HEADERS


async def badge_image(request: Request, _wanted: str) -> Answer:
    """The present picture of a badge, as PNG."""

    async def load(reader: Reader) -> tuple[str, bytes]:
        badge = await _badge(reader, request)
        return await images.get_image_data(reader, badge.image_id)

    media_type, data = await services_of(request).database.read(load)
    return answer(data, media_type, max_age=MAX_AGE, headers=_HEADERS)


async def badge_svg(request: Request, _wanted: str) -> Answer:
    """The same as SVG, where the picture was drawn from one."""

    async def load(reader: Reader) -> bytes | None:
        badge = await _badge(reader, request)
        return await images.find_rendition_data(reader, badge.image_id, Rendition.SVG)

    svg = await services_of(request).database.read(load)
    if svg is None:
        raise NotFound(NOT_FOUND)
    return answer(svg, SVG, max_age=MAX_AGE, headers=_SVG_HEADERS)


async def _badge(reader: Reader, request: Request) -> Badge:
    number = request.path_params["badge_id"]
    badge = await badges.find_badge(reader, int(number)) if _NUMBER.fullmatch(number) else None
    if badge is None:
        raise NotFound(NOT_FOUND)
    return badge


async def preview_badge(request: Request, _wanted: str) -> Answer:
    """What other sites show beside a link to a badge."""
    services = services_of(request)

    async def load(reader: Reader) -> tuple[Badge, Issuer, Image]:
        badge = await _badge(reader, request)
        issuer = await issuers.get_issuer(reader, badge.issuer_id)
        return badge, issuer, await images.get_image(reader, badge.image_id)

    badge, issuer, image = await services.database.read(load)
    card = badge_card(badge, issuer, image, services.addresses)
    data = await renditions.share_card(services, card, image_id=image.id, badge_id=badge.id, grant_id=None)
    return answer(data, PNG, max_age=CARD_MAX_AGE, headers=_HEADERS)


async def preview_award(request: Request, _wanted: str) -> Answer:
    """What other sites show beside a link to an award: of one that strangers may see. Raises `Gone` for a revoked one."""
    services = services_of(request)

    async def load(reader: Reader) -> tuple[Grant, Badge, Issuer, Image, RemoteActor | None]:
        grant = await _shown_grant(reader, request)
        badge = await badges.get_granted_badge(reader, grant)
        issuer = await issuers.get_issuer(reader, grant.issuer_id)
        actor = await remote_actors.find_actor(reader, grant.actor_id) if grant.actor_id else None
        return grant, badge, issuer, await images.get_image(reader, badge.image_id), actor

    grant, badge, issuer, image, actor = await services.database.read(load)
    card = badge_card(badge, issuer, image, services.addresses, recipient=recipient_of(grant, actor))
    data = await renditions.share_card(
        services, card, image_id=image.id, badge_id=badge.id, grant_id=grant.id
    )
    return answer(data, PNG, max_age=AWARD_CARD_MAX_AGE, headers=_HEADERS)


async def _shown_grant(reader: Reader, request: Request) -> Grant:
    grant = await grants.find_grant_by_uuid(reader, request.path_params["uuid"])
    found = presence(grant, Surface.LINK) if grant is not None else Presence.HIDDEN
    if found is Presence.WITHDRAWN:
        raise Gone("This badge was taken back by its issuer.")
    if grant is None or found is not Presence.SHOWN:
        raise NotFound(NOT_FOUND)
    return grant


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


_CARD = ("badges", "issuers")

routes: list[BaseRoute] = [
    Route("/images/{sha256}.png", Door(png_image, tables=(), seconds=FOREVER), methods=["GET"]),
    Route("/images/{sha256}.svg", Door(svg_image, tables=(), seconds=FOREVER), methods=["GET"]),
    Route("/images/{sha256}/thumbnail.png", Door(thumbnail, tables=(), seconds=FOREVER), methods=["GET"]),
    Route("/badge-image/{badge_id}.svg", Door(badge_svg, tables=("badges", "renditions")), methods=["GET"]),
    Route("/badge-image/{badge_id}", Door(badge_image, tables=("badges", "images")), methods=["GET"]),
    Route("/badge-card/{badge_id}.png", Door(preview_badge, tables=_CARD), methods=["GET"]),
    Route(
        "/award-card/{uuid}.png",
        Door(preview_award, tables=(*_CARD, "grants", "remote_actors")),
        methods=["GET"],
    ),
    Route("/actor-image/{username}", Door(actor_image, tables=("issuers", "images")), methods=["GET"]),
]
