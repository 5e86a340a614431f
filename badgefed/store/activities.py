"""What we send: each activity once, as unsigned bytes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from badgefed.store.database import Reader, Row, Transaction, placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """`issuer_id` None: the instance actor's. `object_uri`: what it is about, e.g. the Note that it creates or deletes.

    `signing_key_id` is the row of a key that signs it instead of the present one.
    """

    id: int
    uri: str
    issuer_id: int | None
    activity_type: str
    object_uri: str
    grant_id: int | None
    is_public: bool
    body: bytes
    created_at: int
    signing_key_id: int | None = None


def _activity(row: Row) -> Activity:
    return Activity(
        id=row["id"],
        uri=row["uri"],
        issuer_id=row["issuer_id"],
        activity_type=row["activity_type"],
        object_uri=row["object_uri"],
        grant_id=row["grant_id"],
        is_public=bool(row["is_public"]),
        body=row["body"],
        created_at=row["created_at"],
        signing_key_id=row["signing_key_id"],
    )


async def add_activity(
    tx: Transaction,
    *,
    uri: str,
    issuer_id: int | None,
    activity_type: str,
    object_uri: str,
    grant_id: int | None,
    is_public: bool,
    body: bytes,
    signing_key_id: int | None = None,
    now: int,
) -> int:
    """Its id. An activity that went out under this `uri` before is kept as it was."""
    await tx.execute(
        "INSERT INTO activities (uri, issuer_id, activity_type, object_uri, grant_id, is_public, body,"
        " signing_key_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (uri) DO NOTHING",
        uri,
        issuer_id,
        activity_type,
        object_uri,
        grant_id,
        int(is_public),
        body,
        signing_key_id,
        now,
    )
    row = await tx.one("SELECT id FROM activities WHERE uri = ?", uri)
    assert row is not None
    return int(row["id"])


async def find_activity(reader: Reader, uri: str) -> Activity | None:
    row = await reader.one("SELECT * FROM activities WHERE uri = ?", uri)
    return _activity(row) if row else None


async def get_activity(reader: Reader, activity_id: int) -> Activity | None:
    row = await reader.one("SELECT * FROM activities WHERE id = ?", activity_id)
    return _activity(row) if row else None


async def get_activities(reader: Reader, ids: Collection[int]) -> dict[int, Activity]:
    """Those of the activities that there are, by id."""
    if not ids:
        return {}
    rows = await reader.all(f"SELECT * FROM activities WHERE id IN ({placeholders(len(ids))})", *ids)
    return {row["id"]: _activity(row) for row in rows}


async def list_about(reader: Reader, object_uri: str) -> list[tuple[int, str]]:
    """Id and type of each activity about an object, oldest first."""
    rows = await reader.all(
        "SELECT id, activity_type FROM activities WHERE object_uri = ? ORDER BY id", object_uri
    )
    return [(row["id"], row["activity_type"]) for row in rows]


async def delete_private(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets activities made before this instant that were not public and have no deliveries left."""
    return await tx.execute(
        "DELETE FROM activities WHERE id IN (SELECT id FROM activities WHERE is_public = 0 AND created_at < ?"
        " AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.activity_id = activities.id) LIMIT ?)",
        before,
        limit,
    )
