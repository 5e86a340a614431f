"""Following an issuer from one's own server, wherever in the Fediverse that is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.model.addresses import Addresses
from badgefed.model.issuer import Issuer
from badgefed.protocol.remote_interaction import Deed
from badgefed.store import issuers
from badgefed.web.errors import NOT_FOUND, as_page
from badgefed.web.remote_interaction import Interaction, answer_form, show_form
from badgefed.web.templating import services_of


@as_page
async def show(request: Request) -> Response:
    """The form on a page to itself."""
    return show_form(request, await _wanted(request))


@as_page
async def follow(request: Request) -> Response:
    """On to one's own server."""
    return await answer_form(request, await _wanted(request))


async def _wanted(request: Request) -> Interaction:
    services = services_of(request)
    issuer = await issuers.find_issuer(services.database, request.path_params["username"])
    if issuer is None:
        raise NotFound(NOT_FOUND)
    return follow_interaction(issuer, services.addresses)


def follow_interaction(issuer: Issuer, addresses: Addresses) -> Interaction:
    return Interaction(
        deed=Deed.FOLLOW,
        object_id=issuer.actor_id,
        name=issuer.name,
        action=addresses.follow(issuer.username),
        back=issuer.actor_id,
        by_hand=f"@{issuer.username}@{addresses.host}",
    )


routes: list[BaseRoute] = [
    Route("/follow/{username}", show, methods=["GET"]),
    Route("/follow/{username}", follow, methods=["POST"]),
]
