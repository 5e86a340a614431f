"""Reports from other servers, and blocking: what has come from a blocked host or actor goes."""

from __future__ import annotations

from badgefed.inbox.activity import Received, Result, references
from badgefed.model.hosts import normal_host
from badgefed.protocol.html import clip
from badgefed.store import blocks, followers, interactions, quotes, remote_actors, reports
from badgefed.store.blocks import BlockKind
from badgefed.store.database import Reader, Transaction
from badgefed.work import outbox
from badgefed.work.services import Services

MAX_REPORT = 3000
MAX_REPORTED = 50


async def flag(tx: Transaction, services: Services, received: Received) -> Result:
    """Keeps a report about something of ours for people to read; its text is plain."""
    own = f"{services.addresses.base}/"
    objects = [target for target in references(received.activity.object) if target.startswith(own)]
    if not objects:
        return Result.IGNORED
    content = received.activity.document.get("content")
    await reports.add_report(
        tx,
        activity_id=received.id,
        actor_id=received.actor_id,
        objects=objects[:MAX_REPORTED],
        content=clip(content, MAX_REPORT) if isinstance(content, str) else "",
        now=received.received_at,
    )
    return Result.DONE


async def block(tx: Transaction, kind: BlockKind, target: str, *, now: int) -> None:
    """Blocks a host or an actor for the whole server: ends its follows and deliveries, removes what it did here."""
    await blocks.add_block(tx, kind, target, now=now)
    if kind is BlockKind.HOST:
        await outbox.drop_blocked(tx)
        actor_ids = await remote_actors.list_actor_ids(tx, blocks.normal_target(kind, target))
    else:
        actor_ids = await _list_spellings(tx, target)
    await interactions.delete_interactions_of(tx, actor_ids)
    await quotes.delete_quotes_of(tx, actor_ids)
    for actor_id in actor_ids:
        await followers.delete_follows_of(tx, actor_id)
        await outbox.drop_actor(tx, actor_id)


async def _list_spellings(reader: Reader, actor_id: str) -> list[str]:
    """The ids that a block of this actor covers: the given one, and those of known actors that are the same but for spelling."""
    wanted = blocks.normal_target(BlockKind.ACTOR, actor_id)
    known = await remote_actors.list_actor_ids(reader, normal_host(actor_id))
    same = [one for one in known if blocks.normal_target(BlockKind.ACTOR, one) == wanted]
    return list(dict.fromkeys([actor_id, *same]))
