"""Telling an organization's own programs what happens: events are queued in the transaction of the fact that they tell.

An organization without endpoints for an event costs one statement that changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.identifiers import new_uuid
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_milliseconds
from badgefed.model.webhook import Event, WebhookDelivery
from badgefed.store import badges, issuers, jobs, webhook_deliveries, webhooks
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import JobKind
from badgefed.store.webhooks import Listener

Data = Mapping[str, Any]


async def emit(tx: Transaction, organization_id: int, event: Event, data: Data, *, now: int) -> None:
    """Queues the event for each endpoint of the organization that wants it."""
    for listener in await webhooks.take_numbers(tx, organization_id=organization_id, event=event):
        await queue_event(tx, listener, event, data, now=now)


async def emit_grant(tx: Transaction, event: Event, grant: Grant, *, now: int) -> None:
    """The same for an event of a grant; what there is to say of it is read only where somebody wants to hear it."""
    listeners = await webhooks.take_numbers(tx, organization_id=grant.organization_id, event=event)
    if listeners:
        data = await _describe_grant(tx, grant)
        for listener in listeners:
            await queue_event(tx, listener, event, data, now=now, grant_id=grant.id)


async def emit_issuer(tx: Transaction, event: Event, issuer: Issuer, *, now: int) -> None:
    """The same for an event of an issuer."""
    await emit(tx, issuer.organization_id, event, {"issuer": view_issuer(issuer)}, now=now)


async def queue_event(
    tx: Transaction, listener: Listener, event: Event, data: Data, *, now: int, grant_id: int | None = None
) -> WebhookDelivery:
    """A delivery of the event to one endpoint, and the job that sends it; `grant_id` if it is about a grant."""
    uuid = new_uuid(now)
    document = {
        "id": uuid,
        "type": event,
        "sequence": listener.sequence,
        "createdAt": format_milliseconds(now),
        "data": data,
    }
    delivery = await webhook_deliveries.add_delivery(
        tx,
        uuid=uuid,
        endpoint_id=listener.endpoint_id,
        event=event,
        body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
        now=now,
        grant_id=grant_id,
    )
    await wake_endpoint(tx, listener.endpoint_id, not_before=max(now, listener.paused_until), now=now)
    return delivery


async def wake_endpoint(tx: Transaction, endpoint_id: int, *, not_before: int, now: int) -> None:
    """Sees to it that what waits for the endpoint is sent at `not_before` at the latest."""
    await jobs.add_or_hasten(
        tx,
        JobKind.WEBHOOK,
        unique_key=f"webhook:{endpoint_id}",
        payload={"endpoint": endpoint_id},
        not_before=not_before,
        now=now,
    )


async def _describe_grant(reader: Reader, grant: Grant) -> Data:
    badge = await badges.find_badge(reader, grant.badge_id)
    if badge is None:
        raise LookupError(f"badge {grant.badge_id}")
    issuer = await issuers.get_issuer(reader, grant.issuer_id)
    return {"grant": view_grant(grant), "badge": view_badge(badge), "issuer": view_issuer(issuer)}


def view_grant(grant: Grant) -> Data:
    """The grant as programs are told of it; what isn't known is null."""
    return {
        "id": grant.id,
        "uuid": grant.uuid,
        "code": grant.code,
        "noteId": grant.note_uri,
        "status": grant.status,
        "suspended": grant.suspended_at is not None,
        "visibility": grant.visibility,
        "recipient": {
            "name": grant.name,
            "email": grant.email,
            "profileUri": grant.profile,
            "actor": grant.actor_id,
        },
        "reason": grant.suspended_reason if grant.suspended_at is not None else grant.closed_reason,
        "fingerprint": grant.fingerprint,
        "supersedes": grant.supersedes_id,
        "issuedAt": _instant(grant.issued_at),
        "acceptedAt": _instant(grant.accepted_at),
        "processedAt": _instant(grant.processed_at),
        "expiresAt": _instant(grant.expires_at),
        "closedAt": _instant(grant.closed_at),
    }


def view_badge(badge: Badge) -> Data:
    return {"id": badge.id, "uuid": badge.uuid, "slug": badge.slug, "title": badge.title}


def view_issuer(issuer: Issuer) -> Data:
    return {"uuid": issuer.uuid, "username": issuer.username, "actor": issuer.actor_id, "name": issuer.name}


def _instant(value: int | None) -> str | None:
    return None if value is None else format_milliseconds(value)
