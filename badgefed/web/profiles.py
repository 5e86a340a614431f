"""The public profile of somebody who holds badges."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.issuing.public_profiles import load_exhibition
from badgefed.web.errors import NOT_FOUND, as_page
from badgefed.web.me.shelf import bring
from badgefed.web.pages import NO_INDEX
from badgefed.web.templating import render, services_of

MAX_HANDLE = 30


@as_page
async def show_profile(request: Request) -> Response:
    """What the holder shows. Raises `NotFound`, also for one that is switched off."""
    services = services_of(request)
    typed: str = request.path_params["handle"]
    handle = typed.lower()
    if len(handle) > MAX_HANDLE:
        raise NotFound(NOT_FOUND)
    shown = await services.database.read(lambda reader: load_exhibition(reader, handle))
    if shown is None:
        raise NotFound(NOT_FOUND)
    page = services.addresses.public_profile(handle)
    if handle != typed:
        return RedirectResponse(page, 301)
    now = services.clock()
    return render(
        request,
        "profile.html",
        headers={} if shown.profile.is_indexed else NO_INDEX,
        profile=shown.profile,
        page=page,
        badges=[(row, row.expires_at is not None and row.expires_at <= now) for row in shown.badges],
        external=[bring(badge) for badge in shown.external],
    )


routes: list[BaseRoute] = [Route("/u/{handle}", show_profile)]
