"""One grant, and what can be done about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Conflict, Invalid, NotFound, RateLimited
from badgefed.issuing import grants, reminders
from badgefed.model.audit import Author
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.organization import Permission
from badgefed.protocol.openbadges import clean_text
from badgefed.store import badges, images, issuers, remote_actors
from badgefed.store.database import Reader, Transaction
from badgefed.store.grants import find_grant_by_uuid
from badgefed.store.organization_grants import state_of
from badgefed.texts import say
from badgefed.web.console.access import (
    Desk,
    for_member,
    read_visit_form,
    redirect,
    render_console,
)
from badgefed.web.people import recipient_of
from badgefed.web.templating import services_of
from badgefed.work.accept_links import accept_url
from badgefed.work.rate_limits import RateLimiter

GRANT = "/console/o/{organization}/grants/{uuid}"
MAX_REASON = 1000

TOLD_BEFORE = "The recipient was told within the last hour. Give them a little time."
NOTICES = frozenset({"granted", "waiting", "sent", "reminded"})

Move = Callable[[Transaction, int, str, Author, int], Awaitable[Grant]]


@for_member(Permission.READ)
async def show_grant(request: Request, desk: Desk) -> Response:
    return await _grant_page(request, desk, await _find(request, desk))


async def _find(request: Request, desk: Desk) -> Grant:
    """Raises `NotFound`, for another organization's too."""
    grant = await find_grant_by_uuid(services_of(request).database, request.path_params["uuid"])
    if grant is None or grant.organization_id != desk.organization.id:
        raise NotFound("There is no such grant here.")
    return grant


async def _grant_page(
    request: Request,
    desk: Desk,
    grant: Grant,
    *,
    form: str = "",
    reason: str = "",
    error: BadgefedError | None = None,
) -> Response:
    services = services_of(request)

    async def load(reader: Reader) -> dict[str, Any]:
        badge = await badges.get_granted_badge(reader, grant)
        return {
            "badge": badge,
            "image": await images.get_image(reader, badge.image_id),
            "issuer": await issuers.get_issuer(reader, grant.issuer_id),
            "actor": await remote_actors.find_actor(reader, grant.actor_id) if grant.actor_id else None,
        }

    may_close, may_issue = desk.may(Permission.CLOSE_GRANTS), desk.may(Permission.ISSUE)
    is_waiting = grant.status is Status.PENDING
    done = request.query_params.get("done", "")
    is_published = grant.status is Status.PROCESSED
    return render_console(
        request,
        "console/grant.html",
        desk.visit,
        desk=desk,
        error=error,
        form=form,
        reason=reason,
        max_reason=MAX_REASON,
        grant=grant,
        recipient=recipient_of(grant, None),
        state=state_of(grant, services.clock()),
        done=done if done in NOTICES else "",
        accept_link=accept_url(services, grant, ProofKind.LINK) if may_issue and is_waiting else None,
        may_issue=may_issue,
        may_send=may_issue and is_waiting,
        may_revoke=may_close and grant.status is not Status.REVOKED,
        may_suspend=may_close and is_published and grant.suspended_at is None,
        may_reinstate=may_close and is_published and grant.suspended_at is not None,
        **await services.database.read(load),
    )


async def _revoke(tx: Transaction, grant_id: int, reason: str, by: Author, now: int) -> Grant:
    return await grants.revoke(tx, grant_id, reason=reason, by=by, now=now)


async def _suspend(tx: Transaction, grant_id: int, reason: str, by: Author, now: int) -> Grant:
    return await grants.suspend(tx, grant_id, reason=reason, by=by, now=now)


async def _reinstate(tx: Transaction, grant_id: int, _reason: str, by: Author, now: int) -> Grant:
    return await grants.reinstate(tx, grant_id, by=by, now=now)


@for_member(Permission.CLOSE_GRANTS)
async def revoke(request: Request, desk: Desk) -> Response:
    return await _move(request, desk, "revoke", _revoke)


@for_member(Permission.CLOSE_GRANTS)
async def suspend(request: Request, desk: Desk) -> Response:
    return await _move(request, desk, "suspend", _suspend)


@for_member(Permission.CLOSE_GRANTS)
async def reinstate(request: Request, desk: Desk) -> Response:
    return await _move(request, desk, "reinstate", _reinstate)


async def _move(request: Request, desk: Desk, form_name: str, move: Move) -> Response:
    """Whoever sends the form once more comes to the grant as it is by then."""
    services = services_of(request)
    form = await read_visit_form(request, desk.visit)
    grant = await _find(request, desk)
    try:
        reason = "" if move is _reinstate else _read_reason(form.get("reason", ""))
        await services.database.write(
            lambda tx: move(tx, grant.id, reason, desk.visit.author, services.clock())
        )
    except Invalid as error:
        return await _grant_page(
            request, desk, grant, form=form_name, reason=form.get("reason", ""), error=error
        )
    except Conflict:
        return redirect(f"{desk.root}/grants/{grant.uuid}")
    services.wake.set()
    return redirect(f"{desk.root}/grants/{grant.uuid}")


def _read_reason(text: str) -> str:
    reason = clean_text(text).strip()
    if not reason:
        raise Invalid("Say why; everybody who looks at the badge will see it.", field="reason")
    if len(reason) > MAX_REASON:
        raise Invalid(say("The reason may have %(most)s characters.", most=MAX_REASON), field="reason")
    return reason


@for_member(Permission.ISSUE)
async def send_again(request: Request, desk: Desk) -> Response:
    return await _tell(request, desk, "send-again", reminders.send_again)


@for_member(Permission.ISSUE)
async def remind(request: Request, desk: Desk) -> Response:
    return await _tell(request, desk, "remind", reminders.remind)


async def _tell(
    request: Request,
    desk: Desk,
    form_name: str,
    tell: Callable[..., Awaitable[Grant]],
) -> Response:
    """At most once an hour for each grant: whoever sends the form twice is told so."""
    services = services_of(request)
    await read_visit_form(request, desk.visit)
    grant = await _find(request, desk)
    try:
        _check_patience(request, grant)
        await services.database.write(
            lambda tx: tell(tx, grant.id, by=desk.visit.author, now=services.clock())
        )
    except (Invalid, Conflict, RateLimited) as error:
        return await _grant_page(request, desk, await _find(request, desk), form=form_name, error=error)
    services.wake.set()
    done = "reminded" if form_name == "remind" else "sent"
    return redirect(f"{desk.root}/grants/{grant.uuid}?done={done}")


def _check_patience(request: Request, grant: Grant) -> None:
    state = request.app.state
    if not hasattr(state, "grants_told"):
        state.grants_told = RateLimiter(1, 1, services_of(request).clock, minutes=60)
    limiter: RateLimiter = state.grants_told
    decision = limiter.check(grant.uuid)
    if not decision.allowed:
        raise RateLimited(TOLD_BEFORE, retry_after=decision.retry_after)


routes: list[BaseRoute] = [
    Route(GRANT, show_grant),
    Route(f"{GRANT}/send-again", send_again, methods=["POST"]),
    Route(f"{GRANT}/remind", remind, methods=["POST"]),
    Route(f"{GRANT}/revoke", revoke, methods=["POST"]),
    Route(f"{GRANT}/suspend", suspend, methods=["POST"]),
    Route(f"{GRANT}/reinstate", reinstate, methods=["POST"]),
]
