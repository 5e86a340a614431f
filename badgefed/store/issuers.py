"""Issuers."""

from __future__ import annotations

from dataclasses import fields

from badgefed.model.identifiers import new_uuid
from badgefed.model.issuer import ActorType, Issuer
from badgefed.model.visibility import Posting
from badgefed.store.database import Reader, Row, Transaction

_NAMES = [field.name for field in fields(Issuer)]


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
    now: int,
) -> Issuer | None:
    """None if the username is taken, also by one that was deleted: an actor id is never given twice."""
    row = await tx.one(
        "INSERT INTO issuers (uuid, organization_id, username, actor_id, actor_type, name, summary, url, email, colour,"
        " posting, image_id, image_generated, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (username) DO NOTHING RETURNING *",
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
        now,
        now,
    )
    return _issuer(row) if row else None
