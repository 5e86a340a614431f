"""Which Notes of others may quote a badge's Note: each stands for an authorization that we serve (FEP-044f)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from badgefed.store.database import Reader, Row, Transaction, placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """`note_uri` is the quoting Note, `actor_id` its author, `activity_id` the QuoteRequest."""

    uuid: str
    grant_id: int
    note_uri: str
    actor_id: str
    activity_id: str
    created_at: int


_NAMES = [field.name for field in fields(Quote)]


def _quote(row: Row) -> Quote:
    return Quote(**{name: row[name] for name in _NAMES})


async def add_quote(tx: Transaction, new: Quote) -> Quote:
    """The one that is stored: an earlier one of the same Notes stays."""
    row = await tx.one(
        f"INSERT INTO quotes ({', '.join(_NAMES)}) VALUES ({placeholders(len(_NAMES))})"
        " ON CONFLICT (grant_id, note_uri) DO UPDATE SET note_uri = EXCLUDED.note_uri RETURNING *",
        *astuple(new),
    )
    assert row is not None
    return _quote(row)


async def find_quote(reader: Reader, uuid: str) -> Quote | None:
    row = await reader.one("SELECT * FROM quotes WHERE uuid = ?", uuid)
    return _quote(row) if row else None


async def find_quote_by_note(reader: Reader, *, grant_id: int, note_uri: str) -> Quote | None:
    row = await reader.one("SELECT * FROM quotes WHERE grant_id = ? AND note_uri = ?", grant_id, note_uri)
    return _quote(row) if row else None


async def count_own(reader: Reader, *, grant_id: int, actor_id: str) -> int:
    """How many Notes of one actor may quote one badge's."""
    row = await reader.one(
        "SELECT COUNT(*) AS n FROM quotes WHERE grant_id = ? AND actor_id = ?", grant_id, actor_id
    )
    return int(row["n"]) if row else 0


async def delete_quote(tx: Transaction, *, any_id: str, actor_id: str) -> bool:
    """Deletes what this actor was given, by the id of its Note or of its QuoteRequest. False if there is nothing."""
    changed = await tx.execute(
        "DELETE FROM quotes WHERE actor_id = ? AND (note_uri = ? OR activity_id = ?)",
        actor_id,
        any_id,
        any_id,
    )
    return changed > 0


async def delete_quotes_with(tx: Transaction, grant_id: int) -> None:
    """No Note may quote this badge's any more."""
    await tx.execute("DELETE FROM quotes WHERE grant_id = ?", grant_id)


async def delete_quotes_of(tx: Transaction, actor_ids: Iterable[str]) -> None:
    """Forgets what these actors were given."""
    ids = tuple(actor_ids)
    if ids:
        await tx.execute(f"DELETE FROM quotes WHERE actor_id IN ({placeholders(len(ids))})", *ids)
