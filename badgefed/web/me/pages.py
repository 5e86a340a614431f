"""My badges: signing in by a link, the collection, further addresses and profiles, signing out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, RateLimited
from badgefed.issuing import erasure, holders
from badgefed.model.holder import HolderLinkKind
from badgefed.store.holders import Link, Session
from badgefed.web.csrf import check_form, form_token
from badgefed.web.errors import as_page
from badgefed.web.forms import read_form
from badgefed.web.holder_sign_in import BY_SIGN_IN, depart
from badgefed.web.languages import tongue_of
from badgefed.web.me.shelf import load_shelf
from badgefed.web.me.visits import (
    HOME,
    PLACE,
    Visit,
    check_visit_form,
    count_holder,
    count_sender,
    enter,
    find_session,
    find_visit,
    leave,
    limits_of,
    redirect,
    signed_in,
    visit_token,
)
from badgefed.web.people import mask_email
from badgefed.web.recipients import HEADERS, lost
from badgefed.web.templating import render, services_of

MAX_TYPED = 500
SIGN_IN = "me:sign-in"
NOTICES = frozenset({"asked", "removed"})

_EMPTY = {"identity": "", "badge": "", "file": ""}


@as_page
async def show_home(request: Request) -> Response:
    """The collection, or how to get to it."""
    visit = await find_visit(request)
    return _sign_in_page(request) if visit is None else await collection_page(request, visit)


def _sign_in_page(
    request: Request,
    *,
    typed: str = "",
    error: BadgefedError | None = None,
    sent_to: str | None = None,
) -> Response:
    return render(
        request,
        "me/sign-in.html",
        status=error.status if error else 200,
        headers=_headers(error),
        token=form_token(services_of(request), SIGN_IN),
        typed=typed[:MAX_TYPED],
        wrong=error,
        sent_to=sent_to,
    )


def _headers(error: BadgefedError | None) -> dict[str, str]:
    retry = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    return {**HEADERS, **retry}


async def collection_page(
    request: Request,
    visit: Visit,
    *,
    field: str = "",
    typed: str = "",
    error: BadgefedError | None = None,
) -> Response:
    """`error` is what was wrong with what was `typed` into the field, `identity`, `badge` or `file`; it is shown there."""
    services, at = services_of(request), request.query_params.get(PLACE, "")
    shelf = await services.database.read(lambda reader: load_shelf(reader, services, visit.holder, at=at))
    notice = request.query_params.get("notice", "")
    return render(
        request,
        "me/collection.html",
        status=error.status if error else 200,
        headers=_headers(error),
        token=visit_token(services, visit),
        identities=visit.holder.identities,
        shelf=shelf,
        notice=notice if notice in NOTICES and error is None else None,
        has_error=error is not None,
        typed={**_EMPTY, field: typed[:MAX_TYPED]},
        wrong={**_EMPTY, field: error},
    )


@as_page
async def ask_for_link(request: Request) -> Response:
    """Says that a link is on its way if there are badges, whether there are or not; or sends a profile to its own server."""
    services = services_of(request)
    form = await read_form(request)
    check_form(services, request, form, SIGN_IN)
    typed = form.get(holders.FIELD, "")
    try:
        count_sender(request, limits_of(request).asked)
        identity = holders.read_identity(typed)
        if form.get("by") == BY_SIGN_IN:
            return await depart(request, identity, holder_id=None)
    except BadgefedError as error:
        return _sign_in_page(request, typed=typed, error=error)
    await services.database.write(
        lambda tx: holders.ask_to_sign_in(
            tx, identity, now=services.clock(), language=tongue_of(request).tag
        ),
        is_brief=True,
    )
    services.wake.set()
    return _sign_in_page(request, sent_to=identity.removeprefix("mailto:"))


@as_page
async def show_link(request: Request) -> Response:
    """A button: programs that look at mails open links on their own."""
    services = services_of(request)
    token = request.path_params["token"]
    link = await holders.find_link(services.database, token, now=services.clock())
    if link is None:
        return lost(request)
    return render(
        request,
        "me/link.html",
        headers=HEADERS,
        token=form_token(services, _link_subject(token)),
        kind=link.kind,
        is_usable=holders.may_use(link, await find_session(request)),
        identity=_masked(link),
    )


def _masked(link: Link) -> str:
    email = link.alias.removeprefix("mailto:")
    return mask_email(email) if email != link.alias else link.alias


def _link_subject(token: str) -> str:
    return f"me-link:{token}"


@as_page
async def use_link(request: Request) -> Response:
    """Signs in, adds the identity that the link proves, or begins to erase. Whoever comes second is lost."""
    services = services_of(request)
    token = request.path_params["token"]
    form = await read_form(request)
    check_form(services, request, form, _link_subject(token))
    session, now = await find_session(request), services.clock()
    link = await holders.find_link(services.database, token, now=now)
    if link is not None and link.kind is HolderLinkKind.ERASE:
        return await _erase(request, token, session)
    opened = await services.database.write(lambda tx: holders.use_link(tx, token, session, now=now))
    if opened is None:
        return lost(request)
    response = redirect(HOME)
    enter(services, response, opened)
    return response


async def _erase(request: Request, token: str, session: Session | None) -> Response:
    """The last page that the holder sees of theirs."""
    services, now = services_of(request), services_of(request).clock()
    if not await services.database.write(lambda tx: erasure.confirm(tx, token, session, now=now)):
        return lost(request)
    services.wake.set()
    response = render(request, "me/erased.html", headers=HEADERS)
    leave(services, response)
    return response


@signed_in
async def add_identity(request: Request, visit: Visit) -> Response:
    """Sends a link to a further address or profile, or the browser to the profile's server."""
    services = services_of(request)
    form = await read_form(request)
    check_visit_form(request, visit, form)
    typed = form.get(holders.FIELD, "")
    try:
        count_holder(visit, limits_of(request).added)
        identity = holders.read_identity(typed)
        if form.get("by") == BY_SIGN_IN:
            return await depart(request, identity, holder_id=visit.holder.id)
        await services.database.write(
            lambda tx: holders.ask_to_add(
                tx, visit.holder.id, identity, now=services.clock(), language=tongue_of(request).tag
            )
        )
    except BadgefedError as error:
        return await collection_page(request, visit, field=holders.FIELD, typed=typed, error=error)
    services.wake.set()
    return redirect(f"{HOME}?notice=asked")


@as_page
async def sign_out(request: Request) -> Response:
    """Of this browser, or everywhere. Twice is as good as once."""
    services = services_of(request)
    visit = await find_visit(request)
    response = redirect(HOME)
    if visit is not None:
        form = await read_form(request)
        check_visit_form(request, visit, form)
        session, everywhere = visit.session, form.get("everywhere") == "1"
        await services.database.write(lambda tx: holders.sign_out(tx, session, everywhere=everywhere))
    leave(services, response)
    return response


routes: list[BaseRoute] = [
    Route("/me", show_home),
    Route("/me", ask_for_link, methods=["POST"]),
    Route("/me/link/{token}", show_link),
    Route("/me/link/{token}", use_link, methods=["POST"]),
    Route("/me/identities", add_identity, methods=["POST"]),
    Route("/me/sign-out", sign_out, methods=["POST"]),
]
