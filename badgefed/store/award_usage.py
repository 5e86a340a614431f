"""How many awards an organization has made in a calendar month, counted exactly while its plan has a limit."""

from __future__ import annotations

from badgefed.store.database import Transaction


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


async def use_award(tx: Transaction, organization_id: int, month: str, *, limit: int) -> bool | None:
    """Whether one more was below the limit, and is counted; None before `begin_month`."""
    row = await tx.one(
        "UPDATE award_usage SET used = used + 1 WHERE organization_id = ? AND month = ? AND used < ? RETURNING used",
        organization_id,
        month,
        limit,
    )
    if row is not None:
        return True
    known = await tx.one(
        "SELECT used FROM award_usage WHERE organization_id = ? AND month = ?", organization_id, month
    )
    return None if known is None else False


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
