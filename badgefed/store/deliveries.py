"""Deliveries: one activity to one inbox, until it has arrived or is given up."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from badgefed.store.database import Reader, Row, Transaction
from badgefed.store.hosts import UNBLOCKED

ERROR_LENGTH = 300
_COLUMNS = (
    "activity_id, inbox, host, ordering_key, priority, is_paced, state, attempt, not_before, created_at"
)
_ABOUT_OBJECT = "activity_id IN (SELECT id FROM activities WHERE object_uri = ? AND id <> ?)"
_CREATES_OBJECT = (
    "state = 'ready' AND attempt = 0"
    " AND activity_id IN (SELECT id FROM activities WHERE object_uri = ? AND activity_type = 'Create')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """`is_paced`: one of many inboxes of a host that has no shared one."""

    inbox: str
    host: str
    is_paced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`attempt` counts those made so far."""

    id: int
    activity_id: int
    inbox: str
    host: str
    priority: int
    is_paced: bool
    attempt: int
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """An attempt that failed; `not_before` None: there will be no other one."""

    delivery_id: int
    not_before: int | None
    error: str


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row["id"],
        activity_id=row["activity_id"],
        inbox=row["inbox"],
        host=row["host"],
        priority=row["priority"],
        is_paced=bool(row["is_paced"]),
        attempt=row["attempt"],
        created_at=row["created_at"],
    )


async def add_deliveries(
    tx: Transaction,
    deliveries: Iterable[NewDelivery],
    *,
    activity_id: int,
    ordering_key: str,
    priority: int,
    now: int,
) -> None:
    """An inbox that has this activity in its queue already is left as it is."""
    await tx.many(
        f"INSERT INTO deliveries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, 'ready', 0, ?, ?)"
        " ON CONFLICT (activity_id, inbox) DO NOTHING",
        [
            (activity_id, new.inbox, new.host, ordering_key, priority, int(new.is_paced), now, now)
            for new in deliveries
        ],
    )


async def list_due(reader: Reader, host: str, *, limit: int, now: int) -> list[Delivery]:
    """What may be sent to the host now, the most urgent first; never two activities about one object."""
    rows = await reader.all(
        "SELECT id, activity_id, inbox, host, priority, is_paced, attempt, created_at FROM deliveries"
        f" WHERE host = ? AND state = 'ready' AND not_before <= ? AND {UNBLOCKED} ORDER BY priority, id LIMIT ?",
        host,
        now,
        limit,
    )
    return [_delivery(row) for row in rows]


async def delete_delivered(tx: Transaction, ids: Iterable[int]) -> None:
    await tx.many("DELETE FROM deliveries WHERE id = ?", [(delivery_id,) for delivery_id in ids])


async def note_setbacks(tx: Transaction, setbacks: Iterable[Setback]) -> None:
    await tx.many(
        "UPDATE deliveries SET attempt = attempt + 1, state = ?, not_before = ?, last_error = ?"
        " WHERE id = ? AND state = 'ready'",
        [
            (
                "failed" if setback.not_before is None else "ready",
                setback.not_before or 0,
                setback.error[:ERROR_LENGTH],
                setback.delivery_id,
            )
            for setback in setbacks
        ],
    )


async def cancel_object(tx: Transaction, object_uri: str, *, delete_id: int, now: int) -> None:
    """Drops what waits about an object that the activity `delete_id` deletes.

    An inbox whose Create was certainly never sent doesn't get the Delete either: its row is `void` from now on.
    """
    await tx.execute(
        f"INSERT INTO deliveries ({_COLUMNS})"
        " SELECT CAST(? AS BIGINT), inbox, host, ordering_key, priority, is_paced, 'void', 0, not_before, CAST(? AS BIGINT)"
        f" FROM deliveries WHERE {_CREATES_OBJECT} AND host IN (SELECT host FROM hosts WHERE lease_until = 0"
        f" AND host IN (SELECT host FROM deliveries WHERE {_CREATES_OBJECT}) {tx.dialect.skip_locked})"
        " ON CONFLICT (activity_id, inbox) DO UPDATE SET state = 'void'",
        delete_id,
        now,
        object_uri,
        object_uri,
    )
    await tx.execute(
        f"DELETE FROM deliveries WHERE state = 'ready' AND {_ABOUT_OBJECT}", object_uri, delete_id
    )


async def delete_of_inbox(tx: Transaction, host: str, inbox: str) -> None:
    """Drops what waits for an inbox that is no more."""
    await tx.execute("DELETE FROM deliveries WHERE host = ? AND inbox = ? AND state = 'ready'", host, inbox)


async def delete_for_follower(
    tx: Transaction, host: str, inbox: str, *, issuer_id: int, actor_id: str
) -> None:
    """Drops public Creates and Updates of the issuer that were never tried at this inbox, which is the actor's alone.

    Those about the actor's own badges stay.
    """
    await tx.execute(
        "DELETE FROM deliveries WHERE host = ? AND inbox = ? AND state = 'ready' AND attempt = 0 AND activity_id IN ("
        "SELECT activities.id FROM activities LEFT JOIN grants ON grants.id = activities.grant_id"
        " WHERE activities.id = deliveries.activity_id AND activities.issuer_id = ? AND activities.is_public = 1"
        " AND activities.activity_type IN ('Create', 'Update')"
        " AND (grants.actor_id IS NULL OR grants.actor_id <> ?))",
        host,
        inbox,
        issuer_id,
        actor_id,
    )


async def delete_of_host(tx: Transaction, host: str) -> None:
    """Drops what waits for a host."""
    await tx.execute("DELETE FROM deliveries WHERE host = ? AND state = 'ready'", host)


async def move_inbox(
    tx: Transaction, host: str, inbox: str, *, to_host: str, to_inbox: str, now: int
) -> None:
    """What waits for an inbox waits for another one instead, and is due; nothing happens if the two are the same."""
    if inbox == to_inbox:
        return
    await tx.execute(
        "UPDATE deliveries SET host = ?, inbox = ?, not_before = ? WHERE host = ? AND inbox = ? AND state = 'ready'"
        " AND NOT EXISTS (SELECT 1 FROM deliveries AS other"
        " WHERE other.activity_id = deliveries.activity_id AND other.inbox = ?)",
        to_host,
        to_inbox,
        now,
        host,
        inbox,
        to_inbox,
    )
    await delete_of_inbox(tx, host, inbox)


async def move_to_personal_inboxes(tx: Transaction, host: str, shared_inbox: str, *, now: int) -> None:
    """What waits for a shared inbox waits for the inboxes of the followers behind it instead."""
    await tx.execute(
        f"INSERT INTO deliveries ({_COLUMNS})"
        " SELECT deliveries.activity_id, remote_actors.inbox, deliveries.host, deliveries.ordering_key,"
        " deliveries.priority, 1, 'ready', 0, CAST(? AS BIGINT), deliveries.created_at FROM deliveries"
        " JOIN activities ON activities.id = deliveries.activity_id"
        " JOIN followers ON followers.issuer_id = activities.issuer_id AND followers.delivery_inbox = deliveries.inbox"
        " JOIN remote_actors ON remote_actors.id = followers.actor_id AND remote_actors.inbox <> deliveries.inbox"
        " WHERE deliveries.host = ? AND deliveries.inbox = ? AND deliveries.state = 'ready'"
        " ON CONFLICT (activity_id, inbox) DO NOTHING",
        now,
        host,
        shared_inbox,
    )
    await delete_of_inbox(tx, host, shared_inbox)


async def give_up(tx: Transaction, *, failures: int, before: int, limit: int) -> int:
    """Fails what has waited since before this instant for a host with at least so many failures."""
    return await tx.execute(
        "UPDATE deliveries SET state = 'failed' WHERE id IN (SELECT deliveries.id FROM deliveries"
        " JOIN hosts ON hosts.host = deliveries.host WHERE state = 'ready' AND deliveries.created_at < ?"
        " AND failures >= ? LIMIT ?)",
        before,
        failures,
        limit,
    )


async def delete_closed(tx: Transaction, *, state: str, before: int, limit: int) -> int:
    """Forgets `failed` or `void` rows made before this instant."""
    return await tx.execute(
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE state = ? AND created_at < ? LIMIT ?)",
        state,
        before,
        limit,
    )


async def oldest_due(reader: Reader, *, now: int) -> int | None:
    """Since when the host that waits longest for its turn has waited; hosts on pause don't count."""
    row = await reader.one(
        "SELECT MIN(next_at) AS due FROM hosts WHERE next_at <= ? AND (open_until IS NULL OR open_until <= ?)",
        now,
        now,
    )
    return row["due"] if row else None


async def count_by_state(reader: Reader, states: Collection[str]) -> dict[str, int]:
    """How many rows there are in each of the states."""
    rows = await reader.all("SELECT state, COUNT(*) AS n FROM deliveries GROUP BY state")
    counts = {row["state"]: row["n"] for row in rows}
    return {state: counts.get(state, 0) for state in states}
