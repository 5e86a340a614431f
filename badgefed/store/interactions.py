"""What people on other servers did with a badge's Note: replies, likes, boosts and reactions, for the badge's page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from badgefed.store.database import Reader, Row, Transaction, placeholders


class InteractionKind(StrEnum):
    REPLY = "reply"
    LIKE = "like"
    BOOST = "boost"
    REACTION = "reaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """`object_id` and `url` are a reply's own; `content` is a reply's sanitised HTML or a reaction's emoji."""

    grant_id: int
    kind: InteractionKind
    activity_id: str
    object_id: str | None
    actor_id: str
    content: str | None
    url: str | None
    created_at: int
    updated_at: int


def _interaction(row: Row) -> Interaction:
    return Interaction(
        grant_id=row["grant_id"],
        kind=InteractionKind(row["kind"]),
        activity_id=row["activity_id"],
        object_id=row["object_id"],
        actor_id=row["actor_id"],
        content=row["content"],
        url=row["url"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


async def add_interaction(tx: Transaction, new: Interaction) -> None:
    """An activity's interaction counts once."""
    await tx.execute(
        "INSERT INTO interactions (grant_id, kind, activity_id, object_id, actor_id, content, url, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (activity_id) DO NOTHING",
        new.grant_id,
        new.kind,
        new.activity_id,
        new.object_id,
        new.actor_id,
        new.content,
        new.url,
        new.created_at,
        new.updated_at,
    )


async def find_reply(reader: Reader, object_id: str) -> Interaction | None:
    """The stored reply with this id."""
    row = await reader.one("SELECT * FROM interactions WHERE object_id = ? AND kind = 'reply'", object_id)
    return _interaction(row) if row else None


async def find_own(
    reader: Reader, *, grant_id: int, kind: InteractionKind, actor_id: str
) -> list[Interaction]:
    """What one actor did with one badge, oldest first."""
    rows = await reader.all(
        "SELECT * FROM interactions WHERE grant_id = ? AND kind = ? AND actor_id = ? ORDER BY id",
        grant_id,
        kind,
        actor_id,
    )
    return [_interaction(row) for row in rows]


async def list_interactions(
    reader: Reader, grant_id: int, kind: InteractionKind, *, limit: int = 100
) -> list[Interaction]:
    """Oldest first."""
    rows = await reader.all(
        "SELECT * FROM interactions WHERE grant_id = ? AND kind = ? ORDER BY id LIMIT ?",
        grant_id,
        kind,
        limit,
    )
    return [_interaction(row) for row in rows]


async def count_interactions(reader: Reader, grant_id: int) -> dict[InteractionKind, int]:
    """How many of each kind; every kind is there."""
    rows = await reader.all(
        "SELECT kind, COUNT(*) AS n FROM interactions WHERE grant_id = ? GROUP BY kind", grant_id
    )
    counts = {row["kind"]: int(row["n"]) for row in rows}
    return {kind: counts.get(kind, 0) for kind in InteractionKind}


async def update_reply(
    tx: Transaction, *, object_id: str, actor_id: str, content: str, url: str | None, now: int
) -> bool:
    """False if this actor has no stored reply with this id."""
    changed = await tx.execute(
        "UPDATE interactions SET content = ?, url = ?, updated_at = ? WHERE object_id = ? AND actor_id = ?",
        content,
        url,
        now,
        object_id,
        actor_id,
    )
    return changed > 0


async def delete_interaction(tx: Transaction, *, any_id: str, actor_id: str) -> bool:
    """Deletes what this actor did by the id of its activity or of its reply. False if there is nothing."""
    changed = await tx.execute(
        "DELETE FROM interactions WHERE actor_id = ? AND (activity_id = ? OR object_id = ?)",
        actor_id,
        any_id,
        any_id,
    )
    return changed > 0


async def delete_own(
    tx: Transaction, *, grant_id: int, kind: InteractionKind, actor_id: str, content: str | None
) -> bool:
    """Takes back a like, a boost or, if `content` is its emoji, a reaction. False if there was none."""
    changed = await tx.execute(
        "DELETE FROM interactions WHERE grant_id = ? AND kind = ? AND actor_id = ? AND COALESCE(content, '') = ?",
        grant_id,
        kind,
        actor_id,
        content or "",
    )
    return changed > 0


async def delete_interactions_with(tx: Transaction, grant_id: int) -> None:
    """Forgets all that was done with a badge's Note."""
    await tx.execute("DELETE FROM interactions WHERE grant_id = ?", grant_id)


async def delete_interactions_of(tx: Transaction, actor_ids: Iterable[str]) -> None:
    """Forgets all that these actors did."""
    ids = tuple(actor_ids)
    if ids:
        await tx.execute(f"DELETE FROM interactions WHERE actor_id IN ({placeholders(len(ids))})", *ids)
