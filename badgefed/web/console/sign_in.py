"""Getting in and out of the console."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Invalid, RateLimited, Unauthenticated, Unavailable
from badgefed.issuing import sessions
from badgefed.model.session import LinkKind
from badgefed.web.console.access import (
    HOME,
    SIGN_IN,
    Visit,
    enter,
    find_visit,
    for_user,
    leave,
    read_stranger_form,
    read_visit_form,
    redirect,
    render_console,
    render_for_stranger,
    safe_next,
    session_token,
    visitor_of,
)
from badgefed.web.errors import as_page
from badgefed.web.forms import read_email
from badgefed.web.languages import tongue_of
from badgefed.web.templating import services_of

PASSWORD = "/console/password"  # noqa: S105 - an address
MAX_TYPED = 254

_SHOWN = (Invalid, RateLimited, Unauthenticated, Unavailable)


@for_user
async def show_front(request: Request, visit: Visit) -> Response:
    """To the only organization, or the choice of one."""
    if len(visit.memberships) == 1:
        return redirect(f"{HOME}/o/{visit.memberships[0].organization.slug}")
    return render_console(request, "console/front.html", visit)


@as_page
async def show_sign_in(request: Request) -> Response:
    """For whoever isn't signed in."""
    if await find_visit(request) is not None:
        return redirect(HOME)
    return _sign_in_page(request, next_path=safe_next(request.query_params.get("next", "")))


def _sign_in_page(
    request: Request,
    *,
    next_path: str = HOME,
    email: str = "",
    form: str = "password",
    error: BadgefedError | None = None,
) -> Response:
    return render_for_stranger(
        request,
        "console/sign-in.html",
        error=error,
        next=next_path,
        email=email[:MAX_TYPED],
        form=form,
    )


@as_page
async def sign_in(request: Request) -> Response:
    """By address and password."""
    form = await read_stranger_form(request)
    services, wanted = services_of(request), safe_next(form.get("next", ""))
    try:
        token = await sessions.sign_in_with_password(
            services,
            email=form.get("email", ""),
            password=form.get("password", ""),
            visitor=visitor_of(request),
            replaces=session_token(request),
        )
    except _SHOWN as error:
        return _sign_in_page(
            request, next_path=wanted, email=form.get("email", ""), form="password", error=error
        )
    return enter(services, token, wanted)


@as_page
async def ask_sign_in_link(request: Request) -> Response:
    """The same answer whether the address has an account or not."""
    form = await read_stranger_form(request)
    email = form.get("email", "")
    try:
        await sessions.ask_link(
            services_of(request),
            LinkKind.SIGN_IN,
            email=read_email(form),
            network=visitor_of(request).network,
            language=tongue_of(request).tag,
        )
    except _SHOWN as error:
        return _sign_in_page(request, email=email, form="link", error=error)
    return render_for_stranger(request, "console/sent.html", email=email[:MAX_TYPED], minutes=15)


@as_page
async def show_password_help(request: Request) -> Response:
    """For whoever forgot the password."""
    return render_for_stranger(request, "console/forgotten.html", email="")


@as_page
async def ask_password_link(request: Request) -> Response:
    """The same answer whether the address has an account or not."""
    form = await read_stranger_form(request)
    email = form.get("email", "")
    try:
        await sessions.ask_link(
            services_of(request),
            LinkKind.PASSWORD,
            email=read_email(form),
            network=visitor_of(request).network,
            language=tongue_of(request).tag,
        )
    except _SHOWN as error:
        return render_for_stranger(request, "console/forgotten.html", error=error, email=email[:MAX_TYPED])
    return render_for_stranger(request, "console/sent.html", email=email[:MAX_TYPED], minutes=60)


@for_user
async def sign_out(request: Request, visit: Visit) -> Response:
    """Out of this browser."""
    await read_visit_form(request, visit)
    services = services_of(request)
    await sessions.sign_out(services, visit.signed_in, visit.token, network=visit.network)
    return leave(services, SIGN_IN)


routes: list[BaseRoute] = [
    Route(HOME, show_front),
    Route(SIGN_IN, show_sign_in),
    Route(SIGN_IN, sign_in, methods=["POST"]),
    Route(f"{SIGN_IN}/link", ask_sign_in_link, methods=["POST"]),
    Route(PASSWORD, show_password_help),
    Route(PASSWORD, ask_password_link, methods=["POST"]),
    Route("/console/sign-out", sign_out, methods=["POST"]),
]
