"""Accepting an invitation by the link in its mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Forbidden, Invalid
from badgefed.issuing import people
from badgefed.model.organization import Invitation
from badgefed.store import organizations, users
from badgefed.store.database import Reader
from badgefed.store.invitations import find_open_invitation
from badgefed.web.console.access import (
    HOME,
    SIGN_IN,
    enter,
    find_signed_in_user,
    lost,
    read_stranger_form,
    redirect,
    render_for_stranger,
    visitor_of,
)
from badgefed.web.errors import as_page
from badgefed.web.templating import services_of
from badgefed.work.account_links import invitation_opens


@as_page
async def show_invitation(request: Request) -> Response:
    """Who invites whom to what, with a button."""
    invitation = await _find(request)
    return await _page(request, invitation) if invitation else lost(request)


@as_page
async def accept_invitation(request: Request) -> Response:
    """Whoever comes second is lost."""
    invitation = await _find(request)
    if invitation is None:
        return lost(request)
    form = await read_stranger_form(request)
    services, signed_in = services_of(request), await find_signed_in_user(request)
    try:
        accepted = await people.accept_invitation(
            services,
            invitation.uuid,
            name=form.get("name", ""),
            password=form.get("password", ""),
            visitor=visitor_of(request),
            signed_in=signed_in,
        )
    except (Invalid, Forbidden) as error:
        return await _page(request, invitation, form=form, error=error)
    if accepted is None:
        return lost(request)
    root = f"{HOME}/o/{accepted.organization.slug}"
    if accepted.token is not None:
        return enter(services, accepted.token, root)
    return redirect(root if signed_in else SIGN_IN)


async def _find(request: Request) -> Invitation | None:
    services, uuid = services_of(request), request.path_params["uuid"]
    if not invitation_opens(services.settings.secret_key, uuid, request.path_params["key"]):
        return None
    return await find_open_invitation(services.database, uuid, now=services.clock())


async def _page(
    request: Request,
    invitation: Invitation,
    *,
    form: Mapping[str, str] | None = None,
    error: BadgefedError | None = None,
) -> Response:
    signed_in = await find_signed_in_user(request)

    async def load(reader: Reader) -> dict[str, Any]:
        return {
            "organization": await organizations.get_organization(reader, invitation.organization_id),
            "is_known": await users.find_user(reader, invitation.email) is not None,
        }

    return render_for_stranger(
        request,
        "console/invitation.html",
        error=error,
        invitation=invitation,
        typed_name=(form or {}).get("name", "")[:300],
        signed_in_as=signed_in.user.email if signed_in else None,
        **await services_of(request).database.read(load),
    )


routes: list[BaseRoute] = [
    Route("/console/invitation/{uuid}/{key}", show_invitation),
    Route("/console/invitation/{uuid}/{key}", accept_invitation, methods=["POST"]),
]
