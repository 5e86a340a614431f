"""The job `check_actor`: an inbox answered that it is not there; is the actor behind it?

An actor that is gone (410, Tombstone) is forgotten at once, one that is not found (404) after a week. A shared inbox that is
no more is replaced by the inboxes of those behind it, an inbox that has moved by the new one.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from badgefed.errors import FetchFailed
from badgefed.model.actor import RemoteActor
from badgefed.model.times import DAY
from badgefed.protocol.signed_request import split_url
from badgefed.store import deliveries, followers, hosts, jobs, remote_actors
from badgefed.store.database import Transaction
from badgefed.store.jobs import Job, Priority
from badgefed.work import directory
from badgefed.work.directory import Found
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services

MISSING_FOR = 7 * DAY
MOST_ACTORS = 10

log = structlog.get_logger(__name__)


async def check_actor(services: Services, job: Job) -> None:
    """Asks for one of the actors behind the inbox, and has the job go on with the next one if that one is away."""
    inbox, after = job.payload["inbox"], job.payload.get("after", "")
    actor = await remote_actors.find_behind_inbox(services.database, inbox, after=after)
    if actor is None:
        await services.database.write(lambda tx: _finish(tx, job))
        return
    try:
        found = await directory.fetch_actor(services, actor.id)
    except FetchFailed as failure:
        status = failure.http_status or 0
        await services.database.write(lambda tx: _note_absence(tx, job, actor, status, services.clock()))
        return
    await services.database.write(lambda tx: _note_presence(tx, job, actor, found, services.clock()))
    services.key_cache.forget_owner(actor.id)


async def _finish(tx: Transaction, job: Job) -> None:
    if not await jobs.finish_job(tx, job):
        raise LeaseLost(job)


async def _note_absence(tx: Transaction, job: Job, actor: RemoteActor, status: int, now: int) -> None:
    """Anything but 404 and 410 tells nothing: the deliveries' own retries will ask again."""
    if status not in (404, 410):
        await _finish(tx, job)
        return
    since = now if status == 410 else await remote_actors.set_missing(tx, actor.id, now=now)
    if status == 410 or now - since >= MISSING_FOR:
        log.info("actor is gone", actor=actor.id, status=status)
        await remote_actors.delete_actor(tx, actor.id)
        if actor.shared_inbox != actor.inbox:
            await deliveries.delete_of_inbox(tx, split_url(actor.inbox)[1], actor.inbox)
    checked = job.payload.get("checked", 0) + 1
    if checked >= MOST_ACTORS:
        await _finish(tx, job)
        return
    rest = {**job.payload, "after": actor.id, "checked": checked}
    if not await jobs.continue_job(tx, job, payload=rest, not_before=now):
        raise LeaseLost(job)


async def _note_presence(tx: Transaction, job: Job, known: RemoteActor, found: Found, now: int) -> None:
    await _finish(tx, job)
    inbox, actor = job.payload["inbox"], found.actor
    if inbox == known.inbox:
        await deliveries.move_inbox(
            tx, split_url(inbox)[1], inbox, to_host=split_url(actor.inbox)[1], to_inbox=actor.inbox, now=now
        )
    else:
        await deliveries.move_to_personal_inboxes(tx, split_url(inbox)[1], inbox, now=now)
        await followers.use_personal_inboxes(tx, inbox)
    shared_inbox = None if inbox == actor.shared_inbox != actor.inbox else actor.shared_inbox
    await directory.store(tx, replace(found, actor=replace(actor, shared_inbox=shared_inbox)))
    await hosts.add_turns(tx, [(split_url(actor.inbox)[1], Priority.PUBLIC)], now=now)
