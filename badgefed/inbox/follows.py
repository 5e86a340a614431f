"""Follow and its end: each follower once, each Follow answered, a repeated one answered again."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from badgefed.errors import Unavailable
from badgefed.inbox.activity import Activity, Received, Result
from badgefed.inbox.sending import send_answer
from badgefed.model.identifiers import new_uuid
from badgefed.model.issuer import Issuer
from badgefed.model.times import HOUR, SECOND, from_datetime
from badgefed.protocol import activities
from badgefed.protocol.activities import reference
from badgefed.store import blocks, followers, inbox_log, issuers, remote_actors
from badgefed.store.database import Reader, Transaction
from badgefed.store.followers import Follower
from badgefed.work import outbox
from badgefed.work.services import Services

REMEMBERED_UNDO = 6 * HOUR


async def follow(tx: Transaction, services: Services, received: Received) -> Result:
    """Everybody may follow an issuer that hasn't blocked them; nobody may follow the server's own actor."""
    issuer = await _find_issuer(tx, received.activity)
    if issuer is None:
        return await _refuse_instance(tx, services, received)
    if await blocks.is_blocked(tx, received.actor_id, issuer_id=issuer.id):
        return await _answer(tx, "Reject", received, actor_id=issuer.actor_id, issuer_id=issuer.id)
    actor = await remote_actors.find_actor(tx, received.actor_id)
    if actor is None:
        raise Unavailable("The actor has just been forgotten; try again.")
    await followers.add_follower(
        tx,
        issuer_id=issuer.id,
        actor_id=actor.id,
        follow_id=received.id,
        delivery_inbox=actor.shared_inbox or actor.inbox,
        is_shared=actor.shared_inbox is not None,
        now=received.received_at,
    )
    return await _answer(tx, "Accept", received, actor_id=issuer.actor_id, issuer_id=issuer.id)


async def follow_again(tx: Transaction, services: Services, received: Received) -> Result:
    """A Follow whose id was seen: answered again while it holds.

    Some servers use one id for all Follows between two actors. So one that was signed after its Undo came counts anew, one
    that was signed before is a replay; and one that its Undo overtook does not count for six hours.
    """
    issuer = await _find_issuer(tx, received.activity)
    if issuer is None:
        return await _refuse_instance(tx, services, received)
    follower = await followers.find_follower(tx, issuer_id=issuer.id, actor_id=received.actor_id)
    counts = await (_counts_again(follower, received) if follower else _undo_is_old(tx, received))
    if not counts:
        return Result.REPEATED
    return await follow(tx, services, received)


async def unfollow(tx: Transaction, received: Received, undone: Mapping[str, object] | str) -> bool:
    """Ends the follow that an Undo names by its id, or by its actor and object. False if there is none."""
    actor_id = received.actor_id
    follow_id = reference(undone)
    follower = None
    if follow_id is not None:
        follower = await followers.find_follower_by_follow(tx, actor_id=actor_id, follow_id=follow_id)
    if follower is not None:
        return await _end(tx, follower.issuer_id, received)
    target = reference(undone.get("object")) if isinstance(undone, Mapping) else None
    if target is None or (isinstance(undone, Mapping) and undone.get("type") != "Follow"):
        return False
    issuer = await issuers.find_issuer_by_actor(tx, target)
    return issuer is not None and await _end(tx, issuer.id, received)


async def block(tx: Transaction, services: Services, received: Received) -> Result:
    """Who blocks an issuer does not follow it any more."""
    issuer = await _find_issuer(tx, received.activity)
    if issuer is None:
        return Result.IGNORED
    await _end(tx, issuer.id, received)
    return Result.DONE


async def _find_issuer(reader: Reader, activity: Activity) -> Issuer | None:
    return await issuers.find_issuer_by_actor(reader, activity.object_id) if activity.object_id else None


async def _end(tx: Transaction, issuer_id: int, received: Received) -> bool:
    """What waits for the former follower goes no more; deletions do."""
    actor_id = received.actor_id
    has_ended = await followers.end_follower(
        tx, issuer_id=issuer_id, actor_id=actor_id, now=received.received_at
    )
    if has_ended:
        await outbox.drop_unfollowed(tx, issuer_id, actor_id)
    return has_ended


async def _counts_again(follower: Follower, received: Received) -> bool:
    if follower.follow_id != received.id:
        return False
    return follower.ended_at is None or _signed_at(received) > follower.ended_at


async def _undo_is_old(reader: Reader, received: Received) -> bool:
    entry = await inbox_log.find_entry(reader, activity_id=received.id, actor_id=received.actor_id)
    if entry is None or entry.activity_type != inbox_log.CANCELLED:
        return False
    return received.received_at - entry.received_at >= REMEMBERED_UNDO


def _signed_at(received: Received) -> int:
    if received.signature.created is not None:
        return received.signature.created * SECOND
    return from_datetime(parsedate_to_datetime(received.request.headers["date"][0]))


async def _refuse_instance(tx: Transaction, services: Services, received: Received) -> Result:
    instance_actor = services.addresses.instance_actor
    if received.activity.object_id != instance_actor:
        return Result.IGNORED
    return await _answer(tx, "Reject", received, actor_id=instance_actor, issuer_id=None)


async def _answer(
    tx: Transaction, verb: str, received: Received, *, actor_id: str, issuer_id: int | None
) -> Result:
    """Accept or Reject with an id of its own and the Follow embedded, to the follower's own inbox."""
    make, place = (activities.accept, "accepts") if verb == "Accept" else (activities.reject, "rejects")
    answer = make(
        f"{actor_id}/{place}/{new_uuid(received.received_at)}",
        actor=actor_id,
        follow={**received.activity.document, "type": "Follow"},
    )
    return await send_answer(tx, received, answer, issuer_id=issuer_id)
