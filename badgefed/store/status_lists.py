"""Status lists of issuers, and which bit of them is whose."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.model.identifiers import new_uuid
from badgefed.store.database import Reader, Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """`signed_at` tells one signed list from the next, in microseconds; None before the first was signed."""

    id: int
    uuid: str
    issuer_id: int
    signed_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """The bit of a grant: its position in a list, and whether that list was signed yet."""

    list_id: int
    list_uuid: str
    position: int
    is_signed: bool


def _list(row: Row) -> StatusList:
    return StatusList(id=row["id"], uuid=row["uuid"], issuer_id=row["issuer_id"], signed_at=row["signed_at"])


async def find_entry(reader: Reader, grant_id: int) -> StatusEntry | None:
    row = await reader.one(
        "SELECT status_entries.list_id, status_entries.position, status_lists.uuid, status_lists.signed_at"
        " FROM status_entries JOIN status_lists ON status_lists.id = status_entries.list_id"
        " WHERE status_entries.grant_id = ?",
        grant_id,
    )
    if row is None:
        return None
    return StatusEntry(
        list_id=row["list_id"],
        list_uuid=row["uuid"],
        position=row["position"],
        is_signed=row["signed_at"] is not None,
    )


async def open_list(tx: Transaction, issuer_id: int, *, capacity: int, now: int) -> int:
    """The id of the issuer's newest list if it has room below `capacity` entries, else of a new one."""
    row = await tx.one(
        "SELECT id FROM status_lists WHERE issuer_id = ? AND taken < ? ORDER BY id DESC LIMIT 1",
        issuer_id,
        capacity,
    )
    row = row or await tx.one(
        "INSERT INTO status_lists (uuid, issuer_id, taken, created_at) VALUES (?, ?, 0, ?) RETURNING id",
        new_uuid(now),
        issuer_id,
        now,
    )
    assert row is not None
    return int(row["id"])


async def take_position(tx: Transaction, list_id: int, position: int, grant_id: int) -> bool:
    """Gives the grant a position; False if the position is another grant's, or the grant has one."""
    row = await tx.one(
        "INSERT INTO status_entries (list_id, position, grant_id) VALUES (?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING position",
        list_id,
        position,
        grant_id,
    )
    if row is not None:
        await tx.execute("UPDATE status_lists SET taken = taken + 1 WHERE id = ?", list_id)
    return row is not None


async def get_list(reader: Reader, list_id: int) -> StatusList:
    row = await reader.one("SELECT id, uuid, issuer_id, signed_at FROM status_lists WHERE id = ?", list_id)
    if row is None:
        raise LookupError(f"status list {list_id}")
    return _list(row)


async def list_ids(reader: Reader, issuer_id: int) -> list[int]:
    """Of the issuer's lists, the oldest first."""
    rows = await reader.all("SELECT id FROM status_lists WHERE issuer_id = ? ORDER BY id", issuer_id)
    return [row["id"] for row in rows]


async def list_set_positions(reader: Reader, list_id: int) -> list[int]:
    """The positions of the grants that must not be accepted now: revoked, suspended, and signed but declined ones."""
    rows = await reader.all(
        "SELECT status_entries.position FROM status_entries JOIN grants ON grants.id = status_entries.grant_id"
        " WHERE status_entries.list_id = ? AND (grants.status IN ('revoked', 'declined') OR grants.suspended_at IS NOT NULL)",
        list_id,
    )
    return [row["position"] for row in rows]


async def replace_body(tx: Transaction, signed: StatusList, body: bytes, *, now: int) -> bool:
    """Puts a newly signed list in place of the one that `signed` names; False if another came in between."""
    before = signed.signed_at or 0
    changed = await tx.execute(
        "UPDATE status_lists SET body = ?, signed_at = ? WHERE id = ? AND COALESCE(signed_at, 0) = ?",
        body,
        max(now, before + 1),
        signed.id,
        before,
    )
    return changed == 1


async def find_body(reader: Reader, uuid: str) -> bytes | None:
    """The signed list, as it was signed last."""
    row = await reader.one("SELECT body FROM status_lists WHERE uuid = ?", uuid)
    return row["body"] if row else None
