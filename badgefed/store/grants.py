"""Grants, and the moves of their lifecycle."""

from __future__ import annotations

from dataclasses import fields

from badgefed.model.grant import Grant, ProofKind, Status, sources
from badgefed.model.visibility import Visibility
from badgefed.store.database import Reader, Row, Transaction, Value, placeholders

_NAMES = [field.name for field in fields(Grant)]


def _grant(row: Row) -> Grant:
    values = {name: row[name] for name in _NAMES}
    values["status"] = Status(values["status"])
    values["visibility"] = Visibility(values["visibility"])
    values["proof_kind"] = ProofKind(values["proof_kind"]) if values["proof_kind"] else None
    return Grant(**values)


async def add_grant(
    tx: Transaction,
    *,
    uuid: str,
    code: str,
    organization_id: int,
    issuer_id: int,
    badge_id: int,
    note_id: str,
    note_uri: str,
    active_recipient: str | None,
    name: str | None,
    profile: str | None,
    actor_id: str | None,
    email: str | None,
    evidence: str | None,
    granted_by: str | None,
    expires_at: int | None,
    now: int,
) -> Grant | None:
    """A pending grant; None if this recipient has a grant of this badge that stands in its way."""
    row = await tx.one(
        "INSERT INTO grants (uuid, code, organization_id, issuer_id, badge_id, note_id, note_uri, status, visibility,"
        " active_recipient, name, profile, actor_id, email, evidence, granted_by, issued_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', 'public', ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (badge_id, active_recipient) WHERE active_recipient IS NOT NULL DO NOTHING RETURNING *",
        uuid,
        code,
        organization_id,
        issuer_id,
        badge_id,
        note_id,
        note_uri,
        active_recipient,
        name,
        profile,
        actor_id,
        email,
        evidence,
        granted_by,
        now,
        expires_at,
    )
    return _grant(row) if row else None


async def find_active_grant(reader: Reader, badge_id: int, recipients: tuple[str, ...]) -> Grant | None:
    """The grant of this badge that stands for a recipient known by any of these names."""
    row = await reader.one(
        f"SELECT * FROM grants WHERE badge_id = ? AND active_recipient IN ({placeholders(len(recipients))})"
        " ORDER BY id LIMIT 1",
        badge_id,
        *recipients,
    )
    return _grant(row) if row else None


async def find_grant(reader: Reader, grant_id: int) -> Grant | None:
    row = await reader.one("SELECT * FROM grants WHERE id = ?", grant_id)
    return _grant(row) if row else None


async def find_grant_by_note_id(reader: Reader, note_id: str) -> Grant | None:
    """By the last segment of its Note's id."""
    row = await reader.one("SELECT * FROM grants WHERE note_id = ?", note_id)
    return _grant(row) if row else None


async def find_grant_by_note_uri(reader: Reader, note_uri: str) -> Grant | None:
    row = await reader.one("SELECT * FROM grants WHERE note_uri = ?", note_uri)
    return _grant(row) if row else None


async def find_grant_by_uuid(reader: Reader, uuid: str) -> Grant | None:
    row = await reader.one("SELECT * FROM grants WHERE uuid = ?", uuid)
    return _grant(row) if row else None


async def list_listed_grants(
    reader: Reader, issuer_id: int, *, before: int | None = None, badge_id: int | None = None, limit: int = 20
) -> list[Grant]:
    """Processed public grants of an issuer, newest first by id, those with an id below `before`."""
    conditions = "issuer_id = ? AND status = 'processed' AND visibility = 'public'"
    parameters: list[Value] = [issuer_id]
    if before is not None:
        conditions += " AND id < ?"
        parameters.append(before)
    if badge_id is not None:
        conditions += " AND badge_id = ?"
        parameters.append(badge_id)
    rows = await reader.all(
        f"SELECT * FROM grants WHERE {conditions} ORDER BY id DESC LIMIT ?", *parameters, limit
    )
    return [_grant(row) for row in rows]


async def count_listed_grants(reader: Reader, issuer_id: int | None = None) -> int:
    """Processed public grants of an issuer, or of all."""
    if issuer_id is None:
        row = await reader.one(
            "SELECT COUNT(*) AS n FROM grants WHERE status = 'processed' AND visibility = 'public'"
        )
    else:
        row = await reader.one(
            "SELECT COUNT(*) AS n FROM grants WHERE issuer_id = ? AND status = 'processed' AND visibility = 'public'",
            issuer_id,
        )
    return int(row["n"]) if row else 0


async def count_active_issuers(reader: Reader, *, since: int) -> int:
    """Issuers with a public grant that was processed at `since` or later."""
    row = await reader.one(
        "SELECT COUNT(*) AS n FROM issuers WHERE deleted_at IS NULL AND EXISTS (SELECT 1 FROM grants"
        " WHERE issuer_id = issuers.id AND status = 'processed' AND visibility = 'public' AND processed_at >= ?)",
        since,
    )
    return int(row["n"]) if row else 0


async def move_grant(tx: Transaction, grant_id: int, to: Status, **columns: Value) -> Grant | None:
    """Moves the grant to a state that its lifecycle allows from where it is, and sets columns along with it.

    None if it is in no such state: somebody else was first.
    """
    allowed = sources(to)
    assignments = "".join(f", {name} = ?" for name in columns)
    row = await tx.one(
        f"UPDATE grants SET status = ?{assignments} WHERE id = ? AND status IN ({placeholders(len(allowed))}) RETURNING *",
        to,
        *columns.values(),
        grant_id,
        *allowed,
    )
    return _grant(row) if row else None


async def set_recipient_actor(
    tx: Transaction, grant_id: int, *, actor_id: str, handle: str | None, aliases: tuple[str, ...]
) -> None:
    """Notes which actor the recipient's profile turned out to be; from now on the actor id names the recipient.

    Where the actor holds another grant of this badge under its id, this one keeps the name that it was granted under.
    """
    await tx.execute("UPDATE grants SET actor_id = ?, handle = ? WHERE id = ?", actor_id, handle, grant_id)
    await tx.execute(
        "UPDATE grants SET active_recipient = ? WHERE id = ?"
        f" AND active_recipient IN ({placeholders(len(aliases))}) AND NOT EXISTS ("
        "SELECT 1 FROM grants AS other WHERE other.badge_id = grants.badge_id AND other.active_recipient = ?)",
        actor_id,
        grant_id,
        *aliases,
        actor_id,
    )


async def bind_profile(tx: Transaction, grant_id: int, *, actor_id: str, handle: str | None) -> Grant | None:
    """A processed grant that named an e-mail address only, now with the profile that its recipient proved to have.

    None if it is in another state, or names a profile. The e-mail address goes on naming the recipient.
    """
    row = await tx.one(
        "UPDATE grants SET profile = ?, actor_id = ?, handle = ?"
        " WHERE id = ? AND status = 'processed' AND profile IS NULL AND actor_id IS NULL RETURNING *",
        actor_id,
        actor_id,
        handle,
        grant_id,
    )
    return _grant(row) if row else None
