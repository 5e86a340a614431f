"""Badge definitions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from badgefed.model.badge import Alignment, Badge, BadgeType, ResultDescription
from badgefed.model.grant import Grant
from badgefed.model.identifiers import new_uuid
from badgefed.store.database import Reader, Row, Transaction, Value, placeholders

_NAMES = [field.name for field in fields(Badge)]
_LISTS = {"alignments": tuple[Alignment, ...], "result_descriptions": tuple[ResultDescription, ...]}
_FLAGS = ("image_generated", "post_hashtags", "is_certificate", "is_active")

_CONTENT = (
    "title",
    "description",
    "badge_type",
    "criteria",
    "image_id",
    "image_generated",
    "image_alt",
    "hashtags",
    "post_hashtags",
    "info_uri",
    "is_certificate",
    "expires_in_days",
    "language",
    "alignments",
    "result_descriptions",
    "share_text",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OldVersion:
    """`image` is the SHA-256 of its picture, `replaced_at` the instant of the edit that ended it."""

    badge: Badge
    image: str
    replaced_at: int


def read_badge(row: Mapping[str, Any] | Row) -> Badge:
    """From a whole row of the table."""
    values: dict[str, Any] = {name: row[name] for name in _NAMES}
    values["badge_type"] = BadgeType(values["badge_type"])
    values.update((name, bool(values[name])) for name in _FLAGS)
    values.update((name, _list(values[name], kind)) for name, kind in _LISTS.items())
    return Badge(**values)


def _list(text: str | None, kind: Any) -> tuple[Any, ...]:
    return msgspec.json.decode(text, type=kind) if text else ()


def _json(values: tuple[Any, ...]) -> str | None:
    return msgspec.json.encode(values).decode() if values else None


async def find_badge(reader: Reader, badge_id: int, *, organization_id: int | None = None) -> Badge | None:
    """The badge; None if it is another organization's, where one is given."""
    row = await reader.one("SELECT * FROM badges WHERE id = ?", badge_id)
    if row is None or (organization_id is not None and row["organization_id"] != organization_id):
        return None
    return read_badge(row)


async def find_badge_by_uuid(reader: Reader, uuid: str) -> Badge | None:
    row = await reader.one("SELECT * FROM badges WHERE uuid = ?", uuid)
    return read_badge(row) if row else None


async def find_badge_by_slug(reader: Reader, organization_slug: str, slug: str) -> Badge | None:
    row = await reader.one(
        "SELECT badges.* FROM badges JOIN organizations ON organizations.id = badges.organization_id"
        " WHERE organizations.slug = ? AND badges.slug = ?",
        organization_slug,
        slug,
    )
    return read_badge(row) if row else None


async def list_active_badges(reader: Reader, organization_id: int) -> list[Badge]:
    """By id, ascending."""
    rows = await reader.all(
        "SELECT * FROM badges WHERE organization_id = ? AND is_active = 1 ORDER BY id", organization_id
    )
    return [read_badge(row) for row in rows]


async def list_badges(reader: Reader, organization_id: int) -> list[Badge]:
    """Active or not, by id, ascending."""
    rows = await reader.all("SELECT * FROM badges WHERE organization_id = ? ORDER BY id", organization_id)
    return [read_badge(row) for row in rows]


async def count_badges(reader: Reader, *, organization_id: int) -> int:
    row = await reader.one("SELECT COUNT(*) AS n FROM badges WHERE organization_id = ?", organization_id)
    return int(row["n"]) if row else 0


async def list_badges_of_issuer(reader: Reader, issuer_id: int) -> list[Badge]:
    """The active ones, newest first."""
    rows = await reader.all(
        "SELECT * FROM badges WHERE issuer_id = ? AND is_active = 1 ORDER BY id DESC", issuer_id
    )
    return [read_badge(row) for row in rows]


async def list_by_id(reader: Reader, ids: Sequence[int]) -> list[Badge]:
    """Those that are there, in no order."""
    rows = await reader.all(f"SELECT * FROM badges WHERE id IN ({placeholders(len(ids)) or 'NULL'})", *ids)
    return [read_badge(row) for row in rows]


async def list_badges_with_hashtag(reader: Reader, name: str, *, limit: int) -> list[Badge]:
    """Badges whose posts carry the hashtag (without `#`, in any case), newest first, looking at `limit` candidates."""
    pattern = name.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = await reader.all(
        "SELECT * FROM badges WHERE post_hashtags = 1 AND LOWER(hashtags) LIKE ? ESCAPE ? ORDER BY id DESC LIMIT ?",
        f"%{pattern}%",
        "\\",
        limit,
    )
    found = map(read_badge, rows)
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
    language: str | None = None,
    alignments: tuple[Alignment, ...] = (),
    result_descriptions: tuple[ResultDescription, ...] = (),
    share_text: str | None = None,
    now: int,
) -> Badge | None:
    """None if the organization has a badge with this slug."""
    row = await tx.one(
        "INSERT INTO badges (uuid, organization_id, issuer_id, slug, title, description, badge_type, criteria, image_id,"
        " image_generated, image_alt, hashtags, post_hashtags, info_uri, is_certificate, expires_in_days, language,"
        " alignments, result_descriptions, share_text, is_active, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)"
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
        language,
        _json(alignments),
        _json(result_descriptions),
        share_text,
        now,
        now,
    )
    return read_badge(row) if row else None


def _columns(badge: Badge) -> dict[str, Value]:
    """What an edit may change of a badge, as it is stored."""
    values: dict[str, Any] = {name: getattr(badge, name) for name in _CONTENT}
    values.update((name, int(values[name])) for name in _FLAGS if name in values)
    values.update((name, _json(values[name])) for name in _LISTS)
    return values


async def edit_badge(tx: Transaction, before: Badge, after: Badge, *, now: int) -> Badge | None:
    """Stores `after` as the next version and keeps `before`; None if somebody else edited the badge meanwhile."""
    columns = _columns(after)
    assignments = ", ".join(f"{name} = ?" for name in columns)
    row = await tx.one(
        f"UPDATE badges SET {assignments}, version = version + 1, updated_at = ? WHERE id = ? AND version = ? RETURNING *",
        *columns.values(),
        now,
        before.id,
        before.version,
    )
    if row is None:
        return None
    await tx.execute(
        "INSERT INTO badge_versions (badge_id, version, content, image_id, created_at) VALUES (?, ?, ?, ?, ?)",
        before.id,
        before.version,
        json.dumps(_columns(before), ensure_ascii=False),
        before.image_id,
        now,
    )
    return read_badge(row)


async def find_badge_version(reader: Reader, badge_id: int, version: int) -> Badge | None:
    """The badge as it was in that version, or is."""
    row = await reader.one("SELECT * FROM badges WHERE id = ?", badge_id)
    if row is None or row["version"] == version:
        return read_badge(row) if row else None
    kept = await reader.one(
        "SELECT content FROM badge_versions WHERE badge_id = ? AND version = ?", badge_id, version
    )
    if kept is None:
        return None
    values = {name: row[name] for name in _NAMES}
    return read_badge({**values, **json.loads(kept["content"]), "version": version})


async def list_older_versions(reader: Reader, badge: Badge, *, limit: int) -> list[OldVersion]:
    """The badge as it was before each of its edits, the latest first."""
    rows = await reader.all(
        "SELECT badge_versions.version, content, badge_versions.created_at, sha256 FROM badge_versions"
        " JOIN images ON images.id = badge_versions.image_id WHERE badge_id = ?"
        " ORDER BY badge_versions.version DESC LIMIT ?",
        badge.id,
        limit,
    )
    return [
        OldVersion(
            badge=_as_it_was(badge, row),
            image=row["sha256"],
            replaced_at=row["created_at"],
        )
        for row in rows
    ]


async def get_granted_badge(reader: Reader, grant: Grant) -> Badge:
    """The badge as it was when it was granted. Raises LookupError for a grant of no badge."""
    badge = await find_badge_version(reader, grant.badge_id, grant.badge_version)
    if badge is None:
        raise LookupError(f"badge {grant.badge_id} version {grant.badge_version}")
    return badge


async def list_granted_badges(reader: Reader, grants: Sequence[Grant]) -> dict[tuple[int, int], Badge]:
    """The badges as they were when they were granted, by id and version."""
    wanted = {(grant.badge_id, grant.badge_version) for grant in grants}
    present = {badge.id: badge for badge in await list_by_id(reader, [*{badge_id for badge_id, _ in wanted}])}
    found = {(badge.id, badge.version): badge for badge in present.values()}
    edited = [*{badge_id for badge_id, version in wanted if (badge_id, version) not in found}]
    rows = await reader.all(
        "SELECT badge_id, version, content FROM badge_versions"
        f" WHERE badge_id IN ({placeholders(len(edited)) or 'NULL'})",
        *edited,
    )
    for row in rows:
        found[row["badge_id"], row["version"]] = _as_it_was(present[row["badge_id"]], row)
    return found


def _as_it_was(present: Badge, row: Row) -> Badge:
    """In a version that is kept in the row."""
    values = {**{name: getattr(present, name) for name in _NAMES}, **dict.fromkeys(_LISTS)}
    return read_badge({**values, **json.loads(row["content"]), "version": row["version"]})


async def delete_badge(tx: Transaction, badge_id: int) -> bool:
    """Removes a badge that was never granted, with its versions; False if it was."""
    await tx.one(f"SELECT id FROM badges WHERE id = ? {tx.dialect.locked}", badge_id)
    row = await tx.one("SELECT 1 AS found FROM grants WHERE badge_id = ? LIMIT 1", badge_id)
    if row is not None:
        return False
    for table in ("badge_versions", "share_cards"):
        await tx.execute(f"DELETE FROM {table} WHERE badge_id = ?", badge_id)
    return await tx.execute("DELETE FROM badges WHERE id = ?", badge_id) == 1
