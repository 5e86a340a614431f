"""Pictures that people chose in forms which came back to them: the last one of each user in each organization."""

from __future__ import annotations

from badgefed.model.identifiers import new_uuid
from badgefed.store.database import Reader, Transaction


async def replace_draft(tx: Transaction, *, organization_id: int, user_id: int, data: bytes, now: int) -> str:
    """The UUID of the new draft, which takes the place of the one before."""
    uuid = new_uuid(now)
    await tx.execute(
        "INSERT INTO picture_drafts (organization_id, user_id, uuid, data, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (organization_id, user_id)"
        " DO UPDATE SET uuid = EXCLUDED.uuid, data = EXCLUDED.data, created_at = EXCLUDED.created_at",
        organization_id,
        user_id,
        uuid,
        data,
        now,
    )
    return uuid


async def find_draft(reader: Reader, uuid: str, *, organization_id: int, user_id: int) -> bytes | None:
    """As it was uploaded."""
    row = await reader.one(
        "SELECT data FROM picture_drafts WHERE uuid = ? AND organization_id = ? AND user_id = ?",
        uuid,
        organization_id,
        user_id,
    )
    return row["data"] if row else None


async def delete_old(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets drafts made before this instant; returns how many."""
    return await tx.execute(
        "DELETE FROM picture_drafts WHERE id IN (SELECT id FROM picture_drafts WHERE created_at < ? LIMIT ?)",
        before,
        limit,
    )
