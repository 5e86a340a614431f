"""What was, or is to be, sent to webhook endpoints: the queue and the log of it in one table."""

from __future__ import annotations

from badgefed.model.webhook import RETRIED_FOR, Attempt, DeliveryState, WebhookDelivery
from badgefed.store.database import Reader, Row, Transaction, Value


def _delivery(row: Row) -> WebhookDelivery:
    return WebhookDelivery(
        id=row["id"],
        uuid=row["uuid"],
        endpoint_id=row["endpoint_id"],
        event=row["event"],
        body=row["body"],
        state=DeliveryState(row["state"]),
        attempt=row["attempt"],
        not_before=row["not_before"],
        retry_until=row["retry_until"],
        http_status=row["http_status"],
        answer=row["answer"],
        error=row["error"],
        milliseconds=row["milliseconds"],
        created_at=row["created_at"],
        attempted_at=row["attempted_at"],
    )


async def add_delivery(
    tx: Transaction,
    *,
    uuid: str,
    endpoint_id: int,
    event: str,
    body: bytes,
    now: int,
    grant_id: int | None = None,
) -> WebhookDelivery:
    row = await tx.one(
        "INSERT INTO webhook_deliveries (uuid, endpoint_id, event, body, state, attempt, not_before, retry_until,"
        " created_at, grant_id) VALUES (?, ?, ?, ?, 'waiting', 0, ?, ?, ?, ?) RETURNING *",
        uuid,
        endpoint_id,
        event,
        body,
        now,
        now + RETRIED_FOR,
        now,
        grant_id,
    )
    assert row is not None
    return _delivery(row)


async def list_due(reader: Reader, endpoint_id: int, *, now: int, limit: int) -> list[WebhookDelivery]:
    """Those that wait and are due, the one due for longest first."""
    rows = await reader.all(
        "SELECT * FROM webhook_deliveries WHERE endpoint_id = ? AND state = 'waiting' AND not_before <= ?"
        " ORDER BY not_before, id LIMIT ?",
        endpoint_id,
        now,
        limit,
    )
    return [_delivery(row) for row in rows]


async def next_due(reader: Reader, endpoint_id: int) -> int | None:
    """When the next one is due; None if none waits."""
    row = await reader.one(
        "SELECT MIN(not_before) AS due FROM webhook_deliveries WHERE endpoint_id = ? AND state = 'waiting'",
        endpoint_id,
    )
    return row["due"] if row else None


async def record_attempt(
    tx: Transaction,
    delivery: WebhookDelivery,
    attempt: Attempt,
    *,
    state: DeliveryState,
    not_before: int,
    now: int,
) -> None:
    """Counts the attempt and keeps what came of it, in the place of what was kept of the one before."""
    await tx.execute(
        "UPDATE webhook_deliveries SET state = ?, attempt = attempt + 1, not_before = ?, http_status = ?, answer = ?,"
        " error = ?, milliseconds = ?, attempted_at = ? WHERE id = ? AND state = 'waiting'",
        state,
        not_before,
        attempt.http_status,
        attempt.answer,
        attempt.error,
        attempt.milliseconds,
        now,
        delivery.id,
    )


async def fail_waiting(tx: Transaction, endpoint_id: int, *, error: str) -> int:
    """Gives up what waits for an endpoint; returns how many."""
    return await tx.execute(
        "UPDATE webhook_deliveries SET state = 'failed', error = ? WHERE endpoint_id = ? AND state = 'waiting'",
        error,
        endpoint_id,
    )


async def replay_delivery(tx: Transaction, delivery_id: int, *, now: int) -> None:
    """Sends it again, with all its attempts before it."""
    await tx.execute(
        "UPDATE webhook_deliveries SET state = 'waiting', attempt = 0, not_before = ?, retry_until = ? WHERE id = ?",
        now,
        now + RETRIED_FOR,
        delivery_id,
    )


async def replay_failed(tx: Transaction, endpoint_id: int, *, now: int) -> int:
    """Sends again all that was given up; returns how many."""
    return await tx.execute(
        "UPDATE webhook_deliveries SET state = 'waiting', attempt = 0, not_before = ?, retry_until = ?"
        " WHERE endpoint_id = ? AND state = 'failed'",
        now,
        now + RETRIED_FOR,
        endpoint_id,
    )


async def find_delivery(reader: Reader, uuid: str, *, endpoint_id: int) -> WebhookDelivery | None:
    row = await reader.one(
        "SELECT * FROM webhook_deliveries WHERE uuid = ? AND endpoint_id = ?", uuid, endpoint_id
    )
    return _delivery(row) if row else None


async def list_deliveries(
    reader: Reader,
    endpoint_id: int,
    *,
    state: DeliveryState | None,
    before: int | None,
    limit: int,
) -> list[WebhookDelivery]:
    """Newest first, those with an id below `before`."""
    conditions, parameters = "endpoint_id = ?", list[Value]([endpoint_id])
    if state is not None:
        conditions += " AND state = ?"
        parameters.append(state)
    if before is not None:
        conditions += " AND id < ?"
        parameters.append(before)
    rows = await reader.all(
        f"SELECT * FROM webhook_deliveries WHERE {conditions} ORDER BY id DESC LIMIT ?", *parameters, limit
    )
    return [_delivery(row) for row in rows]


async def delete_old(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets what was made before this instant and does not wait any more; returns how many."""
    return await tx.execute(
        "DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries"
        " WHERE created_at < ? AND state <> 'waiting' LIMIT ?)",
        before,
        limit,
    )
