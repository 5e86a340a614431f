"""An organization's badges and what it issued, page by page, the first made in front: new ones change no earlier page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from badgefed.model.badge import Badge
from badgefed.model.grant import CredentialStatus, Grant
from badgefed.store.badges import read_badge
from badgefed.store.database import Reader, Row, Transaction, Value
from badgefed.store.grants import read_grant

# The same rule as `model.grant.credential_status`; its parameter is the instant now.
_STATUS = (
    "CASE WHEN grants.status IN ('revoked', 'declined') THEN 'revoked'"
    " WHEN grants.suspended_at IS NOT NULL THEN 'suspended'"
    " WHEN grants.expires_at <= ? THEN 'expired'"
    " WHEN grants.status = 'pending' OR grants.fingerprint IS NULL THEN 'pending' ELSE 'valid' END"
)
_BADGE = (
    "SELECT badges.*, images.sha256, organizations.slug AS organization_slug FROM badges"
    " JOIN images ON images.id = badges.image_id JOIN organizations ON organizations.id = badges.organization_id"
)
_GRANT = (
    "SELECT grants.*, badges.uuid AS badge_uuid, older.uuid AS older_uuid, newer.uuid AS newer_uuid FROM grants"
    " JOIN badges ON badges.id = grants.badge_id LEFT JOIN grants AS older ON older.id = grants.supersedes_id"
    " LEFT JOIN grants AS newer ON newer.supersedes_id = grants.id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBadge:
    """`image` is the SHA-256 of its picture."""

    badge: Badge
    image: str
    organization_slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedGrant:
    """`supersedes` and `superseded_by` are the UUIDs of the grants that it renews and that renews it."""

    grant: Grant
    badge_uuid: str
    supersedes: str | None
    superseded_by: str | None


def _listed_badge(row: Row) -> ListedBadge:
    return ListedBadge(badge=read_badge(row), image=row["sha256"], organization_slug=row["organization_slug"])


def _listed_grant(row: Row) -> ListedGrant:
    return ListedGrant(
        grant=read_grant(row),
        badge_uuid=row["badge_uuid"],
        supersedes=row["older_uuid"],
        superseded_by=row["newer_uuid"],
    )


async def page_badges(
    reader: Reader, organization_id: int, *, is_active: bool | None, limit: int, offset: int
) -> tuple[list[ListedBadge], int]:
    """A page of the organization's badges, and how many there are."""
    condition, parameters = "badges.organization_id = ?", [organization_id]
    if is_active is not None:
        condition += " AND badges.is_active = ?"
        parameters.append(int(is_active))
    rows = await reader.all(
        f"{_BADGE} WHERE {condition} ORDER BY badges.id LIMIT ? OFFSET ?", *parameters, limit, offset
    )
    total = await reader.one(f"SELECT COUNT(*) AS n FROM badges WHERE {condition}", *parameters)
    return [_listed_badge(row) for row in rows], int(total["n"]) if total else 0


async def find_listed_badge(reader: Reader, organization_id: int, uuid: str) -> ListedBadge | None:
    row = await reader.one(
        f"{_BADGE} WHERE badges.organization_id = ? AND badges.uuid = ?", organization_id, uuid.lower()
    )
    return _listed_badge(row) if row else None


async def was_granted(reader: Reader, badge_id: int) -> bool:
    return await reader.one("SELECT 1 AS found FROM grants WHERE badge_id = ? LIMIT 1", badge_id) is not None


async def set_active(tx: Transaction, badge_id: int, *, is_active: bool, now: int) -> None:
    await tx.execute(
        "UPDATE badges SET is_active = ?, updated_at = ? WHERE id = ?", int(is_active), now, badge_id
    )


async def set_slug(tx: Transaction, badge: Badge, slug: str, *, now: int) -> bool:
    """False if another badge of the organization has it."""
    changed = await tx.execute(
        "UPDATE badges SET slug = ?, updated_at = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM badges AS other"
        " WHERE other.organization_id = badges.organization_id AND other.slug = ? AND other.id <> badges.id)",
        slug,
        now,
        badge.id,
        slug,
    )
    return changed == 1


async def page_grants(
    reader: Reader,
    organization_id: int,
    *,
    badge_uuid: str | None,
    status: CredentialStatus | None,
    now: int,
    limit: int,
    offset: int,
) -> tuple[list[ListedGrant], int]:
    """A page of what the organization issued, and how many there are."""
    condition, parameters = _grant_condition(organization_id, badge_uuid, status, now)
    rows = await reader.all(
        f"{_GRANT} WHERE {condition} ORDER BY grants.id LIMIT ? OFFSET ?", *parameters, limit, offset
    )
    total = await reader.one(
        f"SELECT COUNT(*) AS n FROM grants JOIN badges ON badges.id = grants.badge_id WHERE {condition}",
        *parameters,
    )
    return [_listed_grant(row) for row in rows], int(total["n"]) if total else 0


def _grant_condition(
    organization_id: int, badge_uuid: str | None, status: CredentialStatus | None, now: int
) -> tuple[str, Sequence[Value]]:
    conditions, parameters = ["grants.organization_id = ?", "grants.status <> 'external'"], [organization_id]
    values: list[Value] = list(parameters)
    if badge_uuid is not None:
        conditions.append("badges.uuid = ?")
        values.append(badge_uuid)
    if status is not None:
        conditions.append(f"{_STATUS} = ?")
        values += [now, status]
    return " AND ".join(conditions), values


async def find_listed_grant(reader: Reader, organization_id: int, identifier: str) -> ListedGrant | None:
    """By UUID or `CRD-` code, in any case."""
    is_code = identifier[:4].upper() == "CRD-"
    column = "code" if is_code else "uuid"
    row = await reader.one(
        f"{_GRANT} WHERE grants.organization_id = ? AND grants.{column} = ? AND grants.status <> 'external'",
        organization_id,
        identifier.upper() if is_code else identifier.lower(),
    )
    return _listed_grant(row) if row else None
