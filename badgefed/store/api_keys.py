"""API keys. The store has only their SHA-256."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from badgefed.model.organization import ApiKey, Role, allowed_scopes
from badgefed.store.database import Reader, Row, Transaction


def hash_key(key: str) -> str:
    """SHA-256 in hex. A key has at least 128 random bits, so a slow hash would protect nothing."""
    return hashlib.sha256(key.encode()).hexdigest()


def _api_key(row: Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        uuid=row["uuid"],
        organization_id=row["organization_id"],
        user_id=row["user_id"],
        name=row["name"],
        prefix=row["prefix"],
        last4=row["last4"],
        scopes=tuple(row["scopes"].split()),
        rate=row["rate"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        expires_at=row["expires_at"],
    )


async def find_live_key(reader: Reader, key: str, *, now: int) -> ApiKey | None:
    """The key, with those of its scopes that its maker's role covers today.

    None where it is unknown, revoked or expired, where its maker is deactivated or no member any more, and where its
    organization is suspended.
    """
    row = await reader.one(
        "SELECT api_keys.*, members.role FROM api_keys JOIN users ON users.id = api_keys.user_id"
        " JOIN members ON members.user_id = api_keys.user_id AND members.organization_id = api_keys.organization_id"
        " JOIN organizations ON organizations.id = api_keys.organization_id"
        " WHERE key_hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"
        " AND users.is_active = 1 AND organizations.status = 'active'",
        hash_key(key),
        now,
    )
    if row is None:
        return None
    found = _api_key(row)
    return replace(found, scopes=allowed_scopes(found.scopes, Role(row["role"])))


async def add_key(
    tx: Transaction,
    *,
    uuid: str,
    organization_id: int,
    user_id: int,
    name: str,
    key: str,
    prefix: str,
    scopes: tuple[str, ...],
    rate: int,
    expires_at: int | None,
    now: int,
) -> ApiKey | None:
    """Keeps the hash of `key`, its prefix and its last four characters. None if there is one with this uuid."""
    row = await tx.one(
        "INSERT INTO api_keys (uuid, organization_id, user_id, name, prefix, last4, key_hash, scopes, rate,"
        " expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (uuid) DO NOTHING RETURNING *",
        uuid,
        organization_id,
        user_id,
        name,
        prefix,
        key[-4:],
        hash_key(key),
        " ".join(scopes),
        rate,
        expires_at,
        now,
    )
    return _api_key(row) if row else None


async def touch_key(tx: Transaction, key_id: int, *, now: int) -> None:
    """Notes that the key was used, at most once a minute."""
    await tx.execute(
        "UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
        now,
        key_id,
        now - 60_000_000,
    )


async def list_live_keys(reader: Reader, organization_id: int, *, now: int) -> list[ApiKey]:
    """The organization's keys that are neither revoked nor expired, newest first."""
    rows = await reader.all(
        "SELECT * FROM api_keys WHERE organization_id = ? AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > ?) ORDER BY id DESC",
        organization_id,
        now,
    )
    return [_api_key(row) for row in rows]


async def find_own_key(reader: Reader, uuid: str, *, organization_id: int) -> ApiKey | None:
    """A key of the organization by its uuid, also one that works no more."""
    row = await reader.one(
        "SELECT * FROM api_keys WHERE uuid = ? AND organization_id = ?", uuid, organization_id
    )
    return _api_key(row) if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """A key in a list, with the address of who made it."""

    key: ApiKey
    maker: str


async def list_keys_with_makers(reader: Reader, organization_id: int, *, now: int) -> list[ListedKey]:
    """As `list_live_keys`."""
    rows = await reader.all(
        "SELECT api_keys.*, users.email AS maker FROM api_keys JOIN users ON users.id = api_keys.user_id"
        " WHERE api_keys.organization_id = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"
        " ORDER BY api_keys.id DESC",
        organization_id,
        now,
    )
    return [ListedKey(key=_api_key(row), maker=row["maker"]) for row in rows]


async def revoke_key(tx: Transaction, key_id: int, *, now: int) -> ApiKey | None:
    """The key, which works no more; None if there is none, or if it was revoked already."""
    row = await tx.one(
        "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING *", now, key_id
    )
    return _api_key(row) if row else None
