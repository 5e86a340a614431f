"""Who follows our issuers, and where their copies go."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.store.database import Reader, Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """`follow_id` is the id of the Follow that we accepted last; `ended_at` when the actor unfollowed."""

    id: int
    issuer_id: int
    actor_id: str
    follow_id: str
    delivery_inbox: str
    is_shared: bool
    created_at: int
    ended_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerInbox:
    """An inbox behind which at least one follower is."""

    inbox: str
    is_shared: bool


def _follower(row: Row) -> Follower:
    return Follower(
        id=row["id"],
        issuer_id=row["issuer_id"],
        actor_id=row["actor_id"],
        follow_id=row["follow_id"],
        delivery_inbox=row["delivery_inbox"],
        is_shared=bool(row["is_shared"]),
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )


async def add_follower(
    tx: Transaction,
    *,
    issuer_id: int,
    actor_id: str,
    follow_id: str,
    delivery_inbox: str,
    is_shared: bool,
    now: int,
) -> None:
    """Adds the follower, or takes a former one back; one who follows already gets the new `follow_id`."""
    await tx.execute(
        "INSERT INTO followers (issuer_id, actor_id, follow_id, delivery_inbox, is_shared, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (issuer_id, actor_id) DO UPDATE SET follow_id = EXCLUDED.follow_id,"
        " delivery_inbox = EXCLUDED.delivery_inbox, is_shared = EXCLUDED.is_shared, ended_at = NULL",
        issuer_id,
        actor_id,
        follow_id,
        delivery_inbox,
        int(is_shared),
        now,
    )


async def end_follower(tx: Transaction, *, issuer_id: int, actor_id: str, now: int) -> bool:
    """The actor doesn't follow any more; False if it did not. The row stays, for deletions to reach the actor's server."""
    changed = await tx.execute(
        "UPDATE followers SET ended_at = ? WHERE issuer_id = ? AND actor_id = ? AND ended_at IS NULL",
        now,
        issuer_id,
        actor_id,
    )
    return changed == 1


async def find_follower(reader: Reader, *, issuer_id: int, actor_id: str) -> Follower | None:
    """A former follower too."""
    row = await reader.one(
        "SELECT * FROM followers WHERE issuer_id = ? AND actor_id = ?", issuer_id, actor_id
    )
    return _follower(row) if row else None


async def find_follower_by_follow(reader: Reader, *, actor_id: str, follow_id: str) -> Follower | None:
    """Whom an Undo names that has nothing but the id of the Follow."""
    row = await reader.one(
        "SELECT * FROM followers WHERE actor_id = ? AND follow_id = ?", actor_id, follow_id
    )
    return _follower(row) if row else None


async def count_followers(reader: Reader, issuer_id: int) -> int:
    row = await reader.one(
        "SELECT COUNT(*) AS n FROM followers WHERE issuer_id = ? AND ended_at IS NULL", issuer_id
    )
    return int(row["n"]) if row else 0


async def list_followers(reader: Reader, issuer_id: int, *, before: int | None, limit: int) -> list[Follower]:
    """Newest first by id, those with an id below `before`."""
    rows = await reader.all(
        "SELECT * FROM followers WHERE issuer_id = ? AND ended_at IS NULL AND id < ? ORDER BY id DESC LIMIT ?",
        issuer_id,
        2**62 if before is None else before,
        limit,
    )
    return [_follower(row) for row in rows]


async def count_by_issuer(reader: Reader, organization_id: int) -> dict[int, int]:
    """How many follow each of the organization's issuers, by the issuer's id; one without followers is left out."""
    rows = await reader.all(
        "SELECT followers.issuer_id, COUNT(*) AS n FROM followers JOIN issuers ON issuers.id = followers.issuer_id"
        " WHERE issuers.organization_id = ? AND followers.ended_at IS NULL GROUP BY followers.issuer_id",
        organization_id,
    )
    return {row["issuer_id"]: int(row["n"]) for row in rows}


async def find_follower_by_id(reader: Reader, follower_id: int, *, issuer_id: int) -> Follower | None:
    """A former follower too."""
    row = await reader.one("SELECT * FROM followers WHERE id = ? AND issuer_id = ?", follower_id, issuer_id)
    return _follower(row) if row else None


async def list_inboxes(
    reader: Reader, issuer_id: int, *, after: str, until: str | None, with_former: bool, limit: int
) -> list[FollowerInbox]:
    """The distinct inboxes of an issuer's followers, ascending: those above `after` and not above `until`."""
    rows = await reader.all(
        "SELECT delivery_inbox, MAX(is_shared) AS is_shared FROM followers"
        " WHERE issuer_id = ? AND delivery_inbox > ? AND (ended_at IS NULL OR ? = 1)"
        f"{' AND delivery_inbox <= ?' if until is not None else ''}"
        " GROUP BY delivery_inbox ORDER BY delivery_inbox LIMIT ?",
        issuer_id,
        after,
        int(with_former),
        *([until] if until is not None else []),
        limit,
    )
    return [FollowerInbox(inbox=row["delivery_inbox"], is_shared=bool(row["is_shared"])) for row in rows]


async def use_personal_inboxes(tx: Transaction, shared_inbox: str) -> None:
    """Forgets a shared inbox: its followers get their copies in their own ones."""
    await tx.execute(
        "UPDATE followers SET is_shared = 0,"
        " delivery_inbox = (SELECT inbox FROM remote_actors WHERE remote_actors.id = followers.actor_id)"
        " WHERE delivery_inbox = ? AND EXISTS (SELECT 1 FROM remote_actors WHERE remote_actors.id = followers.actor_id)",
        shared_inbox,
    )
    await tx.execute("UPDATE remote_actors SET shared_inbox = NULL WHERE shared_inbox = ?", shared_inbox)


async def delete_follows_of(tx: Transaction, actor_id: str) -> None:
    """Forgets that the actor ever followed anybody here: nothing more goes there, deletions neither."""
    await tx.execute("DELETE FROM followers WHERE actor_id = ?", actor_id)
