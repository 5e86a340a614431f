"""Accepting or declining a badge by a link, and having no more reminders.

Each address carries a secret. Whatever is wrong with an address, the answer is one and the same, so that nothing can be
learned by trying.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, FetchFailed, Invalid, RateLimited, Unavailable, Unprocessable
from badgefed.issuing import grants
from badgefed.issuing.grants import Proof
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.times import format_rfc3339
from badgefed.model.visibility import Visibility
from badgefed.protocol.openbadges import clean_text
from badgefed.store import mail_optouts
from badgefed.store.database import Transaction
from badgefed.web import answered
from badgefed.web.csrf import check_form, form_token
from badgefed.web.errors import as_page
from badgefed.web.forms import read_form
from badgefed.web.recipient_sign_in import depart_to_accept, sign_in_name
from badgefed.web.recipients import HEADERS, find_grant, form_subject, load_subject, lost
from badgefed.web.templating import render, services_of
from badgefed.work.accept_links import channel_of, manage_url, opens, unsubscribe_key

MAX_REASON = 500
NOT_ME = "This isn't me"


@as_page
async def lost_link(request: Request) -> Response:
    return lost(request)


@as_page
async def show_offer(request: Request) -> Response:
    """The offered badge, with what to answer."""
    held = await _held(request)
    if held is None:
        return lost(request)
    return await _page(request, held[0])


async def _page(
    request: Request,
    grant: Grant,
    *,
    problem: BadgefedError | None = None,
    wrong: Invalid | None = None,
    chosen: Visibility = Visibility.PUBLIC,
) -> Response:
    """`problem`: why the recipient's server could not be asked. `wrong`: what is wrong with the answer."""
    services = services_of(request)
    subject = await services.database.read(lambda reader: load_subject(reader, grant))
    wait = {"Retry-After": str(problem.retry_after)} if isinstance(problem, RateLimited) else {}
    error = wrong or problem
    return render(
        request,
        "accept.html",
        status=error.status if error else 200,
        headers={**HEADERS, **wait},
        problem=problem,
        wrong=wrong,
        chosen=chosen,
        sign_in_name=sign_in_name(grant),
        token=form_token(services, form_subject(request, grant)),
        is_expired=grant.expires_at is not None and grant.expires_at <= services.clock(),
        max_reason=MAX_REASON,
        **subject.context,
    )


@as_page
async def answer_offer(request: Request) -> Response:
    """Accepts or declines, then goes on to the recipient's own page, or first to their server. Whoever comes second is lost."""
    held = await _held(request)
    if held is None:
        return lost(request)
    grant, channel = held
    services = services_of(request)
    form = await read_form(request)
    check_form(services, request, form, form_subject(request, grant))
    now = services.clock()
    try:
        if form.get("answer") == "sign-in":
            return await _sign_in(request, grant, channel, _visibility(form))
        answered_grant = await services.database.write(lambda tx: _answer(tx, grant, channel, form, now))
    except Invalid as wrong:
        return await _page(request, grant, wrong=wrong)
    if answered_grant is None:
        return lost(request)
    services.wake.set()
    return RedirectResponse(manage_url(services, grant), 303, HEADERS)


async def _sign_in(request: Request, grant: Grant, channel: ProofKind, visibility: Visibility) -> Response:
    """On to the recipient's server; where that can't be, the page again with the reason."""
    try:
        return await depart_to_accept(request, grant, channel, visibility)
    except (FetchFailed, RateLimited, Unavailable, Unprocessable) as problem:
        return await _page(request, grant, problem=problem, chosen=visibility)


async def _held(request: Request) -> tuple[Grant, ProofKind] | None:
    """The pending grant whose link this is, and the channel that the link was sent through."""
    secret_key = services_of(request).settings.secret_key
    grant = await find_grant(request)
    channel = channel_of(secret_key, grant, request.path_params["key"])
    if grant is None or channel is None or grant.status is not Status.PENDING:
        return None
    return grant, channel


async def _answer(
    tx: Transaction, grant: Grant, channel: ProofKind, form: Mapping[str, str], now: int
) -> Grant | None:
    answer = form.get("answer")
    if answer == "decline":
        return await grants.decline(tx, grant.id, reason=_reason(form), now=now)
    if answer != "accept":
        raise Invalid("Accept the badge or decline it.", field="answer")
    return await grants.accept(
        tx,
        grant.id,
        visibility=_visibility(form),
        proof=Proof(kind=channel, details={"channel": channel, "time": format_rfc3339(now)}),
        now=now,
    )


def _visibility(form: Mapping[str, str]) -> Visibility:
    try:
        return Visibility(form.get("visibility", ""))
    except ValueError:
        raise Invalid("Choose who may see the badge.", field="visibility") from None


def _reason(form: Mapping[str, str]) -> str | None:
    """`This isn't me`, or what was written, or both."""
    words = [NOT_ME] if form.get("not_me") else []
    written = clean_text(form.get("reason", ""))[:MAX_REASON].strip()
    return ": ".join([*words, written] if written else words) or None


@as_page
async def show_unsubscribe(request: Request) -> Response:
    """A button: mail programs open links on their own."""
    if await _addressee(request) is None:
        return lost(request)
    return render(request, "unsubscribe.html", headers=HEADERS, is_done=False)


@as_page
async def unsubscribe(request: Request) -> Response:
    """Stops reminders to the address, with one click of a mail program too (RFC 8058); the key is all that it needs."""
    email = await _addressee(request)
    if email is None:
        return lost(request)
    services = services_of(request)
    await services.database.write(lambda tx: mail_optouts.add_optout(tx, email, now=services.clock()))
    return render(request, "unsubscribe.html", headers=HEADERS, is_done=True)


async def _addressee(request: Request) -> str | None:
    """The e-mail address of the grant whose key this is."""
    secret_key = services_of(request).settings.secret_key
    grant = await find_grant(request)
    is_key = opens(secret_key, grant, request.path_params["key"], unsubscribe_key)
    return grant.email if is_key and grant is not None else None


routes: list[BaseRoute] = [
    Route("/accept/grant/{grant_id}/{key}", show_offer),
    Route("/accept/grant/{grant_id}/{key}", answer_offer, methods=["POST"]),
    Route("/accept/{rest:path}", lost_link, methods=["GET", "POST"]),
    *answered.routes,
    Route("/unsubscribe/{grant_id}/{key}", show_unsubscribe),
    Route("/unsubscribe/{grant_id}/{key}", unsubscribe, methods=["POST"]),
]
