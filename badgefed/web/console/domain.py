"""The organization's domain: what proves that it is its own, and looking whether the proof is there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Invalid, RateLimited, Unprocessable
from badgefed.issuing import domains
from badgefed.model.organization import Permission
from badgefed.web.console.access import Desk, for_member, read_visit_form, redirect, render_console
from badgefed.web.templating import services_of

PATH = "/console/o/{organization}/domain"
MAX_TYPED = 253


@for_member(Permission.MANAGE_ORGANIZATION)
async def show_domain(request: Request, desk: Desk) -> Response:
    """`?done=` comes after a domain was verified."""
    return await _page(request, desk, typed=desk.organization.domain or "")


async def _page(request: Request, desk: Desk, *, typed: str, error: BadgefedError | None = None) -> Response:
    """`typed` is what stands in the form, with instructions for it if it is a domain."""
    services = services_of(request)
    try:
        domain = domains.read_domain(typed)
    except Invalid:
        domain = ""
    wanted = await services.database.read(
        lambda reader: domains.load_instructions(reader, services, desk.organization, domain)
    )
    return render_console(
        request,
        "console/domain.html",
        desk.visit,
        desk=desk,
        error=error,
        typed=typed[:MAX_TYPED],
        wanted=wanted,
        done=bool(request.query_params.get("done")),
    )


@for_member(Permission.MANAGE_ORGANIZATION)
async def verify_domain(request: Request, desk: Desk) -> Response:
    """Looks at the record and the front page; without either, the page says what is missing."""
    form = await read_visit_form(request, desk.visit)
    typed = form.get("domain", "")
    try:
        await domains.verify_domain(services_of(request), desk.organization, typed, by=desk.visit.author)
    except (Invalid, Unprocessable, RateLimited) as error:
        return await _page(request, desk, typed=typed, error=error)
    return redirect(f"{desk.root}/domain?done=1")


routes: list[BaseRoute] = [
    Route(PATH, show_domain),
    Route(f"{PATH}/verify", verify_domain, methods=["POST"]),
]
