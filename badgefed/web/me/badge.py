"""One badge of a holder's: who may see it, where it stands, whether it is on the public profile."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Invalid
from badgefed.issuing import collections, grant_visibility, public_profiles
from badgefed.model.grant import Grant, Status
from badgefed.model.holder import Direction
from badgefed.model.visibility import Visibility
from badgefed.store import held_grants, held_places
from badgefed.store.database import Reader, Transaction
from badgefed.web.forms import read_form
from badgefed.web.me.shelf import Held, hold_one
from badgefed.web.me.visits import (
    HOME,
    PLACE,
    Visit,
    check_visit_form,
    count_holder,
    limits_of,
    redirect,
    signed_in,
    visit_token,
)
from badgefed.web.recipients import HEADERS, lost
from badgefed.web.templating import render, services_of


@signed_in
async def show_badge(request: Request, visit: Visit) -> Response:
    return await _page(request, visit)


async def _page(request: Request, visit: Visit, error: BadgefedError | None = None) -> Response:
    services = services_of(request)

    async def load(reader: Reader) -> tuple[Held, bool] | None:
        grant = await _find(reader, request, visit)
        if grant is None or not public_profiles.has_place(grant):
            return None
        places = await held_places.load_places(reader, visit.holder.id)
        held = await hold_one(reader, services, visit.holder, grant)
        return held, grant.id in places.hidden

    found = await services.database.read(load)
    if found is None:
        return lost(request)
    item, is_hidden = found
    return render(
        request,
        "me/badge.html",
        status=error.status if error else 200,
        headers=HEADERS,
        token=visit_token(services, visit),
        item=item,
        is_hidden=is_hidden,
        can_change=item.grant.status is Status.PROCESSED,
        wrong=error,
    )


async def _find(reader: Reader, request: Request, visit: Visit) -> Grant | None:
    return await held_grants.find_held(reader, visit.holder.names, request.path_params["uuid"])


@signed_in
async def change_visibility(request: Request, visit: Visit) -> Response:
    """Publishes the badge, or withdraws it. Twice is as good as once."""
    services = services_of(request)
    form = await read_form(request)
    check_visit_form(request, visit, form)

    async def change(tx: Transaction) -> bool:
        grant = await _find(tx, request, visit)
        if grant is not None:
            await grant_visibility.change_visibility(tx, services, grant, visibility)
        return grant is not None

    try:
        visibility = _read_visibility(form.get("visibility", ""))
        count_holder(visit, limits_of(request).changed)
        if not await services.database.write(change):
            return lost(request)
    except BadgefedError as error:
        return await _page(request, visit, error)
    services.wake.set()
    return redirect(f"{HOME}/badges/{request.path_params['uuid']}")


def _read_visibility(text: str) -> Visibility:
    try:
        return Visibility(text)
    except ValueError:
        raise Invalid("Choose who may see the badge.", field="visibility") from None


@signed_in
async def move_badge(request: Request, visit: Visit) -> Response:
    """One place up or down, or to the front."""
    form = await read_form(request)
    check_visit_form(request, visit, form)
    uuid, way = request.path_params["uuid"], form.get("direction", "")
    if way not in set(Direction):
        raise Invalid("Choose where the badge shall go.", field="direction")

    async def move(tx: Transaction) -> bool:
        grant = await _find(tx, request, visit)
        if grant is not None:
            held = await collections.list_grants(tx, visit.holder)
            listed = [one for one in held if public_profiles.has_place(one)]
            await public_profiles.move_badge(tx, visit.holder, grant, Direction(way), listed=listed)
        return grant is not None

    if not await services_of(request).database.write(move):
        return lost(request)
    return redirect(f"{HOME}?{PLACE}={uuid}#badge-{uuid}")


@signed_in
async def hide_badge(request: Request, visit: Visit) -> Response:
    """Takes the badge off the public profile, or puts it back."""
    form = await read_form(request)
    check_visit_form(request, visit, form)

    async def hide(tx: Transaction) -> bool:
        grant = await _find(tx, request, visit)
        if grant is not None:
            is_hidden = form.get("hidden") == "1"
            await held_places.set_hidden(tx, visit.holder.id, grant.id, is_hidden=is_hidden)
        return grant is not None

    if not await services_of(request).database.write(hide):
        return lost(request)
    return redirect(f"{HOME}/badges/{request.path_params['uuid']}")


routes: list[BaseRoute] = [
    Route("/me/badges/{uuid}", show_badge),
    Route("/me/badges/{uuid}/visibility", change_visibility, methods=["POST"]),
    Route("/me/badges/{uuid}/move", move_badge, methods=["POST"]),
    Route("/me/badges/{uuid}/hide", hide_badge, methods=["POST"]),
]
