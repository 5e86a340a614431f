"""Granted badges that everybody may see, with what a list of them shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from badgefed.store.database import Reader, Row, Value, placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A granted badge in a list. `image` is the SHA-256 of its picture, `processed_at` in microseconds."""

    grant_id: int
    note_uri: str
    name: str | None
    profile: str | None
    actor_id: str | None
    handle: str | None
    badge_title: str
    image: str
    issuer_name: str
    issuer_username: str
    processed_at: int
    expires_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeCard:
    """A badge in a list. `image` is the SHA-256 of its picture."""

    id: int
    title: str
    badge_type: str
    description: str
    image: str


_SHOWN = [field.name for field in fields(Shown)]
_CARD = [field.name for field in fields(BadgeCard)]


def _shown(row: Row) -> Shown:
    return Shown(**{name: row[name] for name in _SHOWN})


async def list_shown(
    reader: Reader,
    *,
    limit: int,
    issuer_id: int | None = None,
    badge_id: int | None = None,
    badge_ids: Sequence[int] | None = None,
) -> list[Shown]:
    """Processed public grants, newest first, of an issuer, of one or some badges, or of all issuers."""
    conditions = "grants.status = 'processed' AND grants.visibility = 'public' AND issuers.deleted_at IS NULL"
    parameters: list[Value] = []
    if issuer_id is not None:
        conditions += " AND grants.issuer_id = ?"
        parameters.append(issuer_id)
    if badge_id is not None:
        conditions += " AND grants.badge_id = ?"
        parameters.append(badge_id)
    if badge_ids is not None:
        conditions += f" AND grants.badge_id IN ({placeholders(len(badge_ids)) or 'NULL'})"
        parameters.extend(badge_ids)
    rows = await reader.all(
        "SELECT grants.id AS grant_id, grants.note_uri, grants.name, grants.profile, grants.actor_id, grants.handle,"
        " grants.processed_at, grants.expires_at, badges.title AS badge_title, images.sha256 AS image,"
        " issuers.name AS issuer_name, issuers.username AS issuer_username"
        " FROM grants JOIN badges ON badges.id = grants.badge_id JOIN issuers ON issuers.id = grants.issuer_id"
        f" JOIN images ON images.id = badges.image_id WHERE {conditions} ORDER BY grants.id DESC LIMIT ?",
        *parameters,
        limit,
    )
    return [_shown(row) for row in rows]


async def list_badge_cards(reader: Reader, issuer_id: int, *, limit: int) -> list[BadgeCard]:
    """The active badges of an issuer, newest first."""
    rows = await reader.all(
        "SELECT badges.id, badges.title, badges.badge_type, badges.description, images.sha256 AS image"
        " FROM badges JOIN images ON images.id = badges.image_id"
        " WHERE badges.issuer_id = ? AND badges.is_active = 1 ORDER BY badges.id DESC LIMIT ?",
        issuer_id,
        limit,
    )
    return [BadgeCard(**{name: row[name] for name in _CARD}) for row in rows]
