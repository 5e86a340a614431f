"""Links from mails: each opens a page with a button, for mail programs open links on their own, and works once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import Conflict, Invalid
from badgefed.issuing import accounts, sessions
from badgefed.issuing.set_up import FirstOwner, set_up
from badgefed.model.session import AccountLink, LinkKind
from badgefed.store.account_links import find_live_link
from badgefed.web.console.access import (
    HOME,
    enter,
    lost,
    read_stranger_form,
    render_for_stranger,
    session_token,
    visitor_of,
)
from badgefed.web.errors import as_page
from badgefed.web.forms import read_email
from badgefed.web.templating import services_of
from badgefed.work.account_links import link_opens

FORM = Mapping[str, str]
SET_UP_FIELDS = ("organization_name", "slug", "name", "email")


@as_page
async def show_link(request: Request) -> Response:
    """What the link does, with a button. Whatever is wrong with an address, the answer is the same."""
    link = await _find(request)
    return lost(request) if link is None else _page(request, link)


@as_page
async def use_link(request: Request) -> Response:
    """Does it."""
    link = await _find(request)
    if link is None:
        return lost(request)
    form = await read_stranger_form(request)
    try:
        return await USES[link.kind](request, link, form)
    except (Invalid, Conflict) as error:
        return _page(request, link, form=form, error=error)


async def _find(request: Request) -> AccountLink | None:
    services, uuid = services_of(request), request.path_params["uuid"]
    if not link_opens(services.settings.secret_key, uuid, request.path_params["key"]):
        return None
    return await find_live_link(services.database, uuid, now=services.clock())


def _page(
    request: Request,
    link: AccountLink,
    *,
    form: FORM | None = None,
    error: Invalid | Conflict | None = None,
) -> Response:
    typed = {name: (form or {}).get(name, "")[:300] for name in SET_UP_FIELDS}
    name = "console/set-up.html" if link.kind is LinkKind.SET_UP else "console/link.html"
    return render_for_stranger(request, name, error=error, link=link, typed=typed)


async def _sign_in(request: Request, link: AccountLink, form: FORM) -> Response:
    services = services_of(request)
    token = await sessions.sign_in_by_link(
        services, link.uuid, visitor=visitor_of(request), replaces=session_token(request)
    )
    return lost(request) if token is None else enter(services, token, HOME)


async def _choose_password(request: Request, link: AccountLink, form: FORM) -> Response:
    services = services_of(request)
    token = await accounts.choose_password(
        services,
        link.uuid,
        form.get("password", ""),
        visitor=visitor_of(request),
        replaces=session_token(request),
    )
    return lost(request) if token is None else enter(services, token, HOME)


async def _confirm_email(request: Request, link: AccountLink, form: FORM) -> Response:
    network = visitor_of(request).network
    email = await accounts.confirm_email(services_of(request), link.uuid, network=network)
    return _done(request, link, email)


async def _keep_email(request: Request, link: AccountLink, form: FORM) -> Response:
    network = visitor_of(request).network
    email = await accounts.keep_email(services_of(request), link.uuid, network=network)
    return _done(request, link, email)


def _done(request: Request, link: AccountLink, email: str | None) -> Response:
    if email is None:
        return lost(request)
    return render_for_stranger(request, "console/done.html", link=link, email=email)


async def _set_up(request: Request, link: AccountLink, form: FORM) -> Response:
    services = services_of(request)
    first = FirstOwner(
        slug=form.get("slug", "").lower(),
        organization_name=form.get("organization_name", ""),
        name=form.get("name", ""),
        email=read_email(form),
        password=form.get("password", ""),
    )
    made = await set_up(services, link.uuid, first, visitor=visitor_of(request))
    if made is None:
        return lost(request)
    organization, token = made
    return enter(services, token, f"{HOME}/o/{organization.slug}")


USES: Mapping[LinkKind, Callable[[Request, AccountLink, FORM], Awaitable[Response]]] = {
    LinkKind.SIGN_IN: _sign_in,
    LinkKind.PASSWORD: _choose_password,
    LinkKind.EMAIL: _confirm_email,
    LinkKind.KEEP_EMAIL: _keep_email,
    LinkKind.SET_UP: _set_up,
}

routes: list[BaseRoute] = [
    Route("/console/link/{uuid}/{key}", show_link),
    Route("/console/link/{uuid}/{key}", use_link, methods=["POST"]),
]
