"""Badges from elsewhere in the collections of their holders, with what the last verification found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.store.database import Reader, Row, Transaction

_USES = ("badges", "badge_versions", "issuers", "external_badges")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalBadge:
    """One without its document, which is JSON or a compact JWS (`is_token`); `result` as `verification.json_report` makes it.

    `image` is the SHA-256 of its picture, None where there is none; `is_shown` on the holder's public profile. Instants in
    microseconds.
    """

    id: int
    uuid: str
    is_token: bool
    source: str | None
    image: str | None
    image_id: int | None
    verdict: str
    result: Mapping[str, Any]
    verified_at: int
    created_at: int
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a verification found at an instant."""

    verdict: str
    result: Mapping[str, Any]
    verified_at: int


_COLUMNS = "id, uuid, source, image_id, verdict, verification, verified_at, created_at, is_shown"
_SELECT = (
    f"SELECT {', '.join(f'external_badges.{name}' for name in _COLUMNS.split(', '))},"
    " SUBSTR(document, 1, 1) AS head, images.sha256 AS image FROM external_badges"
    " LEFT JOIN images ON images.id = external_badges.image_id"
)


def _badge(row: Row) -> ExternalBadge:
    return ExternalBadge(
        id=row["id"],
        uuid=row["uuid"],
        is_token=row["head"] != b"{",
        source=row["source"],
        image=row["image"],
        image_id=row["image_id"],
        verdict=row["verdict"],
        result=json.loads(row["verification"]),
        verified_at=row["verified_at"],
        created_at=row["created_at"],
        is_shown=bool(row["is_shown"]),
    )


async def list_shown(reader: Reader, holder_id: int, *, limit: int) -> list[ExternalBadge]:
    """Those on the holder's public profile, newest first."""
    rows = await reader.all(
        f"{_SELECT} WHERE holder_id = ? AND is_shown = 1 ORDER BY external_badges.id DESC LIMIT ?",
        holder_id,
        limit,
    )
    return [_badge(row) for row in rows]


async def list_badges(reader: Reader, holder_id: int, *, limit: int) -> list[ExternalBadge]:
    """Newest first."""
    rows = await reader.all(
        f"{_SELECT} WHERE holder_id = ? ORDER BY external_badges.id DESC LIMIT ?", holder_id, limit
    )
    return [_badge(row) for row in rows]


async def find_badge(reader: Reader, holder_id: int, uuid: str) -> ExternalBadge | None:
    row = await reader.one(f"{_SELECT} WHERE holder_id = ? AND external_badges.uuid = ?", holder_id, uuid)
    return _badge(row) if row else None


async def find_document(reader: Reader, badge_id: int) -> bytes | None:
    """None where it was removed meanwhile."""
    row = await reader.one("SELECT document FROM external_badges WHERE id = ?", badge_id)
    return bytes(row["document"]) if row else None


async def measure_badges(reader: Reader, holder_id: int, *, besides: str) -> tuple[int, int]:
    """How many the holder has, and how many bytes with their pictures, not counting the one with the key `besides`."""
    row = await reader.one(
        "SELECT COUNT(*) AS n, COALESCE(SUM(LENGTH(document)), 0) + COALESCE(SUM(LENGTH(images.data)), 0) AS size"
        " FROM external_badges LEFT JOIN images ON images.id = external_badges.image_id"
        " WHERE holder_id = ? AND badge_key <> ?",
        holder_id,
        besides,
    )
    return (int(row["n"]), int(row["size"])) if row else (0, 0)


async def put_badge(
    tx: Transaction,
    *,
    uuid: str,
    holder_id: int,
    badge_key: str,
    document: bytes,
    source: str | None,
    image_id: int | None,
    finding: Finding,
) -> str:
    """Stores it, or puts it in the place of what the holder has under this key; returns the UUID that it has."""
    row = await tx.one(
        "INSERT INTO external_badges (uuid, holder_id, badge_key, document, source, image_id, verdict, verification,"
        " verified_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (holder_id, badge_key) DO UPDATE SET document = EXCLUDED.document,"
        " source = COALESCE(EXCLUDED.source, external_badges.source),"
        " image_id = COALESCE(EXCLUDED.image_id, external_badges.image_id), verdict = EXCLUDED.verdict,"
        " verification = EXCLUDED.verification, verified_at = EXCLUDED.verified_at RETURNING uuid",
        uuid,
        holder_id,
        badge_key,
        document,
        source,
        image_id,
        finding.verdict,
        _encode(finding.result),
        finding.verified_at,
        finding.verified_at,
    )
    assert row is not None
    return str(row["uuid"])


async def set_finding(tx: Transaction, badge_id: int, finding: Finding) -> None:
    await tx.execute(
        "UPDATE external_badges SET verdict = ?, verification = ?, verified_at = ? WHERE id = ?",
        finding.verdict,
        _encode(finding.result),
        finding.verified_at,
        badge_id,
    )


async def set_shown(tx: Transaction, holder_id: int, uuid: str, *, is_shown: bool) -> None:
    """Puts it on the holder's public profile, or takes it off."""
    await tx.execute(
        "UPDATE external_badges SET is_shown = ? WHERE holder_id = ? AND uuid = ?",
        int(is_shown),
        holder_id,
        uuid,
    )


async def delete_badge(tx: Transaction, badge: ExternalBadge) -> None:
    """With its picture, if nothing else shows that."""
    await tx.execute("DELETE FROM external_badges WHERE id = ?", badge.id)
    if badge.image_id is not None:
        await delete_image(tx, badge.image_id)


async def delete_image(tx: Transaction, image_id: int) -> None:
    """Deletes a picture that nothing shows any more, with what was made from it."""
    is_used = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE image_id = ?)" for table in _USES)
    row = await tx.one(
        f"SELECT 1 AS used WHERE {is_used} OR EXISTS (SELECT 1 FROM renditions WHERE rendition_id = ?)",
        *([image_id] * (len(_USES) + 1)),
    )
    if row is not None:
        return
    made = await tx.all("DELETE FROM renditions WHERE image_id = ? RETURNING rendition_id", image_id)
    await tx.execute("DELETE FROM images WHERE id = ?", image_id)
    for rendition in made:
        if rendition["rendition_id"] != image_id:
            await delete_image(tx, rendition["rendition_id"])


def _encode(result: Mapping[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False)
