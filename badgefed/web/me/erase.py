"""Erasing everything: what goes and what stays, and the link that confirms it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, RateLimited
from badgefed.issuing import holders
from badgefed.web.forms import read_form
from badgefed.web.languages import tongue_of
from badgefed.web.me.visits import (
    Visit,
    check_visit_form,
    count_holder,
    limits_of,
    signed_in,
    visit_token,
)
from badgefed.web.recipients import HEADERS
from badgefed.web.templating import render, services_of


@signed_in
async def show_erase(request: Request, visit: Visit) -> Response:
    return _page(request, visit)


def _page(
    request: Request, visit: Visit, *, error: BadgefedError | None = None, is_asked: bool = False
) -> Response:
    wait = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    return render(
        request,
        "me/erase.html",
        status=error.status if error else 200,
        headers={**HEADERS, **wait},
        token=visit_token(services_of(request), visit),
        identities=visit.holder.identities,
        is_asked=is_asked,
        wrong=error,
    )


@signed_in
async def ask_to_erase(request: Request, visit: Visit) -> Response:
    """Sends the link that confirms it; nothing else happens."""
    services = services_of(request)
    form = await read_form(request)
    check_visit_form(request, visit, form)
    try:
        count_holder(visit, limits_of(request).added)
        await services.database.write(
            lambda tx: holders.ask_to_erase(
                tx,
                visit.holder,
                form.get(holders.FIELD, ""),
                now=services.clock(),
                language=tongue_of(request).tag,
            )
        )
    except BadgefedError as error:
        return _page(request, visit, error=error)
    services.wake.set()
    return _page(request, visit, is_asked=True)


routes: list[BaseRoute] = [
    Route("/me/erase", show_erase),
    Route("/me/erase", ask_to_erase, methods=["POST"]),
]
