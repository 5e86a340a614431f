"""Holders of badges: what they have proved to be theirs, their sign-in links and sessions. Tokens are kept as hashes only."""

from __future__ import annotations

from dataclasses import dataclass, fields

from badgefed.model.holder import HolderLinkKind
from badgefed.store import held_places, public_profiles
from badgefed.store.database import Reader, Row, Transaction, Value

_MAILTO = "mailto:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An address or a profile that was proved; `handle` and `url` are those of the profile's actor, where we know it."""

    alias: str
    proved_at: int
    handle: str | None = None
    url: str | None = None

    @property
    def email(self) -> str | None:
        return self.alias.removeprefix(_MAILTO) if self.alias.startswith(_MAILTO) else None

    @property
    def label(self) -> str:
        """How its owner knows it."""
        return self.email or self.handle or self.url or self.alias

    @property
    def spellings(self) -> tuple[str, ...]:
        """What a badge may call its recipient by."""
        names = (self.email or self.alias, self.handle, self.url)
        return tuple(name for name in names if name is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`holder_id` is who asked for it; None for a link that signs in."""

    alias: str
    holder_id: int | None
    kind: HolderLinkKind
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    token_hash: str
    holder_id: int
    created_at: int
    expires_at: int


_LINK = [field.name for field in fields(Link)]
_SESSION = [field.name for field in fields(Session)]


def _link(row: Row) -> Link:
    values = {name: row[name] for name in _LINK}
    return Link(**{**values, "kind": HolderLinkKind(row["kind"])})


async def add_holder(tx: Transaction, *, uuid: str, now: int) -> int:
    row = await tx.one("INSERT INTO holders (uuid, created_at) VALUES (?, ?) RETURNING id", uuid, now)
    assert row is not None
    return int(row["id"])


async def has_holder(reader: Reader, holder_id: int) -> bool:
    return await reader.one("SELECT 1 AS found FROM holders WHERE id = ?", holder_id) is not None


async def find_holder_by_alias(reader: Reader, alias: str) -> int | None:
    row = await reader.one("SELECT holder_id FROM holder_identities WHERE alias = ?", alias)
    return row["holder_id"] if row else None


async def list_identities(reader: Reader, holder_id: int) -> list[Identity]:
    """Oldest first."""
    rows = await reader.all(
        "SELECT alias, proved_at, remote_actors.handle, remote_actors.url FROM holder_identities"
        " LEFT JOIN remote_actors ON remote_actors.id = alias WHERE holder_id = ? ORDER BY proved_at, alias",
        holder_id,
    )
    return [Identity(**row) for row in rows]


async def claim_identity(tx: Transaction, alias: str, holder_id: int, *, now: int) -> int:
    """Gives the holder an identity that nobody has; returns whose it is in the end."""
    row = await tx.one(
        "INSERT INTO holder_identities (alias, holder_id, proved_at) VALUES (?, ?, ?)"
        " ON CONFLICT (alias) DO UPDATE SET proved_at = EXCLUDED.proved_at RETURNING holder_id",
        alias,
        holder_id,
        now,
    )
    assert row is not None
    return int(row["holder_id"])


async def merge_holders(tx: Transaction, holder_id: int, *, into: int) -> None:
    """All that one holder has becomes the other's; sessions and links of the former end."""
    await tx.execute("UPDATE holder_identities SET holder_id = ? WHERE holder_id = ?", into, holder_id)
    await tx.execute(
        "DELETE FROM external_badges WHERE holder_id = ? AND badge_key IN"
        " (SELECT badge_key FROM external_badges WHERE holder_id = ?)",
        holder_id,
        into,
    )
    await tx.execute("UPDATE external_badges SET holder_id = ? WHERE holder_id = ?", into, holder_id)
    await held_places.merge_places(tx, holder_id, into=into)
    await public_profiles.merge_profile(tx, holder_id, into=into)
    await delete_holder(tx, holder_id)


async def delete_holder(tx: Transaction, holder_id: int) -> None:
    """One without identities and badges."""
    await held_places.delete_places(tx, holder_id)
    await public_profiles.delete_profile(tx, holder_id)
    await tx.execute("DELETE FROM holder_links WHERE holder_id = ?", holder_id)
    await delete_sessions(tx, holder_id)
    await tx.execute("DELETE FROM holders WHERE id = ?", holder_id)


async def forget_holder(tx: Transaction, holder_id: int) -> None:
    """With identities, links and sessions; one without imported badges."""
    await tx.execute(
        "DELETE FROM holder_links WHERE alias IN (SELECT alias FROM holder_identities WHERE holder_id = ?)",
        holder_id,
    )
    await tx.execute("DELETE FROM holder_identities WHERE holder_id = ?", holder_id)
    await delete_holder(tx, holder_id)


async def add_link(
    tx: Transaction,
    *,
    token_hash: str,
    alias: str,
    holder_id: int | None,
    kind: HolderLinkKind,
    expires_at: int,
    now: int,
) -> None:
    """Nothing happens where the link is there: a job was repeated."""
    await tx.execute(
        "INSERT INTO holder_links (token_hash, alias, holder_id, kind, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (token_hash) DO NOTHING",
        token_hash,
        alias,
        holder_id,
        kind,
        now,
        expires_at,
    )


async def count_links(reader: Reader, alias: str, *, since: int, besides: str) -> int:
    """Links made for an identity after this instant, without the one with this hash."""
    row = await reader.one(
        "SELECT COUNT(*) AS n FROM holder_links WHERE alias = ? AND created_at > ? AND token_hash <> ?",
        alias,
        since,
        besides,
    )
    return int(row["n"]) if row else 0


async def find_link(reader: Reader, token_hash: str, *, now: int) -> Link | None:
    """A link that may still be used."""
    row = await reader.one(
        "SELECT * FROM holder_links WHERE token_hash = ? AND used_at IS NULL AND expires_at > ?",
        token_hash,
        now,
    )
    return _link(row) if row else None


async def use_link(tx: Transaction, token_hash: str, *, now: int) -> bool:
    """False for the second one who comes with it."""
    changed = await tx.execute(
        "UPDATE holder_links SET used_at = ? WHERE token_hash = ? AND used_at IS NULL", now, token_hash
    )
    return changed == 1


async def add_session(tx: Transaction, *, token_hash: str, holder_id: int, expires_at: int, now: int) -> None:
    await tx.execute(
        "INSERT INTO holder_sessions (token_hash, holder_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
        token_hash,
        holder_id,
        now,
        expires_at,
    )


async def find_session(reader: Reader, token_hash: str, *, now: int) -> Session | None:
    row = await reader.one(
        "SELECT * FROM holder_sessions WHERE token_hash = ? AND expires_at > ?", token_hash, now
    )
    return Session(**{name: row[name] for name in _SESSION}) if row else None


async def delete_session(tx: Transaction, token_hash: str) -> None:
    await tx.execute("DELETE FROM holder_sessions WHERE token_hash = ?", token_hash)


async def delete_sessions(tx: Transaction, holder_id: int) -> None:
    await tx.execute("DELETE FROM holder_sessions WHERE holder_id = ?", holder_id)


async def delete_expired_links(tx: Transaction, *, before: int, limit: int) -> int:
    return await _delete_expired(tx, "holder_links", before, limit)


async def delete_expired_sessions(tx: Transaction, *, before: int, limit: int) -> int:
    return await _delete_expired(tx, "holder_sessions", before, limit)


async def _delete_expired(tx: Transaction, table: str, *limits: Value) -> int:
    return await tx.execute(
        f"DELETE FROM {table} WHERE token_hash IN"
        f" (SELECT token_hash FROM {table} WHERE expires_at < ? LIMIT ?)",
        *limits,
    )
