"""Issuers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from badgefed.model.identifiers import new_uuid
from badgefed.model.issuer import ActorType, Issuer
from badgefed.model.visibility import Posting
from badgefed.store.database import Reader, Row, Transaction, Value, placeholders

_NAMES = [field.name for field in fields(Issuer)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedIssuer:
    """`image` is the SHA-256 of its picture; `badges` counts the active ones, `followers` those who follow now."""

    issuer: Issuer
    image: str
    badges: int
    followers: int


def _issuer(row: Row) -> Issuer:
    values = {name: row[name] for name in _NAMES}
    values["actor_type"] = ActorType(values["actor_type"])
    values["posting"] = Posting(values["posting"])
    values["image_generated"] = bool(values["image_generated"])
    return Issuer(**values)


async def find_issuer(reader: Reader, username: str, *, with_deleted: bool = False) -> Issuer | None:
    """By username, whatever its case."""
    row = await reader.one("SELECT * FROM issuers WHERE username = ?", username.lower())
    return _issuer(row) if row and (with_deleted or row["deleted_at"] is None) else None


async def find_issuer_by_actor(reader: Reader, actor_id: str, *, with_deleted: bool = False) -> Issuer | None:
    row = await reader.one("SELECT * FROM issuers WHERE actor_id = ?", actor_id)
    return _issuer(row) if row and (with_deleted or row["deleted_at"] is None) else None


async def find_issuer_by_uuid(reader: Reader, uuid: str, *, with_deleted: bool = False) -> Issuer | None:
    row = await reader.one("SELECT * FROM issuers WHERE uuid = ?", uuid)
    return _issuer(row) if row and (with_deleted or row["deleted_at"] is None) else None


async def get_issuer(reader: Reader, issuer_id: int) -> Issuer:
    row = await reader.one("SELECT * FROM issuers WHERE id = ?", issuer_id)
    if row is None:
        raise LookupError(f"issuer {issuer_id}")
    return _issuer(row)


async def list_by_id(reader: Reader, ids: Sequence[int]) -> dict[int, Issuer]:
    """By id, deleted ones too."""
    rows = await reader.all(f"SELECT * FROM issuers WHERE id IN ({placeholders(len(ids)) or 'NULL'})", *ids)
    return {row["id"]: _issuer(row) for row in rows}


async def deleted_at(reader: Reader, username: str) -> int | None:
    """The instant at which the issuer was deleted; None if it lives or never was."""
    row = await reader.one("SELECT deleted_at FROM issuers WHERE username = ?", username.lower())
    return row["deleted_at"] if row else None


async def list_issuers(reader: Reader, *, organization_id: int | None = None) -> list[Issuer]:
    """Of one organization, or of all."""
    if organization_id is None:
        rows = await reader.all("SELECT * FROM issuers WHERE deleted_at IS NULL ORDER BY id")
    else:
        rows = await reader.all(
            "SELECT * FROM issuers WHERE organization_id = ? AND deleted_at IS NULL ORDER BY id",
            organization_id,
        )
    return [_issuer(row) for row in rows]


async def list_issuer_rows(reader: Reader, organization_id: int, *, limit: int) -> list[ListedIssuer]:
    """The organization's issuers by id, with what a list shows of each."""
    rows = await reader.all(
        "SELECT issuers.*, images.sha256,"
        " (SELECT COUNT(*) FROM badges WHERE badges.issuer_id = issuers.id AND badges.is_active = 1) AS badges,"
        " (SELECT COUNT(*) FROM followers WHERE followers.issuer_id = issuers.id AND followers.ended_at IS NULL) AS followers"
        " FROM issuers JOIN images ON images.id = issuers.image_id"
        " WHERE organization_id = ? AND deleted_at IS NULL ORDER BY issuers.id LIMIT ?",
        organization_id,
        limit,
    )
    return [
        ListedIssuer(
            issuer=_issuer(row), image=row["sha256"], badges=row["badges"], followers=row["followers"]
        )
        for row in rows
    ]


async def count_issuers(reader: Reader) -> int:
    row = await reader.one("SELECT COUNT(*) AS n FROM issuers WHERE deleted_at IS NULL")
    return int(row["n"]) if row else 0


async def add_issuer(
    tx: Transaction,
    *,
    organization_id: int,
    username: str,
    actor_id: str,
    actor_type: ActorType,
    name: str,
    summary: str,
    url: str | None,
    email: str | None,
    colour: str,
    posting: Posting,
    image_id: int,
    image_generated: bool,
    verified_at: int | None = None,
    linkedin_organization_id: str | None = None,
    now: int,
) -> Issuer | None:
    """None if the username is taken, also by one that was deleted: an actor id is never given twice."""
    row = await tx.one(
        "INSERT INTO issuers (uuid, organization_id, username, actor_id, actor_type, name, summary, url, email, colour,"
        " posting, image_id, image_generated, verified_at, linkedin_organization_id, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (username) DO NOTHING RETURNING *",
        new_uuid(now),
        organization_id,
        username,
        actor_id,
        actor_type,
        name,
        summary,
        url,
        email,
        colour,
        posting,
        image_id,
        int(image_generated),
        verified_at,
        linkedin_organization_id,
        now,
        now,
    )
    return _issuer(row) if row else None


async def edit_issuer(
    tx: Transaction, issuer_id: int, columns: dict[str, Value], *, only_unverified: bool, now: int
) -> Issuer | None:
    """None if the issuer is deleted or, where it must be unverified, verified."""
    assignments = "".join(f"{name} = ?, " for name in columns)
    condition = " AND verified_at IS NULL" if only_unverified else ""
    row = await tx.one(
        f"UPDATE issuers SET {assignments}updated_at = ? WHERE id = ? AND deleted_at IS NULL{condition} RETURNING *",
        *columns.values(),
        now,
        issuer_id,
    )
    return _issuer(row) if row else None


async def set_verified(tx: Transaction, issuer_id: int, *, email: str, now: int) -> Issuer | None:
    """None if it was verified before, is deleted, or has another address by now."""
    row = await tx.one(
        "UPDATE issuers SET verified_at = ?, updated_at = ?"
        " WHERE id = ? AND LOWER(email) = ? AND verified_at IS NULL AND deleted_at IS NULL RETURNING *",
        now,
        now,
        issuer_id,
        email.lower(),
    )
    return _issuer(row) if row else None


async def set_url_verified(tx: Transaction, issuer_id: int, *, url: str, now: int) -> bool:
    """False if the issuer has another website by now, or is deleted."""
    changed = await tx.execute(
        "UPDATE issuers SET url_verified_at = ? WHERE id = ? AND url = ? AND deleted_at IS NULL",
        now,
        issuer_id,
        url,
    )
    return changed == 1


async def is_unused(reader: Reader, issuer_id: int) -> bool:
    """Whether the issuer has no badge and no grant."""
    row = await reader.one(
        "SELECT 1 AS found FROM badges WHERE issuer_id = ?"
        " UNION ALL SELECT 1 AS found FROM grants WHERE issuer_id = ? LIMIT 1",
        issuer_id,
        issuer_id,
    )
    return row is None


async def delete_issuer(tx: Transaction, issuer_id: int, *, now: int) -> None:
    """Marks the issuer as deleted."""
    await tx.execute(
        "UPDATE issuers SET deleted_at = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL",
        now,
        now,
        issuer_id,
    )


async def count_extra_issuers(reader: Reader, *, organization_id: int) -> int:
    """Besides the default one, whose username is the organization's slug."""
    row = await reader.one(
        "SELECT COUNT(*) AS n FROM issuers JOIN organizations ON organizations.id = issuers.organization_id"
        " WHERE issuers.organization_id = ? AND issuers.deleted_at IS NULL AND issuers.username <> organizations.slug",
        organization_id,
    )
    return int(row["n"]) if row else 0
