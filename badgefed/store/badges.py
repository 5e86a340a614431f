"""Badge definitions."""

from __future__ import annotations

from dataclasses import fields

from badgefed.model.badge import Badge, BadgeType
from badgefed.model.identifiers import new_uuid
from badgefed.store.database import Reader, Row, Transaction

_NAMES = [field.name for field in fields(Badge)]
_FLAGS = ("image_generated", "post_hashtags", "is_certificate", "is_active")


def _badge(row: Row) -> Badge:
    values = {name: row[name] for name in _NAMES}
    values["badge_type"] = BadgeType(values["badge_type"])
    values.update((name, bool(values[name])) for name in _FLAGS)
    return Badge(**values)


async def find_badge(reader: Reader, badge_id: int, *, organization_id: int | None = None) -> Badge | None:
    """The badge; None if it is another organization's, where one is given."""
    row = await reader.one("SELECT * FROM badges WHERE id = ?", badge_id)
    if row is None or (organization_id is not None and row["organization_id"] != organization_id):
        return None
    return _badge(row)


async def find_badge_by_uuid(reader: Reader, uuid: str) -> Badge | None:
    row = await reader.one("SELECT * FROM badges WHERE uuid = ?", uuid)
    return _badge(row) if row else None


async def find_badge_by_slug(reader: Reader, organization_slug: str, slug: str) -> Badge | None:
    row = await reader.one(
        "SELECT badges.* FROM badges JOIN organizations ON organizations.id = badges.organization_id"
        " WHERE organizations.slug = ? AND badges.slug = ?",
        organization_slug,
        slug,
    )
    return _badge(row) if row else None


async def list_active_badges(reader: Reader, organization_id: int) -> list[Badge]:
    """By id, ascending."""
    rows = await reader.all(
        "SELECT * FROM badges WHERE organization_id = ? AND is_active = 1 ORDER BY id", organization_id
    )
    return [_badge(row) for row in rows]


async def list_badges_of_issuer(reader: Reader, issuer_id: int) -> list[Badge]:
    """The active ones, newest first."""
    rows = await reader.all(
        "SELECT * FROM badges WHERE issuer_id = ? AND is_active = 1 ORDER BY id DESC", issuer_id
    )
    return [_badge(row) for row in rows]


async def list_badges_with_hashtag(reader: Reader, name: str, *, limit: int) -> list[Badge]:
    """Badges whose posts carry the hashtag (without `#`, in any case), newest first, looking at `limit` candidates."""
    pattern = name.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = await reader.all(
        "SELECT * FROM badges WHERE post_hashtags = 1 AND LOWER(hashtags) LIKE ? ESCAPE ? ORDER BY id DESC LIMIT ?",
        f"%{pattern}%",
        "\\",
        limit,
    )
    found = map(_badge, rows)
    return [badge for badge in found if name.lower() in (tag.lower() for tag in badge.hashtag_names)]


async def add_badge(
    tx: Transaction,
    *,
    organization_id: int,
    issuer_id: int,
    slug: str,
    title: str,
    description: str,
    badge_type: BadgeType,
    criteria: str,
    image_id: int,
    image_generated: bool,
    image_alt: str | None,
    hashtags: str | None,
    post_hashtags: bool,
    info_uri: str | None,
    is_certificate: bool,
    expires_in_days: int | None,
    now: int,
) -> Badge | None:
    """None if the organization has a badge with this slug."""
    row = await tx.one(
        "INSERT INTO badges (uuid, organization_id, issuer_id, slug, title, description, badge_type, criteria, image_id,"
        " image_generated, image_alt, hashtags, post_hashtags, info_uri, is_certificate, expires_in_days, is_active,"
        " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)"
        " ON CONFLICT (organization_id, slug) DO NOTHING RETURNING *",
        new_uuid(now),
        organization_id,
        issuer_id,
        slug,
        title,
        description,
        badge_type,
        criteria,
        image_id,
        int(image_generated),
        image_alt,
        hashtags,
        int(post_hashtags),
        info_uri,
        int(is_certificate),
        expires_in_days,
        now,
        now,
    )
    return _badge(row) if row else None
