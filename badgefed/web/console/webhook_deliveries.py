"""What was sent to a webhook endpoint, with the answers, and sending it again."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import Conflict
from badgefed.issuing import webhooks
from badgefed.model.organization import Permission
from badgefed.model.webhook import DeliveryState, Endpoint, EndpointState, WebhookDelivery
from badgefed.store.database import Reader, Transaction
from badgefed.store.webhook_deliveries import list_deliveries
from badgefed.web.console.access import Desk, for_member, read_visit_form, redirect, render_console
from badgefed.web.console.paging import read_before
from badgefed.web.console.webhooks import WEBHOOK, find, webhook_page, write
from badgefed.web.templating import services_of

DELIVERIES = f"{WEBHOOK}/deliveries"
PER_PAGE = 50


@for_member(Permission.EDIT)
async def show_deliveries(request: Request, desk: Desk) -> Response:
    """Newest first, by `state`. `?replayed=` says how many were put back."""
    wanted = request.query_params.get("state", "")
    state = DeliveryState(wanted) if wanted in set(DeliveryState) else None

    async def load(reader: Reader) -> tuple[Endpoint, list[WebhookDelivery]]:
        endpoint = await find(reader, request, desk)
        found = await list_deliveries(
            reader, endpoint.id, state=state, before=read_before(request), limit=PER_PAGE + 1
        )
        return endpoint, found

    endpoint, found = await services_of(request).database.read(load)
    shown, older = found[:PER_PAGE], None
    if len(found) > PER_PAGE:
        older = "?" + urlencode({"state": state or "", "before": shown[-1].id})
    return render_console(
        request,
        "console/webhook-deliveries.html",
        desk.visit,
        desk=desk,
        endpoint=endpoint,
        deliveries=shown,
        older=older,
        states=list(DeliveryState),
        state=state or "",
        replayed=request.query_params.get("done") == "replayed",
        may_manage=desk.may(Permission.MANAGE_KEYS),
        is_active=endpoint.state is EndpointState.ACTIVE,
    )


@for_member(Permission.EDIT)
async def show_delivery(request: Request, desk: Desk) -> Response:
    async def load(reader: Reader) -> tuple[Endpoint, WebhookDelivery]:
        endpoint = await find(reader, request, desk)
        return endpoint, await webhooks.get_delivery(reader, endpoint, request.path_params["delivery"])

    endpoint, delivery = await services_of(request).database.read(load)
    may_replay = (
        desk.may(Permission.MANAGE_KEYS)
        and endpoint.state is EndpointState.ACTIVE
        and delivery.state is not DeliveryState.WAITING
    )
    return render_console(
        request,
        "console/webhook-delivery.html",
        desk.visit,
        desk=desk,
        endpoint=endpoint,
        delivery=delivery,
        payload=await asyncio.to_thread(_indent, delivery.body),
        may_replay=may_replay,
    )


def _indent(body: bytes) -> str:
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2)


@for_member(Permission.MANAGE_KEYS)
async def send_test(request: Request, desk: Desk) -> Response:
    """To the delivery, which says what came of it."""
    await read_visit_form(request, desk.visit)
    services = services_of(request)

    async def work(tx: Transaction, endpoint: Endpoint) -> WebhookDelivery:
        return await webhooks.send_test(tx, services, endpoint, by=desk.visit.author)

    try:
        delivery = await write(request, desk, work)
    except Conflict as error:
        return await webhook_page(request, desk, await find(services.database, request, desk), error=error)
    return redirect(_address(request, desk, delivery.uuid))


@for_member(Permission.MANAGE_KEYS)
async def replay(request: Request, desk: Desk) -> Response:
    """Whoever sends the form once more comes to the delivery as it is by then."""
    await read_visit_form(request, desk.visit)
    services, uuid = services_of(request), request.path_params["delivery"]

    async def work(tx: Transaction, endpoint: Endpoint) -> WebhookDelivery:
        return await webhooks.replay(tx, services, endpoint, uuid, by=desk.visit.author)

    try:
        await write(request, desk, work)
    except Conflict:
        return redirect(_address(request, desk, uuid))
    return redirect(_address(request, desk, uuid))


@for_member(Permission.MANAGE_KEYS)
async def replay_failed(request: Request, desk: Desk) -> Response:
    """All that were given up."""
    await read_visit_form(request, desk.visit)
    services = services_of(request)

    async def work(tx: Transaction, endpoint: Endpoint) -> int:
        return await webhooks.replay_failed(tx, services, endpoint, by=desk.visit.author)

    try:
        await write(request, desk, work)
    except Conflict as error:
        return await webhook_page(request, desk, await find(services.database, request, desk), error=error)
    return redirect(_address(request, desk, "") + "?done=replayed")


def _address(request: Request, desk: Desk, delivery: str) -> str:
    """Of one delivery, or of them all."""
    deliveries = f"{desk.root}/webhooks/{request.path_params['webhook']}/deliveries"
    return f"{deliveries}/{delivery}" if delivery else deliveries


routes: list[BaseRoute] = [
    Route(f"{WEBHOOK}/test", send_test, methods=["POST"]),
    Route(f"{WEBHOOK}/replay-failed", replay_failed, methods=["POST"]),
    Route(DELIVERIES, show_deliveries),
    Route(f"{DELIVERIES}/{{delivery}}", show_delivery),
    Route(f"{DELIVERIES}/{{delivery}}/replay", replay, methods=["POST"]),
]
