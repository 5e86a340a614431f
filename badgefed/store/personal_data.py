"""All rows that are about one person, for the person."""

from __future__ import annotations

from collections.abc import Sequence

from badgefed.store.database import Reader, Row, Value, placeholders
from badgefed.store.held_grants import Names

MAX_ROWS = 10_000

_OF_GRANTS = (
    "documents",
    "messages",
    "former_notes",
    "profile_challenges",
    "status_entries",
    "activities",
    "bulk_rows",
    "webhook_deliveries",
    "share_cards",
    "jobs",
)
_OF_ACTORS = (
    ("remote_actors", "id"),
    ("followers", "actor_id"),
    ("interactions", "actor_id"),
    ("quotes", "actor_id"),
    ("reports", "actor_id"),
    ("inbox_log", "actor_id"),
)
_OF_HOLDER = (
    "holder_identities",
    "holder_sessions",
    "held_places",
    "public_profiles",
    "public_profile_links",
    "external_badges",
)
_SECRETS = frozenset({"token_hash"})


async def load_rows(
    reader: Reader, *, holder_id: int, names: Names, grant_ids: Sequence[int]
) -> dict[str, list[Row]]:
    """By table, at most 10,000 rows of each, without what only opens doors."""
    found = {table: await _select(reader, table, "holder_id", [holder_id]) for table in _OF_HOLDER}
    aliases = [*(f"mailto:{email}" for email in names.emails), *names.actor_ids]
    found["holder_links"] = await _select(reader, "holder_links", "alias", aliases)
    found["grants"] = await _select(reader, "grants", "id", grant_ids)
    for table in _OF_GRANTS:
        found[table] = await _select(reader, table, "grant_id", grant_ids)
    for table, column in _OF_ACTORS:
        found[table] = await _select(reader, table, column, names.actor_ids)
    return {table: [_shown(row) for row in rows] for table, rows in found.items()}


async def _select(reader: Reader, table: str, column: str, values: Sequence[Value]) -> list[Row]:
    if not values:
        return []
    return await reader.all(
        f"SELECT * FROM {table} WHERE {column} IN ({placeholders(len(values))}) LIMIT {MAX_ROWS}", *values
    )


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _SECRETS}
