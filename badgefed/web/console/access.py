"""Who is at the console: the cookie, the session and the role behind it, read anew with each request."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from badgefed.errors import BadgefedError, NotFound, RateLimited
from badgefed.issuing.sessions import find_signed_in
from badgefed.model.audit import Author, author_of_user
from badgefed.model.organization import (
    Membership,
    Organization,
    Permission,
    Role,
    User,
    check_permission,
    may,
)
from badgefed.model.session import LIFETIME, SignedIn, Visitor
from badgefed.store import members, organizations
from badgefed.store.database import Reader
from badgefed.store.sessions import hash_token
from badgefed.web.console.devices import describe_device
from badgefed.web.cookies import clear_cookie, read_cookie, set_cookie
from badgefed.web.csrf import check_form, form_token
from badgefed.web.errors import as_page
from badgefed.web.forms import MAX_FIELDS, Form, read_form, read_upload_form
from badgefed.web.recipients import HEADERS
from badgefed.web.templating import render, services_of
from badgefed.work.rate_limits import sender_network
from badgefed.work.services import Services

HOME = "/console"
SIGN_IN = "/console/sign-in"
SESSION_COOKIE = "badgefed-console"
VISIT_COOKIE = "badgefed-visit"

CONSOLE_HEADERS: Mapping[str, str] = {
    **HEADERS,
    "Content-Security-Policy": f"{HEADERS['Content-Security-Policy']}; script-src 'self'; connect-src 'self'",
}
"""As for strangers, but that scripts of ours may run, and ask this server."""

_NEXT = re.compile(r"/console(?:/[\w-]+)*(?:\?[\w=&%.+-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of somebody who is signed in. `memberships`: the organizations that they may turn to."""

    signed_in: SignedIn
    token: str
    network: str
    memberships: tuple[Membership, ...]

    @property
    def user(self) -> User:
        return self.signed_in.user

    @property
    def author(self) -> Author:
        return author_of_user(self.user, self.network)

    @property
    def form_subject(self) -> str:
        return f"console:{hash_token(self.token)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A visit to one organization."""

    visit: Visit
    membership: Membership

    @property
    def organization(self) -> Organization:
        return self.membership.organization

    @property
    def root(self) -> str:
        """Where the organization's pages begin."""
        return f"{HOME}/o/{self.organization.slug}"

    def may(self, permission: Permission) -> bool:
        """For what a page offers; what is done is checked with `check_permission`."""
        return may(self.membership.role, permission) and (
            self.organization.is_active or permission in (Permission.READ, Permission.READ_AUDIT)
        )


Handler = Callable[[Request], Awaitable[Response]]
UserHandler = Callable[[Request, Visit], Awaitable[Response]]
DeskHandler = Callable[[Request, Desk], Awaitable[Response]]


def visitor_of(request: Request) -> Visitor:
    return Visitor(
        device=describe_device(request.headers.get("user-agent", "")),
        network=sender_network(request.client.host if request.client else ""),
    )


def session_token(request: Request) -> str | None:
    """What the browser brought, live or not."""
    return read_cookie(services_of(request), request, SESSION_COOKIE)


async def find_signed_in_user(request: Request) -> SignedIn | None:
    token = session_token(request)
    return await find_signed_in(services_of(request), token) if token else None


async def find_visit(request: Request) -> Visit | None:
    """None where nobody is signed in (any more)."""
    token, signed_in = session_token(request), await find_signed_in_user(request)
    if token is None or signed_in is None:
        return None
    memberships = await services_of(request).database.read(
        lambda reader: _load_memberships(reader, signed_in.user)
    )
    return Visit(
        signed_in=signed_in,
        token=token,
        network=visitor_of(request).network,
        memberships=memberships,
    )


async def _load_memberships(reader: Reader, user: User) -> tuple[Membership, ...]:
    """An operator may look into every organization."""
    own = await members.list_memberships(reader, user.id)
    if not user.is_operator:
        return tuple(own)
    known = {one.organization.id for one in own}
    others = [one for one in await organizations.list_organizations(reader) if one.id not in known]
    return (*own, *(Membership(organization=one, role=Role.VIEWER) for one in others))


def for_user(handler: UserHandler) -> Handler:
    """For whoever is signed in; anybody else is sent to where one signs in. Errors are pages."""

    @as_page
    @wraps(handler)
    async def handle(request: Request) -> Response:
        visit = await find_visit(request)
        return await handler(request, visit) if visit is not None else _to_sign_in(request)

    return handle


def for_member(permission: Permission) -> Callable[[DeskHandler], Handler]:
    """For members of the organization in the path whose role covers that; to strangers there is no such organization."""

    def decorate(handler: DeskHandler) -> Handler:
        @for_user
        @wraps(handler)
        async def handle(request: Request, visit: Visit) -> Response:
            slug = request.path_params["organization"]
            membership = next((one for one in visit.memberships if one.organization.slug == slug), None)
            if membership is None:
                raise NotFound("There is no such organization.")
            check_permission(membership, permission)
            return await handler(request, Desk(visit=visit, membership=membership))

        return handle

    return decorate


def _to_sign_in(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = safe_next(f"{request.url.path}{query}") if request.method == "GET" else HOME
    return redirect(SIGN_IN if wanted == HOME else f"{SIGN_IN}?next={quote(wanted, safe='')}")


def safe_next(text: str) -> str:
    """Where to go after signing in: an address of the console, else its front."""
    return text if len(text) <= 300 and _NEXT.fullmatch(text) else HOME


def redirect(path: str) -> RedirectResponse:
    """After a form, to a page that may be loaded again."""
    return RedirectResponse(path, 303, HEADERS)


def enter(services: Services, token: str, path: str) -> Response:
    """Goes on with a new session."""
    response = redirect(path)
    set_cookie(services, response, SESSION_COOKIE, token, lifetime=LIFETIME)
    clear_cookie(services, response, VISIT_COOKIE)
    return response


def leave(services: Services, path: str) -> Response:
    """Goes on without a session."""
    response = redirect(path)
    clear_cookie(services, response, SESSION_COOKIE)
    return response


async def read_visit_form(
    request: Request, visit: Visit, *, max_fields: int = MAX_FIELDS
) -> Mapping[str, str]:
    """Raises `Forbidden` for a form of another site, or of another session."""
    form = await read_form(request, max_fields=max_fields)
    check_form(services_of(request), request, form, visit.form_subject)
    return form


async def read_visit_upload(
    request: Request, visit: Visit, *, max_bytes: int, max_fields: int = MAX_FIELDS
) -> Form:
    """The same for a form that may bring files."""
    form = await read_upload_form(request, max_bytes=max_bytes, max_fields=max_fields)
    check_form(services_of(request), request, form.fields, visit.form_subject)
    return form


async def read_stranger_form(request: Request) -> Mapping[str, str]:
    """Of somebody who isn't signed in: bound to the browser that `render_for_stranger` showed the form to."""
    form = await read_form(request)
    visit = read_cookie(services_of(request), request, VISIT_COOKIE) or ""
    check_form(services_of(request), request, form, f"visit:{visit}")
    return form


def render_for_stranger(
    request: Request, name: str, *, error: BadgefedError | None = None, **context: object
) -> Response:
    """A page with a form for somebody who isn't signed in."""
    services = services_of(request)
    visit = read_cookie(services, request, VISIT_COOKIE) or secrets.token_urlsafe(16)
    response = render(
        request,
        name,
        status=error.status if error else 200,
        headers=_headers(error),
        token=form_token(services, f"visit:{visit}"),
        error=error,
        visit=None,
        desk=None,
        **context,
    )
    set_cookie(services, response, VISIT_COOKIE, visit)
    return response


def lost(request: Request) -> Response:
    """For whoever opens a link that is cut off, too old or used up; which of these is not told."""
    return render_for_stranger(request, "console/lost.html", error=NotFound())


def render_console(
    request: Request,
    name: str,
    visit: Visit,
    *,
    desk: Desk | None = None,
    error: BadgefedError | None = None,
    **context: object,
) -> Response:
    """A page of the console; `error` is what was wrong with a form, and gives the status."""
    return render(
        request,
        name,
        status=error.status if error else 200,
        headers=_headers(error, CONSOLE_HEADERS),
        token=form_token(services_of(request), visit.form_subject),
        visit=visit,
        desk=desk,
        error=error,
        **context,
    )


def _headers(error: BadgefedError | None, headers: Mapping[str, str] = HEADERS) -> Mapping[str, str]:
    retry = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    return {**headers, **retry}
