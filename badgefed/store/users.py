"""People with an account, and the Fediverse profiles that they sign in with."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.model.identifiers import new_uuid
from badgefed.model.organization import User
from badgefed.store.database import Reader, Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A profile by which a user signs in."""

    actor_id: str
    handle: str | None
    created_at: int


def user_from(row: Row) -> User:
    """From a row of `users`."""
    return User(
        id=row["id"],
        uuid=row["uuid"],
        email=row["email"],
        name=row["name"],
        is_active=bool(row["is_active"]),
        is_operator=bool(row["is_operator"]),
    )


async def find_user(reader: Reader, email: str) -> User | None:
    """By e-mail address, in any case."""
    row = await reader.one("SELECT * FROM users WHERE email = ?", email.lower())
    return user_from(row) if row else None


async def find_user_by_id(reader: Reader, user_id: int) -> User | None:
    row = await reader.one("SELECT * FROM users WHERE id = ?", user_id)
    return user_from(row) if row else None


async def find_user_by_uuid(reader: Reader, uuid: str) -> User | None:
    row = await reader.one("SELECT * FROM users WHERE uuid = ?", uuid)
    return user_from(row) if row else None


async def find_password_hash(reader: Reader, user_id: int) -> str | None:
    row = await reader.one("SELECT password_hash FROM users WHERE id = ?", user_id)
    return row["password_hash"] if row else None


async def exist_users(reader: Reader) -> bool:
    return await reader.one("SELECT id FROM users LIMIT 1") is not None


async def add_user(
    tx: Transaction, *, email: str, name: str, password_hash: str | None, now: int
) -> User | None:
    """None if there is a user with this address (compared in lower case)."""
    row = await tx.one(
        "INSERT INTO users (uuid, email, name, password_hash, is_active, created_at) VALUES (?, ?, ?, ?, 1, ?)"
        " ON CONFLICT (email) DO NOTHING RETURNING *",
        new_uuid(now),
        email.lower(),
        name,
        password_hash,
        now,
    )
    return user_from(row) if row else None


async def set_password(tx: Transaction, user_id: int, password_hash: str | None) -> None:
    """None: the user signs in by links only."""
    await tx.execute("UPDATE users SET password_hash = ? WHERE id = ?", password_hash, user_id)


async def set_name(tx: Transaction, user_id: int, name: str) -> None:
    await tx.execute("UPDATE users SET name = ? WHERE id = ?", name, user_id)


async def set_email(tx: Transaction, user_id: int, email: str) -> bool:
    """False if somebody else has this address."""
    changed = await tx.execute(
        "UPDATE users SET email = ? WHERE id = ? AND NOT EXISTS ("
        "SELECT 1 FROM users AS other WHERE other.email = ? AND other.id <> ?)",
        email.lower(),
        user_id,
        email.lower(),
        user_id,
    )
    return changed == 1


async def set_active(tx: Transaction, user_id: int, *, is_active: bool) -> bool:
    """False if it is so already."""
    changed = await tx.execute(
        "UPDATE users SET is_active = ? WHERE id = ? AND is_active = ?",
        int(is_active),
        user_id,
        int(not is_active),
    )
    return changed == 1


async def set_operator(tx: Transaction, user_id: int, *, is_operator: bool) -> bool:
    """False if it is so already."""
    changed = await tx.execute(
        "UPDATE users SET is_operator = ? WHERE id = ? AND is_operator = ?",
        int(is_operator),
        user_id,
        int(not is_operator),
    )
    return changed == 1


async def add_identity(tx: Transaction, user_id: int, *, actor_id: str, handle: str | None, now: int) -> bool:
    """False if the profile is some user's already."""
    added = await tx.execute(
        "INSERT INTO user_identities (actor_id, user_id, handle, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (actor_id) DO NOTHING",
        actor_id,
        user_id,
        handle,
        now,
    )
    return added == 1


async def remove_identity(tx: Transaction, user_id: int, actor_id: str) -> bool:
    """False if the profile is none of the user's."""
    removed = await tx.execute(
        "DELETE FROM user_identities WHERE user_id = ? AND actor_id = ?", user_id, actor_id
    )
    return removed == 1


async def list_identities(reader: Reader, user_id: int) -> list[Identity]:
    rows = await reader.all(
        "SELECT * FROM user_identities WHERE user_id = ? ORDER BY created_at, actor_id", user_id
    )
    return [
        Identity(actor_id=row["actor_id"], handle=row["handle"], created_at=row["created_at"]) for row in rows
    ]


async def find_user_by_identity(reader: Reader, actor_id: str) -> User | None:
    """The user who signs in with this profile; ids are compared byte by byte."""
    row = await reader.one(
        "SELECT users.* FROM user_identities JOIN users ON users.id = user_identities.user_id WHERE actor_id = ?",
        actor_id,
    )
    return user_from(row) if row else None
