"""Webhook endpoints: which there are, making, changing and deleting one, and its secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Conflict, Invalid, NotFound
from badgefed.issuing import webhooks
from badgefed.issuing.webhooks import EVENTS, MAX_DESCRIPTION, OVERLAP_HOURS, NewEndpoint, Wanted
from badgefed.model.organization import Permission
from badgefed.model.webhook import Endpoint, EndpointState
from badgefed.protocol.openbadges import clean_text
from badgefed.store.database import Reader, Transaction
from badgefed.store.webhooks import list_endpoints
from badgefed.texts import N_, say
from badgefed.web.console.access import Desk, for_member, read_visit_form, redirect, render_console
from badgefed.web.console.once import make_once, new_form_id, read_form_id
from badgefed.web.templating import services_of
from badgefed.work.services import Services

WEBHOOKS = "/console/o/{organization}/webhooks"
WEBHOOK = f"{WEBHOOKS}/{{webhook}}"
MAX_FIELDS = 30
MADE = N_("This webhook was made already, and its secret shown once. Replace the secret if it got lost.")
CHANGED_MEANWHILE = (
    "The secret was replaced meanwhile. Look at the page again before you replace it once more."
)
NOTICES = frozenset({"changed"})

T = TypeVar("T")


@for_member(Permission.EDIT)
async def show_webhooks(request: Request, desk: Desk) -> Response:
    return await _list_page(request, desk)


async def _list_page(
    request: Request,
    desk: Desk,
    *,
    typed: Mapping[str, str] | None = None,
    error: BadgefedError | None = None,
    new: NewEndpoint | None = None,
) -> Response:
    """`new`: an endpoint that was just made, whose secret is shown this once."""
    services = services_of(request)
    return render_console(
        request,
        "console/webhooks.html",
        desk.visit,
        desk=desk,
        error=error,
        wrong=_wrong(error),
        endpoints=await list_endpoints(services.database, desk.organization.id),
        new=new,
        typed=typed or {},
        events=EVENTS,
        once=new_form_id(services),
        done=request.query_params.get("done") == "deleted",
        may_manage=desk.may(Permission.MANAGE_KEYS),
    )


def _wrong(error: BadgefedError | None) -> str:
    """Which field the error is about."""
    return (error.field or "") if isinstance(error, Invalid) else ""


@for_member(Permission.MANAGE_KEYS)
async def create(request: Request, desk: Desk) -> Response:
    """Answers with the secret. A form that is sent twice makes one endpoint."""
    form = await read_visit_form(request, desk.visit, max_fields=MAX_FIELDS)
    services, now = services_of(request), services_of(request).clock()
    new: NewEndpoint | None = None
    try:
        wanted, form_id = _read_wanted(services, form), read_form_id(form)

        async def make(tx: Transaction) -> str:
            nonlocal new
            by = desk.visit.author
            new = await webhooks.create_endpoint(tx, services, desk.organization.id, wanted, by=by)
            return new.endpoint.uuid

        made = await services.database.write(lambda tx: make_once(tx, desk, form_id, make, now=now))
        if not made.is_new:
            raise Conflict(MADE)
    except (Invalid, Conflict) as error:
        return await _list_page(request, desk, typed=form, error=error)
    return await _list_page(request, desk, new=new)


def _read_wanted(services: Services, form: Mapping[str, str]) -> Wanted:
    """As it can be stored. Raises `Invalid`."""
    description = clean_text(form.get("description", "")).strip()
    if len(description) > MAX_DESCRIPTION:
        raise Invalid(
            say("The description may have %(most)s characters.", most=MAX_DESCRIPTION), field="description"
        )
    wanted = Wanted(
        url=form.get("url", ""),
        events=tuple(event for event in EVENTS if form.get(f"event:{event}")),
        description=description or None,
        is_active=form.get("state", "active") == "active",
    )
    try:
        return webhooks.check_wanted(services, wanted)
    except Invalid as error:
        raise Invalid(
            "Events can't be sent there. Write an address like https://example.org/events, of a server that is"
            " on the internet.",
            field="url",
        ) from error


@for_member(Permission.EDIT)
async def show_webhook(request: Request, desk: Desk) -> Response:
    endpoint = await services_of(request).database.read(lambda reader: find(reader, request, desk))
    return await webhook_page(request, desk, endpoint)


async def find(reader: Reader, request: Request, desk: Desk) -> Endpoint:
    """The endpoint in the address. Raises `NotFound`, for another organization's too."""
    uuid: str = request.path_params["webhook"]
    return await webhooks.get_endpoint(reader, uuid, organization_id=desk.organization.id)


async def webhook_page(
    request: Request,
    desk: Desk,
    endpoint: Endpoint,
    *,
    typed: Mapping[str, str] | None = None,
    error: BadgefedError | None = None,
    secret: str | None = None,
) -> Response:
    """`secret`: a new one, shown this once."""
    services, done = services_of(request), request.query_params.get("done", "")
    if typed is None:
        typed = {
            "url": endpoint.url,
            "description": endpoint.description or "",
            "state": "active" if endpoint.state is EndpointState.ACTIVE else "paused",
            **{f"event:{event}": "1" for event in endpoint.events},
        }
    return render_console(
        request,
        "console/webhook.html",
        desk.visit,
        desk=desk,
        error=error,
        wrong=_wrong(error),
        endpoint=endpoint,
        typed=typed,
        secret=secret,
        events=EVENTS,
        overlap=OVERLAP_HOURS,
        now=services.clock(),
        done=done if done in NOTICES else "",
        may_manage=desk.may(Permission.MANAGE_KEYS),
    )


async def write(request: Request, desk: Desk, work: Callable[[Transaction, Endpoint], Awaitable[T]]) -> T:
    """Does something with the endpoint in the address, in one transaction."""
    services = services_of(request)

    async def run(tx: Transaction) -> T:
        return await work(tx, await find(tx, request, desk))

    result = await services.database.write(run)
    services.wake.set()
    return result


@for_member(Permission.MANAGE_KEYS)
async def change(request: Request, desk: Desk) -> Response:
    form = await read_visit_form(request, desk.visit, max_fields=MAX_FIELDS)
    services = services_of(request)

    async def work(tx: Transaction, endpoint: Endpoint) -> Endpoint:
        wanted = _read_wanted(services, form)
        return await webhooks.change_endpoint(tx, services, endpoint, wanted, by=desk.visit.author)

    try:
        changed = await write(request, desk, work)
    except Invalid as error:
        endpoint = await find(services.database, request, desk)
        return await webhook_page(request, desk, endpoint, typed=form, error=error)
    return redirect(f"{desk.root}/webhooks/{changed.uuid}?done=changed")


@for_member(Permission.MANAGE_KEYS)
async def rotate(request: Request, desk: Desk) -> Response:
    """Answers with the new secret. A form that is sent twice replaces it once, so that the old one stays good for its time."""
    form = await read_visit_form(request, desk.visit)
    services = services_of(request)

    async def work(tx: Transaction, endpoint: Endpoint) -> NewEndpoint:
        if form.get("seen", "") != str(endpoint.previous_until or ""):
            raise Conflict(CHANGED_MEANWHILE)
        return await webhooks.rotate_secret(
            tx, services, endpoint, overlap_hours=OVERLAP_HOURS, by=desk.visit.author
        )

    try:
        new = await write(request, desk, work)
    except Conflict as error:
        endpoint = await find(services.database, request, desk)
        return await webhook_page(request, desk, endpoint, error=error)
    return await webhook_page(request, desk, new.endpoint, secret=new.secret)


@for_member(Permission.MANAGE_KEYS)
async def delete(request: Request, desk: Desk) -> Response:
    """Deleting one twice does no harm."""
    await read_visit_form(request, desk.visit)
    services = services_of(request)

    async def work(tx: Transaction, endpoint: Endpoint) -> None:
        await webhooks.delete_endpoint(tx, services, endpoint, by=desk.visit.author)

    try:
        await write(request, desk, work)
    except NotFound:
        return redirect(f"{desk.root}/webhooks")
    return redirect(f"{desk.root}/webhooks?done=deleted")


routes: list[BaseRoute] = [
    Route(WEBHOOKS, show_webhooks),
    Route(WEBHOOKS, create, methods=["POST"]),
    Route(WEBHOOK, show_webhook),
    Route(WEBHOOK, change, methods=["POST"]),
    Route(f"{WEBHOOK}/rotate-secret", rotate, methods=["POST"]),
    Route(f"{WEBHOOK}/delete", delete, methods=["POST"]),
]
