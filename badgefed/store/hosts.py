"""Destinations: one row per host, with its turn in the queue, its lease, its breaker and its habits.

Only who holds a host's lease sends the host's deliveries, so that no two workers send the same one, and their order holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from badgefed.store.database import Reader, Row, Transaction, placeholders

# What can be sent now: nothing older about the same object is still waiting for this host.
UNBLOCKED = (
    "NOT EXISTS (SELECT 1 FROM deliveries AS earlier WHERE earlier.host = deliveries.host"
    " AND earlier.ordering_key = deliveries.ordering_key AND earlier.activity_id < deliveries.activity_id"
    " AND earlier.state = 'ready')"
)
_WAITING = f"FROM deliveries WHERE deliveries.host = hosts.host AND state = 'ready' AND {UNBLOCKED}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """`scheme` is the signature scheme that the host takes; `paced_until` when the next paced delivery may go to it."""

    host: str
    failures: int
    failing_since: int | None
    open_until: int | None
    paced_until: int
    scheme: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What a worker knows about a host when it gives it back.

    `next_at` and `priority` are the host's next turn if the worker knows it, else (None) it is worked out.
    """

    host: str
    failures: int
    failing_since: int | None
    open_until: int | None
    paced_until: int
    scheme: str | None
    delivered: int
    failed: int
    last_success_at: int | None
    last_error: str | None
    next_at: int | None
    priority: int


def _host(row: Row) -> Host:
    return Host(
        host=row["host"],
        failures=row["failures"],
        failing_since=row["failing_since"],
        open_until=row["open_until"],
        paced_until=row["paced_until"],
        scheme=row["scheme"],
    )


async def add_turns(tx: Transaction, turns: Iterable[tuple[str, int]], *, now: int) -> None:
    """Makes hosts due, for deliveries of these priorities: (host, priority). Call it after adding them."""
    most_urgent: dict[str, int] = {}
    for host, priority in turns:
        most_urgent[host] = min(priority, most_urgent.get(host, priority))
    await tx.many(
        "INSERT INTO hosts (host, next_at, priority, lease_until, failures, paced_until, delivered, failed, created_at)"
        " VALUES (?, ?, ?, 0, 0, 0, 0, 0, ?) ON CONFLICT (host) DO UPDATE SET"
        " priority = CASE WHEN hosts.next_at IS NULL OR hosts.priority > EXCLUDED.priority"
        " THEN EXCLUDED.priority ELSE hosts.priority END,"
        " next_at = CASE WHEN hosts.next_at IS NULL OR hosts.next_at > EXCLUDED.next_at"
        " THEN EXCLUDED.next_at ELSE hosts.next_at END",
        [(host, now, priority, now) for host, priority in sorted(most_urgent.items())],
    )


async def claim_hosts(
    tx: Transaction, *, owner: str, limit: int, failing: bool, now: int, lease: int
) -> list[Host]:
    """Up to `limit` hosts whose turn it is, leased for `lease` microseconds, the most urgent first.

    `failing` says whether hosts whose last request failed may be among them.
    """
    rows = await tx.all(
        "SELECT * FROM hosts WHERE next_at <= ? AND lease_until <= ? AND (open_until IS NULL OR open_until <= ?)"
        f" AND failures <= ? ORDER BY priority, next_at LIMIT ? {tx.dialect.skip_locked}",
        now,
        now,
        now,
        2**31 - 1 if failing else 0,
        limit,
    )
    await tx.many(
        "UPDATE hosts SET lease_until = ?, lease_owner = ? WHERE host = ?",
        [(now + lease, owner, row["host"]) for row in rows],
    )
    await tx.many(
        "UPDATE deliveries SET attempt = 1 WHERE host = ? AND state = 'ready' AND attempt = 0",
        [(row["host"],) for row in rows if row["lease_until"]],  # its worker died: who knows what it had sent
    )
    return [_host(row) for row in rows]


async def note_health(tx: Transaction, releases: Collection[Release], *, owner: str) -> frozenset[str]:
    """Keeps what was learned about the hosts whose lease `owner` still has, and returns these."""
    if not releases:
        return frozenset()
    await tx.many(
        "UPDATE hosts SET failures = ?, failing_since = ?, open_until = ?, paced_until = ?, scheme = ?,"
        " delivered = delivered + ?, failed = failed + ?, last_success_at = COALESCE(?, last_success_at), last_error = ?"
        " WHERE host = ? AND lease_owner = ?",
        [
            (
                release.failures,
                release.failing_since,
                release.open_until,
                release.paced_until,
                release.scheme,
                release.delivered,
                release.failed,
                release.last_success_at,
                release.last_error,
                release.host,
                owner,
            )
            for release in releases
        ],
    )
    rows = await tx.all(
        f"SELECT host FROM hosts WHERE lease_owner = ? AND host IN ({placeholders(len(releases))})",
        owner,
        *(release.host for release in releases),
    )
    return frozenset(row["host"] for row in rows)


async def release_hosts(tx: Transaction, releases: Collection[Release], *, owner: str) -> None:
    """Gives the leases back and sets each host's next turn. Call it after the outcomes were written."""
    await tx.many(
        "UPDATE hosts SET lease_until = 0, lease_owner = NULL, next_at = ?, priority = ?"
        " WHERE host = ? AND lease_owner = ?",
        [(r.next_at, r.priority, r.host, owner) for r in releases if r.next_at is not None],
    )
    await tx.many(
        f"UPDATE hosts SET lease_until = 0, lease_owner = NULL, priority = COALESCE((SELECT MIN(priority) {_WAITING}), ?),"
        " next_at = (SELECT MIN(CASE WHEN is_paced = 1 AND not_before < hosts.paced_until"
        f" THEN hosts.paced_until ELSE not_before END) {_WAITING}) WHERE host = ? AND lease_owner = ?",
        [(r.priority, r.host, owner) for r in releases if r.next_at is None],
    )
    await tx.many(
        "UPDATE hosts SET next_at = open_until WHERE host = ? AND open_until > next_at",
        [(release.host,) for release in releases if release.open_until is not None],
    )


async def host_is_alive(tx: Transaction, host: str, *, now: int) -> None:
    """Ends a pause that failures brought about: the host was just heard of. For verified inbound requests."""
    await tx.execute(
        "UPDATE hosts SET failures = 0, failing_since = NULL, open_until = NULL,"
        " next_at = CASE WHEN next_at > ? THEN ? ELSE next_at END WHERE host = ? AND failures > 0",
        now,
        now,
        host,
    )


async def retry_now(tx: Transaction, host: str, *, now: int) -> bool:
    """Makes what waits for the host due, and ends its pause; False if there is nothing for it. The next failure begins the pause anew."""
    await tx.execute(
        "UPDATE deliveries SET not_before = ? WHERE host = ? AND state = 'ready' AND not_before > ?",
        now,
        host,
        now,
    )
    changed = await tx.execute(
        "UPDATE hosts SET open_until = NULL, next_at = CASE WHEN next_at > ? THEN ? ELSE next_at END"
        " WHERE host = ? AND next_at IS NOT NULL",
        now,
        now,
        host,
    )
    return changed == 1


async def list_waiting(reader: Reader) -> list[str]:
    """The hosts for which there are deliveries."""
    return [row["host"] for row in await reader.all("SELECT host FROM hosts WHERE next_at IS NOT NULL")]


async def count_broken(reader: Reader, *, failures: int, now: int) -> dict[str, int]:
    """How many hosts have at least this many failures, by the state of their breaker: `open`, `half_open`."""
    row = await reader.one(
        "SELECT COUNT(*) AS broken, COUNT(CASE WHEN open_until > ? THEN 1 END) AS open FROM hosts WHERE failures >= ?",
        now,
        failures,
    )
    assert row is not None
    return {"open": row["open"], "half_open": row["broken"] - row["open"]}


async def delete_idle(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets hosts without deliveries that were last reached before this instant."""
    return await tx.execute(
        "DELETE FROM hosts WHERE next_at IS NULL AND lease_until = 0 AND host IN (SELECT host FROM hosts WHERE next_at IS NULL AND lease_until = 0"
        " AND COALESCE(last_success_at, created_at) < ?"
        " AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.host = hosts.host AND state = 'ready') LIMIT ?)",
        before,
        limit,
    )
