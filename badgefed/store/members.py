"""Who belongs to which organization, in which role."""

from __future__ import annotations

from badgefed.model.organization import Member, Membership, Organization, Role, User
from badgefed.store.database import Reader, Row, Transaction
from badgefed.store.organizations import organization_from
from badgefed.store.users import user_from


def _membership(row: Row) -> Membership:
    return Membership(organization=organization_from(row), role=Role(row["role"]))


async def set_member(tx: Transaction, *, organization_id: int, user_id: int, role: Role, now: int) -> None:
    """Makes the user a member, or gives a member another role."""
    await tx.execute(
        "INSERT INTO members (organization_id, user_id, role, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (organization_id, user_id) DO UPDATE SET role = EXCLUDED.role",
        organization_id,
        user_id,
        role,
        now,
    )


async def remove_member(tx: Transaction, *, organization_id: int, user_id: int) -> bool:
    """False if the user is no member."""
    removed = await tx.execute(
        "DELETE FROM members WHERE organization_id = ? AND user_id = ?", organization_id, user_id
    )
    return removed == 1


async def find_role(reader: Reader, *, organization_id: int, user_id: int) -> Role | None:
    row = await reader.one(
        "SELECT role FROM members WHERE organization_id = ? AND user_id = ?", organization_id, user_id
    )
    return Role(row["role"]) if row else None


async def list_memberships(reader: Reader, user_id: int) -> list[Membership]:
    """The user's organizations, the one that was joined first in front."""
    rows = await reader.all(
        "SELECT organizations.*, members.role FROM members"
        " JOIN organizations ON organizations.id = members.organization_id"
        " WHERE members.user_id = ? ORDER BY members.created_at, organizations.id",
        user_id,
    )
    return [_membership(row) for row in rows]


async def find_membership(reader: Reader, user_id: int, slug: str) -> Membership | None:
    """The user in the organization with this slug."""
    row = await reader.one(
        "SELECT organizations.*, members.role FROM members"
        " JOIN organizations ON organizations.id = members.organization_id"
        " WHERE members.user_id = ? AND organizations.slug = ?",
        user_id,
        slug,
    )
    return _membership(row) if row else None


async def first_organization(reader: Reader, user_id: int) -> Organization | None:
    """The organization that the user joined first."""
    memberships = await list_memberships(reader, user_id)
    return memberships[0].organization if memberships else None


async def list_members(reader: Reader, organization_id: int, *, limit: int) -> list[Member]:
    """By e-mail address."""
    rows = await reader.all(
        "SELECT users.*, members.role, members.created_at AS joined_at FROM members"
        " JOIN users ON users.id = members.user_id WHERE members.organization_id = ?"
        " ORDER BY users.email LIMIT ?",
        organization_id,
        limit,
    )
    return [Member(user=user_from(row), role=Role(row["role"]), joined_at=row["joined_at"]) for row in rows]


async def list_owners(reader: Reader, organization_id: int) -> list[User]:
    """Owners who can sign in, by e-mail address."""
    rows = await reader.all(
        "SELECT users.* FROM members JOIN users ON users.id = members.user_id"
        " WHERE members.organization_id = ? AND members.role = 'owner' AND users.is_active = 1 ORDER BY users.email",
        organization_id,
    )
    return [user_from(row) for row in rows]


async def count_owners(reader: Reader, organization_id: int) -> int:
    """Owners who can sign in."""
    row = await reader.one(
        "SELECT COUNT(*) AS n FROM members JOIN users ON users.id = members.user_id"
        " WHERE members.organization_id = ? AND members.role = 'owner' AND users.is_active = 1",
        organization_id,
    )
    return int(row["n"]) if row else 0
