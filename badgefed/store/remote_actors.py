"""Actors of other servers and their keys, as last fetched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, fields

from badgefed.model.actor import RemoteActor, RemoteKey
from badgefed.model.hosts import host_and_parents
from badgefed.model.recipient import profile_alias
from badgefed.store.database import Reader, Row, Transaction, placeholders

_ACTOR_NAMES = [field.name for field in fields(RemoteActor)]
_KEY_NAMES = [field.name for field in fields(RemoteKey)]


def _actor(row: Row) -> RemoteActor:
    return RemoteActor(**{name: row[name] for name in _ACTOR_NAMES})


def _key(row: Row) -> RemoteKey:
    return RemoteKey(**{name: row[name] for name in _KEY_NAMES})


async def find_actor(reader: Reader, actor_id: str) -> RemoteActor | None:
    row = await reader.one("SELECT * FROM remote_actors WHERE id = ?", actor_id)
    return _actor(row) if row else None


async def find_actors(reader: Reader, actor_ids: Iterable[str]) -> dict[str, RemoteActor]:
    """Those of the actors that we know, by id."""
    ids = tuple(dict.fromkeys(actor_ids))
    if not ids:
        return {}
    rows = await reader.all(f"SELECT * FROM remote_actors WHERE id IN ({placeholders(len(ids))})", *ids)
    return {row["id"]: _actor(row) for row in rows}


async def find_actor_by_alias(reader: Reader, alias: str) -> RemoteActor | None:
    """By a name as `profile_alias` makes it."""
    row = await reader.one(
        "SELECT remote_actors.* FROM actor_aliases JOIN remote_actors ON remote_actors.id = actor_aliases.actor_id"
        " WHERE alias = ?",
        alias,
    )
    return _actor(row) if row else None


async def find_behind_inbox(reader: Reader, inbox: str, *, after: str) -> RemoteActor | None:
    """The first actor above the id `after` whose own or shared inbox this is."""
    row = await reader.one(
        "SELECT * FROM remote_actors WHERE (inbox = ? OR shared_inbox = ?) AND id > ? ORDER BY id LIMIT 1",
        inbox,
        inbox,
        after,
    )
    return _actor(row) if row else None


async def find_own_inbox(reader: Reader, actor_id: str) -> str | None:
    """The actor's inbox, if nobody else that we know is behind it; None for an unknown actor too."""
    row = await reader.one(
        "SELECT inbox FROM remote_actors AS own WHERE id = ? AND (shared_inbox IS NULL OR shared_inbox <> inbox)"
        " AND NOT EXISTS (SELECT 1 FROM remote_actors AS other WHERE other.inbox = own.inbox AND other.id <> own.id)"
        " AND NOT EXISTS (SELECT 1 FROM remote_actors AS other WHERE other.shared_inbox = own.inbox)",
        actor_id,
    )
    return row["inbox"] if row else None


def aliases_of(actor: RemoteActor) -> tuple[str, ...]:
    """The names that lead to this actor: its id, its profile page on its own host, its handle."""
    names = [actor.id]
    if actor.url is not None:
        names.append(actor.url)
    if actor.handle is not None:
        names.append(actor.handle)
    return tuple(dict.fromkeys(profile_alias(name) for name in names))


async def save_actor(tx: Transaction, actor: RemoteActor, *, is_handle_confirmed: bool = False) -> None:
    """Inserts the actor or brings it up to date, with its aliases, and its followers' delivery inboxes with it.

    A handle stays while the username does, unless the new one is confirmed: it may be on another host than the actor.
    """
    columns = ", ".join(_ACTOR_NAMES)
    updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in _ACTOR_NAMES if name not in ("id", "handle"))
    await tx.execute(
        f"INSERT INTO remote_actors ({columns}) VALUES ({placeholders(len(_ACTOR_NAMES))})"
        f" ON CONFLICT (id) DO UPDATE SET {updates}, missing_since = NULL, handle = CASE WHEN ? = 0"
        " AND remote_actors.username = EXCLUDED.username THEN COALESCE(remote_actors.handle, EXCLUDED.handle)"
        " ELSE EXCLUDED.handle END",
        *astuple(actor),
        int(is_handle_confirmed),
    )
    await tx.many(
        "INSERT INTO actor_aliases (alias, actor_id) VALUES (?, ?)"
        " ON CONFLICT (alias) DO UPDATE SET actor_id = EXCLUDED.actor_id",
        [(alias, actor.id) for alias in aliases_of(actor)],
    )
    await tx.execute(
        "UPDATE followers SET delivery_inbox = ?, is_shared = ? WHERE actor_id = ?",
        actor.shared_inbox or actor.inbox,
        int(actor.shared_inbox is not None),
        actor.id,
    )


async def add_alias(tx: Transaction, alias: str, actor_id: str) -> None:
    """A further name that was found to lead to the actor."""
    await tx.execute(
        "INSERT INTO actor_aliases (alias, actor_id) VALUES (?, ?)"
        " ON CONFLICT (alias) DO UPDATE SET actor_id = EXCLUDED.actor_id",
        alias,
        actor_id,
    )


async def set_missing(tx: Transaction, actor_id: str, *, now: int) -> int:
    """Notes that the actor's document was not found and since when; returns that instant."""
    row = await tx.one(
        "UPDATE remote_actors SET missing_since = COALESCE(missing_since, ?) WHERE id = ? RETURNING missing_since",
        now,
        actor_id,
    )
    return int(row["missing_since"]) if row else now


async def delete_actor(tx: Transaction, actor_id: str) -> None:
    """Forgets the actor, its keys, its aliases and its follows."""
    await tx.execute("DELETE FROM followers WHERE actor_id = ?", actor_id)
    await tx.execute("DELETE FROM actor_aliases WHERE actor_id = ?", actor_id)
    await tx.execute("DELETE FROM remote_keys WHERE owner = ?", actor_id)
    await tx.execute("DELETE FROM remote_actors WHERE id = ?", actor_id)


async def list_actor_ids(reader: Reader, host: str) -> list[str]:
    """The actors that we know on this host and its subdomains, whatever their ports."""
    rows = await reader.all("SELECT id, host FROM remote_actors WHERE host LIKE ?", f"%{host}%")
    return [row["id"] for row in rows if host in host_and_parents(row["host"])]


async def find_key(reader: Reader, key_id: str) -> RemoteKey | None:
    row = await reader.one("SELECT * FROM remote_keys WHERE id = ?", key_id)
    return _key(row) if row else None


async def save_keys(tx: Transaction, owner: str, keys: Iterable[RemoteKey]) -> None:
    """Replaces the owner's keys by these; a key id that another owner holds is taken over by nobody."""
    await tx.execute("DELETE FROM remote_keys WHERE owner = ?", owner)
    await tx.many(
        "INSERT INTO remote_keys (id, owner, public_key, fetched_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        [astuple(key) for key in keys],
    )
