"""Invitations into organizations."""

from __future__ import annotations

from badgefed.model.identifiers import new_uuid
from badgefed.model.organization import Invitation, Role
from badgefed.model.times import DAY
from badgefed.store.database import Reader, Row, Transaction

LIFETIME = 7 * DAY


def _invitation(row: Row) -> Invitation:
    return Invitation(
        id=row["id"],
        uuid=row["uuid"],
        organization_id=row["organization_id"],
        email=row["email"],
        role=Role(row["role"]),
        invited_by=row["invited_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


async def add_invitation(
    tx: Transaction, *, organization_id: int, email: str, role: Role, invited_by: str, now: int
) -> Invitation:
    """A new one in the place of an open one to the same address, whose link leads nowhere from now on."""
    await tx.execute(
        "UPDATE invitations SET closed_at = ? WHERE organization_id = ? AND email = ? AND closed_at IS NULL",
        now,
        organization_id,
        email.lower(),
    )
    row = await tx.one(
        "INSERT INTO invitations (uuid, organization_id, email, role, invited_by, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *",
        new_uuid(now),
        organization_id,
        email.lower(),
        role,
        invited_by,
        now,
        now + LIFETIME,
    )
    assert row is not None
    return _invitation(row)


async def find_open_invitation(reader: Reader, uuid: str, *, now: int) -> Invitation | None:
    """None where the invitation is unknown, accepted, withdrawn or too old."""
    row = await reader.one(
        "SELECT * FROM invitations WHERE uuid = ? AND closed_at IS NULL AND expires_at > ?", uuid, now
    )
    return _invitation(row) if row else None


async def list_open_invitations(
    reader: Reader, organization_id: int, *, now: int, limit: int
) -> list[Invitation]:
    """Newest first."""
    rows = await reader.all(
        "SELECT * FROM invitations WHERE organization_id = ? AND closed_at IS NULL AND expires_at > ?"
        " ORDER BY id DESC LIMIT ?",
        organization_id,
        now,
        limit,
    )
    return [_invitation(row) for row in rows]


async def close_invitation(tx: Transaction, uuid: str, *, now: int) -> Invitation | None:
    """The invitation, accepted or withdrawn now; None as in `find_open_invitation`."""
    row = await tx.one(
        "UPDATE invitations SET closed_at = ? WHERE uuid = ? AND closed_at IS NULL AND expires_at > ? RETURNING *",
        now,
        uuid,
        now,
    )
    return _invitation(row) if row else None
