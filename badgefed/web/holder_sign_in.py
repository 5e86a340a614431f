"""Holders of badges who sign in at their own server, or add a profile to theirs in that way."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from badgefed.errors import Invalid
from badgefed.issuing import holders
from badgefed.model.recipient import parse_handle
from badgefed.store.database import Reader
from badgefed.store.oauth_sign_ins import Purpose, SignIn
from badgefed.web.fediverse_departure import check_sender, show_departure
from badgefed.web.me.visits import HOME, enter, find_session, redirect
from badgefed.web.templating import services_of
from badgefed.work import directory, fediverse_sign_in
from badgefed.work.fediverse_sign_in import Proved
from badgefed.work.services import Services

BY_SIGN_IN = "sign-in"


async def depart(request: Request, identity: str, *, holder_id: int | None) -> Response:
    """Sends the browser to the server of a profile; `holder_id` is who wants to add it to theirs.

    `identity` is as `holders.read_identity` gives it. Raises `Invalid` for an e-mail address, and what `depart` raises.
    """
    if parse_handle(identity) is None and "://" not in identity:
        raise Invalid("Only a profile has a server to sign in at. Write it like @you@mastodon.example.")
    services = services_of(request)
    check_sender(request)
    actor = await directory.find_profile(services, identity)
    departure = await fediverse_sign_in.depart(services, actor, Purpose.HOLDER, {"holder": holder_id})
    return show_departure(request, departure)


async def arrive(request: Request, sign_in: SignIn, proved: Proved) -> Response:
    """Whoever came back is signed in; on to their badges."""
    services = services_of(request)
    session, now = await find_session(request), services.clock()
    token = await services.database.write(
        lambda tx: holders.sign_in_proved(
            tx, proved.actor_id, session, adds_to=sign_in.payload["holder"], now=now
        )
    )
    response = redirect(HOME)
    enter(services, response, token)
    return response


async def way_back(services: Services, reader: Reader, sign_in: SignIn) -> str:
    return HOME
