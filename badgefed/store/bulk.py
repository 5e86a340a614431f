"""Badges granted by a list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from badgefed.model.bulk import Bulk, BulkRow, BulkState, Counts, RowContent, RowState
from badgefed.model.identifiers import new_uuid
from badgefed.store.database import Reader, Row, Transaction, Value, placeholders

NAMES_AT_ONCE = 500
MAX_DIGITS = 18
_NAME = re.compile(r"[a-z0-9-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeNames:
    """What a list may call a badge."""

    id: int
    uuid: str
    slug: str
    is_active: bool


def _bulk(row: Row) -> Bulk:
    return Bulk(
        id=row["id"],
        uuid=row["uuid"],
        organization_id=row["organization_id"],
        author=row["author"],
        state=BulkState(row["state"]),
        counts=Counts(
            total=row["total"],
            created=row["created"],
            existing=row["existing"],
            conflicts=row["conflicts"],
            invalid=row["invalid"],
        ),
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


def _row(row: Row) -> BulkRow:
    return BulkRow(
        number=row["number"],
        line=row["line"],
        state=RowState(row["state"]),
        content=msgspec.json.decode(row["content"], type=RowContent),
        badge_id=row["badge_id"],
        expires_at=row["expires_at"],
        field=row["field"],
        reason=row["reason"],
        grant_id=row["grant_id"],
    )


def count_states(states: Iterable[RowState]) -> Counts:
    """Of all rows of a list; those that wait count for the total only."""
    found = Counter(states)
    return Counts(
        total=found.total(),
        created=found[RowState.CREATED],
        existing=found[RowState.EXISTS],
        conflicts=found[RowState.CONFLICT],
        invalid=found[RowState.INVALID],
    )


async def add_bulk(
    tx: Transaction, *, organization_id: int, author: str, rows: Sequence[BulkRow], now: int
) -> Bulk:
    """A list that is to be worked on, with its rows."""
    counts = count_states(row.state for row in rows)
    added = await tx.one(
        "INSERT INTO bulks (uuid, organization_id, author, state, total, created, existing, conflicts, invalid,"
        " created_at) VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?) RETURNING *",
        new_uuid(now),
        organization_id,
        author,
        counts.total,
        counts.created,
        counts.existing,
        counts.conflicts,
        counts.invalid,
        now,
    )
    assert added is not None
    bulk = _bulk(added)
    await tx.many(
        "INSERT INTO bulk_rows (bulk_id, number, line, state, content, badge_id, expires_at, field, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (_parameters(bulk.id, row) for row in rows),
    )
    return bulk


def _parameters(bulk_id: int, row: BulkRow) -> Sequence[Value]:
    return (
        bulk_id,
        row.number,
        row.line,
        row.state,
        msgspec.json.encode(row.content).decode(),
        row.badge_id,
        row.expires_at,
        row.field,
        row.reason,
    )


async def find_bulk(reader: Reader, uuid: str, *, organization_id: int) -> Bulk | None:
    row = await reader.one(
        "SELECT * FROM bulks WHERE uuid = ? AND organization_id = ?", uuid, organization_id
    )
    return _bulk(row) if row else None


async def find_bulk_by_id(reader: Reader, bulk_id: int) -> Bulk | None:
    row = await reader.one("SELECT * FROM bulks WHERE id = ?", bulk_id)
    return _bulk(row) if row else None


async def list_bulks(reader: Reader, organization_id: int, *, before: int | None, limit: int) -> list[Bulk]:
    """Newest first, those with an id below `before`."""
    rows = await reader.all(
        "SELECT * FROM bulks WHERE organization_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
        organization_id,
        2**62 if before is None else before,
        limit,
    )
    return [_bulk(row) for row in rows]


async def count_running(reader: Reader, organization_id: int) -> int:
    row = await reader.one(
        "SELECT COUNT(*) AS n FROM bulks WHERE organization_id = ? AND finished_at IS NULL", organization_id
    )
    return int(row["n"]) if row else 0


async def list_waiting(reader: Reader, bulk_id: int, *, limit: int) -> list[BulkRow]:
    """The next rows that wait, in their order."""
    rows = await reader.all(
        "SELECT * FROM bulk_rows WHERE bulk_id = ? AND state = 'waiting' ORDER BY number LIMIT ?",
        bulk_id,
        limit,
    )
    return [_row(row) for row in rows]


async def finish_rows(tx: Transaction, bulk_id: int, rows: Sequence[BulkRow]) -> Bulk:
    """Keeps the results of rows that waited; the bulk with its new counts."""
    await tx.many(
        "UPDATE bulk_rows SET state = ?, field = ?, reason = ?, grant_id = ? WHERE bulk_id = ? AND number = ?",
        [(row.state, row.field, row.reason, row.grant_id, bulk_id, row.number) for row in rows],
    )
    counts = count_states(row.state for row in rows)
    changed = await tx.one(
        "UPDATE bulks SET created = created + ?, existing = existing + ?, conflicts = conflicts + ?,"
        " invalid = invalid + ? WHERE id = ? RETURNING *",
        counts.created,
        counts.existing,
        counts.conflicts,
        counts.invalid,
        bulk_id,
    )
    assert changed is not None
    return _bulk(changed)


async def complete_bulk(tx: Transaction, bulk_id: int, *, now: int) -> Bulk | None:
    """None if it is completed already."""
    row = await tx.one(
        "UPDATE bulks SET state = 'completed', finished_at = ? WHERE id = ? AND state = 'running' RETURNING *",
        now,
        bulk_id,
    )
    return _bulk(row) if row else None


async def list_rows(
    reader: Reader, bulk_id: int, *, states: Collection[RowState], after: int, limit: int
) -> list[BulkRow]:
    """By number, those beyond `after`, in one of the states; in any if none are named."""
    condition, parameters = "", list[Value]()
    if states:
        condition = f" AND state IN ({placeholders(len(states))})"
        parameters.extend(states)
    rows = await reader.all(
        f"SELECT * FROM bulk_rows WHERE bulk_id = ? AND number > ?{condition} ORDER BY number LIMIT ?",
        bulk_id,
        after,
        *parameters,
        limit,
    )
    return [_row(row) for row in rows]


async def find_badge_names(reader: Reader, organization_id: int, called: Iterable[str]) -> list[BadgeNames]:
    """The organization's badges that are called so: by id, UUID or slug, in any case."""
    names = sorted({lower for name in called if _NAME.fullmatch(lower := name.lower())})
    found: list[BadgeNames] = []
    for start in range(0, len(names), NAMES_AT_ONCE):
        found += await _find_some(reader, organization_id, names[start : start + NAMES_AT_ONCE])
    return found


async def _find_some(reader: Reader, organization_id: int, names: Sequence[str]) -> list[BadgeNames]:
    ids = [int(name) for name in names if name.isdigit() and len(name) <= MAX_DIGITS]
    parts: list[str] = []
    values: list[Value] = []
    for column, wanted in (("slug", names), ("uuid", names), ("id", ids)):
        parts.append(
            "SELECT id, uuid, slug, is_active FROM badges"
            f" WHERE organization_id = ? AND {column} IN ({placeholders(len(wanted)) or 'NULL'})"
        )
        values += [organization_id, *wanted]
    rows = await reader.all(" UNION ".join(parts), *values)
    return [
        BadgeNames(id=row["id"], uuid=row["uuid"], slug=row["slug"], is_active=bool(row["is_active"]))
        for row in rows
    ]


async def delete_old_rows(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets rows of lists that were finished before this instant; returns how many."""
    return await tx.execute(
        "DELETE FROM bulk_rows WHERE (bulk_id, number) IN (SELECT bulk_id, number FROM bulk_rows"
        " JOIN bulks ON bulks.id = bulk_rows.bulk_id WHERE bulks.finished_at < ? LIMIT ?)",
        before,
        limit,
    )


async def delete_old(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets lists that were finished before this instant and have no rows left; returns how many."""
    return await tx.execute(
        "DELETE FROM bulks WHERE id IN (SELECT id FROM bulks WHERE finished_at < ?"
        " AND NOT EXISTS (SELECT 1 FROM bulk_rows WHERE bulk_id = bulks.id) LIMIT ?)",
        before,
        limit,
    )
