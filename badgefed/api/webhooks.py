"""Webhook endpoints of the key's organization, and what was sent to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from badgefed.api.authentication import author_of
from badgefed.api.badge_definitions import COMMON_REFUSALS, KEY_TEXTS
from badgefed.api.cursors import CURSOR_PARAMETER, LIMIT_PARAMETER, read_cursor, read_limit
from badgefed.api.errors import Error, ValidationError, badges_error, json_bytes, json_response
from badgefed.api.idempotency import REPLAYED, Answer, answer_once, check_idempotency_key, identify
from badgefed.api.operations import Api, Keyed, Operation, Success
from badgefed.api.requests import read_body, services_of
from badgefed.api.resources import make_routes
from badgefed.api.webhook_definitions import (
    ANSWER_EXAMPLE,
    BODY_REFUSALS,
    CHANGE_BODY,
    CREATE_PARAMETERS,
    CREATE_REFUSALS,
    DELIVERIES_EXAMPLE,
    DELIVERY_ANSWER_EXAMPLE,
    DELIVERY_ID,
    DELIVERY_MISSING,
    DESCRIPTION,
    INACTIVE,
    LIST_EXAMPLE,
    LIST_REFUSAL,
    NEW_BODY,
    NEW_EXAMPLE,
    NOT_FOUND,
    NOT_NOW,
    ROTATE_BODY,
    ROTATE_REFUSALS,
    SECRET_EXAMPLE,
    STATUS,
    STATUS_TEXT,
    WEBHOOK_ID,
)
from badgefed.api.webhook_views import (
    DeliveryAnswer,
    DeliveryList,
    Replayed,
    WebhookAnswer,
    WebhookDeleted,
    WebhookList,
    WebhookSecret,
    view_delivery,
    view_endpoint,
)
from badgefed.errors import Invalid
from badgefed.issuing import webhooks
from badgefed.issuing.webhooks import OVERLAP_HOURS, NewEndpoint, Wanted
from badgefed.model.audit import Author
from badgefed.model.organization import ApiKey
from badgefed.model.webhook import DeliveryState, Endpoint, EndpointState, WebhookDelivery
from badgefed.protocol.bodies import Values
from badgefed.store.database import Reader, Transaction
from badgefed.store.webhook_deliveries import list_deliveries
from badgefed.store.webhooks import list_endpoints
from badgefed.work.services import Services

T = TypeVar("T")


async def get_webhooks(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    found = await list_endpoints(services.database, key.organization_id)
    views = [view_endpoint(endpoint, now=services.clock()) for endpoint in found]
    return json_response(WebhookList(success=True, webhooks=views))


async def create_webhook(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    idempotency_key = check_idempotency_key(request)
    values = await read_body(request, NEW_BODY)
    wanted = webhooks.check_wanted(services, _want(values, None))
    once = identify("createWebhook", key, idempotency_key, values)
    work = partial(_create, services, key, wanted, author_of(request, key))
    answer = await services.database.write(lambda tx: answer_once(tx, services, once, work))
    headers = {REPLAYED: "true"} if answer.is_replay else {}
    return json_bytes(answer.body, status=answer.status, headers=headers)


async def _create(services: Services, key: ApiKey, wanted: Wanted, by: Author, tx: Transaction) -> Answer:
    new = await webhooks.create_endpoint(tx, services, key.organization_id, wanted, by=by)
    return Answer(status=200, body=msgspec.json.encode(_view_secret(services, new)))


def _want(values: Values, present: Endpoint | None) -> Wanted:
    """What the endpoint is to be, where what isn't said stays as it is at present."""
    if present is None:
        is_active = values["active"] is not False
        return Wanted(
            url=values["url"],
            events=tuple(values["events"] or ()),
            description=values["description"],
            is_active=is_active,
        )
    active = values["active"]
    return Wanted(
        url=values["url"] or present.url,
        events=present.events if values["events"] is None else tuple(values["events"]),
        description=values["description"] or present.description,
        is_active=present.state is EndpointState.ACTIVE if active is None else active,
    )


def _view_secret(services: Services, new: NewEndpoint) -> WebhookSecret:
    view = view_endpoint(new.endpoint, now=services.clock())
    return WebhookSecret(success=True, webhook=view, secret=new.secret)


async def get_webhook(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    endpoint = await _find(services.database, request, key)
    return json_response(WebhookAnswer(success=True, webhook=view_endpoint(endpoint, now=services.clock())))


async def change_webhook(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    values = await read_body(request, CHANGE_BODY)

    async def change(tx: Transaction, endpoint: Endpoint) -> Endpoint:
        wanted = webhooks.check_wanted(services, _want(values, endpoint))
        return await webhooks.change_endpoint(tx, services, endpoint, wanted, by=author_of(request, key))

    changed = await _write(request, key, change)
    return json_response(WebhookAnswer(success=True, webhook=view_endpoint(changed, now=services.clock())))


async def delete_webhook(request: Request, key: ApiKey) -> Response:
    services = services_of(request)

    async def delete(tx: Transaction, endpoint: Endpoint) -> None:
        await webhooks.delete_endpoint(tx, services, endpoint, by=author_of(request, key))

    await _write(request, key, delete)
    return json_response(WebhookDeleted(success=True))


async def rotate_secret(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    hours = (await read_body(request, ROTATE_BODY))["overlapHours"]

    async def rotate(tx: Transaction, endpoint: Endpoint) -> NewEndpoint:
        overlap = OVERLAP_HOURS if hours is None else hours
        return await webhooks.rotate_secret(
            tx, services, endpoint, overlap_hours=overlap, by=author_of(request, key)
        )

    return json_response(_view_secret(services, await _write(request, key, rotate)))


async def test_webhook(request: Request, key: ApiKey) -> Response:
    services = services_of(request)

    async def send(tx: Transaction, endpoint: Endpoint) -> WebhookDelivery:
        return await webhooks.send_test(tx, services, endpoint, by=author_of(request, key))

    return _answer_delivery(await _write(request, key, send))


async def get_deliveries(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    limit, before, state = read_limit(request), read_cursor(request), _read_state(request)
    endpoint = await _find(services.database, request, key)
    found = await list_deliveries(services.database, endpoint.id, state=state, before=before, limit=limit + 1)
    page = found[:limit]
    following = page[-1].id if len(found) > limit else None
    views = [view_delivery(delivery) for delivery in page]
    return json_response(DeliveryList(success=True, deliveries=views, nextCursor=following))


async def get_delivery(request: Request, key: ApiKey) -> Response:
    async def read(reader: Reader) -> WebhookDelivery:
        endpoint = await _find(reader, request, key)
        return await webhooks.get_delivery(reader, endpoint, request.path_params[DELIVERY_ID.name].lower())

    return _answer_delivery(await services_of(request).database.read(read))


async def replay_delivery(request: Request, key: ApiKey) -> Response:
    services = services_of(request)

    async def replay(tx: Transaction, endpoint: Endpoint) -> WebhookDelivery:
        uuid = request.path_params[DELIVERY_ID.name].lower()
        return await webhooks.replay(tx, services, endpoint, uuid, by=author_of(request, key))

    return _answer_delivery(await _write(request, key, replay))


async def replay_failed(request: Request, key: ApiKey) -> Response:
    services = services_of(request)

    async def replay(tx: Transaction, endpoint: Endpoint) -> int:
        return await webhooks.replay_failed(tx, services, endpoint, by=author_of(request, key))

    return json_response(Replayed(success=True, replayed=await _write(request, key, replay)))


def _answer_delivery(delivery: WebhookDelivery) -> Response:
    payload = delivery.body.decode()
    return json_response(DeliveryAnswer(success=True, delivery=view_delivery(delivery), payload=payload))


async def _find(reader: Reader, request: Request, key: ApiKey) -> Endpoint:
    uuid = request.path_params[WEBHOOK_ID.name].lower()
    return await webhooks.get_endpoint(reader, uuid, organization_id=key.organization_id)


async def _write(request: Request, key: ApiKey, work: Callable[[Transaction, Endpoint], Awaitable[T]]) -> T:
    """Finds the endpoint and does something with it in one transaction."""
    services = services_of(request)

    async def write(tx: Transaction) -> T:
        return await work(tx, await _find(tx, request, key))

    result = await services.database.write(write)
    services.wake.set()
    return result


def _read_state(request: Request) -> DeliveryState | None:
    value = request.query_params.get(STATUS.name)
    if value is None:
        return None
    if value not in STATUS.schema["enum"]:
        raise Invalid(STATUS_TEXT, field=STATUS.name)
    return DeliveryState(value)


_READ, _WRITE = "webhooks:read", "webhooks:write"

OPERATIONS = (
    Operation(
        id="listWebhooks",
        method="GET",
        path="/api/webhooks",
        summary="List webhooks",
        description="All endpoints of the key's organization.",
        door=Keyed(scope=_READ, handle=get_webhooks),
        success=Success(shape=WebhookList, description="The endpoints.", example=LIST_EXAMPLE),
    ),
    Operation(
        id="createWebhook",
        method="POST",
        path="/api/webhooks",
        summary="Make a webhook",
        description="The answer has the secret with which everything is signed. It is not shown again.",
        door=Keyed(scope=_WRITE, handle=create_webhook),
        parameters=CREATE_PARAMETERS,
        body=NEW_BODY,
        body_example=NEW_EXAMPLE,
        success=Success(shape=WebhookSecret, description="The endpoint.", example=SECRET_EXAMPLE),
        refusals=CREATE_REFUSALS,
    ),
    Operation(
        id="getWebhook",
        method="GET",
        path="/api/webhooks/{webhookId}",
        summary="Show a webhook",
        description="`status` is `active`, `paused`, or `disabled` after three days without a success.",
        door=Keyed(scope=_READ, handle=get_webhook),
        parameters=(WEBHOOK_ID,),
        success=Success(shape=WebhookAnswer, description="The endpoint.", example=ANSWER_EXAMPLE),
        refusals=(NOT_FOUND,),
    ),
    Operation(
        id="changeWebhook",
        method="PATCH",
        path="/api/webhooks/{webhookId}",
        summary="Change a webhook",
        description="What isn't given stays. `active` ends a pause, and makes a disabled endpoint begin afresh.",
        door=Keyed(scope=_WRITE, handle=change_webhook),
        parameters=(WEBHOOK_ID,),
        body=CHANGE_BODY,
        body_example={"active": True},
        success=Success(shape=WebhookAnswer, description="The endpoint.", example=ANSWER_EXAMPLE),
        refusals=(*BODY_REFUSALS, NOT_FOUND),
    ),
    Operation(
        id="deleteWebhook",
        method="DELETE",
        path="/api/webhooks/{webhookId}",
        summary="Delete a webhook",
        description="Nothing is sent there any more, not even what waits.",
        door=Keyed(scope=_WRITE, handle=delete_webhook),
        parameters=(WEBHOOK_ID,),
        success=Success(shape=WebhookDeleted, description="It is gone.", example={"success": True}),
        refusals=(NOT_FOUND,),
    ),
    Operation(
        id="rotateWebhookSecret",
        method="POST",
        path="/api/webhooks/{webhookId}/rotate-secret",
        summary="Replace a webhook's secret",
        description="For a while everything is signed with both, one `v1` for each.",
        door=Keyed(scope=_WRITE, handle=rotate_secret),
        parameters=(WEBHOOK_ID,),
        body=ROTATE_BODY,
        body_example={"overlapHours": OVERLAP_HOURS},
        success=Success(shape=WebhookSecret, description="The new secret.", example=SECRET_EXAMPLE),
        refusals=(*ROTATE_REFUSALS, NOT_FOUND),
    ),
    Operation(
        id="testWebhook",
        method="POST",
        path="/api/webhooks/{webhookId}/test",
        summary="Try a webhook",
        description="Sends the event `webhook.test`, which tells of nothing. Look at the delivery for what came of it.",
        door=Keyed(scope=_WRITE, handle=test_webhook),
        parameters=(WEBHOOK_ID,),
        success=Success(shape=DeliveryAnswer, description="The delivery.", example=DELIVERY_ANSWER_EXAMPLE),
        refusals=(NOT_FOUND, INACTIVE),
    ),
    Operation(
        id="replayFailedDeliveries",
        method="POST",
        path="/api/webhooks/{webhookId}/replay-failed",
        summary="Send again what failed",
        description="Every delivery that was given up, of the last 30 days.",
        door=Keyed(scope=_WRITE, handle=replay_failed),
        parameters=(WEBHOOK_ID,),
        success=Success(shape=Replayed, description="How many.", example={"success": True, "replayed": 3}),
        refusals=(NOT_FOUND, INACTIVE),
    ),
    Operation(
        id="listDeliveries",
        method="GET",
        path="/api/webhooks/{webhookId}/deliveries",
        summary="List deliveries",
        description="Newest first, kept for 30 days.",
        door=Keyed(scope=_READ, handle=get_deliveries),
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
        door=Keyed(scope=_READ, handle=get_delivery),
        parameters=(WEBHOOK_ID, DELIVERY_ID),
        success=Success(shape=DeliveryAnswer, description="The delivery.", example=DELIVERY_ANSWER_EXAMPLE),
        refusals=(DELIVERY_MISSING,),
    ),
    Operation(
        id="replayDelivery",
        method="POST",
        path="/api/webhooks/{webhookId}/deliveries/{deliveryId}/replay",
        summary="Send a delivery again",
        description="Under the same id, also one that was delivered.",
        door=Keyed(scope=_WRITE, handle=replay_delivery),
        parameters=(WEBHOOK_ID, DELIVERY_ID),
        success=Success(shape=DeliveryAnswer, description="The delivery.", example=DELIVERY_ANSWER_EXAMPLE),
        refusals=(DELIVERY_MISSING, NOT_NOW),
    ),
)

API = Api(
    name="Webhooks",
    roots=("/api/webhooks",),
    description=DESCRIPTION,
    texts=KEY_TEXTS,
    operations=OPERATIONS,
    refusals=COMMON_REFUSALS,
    respond=badges_error,
    error_shapes={0: Error, 400: ValidationError},
)

routes: list[BaseRoute] = make_routes(API)
