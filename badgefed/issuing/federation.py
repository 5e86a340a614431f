"""What an organization's people do about followers and other servers."""

from __future__ import annotations

from badgefed.errors import NotFound
from badgefed.model.audit import Action, Author, Target
from badgefed.model.identifiers import new_uuid
from badgefed.model.issuer import Issuer
from badgefed.protocol import activities
from badgefed.store import audit, followers, hosts, remote_actors
from badgefed.store.database import Transaction
from badgefed.store.followers import Follower
from badgefed.store.host_health import is_host_of
from badgefed.store.jobs import Priority
from badgefed.work import outbox
from badgefed.work.outbox import Target as Recipient
from badgefed.work.sign_grants import encode


async def remove_follower(tx: Transaction, issuer: Issuer, follower_id: int, *, by: Author, now: int) -> bool:
    """Ends the follow and tells the follower's server so. False if it had ended already; raises `NotFound`.

    The follower may follow again: only a block keeps them away.
    """
    follower = await followers.find_follower_by_id(tx, follower_id, issuer_id=issuer.id)
    if follower is None:
        raise NotFound("There is no such follower here.")
    if not await followers.end_follower(tx, issuer_id=issuer.id, actor_id=follower.actor_id, now=now):
        return False
    await outbox.drop_unfollowed(tx, issuer.id, follower.actor_id)
    await _tell(tx, issuer, follower, now=now)
    await audit.record(
        tx,
        by=by,
        action=Action.FOLLOWER_REMOVE,
        target=Target(id=follower.id, label=follower.actor_id),
        organization_id=issuer.organization_id,
        now=now,
        details={"issuer": issuer.username},
    )
    return True


async def _tell(tx: Transaction, issuer: Issuer, follower: Follower, *, now: int) -> None:
    """By a Reject of the Follow that was accepted before (ActivityPub §7.7)."""
    actor = await remote_actors.find_actor(tx, follower.actor_id)
    if actor is None:
        return
    follow = {
        "type": "Follow",
        "id": follower.follow_id,
        "actor": follower.actor_id,
        "object": issuer.actor_id,
    }
    reject = activities.reject(
        f"{issuer.actor_id}/rejects/{new_uuid(now)}", actor=issuer.actor_id, follow=follow
    )
    await outbox.publish(
        tx,
        uri=reject["id"],
        issuer_id=issuer.id,
        activity_type="Reject",
        object_uri=follower.follow_id,
        body=encode(reject),
        inboxes=[Recipient(inbox=actor.inbox)],
        ordering_key=f"{issuer.actor_id} {actor.id}",
        priority=Priority.PERSON,
        now=now,
    )


async def retry_host(
    tx: Transaction, host: str, *, organization_id: int | None, by: Author, now: int
) -> bool:
    """What waits for the host is sent at once, whatever pause it is on; False if nothing waits.

    Nor does anything for a host that the organization has nothing to do with; `organization_id` None: the whole server.
    """
    if organization_id is not None and not await is_host_of(tx, host, organization_id):
        return False
    if not await hosts.retry_now(tx, host, now=now):
        return False
    await audit.record(
        tx,
        by=by,
        action=Action.HOST_RETRY,
        target=Target(id=0, label=host),
        organization_id=organization_id,
        now=now,
    )
    return True
