"""What has been received: each activity counts once, by its id and its actor.

An id that an Undo or a Delete named before the activity itself arrived stands here too, with `CANCELLED` as its type.
"""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.store.database import Reader, Transaction

CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """`received_at` is the instant of the first delivery."""

    activity_type: str
    received_at: int


async def add_entry(
    tx: Transaction, *, activity_id: str, actor_id: str, activity_type: str, now: int
) -> bool:
    """False if this actor's activity was received before."""
    changed = await tx.execute(
        "INSERT INTO inbox_log (activity_id, actor_id, activity_type, received_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (activity_id, actor_id) DO NOTHING",
        activity_id,
        actor_id,
        activity_type[:100],
        now,
    )
    return changed == 1


async def find_entry(reader: Reader, *, activity_id: str, actor_id: str) -> LogEntry | None:
    row = await reader.one(
        "SELECT activity_type, received_at FROM inbox_log WHERE activity_id = ? AND actor_id = ?",
        activity_id,
        actor_id,
    )
    return LogEntry(activity_type=row["activity_type"], received_at=row["received_at"]) if row else None


async def delete_old(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets up to `limit` of the entries older than this instant; returns how many."""
    return await tx.execute(
        "DELETE FROM inbox_log WHERE id IN (SELECT id FROM inbox_log WHERE received_at < ? ORDER BY received_at LIMIT ?)",
        before,
        limit,
    )
