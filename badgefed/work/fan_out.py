"""The job `fan_out`: an activity becomes one delivery for each distinct inbox behind which a follower is.

A page of inboxes and the place to go on from are written in one transaction, so that a crash loses and doubles nothing.
"""

from __future__ import annotations

from badgefed.model.times import SECOND
from badgefed.store import activities, followers, jobs
from badgefed.store.activities import Activity
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import Job
from badgefed.work.leases import LeaseLost
from badgefed.work.outbox import Target, enqueue, fan_out_key
from badgefed.work.services import Services

PAGE = 1000
WAIT = SECOND


async def fan_out(services: Services, job: Job) -> None:
    """Writes one page of deliveries. A deletion also goes to those who followed once."""

    async def write(tx: Transaction) -> None:
        if not await _advance(tx, job, services.clock()):
            raise LeaseLost(job)

    await services.database.write(write)


async def _advance(tx: Transaction, job: Job, now: int) -> bool:
    """Writes a page and puts the job back for the next one, or ends it; False if the lease was lost."""
    activity = await activities.get_activity(tx, job.payload["activity_id"])
    if activity is None:
        return await jobs.finish_job(tx, job)
    if job.payload["after"] == "" and await _must_wait(tx, activity):
        return await jobs.continue_job(tx, job, payload=job.payload, not_before=now + WAIT)
    last = await _write_page(tx, activity, job, now)
    if last is None:
        return await jobs.finish_job(tx, job)
    return await jobs.continue_job(tx, job, payload={**job.payload, "after": last}, not_before=now)


async def _write_page(tx: Transaction, activity: Activity, job: Job, now: int) -> str | None:
    """The last inbox of the page; None if there are no more after it."""
    page = await followers.list_inboxes(
        tx,
        activity.issuer_id or 0,
        after=job.payload["after"],
        until=job.payload.get("until"),
        with_former=activity.activity_type == "Delete",
        limit=PAGE,
    )
    await enqueue(
        tx,
        [Target(inbox=entry.inbox, is_paced=not entry.is_shared) for entry in page],
        uri=activity.uri,
        issuer_id=activity.issuer_id,
        activity_id=activity.id,
        ordering_key=job.payload["ordering_key"],
        priority=job.payload["priority"],
        now=now,
    )
    return page[-1].inbox if len(page) == PAGE else None


async def _must_wait(reader: Reader, activity: Activity) -> bool:
    """Whether an older activity about the same object is still being fanned out: its deliveries must be there first."""
    about = await activities.list_about(reader, activity.object_uri)
    keys = [fan_out_key(activity_id) for activity_id, _ in about if activity_id < activity.id]
    return await jobs.exist_unique(reader, keys)
