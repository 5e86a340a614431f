"""Grants, and the moves of their lifecycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import msgspec

from badgefed.model.grant import NO_DETAILS, Details, Grant, ProofKind, Status, sources
from badgefed.model.visibility import Visibility
from badgefed.store.database import Reader, Row, Transaction, Value, placeholders

_NAMES = [field.name for field in fields(Grant)]


def read_grant(row: Row) -> Grant:
    """From a whole row of the table."""
    values: dict[str, Any] = {name: row[name] for name in _NAMES}
    values["status"] = Status(values["status"])
    values["visibility"] = Visibility(values["visibility"])
    values["proof_kind"] = ProofKind(values["proof_kind"]) if values["proof_kind"] else None
    details = values["details"]
    values["details"] = msgspec.json.decode(details, type=Details) if details else NO_DETAILS
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
    details: Details = NO_DETAILS,
    badge_version: int = 1,
    supersedes_id: int | None = None,
    issued_at: int,
) -> Grant | None:
    """A pending grant; None if this recipient has a grant of this badge that stands in its way."""
    row = await tx.one(
        "INSERT INTO grants (uuid, code, organization_id, issuer_id, badge_id, note_id, note_uri, status, visibility,"
        " active_recipient, name, profile, actor_id, email, evidence, granted_by, issued_at, expires_at,"
        " details, badge_version, supersedes_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', 'public', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
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
        issued_at,
        expires_at,
        None if details == NO_DETAILS else msgspec.json.encode(details).decode(),
        badge_version,
        supersedes_id,
    )
    return read_grant(row) if row else None


async def find_active_grant(reader: Reader, badge_id: int, recipients: tuple[str, ...]) -> Grant | None:
    """The grant of this badge that stands for a recipient known by any of these names."""
    row = await reader.one(
        f"SELECT * FROM grants WHERE badge_id = ? AND active_recipient IN ({placeholders(len(recipients))})"
        " ORDER BY id LIMIT 1",
        badge_id,
        *recipients,
    )
    return read_grant(row) if row else None


async def find_grant(reader: Reader, grant_id: int) -> Grant | None:
    row = await reader.one("SELECT * FROM grants WHERE id = ?", grant_id)
    return read_grant(row) if row else None


async def list_by_id(reader: Reader, ids: Sequence[int]) -> list[Grant]:
    """Those that are there, in no order."""
    rows = await reader.all(f"SELECT * FROM grants WHERE id IN ({placeholders(len(ids)) or 'NULL'})", *ids)
    return [read_grant(row) for row in rows]


async def find_grant_by_note_id(reader: Reader, note_id: str) -> Grant | None:
    """By the last segment of its Note's id."""
    row = await reader.one("SELECT * FROM grants WHERE note_id = ?", note_id)
    return read_grant(row) if row else None


async def find_grant_by_note_uri(reader: Reader, note_uri: str) -> Grant | None:
    row = await reader.one("SELECT * FROM grants WHERE note_uri = ?", note_uri)
    return read_grant(row) if row else None


async def find_grant_by_uuid(reader: Reader, uuid: str) -> Grant | None:
    row = await reader.one("SELECT * FROM grants WHERE uuid = ?", uuid)
    return read_grant(row) if row else None


async def find_grant_by_code(reader: Reader, code: str) -> Grant | None:
    """By its `CRD-` code, as it is stored: in upper case."""
    row = await reader.one("SELECT * FROM grants WHERE code = ?", code)
    return read_grant(row) if row else None


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
    return [read_grant(row) for row in rows]


async def count_listed_grants(reader: Reader, issuer_id: int) -> int:
    """Processed public grants of an issuer."""
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
    return read_grant(row) if row else None


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
    return read_grant(row) if row else None


async def set_visibility(
    tx: Transaction, grant: Grant, visibility: Visibility, *, note_id: str, note_uri: str
) -> Grant | None:
    """The processed grant as its recipient wants it to be seen from now on; None if it isn't what `grant` says any more."""
    row = await tx.one(
        "UPDATE grants SET visibility = ?, note_id = ?, note_uri = ?"
        " WHERE id = ? AND status = 'processed' AND visibility = ? AND note_uri = ? RETURNING *",
        visibility,
        note_id,
        note_uri,
        grant.id,
        grant.visibility,
        grant.note_uri,
    )
    return read_grant(row) if row else None


async def hold_note(tx: Transaction, grant: Grant) -> bool:
    """Until this transaction ends nobody publishes or withdraws the grant's Note; False if it isn't this one any more."""
    changed = await tx.execute(
        "UPDATE grants SET note_uri = note_uri WHERE id = ? AND note_uri = ? AND status = 'processed'",
        grant.id,
        grant.note_uri,
    )
    return changed == 1


async def claim_fingerprint(tx: Transaction, grant_id: int, fingerprint: str) -> bool:
    """Says that these are the grant's signed documents; False if others are."""
    changed = await tx.execute(
        "UPDATE grants SET fingerprint = ? WHERE id = ? AND (fingerprint IS NULL OR fingerprint = ?)",
        fingerprint,
        grant_id,
        fingerprint,
    )
    return changed == 1


async def find_latest_grant(
    reader: Reader, badge_id: int, *, email: str | None, actor_id: str | None
) -> Grant | None:
    """The last grant of this badge to an e-mail address (in any case) or to an actor, in whatever state."""
    row = await reader.one(
        "SELECT * FROM grants WHERE badge_id = ? AND (LOWER(email) = ? OR actor_id = ?) ORDER BY id DESC LIMIT 1",
        badge_id,
        email.lower() if email else None,
        actor_id,
    )
    return read_grant(row) if row else None


async def find_successor(reader: Reader, grant_id: int) -> Grant | None:
    """The grant that renews this one."""
    row = await reader.one("SELECT * FROM grants WHERE supersedes_id = ?", grant_id)
    return read_grant(row) if row else None


async def release_recipient(tx: Transaction, grant_id: int) -> None:
    """From now on the grant stands in the way of no other."""
    await tx.execute("UPDATE grants SET active_recipient = NULL WHERE id = ?", grant_id)


async def suspend_grant(tx: Transaction, grant_id: int, *, reason: str, now: int) -> Grant | None:
    """None if the grant is not processed, or suspended already."""
    row = await tx.one(
        "UPDATE grants SET suspended_at = ?, suspended_reason = ?"
        " WHERE id = ? AND status = 'processed' AND suspended_at IS NULL RETURNING *",
        now,
        reason,
        grant_id,
    )
    return read_grant(row) if row else None


async def reinstate_grant(tx: Transaction, grant_id: int) -> Grant | None:
    """None if the grant is not suspended, or revoked."""
    row = await tx.one(
        "UPDATE grants SET suspended_at = NULL, suspended_reason = NULL"
        " WHERE id = ? AND status = 'processed' AND suspended_at IS NOT NULL RETURNING *",
        grant_id,
    )
    return read_grant(row) if row else None
