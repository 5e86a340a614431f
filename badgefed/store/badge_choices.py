"""An organization's active badges, as few columns as it takes to choose one of them."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.store.database import Reader, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeChoice:
    """`image` is the SHA-256 of its picture."""

    id: int
    slug: str
    title: str
    issuer_name: str
    image: str


_SELECT = (
    "SELECT badges.id, badges.slug, badges.title, issuers.name AS issuer_name, images.sha256 AS image FROM badges"
    " JOIN issuers ON issuers.id = badges.issuer_id JOIN images ON images.id = badges.image_id"
    " WHERE badges.organization_id = ? AND badges.is_active = 1"
)


def _choice(row: Row) -> BadgeChoice:
    return BadgeChoice(**row)


async def list_choices(reader: Reader, organization_id: int, *, limit: int) -> list[BadgeChoice]:
    """The newest first."""
    rows = await reader.all(f"{_SELECT} ORDER BY badges.id DESC LIMIT ?", organization_id, limit)
    return [_choice(row) for row in rows]


async def find_choice(reader: Reader, organization_id: int, badge_id: int) -> BadgeChoice | None:
    row = await reader.one(f"{_SELECT} AND badges.id = ?", organization_id, badge_id)
    return _choice(row) if row else None
