"""QuoteRequest (FEP-044f): may a Note of theirs quote a badge's Note? Whoever may see the badge in lists may quote it."""

from __future__ import annotations

from collections.abc import Mapping

from badgefed.inbox.activity import Received, Result, is_id, references
from badgefed.inbox.sending import send_answer
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.hosts import same_host
from badgefed.model.identifiers import new_uuid
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface
from badgefed.protocol import activities
from badgefed.protocol.activities import reference
from badgefed.store import blocks, grants, inbox_log, issuers, quotes
from badgefed.store.database import Reader, Transaction
from badgefed.store.quotes import Quote
from badgefed.work.services import Services

QUOTE_REQUEST = "QuoteRequest"
MAX_OWN_QUOTES = 50


async def request_quote(tx: Transaction, services: Services, received: Received) -> Result:
    """Answered with the address of an authorization, always the same one for a pair of Notes, or with a Reject.

    A request about a Note that the asker can't know of, or for a Note that isn't the asker's, gets no answer.
    """
    return await _respond(tx, services, received, is_new=True)


async def request_quote_again(tx: Transaction, services: Services, received: Received) -> Result:
    """A QuoteRequest whose id was seen is answered again; it does not bring back an authorization that has ended."""
    entry = await inbox_log.find_entry(tx, activity_id=received.id, actor_id=received.actor_id)
    if entry is None or entry.activity_type != QUOTE_REQUEST:
        return Result.REPEATED
    return await _respond(tx, services, received, is_new=False)


async def take_back(tx: Transaction, received: Received) -> bool:
    """Ends the authorization of a Note that its author has deleted, or whose QuoteRequest was undone. False if there is none."""
    object_id = received.activity.object_id
    return object_id is not None and await quotes.delete_quote(
        tx, any_id=object_id, actor_id=received.actor_id
    )


async def _respond(tx: Transaction, services: Services, received: Received, *, is_new: bool) -> Result:
    note_uri = _read_own_note(received)
    grant = await _find_known(tx, received.activity.object_id)
    if note_uri is None or grant is None:
        return Result.IGNORED
    if await inbox_log.find_entry(tx, activity_id=note_uri, actor_id=received.actor_id) is not None:
        return Result.REPEATED
    issuer = await issuers.get_issuer(tx, grant.issuer_id)
    if await issuers.deleted_at(tx, issuer.username) is not None:
        return Result.IGNORED
    quote = None
    if await _may_quote(tx, grant, received.actor_id):
        quote = await quotes.find_quote_by_note(tx, grant_id=grant.id, note_uri=note_uri)
        if quote is None and is_new:
            quote = await _authorize(tx, received, grant, note_uri)
    return await _answer(tx, services, received, issuer, quote)


def _read_own_note(received: Received) -> str | None:
    """The id of the quoting Note: on the actor's host and, where the Note is embedded, with the actor as its only author."""
    instrument = received.activity.document.get("instrument")
    note_uri = reference(instrument)
    if note_uri is None or not is_id(note_uri):
        return None
    if isinstance(instrument, Mapping) and references(instrument.get("attributedTo")) != [received.actor_id]:
        return None
    return note_uri if same_host(note_uri, received.actor_id) else None


async def _find_known(reader: Reader, note_uri: str | None) -> Grant | None:
    """The grant whose Note this is, if it is or was published for more than its recipient."""
    grant = await grants.find_grant_by_note_uri(reader, note_uri) if note_uri else None
    return grant if grant is not None and presence(grant, Surface.LINK) is not Presence.HIDDEN else None


async def _may_quote(reader: Reader, grant: Grant, actor_id: str) -> bool:
    if presence(grant, Surface.LISTING) is not Presence.SHOWN:
        return False
    return not await blocks.is_blocked(reader, actor_id, issuer_id=grant.issuer_id)


async def _authorize(tx: Transaction, received: Received, grant: Grant, note_uri: str) -> Quote | None:
    """A new authorization of the pair; None if it would be one too many of the actor's."""
    actor_id, now = received.actor_id, received.received_at
    if await quotes.count_own(tx, grant_id=grant.id, actor_id=actor_id) >= MAX_OWN_QUOTES:
        return None
    new = Quote(
        uuid=new_uuid(now),
        grant_id=grant.id,
        note_uri=note_uri,
        actor_id=actor_id,
        activity_id=received.id,
        created_at=now,
    )
    return await quotes.add_quote(tx, new)


async def _answer(
    tx: Transaction, services: Services, received: Received, issuer: Issuer, quote: Quote | None
) -> Result:
    request = {**received.activity.document, "type": QUOTE_REQUEST}
    name, actor_id = new_uuid(received.received_at), issuer.actor_id
    if quote is None:
        answer = activities.reject_quote(f"{actor_id}/rejects/{name}", actor=actor_id, request=request)
    else:
        answer = activities.accept_quote(
            f"{actor_id}/accepts/{name}",
            actor=actor_id,
            request=request,
            authorization_id=services.addresses.quote(actor_id, quote.uuid),
        )
    return await send_answer(tx, received, answer, issuer_id=issuer.id)
