"""How many awards an organization has made in a calendar month, counted exactly while its plan has a limit."""

from __future__ import annotations

from badgefed.store.database import Transaction


async def is_begun(tx: Transaction, organization_id: int, month: str) -> bool:
    """Whether the month's awards are counted yet."""
    row = await tx.one(
        "SELECT 1 AS found FROM award_usage WHERE organization_id = ? AND month = ?", organization_id, month
    )
    return row is not None


async def begin_month(tx: Transaction, organization_id: int, month: str, *, first_uuid: str) -> None:
    """Starts counting at the grants that the month has seen already: those from `first_uuid` on, for uuids sort by time."""
    await tx.execute(
        "INSERT INTO award_usage (organization_id, month, used)"
        " VALUES (?, ?, (SELECT COUNT(*) FROM grants WHERE organization_id = ? AND uuid >= ?))"
        " ON CONFLICT (organization_id, month) DO NOTHING",
        organization_id,
        month,
        organization_id,
        first_uuid,
    )


async def use_award(tx: Transaction, organization_id: int, month: str, *, limit: int) -> bool:
    """Whether one more was below the limit, and is counted, in a month that is begun."""
    changed = await tx.execute(
        "UPDATE award_usage SET used = used + 1 WHERE organization_id = ? AND month = ? AND used < ?",
        organization_id,
        month,
        limit,
    )
    return changed == 1


async def forget_usage(tx: Transaction, organization_id: int) -> None:
    """Counts anew with the next award, from what was granted: for a change of plan."""
    await tx.execute("DELETE FROM award_usage WHERE organization_id = ?", organization_id)


async def give_back(tx: Transaction, organization_id: int, month: str) -> None:
    """Takes one off the count."""
    await tx.execute(
        "UPDATE award_usage SET used = used - 1 WHERE organization_id = ? AND month = ?",
        organization_id,
        month,
    )
