"""Recipients who sign in at their own server: to accept a badge, or to put their profile on one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from badgefed.errors import Conflict, Invalid, Unavailable
from badgefed.issuing import profile_proofs, profiles
from badgefed.model.actor import RemoteActor
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.recipient import profile_alias
from badgefed.model.visibility import Visibility
from badgefed.store import grants
from badgefed.store.database import Reader
from badgefed.store.oauth_sign_ins import Purpose, SignIn
from badgefed.texts import N_
from badgefed.web.fediverse_departure import check_sender, show_departure
from badgefed.web.recipients import HEADERS, lost
from badgefed.web.templating import services_of
from badgefed.work import directory, fediverse_sign_in
from badgefed.work.accept_links import accept_url, manage_url
from badgefed.work.fediverse_sign_in import Proved
from badgefed.work.services import Services

NOT_READY = N_("Your badge is still being signed. Try again in a moment.")


async def depart_to_accept(
    request: Request, grant: Grant, channel: ProofKind, visibility: Visibility
) -> Response:
    """Sends the browser to the server of the profile that the badge was granted to. Raises what `depart` raises."""
    services = services_of(request)
    check_sender(request)
    payload = {"grant": grant.id, "channel": channel, "visibility": visibility}
    actor = await _recipient(services, grant)
    return show_departure(request, await fediverse_sign_in.depart(services, actor, Purpose.ACCEPT, payload))


async def depart_to_bind(request: Request, grant: Grant, profile: str) -> Response:
    """Sends the browser to the server of `profile` (as `profiles.read_profile` gives it). Raises what `depart` raises."""
    services = services_of(request)
    if not profiles.can_bind(grant):
        raise Conflict("This badge takes no other profile.")
    if grant.status is not Status.PROCESSED:
        raise Unavailable(NOT_READY)
    check_sender(request)
    actor = await directory.find_profile(services, profile)
    departure = await fediverse_sign_in.depart(services, actor, Purpose.BIND, {"grant": grant.id})
    return show_departure(request, departure)


async def accept(request: Request, sign_in: SignIn, proved: Proved) -> Response:
    """The badge is accepted by who came back; on to the recipient's own page."""
    services = services_of(request)
    payload, now = sign_in.payload, services.clock()
    grant = await services.database.write(
        lambda tx: profile_proofs.accept(
            tx,
            payload["grant"],
            proved,
            channel=ProofKind(payload["channel"]),
            visibility=Visibility(payload["visibility"]),
            now=now,
        )
    )
    if grant is None:
        return lost(request)
    services.wake.set()
    return RedirectResponse(manage_url(services, grant), 303, HEADERS)


async def bind(request: Request, sign_in: SignIn, proved: Proved) -> Response:
    """The badge names the profile of who came back; on to the recipient's own page."""
    services = services_of(request)
    grant_id, now = sign_in.payload["grant"], services.clock()
    is_bound = await services.database.write(
        lambda tx: profiles.bind(tx, grant_id, actor_id=proved.actor_id, handle=proved.handle, now=now)
    )
    grant = await grants.find_grant(services.database, grant_id)
    if not is_bound or grant is None:
        raise Conflict("This badge takes no other profile.")
    services.wake.set()
    return RedirectResponse(manage_url(services, grant), 303, HEADERS)


async def way_back(services: Services, reader: Reader, sign_in: SignIn) -> str | None:
    """Where to try again: the page that the recipient came from, as long as it is there."""
    grant = await grants.find_grant(reader, sign_in.payload["grant"])
    if grant is None:
        return None
    if grant.status is not Status.PENDING:
        return manage_url(services, grant)
    return accept_url(services, grant, ProofKind(sign_in.payload["channel"]))


def sign_in_name(grant: Grant) -> str | None:
    """By what to call the recipient whose server may confirm who they are; None if the badge names no profile."""
    if grant.handle is not None or grant.profile is None:
        return grant.handle
    alias = profile_alias(grant.profile)
    return f"@{alias.removeprefix('acct:')}" if alias.startswith("acct:") else grant.profile


async def _recipient(services: Services, grant: Grant) -> RemoteActor:
    if grant.actor_id is not None:
        return await fediverse_sign_in.find_actor(services, grant.actor_id)
    if grant.profile is None:
        raise Invalid("This badge was granted to no Fediverse profile.", field="answer")
    return await directory.find_profile(services, grant.profile)
