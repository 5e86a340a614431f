"""Webhook endpoints of the key's organization."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from badgefed.api import webhook_deliveries
from badgefed.api.authentication import author_of
from badgefed.api.badges_dialect import speak_badges
from badgefed.api.errors import json_response
from badgefed.api.idempotency import IDEMPOTENCY_KEY, REPEATED, carry_out_once
from badgefed.api.operations import Keyed, Operation, Success
from badgefed.api.requests import read_body, services_of
from badgefed.api.resources import make_routes
from badgefed.api.webhook_definitions import (
    ANSWER_EXAMPLE,
    BODY_REFUSALS,
    CHANGE_BODY,
    CREATE_REFUSALS,
    DESCRIPTION,
    LIST_EXAMPLE,
    NEW_BODY,
    NEW_EXAMPLE,
    NOT_FOUND,
    READ,
    ROTATE_BODY,
    ROTATE_REFUSALS,
    SECRET_EXAMPLE,
    WEBHOOK_ID,
    WRITE,
)
from badgefed.api.webhook_lookup import find_endpoint, write_endpoint
from badgefed.api.webhook_views import (
    WebhookAnswer,
    WebhookDeleted,
    WebhookList,
    WebhookSecret,
    view_endpoint,
)
from badgefed.issuing import webhooks
from badgefed.issuing.webhooks import OVERLAP_HOURS, NewEndpoint, Wanted
from badgefed.model.organization import ApiKey
from badgefed.model.webhook import Endpoint, EndpointState
from badgefed.protocol.bodies import Values
from badgefed.store.database import Transaction
from badgefed.store.webhooks import list_endpoints
from badgefed.work.services import Services


async def get_webhooks(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    found = await list_endpoints(services.database, key.organization_id)
    views = [view_endpoint(endpoint, now=services.clock()) for endpoint in found]
    return json_response(WebhookList(success=True, webhooks=views))


async def create_webhook(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    values = await read_body(request, NEW_BODY)
    wanted = webhooks.check_wanted(services, _want(values, Wanted(url=values["url"])))

    async def create(tx: Transaction) -> WebhookSecret:
        by = author_of(request, key)
        new = await webhooks.create_endpoint(tx, services, key.organization_id, wanted, by=by)
        return _answer_secret(services, new)

    return await carry_out_once(request, key, "createWebhook", values, create)


def _want(values: Values, present: Wanted) -> Wanted:
    """What the endpoint is to be, where what isn't said stays as it is at present."""
    description = values["description"]
    return Wanted(
        url=values["url"] or present.url,
        events=present.events if values["events"] is None else tuple(values["events"]),
        description=present.description if description is None else description.strip() or None,
        is_active=present.is_active if values["active"] is None else values["active"],
    )


async def get_webhook(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    return json_response(_answer(services, await find_endpoint(services.database, request, key)))


async def change_webhook(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    values = await read_body(request, CHANGE_BODY)

    async def change(tx: Transaction, endpoint: Endpoint) -> WebhookAnswer:
        present = Wanted(
            url=endpoint.url,
            events=endpoint.events,
            description=endpoint.description,
            is_active=endpoint.state is EndpointState.ACTIVE,
        )
        wanted = webhooks.check_wanted(services, _want(values, present))
        by = author_of(request, key)
        return _answer(services, await webhooks.change_endpoint(tx, services, endpoint, wanted, by=by))

    return await write_endpoint(request, key, "changeWebhook", change, values)


async def delete_webhook(request: Request, key: ApiKey) -> Response:
    async def delete(tx: Transaction, endpoint: Endpoint) -> WebhookDeleted:
        await webhooks.delete_endpoint(tx, services_of(request), endpoint, by=author_of(request, key))
        return WebhookDeleted(success=True)

    return await write_endpoint(request, key, "deleteWebhook", delete)


async def rotate_secret(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    values = await read_body(request, ROTATE_BODY)
    hours = OVERLAP_HOURS if values["overlapHours"] is None else values["overlapHours"]

    async def rotate(tx: Transaction, endpoint: Endpoint) -> WebhookSecret:
        by = author_of(request, key)
        new = await webhooks.rotate_secret(tx, services, endpoint, overlap_hours=hours, by=by)
        return _answer_secret(services, new)

    return await write_endpoint(request, key, "rotateWebhookSecret", rotate, values)


def _answer(services: Services, endpoint: Endpoint) -> WebhookAnswer:
    return WebhookAnswer(success=True, webhook=view_endpoint(endpoint, now=services.clock()))


def _answer_secret(services: Services, new: NewEndpoint) -> WebhookSecret:
    view = view_endpoint(new.endpoint, now=services.clock())
    return WebhookSecret(success=True, webhook=view, secret=new.secret)


_ENDPOINT = Success(shape=WebhookAnswer, description="The endpoint.", example=ANSWER_EXAMPLE)

OPERATIONS = (
    Operation(
        id="listWebhooks",
        method="GET",
        path="/api/webhooks",
        summary="List webhooks",
        description="All endpoints of the key's organization.",
        door=Keyed(scope=READ, handle=get_webhooks),
        success=Success(shape=WebhookList, description="The endpoints.", example=LIST_EXAMPLE),
    ),
    Operation(
        id="createWebhook",
        method="POST",
        path="/api/webhooks",
        summary="Make a webhook",
        description="The answer has the secret with which everything is signed. It is not shown again.",
        door=Keyed(scope=WRITE, handle=create_webhook),
        parameters=(IDEMPOTENCY_KEY,),
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
        door=Keyed(scope=READ, handle=get_webhook),
        parameters=(WEBHOOK_ID,),
        success=_ENDPOINT,
        refusals=(NOT_FOUND,),
    ),
    Operation(
        id="changeWebhook",
        method="PATCH",
        path="/api/webhooks/{webhookId}",
        summary="Change a webhook",
        description="What isn't given stays. `active` ends a pause, and makes a disabled endpoint begin afresh.",
        door=Keyed(scope=WRITE, handle=change_webhook),
        parameters=(WEBHOOK_ID, IDEMPOTENCY_KEY),
        body=CHANGE_BODY,
        body_example={"active": True},
        success=_ENDPOINT,
        refusals=(*BODY_REFUSALS, NOT_FOUND, *REPEATED),
    ),
    Operation(
        id="deleteWebhook",
        method="DELETE",
        path="/api/webhooks/{webhookId}",
        summary="Delete a webhook",
        description="Nothing is sent there any more, not even what waits.",
        door=Keyed(scope=WRITE, handle=delete_webhook),
        parameters=(WEBHOOK_ID, IDEMPOTENCY_KEY),
        success=Success(shape=WebhookDeleted, description="It is gone.", example={"success": True}),
        refusals=(NOT_FOUND, *REPEATED),
    ),
    Operation(
        id="rotateWebhookSecret",
        method="POST",
        path="/api/webhooks/{webhookId}/rotate-secret",
        summary="Replace a webhook's secret",
        description="For a while everything is signed with both, one `v1` for each. An older one than these ends at once.",
        door=Keyed(scope=WRITE, handle=rotate_secret),
        parameters=(WEBHOOK_ID, IDEMPOTENCY_KEY),
        body=ROTATE_BODY,
        body_example={"overlapHours": OVERLAP_HOURS},
        success=Success(shape=WebhookSecret, description="The new secret.", example=SECRET_EXAMPLE),
        refusals=(*ROTATE_REFUSALS, NOT_FOUND, *REPEATED),
    ),
    *webhook_deliveries.OPERATIONS,
)

API = speak_badges(name="Webhooks", root="/api/webhooks", description=DESCRIPTION, operations=OPERATIONS)

routes: list[BaseRoute] = make_routes(API)
