"""Grants that have expired, each noticed once."""

from __future__ import annotations

from badgefed.model.grant import Grant
from badgefed.store.database import Transaction
from badgefed.store.grants import read_grant


async def take_expired(tx: Transaction, *, now: int, limit: int) -> list[Grant]:
    """Grants in any state that have expired, which no other transaction gets, now or later."""
    rows = await tx.all(
        "UPDATE grants SET expiry_told_at = ? WHERE id IN (SELECT id FROM grants WHERE expires_at IS NOT NULL"
        f" AND expiry_told_at IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT ? {tx.dialect.skip_locked})"
        " RETURNING *",
        now,
        now,
        limit,
    )
    return sorted((read_grant(row) for row in rows), key=lambda grant: (grant.expires_at or 0, grant.id))
