"""A recipient who decides anew who may see a badge.

Peers never change whom a post is for, and keep a Tombstone of whatever was deleted: a badge that becomes public, or is it no
longer, therefore gets a Note with another id. The signed documents stay as they are.
"""

from __future__ import annotations

from badgefed.errors import Conflict
from badgefed.issuing.grants import record_grant
from badgefed.model.audit import RECIPIENT, Action
from badgefed.model.grant import Grant, Status
from badgefed.model.identifiers import new_note_id
from badgefed.model.visibility import Visibility
from badgefed.model.webhook import Event
from badgefed.store import former_notes, grants, interactions, issuers, quotes
from badgefed.store.database import Transaction
from badgefed.texts import N_
from badgefed.work import republish, webhooks, withdraw
from badgefed.work.services import Services

_NOT_READY = N_("This badge is being signed. Please try again in a moment.")
_CLOSED = N_("Only a badge that you have accepted, and that was not taken back, can be shown or hidden.")
_OVERTAKEN = N_("This badge was changed in this moment. Look at it again.")


async def change_visibility(
    tx: Transaction, services: Services, grant: Grant, visibility: Visibility
) -> Grant:
    """The grant as it is seen from now on; what was sent is withdrawn, or sent, with it. Nothing happens where nothing changes.

    Raises `Conflict` for a grant that isn't published, or not any more.
    """
    if grant.status is not Status.PROCESSED:
        raise Conflict(_NOT_READY if grant.status is Status.ACCEPTED else _CLOSED)
    if grant.visibility is visibility:
        return grant
    now = services.clock()
    if Visibility.PUBLIC in (grant.visibility, visibility):
        changed = await _publish_elsewhere(tx, services, grant, visibility, now)
    else:
        changed = await _set(tx, grant, visibility, note_id=grant.note_id, note_uri=grant.note_uri)
    details = {"from": grant.visibility, "to": visibility}
    await record_grant(tx, Action.GRANT_CHANGE_VISIBILITY, changed, by=RECIPIENT, now=now, **details)
    await webhooks.emit_grant(tx, Event.GRANT_VISIBILITY_CHANGED, changed, now=now)
    return changed


async def _publish_elsewhere(
    tx: Transaction, services: Services, grant: Grant, visibility: Visibility, now: int
) -> Grant:
    """What others did with the Note goes with it, as it does on their servers."""
    issuer = await issuers.get_issuer(tx, grant.issuer_id)
    note_id = new_note_id()
    note_uri = services.addresses.note(issuer.actor_id, note_id)
    changed = await _set(tx, grant, visibility, note_id=note_id, note_uri=note_uri)
    await withdraw.withdraw(tx, grant, now=now)
    await former_notes.add_former_note(tx, grant, now=now)
    await interactions.delete_interactions_with(tx, grant.id)
    await quotes.delete_quotes_with(tx, grant.id)
    await republish.publish_again(tx, services, changed, now=now)
    return changed


async def _set(
    tx: Transaction, grant: Grant, visibility: Visibility, *, note_id: str, note_uri: str
) -> Grant:
    changed = await grants.set_visibility(tx, grant, visibility, note_id=note_id, note_uri=note_uri)
    if changed is None:
        raise Conflict(_OVERTAKEN)
    return changed
