"""Sign-ins that are under way at other servers; each can be taken once, by the hash of its state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from badgefed.store.database import Transaction


class Purpose(StrEnum):
    """What the proof is for: `accept` a badge, `bind` a profile to one that was accepted, sign a `holder` in or add a profile
    to theirs, sign a user in at the `console`, `link` a profile to a user's account."""

    ACCEPT = "accept"
    BIND = "bind"
    HOLDER = "holder"
    CONSOLE = "console"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """`actor_id` and `handle`: who has to sign in at `host`, with `client_id` registered there; `payload` belongs to the purpose.

    `sealed_verifier` is encrypted. `is_repeat`: it takes the place of one that failed because the host forgot our registration.
    """

    purpose: Purpose
    host: str
    client_id: str
    actor_id: str
    handle: str | None
    sealed_verifier: bytes
    payload: Mapping[str, Any]
    is_repeat: bool
    expires_at: int


async def add_sign_in(tx: Transaction, state_hash: str, sign_in: SignIn) -> None:
    await tx.execute(
        "INSERT INTO oauth_sign_ins (state_hash, purpose, host, client_id, actor_id, handle, verifier, payload, is_repeat,"
        " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        state_hash,
        sign_in.purpose,
        sign_in.host,
        sign_in.client_id,
        sign_in.actor_id,
        sign_in.handle,
        sign_in.sealed_verifier,
        json.dumps(sign_in.payload, ensure_ascii=False),
        int(sign_in.is_repeat),
        sign_in.expires_at,
    )


async def take_sign_in(tx: Transaction, state_hash: str, *, now: int) -> SignIn | None:
    """The sign-in, which is gone by that; None if there is none (any more)."""
    row = await tx.one("DELETE FROM oauth_sign_ins WHERE state_hash = ? RETURNING *", state_hash)
    if row is None or row["expires_at"] <= now:
        return None
    return SignIn(
        purpose=Purpose(row["purpose"]),
        host=row["host"],
        client_id=row["client_id"],
        actor_id=row["actor_id"],
        handle=row["handle"],
        sealed_verifier=row["verifier"],
        payload=json.loads(row["payload"]),
        is_repeat=bool(row["is_repeat"]),
        expires_at=row["expires_at"],
    )


async def delete_expired(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets up to `limit` that had expired before an instant; the number of them."""
    return await tx.execute(
        "DELETE FROM oauth_sign_ins WHERE state_hash IN ("
        "SELECT state_hash FROM oauth_sign_ins WHERE expires_at < ? LIMIT ?)",
        before,
        limit,
    )
