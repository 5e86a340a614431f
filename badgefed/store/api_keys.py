"""API keys. The store has only their SHA-256."""

from __future__ import annotations

import hashlib

from badgefed.model.identifiers import new_uuid
from badgefed.model.organization import ApiKey
from badgefed.store.database import Reader, Row, Transaction


def hash_key(key: str) -> str:
    """SHA-256 in hex. A key has at least 128 random bits, so a slow hash would protect nothing."""
    return hashlib.sha256(key.encode()).hexdigest()


def _api_key(row: Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        organization_id=row["organization_id"],
        user_id=row["user_id"],
        name=row["name"],
        prefix=row["prefix"],
        scopes=tuple(row["scopes"].split()),
        rate=row["rate"],
        last_used_at=row["last_used_at"],
    )


async def find_live_key(reader: Reader, key: str, *, now: int) -> ApiKey | None:
    """The key, unless it is unknown, revoked, expired or of an inactive user."""
    row = await reader.one(
        "SELECT api_keys.* FROM api_keys JOIN users ON users.id = api_keys.user_id"
        " WHERE key_hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) AND users.is_active = 1",
        hash_key(key),
        now,
    )
    return _api_key(row) if row else None


async def add_key(
    tx: Transaction,
    *,
    organization_id: int,
    user_id: int,
    name: str,
    key: str,
    prefix: str,
    scopes: tuple[str, ...],
    rate: int,
    now: int,
) -> ApiKey:
    """Keeps the hash of `key`, its prefix and its last four characters."""
    row = await tx.one(
        "INSERT INTO api_keys (uuid, organization_id, user_id, name, prefix, last4, key_hash, scopes, rate, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        new_uuid(now),
        organization_id,
        user_id,
        name,
        prefix,
        key[-4:],
        hash_key(key),
        " ".join(scopes),
        rate,
        now,
    )
    assert row is not None
    return _api_key(row)


async def touch_key(tx: Transaction, key_id: int, *, now: int) -> None:
    """Notes that the key was used, at most once a minute."""
    await tx.execute(
        "UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
        now,
        key_id,
        now - 60_000_000,
    )
