"""Organizations."""

from __future__ import annotations

from badgefed.model.identifiers import new_uuid
from badgefed.model.organization import Organization, OrganizationStatus
from badgefed.store.database import Reader, Row, Transaction


def organization_from(row: Row) -> Organization:
    """From a row of `organizations`."""
    return Organization(
        id=row["id"],
        uuid=row["uuid"],
        slug=row["slug"],
        name=row["name"],
        status=OrganizationStatus(row["status"]),
        plan=row["plan"],
        domain=row["domain"],
        domain_verified_at=row["domain_verified_at"],
    )


async def find_organization(reader: Reader, slug: str) -> Organization | None:
    row = await reader.one("SELECT * FROM organizations WHERE slug = ?", slug)
    return organization_from(row) if row else None


async def get_organization(reader: Reader, organization_id: int) -> Organization:
    row = await reader.one("SELECT * FROM organizations WHERE id = ?", organization_id)
    if row is None:
        raise LookupError(f"organization {organization_id}")
    return organization_from(row)


async def list_organizations(reader: Reader) -> list[Organization]:
    """All of the server's, by name."""
    return [
        organization_from(row) for row in await reader.all("SELECT * FROM organizations ORDER BY name, id")
    ]


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
    return organization_from(row) if row else None


async def lock_organization(tx: Transaction, organization_id: int) -> None:
    """Until this transaction ends, others that do the same wait: for rules about several of its rows at once."""
    await tx.execute("UPDATE organizations SET name = name WHERE id = ?", organization_id)


async def set_status(tx: Transaction, organization_id: int, status: OrganizationStatus) -> None:
    await tx.execute("UPDATE organizations SET status = ? WHERE id = ?", status, organization_id)


async def set_plan(tx: Transaction, organization_id: int, plan: str | None) -> None:
    await tx.execute("UPDATE organizations SET plan = ? WHERE id = ?", plan, organization_id)


async def set_domain(tx: Transaction, organization_id: int, *, domain: str, verified_at: int | None) -> None:
    await tx.execute(
        "UPDATE organizations SET domain = ?, domain_verified_at = ? WHERE id = ?",
        domain,
        verified_at,
        organization_id,
    )
