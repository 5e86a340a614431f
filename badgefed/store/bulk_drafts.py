"""CSV files that people uploaded and whose rows they haven't granted yet: one of each user in each organization."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from badgefed.model.identifiers import new_uuid
from badgefed.store.database import Reader, Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDraft:
    """`mapping` goes from the file's column names to our fields, None for columns to ignore; `badge` is for rows that name none."""

    uuid: str
    organization_id: int
    user_id: int
    badge: str | None
    mapping: Mapping[str, str | None]
    data: bytes
    created_at: int


def _draft(row: Row) -> BulkDraft:
    return BulkDraft(
        uuid=row["uuid"],
        organization_id=row["organization_id"],
        user_id=row["user_id"],
        badge=row["badge"],
        mapping=json.loads(row["mapping"]),
        data=row["data"],
        created_at=row["created_at"],
    )


async def replace_draft(
    tx: Transaction, *, organization_id: int, user_id: int, badge: str | None, data: bytes, now: int
) -> BulkDraft:
    """The new draft, in the place of the one that the user had before."""
    row = await tx.one(
        "INSERT INTO bulk_drafts (organization_id, user_id, uuid, badge, mapping, data, created_at)"
        " VALUES (?, ?, ?, ?, '{}', ?, ?) ON CONFLICT (organization_id, user_id) DO UPDATE SET uuid = EXCLUDED.uuid,"
        " badge = EXCLUDED.badge, mapping = EXCLUDED.mapping, data = EXCLUDED.data, created_at = EXCLUDED.created_at"
        " RETURNING *",
        organization_id,
        user_id,
        new_uuid(now),
        badge,
        data,
        now,
    )
    assert row is not None
    return _draft(row)


async def find_draft(reader: Reader, uuid: str, *, organization_id: int, user_id: int) -> BulkDraft | None:
    row = await reader.one(
        "SELECT * FROM bulk_drafts WHERE uuid = ? AND organization_id = ? AND user_id = ?",
        uuid,
        organization_id,
        user_id,
    )
    return _draft(row) if row else None


async def change_draft(
    tx: Transaction, draft: BulkDraft, *, badge: str | None, mapping: Mapping[str, str | None]
) -> None:
    await tx.execute(
        "UPDATE bulk_drafts SET badge = ?, mapping = ? WHERE uuid = ?",
        badge,
        json.dumps(dict(mapping), ensure_ascii=False),
        draft.uuid,
    )


async def delete_draft(tx: Transaction, draft: BulkDraft) -> bool:
    """False if it is gone already."""
    return await tx.execute("DELETE FROM bulk_drafts WHERE uuid = ?", draft.uuid) == 1


async def delete_old(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets drafts made before this instant; returns how many."""
    return await tx.execute(
        "DELETE FROM bulk_drafts WHERE id IN (SELECT id FROM bulk_drafts WHERE created_at < ? LIMIT ?)",
        before,
        limit,
    )
