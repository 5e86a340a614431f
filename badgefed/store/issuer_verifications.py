"""Addresses of issuers that are yet to be proved. One row per issuer, the newest; code and link are stored nowhere."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields

from badgefed.model.issuer import Issuer
from badgefed.model.times import DAY, HOUR
from badgefed.store.database import Reader, Row, Transaction

MAX_ASKS = 5
ASKS_WINDOW = HOUR
MAX_TRIES = 5
LIFETIME = DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerVerification:
    """`nonce` is what code and link are derived from. `asks` counts the letters since `asks_since`; instants in microseconds."""

    issuer_id: int
    organization_id: int
    email: str
    nonce: str
    tries: int
    created_at: int
    asks: int
    asks_since: int


_NAMES = [field.name for field in fields(IssuerVerification)]


def _verification(row: Row) -> IssuerVerification:
    return IssuerVerification(**{name: row[name] for name in _NAMES})


async def replace_verification(
    tx: Transaction, issuer: Issuer, *, email: str, now: int
) -> IssuerVerification | None:
    """A new one in place of the one before; None if there were `MAX_ASKS` within `ASKS_WINDOW`."""
    since = now - ASKS_WINDOW
    row = await tx.one(
        "INSERT INTO issuer_verifications"
        " (issuer_id, organization_id, email, nonce, tries, created_at, asks, asks_since) VALUES (?, ?, ?, ?, 0, ?, 1, ?)"
        " ON CONFLICT (issuer_id) DO UPDATE SET email = EXCLUDED.email, nonce = EXCLUDED.nonce, tries = 0,"
        " created_at = EXCLUDED.created_at,"
        " asks = CASE WHEN issuer_verifications.asks_since <= ? THEN 1 ELSE issuer_verifications.asks + 1 END,"
        " asks_since = CASE WHEN issuer_verifications.asks_since <= ? THEN EXCLUDED.asks_since"
        " ELSE issuer_verifications.asks_since END"
        " WHERE issuer_verifications.asks_since <= ? OR issuer_verifications.asks < ? RETURNING *",
        issuer.id,
        issuer.organization_id,
        email,
        secrets.token_hex(16),
        now,
        now,
        since,
        since,
        since,
        MAX_ASKS,
    )
    return _verification(row) if row else None


async def find_verification(reader: Reader, issuer_id: int, *, now: int) -> IssuerVerification | None:
    """The one that can still be answered."""
    row = await reader.one(
        "SELECT * FROM issuer_verifications WHERE issuer_id = ? AND created_at > ?", issuer_id, now - LIFETIME
    )
    return _verification(row) if row else None


async def count_try(tx: Transaction, issuer_id: int, *, now: int) -> IssuerVerification | None:
    """The verification with one more try counted; None if there is none that is fresh and has tries left."""
    row = await tx.one(
        "UPDATE issuer_verifications SET tries = tries + 1"
        " WHERE issuer_id = ? AND tries < ? AND created_at > ? RETURNING *",
        issuer_id,
        MAX_TRIES,
        now - LIFETIME,
    )
    return _verification(row) if row else None


async def count_recent(reader: Reader, organization_id: int, *, since: int) -> int:
    """How many issuers of the organization were written to since then."""
    row = await reader.one(
        "SELECT COUNT(*) AS n FROM issuer_verifications WHERE organization_id = ? AND created_at > ?",
        organization_id,
        since,
    )
    return int(row["n"]) if row else 0


async def delete_verification(tx: Transaction, issuer_id: int) -> None:
    await tx.execute("DELETE FROM issuer_verifications WHERE issuer_id = ?", issuer_id)
