"""Organizations, users and who belongs where."""

from __future__ import annotations

from badgefed.model.identifiers import new_uuid
from badgefed.model.organization import Organization, Role, User
from badgefed.store.database import Reader, Row, Transaction


def _organization(row: Row) -> Organization:
    return Organization(id=row["id"], uuid=row["uuid"], slug=row["slug"], name=row["name"])


def _user(row: Row) -> User:
    return User(
        id=row["id"], uuid=row["uuid"], email=row["email"], name=row["name"], is_active=bool(row["is_active"])
    )


async def find_organization(reader: Reader, slug: str) -> Organization | None:
    row = await reader.one("SELECT * FROM organizations WHERE slug = ?", slug)
    return _organization(row) if row else None


async def get_organization(reader: Reader, organization_id: int) -> Organization:
    row = await reader.one("SELECT * FROM organizations WHERE id = ?", organization_id)
    if row is None:
        raise LookupError(f"organization {organization_id}")
    return _organization(row)


async def count_organizations(reader: Reader) -> int:
    row = await reader.one("SELECT COUNT(*) AS n FROM organizations")
    return int(row["n"]) if row else 0


async def add_organization(tx: Transaction, *, slug: str, name: str, now: int) -> Organization | None:
    """None if the slug is taken."""
    row = await tx.one(
        "INSERT INTO organizations (uuid, slug, name, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (slug) DO NOTHING RETURNING *",
        new_uuid(now),
        slug,
        name,
        now,
    )
    return _organization(row) if row else None


async def find_user(reader: Reader, email: str) -> User | None:
    row = await reader.one("SELECT * FROM users WHERE email = ?", email.lower())
    return _user(row) if row else None


async def add_user(
    tx: Transaction, *, email: str, name: str, password_hash: str | None, now: int
) -> User | None:
    """None if there is a user with this address (compared in lower case)."""
    row = await tx.one(
        "INSERT INTO users (uuid, email, name, password_hash, is_active, created_at) VALUES (?, ?, ?, ?, 1, ?)"
        " ON CONFLICT (email) DO NOTHING RETURNING *",
        new_uuid(now),
        email.lower(),
        name,
        password_hash,
        now,
    )
    return _user(row) if row else None


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


async def organization_of(reader: Reader, user_id: int) -> Organization | None:
    """The organization that the user joined first."""
    row = await reader.one(
        "SELECT organizations.* FROM members JOIN organizations ON organizations.id = members.organization_id"
        " WHERE members.user_id = ? ORDER BY members.created_at, organizations.id LIMIT 1",
        user_id,
    )
    return _organization(row) if row else None


async def set_password(tx: Transaction, user_id: int, password_hash: str) -> None:
    await tx.execute("UPDATE users SET password_hash = ? WHERE id = ?", password_hash, user_id)
