"""Asking a profile for a code, to prove that it is the recipient's. One row per grant, the newest; the code is stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass, fields

from badgefed.model.times import HOUR, MINUTE
from badgefed.store.database import Reader, Row, Transaction

MAX_ASKS = 3
ASKS_WINDOW = HOUR
MAX_TRIES = 5
LIFETIME = 30 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """`profile` is what the recipient typed; `actor_id` and `handle` are known once a code went out to that actor.

    `problem` says in words why none could be sent. `asks` counts since `asks_since`; instants in microseconds.
    """

    grant_id: int
    profile: str
    actor_id: str | None
    handle: str | None
    problem: str | None
    tries: int
    created_at: int
    asks: int
    asks_since: int


_NAMES = [field.name for field in fields(Challenge)]


def _challenge(row: Row) -> Challenge:
    return Challenge(**{name: row[name] for name in _NAMES})


async def find_challenge(reader: Reader, grant_id: int) -> Challenge | None:
    row = await reader.one("SELECT * FROM profile_challenges WHERE grant_id = ?", grant_id)
    return _challenge(row) if row else None


async def replace_challenge(tx: Transaction, grant_id: int, *, profile: str, now: int) -> Challenge | None:
    """A new challenge in place of the one before; None if there were `MAX_ASKS` within `ASKS_WINDOW`."""
    row = await tx.one(
        "INSERT INTO profile_challenges (grant_id, profile, tries, created_at, asks, asks_since) VALUES (?, ?, 0, ?, 1, ?)"
        " ON CONFLICT (grant_id) DO UPDATE SET profile = EXCLUDED.profile, actor_id = NULL, handle = NULL, problem = NULL,"
        " tries = 0, created_at = EXCLUDED.created_at,"
        " asks = CASE WHEN profile_challenges.asks_since <= ? THEN 1 ELSE profile_challenges.asks + 1 END,"
        " asks_since = CASE WHEN profile_challenges.asks_since <= ? THEN EXCLUDED.asks_since"
        " ELSE profile_challenges.asks_since END"
        " WHERE profile_challenges.asks_since <= ? OR profile_challenges.asks < ? RETURNING *",
        grant_id,
        profile,
        now,
        now,
        now - ASKS_WINDOW,
        now - ASKS_WINDOW,
        now - ASKS_WINDOW,
        MAX_ASKS,
    )
    return _challenge(row) if row else None


async def set_sent(tx: Transaction, challenge: Challenge, *, actor_id: str, handle: str | None) -> bool:
    """Notes to which actor the code goes. False if the challenge was replaced meanwhile: then don't send it."""
    changed = await tx.execute(
        "UPDATE profile_challenges SET actor_id = ?, handle = ?, problem = NULL"
        " WHERE grant_id = ? AND created_at = ? AND profile = ?",
        actor_id,
        handle,
        challenge.grant_id,
        challenge.created_at,
        challenge.profile,
    )
    return changed == 1


async def set_problem(tx: Transaction, challenge: Challenge, *, problem: str) -> None:
    """Notes why no code could be sent; the recipient reads it."""
    await tx.execute(
        "UPDATE profile_challenges SET problem = ? WHERE grant_id = ? AND created_at = ? AND profile = ?",
        problem,
        challenge.grant_id,
        challenge.created_at,
        challenge.profile,
    )


async def count_try(tx: Transaction, grant_id: int, *, now: int) -> Challenge | None:
    """The challenge with one more try counted; None if there is none that was sent, is fresh and has tries left."""
    row = await tx.one(
        "UPDATE profile_challenges SET tries = tries + 1"
        " WHERE grant_id = ? AND actor_id IS NOT NULL AND tries < ? AND created_at > ? RETURNING *",
        grant_id,
        MAX_TRIES,
        now - LIFETIME,
    )
    return _challenge(row) if row else None


async def delete_challenge(tx: Transaction, grant_id: int) -> None:
    await tx.execute("DELETE FROM profile_challenges WHERE grant_id = ?", grant_id)
