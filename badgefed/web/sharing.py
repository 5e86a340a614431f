"""Sharing an award: links, snippets, and the form that leads to one's own server."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface, Visibility
from badgefed.protocol.remote_interaction import Deed
from badgefed.protocol.snippets import html_frame, html_label, markdown_label
from badgefed.store import badges, grants, issuers
from badgefed.store.database import Reader
from badgefed.web.errors import NOT_FOUND, as_page
from badgefed.web.remote_interaction import Interaction, answer_form, interaction_token, show_form
from badgefed.web.templating import services_of
from badgefed.work.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What the share section of an award shows; `frame` only where it may be framed."""

    url: str
    note: str
    text: str
    action: str
    token: str
    label: str
    markdown: str
    html: str
    frame: str | None


def sharing_of(services: Services, grant: Grant, badge: Badge, issuer: Issuer) -> Sharing:
    """Of an award that strangers may see."""
    addresses = services.addresses
    url, title = addresses.award_page(grant.uuid), badge.title
    label = addresses.award_label(grant.uuid)
    is_public = grant.visibility is Visibility.PUBLIC
    return Sharing(
        url=url,
        note=grant.note_uri,
        text=share_text(badge, issuer),
        action=addresses.share(grant.uuid),
        token=interaction_token(services, addresses.share(grant.uuid)),
        label=label,
        markdown=markdown_label(title, image=label, url=url),
        html=html_label(title, image=label, url=url),
        frame=html_frame(title, url=addresses.embed(grant.uuid)) if is_public else None,
    )


def share_text(badge: Badge, issuer: Issuer) -> str:
    """What to say, unless one says something else."""
    return badge.share_text or f"{badge.title} · {issuer.name}"


@as_page
async def show(request: Request) -> Response:
    """The form on a page to itself."""
    return show_form(request, await _wanted(request))


@as_page
async def share(request: Request) -> Response:
    """On to one's own server."""
    return await answer_form(request, await _wanted(request))


async def _wanted(request: Request) -> Interaction:
    services = services_of(request)
    uuid: str = request.path_params["uuid"]
    return await services.database.read(lambda reader: _load(reader, uuid.lower(), services.addresses))


async def _load(reader: Reader, uuid: str, addresses: Addresses) -> Interaction:
    grant = await grants.find_grant_by_uuid(reader, uuid)
    if grant is None or presence(grant, Surface.LINK) is not Presence.SHOWN:
        raise NotFound(NOT_FOUND)
    badge = await badges.get_granted_badge(reader, grant)
    issuer = await issuers.get_issuer(reader, grant.issuer_id)
    page = addresses.award_page(grant.uuid)
    return Interaction(
        deed=Deed.SHARE,
        object_id=grant.note_uri,
        name=badge.title,
        action=addresses.share(grant.uuid),
        back=page,
        by_hand=grant.note_uri,
        content=f"{share_text(badge, issuer)}\n{page}",
    )


routes: list[BaseRoute] = [
    Route("/share/{uuid}", show, methods=["GET"]),
    Route("/share/{uuid}", share, methods=["POST"]),
]
