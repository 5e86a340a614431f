"""Links that work once; see `work.account_links` for their secrets."""

from __future__ import annotations

from badgefed.model.identifiers import new_uuid
from badgefed.model.session import LINK_LIFETIMES, AccountLink, LinkKind
from badgefed.store.database import Reader, Row, Transaction


def _link(row: Row) -> AccountLink:
    return AccountLink(
        uuid=row["uuid"],
        kind=LinkKind(row["kind"]),
        user_id=row["user_id"],
        email=row["email"],
        expires_at=row["expires_at"],
    )


async def add_link(
    tx: Transaction, kind: LinkKind, *, user_id: int | None, email: str | None, now: int
) -> AccountLink | None:
    """None where there is a set-up link already."""
    row = await tx.one(
        "INSERT INTO account_links (uuid, kind, user_id, email, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (kind) WHERE kind = 'set-up' AND used_at IS NULL DO NOTHING RETURNING *",
        new_uuid(now),
        kind,
        user_id,
        email.lower() if email else None,
        now,
        now + LINK_LIFETIMES[kind],
    )
    return _link(row) if row else None


async def find_live_link(reader: Reader, uuid: str, *, now: int) -> AccountLink | None:
    """None where the link is unknown, used or too old."""
    row = await reader.one(
        "SELECT * FROM account_links WHERE uuid = ? AND used_at IS NULL AND expires_at > ?", uuid, now
    )
    return _link(row) if row else None


async def find_set_up_link(reader: Reader) -> AccountLink | None:
    """The unused one, whether it is too old or not."""
    row = await reader.one("SELECT * FROM account_links WHERE kind = 'set-up' AND used_at IS NULL")
    return _link(row) if row else None


async def use_link(tx: Transaction, uuid: str, *, now: int) -> AccountLink | None:
    """The link, which has had its one use now; None as in `find_live_link`."""
    row = await tx.one(
        "UPDATE account_links SET used_at = ? WHERE uuid = ? AND used_at IS NULL AND expires_at > ? RETURNING *",
        now,
        uuid,
        now,
    )
    return _link(row) if row else None


async def void_links(tx: Transaction, user_id: int, *, but: LinkKind | None = None) -> None:
    """The user's links lead nowhere any more, those of one kind excepted."""
    await tx.execute(
        "DELETE FROM account_links WHERE user_id = ? AND used_at IS NULL AND kind <> ?", user_id, but or ""
    )


async def void_links_of_kind(tx: Transaction, user_id: int, kind: LinkKind) -> None:
    await tx.execute(
        "DELETE FROM account_links WHERE user_id = ? AND used_at IS NULL AND kind = ?", user_id, kind
    )


async def delete_set_up_link(tx: Transaction) -> None:
    await tx.execute("DELETE FROM account_links WHERE kind = 'set-up' AND used_at IS NULL")


async def count_recent_links(reader: Reader, user_id: int, kind: LinkKind, *, since: int) -> int:
    """Links of this kind that were made at `since` or later, used or not."""
    row = await reader.one(
        "SELECT COUNT(*) AS n FROM account_links WHERE user_id = ? AND kind = ? AND created_at >= ?",
        user_id,
        kind,
        since,
    )
    return int(row["n"]) if row else 0


async def delete_old_links(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets links that ran out before this instant."""
    return await tx.execute(
        "DELETE FROM account_links WHERE id IN (SELECT id FROM account_links WHERE expires_at < ? LIMIT ?)",
        before,
        limit,
    )
