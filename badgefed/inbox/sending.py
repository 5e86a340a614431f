"""Our answers to activities that ask for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from badgefed.errors import Unavailable
from badgefed.inbox.activity import Received, Result
from badgefed.store import remote_actors
from badgefed.store.database import Transaction
from badgefed.store.jobs import Priority
from badgefed.work import outbox
from badgefed.work.outbox import Target
from badgefed.work.sign_grants import encode


async def send_answer(
    tx: Transaction, received: Received, answer: Mapping[str, Any], *, issuer_id: int | None
) -> Result:
    """Queues our Accept or Reject for the own inbox of the actor who asked, also of one whom the issuer has blocked.

    Answers of one of our actors to one of theirs arrive in order. Raises `Unavailable` if the actor was forgotten meanwhile.
    """
    actor = await remote_actors.find_actor(tx, received.actor_id)
    if actor is None:
        raise Unavailable("The actor has just been forgotten; try again.")
    await outbox.publish(
        tx,
        uri=answer["id"],
        issuer_id=issuer_id,
        activity_type=answer["type"],
        object_uri=received.id,
        body=encode(answer),
        inboxes=[Target(inbox=actor.inbox)],
        ordering_key=f"{answer['actor']} {actor.id}",
        priority=Priority.PERSON,
        now=received.received_at,
    )
    return Result.ANSWERED
