"""Pictures for link previews, kept for some time."""

from __future__ import annotations

from badgefed.store.database import Reader, Transaction


async def find_card(reader: Reader, badge_id: int, grant_id: int | None, digest: str) -> bytes | None:
    """The PNG, if what is kept is the one with this digest."""
    row = await reader.one(
        "SELECT data FROM share_cards WHERE badge_id = ? AND COALESCE(grant_id, 0) = ? AND digest = ?",
        badge_id,
        grant_id or 0,
        digest,
    )
    return row["data"] if row else None


async def put_card(
    tx: Transaction, badge_id: int, grant_id: int | None, *, digest: str, data: bytes, now: int
) -> None:
    """Keeps the PNG in place of the one before."""
    await tx.execute(
        "INSERT INTO share_cards (badge_id, grant_id, digest, data, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (badge_id, COALESCE(grant_id, 0))"
        " DO UPDATE SET digest = EXCLUDED.digest, data = EXCLUDED.data, created_at = EXCLUDED.created_at",
        badge_id,
        grant_id,
        digest,
        data,
        now,
    )


async def delete_cards(tx: Transaction, *, before: int, limit: int) -> int:
    """Deletes those that are older, or whose award is not shown any more; how many."""
    return await tx.execute(
        "DELETE FROM share_cards WHERE (badge_id, COALESCE(grant_id, 0)) IN ("
        "SELECT share_cards.badge_id, COALESCE(share_cards.grant_id, 0) FROM share_cards"
        " LEFT JOIN grants ON grants.id = share_cards.grant_id"
        " WHERE share_cards.created_at < ? OR grants.status <> 'processed' OR grants.visibility = 'private' LIMIT ?)",
        before,
        limit,
    )
