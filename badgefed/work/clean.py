"""The job `clean`: every hour, what is old goes, a little at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from badgefed.model.times import DAY, HOUR
from badgefed.store import (
    account_links,
    activities,
    bulk,
    bulk_drafts,
    deliveries,
    holders,
    hosts,
    idempotency,
    inbox_log,
    jobs,
    oauth_apps,
    oauth_sign_ins,
    picture_drafts,
    sessions,
    share_cards,
    throttles,
    webhook_deliveries,
    webhooks,
)
from badgefed.store.database import Transaction
from badgefed.store.jobs import Job, JobKind, Priority
from badgefed.work.leases import LeaseLost
from badgefed.work.retries import BREAKER_FAILURES
from badgefed.work.services import Services

EVERY = HOUR
KEPT_FOR_DEAD_HOSTS = 7 * DAY
KEPT_HOSTS = 7 * DAY
KEPT_VOIDS = 7 * DAY
KEPT_FAILURES = 30 * DAY
KEPT_PRIVATE_ACTIVITIES = 30 * DAY
KEPT_INBOX_LOG = 30 * DAY
KEPT_ANSWERS = DAY
KEPT_SHARE_CARDS = 30 * DAY
KEPT_OAUTH_APPS = 90 * DAY
KEPT_LINKS = DAY
KEPT_BULKS = 90 * DAY
KEPT_DRAFTS = DAY
KEPT_WEBHOOK_DELIVERIES = 30 * DAY
BATCH = 1000
UNIQUE_KEY = "clean"


async def schedule_cleaning(services: Services) -> None:
    """Sees to it that the job is in the queue."""
    now = services.clock()
    await services.database.write(lambda tx: _add_job(tx, now, not_before=now))


async def clean(services: Services, job: Job) -> None:
    """Deletes in transactions of at most a thousand rows, and puts the job back for the next hour."""
    for purge in _purges(services.clock()):
        while await services.database.write(partial(purge, limit=BATCH)) == BATCH:
            continue

    async def finish(tx: Transaction) -> None:
        if not await jobs.finish_job(tx, job):
            raise LeaseLost(job)
        now = services.clock()
        await _add_job(tx, now, not_before=now + EVERY)

    await services.database.write(finish)


async def _add_job(tx: Transaction, now: int, *, not_before: int) -> None:
    await jobs.add_job(
        tx,
        JobKind.CLEAN,
        now=now,
        not_before=not_before,
        priority=Priority.BACKGROUND,
        unique_key=UNIQUE_KEY,
    )


def _purges(now: int) -> list[Callable[..., Awaitable[int]]]:
    """What to delete: functions of a transaction and a `limit`, which return how many rows they changed."""
    return [
        partial(deliveries.give_up, failures=BREAKER_FAILURES, before=now - KEPT_FOR_DEAD_HOSTS),
        partial(deliveries.delete_closed, state="void", before=now - KEPT_VOIDS),
        partial(deliveries.delete_closed, state="failed", before=now - KEPT_FAILURES),
        partial(hosts.delete_idle, before=now - KEPT_HOSTS),
        partial(activities.delete_private, before=now - KEPT_PRIVATE_ACTIVITIES),
        partial(jobs.delete_failed, before=now - KEPT_FAILURES),
        partial(inbox_log.delete_old, before=now - KEPT_INBOX_LOG),
        partial(idempotency.delete_answers, before=now - KEPT_ANSWERS),
        partial(share_cards.delete_cards, before=now - KEPT_SHARE_CARDS),
        partial(oauth_apps.delete_unused, before=now - KEPT_OAUTH_APPS),
        partial(oauth_sign_ins.delete_expired, before=now),
        partial(holders.delete_expired_links, before=now - KEPT_LINKS),
        partial(holders.delete_expired_sessions, before=now),
        partial(sessions.delete_expired, now=now),
        partial(bulk.delete_old_rows, before=now - KEPT_BULKS),
        partial(bulk.delete_old, before=now - KEPT_BULKS),
        partial(bulk_drafts.delete_old, before=now - KEPT_DRAFTS),
        partial(picture_drafts.delete_old, before=now - KEPT_DRAFTS),
        partial(webhook_deliveries.delete_old, before=now - KEPT_WEBHOOK_DELIVERIES),
        webhooks.delete_forgotten,
        partial(account_links.delete_old_links, before=now - KEPT_LINKS),
        partial(throttles.delete_old, before=now - throttles.FORGOTTEN_AFTER),
    ]
