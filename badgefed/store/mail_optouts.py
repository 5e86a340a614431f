"""Addresses that want no reminders. Only their hash is kept."""

from __future__ import annotations

import hashlib

from badgefed.store.database import Reader, Transaction


def _hash(email: str) -> str:
    return hashlib.sha256(email.lower().encode()).hexdigest()


async def add_optout(tx: Transaction, email: str, *, now: int) -> None:
    await tx.execute(
        "INSERT INTO mail_optouts (email_hash, created_at) VALUES (?, ?) ON CONFLICT (email_hash) DO NOTHING",
        _hash(email),
        now,
    )


async def has_opted_out(reader: Reader, email: str) -> bool:
    row = await reader.one("SELECT 1 AS found FROM mail_optouts WHERE email_hash = ?", _hash(email))
    return row is not None
