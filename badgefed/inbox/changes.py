"""Undo, Update and Delete: which of the things that we keep they are about."""

from __future__ import annotations

from collections.abc import Mapping

from badgefed.inbox import actors, follows, interactions, quotes
from badgefed.inbox.activity import Received, Result
from badgefed.protocol.activities import reference
from badgefed.store import inbox_log
from badgefed.store import interactions as kept
from badgefed.store.database import Transaction
from badgefed.work.services import Services


async def undo(tx: Transaction, services: Services, received: Received) -> Result:
    """Takes back the actor's own Follow, Like, Announce, EmojiReact or QuoteRequest, given as an id or embedded.

    The id is remembered, so that an activity that its Undo has overtaken does not count.
    """
    undone = received.activity.object
    if not isinstance(undone, str | Mapping):
        return Result.IGNORED
    if isinstance(undone, Mapping) and reference(undone.get("actor")) not in (None, received.actor_id):
        return Result.IGNORED
    done = (
        await follows.unfollow(tx, received, undone)
        or await interactions.take_back(tx, received, undone)
        or await quotes.take_back(tx, received)
    )
    await _cancel(tx, received)
    return Result.DONE if done else Result.IGNORED


async def update(tx: Transaction, services: Services, received: Received) -> Result:
    """Of the actor itself, or of a reply of the actor's that we keep."""
    if received.activity.is_about_its_actor:
        return await actors.update_actor(tx, received)
    return await interactions.update_reply(tx, received)


async def delete(tx: Transaction, services: Services, received: Received) -> Result:
    """Of the actor itself, of a reply of the actor's that we keep, or of a Note that may quote one of ours; given as an id, a Tombstone, or the object."""
    object_id = received.activity.object_id
    if object_id is None:
        return Result.IGNORED
    if received.activity.is_about_its_actor:
        return await actors.delete_actor(tx, received)
    await _cancel(tx, received)
    gone = await kept.delete_interaction(tx, any_id=object_id, actor_id=received.actor_id)
    ended = await quotes.take_back(tx, received)
    return Result.DONE if gone or ended else Result.IGNORED


async def _cancel(tx: Transaction, received: Received) -> None:
    """What the actor has taken back or deleted does not count if it comes later."""
    object_id = received.activity.object_id
    if object_id is not None:
        await inbox_log.add_entry(
            tx,
            activity_id=object_id,
            actor_id=received.actor_id,
            activity_type=inbox_log.CANCELLED,
            now=received.received_at,
        )
