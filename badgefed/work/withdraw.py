"""Taking back what was published of a grant: the Note from everybody who got it, the offer from its recipient."""

from __future__ import annotations

import json

from badgefed.model.grant import Grant, Status
from badgefed.model.visibility import Visibility
from badgefed.protocol import activities
from badgefed.store import documents, issuers, messages, remote_actors
from badgefed.store.database import Reader, Transaction
from badgefed.store.documents import DocumentKind
from badgefed.store.jobs import Priority
from badgefed.work import outbox
from badgefed.work.outbox import Target


async def withdraw(tx: Transaction, grant: Grant, *, now: int) -> None:
    """Sends a Delete for the Note of a processed grant, or for the messages of a pending one; `grant` as it was before."""
    if grant.status is Status.PROCESSED:
        note = await documents.find_document(tx, grant.id, DocumentKind.NOTE)
        if note is not None:
            to_followers = grant.visibility is Visibility.PUBLIC
            await _delete(tx, grant, note.body, to_followers=to_followers, now=now)
    elif grant.status is Status.PENDING:
        await withdraw_messages(tx, grant, now=now)


async def withdraw_messages(tx: Transaction, grant: Grant, *, now: int) -> None:
    """Sends a Delete for each direct message about the grant."""
    for message in await messages.list_messages(tx, grant.id):
        await _delete(tx, grant, message.body, to_followers=False, now=now)


async def _delete(tx: Transaction, grant: Grant, body: bytes, *, to_followers: bool, now: int) -> None:
    note = json.loads(body)
    issuer = await issuers.get_issuer(tx, grant.issuer_id)
    activity = activities.delete(note["id"], actor=issuer.actor_id, to=note["to"], cc=note["cc"])
    activity_id = await outbox.publish(
        tx,
        uri=activity["id"],
        issuer_id=issuer.id,
        activity_type="Delete",
        object_uri=note["id"],
        body=json.dumps(activity, ensure_ascii=False).encode(),
        grant_id=grant.id,
        is_public=to_followers,
        to_followers=to_followers,
        inboxes=await recipient_targets(tx, grant),
        ordering_key=note["id"],
        priority=Priority.CHANGE,
        now=now,
    )
    await outbox.cancel_object(tx, note["id"], activity_id, now=now)


async def recipient_targets(reader: Reader, grant: Grant) -> list[Target]:
    """The recipient's own inbox, if the recipient is a profile that we have found."""
    actor = await remote_actors.find_actor(reader, grant.actor_id) if grant.actor_id else None
    return [Target(inbox=actor.inbox, actor_id=actor.id)] if actor else []
