"""Answers that were given to requests with an Idempotency-Key, per caller."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.store.database import Reader, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What was asked, as a hash, and what was answered; `body` is as it was stored."""

    request_hash: str
    status: int
    body: bytes


async def claim_request(
    tx: Transaction, *, caller: str, idempotency_key: str, request_hash: str, now: int, since: int
) -> bool:
    """Whether this transaction is the one to carry the request out, and then to `keep_answer`.

    False where another one did so at `since` or later. On PostgreSQL this waits for a transaction that is doing it.
    """
    row = await tx.one(
        "INSERT INTO idempotency_keys (caller, idempotency_key, request_hash, status, response, created_at)"
        " VALUES (?, ?, ?, 0, ?, ?) ON CONFLICT (caller, idempotency_key) DO UPDATE"
        " SET request_hash = EXCLUDED.request_hash, status = 0, response = EXCLUDED.response, created_at = EXCLUDED.created_at"
        " WHERE idempotency_keys.created_at < ? RETURNING caller",
        caller,
        idempotency_key,
        request_hash,
        b"",
        now,
        since,
    )
    return row is not None


async def keep_answer(
    tx: Transaction, *, caller: str, idempotency_key: str, status: int, body: bytes
) -> None:
    await tx.execute(
        "UPDATE idempotency_keys SET status = ?, response = ? WHERE caller = ? AND idempotency_key = ?",
        status,
        body,
        caller,
        idempotency_key,
    )


async def find_answer(reader: Reader, *, caller: str, idempotency_key: str) -> KeptAnswer | None:
    row = await reader.one(
        "SELECT request_hash, status, response FROM idempotency_keys WHERE caller = ? AND idempotency_key = ?",
        caller,
        idempotency_key,
    )
    if row is None:
        return None
    return KeptAnswer(request_hash=row["request_hash"], status=row["status"], body=row["response"])


async def delete_answers(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets up to `limit` answers that were given before an instant; the number of them."""
    return await tx.execute(
        "DELETE FROM idempotency_keys WHERE (caller, idempotency_key) IN ("
        "SELECT caller, idempotency_key FROM idempotency_keys WHERE created_at < ? LIMIT ?)",
        before,
        limit,
    )
