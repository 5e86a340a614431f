"""Our own keys; the private ones are sealed before they come here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from badgefed.store.database import Reader, Row, Transaction


class KeyKind(StrEnum):
    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """`public_key`: PEM for RSA, Multikey for Ed25519. `issuer_id` None: the instance actor's."""

    issuer_id: int | None
    kind: KeyKind
    key_id: str
    public_key: str
    sealed_private_key: bytes
    retired_at: int | None


def _key(row: Row) -> StoredKey:
    return StoredKey(
        issuer_id=row["issuer_id"],
        kind=KeyKind(row["kind"]),
        key_id=row["key_id"],
        public_key=row["public_key"],
        sealed_private_key=row["private_key"],
        retired_at=row["retired_at"],
    )


async def find_current_key(reader: Reader, issuer_id: int | None, kind: KeyKind) -> StoredKey | None:
    row = await reader.one(
        "SELECT * FROM signing_keys WHERE COALESCE(issuer_id, 0) = ? AND kind = ? AND retired_at IS NULL",
        issuer_id or 0,
        kind,
    )
    return _key(row) if row else None


async def find_key(reader: Reader, row_id: int) -> StoredKey | None:
    """Present or retired, by its row's id."""
    row = await reader.one("SELECT * FROM signing_keys WHERE id = ?", row_id)
    return _key(row) if row else None


async def count_keys(reader: Reader, issuer_id: int | None, kind: KeyKind) -> int:
    """How many keys an actor has had so far: the number of its present one."""
    row = await reader.one(
        "SELECT COUNT(*) AS n FROM signing_keys WHERE COALESCE(issuer_id, 0) = ? AND kind = ?",
        issuer_id or 0,
        kind,
    )
    return int(row["n"]) if row else 0


async def newest_key_at(reader: Reader, issuer_id: int) -> int | None:
    """The instant at which an issuer got its present keys."""
    row = await reader.one(
        "SELECT MAX(created_at) AS latest FROM signing_keys WHERE issuer_id = ?", issuer_id
    )
    return row["latest"] if row else None


async def retire_key(tx: Transaction, issuer_id: int, kind: KeyKind, *, now: int) -> int | None:
    """The row's id of the key that signs no more from now on; None if there is none."""
    row = await tx.one(
        "UPDATE signing_keys SET retired_at = ? WHERE issuer_id = ? AND kind = ? AND retired_at IS NULL RETURNING id",
        now,
        issuer_id,
        kind,
    )
    return int(row["id"]) if row else None


async def first_key_at(reader: Reader, issuer_id: int | None) -> int | None:
    """The instant at which an actor got its first key."""
    row = await reader.one(
        "SELECT MIN(created_at) AS first FROM signing_keys WHERE COALESCE(issuer_id, 0) = ?", issuer_id or 0
    )
    return row["first"] if row else None


async def list_keys(reader: Reader, issuer_id: int, kind: KeyKind) -> list[StoredKey]:
    """The current key first, then the retired ones, newest first."""
    rows = await reader.all(
        "SELECT * FROM signing_keys WHERE issuer_id = ? AND kind = ? ORDER BY retired_at IS NOT NULL, id DESC",
        issuer_id,
        kind,
    )
    return [_key(row) for row in rows]


async def add_key(tx: Transaction, key: StoredKey, *, now: int) -> bool:
    """False if there is a current key of this kind already."""
    row = await tx.one(
        "INSERT INTO signing_keys (issuer_id, kind, key_id, public_key, private_key, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
        key.issuer_id,
        key.kind,
        key.key_id,
        key.public_key,
        key.sealed_private_key,
        now,
    )
    return row is not None
