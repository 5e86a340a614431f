"""What people do with a badge's Note, kept for its page: replies, likes, boosts, reactions, and taking them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from badgefed.inbox import answers
from badgefed.inbox.activity import MAX_ID, Received, Result, is_id, references
from badgefed.model.grant import Grant, Status
from badgefed.model.hosts import same_host
from badgefed.model.visibility import Visibility
from badgefed.protocol.activities import PUBLIC, reference
from badgefed.protocol.html import clip, sanitise
from badgefed.store import blocks, grants, inbox_log, interactions
from badgefed.store.database import Reader, Transaction
from badgefed.store.interactions import Interaction, InteractionKind
from badgefed.work.services import Services

MAX_CONTENT = 20_000
MAX_EMOJI = 64
MAX_OWN_REPLIES = 50
MAX_OWN_REACTIONS = 10
PUBLIC_NAMES = frozenset({PUBLIC, "as:Public", "Public"})
KINDS: Mapping[str, InteractionKind] = {
    "Like": InteractionKind.LIKE,
    "Announce": InteractionKind.BOOST,
    "EmojiReact": InteractionKind.REACTION,
}


async def create(tx: Transaction, services: Services, received: Received) -> Result:
    """A reply to one of our messages answers it; a public one to a badge's Note, or to a reply kept for it, is kept."""
    note = _own_note(received)
    if note is None:
        return Result.IGNORED
    reply_to = next(iter(references(note.get("inReplyTo"))), None)
    message = await answers.find_answered(tx, reply_to)
    if message is not None:
        return await answers.answer_by_reply(tx, services, received, message, note)
    if reply_to is None or not _is_public(note):
        return Result.IGNORED
    return await _add_reply(tx, received, note, reply_to)


async def like(tx: Transaction, services: Services, received: Received) -> Result:
    """A like of one of our messages answers it; one of a badge's Note is kept."""
    message = await answers.find_answered(tx, received.activity.object_id)
    if message is not None:
        return await answers.answer_by_like(tx, received, message)
    return await react(tx, services, received)


async def react(tx: Transaction, services: Services, received: Received) -> Result:
    """Like, Announce or EmojiReact of a badge's Note: each kind once for each actor, reactions once for each emoji."""
    grant = await _find_shown(tx, received.activity.object_id, received.actor_id)
    if grant is None:
        return Result.IGNORED
    kind, emoji = _read_reaction(received.activity.document)
    own = await interactions.find_own(tx, grant_id=grant.id, kind=kind, actor_id=received.actor_id)
    if any(one.content == emoji for one in own) or len(own) >= MAX_OWN_REACTIONS:
        return Result.REPEATED
    await interactions.add_interaction(tx, _interaction(received, grant.id, kind, content=emoji))
    return Result.DONE


async def update_reply(tx: Transaction, received: Received) -> Result:
    """Brings a kept reply up to date for its author; one that is not public any more goes."""
    note = _own_note(received)
    if note is None:
        return Result.IGNORED
    if not _is_public(note):
        gone = await interactions.delete_interaction(tx, any_id=note["id"], actor_id=received.actor_id)
        return Result.DONE if gone else Result.IGNORED
    kept = await interactions.find_reply(tx, note["id"])
    content = note.get("content")
    if kept is None or not isinstance(content, str):
        return Result.IGNORED
    is_own = await interactions.update_reply(
        tx,
        object_id=note["id"],
        actor_id=received.actor_id,
        content=sanitise(content[:MAX_CONTENT]),
        url=_page(note),
        now=received.received_at,
    )
    return Result.DONE if is_own else Result.IGNORED


async def take_back(tx: Transaction, received: Received, undone: Mapping[str, Any] | str) -> bool:
    """Removes what an Undo names by its id, or by its type and object. False if there is nothing."""
    undone_id = reference(undone)
    if undone_id is not None and await interactions.delete_interaction(
        tx, any_id=undone_id, actor_id=received.actor_id
    ):
        return True
    target = reference(undone.get("object")) if isinstance(undone, Mapping) else None
    if target is None or not isinstance(undone, Mapping) or str(undone.get("type")) not in KINDS:
        return False
    grant = await grants.find_grant_by_note_uri(tx, target)
    if grant is None:
        return False
    kind, emoji = _read_reaction(undone)
    return await interactions.delete_own(
        tx, grant_id=grant.id, kind=kind, actor_id=received.actor_id, content=emoji
    )


async def _add_reply(tx: Transaction, received: Received, note: Mapping[str, Any], reply_to: str) -> Result:
    parent = await interactions.find_reply(tx, reply_to)
    if parent is not None:
        grant = await grants.find_grant(tx, parent.grant_id)
        reply_to = grant.note_uri if grant else reply_to
    grant = await _find_shown(tx, reply_to, received.actor_id)
    content = note.get("content")
    if grant is None or not isinstance(content, str):
        return Result.IGNORED
    if await _is_superfluous(tx, received, grant, note["id"]):
        return Result.REPEATED
    clean = sanitise(content[:MAX_CONTENT])
    reply = _interaction(
        received, grant.id, InteractionKind.REPLY, content=clean, object_id=note["id"], url=_page(note)
    )
    await interactions.add_interaction(tx, reply)
    return Result.DONE


async def _is_superfluous(reader: Reader, received: Received, grant: Grant, note_id: str) -> bool:
    """Whether the reply is there, was deleted before it came, or is one too many of its author."""
    actor_id = received.actor_id
    if await interactions.find_reply(reader, note_id) is not None:
        return True
    if await inbox_log.find_entry(reader, activity_id=note_id, actor_id=actor_id) is not None:
        return True
    own = await interactions.find_own(
        reader, grant_id=grant.id, kind=InteractionKind.REPLY, actor_id=actor_id
    )
    return len(own) >= MAX_OWN_REPLIES


async def _find_shown(reader: Reader, note_uri: str | None, actor_id: str) -> Grant | None:
    """The grant whose Note this is, if it has a page that others may see and its issuer hasn't blocked the actor."""
    grant = await grants.find_grant_by_note_uri(reader, note_uri) if note_uri else None
    if grant is None or grant.status is not Status.PROCESSED or grant.visibility is Visibility.PRIVATE:
        return None
    return None if await blocks.is_blocked(reader, actor_id, issuer_id=grant.issuer_id) else grant


def _own_note(received: Received) -> Mapping[str, Any] | None:
    """The embedded object if the activity's actor is its only author and its id is on the actor's host (FEP-fe34)."""
    note = received.activity.object
    if not isinstance(note, Mapping) or references(note.get("attributedTo")) != [received.actor_id]:
        return None
    note_id = note.get("id")
    is_own = isinstance(note_id, str) and is_id(note_id) and same_host(note_id, received.actor_id)
    return note if is_own else None


def _is_public(note: Mapping[str, Any]) -> bool:
    return not PUBLIC_NAMES.isdisjoint(references(note.get("to")) + references(note.get("cc")))


def _page(note: Mapping[str, Any]) -> str:
    """Where a person can read the reply: its `url` if that is on its own host, else its id."""
    url = reference(note.get("url"))
    return url if url and len(url) <= MAX_ID and same_host(url, note["id"]) else note["id"]


def _read_reaction(activity: Mapping[str, Any]) -> tuple[InteractionKind, str | None]:
    """A Like with an emoji counts as a like; an EmojiReact without one too."""
    kind = KINDS[str(activity["type"])]
    emoji = activity.get("content")
    if kind is not InteractionKind.REACTION:
        return kind, None
    text = clip(emoji, MAX_EMOJI) if isinstance(emoji, str) else ""
    return (kind, text) if text else (InteractionKind.LIKE, None)


def _interaction(
    received: Received,
    grant_id: int,
    kind: InteractionKind,
    *,
    content: str | None,
    object_id: str | None = None,
    url: str | None = None,
) -> Interaction:
    return Interaction(
        grant_id=grant_id,
        kind=kind,
        activity_id=received.id,
        object_id=object_id,
        actor_id=received.actor_id,
        content=content,
        url=url,
        created_at=received.received_at,
        updated_at=received.received_at,
    )
