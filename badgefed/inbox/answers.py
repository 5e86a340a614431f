"""Answers to our direct messages: the recipient of a badge accepts or declines it by a reply, a like, or an Accept.

An answer counts only from the actor that the message was sent to and that the grant is for. From anyone else it is nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from badgefed.inbox.activity import Received, Result
from badgefed.issuing import grants as granting
from badgefed.issuing.grants import Proof
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.identifiers import new_note_id
from badgefed.model.times import format_rfc3339
from badgefed.protocol.messages import help_message
from badgefed.protocol.replies import Answer, read_answer
from badgefed.store import badges, grants, issuers, messages, remote_actors
from badgefed.store.database import Reader, Transaction
from badgefed.store.messages import Message, MessageKind
from badgefed.work.accept_links import accept_url
from badgefed.work.notify import send_message
from badgefed.work.services import Services

MAX_HELP = 3
ANSWERABLE = frozenset({MessageKind.GRANT, MessageKind.HELP})
APPROVING = frozenset("👍❤⭐🎉✅👌🙏😍🥰💯🏅🏆👏🙌💖💜💙💚🧡💛")
VARIATIONS = "\N{VARIATION SELECTOR-15}\N{VARIATION SELECTOR-16}"


async def find_answered(reader: Reader, uri: str | None) -> Message | None:
    """The message that an answer is to, by its id or by that of the Create that brought it."""
    return await messages.find_message(reader, uri.removesuffix("/activity")) if uri else None


async def answer_by_reply(
    tx: Transaction, services: Services, received: Received, message: Message, note: Mapping[str, Any]
) -> Result:
    """What the reply says counts; one that can't be understood is answered with how to answer, three times at most."""
    grant = await _find_waiting(tx, received, message)
    content = note.get("content")
    if grant is None or not isinstance(content, str):
        return Result.IGNORED
    answer = read_answer(content)
    if answer is Answer.UNCLEAR:
        return await _explain(tx, services, received, grant, str(note["id"]))
    return await _settle(
        tx, received, grant, accepts=answer is Answer.ACCEPT, kind=ProofKind.REPLY, note_id=str(note["id"])
    )


async def answer_by_like(tx: Transaction, received: Received, message: Message) -> Result:
    """A like accepts; a reaction that comes as a Like does so only with an emoji that approves."""
    grant = await _find_waiting(tx, received, message)
    if grant is None or not _approves(received.activity.document.get("content")):
        return Result.IGNORED
    return await _settle(tx, received, grant, accepts=True, kind=ProofKind.LIKE, note_id=None)


async def accept(tx: Transaction, services: Services, received: Received) -> Result:
    """Accept of our message, by its id or embedded, accepts the grant."""
    return await _answer_by_verb(tx, received, accepts=True)


async def reject(tx: Transaction, services: Services, received: Received) -> Result:
    """Reject of our message, by its id or embedded, declines the grant."""
    return await _answer_by_verb(tx, received, accepts=False)


async def _answer_by_verb(tx: Transaction, received: Received, *, accepts: bool) -> Result:
    message = await find_answered(tx, received.activity.object_id)
    grant = await _find_waiting(tx, received, message) if message else None
    if grant is None:
        return Result.IGNORED
    return await _settle(tx, received, grant, accepts=accepts, kind=ProofKind.REPLY, note_id=None)


async def _find_waiting(reader: Reader, received: Received, message: Message) -> Grant | None:
    """The pending grant that this actor may decide on by answering the message."""
    if message.kind not in ANSWERABLE or message.actor_id != received.actor_id:
        return None
    grant = await grants.find_grant(reader, message.grant_id)
    if grant is None or grant.status is not Status.PENDING or grant.actor_id != received.actor_id:
        return None
    return grant


def _approves(content: object) -> bool:
    return content is None or (isinstance(content, str) and content.strip(VARIATIONS) in APPROVING)


async def _settle(
    tx: Transaction,
    received: Received,
    grant: Grant,
    *,
    accepts: bool,
    kind: ProofKind,
    note_id: str | None,
) -> Result:
    now = received.received_at
    if accepts:
        proof = Proof(kind=kind, details=describe_proof(received, note_id))
        moved = await granting.accept(tx, grant.id, visibility=grant.visibility, proof=proof, now=now)
    else:
        moved = await granting.decline(tx, grant.id, reason="declined by its recipient", now=now)
    return Result.ANSWERED if moved else Result.IGNORED


async def _explain(
    tx: Transaction, services: Services, received: Received, grant: Grant, reply_id: str
) -> Result:
    sent = await messages.list_messages(tx, grant.id)
    recipient = await remote_actors.find_actor(tx, received.actor_id)
    if recipient is None or sum(message.kind is MessageKind.HELP for message in sent) >= MAX_HELP:
        return Result.IGNORED
    issuer = await issuers.get_issuer(tx, grant.issuer_id)
    badge = await badges.find_badge(tx, grant.badge_id)
    tongue = services.templates.tongue(badge.language if badge else None)
    note = help_message(
        note_id=services.addresses.note(issuer.actor_id, new_note_id()),
        now=received.received_at,
        grant=grant,
        issuer=issuer,
        in_reply_to=reply_id,
        accept_url=accept_url(services, grant, ProofKind.DIRECT_MESSAGE_LINK),
        profile_url=recipient.url,
        language=tongue.tag,
        translate=tongue.translate,
    )
    await send_message(tx, grant, issuer, recipient, note, MessageKind.HELP, now=received.received_at)
    return Result.ANSWERED


def describe_proof(received: Received, note_id: str | None) -> dict[str, Any]:
    """What lets anybody who has the activity check later that its actor signed it: the signed request without its body."""
    signature, request = received.signature, received.request
    names = [name for name in signature.components if name[0] not in "(@"]
    names += ["host", "signature", "signature-input"]
    key = received.key
    return {
        "activity": received.id,
        "activity_type": received.activity.type,
        "actor": received.actor_id,
        "note": note_id,
        "received_at": format_rfc3339(received.received_at),
        "signature_scheme": signature.scheme,
        "key_id": signature.key_id,
        "public_key": key.published if key else None,
        "request": {
            "method": request.method,
            "target": request.target,
            "headers": {name: list(request.headers[name]) for name in names if name in request.headers},
            "body_sha256": hashlib.sha256(request.body).hexdigest(),
        },
    }
