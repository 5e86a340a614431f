"""oEmbed: what to show in the place of a link to a public award (https://oembed.com)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from badgefed.errors import Invalid, NotFound
from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface
from badgefed.protocol.openbadges import clean_text
from badgefed.protocol.snippets import FRAME_HEIGHT, FRAME_WIDTH, html_frame
from badgefed.store import badges, grants, images, issuers
from badgefed.store.database import Reader
from badgefed.texts import N_
from badgefed.web.documents import JSON, Answer, Door, answer, encode
from badgefed.web.errors import NOT_FOUND
from badgefed.web.templating import services_of

MAX_AGE = 300
MAX_URL = 2048
SMALLEST_WIDTH = 240
THUMBNAIL = 320
XML = "text/xml; charset=utf-8"

_AWARD = re.compile(r"/(?:awards|verify|api/embed)/([0-9A-Za-z-]{1,40})")
_NO_AWARD = N_("url must be the address of a public badge of this server")


async def oembed(request: Request, _wanted: str) -> Answer:
    """A `rich` answer with a frame, for an award that may be listed; anything else is not found."""
    parameters = request.query_params
    kind = parameters.get("format", "json")
    if kind not in ("json", "xml"):
        raise Invalid("format must be json or xml", field="format")
    width = min(_read_size(parameters.get("maxwidth"), "maxwidth") or FRAME_WIDTH, FRAME_WIDTH)
    height = min(_read_size(parameters.get("maxheight"), "maxheight") or FRAME_HEIGHT, FRAME_HEIGHT)
    services = services_of(request)
    url = parameters.get("url", "")
    addresses = services.addresses
    grant, badge, issuer, image = await services.database.read(lambda reader: _load(reader, url, addresses))
    document = _describe(
        grant, badge, issuer, image, addresses, width=max(width, SMALLEST_WIDTH), height=height
    )
    if kind == "xml":
        return answer(_as_xml(document), XML, max_age=MAX_AGE)
    return answer(encode(document), JSON, max_age=MAX_AGE)


def _read_size(text: str | None, name: str) -> int | None:
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid(f"{name} must be a number of pixels", field=name)
    return int(text)


async def _load(reader: Reader, url: str, addresses: Addresses) -> tuple[Grant, Badge, Issuer, Image]:
    grant = await _find(reader, url, addresses)
    if grant is None or presence(grant, Surface.LISTING) is not Presence.SHOWN:
        raise NotFound(NOT_FOUND)
    badge = await badges.get_granted_badge(reader, grant)
    issuer = await issuers.get_issuer(reader, grant.issuer_id)
    return grant, badge, issuer, await images.get_image(reader, badge.image_id)


async def _find(reader: Reader, url: str, addresses: Addresses) -> Grant | None:
    """By the address of its Note, its page, its frame, or its verification."""
    if len(url) > MAX_URL or not url.startswith(f"{addresses.base}/"):
        raise Invalid(_NO_AWARD, field="url")
    path = urlsplit(url).path
    match = _AWARD.match(path)
    if match is None:
        found = await grants.find_grant_by_note_id(reader, path.rpartition("/")[2])
        return found if found is not None and urlsplit(found.note_uri).path == path else None
    identifier = match[1]
    if identifier[:4].upper() == "CRD-":
        return await grants.find_grant_by_code(reader, identifier.upper())
    return await grants.find_grant_by_uuid(reader, identifier.lower())


def _describe(
    grant: Grant,
    badge: Badge,
    issuer: Issuer,
    image: Image,
    addresses: Addresses,
    *,
    width: int,
    height: int,
) -> dict[str, Any]:
    return {
        "type": "rich",
        "version": "1.0",
        "title": clean_text(badge.title),
        "author_name": clean_text(issuer.name),
        "author_url": issuer.actor_id,
        "provider_name": addresses.host,
        "provider_url": addresses.base,
        "cache_age": MAX_AGE,
        "html": html_frame(
            clean_text(badge.title), url=addresses.embed(grant.uuid), width=width, height=height
        ),
        "width": width,
        "height": height,
        "thumbnail_url": addresses.thumbnail(image.sha256),
        "thumbnail_width": min(image.width, THUMBNAIL),
        "thumbnail_height": min(image.height, THUMBNAIL),
    }


def _as_xml(document: dict[str, Any]) -> bytes:
    root = ElementTree.Element("oembed")
    for name, value in document.items():
        ElementTree.SubElement(root, name).text = str(value)
    body: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


routes: list[BaseRoute] = [
    Route(
        "/oembed",
        Door(oembed, tables=("grants", "badges", "issuers", "images"), by_query=True),
        methods=["GET"],
    )
]
