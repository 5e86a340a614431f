"""What was sent to a webhook, and sending it again."""

from __future__ import annotations

from operator import attrgetter

from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import author_of
from badgefed.api.cursors import (
    CURSOR_PARAMETER,
    LIMIT_PARAMETER,
    cut_page,
    read_choice,
    read_cursor,
    read_limit,
)
from badgefed.api.errors import json_response
from badgefed.api.idempotency import IDEMPOTENCY_KEY, REPEATED
from badgefed.api.operations import Keyed, Operation, Success
from badgefed.api.requests import services_of
from badgefed.api.webhook_definitions import (
    DELIVERIES_EXAMPLE,
    DELIVERY_ANSWER_EXAMPLE,
    DELIVERY_ID,
    DELIVERY_MISSING,
    INACTIVE,
    LIST_REFUSAL,
    NOT_FOUND,
    NOT_NOW,
    READ,
    STATUS,
    STATUS_TEXT,
    WEBHOOK_ID,
    WRITE,
)
from badgefed.api.webhook_lookup import find_endpoint, write_endpoint
from badgefed.api.webhook_views import DeliveryAnswer, DeliveryList, Replayed, view_delivery
from badgefed.issuing import webhooks
from badgefed.model.organization import ApiKey
from badgefed.model.webhook import DeliveryState, Endpoint, WebhookDelivery
from badgefed.store.database import Reader, Transaction
from badgefed.store.webhook_deliveries import list_deliveries


async def test_webhook(request: Request, key: ApiKey) -> Response:
    async def send(tx: Transaction, endpoint: Endpoint) -> DeliveryAnswer:
        by = author_of(request, key)
        return _answer_delivery(await webhooks.send_test(tx, services_of(request), endpoint, by=by))

    return await write_endpoint(request, key, "testWebhook", send)


async def get_deliveries(request: Request, key: ApiKey) -> Response:
    database = services_of(request).database
    limit, before, status = read_limit(request), read_cursor(request), _read_status(request)
    endpoint = await find_endpoint(database, request, key)
    found = await list_deliveries(database, endpoint.id, state=status, before=before, limit=limit + 1)
    page, following = cut_page(found, limit, attrgetter("id"))
    views = [view_delivery(delivery) for delivery in page]
    return json_response(DeliveryList(success=True, deliveries=views, nextCursor=following))


async def get_delivery(request: Request, key: ApiKey) -> Response:
    async def read(reader: Reader) -> WebhookDelivery:
        endpoint = await find_endpoint(reader, request, key)
        return await webhooks.get_delivery(reader, endpoint, _delivery_id(request))

    return json_response(_answer_delivery(await services_of(request).database.read(read)))


async def replay_delivery(request: Request, key: ApiKey) -> Response:
    async def replay(tx: Transaction, endpoint: Endpoint) -> DeliveryAnswer:
        uuid, by = _delivery_id(request), author_of(request, key)
        return _answer_delivery(await webhooks.replay(tx, services_of(request), endpoint, uuid, by=by))

    return await write_endpoint(request, key, "replayDelivery", replay)


async def replay_failed(request: Request, key: ApiKey) -> Response:
    async def replay(tx: Transaction, endpoint: Endpoint) -> Replayed:
        by = author_of(request, key)
        count = await webhooks.replay_failed(tx, services_of(request), endpoint, by=by)
        return Replayed(success=True, replayed=count)

    return await write_endpoint(request, key, "replayFailedDeliveries", replay)


def _answer_delivery(delivery: WebhookDelivery) -> DeliveryAnswer:
    return DeliveryAnswer(success=True, delivery=view_delivery(delivery), payload=delivery.body.decode())


def _delivery_id(request: Request) -> str:
    uuid: str = request.path_params[DELIVERY_ID.name]
    return uuid.lower()


def _read_status(request: Request) -> DeliveryState | None:
    value = read_choice(request, STATUS, STATUS_TEXT)
    return None if value is None else DeliveryState(value)


_DELIVERY = Success(shape=DeliveryAnswer, description="The delivery.", example=DELIVERY_ANSWER_EXAMPLE)

OPERATIONS = (
    Operation(
        id="testWebhook",
        method="POST",
        path="/api/webhooks/{webhookId}/test",
        summary="Try a webhook",
        description="Sends the event `webhook.test`, which tells of nothing. Look at the delivery for what came of it.",
        door=Keyed(scope=WRITE, handle=test_webhook),
        parameters=(WEBHOOK_ID, IDEMPOTENCY_KEY),
        success=_DELIVERY,
        refusals=(NOT_FOUND, INACTIVE, *REPEATED),
    ),
    Operation(
        id="replayFailedDeliveries",
        method="POST",
        path="/api/webhooks/{webhookId}/replay-failed",
        summary="Send again what failed",
        description="Every delivery that was given up, of the last 30 days.",
        door=Keyed(scope=WRITE, handle=replay_failed),
        parameters=(WEBHOOK_ID, IDEMPOTENCY_KEY),
        success=Success(shape=Replayed, description="How many.", example={"success": True, "replayed": 3}),
        refusals=(NOT_FOUND, INACTIVE, *REPEATED),
    ),
    Operation(
        id="listDeliveries",
        method="GET",
        path="/api/webhooks/{webhookId}/deliveries",
        summary="List deliveries",
        description="Newest first, kept for 30 days.",
        door=Keyed(scope=READ, handle=get_deliveries),
        parameters=(WEBHOOK_ID, STATUS, LIMIT_PARAMETER, CURSOR_PARAMETER),
        success=Success(shape=DeliveryList, description="The deliveries.", example=DELIVERIES_EXAMPLE),
        refusals=(LIST_REFUSAL, NOT_FOUND),
    ),
    Operation(
        id="getDelivery",
        method="GET",
        path="/api/webhooks/{webhookId}/deliveries/{deliveryId}",
        summary="Show a delivery",
        description="With what was sent and what was answered.",
        door=Keyed(scope=READ, handle=get_delivery),
        parameters=(WEBHOOK_ID, DELIVERY_ID),
        success=_DELIVERY,
        refusals=(DELIVERY_MISSING,),
    ),
    Operation(
        id="replayDelivery",
        method="POST",
        path="/api/webhooks/{webhookId}/deliveries/{deliveryId}/replay",
        summary="Send a delivery again",
        description="Under the same id, also one that was delivered.",
        door=Keyed(scope=WRITE, handle=replay_delivery),
        parameters=(WEBHOOK_ID, DELIVERY_ID, IDEMPOTENCY_KEY),
        success=_DELIVERY,
        refusals=(DELIVERY_MISSING, NOT_NOW, *REPEATED),
    ),
)
