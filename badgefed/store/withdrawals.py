"""Published grants that must not be accepted, for good or for a time."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.store.database import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """`reason` is that of the suspension where the grant is suspended only, else that of the revocation."""

    uuid: str
    reason: str | None
    is_suspended: bool


async def list_withdrawals(reader: Reader, issuer_id: int) -> list[Withdrawal]:
    """Of the grants of an issuer that strangers could see by link: those revoked or suspended, the oldest first."""
    rows = await reader.all(
        "SELECT uuid, status, closed_reason, suspended_reason FROM grants"
        " WHERE issuer_id = ? AND processed_at IS NOT NULL AND visibility IN ('public', 'unlisted')"
        " AND (status = 'revoked' OR (status = 'processed' AND suspended_at IS NOT NULL)) ORDER BY id",
        issuer_id,
    )
    return [
        Withdrawal(
            uuid=row["uuid"],
            reason=row["closed_reason"] if row["status"] == "revoked" else row["suspended_reason"],
            is_suspended=row["status"] != "revoked",
        )
        for row in rows
    ]
