"""Sending activities: stored once, in the transaction of the fact that they tell of, together with the work of delivery."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urldefrag

from badgefed.errors import Invalid
from badgefed.protocol.signed_request import split_url
from badgefed.store import activities, blocks, deliveries, hosts, jobs, remote_actors
from badgefed.store.blocks import BlockKind
from badgefed.store.database import Reader, Transaction
from badgefed.store.deliveries import NewDelivery
from badgefed.store.jobs import JobKind, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An inbox; `is_paced` if it is one of many of its host in this delivery: these go out one a second.

    `actor_id` is whom it is for: a blocked actor gets nothing. None: also for one who is blocked, as the answer to a Follow.
    """

    inbox: str
    actor_id: str | None = None
    is_paced: bool = False


async def publish(
    tx: Transaction,
    *,
    uri: str,
    issuer_id: int | None,
    activity_type: str,
    object_uri: str,
    body: bytes,
    now: int,
    grant_id: int | None = None,
    is_public: bool = False,
    to_followers: bool = False,
    inboxes: Sequence[Target] = (),
    ordering_key: str | None = None,
    priority: Priority = Priority.PUBLIC,
    signing_key_id: int | None = None,
) -> int:
    """Queues an activity for the followers of its issuer and for `inboxes`; returns the activity's id.

    Activities with one `ordering_key` (the object's id if not given) reach a host in the order of their publication. One
    that was published under this `uri` before is sent again as it was. Our own host, blocked hosts and blocked actors get nothing.
    `signing_key_id`: see `Activity`.
    """
    activity_id = await activities.add_activity(
        tx,
        uri=uri,
        issuer_id=issuer_id,
        activity_type=activity_type,
        object_uri=object_uri,
        grant_id=grant_id,
        is_public=is_public,
        body=body,
        signing_key_id=signing_key_id,
        now=now,
    )
    key = ordering_key or object_uri
    if inboxes:
        await enqueue(
            tx,
            inboxes,
            uri=uri,
            issuer_id=issuer_id,
            activity_id=activity_id,
            ordering_key=key,
            priority=priority,
            now=now,
        )
    if to_followers:
        await jobs.add_job(
            tx,
            JobKind.FAN_OUT,
            now=now,
            payload={"activity_id": activity_id, "ordering_key": key, "priority": int(priority), "after": ""},
            priority=priority,
            unique_key=fan_out_key(activity_id),
        )
    return activity_id


async def enqueue(
    tx: Transaction,
    targets: Iterable[Target],
    *,
    uri: str,
    issuer_id: int | None,
    activity_id: int,
    ordering_key: str,
    priority: int,
    now: int,
) -> None:
    """Delivery rows for an activity that is stored already under `uri`, and a turn for each host."""
    blocked = await blocks.list_blocked(tx, issuer_id, BlockKind.HOST)
    targets = [target for target in targets if not await _is_for_blocked(tx, target, issuer_id)]
    new = list(_remote(targets, own=split_url(urldefrag(uri).url)[1], blocked=blocked))
    await deliveries.add_deliveries(
        tx, new, activity_id=activity_id, ordering_key=ordering_key, priority=priority, now=now
    )
    await hosts.add_turns(tx, ((delivery.host, priority) for delivery in new), now=now)


async def cancel_object(tx: Transaction, object_uri: str, delete_activity_id: int, *, now: int) -> None:
    """Takes back what was published about an object and has not gone out. Call it after publishing the Delete.

    Where the Create never went, the Delete doesn't go either.
    """
    for activity_id, activity_type in await activities.list_about(tx, object_uri):
        if activity_id == delete_activity_id:
            continue
        dropped = await jobs.drop_unique(tx, fan_out_key(activity_id))
        if dropped is not None and activity_type == "Create":
            await _limit_fan_out(tx, delete_activity_id, until=dropped["after"])
    await deliveries.cancel_object(tx, object_uri, delete_id=delete_activity_id, now=now)


async def drop_blocked(tx: Transaction) -> None:
    """Drops what waits for hosts that the server blocks. Call it after blocking one."""
    blocked = await blocks.list_blocked(tx, None, BlockKind.HOST)
    for host in await hosts.list_waiting(tx):
        if blocks.covers(blocked, host):
            await deliveries.delete_of_host(tx, host)


async def drop_actor(tx: Transaction, actor_id: str) -> None:
    """Drops what waits for the actor's own inbox. Call it after blocking the actor."""
    inbox = await remote_actors.find_own_inbox(tx, actor_id)
    if inbox is not None:
        await deliveries.delete_of_inbox(tx, split_url(inbox)[1], inbox)


async def drop_unfollowed(tx: Transaction, issuer_id: int, actor_id: str) -> None:
    """Drops what waits for the own inbox of a former follower as such. Call it after ending the follow."""
    inbox = await remote_actors.find_own_inbox(tx, actor_id)
    if inbox is not None:
        await deliveries.delete_for_follower(
            tx, split_url(inbox)[1], inbox, issuer_id=issuer_id, actor_id=actor_id
        )


async def _limit_fan_out(tx: Transaction, activity_id: int, *, until: str) -> None:
    """Keeps a Delete from going further than its Create went; `until` "" is nowhere."""
    if until:
        await jobs.amend_unique(tx, fan_out_key(activity_id), until=until)
    else:
        await jobs.drop_unique(tx, fan_out_key(activity_id))


def fan_out_key(activity_id: int) -> str:
    """The unique key of the activity's fan-out job."""
    return f"fan_out:{activity_id}"


async def _is_for_blocked(reader: Reader, target: Target, issuer_id: int | None) -> bool:
    return target.actor_id is not None and await blocks.is_blocked(
        reader, target.actor_id, issuer_id=issuer_id
    )


def _remote(targets: Iterable[Target], *, own: str, blocked: Collection[str]) -> Iterator[NewDelivery]:
    for target in targets:
        try:
            host = split_url(target.inbox)[1]
        except Invalid:
            continue
        if host != own and not blocks.covers(blocked, host):
            yield NewDelivery(inbox=target.inbox, host=host, is_paced=target.is_paced)
