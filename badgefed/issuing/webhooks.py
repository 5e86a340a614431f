"""Webhook endpoints: made, changed, tried and repaired by an organization's people and programs."""

from __future__ import annotations

import json
from dataclasses import dataclass

from badgefed.errors import AddressRefused, Conflict, Invalid, NotFound
from badgefed.model.audit import Action, Author, Target
from badgefed.model.identifiers import new_uuid
from badgefed.model.times import HOUR, format_rfc3339
from badgefed.model.webhook import DeliveryState, Endpoint, EndpointState, Event, WebhookDelivery
from badgefed.net.addresses import clean_url
from badgefed.protocol.sealing import seal
from badgefed.protocol.webhook_signatures import new_secret
from badgefed.store import audit, organizations, webhook_deliveries, webhooks
from badgefed.store.database import Reader, Transaction
from badgefed.work.services import Services
from badgefed.work.webhook_sending import SEALING_PURPOSE
from badgefed.work.webhooks import queue_event, wake_endpoint

MAX_ENDPOINTS = 20
MAX_DESCRIPTION = 200
MAX_OVERLAP_HOURS = 168
OVERLAP_HOURS = 24
EVENTS = tuple(event.value for event in Event if event is not Event.TEST)

NOT_FOUND = "Webhook not found."
DELIVERY_NOT_FOUND = "Delivery not found."
NOT_ACTIVE = "This webhook is not active: make it active first."
STILL_WAITING = "This delivery is waiting already."
TOO_MANY = f"An organization can have {MAX_ENDPOINTS} webhooks: delete one first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an endpoint is to be. No `events` stands for all."""

    url: str
    events: tuple[str, ...] = ()
    description: str | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEndpoint:
    """The only place, besides rotation, where its secret stands in clear."""

    endpoint: Endpoint
    secret: str


def check_wanted(services: Services, wanted: Wanted) -> Wanted:
    """The same with its URL as it goes over the wire. Raises `Invalid`."""
    private = services.settings.allow_private_network
    try:
        url = clean_url(wanted.url, allow_private=private)
    except AddressRefused as refusal:
        raise Invalid(f"Url can't be used: {refusal}", field="Url") from refusal
    unknown = [event for event in wanted.events if event not in EVENTS]
    if unknown:
        raise Invalid(f"There is no event {unknown[0]!r}; there are {', '.join(EVENTS)}.", field="Events")
    events = tuple(dict.fromkeys(wanted.events))
    return Wanted(url=url, events=events, description=wanted.description, is_active=wanted.is_active)


async def create_endpoint(
    tx: Transaction,
    services: Services,
    organization_id: int,
    wanted: Wanted,
    *,
    by: Author,
) -> NewEndpoint:
    """An endpoint with a new secret; `wanted` is checked. Raises `Conflict` where there are too many."""
    await organizations.lock_organization(tx, organization_id)
    if len(await webhooks.list_endpoints(tx, organization_id)) >= MAX_ENDPOINTS:
        raise Conflict(TOO_MANY)
    secret = new_secret()
    endpoint = await webhooks.add_endpoint(
        tx,
        uuid=new_uuid(services.clock()),
        organization_id=organization_id,
        url=wanted.url,
        description=wanted.description,
        events=wanted.events,
        secret=_seal(services, secret),
        created_by=by.label,
        now=services.clock(),
    )
    if not wanted.is_active:
        endpoint = await _change(tx, endpoint, wanted)
    await _record(tx, services, Action.WEBHOOK_CREATE, endpoint, by=by)
    return NewEndpoint(endpoint=endpoint, secret=secret)


async def change_endpoint(
    tx: Transaction, services: Services, endpoint: Endpoint, wanted: Wanted, *, by: Author
) -> Endpoint:
    """The endpoint as it is to be; `wanted` is checked. One that is made active gets what still waits for it."""
    changed = await _change(tx, endpoint, wanted)
    await _record(tx, services, Action.WEBHOOK_CHANGE, changed, by=by)
    due = await webhook_deliveries.next_due(tx, endpoint.id)
    if due is not None and changed.state is EndpointState.ACTIVE:
        await _wake(tx, services, changed)
    return changed


async def delete_endpoint(tx: Transaction, services: Services, endpoint: Endpoint, *, by: Author) -> None:
    """Nothing is sent to it any more."""
    await webhooks.delete_endpoint(tx, endpoint.id, now=services.clock())
    await webhook_deliveries.fail_waiting(tx, endpoint.id, error="The endpoint was deleted.")
    await _record(tx, services, Action.WEBHOOK_DELETE, endpoint, by=by)


async def rotate_secret(
    tx: Transaction, services: Services, endpoint: Endpoint, *, overlap_hours: int, by: Author
) -> NewEndpoint:
    """A new secret. For so many hours everything is signed with the old one too."""
    secret, now = new_secret(), services.clock()
    await webhooks.rotate_secret(
        tx, endpoint.id, secret=_seal(services, secret), previous_until=now + overlap_hours * HOUR
    )
    await _record(tx, services, Action.WEBHOOK_ROTATE_SECRET, endpoint, by=by)
    changed = await get_endpoint(tx, endpoint.uuid, organization_id=endpoint.organization_id)
    return NewEndpoint(endpoint=changed, secret=secret)


async def send_test(
    tx: Transaction, services: Services, endpoint: Endpoint, *, by: Author
) -> WebhookDelivery:
    """Queues an event that tells of nothing. Raises `Conflict` for an endpoint that isn't active."""
    _check_active(endpoint)
    listener = await webhooks.take_number(tx, endpoint.id)
    if listener is None:
        raise NotFound(NOT_FOUND)
    now = services.clock()
    await _record(tx, services, Action.WEBHOOK_TEST, endpoint, by=by)
    data = {"message": "This is a test.", "requestedAt": format_rfc3339(now)}
    return await queue_event(tx, listener, Event.TEST, data, now=now)


async def replay(
    tx: Transaction, services: Services, endpoint: Endpoint, delivery_uuid: str, *, by: Author
) -> WebhookDelivery:
    """The delivery, which is sent again. Raises `NotFound`, `Conflict` where it waits or the endpoint isn't active."""
    _check_active(endpoint)
    await webhooks.lock_endpoint(tx, endpoint.id)
    delivery = await get_delivery(tx, endpoint, delivery_uuid)
    if delivery.state is DeliveryState.WAITING:
        raise Conflict(STILL_WAITING)
    await webhook_deliveries.replay_delivery(tx, delivery.id, now=services.clock())
    await _record(tx, services, Action.WEBHOOK_REPLAY, endpoint, by=by)
    await _wake(tx, services, endpoint)
    return await get_delivery(tx, endpoint, delivery_uuid)


async def replay_failed(tx: Transaction, services: Services, endpoint: Endpoint, *, by: Author) -> int:
    """How many failed deliveries are sent again. Raises `Conflict` for an endpoint that isn't active."""
    _check_active(endpoint)
    await webhooks.lock_endpoint(tx, endpoint.id)
    count = await webhook_deliveries.replay_failed(tx, endpoint.id, now=services.clock())
    if count:
        await _record(tx, services, Action.WEBHOOK_REPLAY, endpoint, by=by)
        await _wake(tx, services, endpoint)
    return count


async def get_endpoint(reader: Reader, uuid: str, *, organization_id: int) -> Endpoint:
    """Raises `NotFound`, also for another organization's."""
    endpoint = await webhooks.find_endpoint(reader, uuid, organization_id=organization_id)
    if endpoint is None:
        raise NotFound(NOT_FOUND)
    return endpoint


async def get_delivery(reader: Reader, endpoint: Endpoint, uuid: str) -> WebhookDelivery:
    """Raises `NotFound`."""
    delivery = await webhook_deliveries.find_delivery(reader, uuid, endpoint_id=endpoint.id)
    if delivery is None:
        raise NotFound(DELIVERY_NOT_FOUND)
    return delivery


async def _change(tx: Transaction, endpoint: Endpoint, wanted: Wanted) -> Endpoint:
    await webhooks.change_endpoint(
        tx,
        endpoint.id,
        url=wanted.url,
        description=wanted.description,
        events=wanted.events,
        is_active=wanted.is_active,
    )
    return await get_endpoint(tx, endpoint.uuid, organization_id=endpoint.organization_id)


async def _wake(tx: Transaction, services: Services, endpoint: Endpoint) -> None:
    now = services.clock()
    await wake_endpoint(tx, endpoint.id, not_before=max(now, endpoint.paused_until), now=now)


def _check_active(endpoint: Endpoint) -> None:
    if endpoint.state is not EndpointState.ACTIVE:
        raise Conflict(NOT_ACTIVE)


def _seal(services: Services, secret: str) -> bytes:
    return seal(services.settings.secret_key, purpose=SEALING_PURPOSE, plaintext=secret.encode("ascii"))


async def _record(
    tx: Transaction, services: Services, action: Action, endpoint: Endpoint, *, by: Author
) -> None:
    await audit.record(
        tx,
        by=by,
        action=action,
        target=Target(id=endpoint.id, label=endpoint.url),
        organization_id=endpoint.organization_id,
        now=services.clock(),
        details={"events": json.dumps(endpoint.events), "state": endpoint.state},
    )
