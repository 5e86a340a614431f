"""Sessions of the console. The store has only the SHA-256 of their tokens."""

from __future__ import annotations

import hashlib

from badgefed.model.identifiers import new_uuid
from badgefed.model.session import IDLE, LIFETIME, Session, SignedIn, SignInMethod, Visitor
from badgefed.model.times import MINUTE
from badgefed.store.database import Reader, Row, Transaction
from badgefed.store.users import user_from

SEEN_EVERY = 5 * MINUTE
_COLUMNS = (
    "sessions.id AS session_id, sessions.uuid AS session_uuid, sessions.method, sessions.device, sessions.network,"
    " sessions.created_at AS signed_in_at, sessions.seen_at"
)
_LIVE = "sessions.seen_at > ? AND sessions.created_at > ?"


def hash_token(token: str) -> str:
    """SHA-256 in hex; a token has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _session(row: Row) -> Session:
    return Session(
        id=row["session_id"],
        uuid=row["session_uuid"],
        user_id=row["id"],
        method=SignInMethod(row["method"]),
        device=row["device"],
        network=row["network"],
        created_at=row["signed_in_at"],
        seen_at=row["seen_at"],
    )


async def add_session(
    tx: Transaction, *, token: str, user_id: int, method: SignInMethod, visitor: Visitor, now: int
) -> None:
    await tx.execute(
        "INSERT INTO sessions (uuid, token_hash, user_id, method, device, network, created_at, seen_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        new_uuid(now),
        hash_token(token),
        user_id,
        method,
        visitor.device,
        visitor.network,
        now,
        now,
    )


async def find_session(reader: Reader, token: str, *, now: int) -> SignedIn | None:
    """None where the token is unknown, the session has run out, or its user is deactivated."""
    row = await reader.one(
        f"SELECT users.*, {_COLUMNS} FROM sessions JOIN users ON users.id = sessions.user_id"
        f" WHERE sessions.token_hash = ? AND users.is_active = 1 AND {_LIVE}",
        hash_token(token),
        now - IDLE,
        now - LIFETIME,
    )
    return SignedIn(session=_session(row), user=user_from(row)) if row else None


async def list_sessions(reader: Reader, user_id: int, *, now: int, limit: int) -> list[Session]:
    """The user's live sessions, the one that was seen last in front."""
    rows = await reader.all(
        f"SELECT users.id, {_COLUMNS} FROM sessions JOIN users ON users.id = sessions.user_id"
        f" WHERE users.id = ? AND {_LIVE} ORDER BY sessions.seen_at DESC, sessions.id DESC LIMIT ?",
        user_id,
        now - IDLE,
        now - LIFETIME,
        limit,
    )
    return [_session(row) for row in rows]


async def touch_session(tx: Transaction, session_id: int, *, now: int) -> None:
    """Notes that the session was used, at most every five minutes."""
    await tx.execute(
        "UPDATE sessions SET seen_at = ? WHERE id = ? AND seen_at < ?", now, session_id, now - SEEN_EVERY
    )


async def end_session(tx: Transaction, token: str) -> bool:
    """False if there is none (any more)."""
    return await tx.execute("DELETE FROM sessions WHERE token_hash = ?", hash_token(token)) == 1


async def end_session_of(tx: Transaction, user_id: int, uuid: str) -> bool:
    """False if the user has no such session (any more)."""
    return await tx.execute("DELETE FROM sessions WHERE user_id = ? AND uuid = ?", user_id, uuid) == 1


async def end_sessions(tx: Transaction, user_id: int, *, but: int | None = None) -> int:
    """Ends all sessions of the user, but the one with the id `but`; returns how many."""
    return await tx.execute("DELETE FROM sessions WHERE user_id = ? AND id <> ?", user_id, but or 0)


async def delete_expired(tx: Transaction, *, now: int, limit: int) -> int:
    """Forgets sessions that have run out."""
    return await tx.execute(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE seen_at <= ? OR created_at <= ? LIMIT ?)",
        now - IDLE,
        now - LIFETIME,
        limit,
    )
