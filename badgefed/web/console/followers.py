"""Who follows an issuer."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.issuing import federation
from badgefed.model.actor import RemoteActor
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Permission
from badgefed.store import followers, issuers, remote_actors
from badgefed.store.database import Reader
from badgefed.store.followers import Follower
from badgefed.web.console.access import Desk, for_member, read_visit_form, redirect, render_console
from badgefed.web.console.paging import read_before, read_number
from badgefed.web.people import person_of
from badgefed.web.templating import services_of

FOLLOWERS = "/console/o/{organization}/followers/{username}"
PER_PAGE = 50


@for_member(Permission.READ)
async def show_followers(request: Request, desk: Desk) -> Response:
    """Newest first."""

    async def load(reader: Reader) -> tuple[Issuer, int, list[Follower], dict[str, RemoteActor]]:
        issuer = await _find_issuer(reader, request, desk)
        found = await followers.list_followers(
            reader, issuer.id, before=read_before(request), limit=PER_PAGE + 1
        )
        actors = await remote_actors.find_actors(reader, [one.actor_id for one in found])
        return issuer, await followers.count_followers(reader, issuer.id), found, actors

    issuer, count, found, actors = await services_of(request).database.read(load)
    shown = found[:PER_PAGE]
    return render_console(
        request,
        "console/followers.html",
        desk.visit,
        desk=desk,
        issuer=issuer,
        count=count,
        rows=[(one, person_of(one.actor_id, actors)) for one in shown],
        older=f"?before={shown[-1].id}" if len(found) > PER_PAGE else None,
        done=request.query_params.get("done") == "removed",
        may_remove=desk.may(Permission.EDIT),
    )


async def _find_issuer(reader: Reader, request: Request, desk: Desk) -> Issuer:
    """Raises `NotFound`, for another organization's too."""
    issuer = await issuers.find_issuer(reader, request.path_params["username"])
    if issuer is None or issuer.organization_id != desk.organization.id:
        raise NotFound("There is no such issuer here.")
    return issuer


@for_member(Permission.EDIT)
async def remove(request: Request, desk: Desk) -> Response:
    """Removing one twice does no harm."""
    services = services_of(request)
    form = await read_visit_form(request, desk.visit)
    issuer = await _find_issuer(services.database, request, desk)
    follower_id = read_number(form.get("follower", "")) or 0
    await services.database.write(
        lambda tx: federation.remove_follower(
            tx, issuer, follower_id, by=desk.visit.author, now=services.clock()
        )
    )
    services.wake.set()
    return redirect(f"{desk.root}/followers/{issuer.username}?done=removed")


routes: list[BaseRoute] = [
    Route(FOLLOWERS, show_followers),
    Route(f"{FOLLOWERS}/remove", remove, methods=["POST"]),
]
