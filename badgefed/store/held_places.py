"""The order in which holders put their badges, and which of them they keep off their public profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from badgefed.store.database import Reader, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Positions of those that were moved, by the grant's id, and the ids of the hidden ones."""

    positions: dict[int, int]
    hidden: frozenset[int]

    def key(self, grant_id: int) -> tuple[int, int]:
        """For sorting: what was never moved comes first, the newest in front."""
        return self.positions.get(grant_id, -1), -grant_id


async def load_places(reader: Reader, holder_id: int) -> Places:
    rows = await reader.all(
        "SELECT grant_id, position, is_hidden FROM held_places WHERE holder_id = ?", holder_id
    )
    return Places(
        positions={row["grant_id"]: row["position"] for row in rows if row["position"] is not None},
        hidden=frozenset(row["grant_id"] for row in rows if row["is_hidden"]),
    )


async def set_order(tx: Transaction, holder_id: int, grant_ids: Sequence[int]) -> None:
    """These badges stand in this order."""
    await tx.many(
        "INSERT INTO held_places (holder_id, grant_id, position, is_hidden) VALUES (?, ?, ?, 0)"
        " ON CONFLICT (holder_id, grant_id) DO UPDATE SET position = EXCLUDED.position",
        [(holder_id, grant_id, position) for position, grant_id in enumerate(grant_ids)],
    )


async def set_hidden(tx: Transaction, holder_id: int, grant_id: int, *, is_hidden: bool) -> None:
    await tx.execute(
        "INSERT INTO held_places (holder_id, grant_id, position, is_hidden) VALUES (?, ?, NULL, ?)"
        " ON CONFLICT (holder_id, grant_id) DO UPDATE SET is_hidden = EXCLUDED.is_hidden",
        holder_id,
        grant_id,
        int(is_hidden),
    )


async def merge_places(tx: Transaction, holder_id: int, *, into: int) -> None:
    """The places of one holder become the other's, who keeps those that they have."""
    await tx.execute(
        "UPDATE held_places SET holder_id = ? WHERE holder_id = ? AND grant_id NOT IN"
        " (SELECT grant_id FROM held_places WHERE holder_id = ?)",
        into,
        holder_id,
        into,
    )
    await delete_places(tx, holder_id)


async def delete_places(tx: Transaction, holder_id: int) -> None:
    await tx.execute("DELETE FROM held_places WHERE holder_id = ?", holder_id)
