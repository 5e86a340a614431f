"""An award as a label for READMEs: a picture that says what is so now, whoever shows it."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.model.badge import Badge
from badgefed.model.grant import CredentialStatus, Grant, Presence, credential_status, presence
from badgefed.model.image import PNG, SVG
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface
from badgefed.protocol.award_label import HEIGHT, Label, draw_label
from badgefed.protocol.raster import render_png
from badgefed.store import badges, grants, issuers
from badgefed.store.database import Reader
from badgefed.texts import N_
from badgefed.web.documents import Answer, Door, answer
from badgefed.web.templating import services_of

MAX_AGE = 300
SCALE = 3
WIDEST = 4096
NOT_FOUND = "There is no such picture."
TABLES = ("grants", "badges", "issuers")
STATES = {
    CredentialStatus.SUSPENDED: N_("suspended"),
    CredentialStatus.EXPIRED: N_("expired"),
    CredentialStatus.REVOKED: N_("revoked"),
}
_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "x-robots-tag": "noindex",
}


async def svg_label(request: Request, _wanted: str) -> Answer:
    """Of an award that strangers may see; with 410, that it was revoked."""
    svg, status = await _draw(request)
    return answer(svg.encode(), SVG, max_age=MAX_AGE, status=status, headers=_HEADERS)


async def png_label(request: Request, _wanted: str) -> Answer:
    """The same as PNG, three times as large for dense screens."""
    svg, status = await _draw(request)
    async with services_of(request).drawing:
        png = await asyncio.to_thread(render_png, svg, size=WIDEST, height=HEIGHT * SCALE)
    return answer(png, PNG, max_age=MAX_AGE, status=status, headers=_HEADERS)


async def _draw(request: Request) -> tuple[str, int]:
    """The label, and the status to send it with. Raises `NotFound`."""
    services = services_of(request)
    uuid: str = request.path_params["uuid"]
    grant, badge, issuer = await services.database.read(lambda reader: _load(reader, uuid.lower()))
    status = credential_status(grant, now=services.clock())
    label = Label(
        title=badge.title,
        issuer=issuer.name,
        colour=issuer.colour,
        state=services.templates.tongue().translate(STATES.get(status, "")),
        is_withdrawn=status is CredentialStatus.REVOKED,
    )
    svg = await asyncio.to_thread(draw_label, label)
    return svg, 410 if status is CredentialStatus.REVOKED else 200


async def _load(reader: Reader, uuid: str) -> tuple[Grant, Badge, Issuer]:
    grant = await grants.find_grant_by_uuid(reader, uuid)
    if grant is None or presence(grant, Surface.LINK) is Presence.HIDDEN:
        raise NotFound(NOT_FOUND)
    badge = await badges.get_granted_badge(reader, grant)
    return grant, badge, await issuers.get_issuer(reader, grant.issuer_id)


routes: list[BaseRoute] = [
    Route("/award-label/{uuid}.svg", Door(svg_label, tables=TABLES), methods=["GET"]),
    Route("/award-label/{uuid}.png", Door(png_label, tables=TABLES), methods=["GET"]),
]
