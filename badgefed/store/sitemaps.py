"""What search engines may list, in parts by id: a part keeps its members, however many are added."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from badgefed.store.database import Reader
from badgefed.store.showcase import IS_SHOWN

PART = 2000


class Kind(StrEnum):
    ISSUERS = "issuers"
    BADGES = "badges"
    AWARDS = "awards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`number` begins with 0; `changed_at` is when something in it last did."""

    kind: Kind
    number: int
    changed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`name` is an actor's id, a badge's id, or the id of a Note."""

    name: str
    changed_at: int


_SELECTS = {
    Kind.ISSUERS: (
        "issuers.actor_id AS name, issuers.updated_at AS changed_at",
        "issuers.id",
        "FROM issuers WHERE issuers.deleted_at IS NULL AND issuers.verified_at IS NOT NULL",
    ),
    Kind.BADGES: (
        "badges.id AS name, badges.updated_at AS changed_at",
        "badges.id",
        "FROM badges JOIN issuers ON issuers.id = badges.issuer_id"
        " WHERE badges.is_active = 1 AND issuers.deleted_at IS NULL",
    ),
    Kind.AWARDS: (
        "grants.note_uri AS name, grants.processed_at AS changed_at",
        "grants.id",
        f"FROM grants JOIN issuers ON issuers.id = grants.issuer_id WHERE {IS_SHOWN} AND issuers.deleted_at IS NULL",
    ),
}


async def list_parts(reader: Reader) -> list[Part]:
    """Those that have something in them."""
    found = []
    for kind, (columns, key, source) in _SELECTS.items():
        rows = await reader.all(
            f"SELECT part, MAX(changed_at) AS changed_at FROM (SELECT {columns}, {key} / {PART} AS part {source})"
            " AS listed GROUP BY part ORDER BY part"
        )
        found += [Part(kind=kind, number=row["part"], changed_at=row["changed_at"]) for row in rows]
    return found


async def list_part(reader: Reader, kind: Kind, number: int) -> list[Listed]:
    """The members of a part, by their ids; none of one that is not there."""
    columns, key, source = _SELECTS[kind]
    rows = await reader.all(
        f"SELECT {columns} {source} AND {key} >= ? AND {key} < ? ORDER BY {key}",
        number * PART,
        (number + 1) * PART,
    )
    return [Listed(name=str(row["name"]), changed_at=row["changed_at"]) for row in rows]
