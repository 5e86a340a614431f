"""Webhooks: what an organization's own programs are told, where, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from badgefed.model.times import DAY

ALL_EVENTS = "*"
RETRIED_FOR = 3 * DAY


class Event(StrEnum):
    """What happens and is told, as noun and verb."""

    GRANT_CREATED = "grant.created"
    GRANT_ACCEPTED = "grant.accepted"
    GRANT_DECLINED = "grant.declined"
    GRANT_PROCESSED = "grant.processed"
    GRANT_REVOKED = "grant.revoked"
    GRANT_SUSPENDED = "grant.suspended"
    GRANT_REINSTATED = "grant.reinstated"
    GRANT_EXPIRED = "grant.expired"
    GRANT_RENEWED = "grant.renewed"
    GRANT_VISIBILITY_CHANGED = "grant.visibility-changed"
    GRANT_ERASED = "grant.erased"
    BULK_COMPLETED = "bulk.completed"
    ISSUER_VERIFIED = "issuer.verified"
    TEST = "webhook.test"


class EndpointState(StrEnum):
    """`paused` by its people; `disabled` by us, after three days of failures."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class DeliveryState(StrEnum):
    """`waiting` also between two attempts; `failed`: given up."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where an organization is told of events. `events` is empty for all of them; `failures` counts since the last success."""

    id: int
    uuid: str
    organization_id: int
    url: str
    description: str | None
    events: tuple[str, ...]
    state: EndpointState
    failures: int
    failing_since: int | None
    paused_until: int
    previous_until: int | None
    created_by: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """One event for one endpoint. `body` is what is sent, the same bytes at each attempt; `answer` the start of the last answer.

    An attempt at `retry_until` or later is the last one.
    """

    id: int
    uuid: str
    endpoint_id: int
    event: str
    body: bytes
    state: DeliveryState
    attempt: int
    not_before: int
    retry_until: int
    http_status: int | None
    answer: str | None
    error: str | None
    milliseconds: int | None
    created_at: int
    attempted_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of sending a delivery once. `error` says why it did not arrive, in a sentence; None: it did."""

    http_status: int | None
    answer: str | None
    error: str | None
    milliseconds: int
    retry_after: int | None = None
