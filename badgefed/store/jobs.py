"""Jobs: work that a fact caused, committed together with the fact.

A claimed job is leased by moving its `not_before` forward; that and its `attempt` are the lease's token. Whoever finishes it
with an older token changes nothing, because the lease had expired and another worker has it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from badgefed.store.database import Reader, Row, Transaction, placeholders


class JobKind(StrEnum):
    """`notify` tells the recipient by DM, `mail` sends a mail, `process` signs and publishes an accepted grant, `sign` signs one before, `fan_out`
    turns an activity into deliveries, `check_actor` finds out whether an inbox's actor is gone, `code` sends a profile the code that proves
    it, `account_mail` writes to people with an account, `republish` updates the Note of a processed grant, `status_list` signs a status list anew, `sign_in` sends a
    holder the link that signs them in, `bulk` grants some rows of a list, `webhook` sends an endpoint what is due there, `expire` notices grants
    that have expired, `erase` forgets a holder, `domain` looks whether a verified domain is so still, `clean` drops what is old."""

    NOTIFY = "notify"
    MAIL = "mail"
    PROCESS = "process"
    SIGN = "sign"
    FAN_OUT = "fan_out"
    CHECK_ACTOR = "check_actor"
    CODE = "code"
    ACCOUNT_MAIL = "account_mail"
    REPUBLISH = "republish"
    STATUS_LIST = "status_list"
    SIGN_IN = "sign_in"
    BULK = "bulk"
    WEBHOOK = "webhook"
    EXPIRE = "expire"
    ERASE = "erase"
    DOMAIN = "domain"
    CLEAN = "clean"


class Priority(IntEnum):
    """Lower goes first, for jobs and deliveries alike."""

    PERSON = 0
    PUBLIC = 1
    CHANGE = 2
    BACKGROUND = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A leased job. `attempt` counts from 1."""

    id: int
    kind: JobKind
    payload: Mapping[str, Any]
    grant_id: int | None
    attempt: int
    leased_until: int
    created_at: int


def _job(row: Row) -> Job:
    return Job(
        id=row["id"],
        kind=JobKind(row["kind"]),
        payload=json.loads(row["payload"]),
        grant_id=row["grant_id"],
        attempt=row["attempt"],
        leased_until=row["not_before"],
        created_at=row["created_at"],
    )


_LEASED = "id = ? AND attempt = ? AND not_before = ?"


async def add_job(
    tx: Transaction,
    kind: JobKind,
    *,
    now: int,
    payload: Mapping[str, Any] | None = None,
    grant_id: int | None = None,
    priority: Priority = Priority.PERSON,
    not_before: int | None = None,
    unique_key: str | None = None,
) -> None:
    """Nothing happens where a job with this `unique_key` waits already, but that nobody releases the key before our commit."""
    await tx.execute(
        "INSERT INTO jobs (kind, payload, unique_key, grant_id, state, priority, attempt, not_before, created_at)"
        " VALUES (?, ?, ?, ?, 'ready', ?, 0, ?, ?) ON CONFLICT (unique_key)"
        " DO UPDATE SET unique_key = EXCLUDED.unique_key",
        kind,
        _encode(payload or {}),
        unique_key,
        grant_id,
        int(priority),
        now if not_before is None else not_before,
        now,
    )


async def add_or_hasten(
    tx: Transaction, kind: JobKind, *, unique_key: str, payload: Mapping[str, Any], not_before: int, now: int
) -> None:
    """A job of the priority `CHANGE`; where one with this `unique_key` waits for later, it goes at `not_before` already."""
    await tx.execute(
        "INSERT INTO jobs (kind, payload, unique_key, grant_id, state, priority, attempt, not_before, created_at)"
        " VALUES (?, ?, ?, NULL, 'ready', ?, 0, ?, ?) ON CONFLICT (unique_key) DO UPDATE SET not_before = CASE"
        " WHEN jobs.attempt = 0 AND jobs.not_before > EXCLUDED.not_before THEN EXCLUDED.not_before"
        " ELSE jobs.not_before END",
        kind,
        _encode(payload),
        unique_key,
        int(Priority.CHANGE),
        not_before,
        now,
    )


async def claim_jobs(tx: Transaction, *, limit: int, now: int, lease: int) -> list[Job]:
    """Up to `limit` due jobs, leased for `lease` microseconds, the most urgent first."""
    rows = await tx.all(
        "UPDATE jobs SET attempt = attempt + 1, not_before = ? WHERE id IN ("
        "SELECT id FROM jobs WHERE state = 'ready' AND not_before <= ? ORDER BY priority, not_before LIMIT ?"
        f" {tx.dialect.skip_locked}) RETURNING *",
        now + lease,
        now,
        limit,
    )
    return sorted((_job(row) for row in rows), key=lambda job: job.id)


async def finish_job(tx: Transaction, job: Job) -> bool:
    """False if the lease was lost meanwhile; then the caller must undo what it wrote in this transaction."""
    return await tx.execute(f"DELETE FROM jobs WHERE {_LEASED}", job.id, job.attempt, job.leased_until) == 1


async def release_key(tx: Transaction, job: Job) -> bool:
    """Lets another job with the `unique_key` of this one be added while this one is worked on. False as in `finish_job`.

    For work that reads the facts after this commit: a fact that comes later brings a job of its own.
    """
    changed = await tx.execute(
        f"UPDATE jobs SET unique_key = NULL WHERE {_LEASED}", job.id, job.attempt, job.leased_until
    )
    return changed == 1


async def continue_job(tx: Transaction, job: Job, *, payload: Mapping[str, Any], not_before: int) -> bool:
    """Puts the job back with what is left to do, its attempts forgotten. False as in `finish_job`."""
    changed = await tx.execute(
        f"UPDATE jobs SET payload = ?, attempt = 0, not_before = ? WHERE {_LEASED}",
        _encode(payload),
        not_before,
        job.id,
        job.attempt,
        job.leased_until,
    )
    return changed == 1


async def retry_job(tx: Transaction, job: Job, *, not_before: int, error: str) -> None:
    await tx.execute(
        f"UPDATE jobs SET not_before = ?, last_error = ? WHERE {_LEASED}",
        not_before,
        error[:500],
        job.id,
        job.attempt,
        job.leased_until,
    )


async def fail_job(tx: Transaction, job: Job, *, error: str) -> None:
    """Gives the job up; it stays in the table for people to see."""
    await tx.execute(
        f"UPDATE jobs SET state = 'failed', unique_key = NULL, last_error = ? WHERE {_LEASED}",
        error[:500],
        job.id,
        job.attempt,
        job.leased_until,
    )


async def drop_unique(tx: Transaction, unique_key: str) -> Mapping[str, Any] | None:
    """Forgets a waiting job, also one that is being worked on, and returns its payload; None if there is none."""
    row = await tx.one("DELETE FROM jobs WHERE unique_key = ? RETURNING payload", unique_key)
    return json.loads(row["payload"]) if row else None


async def amend_unique(tx: Transaction, unique_key: str, **values: str) -> None:
    """Adds values to the payload of a job that waits."""
    row = await tx.one("SELECT payload FROM jobs WHERE unique_key = ?", unique_key)
    if row is not None:
        payload = {**json.loads(row["payload"]), **values}
        await tx.execute("UPDATE jobs SET payload = ? WHERE unique_key = ?", _encode(payload), unique_key)


async def exist_unique(reader: Reader, unique_keys: Collection[str]) -> bool:
    """Whether a job with any of these keys waits or is being worked on."""
    if not unique_keys:
        return False
    row = await reader.one(
        f"SELECT 1 AS found FROM jobs WHERE unique_key IN ({placeholders(len(unique_keys))}) LIMIT 1",
        *unique_keys,
    )
    return row is not None


async def revive_jobs_of_grant(tx: Transaction, grant_id: int, *kinds: JobKind, now: int) -> int:
    """Gives jobs that were given up another full round of attempts; returns how many."""
    return await tx.execute(
        "UPDATE jobs SET state = 'ready', attempt = 0, not_before = ?"
        f" WHERE grant_id = ? AND state = 'failed' AND kind IN ({placeholders(len(kinds))})",
        now,
        grant_id,
        *kinds,
    )


async def drop_jobs_of_grant(tx: Transaction, grant_id: int, *kinds: JobKind) -> None:
    """Forgets what has become pointless, e.g. the notification of a revoked grant."""
    for kind in kinds:
        await tx.execute(
            "DELETE FROM jobs WHERE grant_id = ? AND kind = ? AND state = 'ready'", grant_id, kind
        )


async def count_waiting(reader: Reader) -> dict[tuple[str, str], int]:
    """How many jobs there are, by kind and state (`ready` or `failed`)."""
    rows = await reader.all("SELECT kind, state, COUNT(*) AS n FROM jobs GROUP BY kind, state")
    return {(row["kind"], row["state"]): row["n"] for row in rows}


async def delete_failed(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets jobs made before this instant that were given up."""
    return await tx.execute(
        "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = 'failed' AND created_at < ? LIMIT ?)",
        before,
        limit,
    )


def _encode(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, separators=(",", ":"))
