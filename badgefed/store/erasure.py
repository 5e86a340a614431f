"""Forgetting a recipient: what the store has about the person behind a grant goes, that there was a grant stays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from badgefed.model.bulk import RowContent
from badgefed.model.grant import Grant
from badgefed.store import remote_actors
from badgefed.store.database import Reader, Row, Transaction, placeholders
from badgefed.store.grants import read_grant
from badgefed.store.search import contains

_OF_GRANT = ("documents", "messages", "profile_challenges", "share_cards", "interactions", "quotes", "jobs")
_PERSONAL = (
    "name",
    "profile",
    "actor_id",
    "handle",
    "email",
    "evidence",
    "details",
    "proof",
    "fingerprint",
    "active_recipient",
    "suspended_at",
    "suspended_reason",
)
_OF_ACTOR = ("interactions", "quotes", "reports")
_PERSONAL_DETAILS = ("recipient", "reason")
_NO_RECIPIENT = {"name": None, "email": None, "profileUri": None, "actor": None}


async def list_named(reader: Reader, profiles: Sequence[str], *, limit: int) -> list[Grant]:
    """Grants to profiles under these very spellings, in lower case: those whose actor was never found have nothing else."""
    rows = await reader.all(
        f"SELECT * FROM grants WHERE profile IS NOT NULL AND LOWER(profile) IN ({placeholders(len(profiles)) or 'NULL'})"
        " ORDER BY id LIMIT ?",
        *profiles,
        limit,
    )
    return [read_grant(row) for row in rows]


async def clear_grant(tx: Transaction, grant_id: int, *, reason: str, now: int) -> Grant:
    """The revoked grant without its recipient. Its status entry stays, and what is sent to take it back."""
    for table in _OF_GRANT:
        await tx.execute(f"DELETE FROM {table} WHERE grant_id = ?", grant_id)
    sent = "SELECT id FROM activities WHERE grant_id = ? AND activity_type <> 'Delete'"
    await tx.execute(f"DELETE FROM deliveries WHERE activity_id IN ({sent})", grant_id)
    await tx.execute("DELETE FROM activities WHERE grant_id = ? AND activity_type <> 'Delete'", grant_id)
    row = await tx.one(
        f"UPDATE grants SET status = 'revoked', {', '.join(f'{name} = NULL' for name in _PERSONAL)},"
        " closed_at = COALESCE(closed_at, ?), closed_reason = ? WHERE id = ? RETURNING *",
        now,
        reason,
        grant_id,
    )
    if row is None:
        raise LookupError(f"grant {grant_id}")
    return read_grant(row)


async def clear_deletes(tx: Transaction, grant_id: int, actor_id: str) -> None:
    """What takes the grant's Notes back names its recipient no more; it goes where it went."""
    rows = await tx.all(
        "SELECT id, body FROM activities WHERE grant_id = ? AND activity_type = 'Delete'", grant_id
    )
    for row in rows:
        activity = json.loads(row["body"])
        for field in ("to", "cc"):
            activity[field] = [name for name in activity[field] if name != actor_id]
        body = json.dumps(activity, ensure_ascii=False).encode()
        await tx.execute("UPDATE activities SET body = ? WHERE id = ?", body, row["id"])


async def clear_copies(tx: Transaction, grant_id: int) -> None:
    """The recipient's name and addresses in the log, in lists that were granted, and in what webhooks were sent."""
    await tx.execute(
        "UPDATE bulk_rows SET content = ?, reason = NULL WHERE grant_id = ?", _no_content(), grant_id
    )
    await _clear_webhooks(tx, grant_id)
    rows = await tx.all(
        "SELECT id, details FROM audit_log WHERE target_id = ? AND action LIKE 'grant.%'", grant_id
    )
    for row in rows:
        details = json.loads(row["details"])
        kept = {name: value for name, value in details.items() if name not in _PERSONAL_DETAILS}
        await tx.execute("UPDATE audit_log SET details = ? WHERE id = ?", _encode(kept), row["id"])


async def _clear_webhooks(tx: Transaction, grant_id: int) -> None:
    """Events that wait are sent without the recipient; what receivers answered may have named them."""
    rows = await tx.all("SELECT id, body FROM webhook_deliveries WHERE grant_id = ?", grant_id)
    for row in rows:
        await tx.execute(
            "UPDATE webhook_deliveries SET body = ?, answer = NULL WHERE id = ?",
            _without_recipient(row),
            row["id"],
        )


def _without_recipient(row: Row) -> bytes:
    event: dict[str, Any] = json.loads(row["body"])
    grant = {**event["data"]["grant"], "recipient": _NO_RECIPIENT, "reason": None, "fingerprint": None}
    return _encode({**event, "data": {**event["data"], "grant": grant}}).encode()


async def clear_lists(tx: Transaction, *, emails: Iterable[str], profiles: Iterable[str]) -> None:
    """Rows of lists that named the person and came to no grant."""
    named = [f'"email":{_encode(email)}' for email in emails]
    named += [f'"profile":{_encode(profile)}' for profile in profiles]
    for text in named:
        condition, parameters = contains(tx.dialect, ("content",), text)
        await tx.execute(
            f"UPDATE bulk_rows SET content = ?, reason = NULL WHERE {condition}", _no_content(), *parameters
        )


async def clear_actors(tx: Transaction, actor_ids: Sequence[str]) -> None:
    """What these profiles did with badges here, and what is known of them."""
    marks = placeholders(len(actor_ids)) or "NULL"
    for table in _OF_ACTOR:
        await tx.execute(f"DELETE FROM {table} WHERE actor_id IN ({marks})", *actor_ids)
    for actor_id in actor_ids:
        await forget_actor(tx, actor_id)


async def forget_actor(tx: Transaction, actor_id: str) -> None:
    """Drops what is known of a profile that follows nobody here and has no badges here."""
    needed = await tx.one(
        "SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM followers WHERE actor_id = ?)"
        " OR EXISTS (SELECT 1 FROM grants WHERE actor_id = ?)",
        actor_id,
        actor_id,
    )
    if needed is None:
        await remote_actors.delete_actor(tx, actor_id)


async def clear_requests(tx: Transaction, identities: Iterable[str]) -> None:
    """Jobs that were to send links to these addresses and profiles."""
    for identity in identities:
        condition, parameters = contains(tx.dialect, ("payload",), f'"identity":{json.dumps(identity)}')
        await tx.execute(f"DELETE FROM jobs WHERE kind = 'sign_in' AND {condition}", *parameters)


async def delete_imports(tx: Transaction, holder_id: int) -> list[int]:
    """Forgets what the holder brought along; returns the ids of its pictures, which may be others' too."""
    rows = await tx.all("DELETE FROM external_badges WHERE holder_id = ? RETURNING image_id", holder_id)
    return sorted({row["image_id"] for row in rows if row["image_id"] is not None})


def _no_content() -> str:
    return msgspec.json.encode(RowContent()).decode()


def _encode(value: Mapping[str, Any] | str) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
