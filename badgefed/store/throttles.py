"""Attempts that may be guesses: some are free, then each one must wait for longer. Counted for all processes together."""

from __future__ import annotations

import hashlib

from badgefed.model.times import DAY, MINUTE, SECOND
from badgefed.store.database import Transaction

MAX_DELAY = 15 * MINUTE
FORGOTTEN_AFTER = DAY


def throttle_name(kind: str, subject: str) -> str:
    """What attempts are counted for, e.g. `account` and an address, as a name that doesn't tell it."""
    return hashlib.sha256(f"{kind}:{subject}".encode()).hexdigest()


def delay_after(attempts: int, free: int) -> int:
    """How long to wait after so many attempts in a row, in microseconds: 1 s after the last free one, then twice as long each."""
    over = attempts - free
    return 0 if over < 0 else min(SECOND << min(over, 20), MAX_DELAY)


async def take_attempt(tx: Transaction, name: str, *, free: int, now: int) -> int:
    """Counts an attempt and returns 0, or how long to wait until one is allowed, in microseconds; then nothing is counted."""
    row = await tx.one(
        "INSERT INTO throttles (name, attempts, open_at, updated_at) VALUES (?, 1, 0, ?)"
        " ON CONFLICT (name) DO UPDATE SET updated_at = EXCLUDED.updated_at,"
        " attempts = CASE WHEN throttles.updated_at < ? THEN 1 ELSE throttles.attempts + 1 END"
        " WHERE throttles.open_at <= ? RETURNING attempts",
        name,
        now,
        now - FORGOTTEN_AFTER,
        now,
    )
    if row is None:
        closed = await tx.one("SELECT open_at FROM throttles WHERE name = ?", name)
        return max(1, closed["open_at"] - now) if closed else 1
    if delay := delay_after(row["attempts"], free):
        await tx.execute("UPDATE throttles SET open_at = ? WHERE name = ?", now + delay, name)
    return 0


async def forget_attempts(tx: Transaction, name: str) -> None:
    """After one that was no guess."""
    await tx.execute("DELETE FROM throttles WHERE name = ?", name)


async def delete_old(tx: Transaction, *, before: int, limit: int) -> int:
    return await tx.execute(
        "DELETE FROM throttles WHERE name IN (SELECT name FROM throttles WHERE updated_at < ? LIMIT ?)",
        before,
        limit,
    )


async def give_back(tx: Transaction, name: str) -> None:
    """One attempt less, after one that was no guess."""
    await tx.execute(
        "UPDATE throttles SET attempts = attempts - 1, open_at = 0 WHERE name = ? AND attempts > 0", name
    )
