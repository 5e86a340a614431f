"""Fediverse profiles at the console: signing in with one, and linking one to the account beforehand."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Forbidden
from badgefed.issuing import accounts, profile_proofs
from badgefed.issuing.profiles import MAX_PROFILE, read_profile
from badgefed.store.database import Reader
from badgefed.store.oauth_sign_ins import Purpose, SignIn
from badgefed.web.console.access import (
    SIGN_IN,
    Visit,
    enter,
    find_visit,
    for_user,
    read_stranger_form,
    read_visit_form,
    redirect,
    render_for_stranger,
    safe_next,
    session_token,
    visitor_of,
)
from badgefed.web.console.account import ACCOUNT, account_page
from badgefed.web.errors import as_page
from badgefed.web.fediverse_departure import check_sender, show_departure
from badgefed.web.templating import services_of
from badgefed.work import directory, fediverse_sign_in
from badgefed.work.fediverse_sign_in import Proved
from badgefed.work.services import Services


@as_page
async def depart_to_sign_in(request: Request) -> Response:
    """To the profile's server, whether the profile has an account here or not."""
    form = await read_stranger_form(request)
    typed, wanted = form.get("profile", ""), safe_next(form.get("next", ""))
    try:
        return await _depart(request, typed, Purpose.CONSOLE, {"next": wanted})
    except BadgefedError as error:
        return render_for_stranger(
            request,
            "console/sign-in.html",
            error=error,
            next=wanted,
            email="",
            form="fediverse",
            profile=typed[:MAX_PROFILE],
        )


@for_user
async def depart_to_link(request: Request, visit: Visit) -> Response:
    """To the profile's server. A browser that was left signed in is not enough to open the account to another profile."""
    form = await read_visit_form(request, visit)
    typed = form.get("profile", "")
    try:
        accounts.require_fresh(visit.signed_in, now=services_of(request).clock())
        return await _depart(request, typed, Purpose.LINK, {"user": visit.user.id})
    except BadgefedError as error:
        return await account_page(request, visit, form="profile", typed=typed, error=error)


async def _depart(request: Request, typed: str, purpose: Purpose, payload: dict[str, str | int]) -> Response:
    profile = read_profile(typed)
    check_sender(request)
    services = services_of(request)
    actor = await directory.find_profile(services, profile)
    return show_departure(request, await fediverse_sign_in.depart(services, actor, purpose, payload))


async def arrive_signed_in(request: Request, sign_in: SignIn, proved: Proved) -> Response:
    """Into the console as the user to whom the profile is linked."""
    services = services_of(request)
    token = await services.database.write(
        lambda tx: profile_proofs.sign_in(
            tx,
            proved,
            visitor=visitor_of(request),
            now=services.clock(),
            replaces=session_token(request),
        )
    )
    return enter(services, token, safe_next(sign_in.payload["next"]))


async def arrive_linked(request: Request, sign_in: SignIn, proved: Proved) -> Response:
    """The profile signs in to the account of who asked for that, provided that they are signed in still."""
    visit = await find_visit(request)
    if visit is None or visit.user.id != sign_in.payload["user"]:
        raise Forbidden("You were signed out meanwhile. Sign in again, then link your profile.")
    user, by = visit.user, visit.author
    services = services_of(request)
    await services.database.write(
        lambda tx: accounts.link_profile(
            tx, user, actor_id=proved.actor_id, handle=proved.handle, by=by, now=services.clock()
        )
    )
    return redirect(f"{ACCOUNT}?done=linked")


async def way_back(services: Services, reader: Reader, sign_in: SignIn) -> str:
    return ACCOUNT if sign_in.purpose is Purpose.LINK else SIGN_IN


routes: list[BaseRoute] = [
    Route(f"{SIGN_IN}/fediverse", depart_to_sign_in, methods=["POST"]),
    Route(f"{ACCOUNT}/profiles/link", depart_to_link, methods=["POST"]),
]
