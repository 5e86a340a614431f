"""Where people come back to after they signed in at their own server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Forbidden, Gone, RateLimited
from badgefed.store.database import Reader
from badgefed.store.oauth_sign_ins import Purpose, SignIn
from badgefed.web import holder_sign_in, recipient_sign_in
from badgefed.web.console import profiles
from badgefed.web.errors import as_page
from badgefed.web.fediverse_departure import forget_departure, is_same_browser, show_departure
from badgefed.web.recipients import HEADERS
from badgefed.web.templating import render, services_of
from badgefed.work import fediverse_sign_in
from badgefed.work.fediverse_sign_in import ClientForgotten, Proved
from badgefed.work.services import Services

Arrive = Callable[[Request, SignIn, Proved], Awaitable[Response]]
WayBack = Callable[[Services, Reader, SignIn], Awaitable[str | None]]

ARRIVALS: Mapping[Purpose, tuple[Arrive, WayBack]] = {
    Purpose.ACCEPT: (recipient_sign_in.accept, recipient_sign_in.way_back),
    Purpose.BIND: (recipient_sign_in.bind, recipient_sign_in.way_back),
    Purpose.HOLDER: (holder_sign_in.arrive, holder_sign_in.way_back),
    Purpose.CONSOLE: (profiles.arrive_signed_in, profiles.way_back),
    Purpose.LINK: (profiles.arrive_linked, profiles.way_back),
}

log = structlog.get_logger(__name__)


@as_page
async def return_from_server(request: Request) -> Response:
    """Finishes what the sign-in was for. An address that another browser was sent off for changes nothing."""
    state = request.query_params.get("state", "")
    if not is_same_browser(request, state):
        return _failed(
            request,
            Forbidden(
                "This sign-in was begun in another browser, or too long ago, or cookies are blocked."
                " Start it again in this browser."
            ),
            None,
        )
    response = await _arrive(request, state)
    forget_departure(request, response, state)
    return response


async def _arrive(request: Request, state: str) -> Response:
    services = services_of(request)
    sign_in = await fediverse_sign_in.take(services, state)
    if sign_in is None:
        gone = Gone("This sign-in was used already, or it took more than ten minutes. Start it again.")
        return _failed(request, gone, None)
    arrive, way_back = ARRIVALS[sign_in.purpose]
    try:
        return await _finish(request, sign_in, arrive)
    except BadgefedError as error:
        log.info("sign-in failed", host=sign_in.host, purpose=sign_in.purpose, kind=type(error).__name__)
        return _failed(request, error, await way_back(services, services.database, sign_in))


async def _finish(request: Request, sign_in: SignIn, arrive: Arrive) -> Response:
    services = services_of(request)
    host: str = request.path_params["host"]
    try:
        proved = await fediverse_sign_in.prove(services, sign_in, host=host, query=request.query_params)
    except ClientForgotten:
        return show_departure(request, await fediverse_sign_in.repeat(services, sign_in))
    return await arrive(request, sign_in, proved)


def _failed(request: Request, error: BadgefedError, back: str | None) -> Response:
    wait = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    return render(
        request,
        "fediverse-failed.html",
        status=error.status,
        headers={**HEADERS, **wait},
        problem=error,
        back=back,
    )


routes: list[BaseRoute] = [Route("/sign-in/fediverse/{host}", return_from_server)]
