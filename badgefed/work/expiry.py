"""The job `expire`: every minute, the grants that have expired are told of, each once."""

from __future__ import annotations

from badgefed.model.grant import Status
from badgefed.model.times import MINUTE
from badgefed.model.webhook import Event
from badgefed.store import expiries, jobs
from badgefed.store.database import Transaction
from badgefed.store.jobs import Job, JobKind, Priority
from badgefed.work import webhooks
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services

EVERY = MINUTE
BATCH = 100
UNIQUE_KEY = "expire"
LIVE = frozenset({Status.PENDING, Status.ACCEPTED, Status.PROCESSED})


async def schedule_expiry(services: Services) -> None:
    """Sees to it that the job is in the queue."""
    now = services.clock()
    await services.database.write(lambda tx: _add_job(tx, now, not_before=now))


async def expire(services: Services, job: Job) -> None:
    """Tells of those that were pending or accepted, in transactions of at most a hundred, and puts the job back."""
    now = services.clock()
    while await services.database.write(lambda tx: _tell(tx, now)) == BATCH:
        continue

    async def finish(tx: Transaction) -> None:
        if not await jobs.finish_job(tx, job):
            raise LeaseLost(job)
        await _add_job(tx, now, not_before=now + EVERY)

    await services.database.write(finish)


async def _tell(tx: Transaction, now: int) -> int:
    found = await expiries.take_expired(tx, now=now, limit=BATCH)
    for grant in found:
        if grant.status in LIVE:
            await webhooks.emit_grant(tx, Event.GRANT_EXPIRED, grant, now=now)
    return len(found)


async def _add_job(tx: Transaction, now: int, *, not_before: int) -> None:
    await jobs.add_job(
        tx,
        JobKind.EXPIRE,
        now=now,
        not_before=not_before,
        priority=Priority.BACKGROUND,
        unique_key=UNIQUE_KEY,
    )
