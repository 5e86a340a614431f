"""Webhook endpoints.

Whoever queues an event for an endpoint, or says when it is its turn again, changes the endpoint's row first: so the one
waits for the other, and no event is overlooked.
"""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.model.webhook import ALL_EVENTS, Endpoint, EndpointState
from badgefed.store.database import Reader, Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An endpoint that wants an event, and the event's number there."""

    endpoint_id: int
    sequence: int
    paused_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSecrets:
    """`previous` is good until `previous_until`."""

    current: bytes
    previous: bytes | None
    previous_until: int | None


def _state(row: Row) -> EndpointState:
    if row["disabled_at"] is not None:
        return EndpointState.DISABLED
    return EndpointState.ACTIVE if row["is_active"] else EndpointState.PAUSED


def _endpoint(row: Row) -> Endpoint:
    events = row["events"].split()
    return Endpoint(
        id=row["id"],
        uuid=row["uuid"],
        organization_id=row["organization_id"],
        url=row["url"],
        description=row["description"],
        events=() if events == [ALL_EVENTS] else tuple(events),
        state=_state(row),
        failures=row["failures"],
        failing_since=row["failing_since"],
        paused_until=row["paused_until"],
        previous_until=row["previous_until"],
        created_by=row["created_by"],
        created_at=row["created_at"],
    )


def _encode_events(events: tuple[str, ...]) -> str:
    return f" {' '.join(events) or ALL_EVENTS} "


async def add_endpoint(
    tx: Transaction,
    *,
    uuid: str,
    organization_id: int,
    url: str,
    description: str | None,
    events: tuple[str, ...],
    secret: bytes,
    created_by: str,
    now: int,
) -> Endpoint:
    """`secret` is encrypted; no `events` stands for all."""
    row = await tx.one(
        "INSERT INTO webhook_endpoints (uuid, organization_id, url, description, events, secret, is_active, sequence,"
        " failures, paused_until, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?, 1, 0, 0, 0, ?, ?)"
        " RETURNING *",
        uuid,
        organization_id,
        url,
        description,
        _encode_events(events),
        secret,
        created_by,
        now,
    )
    assert row is not None
    return _endpoint(row)


async def find_endpoint(reader: Reader, uuid: str, *, organization_id: int) -> Endpoint | None:
    row = await reader.one(
        "SELECT * FROM webhook_endpoints WHERE uuid = ? AND organization_id = ? AND deleted_at IS NULL",
        uuid,
        organization_id,
    )
    return _endpoint(row) if row else None


async def find_endpoint_by_id(reader: Reader, endpoint_id: int) -> Endpoint | None:
    row = await reader.one("SELECT * FROM webhook_endpoints WHERE id = ? AND deleted_at IS NULL", endpoint_id)
    return _endpoint(row) if row else None


async def list_endpoints(reader: Reader, organization_id: int) -> list[Endpoint]:
    """In the order in which they were made."""
    rows = await reader.all(
        "SELECT * FROM webhook_endpoints WHERE organization_id = ? AND deleted_at IS NULL ORDER BY id",
        organization_id,
    )
    return [_endpoint(row) for row in rows]


async def change_endpoint(
    tx: Transaction,
    endpoint_id: int,
    *,
    url: str,
    description: str | None,
    events: tuple[str, ...],
    is_active: bool,
) -> None:
    """A disabled one that is made active begins afresh."""
    await tx.execute(
        "UPDATE webhook_endpoints SET url = ?, description = ?, events = ?, is_active = ? WHERE id = ?",
        url,
        description,
        _encode_events(events),
        int(is_active),
        endpoint_id,
    )
    if is_active:
        await tx.execute(
            "UPDATE webhook_endpoints SET disabled_at = NULL, failures = 0, failing_since = NULL, paused_until = 0"
            " WHERE id = ? AND disabled_at IS NOT NULL",
            endpoint_id,
        )


async def delete_endpoint(tx: Transaction, endpoint_id: int, *, now: int) -> None:
    """The row stays until its deliveries are gone, without its secrets."""
    await tx.execute(
        "UPDATE webhook_endpoints SET deleted_at = ?, is_active = 0, secret = ?, previous_secret = NULL WHERE id = ?",
        now,
        b"",
        endpoint_id,
    )


async def delete_forgotten(tx: Transaction, *, limit: int) -> int:
    """Drops deleted endpoints of which no delivery is left; returns how many."""
    return await tx.execute(
        "DELETE FROM webhook_endpoints WHERE id IN (SELECT id FROM webhook_endpoints WHERE deleted_at IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE endpoint_id = webhook_endpoints.id) LIMIT ?)",
        limit,
    )


async def rotate_secret(tx: Transaction, endpoint_id: int, *, secret: bytes, previous_until: int) -> None:
    """The secret that was current stays good until `previous_until`; one that was before it does not."""
    await tx.execute(
        "UPDATE webhook_endpoints SET previous_secret = secret, previous_until = ?, secret = ? WHERE id = ?",
        previous_until,
        secret,
        endpoint_id,
    )


async def read_secrets(reader: Reader, endpoint_id: int) -> SealedSecrets:
    row = await reader.one(
        "SELECT secret, previous_secret, previous_until FROM webhook_endpoints WHERE id = ?", endpoint_id
    )
    if row is None:
        raise LookupError(f"webhook endpoint {endpoint_id}")
    return SealedSecrets(
        current=row["secret"], previous=row["previous_secret"], previous_until=row["previous_until"]
    )


async def take_numbers(tx: Transaction, *, organization_id: int, event: str) -> list[Listener]:
    """Gives the event its number at each endpoint of the organization that wants it."""
    rows = await tx.all(
        "UPDATE webhook_endpoints SET sequence = sequence + 1 WHERE organization_id = ? AND deleted_at IS NULL"
        f" AND is_active = 1 AND disabled_at IS NULL AND (events LIKE ? OR events = ' {ALL_EVENTS} ')"
        " RETURNING id, sequence, paused_until",
        organization_id,
        f"% {event} %",
    )
    return [_listener(row) for row in rows]


async def take_number(tx: Transaction, endpoint_id: int) -> Listener | None:
    """The same at one endpoint, whatever it wants; None if it is deleted."""
    row = await tx.one(
        "UPDATE webhook_endpoints SET sequence = sequence + 1 WHERE id = ? AND deleted_at IS NULL"
        " RETURNING id, sequence, paused_until",
        endpoint_id,
    )
    return _listener(row) if row else None


def _listener(row: Row) -> Listener:
    return Listener(endpoint_id=row["id"], sequence=row["sequence"], paused_until=row["paused_until"])


async def lock_endpoint(tx: Transaction, endpoint_id: int) -> Endpoint | None:
    """The endpoint, unless it is deleted; nobody else changes it, or queues anything for it, before this transaction ends."""
    row = await tx.one(
        "UPDATE webhook_endpoints SET sequence = sequence WHERE id = ? AND deleted_at IS NULL RETURNING *",
        endpoint_id,
    )
    return _endpoint(row) if row else None


async def note_success(tx: Transaction, endpoint_id: int) -> None:
    await tx.execute(
        "UPDATE webhook_endpoints SET failures = 0, failing_since = NULL, paused_until = 0 WHERE id = ?",
        endpoint_id,
    )


async def note_failures(
    tx: Transaction, endpoint_id: int, *, count: int, paused_until: int, now: int
) -> Endpoint | None:
    """The endpoint as it is now: nothing goes there before `paused_until`. None if it is deleted."""
    row = await tx.one(
        "UPDATE webhook_endpoints SET failures = failures + ?, failing_since = COALESCE(failing_since, ?),"
        " paused_until = ? WHERE id = ? AND deleted_at IS NULL RETURNING *",
        count,
        now,
        paused_until,
        endpoint_id,
    )
    return _endpoint(row) if row else None


async def disable_endpoint(tx: Transaction, endpoint_id: int, *, now: int) -> bool:
    """False if it was disabled already."""
    changed = await tx.execute(
        "UPDATE webhook_endpoints SET disabled_at = ? WHERE id = ? AND disabled_at IS NULL", now, endpoint_id
    )
    return changed == 1
