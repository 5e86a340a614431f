"""API keys. The store has only their SHA-256."""

from __future__ import annotations

import hashlib

from badgefed.model.organization import ApiKey, Role, allowed_scopes
from badgefed.store.database import Reader, Row, Transaction

_SELECT = (
    "SELECT api_keys.*, users.email AS maker, members.role FROM api_keys JOIN users ON users.id = api_keys.user_id"
    " LEFT JOIN members ON members.user_id = api_keys.user_id"
    " AND members.organization_id = api_keys.organization_id"
)
_LIVE = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"


def hash_key(key: str) -> str:
    """SHA-256 in hex. A key has at least 128 random bits, so a slow hash would protect nothing."""
    return hashlib.sha256(key.encode()).hexdigest()


def _api_key(row: Row) -> ApiKey:
    role = Role(row["role"]) if row["role"] else None
    return ApiKey(
        id=row["id"],
        uuid=row["uuid"],
        organization_id=row["organization_id"],
        user_id=row["user_id"],
        maker=row["maker"],
        role=role,
        name=row["name"],
        prefix=row["prefix"],
        last4=row["last4"],
        scopes=allowed_scopes(row["scopes"].split(), role),
        rate=row["rate"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


async def find_live_key(reader: Reader, key: str, *, now: int) -> ApiKey | None:
    """None where it is unknown, revoked or expired, where its maker is deactivated or no member any more, and where its
    organization is suspended.
    """
    row = await reader.one(
        f"{_SELECT} JOIN organizations ON organizations.id = api_keys.organization_id WHERE {_LIVE} AND key_hash = ?"
        " AND users.is_active = 1 AND members.role IS NOT NULL AND organizations.status = 'active'",
        now,
        hash_key(key),
    )
    return _api_key(row) if row else None


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
) -> ApiKey:
    """Keeps the hash of `key`, its prefix and its last four characters."""
    row = await tx.one(
        "INSERT INTO api_keys (uuid, organization_id, user_id, name, prefix, last4, key_hash, scopes, rate,"
        " expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
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
    assert row is not None
    made = await find_key(tx, row["id"])
    assert made is not None
    return made


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
        f"{_SELECT} WHERE {_LIVE} AND api_keys.organization_id = ? ORDER BY api_keys.id DESC",
        now,
        organization_id,
    )
    return [_api_key(row) for row in rows]


async def page_keys(
    reader: Reader, organization_id: int, *, limit: int, offset: int
) -> tuple[list[ApiKey], int]:
    """The organization's keys, also those that work no more, the first made in front; and how many there are in all."""
    rows = await reader.all(
        f"{_SELECT} WHERE api_keys.organization_id = ? ORDER BY api_keys.id LIMIT ? OFFSET ?",
        organization_id,
        limit,
        offset,
    )
    count = await reader.one("SELECT COUNT(*) AS n FROM api_keys WHERE organization_id = ?", organization_id)
    return [_api_key(row) for row in rows], int(count["n"]) if count else 0


async def find_key(reader: Reader, key_id: int) -> ApiKey | None:
    """Also one that works no more."""
    row = await reader.one(f"{_SELECT} WHERE api_keys.id = ?", key_id)
    return _api_key(row) if row else None


async def find_own_key(reader: Reader, uuid: str, *, organization_id: int) -> ApiKey | None:
    """A key of the organization by its uuid, also one that works no more."""
    row = await reader.one(
        f"{_SELECT} WHERE api_keys.uuid = ? AND api_keys.organization_id = ?", uuid, organization_id
    )
    return _api_key(row) if row else None


async def revoke_key(tx: Transaction, key_id: int, *, now: int) -> bool:
    """False if it was revoked already."""
    return (
        await tx.execute(
            "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", now, key_id
        )
        == 1
    )
