"""New keys for an issuer, whose followers keep trusting it: the Update that brings the new keys is signed with the old one.

The retired keys stay in the DID document and among the Open Badges 2.0 keys, so that what they signed stays verifiable.
"""

from __future__ import annotations

from badgefed.errors import Conflict, RateLimited
from badgefed.issuing.issuer_changes import publish_change
from badgefed.issuing.issuers import record_issuer
from badgefed.model.audit import Action, Author
from badgefed.model.issuer import Issuer
from badgefed.model.times import HOUR, SECOND
from badgefed.protocol import activities
from badgefed.store import issuers, signing_keys
from badgefed.store.database import Reader, Transaction
from badgefed.store.signing_keys import KeyKind
from badgefed.texts import say
from badgefed.work.actor_documents import issuer_document
from badgefed.work.keyring import NewKeys, generate_keys
from badgefed.work.services import Services
from badgefed.work.status_lists import queue_issuer_lists

MIN_AGE = HOUR
"""Other servers have to learn of one pair of keys before it can bring the next."""


async def find_key_number(reader: Reader, issuer_id: int) -> int:
    """How many pairs of keys the issuer has had: the number of the present one, for `rotate_keys`."""
    return await signing_keys.count_keys(reader, issuer_id, KeyKind.RSA)


async def rotate_keys(services: Services, issuer: Issuer, *, number: int | None = None, by: Author) -> int:
    """Gives the issuer new keys, tells its followers, has its status lists signed anew; returns the number of the new pair.

    `number`: that of the pair to replace. Raises `Conflict` where it was replaced already, or the issuer is deleted;
    `RateLimited` where the present pair is younger than `MIN_AGE`.
    """
    await services.database.read(lambda reader: _check(reader, issuer, number, services.clock()))
    new = await generate_keys()
    now = services.clock()
    return await services.database.write(lambda tx: _rotate(tx, services, issuer, new, number, by, now))


async def _check(reader: Reader, issuer: Issuer, number: int | None, now: int) -> None:
    if number is not None and number != await find_key_number(reader, issuer.id):
        raise Conflict("the keys were changed already")
    age = now - (await signing_keys.newest_key_at(reader, issuer.id) or 0)
    if age < MIN_AGE:
        wait = -(-(MIN_AGE - age) // SECOND)
        raise RateLimited(
            say(
                "These keys are less than an hour old: other servers have to learn of them before they can be changed"
                " again. Wait %(minutes)s minutes.",
                minutes=-(-wait // 60),
            ),
            retry_after=wait,
        )


async def _rotate(
    tx: Transaction,
    services: Services,
    issuer: Issuer,
    new: NewKeys,
    number: int | None,
    by: Author,
    now: int,
) -> int:
    """Checks once more, for somebody may have been first while the keys were made."""
    old_key = await services.keyring.rotate(tx, new, issuer_id=issuer.id, actor_id=issuer.actor_id, now=now)
    present = await find_key_number(tx, issuer.id)
    changed = await issuers.edit_issuer(tx, issuer.id, {}, only_unverified=False, now=now)
    if old_key is None or changed is None or (number is not None and present != number + 1):
        raise Conflict("the keys were changed already, or the issuer is deleted")
    document = await issuer_document(tx, changed, services.addresses)
    update = activities.update(f"{issuer.actor_id}#keys/{present}", document)
    await publish_change(tx, changed, update, signing_key_id=old_key, now=now)
    await queue_issuer_lists(tx, issuer.id, now)
    await record_issuer(tx, Action.ISSUER_ROTATE_KEYS, changed, by=by, now=now, details={"number": present})
    return present
