"""Hosts and actors that this server, or one of its issuers, wants nothing from and sends nothing to.

A block of a host covers its subdomains, every port and every spelling of its name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from badgefed.model.hosts import host_and_parents, normal_host
from badgefed.store.database import Reader, Row, Transaction, placeholders


class BlockKind(StrEnum):
    """`host` with a host name as its target, `actor` with an actor id."""

    HOST = "host"
    ACTOR = "actor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`issuer_id` None: for the whole server."""

    issuer_id: int | None
    kind: BlockKind
    target: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerBlocks:
    """The blocks of the whole server, for looking up many."""

    hosts: frozenset[str]
    actors: frozenset[str]

    def cover(self, actor_id: str) -> bool:
        if not self.hosts and not self.actors:
            return False
        return covers(self.hosts, actor_id) or normal_target(BlockKind.ACTOR, actor_id) in self.actors


def normal_target(kind: BlockKind, target: str) -> str:
    """The one spelling of a target under which it is stored."""
    target = target.strip()
    if kind is BlockKind.HOST:
        return normal_host(target.rpartition("@")[2])
    try:
        parts = urlsplit(target)
    except ValueError:
        return target
    query = f"?{parts.query}" if parts.query else ""
    return f"{normal_host(parts.netloc)}{parts.path.rstrip('/')}{query}"


def covers(blocked: Collection[str], host: str) -> bool:
    """Whether one of the blocked host names is this host's or one of its parents'; `host` may be a URL."""
    return bool(blocked) and any(name in blocked for name in host_and_parents(host))


def _block(row: Row) -> Block:
    return Block(
        issuer_id=row["issuer_id"],
        kind=BlockKind(row["kind"]),
        target=row["target"],
        created_at=row["created_at"],
    )


async def add_block(
    tx: Transaction, kind: BlockKind, target: str, *, issuer_id: int | None = None, now: int
) -> None:
    """`target` in any spelling; a second block of the same changes nothing."""
    await tx.execute(
        "INSERT INTO blocks (issuer_id, target, kind, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        issuer_id,
        normal_target(kind, target),
        kind,
        now,
    )


async def remove_block(
    tx: Transaction, kind: BlockKind, target: str, *, issuer_id: int | None = None
) -> bool:
    """False if there was none."""
    changed = await tx.execute(
        "DELETE FROM blocks WHERE COALESCE(issuer_id, 0) = ? AND kind = ? AND target = ?",
        issuer_id or 0,
        kind,
        normal_target(kind, target),
    )
    return changed > 0


async def list_blocks(reader: Reader, *, issuer_id: int | None = None) -> list[Block]:
    """The server's, or one issuer's own."""
    rows = await reader.all(
        "SELECT * FROM blocks WHERE COALESCE(issuer_id, 0) = ? ORDER BY kind, target", issuer_id or 0
    )
    return [_block(row) for row in rows]


async def list_blocked(reader: Reader, issuer_id: int | None, kind: BlockKind) -> frozenset[str]:
    """Targets that the server or this issuer has blocked."""
    rows = await reader.all(
        "SELECT target FROM blocks WHERE kind = ? AND (issuer_id IS NULL OR issuer_id = ?)", kind, issuer_id
    )
    return frozenset(row["target"] for row in rows)


async def load_server_blocks(reader: Reader) -> ServerBlocks:
    rows = await reader.all("SELECT kind, target FROM blocks WHERE issuer_id IS NULL")
    return ServerBlocks(
        hosts=frozenset(row["target"] for row in rows if row["kind"] == BlockKind.HOST),
        actors=frozenset(row["target"] for row in rows if row["kind"] == BlockKind.ACTOR),
    )


async def is_blocked(reader: Reader, actor_id: str, *, issuer_id: int | None = None) -> bool:
    """Whether the actor or its host is blocked by the whole server, or else by this issuer."""
    hosts = host_and_parents(actor_id)
    row = await reader.one(
        "SELECT 1 AS found FROM blocks WHERE COALESCE(issuer_id, 0) IN (0, ?) AND"
        f" ((kind = 'actor' AND target = ?) OR (kind = 'host' AND target IN ({placeholders(len(hosts))}))) LIMIT 1",
        issuer_id or 0,
        normal_target(BlockKind.ACTOR, actor_id),
        *hosts,
    )
    return row is not None
