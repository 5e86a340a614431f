"""What the webhooks API answers."""

from __future__ import annotations

import msgspec

from badgefed.model.times import format_milliseconds
from badgefed.model.webhook import Endpoint, WebhookDelivery


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint. `events` is empty for all; `failures` counts since the last success."""

    id: str
    url: str
    description: str | None
    events: list[str]
    status: str
    failures: int
    failingSince: str | None
    pausedUntil: str | None
    previousSecretUntil: str | None
    createdBy: str
    createdAt: str


class WebhookAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint."""

    success: bool
    webhook: WebhookView


class WebhookSecret(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint, with the secret that is shown this once."""

    success: bool
    webhook: WebhookView
    secret: str


class WebhookList(msgspec.Struct, frozen=True, kw_only=True):
    """All of the organization's, in the order in which they were made."""

    success: bool
    webhooks: list[WebhookView]


class WebhookDeleted(msgspec.Struct, frozen=True, kw_only=True):
    """It is gone."""

    success: bool


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one endpoint, with its last attempt."""

    id: str
    event: str
    status: str
    attempts: int
    responseStatus: int | None
    responseBody: str | None
    error: str | None
    milliseconds: int | None
    createdAt: str
    attemptedAt: str | None
    nextAttemptAt: str | None


class DeliveryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery; `payload` is what is sent, as text, byte for byte."""

    success: bool
    delivery: DeliveryView
    payload: str


class DeliveryList(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries, newest first."""

    success: bool
    deliveries: list[DeliveryView]
    nextCursor: int | None


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries are sent again."""

    success: bool
    replayed: int


def view_endpoint(endpoint: Endpoint, *, now: int) -> WebhookView:
    return WebhookView(
        id=endpoint.uuid,
        url=endpoint.url,
        description=endpoint.description,
        events=list(endpoint.events),
        status=endpoint.state,
        failures=endpoint.failures,
        failingSince=_instant(endpoint.failing_since),
        pausedUntil=_future(endpoint.paused_until, now),
        previousSecretUntil=_future(endpoint.previous_until, now),
        createdBy=endpoint.created_by,
        createdAt=format_milliseconds(endpoint.created_at),
    )


def view_delivery(delivery: WebhookDelivery) -> DeliveryView:
    is_waiting = delivery.state == "waiting"
    return DeliveryView(
        id=delivery.uuid,
        event=delivery.event,
        status=delivery.state,
        attempts=delivery.attempt,
        responseStatus=delivery.http_status,
        responseBody=delivery.answer,
        error=delivery.error,
        milliseconds=delivery.milliseconds,
        createdAt=format_milliseconds(delivery.created_at),
        attemptedAt=_instant(delivery.attempted_at),
        nextAttemptAt=format_milliseconds(delivery.not_before) if is_waiting else None,
    )


def _instant(value: int | None) -> str | None:
    return None if value is None else format_milliseconds(value)


def _future(value: int | None, now: int) -> str | None:
    return format_milliseconds(value) if value is not None and value > now else None
