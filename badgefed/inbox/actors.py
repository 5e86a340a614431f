"""Actors that change or go. Their word counts about themselves only."""

from __future__ import annotations

from collections.abc import Mapping

from badgefed.errors import Gone, Invalid
from badgefed.inbox.activity import Received, Result
from badgefed.protocol.remote_actors import read_actor
from badgefed.store import interactions, jobs, quotes, remote_actors
from badgefed.store.database import Transaction
from badgefed.store.jobs import JobKind, Priority
from badgefed.work import directory
from badgefed.work.directory import Found


async def update_actor(tx: Transaction, received: Received) -> Result:
    """Takes over the embedded document; where there is none that will do, the worker is to fetch it."""
    document = received.activity.object
    if isinstance(document, Mapping):
        try:
            actor, keys = read_actor(document, url=received.actor_id, now=received.received_at)
        except (Invalid, Gone):
            return await _look_later(tx, received)
        await directory.store(tx, Found(actor=actor, keys=directory.own_keys(actor, keys)))
        return Result.DONE
    return await _look_later(tx, received)


async def delete_actor(tx: Transaction, received: Received) -> Result:
    """Forgets the actor, its follows and what it said and did here. Badges that it was granted stay."""
    await interactions.delete_interactions_of(tx, [received.actor_id])
    await quotes.delete_quotes_of(tx, [received.actor_id])
    await remote_actors.delete_actor(tx, received.actor_id)
    return Result.DONE


async def _look_later(tx: Transaction, received: Received) -> Result:
    known = await remote_actors.find_actor(tx, received.actor_id)
    if known is None:
        return Result.IGNORED
    await jobs.add_job(
        tx,
        JobKind.CHECK_ACTOR,
        payload={"inbox": known.inbox},
        unique_key=f"check_actor:{known.inbox}",
        priority=Priority.BACKGROUND,
        now=received.received_at,
    )
    return Result.ANSWERED
