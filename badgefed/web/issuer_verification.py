"""The link that proves an issuer's e-mail address. Opening it changes nothing, so that no mail scanner can: a button does."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.issuing import issuer_verification
from badgefed.issuing.issuer_verification import find_by_link
from badgefed.web.csrf import check_form, form_token
from badgefed.web.errors import as_page
from badgefed.web.forms import read_form
from badgefed.web.recipients import HEADERS, lost
from badgefed.web.templating import render, services_of


@as_page
async def show_verification(request: Request) -> Response:
    """Which issuer it is about, and the button."""
    services = services_of(request)
    issuer = await find_by_link(
        services.database,
        request.path_params["uuid"],
        request.path_params["key"],
        secret_key=services.settings.secret_key,
        now=services.clock(),
    )
    if issuer is None:
        return lost(request)
    token = form_token(services, _subject(request))
    return render(request, "verify-issuer.html", headers=HEADERS, issuer=issuer, token=token, is_done=False)


@as_page
async def verify(request: Request) -> Response:
    """Verifies the issuer, if the link still holds."""
    services = services_of(request)
    check_form(services, request, await read_form(request), _subject(request))
    issuer = await services.database.write(
        lambda tx: issuer_verification.confirm_link(
            tx,
            request.path_params["uuid"],
            request.path_params["key"],
            secret_key=services.settings.secret_key,
            now=services.clock(),
        )
    )
    if issuer is None:
        return lost(request)
    return render(request, "verify-issuer.html", headers=HEADERS, issuer=issuer, token="", is_done=True)


def _subject(request: Request) -> str:
    return f"verify-issuer:{request.path_params['uuid']}:{request.path_params['key']}"


routes: list[BaseRoute] = [
    Route("/verify-issuer/{uuid}/{key}", show_verification, methods=["GET"]),
    Route("/verify-issuer/{uuid}/{key}", verify, methods=["POST"]),
]
